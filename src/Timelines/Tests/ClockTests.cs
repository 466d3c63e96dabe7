using Clientele.Timelines.Store;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Timelines.Tests;

/// <summary>Coarse times: what is later is never told as earlier, since rows between two steps are not looked at again.</summary>
public sealed class ClockTests
{
    [Fact]
    public void Later_is_never_told_as_earlier()
    {
        // Near together as well as far apart.
        var second = Gen.OneOf(Gen.Choose(0, 1000).Select(n => (uint)n), Gen.Choose(0, int.MaxValue).Select(n => (uint)n * 2));
        Prop.ForAll(Arb.From(Gen.ArrayOf(second)), Arb.From(second), Arb.From(second), (seconds, a, b) =>
        {
            var clock = Clock.Of(seconds);
            return clock.At(Math.Min(a, b)) <= clock.At(Math.Max(a, b)) && seconds.All(s => s < clock.From == (clock.At(s) == 0));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void All_instants_have_a_place()
    {
        var clock = Clock.Of([0, uint.MaxValue]);
        Assert.Equal((1, 254), (clock.At(0), clock.At(uint.MaxValue)));
        Assert.Equal(1, Clock.Of([]).At(0));
    }

    [Fact]
    public void A_few_wrong_years_do_not_make_it_coarse()
    {
        const uint start = 1_750_000_000, year = 365 * 86_400;
        var clock = Clock.Of([.. Enumerable.Range(0, 10_000).Select(i => i % 500 == 0 ? (uint)i : start + (uint)i * (year / 10_000))]);
        Assert.InRange(clock.Step, 86_400u, 2 * 86_400u);
        Assert.Equal((0, 255), (clock.At(1), clock.At(start + 2 * year)));
    }
}

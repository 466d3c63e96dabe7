using Clientele.Timelines.Scan;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Timelines.Tests;

/// <summary>A percentile found without sorting is the one that sorting finds.</summary>
public sealed class PercentileTests
{
    [Fact]
    public void It_is_the_value_of_its_rank_in_any_list()
    {
        // Few different values, so that many are equal; and lists already in order, either way.
        var lists = Gen.ListOf(Gen.Choose(-20, 20)).SelectMany(list => Gen.Elements(0, 1, 2).Select(order => order switch
        {
            0 => list.Select(v => (long)v).ToArray(),
            1 => [.. list.Select(v => (long)v).Order()],
            _ => [.. list.Select(v => (long)v).OrderDescending()],
        }));
        Prop.ForAll(Arb.From(lists), Arb.From(Gen.Elements(50, 75, 90, 95, 99)), (values, percent) =>
        {
            var sorted = values.Order().ToArray();
            var expected = sorted.Length == 0 ? (long?)null : sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * percent / 100m) - 1)];
            return Percentile.Of([.. values], percent) == expected;
        }).QuickCheckThrowOnFailure();
    }

    // Rising and then falling, the middle of three is the highest of all but one, again and again.
    [Theory]
    [InlineData(50)]
    [InlineData(99)]
    public void A_list_that_rises_and_falls_is_answered_as_any_other(int percent)
    {
        const int half = 1_000_000;
        long[] values = [.. Enumerable.Range(0, half).Select(i => (long)i), .. Enumerable.Range(0, half).Select(i => (long)(half - 1 - i))];
        Assert.Equal(half * percent / 100 - 1, Percentile.Of(values, percent));
    }

    [Fact]
    public void A_long_list_of_one_value_has_it_at_every_rank() => Assert.Equal(7, Percentile.Of(Enumerable.Repeat(7L, 300_000).ToArray(), 99));
}

using Clientele.Commerce;
using Clientele.Customers;
using Clientele.Platform.Log;

namespace Clientele.Demo.Generator;

/// <summary>Some visitors' year: rows ready for the modules' doors. Each order is one more event, its fact.</summary>
public sealed class ShopSlice
{
    public List<NewCustomer> Customers { get; } = [];
    public List<NewOrder> Orders { get; } = [];
    public List<NewEvent> Events { get; } = [];
}

/// <summary>
/// A year of a shop, told a few visitors at a time: every visitor's life depends on the options and their number alone,
/// so any slice can be told again, in any order, in little memory.
/// </summary>
public sealed class Shop
{
    public const int VisitorsPerSlice = 200;

    // Measured over many seeds; tests hold the total near the size that was asked for.
    private const double EventsPerVisitor = 23.4;

    // One visitor in so many is in the shop at the very end.
    private const int VisitorsPerPresent = 1500;

    private readonly DemoOptions options;
    private readonly Calendar calendar;

    public Shop(DemoOptions options)
    {
        this.options = options;
        calendar = new Calendar(options.End);
        Visitors = (int)Math.Max(10, options.Size / EventsPerVisitor);
    }

    /// <summary>The first midnight of the year, in the shop's zone.</summary>
    public DateTimeOffset Start => calendar.Start;

    public int Visitors { get; }

    public int Slices => (Visitors + VisitorsPerSlice - 1) / VisitorsPerSlice;

    /// <param name="number">From 0 to <see cref="Slices"/> − 1.</param>
    public ShopSlice Slice(int number)
    {
        var slice = new ShopSlice();
        var until = Math.Min(Visitors, (number + 1) * VisitorsPerSlice);
        for (var visitor = number * VisitorsPerSlice; visitor < until; visitor++) Tell(visitor, slice);
        return slice;
    }

    /// <summary>The whole year.</summary>
    public IEnumerable<ShopSlice> All => Enumerable.Range(0, Slices).Select(Slice);

    private void Tell(int visitor, ShopSlice slice)
    {
        var dice = new Dice(options.Seed, visitor);
        var person = Person.Meet(dice, visitor);
        var visits = visitor % VisitorsPerPresent == 0
            ? [new Visit(Calendar.Days - 1, calendar.End.AddSeconds(-30 - dice.Below(300)), Outcome.Look)]
            : Plan.Year(calendar, person, dice);
        new Life(calendar, person, new Ids(calendar.End.ToUnixTimeMilliseconds() - Visitors, visitor, dice), dice, slice).Tell(visits);
    }
}

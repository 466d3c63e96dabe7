using Clientele.Commerce;
using Clientele.Demo.Generator;

namespace Clientele.Demo.Tests;

/// <summary>The generator alone, without a database.</summary>
public sealed class ShopTests
{
    private static readonly DateTimeOffset end = new(2026, 3, 14, 20, 15, 0, TimeSpan.Zero);
    private static readonly DemoOptions options = new(40_000, 7, end);
    private static readonly ShopSlice year = Whole(options);

    private static IEnumerable<NewOrder> Orders => year.Orders.Where(o => o.Kind == "order");

    [Fact]
    public void The_same_options_tell_the_same_year()
    {
        var again = Whole(options);
        Assert.Equal(Words(year), Words(again));
        Assert.NotEqual(Words(year), Words(Whole(options with { Seed = 8 })));
    }

    [Fact]
    public void A_slice_does_not_depend_on_the_others()
    {
        var shop = new Shop(options);
        Assert.Equal(Words(shop.Slice(3)), Words(new Shop(options).All.ElementAt(3)));
    }

    [Theory]
    [InlineData(5_000, 1)]
    [InlineData(40_000, 2)]
    [InlineData(150_000, 3)]
    public void The_size_is_about_what_was_asked_for(long size, long seed)
    {
        var events = new Shop(new DemoOptions(size, seed, end)).All.Sum(s => (long)(s.Events.Count + s.Orders.Count));
        Assert.InRange(events, size * 0.85, size * 1.15);
    }

    [Fact]
    public void Ids_numbers_and_addresses_are_unique()
    {
        Assert.Distinct(year.Events.Select(e => e.Id).Concat(year.Orders.SelectMany(o => new[] { o.Id, o.EventId })).Concat(year.Customers.Select(c => c.Id)));
        Assert.Distinct(year.Orders.Select(o => o.Number));
        Assert.Distinct(year.Customers.Select(c => c.CustomerId));
        Assert.Distinct(year.Customers.Select(c => c.Email));
        Assert.All(year.Customers, c => Assert.Matches(@"^[a-z]+(\.[a-z]+)+[0-9]+@example\.(com|org|net)$", c.Email));
        // No accent fell out: the address has as many letters as the name.
        Assert.All(year.Customers, c => Assert.Equal(c.Name!.Replace("ß", "ss", StringComparison.Ordinal).Count(char.IsLetter), c.Email!.Split('@')[0].Count(char.IsLetter)));
    }

    [Fact]
    public void The_year_has_365_days_and_ends_now()
    {
        var times = year.Events.Select(e => e.OccurredAt).Concat(year.Orders.Select(o => o.OrderedAt)).ToList();
        Assert.InRange(times.Max(), end.AddMinutes(-6), end);
        Assert.InRange(times.Min(), end.AddDays(-365), end.AddDays(-360));
        Assert.All(year.Orders, o => Assert.True((o.ShippedAt ?? o.OrderedAt) <= end && (o.DeliveredAt ?? o.OrderedAt) <= end && (o.CancelledAt ?? o.OrderedAt) <= end));
    }

    [Fact]
    public void The_shop_grows_and_black_friday_stands_out()
    {
        var revenue = Orders.GroupBy(o => (o.OrderedAt - end.AddDays(-365)).Days / 91).ToDictionary(g => g.Key, g => g.Sum(Total));
        Assert.InRange(revenue[3] / revenue[0], 1.5m, 20m);
        var days = year.Events.GroupBy(e => DateOnly.FromDateTime(e.OccurredAt.UtcDateTime)).ToDictionary(g => g.Key, g => g.Count());
        Assert.True(days[new DateOnly(2025, 11, 28)] > 1.5 * days[new DateOnly(2025, 11, 14)]);
    }

    [Fact]
    public void Some_buy_again_and_few_buy_often()
    {
        var counts = Orders.GroupBy(o => o.CustomerId!.Value).Select(g => g.Count()).ToList();
        Assert.InRange(counts.Count(c => c >= 2) / (double)counts.Count, 0.25, 0.55);
        Assert.True(counts.Max() >= 6);
        Assert.InRange(year.Orders.Count(o => o.Kind == "refund") / (double)counts.Sum(), 0.02, 0.08);
        Assert.InRange(Orders.Count(o => o.Status == "cancelled") / (double)counts.Sum(), 0.01, 0.05);
        Assert.InRange((double)Orders.Average(Total), 40, 120);
        Assert.True(year.Customers.Select(c => c.Country).Distinct().Count() >= 10);
    }

    [Fact]
    public void Money_adds_up()
    {
        Assert.All(year.Orders, o => Assert.All(o.Lines, l =>
        {
            Assert.Equal(l.Total, Math.Round(l.UnitPrice * l.Quantity, 2, MidpointRounding.AwayFromZero) - l.Discount);
            Assert.True(o.Kind == "order" ? l.Total >= 0 : l.Total <= 0);
        }));
        var orders = Orders.ToDictionary(o => o.Id);
        Assert.All(year.Orders.Where(o => o.Kind == "refund"), r =>
        {
            var original = orders[r.RefundsOrder!.Value];
            Assert.True(r.OrderedAt > original.OrderedAt && -Total(r) <= Total(original));
            if (original.Status == "refunded") Assert.Equal(Total(original), -Total(r));
        });
    }

    [Fact]
    public void Nobody_orders_before_they_have_come_and_signed_up()
    {
        var first = Customers("session_started");
        var joined = Customers("signed_up");
        var seen = year.Customers.ToDictionary(c => c.Id, c => c.FirstSeenAt);
        Assert.NotEmpty(Orders);
        Assert.All(Orders, o => Assert.True(first[o.CustomerId!.Value] < o.OrderedAt && joined[o.CustomerId.Value] < o.OrderedAt));
        Assert.All(first, f => Assert.Equal(seen[f.Key], f.Value));
        Assert.All(year.Events.Where(e => e.CustomerId is not null), e => Assert.True(seen.ContainsKey(e.CustomerId!.Value)));
        Assert.InRange(year.Events.Count(e => e.CustomerId is null) / (double)year.Events.Count, 0.05, 0.5);
    }

    private static Dictionary<Guid, DateTimeOffset> Customers(string type) => year.Events
        .Where(e => e.Type == type && e.CustomerId is not null)
        .GroupBy(e => e.CustomerId!.Value).ToDictionary(g => g.Key, g => g.Min(e => e.OccurredAt));

    private static decimal Total(NewOrder order) => order.Lines.Sum(l => l.Total);

    private static ShopSlice Whole(DemoOptions of)
    {
        var all = new ShopSlice();
        foreach (var slice in new Shop(of).All)
        {
            all.Customers.AddRange(slice.Customers);
            all.Orders.AddRange(slice.Orders);
            all.Events.AddRange(slice.Events);
        }
        return all;
    }

    // Everything a row would hold, but for lists, whose text is their type.
    private static List<string> Words(ShopSlice slice) =>
    [
        .. slice.Customers.Select(c => c.ToString()),
        .. slice.Orders.Select(o => $"{o with { Lines = [] }} {string.Join(';', o.Lines)}"),
        .. slice.Events.Select(e => e.ToString()),
    ];
}

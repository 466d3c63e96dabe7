using Clientele.Demo.Generator;
using Clientele.Platform.Migrations;
using Clientele.Platform.Organizations;
using Clientele.Testing;

namespace Clientele.Demo.Tests;

/// <summary>The shop in a real database, with other organizations around it.</summary>
public sealed class DemoShopTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly DemoOptions options = new(5_000, 3, new DateTimeOffset(2026, 3, 14, 20, 15, 0, TimeSpan.Zero));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Totals(long Events, long Completed, long Refunded, decimal LogValue, long Orders, decimal OrderValue, decimal ItemValue, decimal SoldValue, long Customers);

    [Fact]
    public async Task What_is_loaded_is_what_was_told_and_a_cut_load_is_completed()
    {
        // Cut while slices are being written, as a kill would: what is committed stays.
        using var kill = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var slices = 0;
        var progress = new Immediate(_ => { if (Interlocked.Increment(ref slices) == 2) kill.Cancel(); });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DemoLoader.Load(database.Databases, database.Alpha, options with { Size = 20_000 }, progress, kill.Token));
        var begun = await Count();
        Assert.InRange(begun.Events, 1, 19_000);

        // Going on keeps the year that was begun, whatever is asked for now.
        var second = await DemoLoader.Load(database.Databases, database.Alpha, options with { Seed = 99, End = options.End.AddDays(1) }, null, Ct);
        var third = await DemoLoader.Load(database.Databases, database.Alpha, options, null, Ct);
        Assert.False(second.AlreadyThere);
        Assert.Equal(second with { AlreadyThere = true }, third);

        var told = new Shop(options with { Size = 20_000 }).All.ToList();
        var orders = told.SelectMany(s => s.Orders).ToList();
        var sold = orders.Where(o => o.Kind == "order" && o.Status != "cancelled").ToList();
        var counted = await Count();
        Assert.Equal(told.Sum(s => s.Events.Count) + orders.Count, counted.Events);
        Assert.Equal(counted.Events, second.Events);
        Assert.Equal((sold.Count, orders.Count(o => o.Kind == "refund")), ((int)counted.Completed, (int)counted.Refunded));
        Assert.Equal((orders.Count, told.Sum(s => s.Customers.Count)), ((int)counted.Orders, (int)counted.Customers));
        var value = orders.Sum(o => o.Lines.Sum(l => l.Total));
        Assert.Equal((value, value, value), (counted.OrderValue, counted.ItemValue, counted.LogValue));
        Assert.Equal(sold.Sum(o => o.Lines.Sum(l => l.Total)), counted.SoldValue);
        Assert.Equal(0, (await Count(database.Beta)).Events);
    }

    [Fact]
    public async Task The_demo_organization_is_founded_and_loaded_once()
    {
        await Founding.Ensure(database.Databases, "First", Ct);
        var first = await DemoShop.Ensure(database.Databases, 1_000, TimeProvider.System, null, Ct);
        var second = await DemoShop.Ensure(database.Databases, 2_000, TimeProvider.System, null, Ct);
        Assert.Equal((false, true, first.Events), (first.AlreadyThere, second.AlreadyThere, second.Events));
        var shop = await database.Service.List<string>($"""
            select concat_ws('|', o.name, o.time_zone, o.currency, o.is_demo, count(m)) from platform.organizations o
            join platform.organization_members m on m.organization_id = o.id
            where o.slug = 'demo' group by o.id
            """, Ct);
        Assert.Equal(["Demo shop|Europe/Paris|EUR|t|1"], shop);
        var newest = await database.Service.One<DateTimeOffset>($"""
            select max(e.occurred_at) from log.events e join platform.organizations o on o.id = e.organization_id where o.slug = 'demo'
            """, Ct);
        Assert.InRange(TimeProvider.System.GetUtcNow() - newest, TimeSpan.Zero, TimeSpan.FromMinutes(7));
    }

    [Fact]
    public async Task An_organization_that_is_no_demo_is_left_alone()
    {
        var own = new TestDatabase();
        await using var _ = own;
        await own.InitializeAsync();
        await own.Service.Run($"update platform.organizations o set slug = 'demo' where o.id = {own.Alpha.OrganizationId}", Ct);
        var refused = await Assert.ThrowsAsync<SetupException>(() => DemoShop.Ensure(own.Databases, 1_000, TimeProvider.System, null, Ct));
        Assert.Contains("not a demo", refused.Message, StringComparison.Ordinal);
    }

    private Task<Totals> Count(Platform.Tenancy.Tenant? tenant = null) => database.For(tenant ?? database.Alpha).One<Totals>($"""
        select e.events, e.completed, e.refunded, e.value as log_value, o.orders, o.value as order_value, i.value as item_value, i.sold as sold_value,
               (select count(*) from customers.customers) as customers
        from (select count(*) as events, count(*) filter (where l.event_type = 'order_completed') as completed,
                     count(*) filter (where l.event_type = 'order_refunded') as refunded, coalesce(sum(l.event_value), 0) as value
              from log.events l where l.event_type <> 'demo_written') as e,
             (select count(*) as orders, coalesce(sum(d.base_total), 0) as value from commerce.customer_orders d) as o,
             (select coalesce(sum(t.base_total), 0) as value, coalesce(sum(t.base_total) filter (where t.sold_at is not null), 0) as sold
              from commerce.customer_order_items t) as i
        """, Ct);

    private sealed class Immediate(Action<DemoProgress> report) : IProgress<DemoProgress>
    {
        public void Report(DemoProgress value) => report(value);
    }
}

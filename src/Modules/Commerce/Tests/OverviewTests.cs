using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Commerce.Tests;

/// <summary>The overview's figures, computed by hand, over HTTP, with a second organization's orders in the same days.</summary>
public sealed class OverviewTests(OverviewTests.App app) : IClassFixture<OverviewTests.App>
{
    public sealed class App : TestApp
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await Service.Run($"update platform.organizations o set currency = 'GBP', time_zone = 'Europe/London'", CancellationToken.None);
            await Rig.Import(this, Alpha, Rig.Header + """
                1,2024-03-01 10:00,A1,Cup,2,10.00,ann,France
                1,2024-03-01 10:00,B1,Plate,1,5.00,ann,France
                2,2024-03-02 23:59,A1,Cup,1,10.00,ann,France
                3,2024-03-03 00:00,B1,Plate,4,5.00,bob,Spain
                4,2024-03-31 23:30,A1,Cup,1,10.00,,Spain
                C5,2024-03-04 09:00,A1,Cup,-1,10.00,ann,France
                A6,2024-03-05 09:00,B,Bad debt,1,-3.00,,France
                7,2024-02-10 10:00,A1,Mug,1,8.00,ann,France

                """);
            await Rig.Import(this, Beta, Rig.Header + "1,2024-03-01 10:00,SECRET,Theirs,1,100000.00,eve,Atlantis\n");
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static decimal?[] Numbers(JsonElement of, params string[] names) =>
        [.. names.Select(n => of.GetProperty(n).ValueKind == JsonValueKind.Null ? (decimal?)null : of.GetProperty(n).GetDecimal())];

    [Fact]
    public async Task Figures_of_a_month_are_as_counted_by_hand()
    {
        var view = await app.Admin.Json("api/overview?from=2024-03-01&to=2024-03-31");
        // 25 + 10 + 20 + 10; ann has two orders, bob one, the fourth is anonymous.
        Assert.Equal([65m, 4m, 2m, 16.25m, 0.5m, -10m, 1m, -3m, 1m],
            Numbers(view.GetProperty("current"), "revenue", "orders", "customers", "averageOrderValue", "repeatRate", "refunds", "refundCount", "adjustments", "adjustmentCount"));
        // The 31 days before: 30 January to 29 February.
        Assert.Equal(("2024-01-30", "2024-02-29"), (view.GetProperty("previousRange").GetProperty("from").GetString(), view.GetProperty("previousRange").GetProperty("to").GetString()));
        Assert.Equal([8m, 1m, 1m, 8m, 0m], Numbers(view.GetProperty("previous"), "revenue", "orders", "customers", "averageOrderValue", "repeatRate"));
        Assert.Equal("GBP", view.GetProperty("currency").GetString());
    }

    [Fact]
    public async Task Days_are_those_of_the_organizations_zone()
    {
        // 23:30 on 31 March is summer time in London: 22:30 UTC, still the 31st there.
        var last = (await app.Admin.Json("api/overview?from=2024-03-31&to=2024-03-31")).GetProperty("current");
        Assert.Equal([10m, 1m, 0m, 10m, null], Numbers(last, "revenue", "orders", "customers", "averageOrderValue", "repeatRate"));
        var second = (await app.Admin.Json("api/overview?from=2024-03-02&to=2024-03-02")).GetProperty("current");
        Assert.Equal([10m, 1m], Numbers(second, "revenue", "orders"));
        var none = await app.Admin.Json("api/overview?from=2024-04-01&to=2024-04-30");
        Assert.Equal([0m, 0m, 0m, null, null], Numbers(none.GetProperty("current"), "revenue", "orders", "customers", "averageOrderValue", "repeatRate"));
        Assert.All(none.GetProperty("series").EnumerateArray(), p => Assert.Equal(0m, p.GetProperty("revenue").GetDecimal()));
    }

    [Fact]
    public async Task A_series_has_every_bucket_and_marks_the_cut_ones()
    {
        var days = (await app.Admin.Json("api/overview?from=2024-03-01&to=2024-03-31&interval=day")).GetProperty("series");
        Assert.Equal(31, days.GetArrayLength());
        Assert.Equal([25m, 10m, 20m, 0m], days.EnumerateArray().Take(4).Select(p => p.GetProperty("revenue").GetDecimal()));
        Assert.All(days.EnumerateArray(), p => Assert.False(p.GetProperty("partial").GetBoolean()));
        var weeks = (await app.Admin.Json("api/overview?from=2024-03-01&to=2024-03-31&interval=week")).GetProperty("series").EnumerateArray().ToList();
        Assert.Equal(["2024-02-26", "2024-03-04", "2024-03-11", "2024-03-18", "2024-03-25"], weeks.Select(w => w.GetProperty("date").GetString()));
        Assert.Equal([true, false, false, false, false], weeks.Select(w => w.GetProperty("partial").GetBoolean()));
        Assert.Equal(55m, weeks[0].GetProperty("revenue").GetDecimal());
    }

    [Fact]
    public async Task Countries_products_and_the_filter_agree_with_the_whole()
    {
        var view = await app.Admin.Json("api/overview?from=2024-03-01&to=2024-03-31");
        Assert.Equal(["France 35 2 1", "Spain 30 2 1"], view.GetProperty("countries").EnumerateArray().Select(c =>
            $"{c.GetProperty("country").GetString()} {c.GetProperty("revenue").GetDecimal():0} {c.GetProperty("orders").GetInt64()} {c.GetProperty("customers").GetInt64()}"));
        Assert.Equal(["A1 Cup 4 40 3", "B1 Plate 5 25 2"], view.GetProperty("products").EnumerateArray().Select(p =>
            $"{p.GetProperty("productId").GetString()} {p.GetProperty("name").GetString()} {p.GetProperty("quantity").GetInt64()} {p.GetProperty("revenue").GetDecimal():0} {p.GetProperty("orders").GetInt64()}"));
        var spain = await app.Admin.Json("api/overview?from=2024-03-01&to=2024-03-31&country=Spain");
        Assert.Equal([30m, 2m, 1m], Numbers(spain.GetProperty("current"), "revenue", "orders", "customers"));
        Assert.Equal(["B1", "A1"], spain.GetProperty("products").EnumerateArray().Select(p => p.GetProperty("productId").GetString()));
        Assert.Equal(["France", "Spain"], (await app.Admin.Json("api/overview/countries")).EnumerateArray().Select(c => c.GetString()));
    }

    [Fact]
    public async Task Without_a_range_it_shows_the_last_days_that_have_something()
    {
        var view = await app.Admin.Json("api/overview");
        Assert.Equal(("2024-03-02", "2024-03-31"), (view.GetProperty("range").GetProperty("from").GetString(), view.GetProperty("range").GetProperty("to").GetString()));
        Assert.Equal(("2024-02-10", "2024-03-31"), (view.GetProperty("dataRange").GetProperty("from").GetString(), view.GetProperty("dataRange").GetProperty("to").GetString()));
    }

    [Fact]
    public async Task Pending_and_cancelled_orders_are_no_revenue_and_a_change_of_status_moves_the_products_too()
    {
        async Task<(decimal?[] Figures, decimal Plates)> March()
        {
            var view = await app.Admin.Json("api/overview?from=2024-03-01&to=2024-03-31");
            return (Numbers(view.GetProperty("current"), "revenue", "orders", "customers"),
                view.GetProperty("products").EnumerateArray().Single(p => p.GetProperty("productId").GetString() == "B1").GetProperty("revenue").GetDecimal());
        }
        await Rig.Import(app, app.Alpha, Rig.Header + "8,2024-03-03 00:00,B1,Plate,9,5.00,bob,Spain\n", Rig.Mapping() with { Status = "pending" });
        var pending = await March();
        Assert.Equal([65m, 4m, 2m], pending.Figures);
        Assert.Equal(25m, pending.Plates);
        await app.Db.Run($"update commerce.customer_orders o set order_status = 'confirmed' where o.order_id = '8'", Ct);
        var confirmed = await March();
        Assert.Equal([110m, 5m, 2m], confirmed.Figures);
        Assert.Equal(70m, confirmed.Plates);
        await app.Db.Run($"update commerce.customer_orders o set order_status = 'cancelled' where o.order_id = '8'", Ct);
        var cancelled = await March();
        Assert.Equal(pending.Figures, cancelled.Figures);
        Assert.Equal(25m, cancelled.Plates);
    }

    [Fact]
    public async Task Another_organizations_orders_are_never_seen()
    {
        foreach (var path in new[] { "api/overview?from=2024-03-01&to=2024-03-31", "api/overview/countries", "api/customers", "api/events/newest", "api/palette?query=eve", "api/palette?query=1", "api/imports" })
        {
            var text = (await app.Admin.Json(path)).GetRawText();
            Assert.DoesNotContain("SECRET", text, StringComparison.Ordinal);
            Assert.DoesNotContain("Atlantis", text, StringComparison.Ordinal);
            Assert.DoesNotContain("eve\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("100000", text, StringComparison.Ordinal);
        }
        var theirs = await app.For(app.Beta).One<Guid>($"select o.id from commerce.customer_orders o", Ct);
        Assert.Equal(404, (await (await app.Admin.GetAsync(new Uri($"api/orders/{theirs}", UriKind.Relative), Ct)).Problem()).Status);
        var import = await app.For(app.Beta).One<Guid>($"select i.id from platform.imports i", Ct);
        foreach (var path in new[] { "", "/preview", "/rejects.csv", "/mapping.json" })
            Assert.Equal(404, (await (await app.Admin.GetAsync(new Uri($"api/imports/{import}{path}", UriKind.Relative), Ct)).Problem()).Status);
        foreach (var act in new[] { "start", "cancel", "undo" })
            Assert.Contains((await (await app.Admin.Post($"api/imports/{import}/{act}", new { mapping = Rig.Mapping() })).Problem()).Status, new[] { 404, 409 });
        Assert.Equal("completed", (await app.Stranger.Json($"api/imports/{import}")).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("from=2024-03-31&to=2024-03-01")]
    [InlineData("from=0001-01-01&to=9999-12-31")]
    [InlineData("from=2000-01-01&to=2024-12-31")]
    [InlineData("interval=fortnight")]
    [InlineData("from=2015-03-31&to=2024-03-01&interval=day")]
    public async Task A_range_that_makes_no_sense_is_refused(string query) =>
        Assert.Equal((400, "validation_failed"), await (await app.Admin.GetAsync(new Uri("api/overview?" + query, UriKind.Relative), Ct)).Problem());

    [Fact]
    public async Task An_order_shows_its_lines_and_a_customer_their_orders()
    {
        var found = (await app.Admin.Json("api/palette?query=1")).GetProperty("orders")[0];
        var order = await app.Admin.Json($"api/orders/{found.GetProperty("id").GetGuid()}");
        Assert.Equal((25m, 2, "ann"), (order.GetProperty("total").GetDecimal(), order.GetProperty("lines").GetArrayLength(), order.GetProperty("customer").GetProperty("externalId").GetString()));
        var customer = order.GetProperty("customer").GetProperty("id").GetGuid();
        var first = await app.Admin.Json($"api/customers/{customer}/orders?limit=2");
        var second = await app.Admin.Json($"api/customers/{customer}/orders?limit=2&before={first.GetProperty("next").GetString()}");
        Assert.Equal(["C5", "2", "1", "7"], first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray()).Select(o => o.GetProperty("number").GetString()));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.Equal(400, (await (await app.Admin.GetAsync(new Uri($"api/customers/{customer}/orders?before=zzz", UriKind.Relative), Ct)).Problem()).Status);
    }
}

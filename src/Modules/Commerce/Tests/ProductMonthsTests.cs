using System.Globalization;
using Clientele.Testing;

namespace Clientele.Commerce.Tests;

/// <summary>The monthly sums always equal a count of the lines, and a ranking made from them the ranking made from the lines.</summary>
public sealed class ProductMonthsTests(ProductMonthsTests.App app) : IClassFixture<ProductMonthsTests.App>
{
    public sealed class App : TestApp;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Sold(string ProductId, long Quantity, decimal Revenue);

    [Theory]
    [InlineData(1, "Europe/London")]
    [InlineData(2, "Asia/Kathmandu")]
    [InlineData(3, "America/St_Johns")]
    public async Task Whatever_happens_to_orders_and_whatever_range_is_asked(int seed, string zone)
    {
        var random = new Random(seed);
        await app.Service.Run($"update platform.organizations o set currency = 'GBP', time_zone = {zone}", Ct);
        var rows = string.Concat(Enumerable.Range(0, 400).Select(n =>
            string.Create(CultureInfo.InvariantCulture, $"{seed}{n:000},{new DateTime(2023, 11, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(random.Next(200_000)):yyyy-MM-dd HH:mm},P{random.Next(30)},Product,{random.Next(1, 9)},{random.Next(1, 5000) / 100m},{random.Next(50)},{(random.Next(3) == 0 ? "" : "Country " + random.Next(4))}\n")));
        await Rig.Import(app, app.Alpha, Rig.Header + rows, Rig.Mapping() with { Status = "confirmed" });
        await Rig.Import(app, app.Beta, Rig.Header + rows);
        for (var change = 0; change < 30; change++)
        {
            var order = $"{seed}{random.Next(400):000}";
            switch (random.Next(4))
            {
                case 0: await app.Db.Run($"update commerce.customer_orders o set order_status = 'cancelled' where o.order_id = {order}", Ct); break;
                case 1: await app.Db.Run($"update commerce.customer_orders o set ordered_at = o.ordered_at + interval '20 days', shipping_country = 'Moved' where o.order_id = {order}", Ct); break;
                case 2: await app.Db.Run($"delete from commerce.customer_orders o where o.order_id = {order}", Ct); break;
                case 3:
                    await app.Db.Run($"""
                        insert into commerce.customer_order_items (organization_id, order_id, product_id, product_name, unit_price, quantity, total_price)
                        select o.organization_id, o.id, 'P1', 'Added', 2.5, 2, 5 from commerce.customer_orders o where o.order_id = {order}
                        """, Ct);
                    break;
            }
        }
        foreach (var tenant in new[] { app.Alpha, app.Beta })
            Assert.Equal(0, await app.For(tenant).One<long>($"select count(*) from commerce.product_drift()", Ct));

        // The daily look sees a sum that was tampered with.
        var watch = new Overview.WatchProductSums(app.Databases, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Overview.WatchProductSums>.Instance);
        Assert.Equal(0, await watch.Look(Ct));
        await app.Service.Run($"update commerce.product_months m set quantity = m.quantity + 1 where m.product_id = 'P1' and m.organization_id = {app.Beta.OrganizationId}", Ct);
        Assert.NotEqual(0, await watch.Look(Ct));
        await app.Service.Run($"update commerce.product_months m set quantity = m.quantity - 1 where m.product_id = 'P1' and m.organization_id = {app.Beta.OrganizationId}", Ct);

        for (var question = 0; question < 12; question++)
        {
            var from = new DateOnly(2023, 10, 25).AddDays(random.Next(120));
            var to = from.AddDays(random.Next(140));
            var country = random.Next(3) == 0 ? "Country 1" : null;
            var view = await app.Admin.Json(string.Create(CultureInfo.InvariantCulture, $"api/overview?from={from:yyyy-MM-dd}&to={to:yyyy-MM-dd}&country={country}"));
            var told = view.GetProperty("products").EnumerateArray().Select(p => new Sold(p.GetProperty("productId").GetString()!, p.GetProperty("quantity").GetInt64(), p.GetProperty("revenue").GetDecimal()));
            var counted = await app.Db.List<Sold>($"""
                select i.product_id, sum(i.quantity)::bigint as quantity, sum(i.base_total) as revenue
                from commerce.customer_order_items i join commerce.customer_orders o on o.id = i.order_id
                where commerce.counts_as_sale(o.kind, o.order_status) and (o.ordered_at at time zone {zone})::date between {from} and {to}
                and ({country}::text is null or o.shipping_country = {country})
                group by i.product_id order by 3 desc, 1 limit 10
                """, Ct);
            Assert.Equal(counted, told);
        }
    }
}

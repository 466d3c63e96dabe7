using System.Text.Json;
using Clientele.Platform.Imports;
using Clientele.Testing;

namespace Clientele.Commerce.Tests;

/// <summary>A year of a real shop's orders, against the figures its publishers and a plain count of the file give.</summary>
public sealed class OnlineRetailTests(OnlineRetailTests.Database database) : IClassFixture<OnlineRetailTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Kind(string Word, long Documents, decimal Sum);

    [Fact]
    public async Task The_whole_file_comes_in_to_the_cent()
    {
        var folder = SharedData.Find("data/online-retail");
        Assert.SkipWhen(folder is null, "../shared/data/online-retail is not on this machine.");
        var expected = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(folder!, "expected.json"), Ct));
        decimal Figure(string name) => expected.GetProperty("computed").GetProperty(name).GetDecimal();
        var rows = expected.GetProperty("published").GetProperty("rows").GetInt64();

        await using var file = File.OpenRead(Path.Combine(folder!, "online-retail.csv.gz"));
        var id = await ImportReceiver.Receive(database.Db, "orders", "online-retail.csv.gz", file, Ct);
        var mapping = Mapping.Parse(await File.ReadAllTextAsync(Path.Combine(SharedData.Root, "samples/mappings/online-retail.json"), Ct));
        await ImportCommands.Start(database.Db, [new Imports.OrderImporter()], id, mapping, Ct);
        while (await Rig.Worker(database).RunNext(Ct, id)) { }
        var import = await ImportCommands.Get(database.Db, id, Ct);
        await Rig.CatchUp(database);

        Assert.Equal(("completed", rows, rows, 0L, 0L), (import.State, import.LinesRead, import.Accepted, import.Rejected, import.Duplicates));
        Assert.Equal((long)Figure("customers_non_null"), import.CustomersCreated);
        var kinds = await database.Db.List<Kind>($"""
            select o.kind as word, count(*) as documents, sum(o.base_total) as sum from commerce.customer_orders o group by o.kind order by o.kind
            """, Ct);
        Assert.Equal(
        [
            new("adjustment", (long)Figure("adjustments (A…)"), Figure("sum of adjustments")),
            new("order", (long)Figure("orders (invoice number all digits)"), decimal.Round(Figure("gross of orders"), 2)),
            new("refund", (long)Figure("refunds (C…)"), Figure("sum of refunds")),
        ], kinds);
        Assert.Equal(decimal.Round(Figure("sum_quantity_times_unitprice"), 2), kinds.Sum(k => k.Sum));
        Assert.Equal((long)Figure("countries"), await database.Db.One<long>($"select count(distinct o.shipping_country) from commerce.customer_orders o", Ct));
        Assert.Equal((long)Figure("stock_codes"), await database.Db.One<long>($"select count(distinct i.product_id) from commerce.customer_order_items i", Ct));
        Assert.Equal(rows, await database.Db.One<long>($"select count(*) from commerce.customer_order_items i", Ct));
        Assert.Equal((long)Figure("rows_without_customer"), await database.Db.One<long>($"""
            select count(*) from commerce.customer_order_items i join commerce.customer_orders o on o.organization_id = i.organization_id and o.id = i.order_id where o.customer_id is null
            """, Ct));
        Assert.Equal((long)Figure("lines with negative quantity outside C… invoices"), await database.Db.One<long>($"select count(*) from commerce.customer_order_items i where i.quantity < 0 and i.line_type <> 'refund'", Ct));
        // The facts say the same, and so do the customers' figures.
        Assert.Equal(kinds.Sum(k => k.Sum), await database.Db.One<decimal>($"select sum(e.event_value) from log.facts e", Ct));
        Assert.Equal(await database.Db.One<decimal>($"select sum(o.base_total) from commerce.customer_orders o where o.kind = 'order' and o.customer_id is not null", Ct),
            await database.Db.One<decimal>($"select sum(f.total_revenue) from customers.customer_figures f", Ct));
    }
}

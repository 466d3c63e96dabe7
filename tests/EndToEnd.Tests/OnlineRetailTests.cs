using System.Text.Json;
using Clientele.Testing;

namespace Clientele.EndToEnd.Tests;

/// <summary>
/// A year of a real shop's orders by the command a user types, against the figures its publishers and a plain count of the
/// file give. It takes a minute, which is why it stands here.
/// </summary>
public sealed class OnlineRetailTests
{
    [Fact]
    public async Task The_whole_file_comes_in_to_the_cent()
    {
        var folder = SharedData.Find("data/online-retail");
        Assert.SkipWhen(folder is null, "../shared/data/online-retail is not on this machine.");
        var expected = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(Path.Combine(folder!, "expected.json"), TestContext.Current.CancellationToken));
        decimal Figure(string name) => expected.GetProperty("computed").GetProperty(name).GetDecimal();
        var rows = expected.GetProperty("published").GetProperty("rows").GetInt64();

        await using var shop = new Installation();
        await shop.StartServer();
        var command = await shop.Run(
            ["import", "orders", Path.Combine(folder!, "online-retail.csv.gz"), "--map", Path.Combine(SharedData.Root, "samples/mappings/online-retail.json"), "--data", shop.Data],
            patience: TimeSpan.FromMinutes(10));
        Assert.True(command.Process.ExitCode == 0, command.Errors);
        await shop.UntilConsumed();

        Task<bool> Holds(FormattableString claim) => shop.Scalar<bool>(FormattableString.Invariant(claim));
        Assert.True(await Holds($"select (i.state, i.lines_read, i.accepted, i.rejected, i.duplicates) = ('completed', {rows}, {rows}, 0, 0) from platform.imports i"));
        Assert.Equal((long)Figure("customers_non_null"), await shop.Scalar<long>("select count(*) from customers.customers"));
        foreach (var (kind, documents, sum) in new (string, decimal, decimal)[]
        {
            ("adjustment", Figure("adjustments (A…)"), Figure("sum of adjustments")),
            ("order", Figure("orders (invoice number all digits)"), decimal.Round(Figure("gross of orders"), 2)),
            ("refund", Figure("refunds (C…)"), Figure("sum of refunds")),
        })
        {
            Assert.True(await Holds($"select (count(*), sum(o.base_total)) = ({documents}, {sum}) from commerce.customer_orders o where o.kind = '{kind}'"), kind);
        }
        Assert.Equal(decimal.Round(Figure("sum_quantity_times_unitprice"), 2), await shop.Scalar<decimal>("select sum(o.base_total) from commerce.customer_orders o"));
        Assert.Equal((long)Figure("countries"), await shop.Scalar<long>("select count(distinct o.shipping_country) from commerce.customer_orders o"));
        Assert.Equal((long)Figure("stock_codes"), await shop.Scalar<long>("select count(distinct i.product_id) from commerce.customer_order_items i"));
        Assert.Equal(rows, await shop.Scalar<long>("select count(*) from commerce.customer_order_items i"));
        Assert.Equal((long)Figure("rows_without_customer"), await shop.Scalar<long>("""
            select count(*) from commerce.customer_order_items i join commerce.customer_orders o on o.organization_id = i.organization_id and o.id = i.order_id where o.customer_id is null
            """));
        Assert.Equal((long)Figure("lines with negative quantity outside C… invoices"), await shop.Scalar<long>("select count(*) from commerce.customer_order_items i where i.quantity < 0 and i.line_type <> 'refund'"));
        // The facts say the same, and so do the customers' figures.
        Assert.Equal(await shop.Scalar<decimal>("select sum(o.base_total) from commerce.customer_orders o"), await shop.Scalar<decimal>("select sum(e.event_value) from log.facts e where e.event_category = 'transaction'"));
        Assert.Equal(await shop.Scalar<decimal>("select sum(o.base_total) from commerce.customer_orders o where o.kind = 'order' and o.customer_id is not null"),
            await shop.Scalar<decimal>("select sum(f.total_revenue) from customers.customer_figures f"));
    }
}

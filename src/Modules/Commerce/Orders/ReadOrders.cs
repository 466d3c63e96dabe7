using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Commerce.Orders;

/// <summary>Orders of a customer, one order with its lines, and finding an order by its number.</summary>
internal static class ReadOrders
{
    public sealed record OrderView(Guid Id, string Number, string Kind, string Status, decimal Total, string Currency, long Items, DateTimeOffset OrderedAt, string? Country);

    public sealed record ListView(IReadOnlyList<OrderView> Items, string? Next);

    public sealed record DetailView(
        Guid Id, string Number, string Kind, string Status, decimal Total, string Currency, long Items, DateTimeOffset OrderedAt, string? Country,
        decimal Subtotal, decimal Tax, decimal Shipping, decimal Discount, CustomerName? Customer, IReadOnlyList<LineView> Lines);

    public sealed record LineView(string ProductId, string Name, int Quantity, decimal UnitPrice, decimal Total, string Type);

    public sealed record CustomerName(Guid Id, string? Name, string ExternalId);

    private sealed record Order(
        Guid Id, string Number, string Kind, string Status, decimal Total, string Currency, long Items, DateTimeOffset OrderedAt, string? Country,
        decimal Subtotal, decimal Tax, decimal Shipping, decimal Discount, Guid? CustomerId);

    private static Sql Columns => Sql.Raw("""
        o.id, o.order_id as number, o.kind, o.order_status as status, o.order_total as total, o.currency, o.ordered_at, o.shipping_country as country,
        (select count(*) from commerce.customer_order_items i where i.organization_id = o.organization_id and i.order_id = o.id) as items,
        o.subtotal, o.tax_amount as tax, o.shipping_amount as shipping, o.discount_amount as discount, o.customer_id
        """);

    public static async Task<ListView> OfCustomer(Guid id, string? before, int? limit, Db db, CancellationToken ct)
    {
        var most = Math.Clamp(limit ?? 20, 1, 200);
        var cursor = before is null ? null : ((DateTimeOffset Time, Guid Id)?)Cursor.Read(before);
        var page = cursor is { } c ? (Sql)$"and (o.ordered_at, o.id) < ({c.Time}, {c.Id})" : Sql.Empty;
        var orders = await db.List<OrderView>($"""
            select {Columns} from commerce.customer_orders o
            where o.organization_id = platform.organization() and o.customer_id = {id} {page}
            order by o.ordered_at desc, o.id desc
            limit {most + 1}
            """, ct);
        var items = orders.Take(most).ToList();
        return new ListView(items, orders.Count > most ? Cursor.Write(items[^1].OrderedAt, items[^1].Id) : null);
    }

    public static async Task<DetailView> One(Guid id, Db db, CancellationToken ct)
    {
        var order = await db.Find<Order>($"select {Columns} from commerce.customer_orders o where o.organization_id = platform.organization() and o.id = {id}", ct)
            ?? throw Problem.NotFound("order");
        var lines = await db.List<LineView>($"""
            select i.product_id, i.product_name as name, i.quantity, i.unit_price, i.total_price as total, i.line_type as type
            from commerce.customer_order_items i
            where i.organization_id = platform.organization() and i.order_id = {id}
            order by i.source_line, i.id
            """, ct);
        var customer = order.CustomerId is { } customerId
            ? await db.Find<CustomerName>($"select c.id, c.name, c.customer_id as external_id from customers.names({new[] { customerId }}) c", ct)
            : null;
        return new DetailView(order.Id, order.Number, order.Kind, order.Status, order.Total, order.Currency, order.Items, order.OrderedAt, order.Country,
            order.Subtotal, order.Tax, order.Shipping, order.Discount, customer, lines);
    }
}

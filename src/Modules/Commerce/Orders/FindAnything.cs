using Clientele.Platform.Data;

namespace Clientele.Commerce.Orders;

/// <summary>GET /api/palette: people and orders for the console's command palette.</summary>
internal static class FindAnything
{
    public sealed record View(IReadOnlyList<Person> Customers, IReadOnlyList<Order> Orders);

    public sealed record Person(Guid Id, string? Name, string ExternalId, string? Email);

    public sealed record Order(Guid Id, string Number, Guid? CustomerId, decimal Total, string Currency);

    public static async Task<View> Handle(string? query, Db db, CancellationToken ct)
    {
        var words = query?.Trim() ?? string.Empty;
        if (words.Length == 0) return new View([], []);
        var people = db.List<Person>($"""
            select c.id, c.name, c.customer_id as external_id, c.email from customers.names(array(select customers.search({words}, 6))) c order by c.name, c.customer_id
            """, ct);
        var orders = db.List<Order>($"""
            select o.id, o.order_id as number, o.customer_id, o.order_total as total, o.currency
            from commerce.customer_orders o
            where o.organization_id = platform.organization() and o.order_id = {words}
            limit 5
            """, ct);
        return new View(await people, await orders);
    }
}

using Clientele.Platform.Data;

namespace Clientele.Customers.Profiles;

/// <summary>A customer in a list. Amounts are in the organization's currency.</summary>
public sealed record CustomerView(
    Guid Id, string ExternalId, string? Name, string? Email, string? Country, string? City, string Stage, string Status, string Type,
    DateTimeOffset FirstSeenAt, DateTimeOffset? LastSeenAt, long Orders, decimal Revenue, decimal? AverageOrderValue, DateTimeOffset? LastOrderAt, string Currency)
{
    /// <summary>The columns of a row, over <c>c</c> (customers), <c>f</c> (figures) and <c>o</c> (organization).</summary>
    internal static Sql Columns => Sql.Raw("""
        c.id, c.customer_id as external_id, c.name, c.email, c.country, c.city, c.lifecycle_stage as stage, c.customer_status as status, c.customer_type as type,
        least(c.first_seen_at, f.first_order_at) as first_seen_at, f.last_seen_at, f.total_orders as orders, f.total_revenue as revenue,
        f.average_order_value, f.last_order_at, o.currency
        """);

    internal static async Task<IReadOnlyList<CustomerView>> Of(Db db, Guid[] ids, CancellationToken ct)
    {
        var rows = (await db.List<CustomerView>($"""
            select {Columns}
            from customers.customers c
            join platform.organizations o on o.id = c.organization_id
            join customers.customer_figures f on f.organization_id = c.organization_id and f.customer_id = c.id
            where c.organization_id = platform.organization() and c.id = any({ids})
            """, ct)).ToDictionary(c => c.Id);
        return [.. ids.Where(rows.ContainsKey).Select(id => rows[id])];
    }
}

using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Events.Reading;

/// <summary>An event as the API shows it.</summary>
public sealed record EventView(
    Guid Id, string Type, string Name, string? Category, DateTimeOffset OccurredAt, DateTimeOffset ReceivedAt, EventCustomer? Customer,
    decimal? Value, string? Currency, JsonElement Properties, string? PageUrl, string Source)
{
    private sealed record Row(
        Guid Id, string Type, string Name, string? Category, DateTimeOffset OccurredAt, DateTimeOffset ReceivedAt,
        Guid? CustomerId, string? CustomerName, string? ExternalId, decimal? Value, string? Currency, JsonElement Properties, string? PageUrl, string Source);

    /// <summary>Events of the organization that meet the condition over <c>e</c>, newest first.</summary>
    internal static async Task<List<EventView>> List(Db db, Sql condition, int limit, CancellationToken ct)
    {
        // Pages first, names after: the join runs for the rows shown only.
        var rows = await db.List<Row>($"""
            with page as materialized (
                select e.* from log.facts e
                where e.organization_id = platform.organization() {condition}
                order by e.occurred_at desc, e.id desc
                limit {limit}
            )
            select p.id, p.event_type as type, p.event_name as name, p.event_category as category, p.occurred_at, p.received_at, c.id as customer_id,
                   c.name as customer_name, c.customer_id as external_id, p.event_value as value, p.currency, p.properties, p.page_url, p.data_source as source
            from page p
            left join customers.names(array(select distinct q.customer_id from page q where q.customer_id is not null)) c on c.id = p.customer_id
            order by p.occurred_at desc, p.id desc
            """, ct);
        return rows.ConvertAll(r => new EventView(
            r.Id, r.Type, r.Name, r.Category, r.OccurredAt, r.ReceivedAt, r.CustomerId is { } id ? new EventCustomer(id, r.CustomerName, r.ExternalId) : null,
            r.Value, r.Currency, r.Properties, r.PageUrl, r.Source));
    }
}

public sealed record EventCustomer(Guid Id, string? Name, string? ExternalId);

public sealed record EventPage(IReadOnlyList<EventView> Items, string? Next);

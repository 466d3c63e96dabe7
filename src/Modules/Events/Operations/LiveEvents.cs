using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Events.Operations;

/// <summary>GET /api/events/live: what has just come in, with all that was sent, and what was refused and why.</summary>
internal static class LiveEvents
{
    /// <param name="Person">What to call whom it is about.</param>
    public sealed record Event(
        Guid Id, string Type, string Name, DateTimeOffset OccurredAt, DateTimeOffset ReceivedAt, Guid? CustomerId, string? Person, JsonElement Properties, JsonElement? Context,
        string Source, string? Library, string? PageUrl, string? Device, string? Country);

    public sealed record Refused(Guid Id, DateTimeOffset ReceivedAt, string? Type, string[] Problems, JsonElement Payload);

    public sealed record View(IReadOnlyList<Event> Events, IReadOnlyList<Refused> Refused);

    /// <param name="type">Only events of this type.</param>
    /// <param name="limit">At most 200; 50 when it is not given.</param>
    public static async Task<View> Handle(string? type, int? limit, Db db, CancellationToken ct)
    {
        var most = Math.Clamp(limit ?? 50, 1, 200);
        var ofType = string.IsNullOrEmpty(type) ? Sql.Empty : (Sql)$"and e.event_type = {type}";
        var events = await db.List<Event>($"""
            with newest as materialized (
                select e.* from log.facts e
                where e.organization_id = platform.organization() {ofType}
                order by e.occurred_at desc, e.id desc
                limit {most}
            )
            select n.id, n.event_type as type, n.event_name as name, n.occurred_at, n.received_at, n.customer_id, coalesce(c.name, c.email, c.customer_id) as person, n.properties, n.context,
                   n.data_source as source, n.source_system as library, n.page_url, n.device_type as device, n.country
            from newest n
            left join customers.names(array(select distinct m.customer_id from newest m where m.customer_id is not null)) c on c.id = n.customer_id
            order by n.occurred_at desc, n.id desc
            """, ct);
        var refused = await db.List<Refused>($"""
            select q.id, q.received_at, q.event_type as type, q.problems, q.payload from events.quarantined_events q
            where q.organization_id = platform.organization() and q.status = 'waiting' {(string.IsNullOrEmpty(type) ? Sql.Empty : $"and q.event_type = {type}")}
            order by q.received_at desc, q.id
            limit {most}
            """, ct);
        return new View(events, refused);
    }
}

using Clientele.Platform.Data;

namespace Clientele.Events.Operations;

/// <summary>GET /api/sources: the write keys, what came in with each, and which has fallen silent.</summary>
internal static class ListSources
{
    /// <param name="PublicKey">The write key; null for a secret one.</param>
    /// <param name="Received">Events of the last 24 hours; so are the other counts.</param>
    /// <param name="Dropped">Of people who were erased or do not want to be watched.</param>
    /// <param name="FailedRequests">Requests refused as a whole.</param>
    /// <param name="LagMs">Mean time from when events happened until they arrived; null without events.</param>
    /// <param name="PerMinute">Events stored in each of the last 60 minutes, oldest first.</param>
    /// <param name="Silent">It sent in at least ten minutes of the last week, and nothing in the last hour.</param>
    public sealed record View(
        Guid Id, string Name, string Kind, string? PublicKey, string Workspace, string[] AllowedOrigins, DateTimeOffset CreatedAt, DateTimeOffset? LastEventAt, bool Silent,
        long Received, long Stored, long Duplicates, long Quarantined, long Dropped, long FailedRequests, double? LagMs, int[] PerMinute);

    public sealed record ListView(IReadOnlyList<View> Items);

    public static async Task<ListView> Handle(Db db, CancellationToken ct)
    {
        return new ListView(await db.List<View>($"""
            select k.id, k.name, k.kind, k.public_key, w.name as workspace, k.allowed_origins, k.created_at, a.last_event_at,
                   coalesce(a.minutes >= 10 and a.last_event_at < now() - interval '1 hour', false) as silent,
                   coalesce(d.received, 0) as received, coalesce(d.stored, 0) as stored, coalesce(d.duplicates, 0) as duplicates, coalesce(d.quarantined, 0) as quarantined,
                   coalesce(d.dropped, 0) as dropped, coalesce(d.failed, 0) as failed_requests, d.lag_ms,
                   array(select coalesce((select c.stored from events.source_counts c where c.organization_id = k.organization_id and c.api_key_id = k.id and c.minute = m.minute), 0)::integer
                         from generate_series(date_trunc('minute', now()) - interval '59 minutes', date_trunc('minute', now()), interval '1 minute') as m (minute) order by m.minute) as per_minute
            from platform.api_keys k
            join platform.workspaces w on w.organization_id = k.organization_id and w.id = k.workspace_id
            left join lateral (
                select count(*) as minutes, max(c.last_event_at) as last_event_at from events.source_counts c
                where c.organization_id = k.organization_id and c.api_key_id = k.id and c.minute > now() - interval '7 days' and c.stored > 0
            ) a on true
            left join lateral (
                select sum(c.received)::bigint as received, sum(c.stored)::bigint as stored, sum(c.duplicates)::bigint as duplicates, sum(c.quarantined)::bigint as quarantined,
                       sum(c.dropped)::bigint as dropped, sum(c.failed_requests)::bigint as failed, (sum(c.lag_ms) / nullif(sum(c.received - c.quarantined), 0))::double precision as lag_ms
                from events.source_counts c
                where c.organization_id = k.organization_id and c.api_key_id = k.id and c.minute > now() - interval '24 hours'
            ) d on true
            where k.organization_id = platform.organization() and k.revoked_at is null and (k.kind = 'write' or a.minutes > 0)
            order by k.created_at
            """, ct));
    }
}

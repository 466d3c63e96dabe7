using Clientele.Platform.Data;

namespace Clientele.Platform.Audit;

/// <summary>GET /api/audit/words: what there is to choose from, among the newest 20,000 entries.</summary>
internal static class ListAuditWords
{
    public sealed record View(string[] Actions, string[] Objects, IReadOnlyList<Actor> Actors, string? Head, long Blocks);

    public sealed record Actor(Guid Id, string Name);

    private sealed record Words(string[] Actions, string[] Objects);

    private sealed record Chain(string Head, long Blocks);

    public static async Task<View> Handle(Db db, CancellationToken ct)
    {
        var words = await db.One<Words>($"""
            with newest as (
                select a.activity_type, a.resource_type from platform.activity_logs a
                where a.organization_id = platform.organization() order by a.occurred_at desc limit 20000
            )
            select array(select distinct n.activity_type from newest n order by 1) as actions, array(select distinct n.resource_type from newest n order by 1) as objects
            """, ct);
        var actors = await db.List<Actor>($"""
            with newest as (
                select coalesce(a.actor, a.api_key_id) as id, coalesce(a.user_name, k.name) as name
                from platform.activity_logs a
                left join platform.api_keys k on k.organization_id = a.organization_id and k.id = a.api_key_id
                where a.organization_id = platform.organization() order by a.occurred_at desc limit 20000
            )
            select n.id, max(n.name) as name from newest n where n.id is not null and n.name is not null group by n.id order by 2
            """, ct);
        var chain = await db.Find<Chain>($"""
            select encode(s.hash, 'hex') as head, s.block as blocks from platform.audit_seals s where s.organization_id = platform.organization() order by s.block desc limit 1
            """, ct);
        return new View(words.Actions, words.Objects, actors, chain?.Head, chain?.Blocks ?? 0);
    }
}

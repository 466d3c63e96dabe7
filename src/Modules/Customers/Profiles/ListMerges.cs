using Clientele.Platform.Data;

namespace Clientele.Customers.Profiles;

/// <summary>GET /api/merges: who was found to be one person, newest first; each is taken back where the person is.</summary>
internal static class ListMerges
{
    /// <param name="Undoable">Whether it is the last merge of the person, which goes first.</param>
    public sealed record View(
        Guid Id, Guid Survivor, string SurvivorName, Guid Merged, string MergedName, string Status, string Reason, string? By, DateTimeOffset MergedAt, DateTimeOffset? UndoneAt, bool Undoable);

    public sealed record ListView(IReadOnlyList<View> Items);

    public static async Task<ListView> Handle(Db db, CancellationToken ct) => new(await db.List<View>($"""
        select m.id, m.survivor_id as survivor, coalesce(s.name, s.email, s.customer_id) as survivor_name, m.merged_id as merged, coalesce(c.name, c.email, c.customer_id) as merged_name,
               m.status, m.reason, u.name as by, m.merged_at, m.undone_at,
               {MergeCustomers.Undoable} as undoable
        from customers.merges m
        join customers.customers s on s.organization_id = m.organization_id and s.id = m.survivor_id
        join customers.customers c on c.organization_id = m.organization_id and c.id = m.merged_id
        left join platform.platform_users u on u.id = m.merged_by
        where m.organization_id = platform.organization()
        order by m.merged_at desc, m.place desc
        limit 200
        """, ct));
}

using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Customers.Profiles;

/// <summary>Two profiles that are one person: merge them, see what was merged, take it back.</summary>
internal static class MergeCustomers
{
    /// <param name="Merged">The profile that becomes part of this person.</param>
    /// <param name="Reason">Why they are the same, up to 500 characters.</param>
    public sealed record Request(Guid Merged, string? Reason);

    /// <param name="Undoable">Whether it is the last merge of the person, which goes first.</param>
    public sealed record View(Guid Id, Guid Survivor, Guid Merged, string MergedExternalId, string? MergedName, string Status, string Reason, string? By, DateTimeOffset MergedAt, DateTimeOffset? UndoneAt, bool Undoable);

    /// <summary>POST /api/customers/{id}/merge</summary>
    public static async Task<View> Merge(Guid id, Request request, Db db, CancellationToken ct)
    {
        if (request.Reason?.Length > 500) throw Problem.Invalid("reason", "A reason has at most 500 characters.");
        if (request.Merged == id) throw Problem.Invalid("merged", "A customer cannot be merged with itself. Name another one.");
        var merge = await db.One<Guid>($"select customers.merge({id}, {request.Merged}, {request.Reason ?? string.Empty})", ct);
        return (await Of(db, $"m.id = {merge}", ct)).Single();
    }

    /// <summary>GET /api/customers/{id}/merges: newest first.</summary>
    public static Task<List<View>> List(Guid id, Db db, CancellationToken ct) => Of(db, $"m.survivor_id = customers.person({id})", ct);

    /// <summary>POST /api/customers/{id}/merges/{merge}/undo</summary>
    public static async Task<IResult> Undo(Guid id, Guid merge, Db db, CancellationToken ct)
    {
        if (!await db.One<bool>($"select exists (select from customers.merges m where m.organization_id = platform.organization() and m.id = {merge} and m.survivor_id = {id})", ct))
            throw Problem.NotFound("merge");
        await db.Run($"select customers.undo_merge({merge})", ct);
        return Results.NoContent();
    }

    /// <summary>Whether a merge m of the customer c is the last of its person, which goes first.</summary>
    internal static Sql Undoable { get; } = $"""
        m.status = 'done' and c.erased_at is null and not exists (
            select from customers.merges l
            where l.organization_id = m.organization_id and l.status = 'done' and l.place > m.place and m.survivor_id in (l.survivor_id, l.merged_id)
        )
        """;

    private static Task<List<View>> Of(Db db, Sql condition, CancellationToken ct) => db.List<View>($"""
        select m.id, m.survivor_id as survivor, m.merged_id as merged, c.customer_id as merged_external_id, c.name as merged_name, m.status, m.reason,
               u.name as by, m.merged_at, m.undone_at,
               {Undoable} as undoable
        from customers.merges m
        join customers.customers c on c.organization_id = m.organization_id and c.id = m.merged_id
        left join platform.platform_users u on u.id = m.merged_by
        where m.organization_id = platform.organization() and {condition}
        order by m.place desc
        limit 200
        """, ct);
}

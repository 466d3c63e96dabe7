using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Organizations;

/// <summary>POST /api/workspaces, PUT /api/workspaces/{id}, POST …/{id}/close and /reopen: the shops, sites and apps of an organization.</summary>
internal static partial class ManageWorkspaces
{
    /// <param name="Slug">Null: made of nothing; it must be said when a workspace is made, and stays.</param>
    public sealed record Request(string? Name, string? Slug = null);

    public static async Task<ManageOrganization.Workspace> Post(Request request, Db db, CancellationToken ct)
    {
        var name = NameOf(request);
        if (request.Slug is not { } slug || !Word().IsMatch(slug)) throw Problem.Invalid("slug", "The word has lower-case letters, digits and single hyphens between them; 63 at most.");
        return await db.InTransaction(async t =>
        {
            var made = await t.Find<ManageOrganization.Workspace>($"""
                insert into platform.workspaces (organization_id, slug, name) values (platform.organization(), {slug}, {name})
                on conflict (organization_id, slug) do nothing returning id, name, slug, closed_at
                """, ct) ?? throw new Problem(409, "already_exists", "There is a workspace of this word already. Choose another.") { Errors = new Dictionary<string, string[]> { ["slug"] = ["It is taken. Choose another."] } };
            return made;
        }, ct);
    }

    public static async Task<ManageOrganization.Workspace> Put(Guid id, Request request, Db db, CancellationToken ct)
    {
        var name = NameOf(request);
        return await db.InTransaction(async t =>
        {
            var kept = await t.Find<ManageOrganization.Workspace>($"""
                update platform.workspaces w set name = {name} where w.organization_id = platform.organization() and w.id = {id} returning w.id, w.name, w.slug, w.closed_at
                """, ct) ?? throw Problem.NotFound("workspace");
            return kept;
        }, ct);
    }

    /// <summary>Its keys open nothing from now on; what was collected and sold in it stays.</summary>
    public static async Task<ManageOrganization.Workspace> Close(Guid id, Db db, CancellationToken ct) => await db.InTransaction(async t =>
    {
        // One at a time, or two that close the last two would both find another one open.
        var open = await t.List<Guid>($"select w.id from platform.workspaces w where w.organization_id = platform.organization() and w.closed_at is null order by w.id for update", ct);
        if (open.Contains(id) && open.Count == 1) throw new Problem(409, "last_workspace", "This is the organization's only open workspace. Make another one first, or close the organization.");
        return await t.Find<ManageOrganization.Workspace>($"""
            update platform.workspaces w set closed_at = coalesce(w.closed_at, now())
            where w.organization_id = platform.organization() and w.id = {id} returning w.id, w.name, w.slug, w.closed_at
            """, ct) ?? throw Problem.NotFound("workspace");
    }, ct);

    /// <summary>For 30 days; its keys open again what they did.</summary>
    public static async Task<ManageOrganization.Workspace> Reopen(Guid id, Db db, CancellationToken ct)
    {
        var reopened = await db.Find<ManageOrganization.Workspace>($"""
            update platform.workspaces w set closed_at = null
            where w.organization_id = platform.organization() and w.id = {id} and w.closed_at > now() - make_interval(days => {HandOver.GraceDays})
            returning w.id, w.name, w.slug, w.closed_at
            """, ct);
        if (reopened is not null) return reopened;
        throw await db.Find<bool?>($"select w.closed_at is null from platform.workspaces w where w.organization_id = platform.organization() and w.id = {id}", ct) switch
        {
            null => Problem.NotFound("workspace"),
            true => new Problem(409, "wrong_state", "The workspace is open."),
            false => new Problem(409, "wrong_state", "The workspace was closed more than 30 days ago: its keys are gone. Make a new one."),
        };
    }

    private static string NameOf(Request request) => request.Name?.Trim() is { Length: > 0 and <= 200 } name ? name : throw Problem.Invalid("name", "The name has 1 to 200 characters.");

    [GeneratedRegex("^[a-z0-9](-?[a-z0-9]){0,62}$")]
    private static partial Regex Word();
}

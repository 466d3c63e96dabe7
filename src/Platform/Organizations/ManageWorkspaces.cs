using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Organizations;

/// <summary>POST /api/workspaces, PUT /api/workspaces/{id}: the shops, sites and apps of an organization.</summary>
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
                on conflict (organization_id, slug) do nothing returning id, name, slug
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
                update platform.workspaces w set name = {name} where w.organization_id = platform.organization() and w.id = {id} returning w.id, w.name, w.slug
                """, ct) ?? throw Problem.NotFound("workspace");
            return kept;
        }, ct);
    }

    private static string NameOf(Request request) => request.Name?.Trim() is { Length: > 0 and <= 200 } name ? name : throw Problem.Invalid("name", "The name has 1 to 200 characters.");

    [GeneratedRegex("^[a-z0-9](-?[a-z0-9]){0,62}$")]
    private static partial Regex Word();
}

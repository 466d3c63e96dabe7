using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Sessions;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.Platform.Organizations;

/// <summary>POST /api/session/organizations: another organization, whose first super administrator is whoever founds it.</summary>
internal static partial class CreateOrganization
{
    /// <param name="Slug">The word in the console's address; null: made of the name.</param>
    public sealed record Request(string? Name, string? Slug = null);

    public static async Task<SessionView> Handle(Request request, Caller caller, Databases databases, CancellationToken ct)
    {
        if (request.Name?.Trim() is not { Length: > 0 and <= 200 } name) throw Problem.Invalid("name", "The name has 1 to 200 characters.");
        var service = new Db(databases.Service, Tenant.None);
        var slug = request.Slug ?? await SlugOf(name, service, ct);
        if (!Word().IsMatch(slug)) throw Problem.Invalid("slug", "The word has lower-case letters, digits and single hyphens between them; 63 at most.");
        // Whoever works somewhere and is no super administrator there was let in for that work.
        if (!await service.One<bool>($"""
            select coalesce(bool_or(m.role = 'super_admin'), true) from platform.organization_members m where m.user_id = {caller.UserId} and m.status = 'active'
            """, ct)) throw Problem.Forbidden("found organizations");
        await service.InTransaction(async t =>
        {
            // Two that found the same at the same moment.
            await t.Run($"select pg_advisory_xact_lock(hashtext('organization slug'))", ct);
            if (await t.One<bool>($"select exists (select from platform.organizations o where o.slug = {slug})", ct))
                throw new Problem(409, "already_exists", "There is an organization of this word already. Choose another.") { Errors = new Dictionary<string, string[]> { ["slug"] = ["It is taken. Choose another."] } };
            await Founding.Organization(t, slug, name, false, caller.UserId, ct);
        }, ct);
        return await SessionView.Of(service, caller.UserId, ct);
    }

    // PostgreSQL takes the accents off: the program may run without the tables that know them.
    private static async Task<string> SlugOf(string name, Db service, CancellationToken ct)
    {
        var plain = await service.One<string>($"select lower(regexp_replace(normalize({name}::text, nfd), '[\u0300-\u036f]', '', 'g'))", ct);
        var slug = NotWord().Replace(plain, "-").Trim('-');
        return (slug.Length > 63 ? slug[..63].Trim('-') : slug) is { Length: > 0 } made ? made : "organization";
    }

    [GeneratedRegex("^[a-z0-9](-?[a-z0-9]){0,62}$")]
    private static partial Regex Word();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotWord();
}

using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Organizations;

/// <summary>GET, PUT /api/organization</summary>
internal static class ManageOrganization
{
    public sealed record View(Guid Id, string Slug, string Name, string TimeZone, string Currency, string? WriteKey, IReadOnlyList<Workspace> Workspaces, DateTimeOffset? ClosedAt, DateTimeOffset? DeletedAfter);

    /// <param name="ClosedAt">Null: it is open.</param>
    public sealed record Workspace(Guid Id, string Name, string Slug, DateTimeOffset? ClosedAt = null)
    {
        /// <summary>Until then a closed one can be reopened.</summary>
        public DateTimeOffset? KeysDeletedAfter => ClosedAt?.AddDays(HandOver.GraceDays);
    }

    public sealed record Request(string? Name, string? TimeZone, string? Currency);

    private sealed record Organization(Guid Id, string Slug, string Name, string TimeZone, string Currency, DateTimeOffset? ClosedAt);

    public static async Task<View> Get(Db db, CancellationToken ct)
    {
        var organization = await db.One<Organization>($"""
            select o.id, o.slug, o.name, o.time_zone, o.currency, o.closed_at from platform.organizations o where o.id = platform.organization()
            """, ct);
        var workspaces = await db.List<Workspace>($"select w.id, w.name, w.slug, w.closed_at from platform.workspaces w order by w.created_at", ct);
        // Row-level security answers for administrators only; others get null.
        var key = await db.Find<string>($"""
            select k.public_key from platform.api_keys k where k.kind = 'write' and k.revoked_at is null order by k.created_at limit 1
            """, ct);
        return new View(organization.Id, organization.Slug, organization.Name, organization.TimeZone, organization.Currency, key, workspaces,
            organization.ClosedAt, organization.ClosedAt?.AddDays(HandOver.GraceDays));
    }

    public static async Task<View> Put(Request request, Db db, IEnumerable<ICurrencyUse> uses, CancellationToken ct)
    {
        await Check(request, db, ct);
        await db.InTransaction(async t =>
        {
            await t.Run($"select pg_advisory_xact_lock(hashtext('organization currency'), hashtext(platform.organization()::text))", ct);
            if (request.Currency is { } currency && currency != await t.One<string>($"select o.currency from platform.organizations o where o.id = platform.organization()", ct))
            {
                foreach (var use in uses)
                    if (await use.InUse(t, ct))
                        throw new Problem(409, "currency_in_use", "There are already amounts in the current currency, so it cannot change. Use another organization for another currency.");
            }
            await t.Run($"""
                update platform.organizations o
                set name = coalesce({request.Name?.Trim()}, o.name), time_zone = coalesce({request.TimeZone}, o.time_zone), currency = coalesce({request.Currency}, o.currency)
                where o.id = platform.organization()
                """, ct);
        }, ct);
        return await Get(db, ct);
    }

    private static async Task Check(Request request, Db db, CancellationToken ct)
    {
        if (request.Name is { } name && name.Trim().Length is 0 or > 200) throw Problem.Invalid("name", "The name has 1 to 200 characters.");
        if (request.Currency is { } currency && !(currency.Length == 3 && currency.All(char.IsAsciiLetterUpper)))
            throw Problem.Invalid("currency", "The currency is an ISO 4217 code of three capitals, such as EUR.");
        // Names without a slash (localtime, posixrules) are PostgreSQL's own; browsers do not know them.
        if (request.TimeZone is { } zone && zone != "UTC" && (!zone.Contains('/', StringComparison.Ordinal) || zone.StartsWith("posix/", StringComparison.Ordinal) || !await db.One<bool>($"select exists (select from pg_timezone_names z where z.name = {zone})", ct)))
            throw Problem.Invalid("timeZone", "The time zone is an IANA name such as Europe/London.");
    }
}

/// <summary>Asked of the modules before an organization's currency changes.</summary>
public interface ICurrencyUse
{
    /// <summary>Are there amounts in the current currency?</summary>
    Task<bool> InUse(Transaction t, CancellationToken ct);
}

using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Organizations;
using Clientele.Platform.Tenancy;

namespace Clientele.Demo;

/// <summary>The organization "Demo shop", so that every page has something to look at.</summary>
public static class DemoShop
{
    public const string Slug = "demo";
    public const string TimeZone = "Europe/Paris";

    private const long Seed = 20_061_112;

    private sealed record Found(Guid Id, Guid WorkspaceId, bool IsDemo);

    /// <summary>Founds the organization and loads its year, as far as they are missing. The platform itself must have been founded.</summary>
    /// <param name="size">About how many events; for a shop that is there already it changes nothing.</param>
    /// <exception cref="SetupException">An organization that is not a demo has the address.</exception>
    public static async Task<DemoResult> Ensure(Databases databases, long size, TimeProvider clock, IProgress<DemoProgress>? progress, CancellationToken ct)
    {
        var service = new Db(databases.Service, Tenant.None);
        var tenant = await service.InTransaction(t => Organization(t, ct), ct);
        return await DemoLoader.Load(databases, tenant, new DemoOptions(size, Seed, clock.GetUtcNow()), progress, ct);
    }

    private static async Task<Tenant> Organization(Transaction t, CancellationToken ct)
    {
        await t.Run($"select pg_advisory_xact_lock(hashtext('clientele.founding'))", ct);
        var found = await t.Find<Found>($"""
            select o.id, w.id as workspace_id, o.is_demo
            from platform.organizations o
            join platform.workspaces w on w.organization_id = o.id
            where o.slug = {Slug}
            order by w.created_at limit 1
            """, ct);
        if (found is { IsDemo: false }) throw new SetupException($"There is an organization \"{Slug}\" already that is not a demo. Leave --demo out, or use another database.");
        if (found is not null) return new Tenant(found.Id, null, Access.System, found.WorkspaceId);
        var administrator = await t.One<Guid>($"select u.id from platform.platform_users u order by u.created_at limit 1", ct);
        var tenant = await Founding.Organization(t, Slug, "Demo shop", true, administrator, ct);
        await t.Run($"update platform.organizations o set time_zone = {TimeZone}, currency = 'EUR' where o.id = {tenant.OrganizationId}", ct);
        return tenant;
    }
}

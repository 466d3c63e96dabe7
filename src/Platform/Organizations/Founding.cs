using System.Buffers.Text;
using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Sessions;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Organizations;

/// <summary>The first organization, its first administrator and its write key; what ./run prints.</summary>
public static class Founding
{
    public const string AdministratorEmail = "admin@example.com";

    /// <param name="OneTimePassword">Null once the administrator has chosen a password.</param>
    /// <param name="WriteKey">For the SDKs of the first workspace; null when every write key has been revoked.</param>
    /// <param name="Replaces">A one-time password that was given before is valid no more.</param>
    public sealed record Welcome(string Email, string? OneTimePassword, string? WriteKey, bool Replaces);

    private sealed record Administrator(Guid Id, string Email, bool MustChangePassword);

    private sealed record Found(Guid OrganizationId, Guid WorkspaceId);

    /// <summary>Founds what is missing. While the one-time password was never replaced, each start gives a new one: the last terminal may be gone.</summary>
    public static async Task<Welcome> Ensure(Databases databases, string organizationName, CancellationToken ct)
    {
        var service = new Db(databases.Service, Tenant.None);
        return await service.InTransaction(async t =>
        {
            await t.Run($"select pg_advisory_xact_lock(hashtext('clientele.founding'))", ct);
            var password = Passwords.OneTime();
            var replaces = false;
            var administrator = await t.Find<Administrator>($"select u.id, u.email, u.must_change_password from platform.platform_users u order by u.created_at limit 1", ct);
            if (administrator is null)
            {
                administrator = await t.One<Administrator>($"""
                    insert into platform.platform_users (email, name, password_hash, must_change_password, email_verified)
                    values ({AdministratorEmail}, 'Administrator', {Passwords.Hash(password)}, true, true)
                    returning id, email, must_change_password
                    """, ct);
                await Organization(t, "main", organizationName, false, administrator.Id, ct);
            }
            else if (administrator.MustChangePassword)
            {
                replaces = true;
                await t.Run($"update platform.platform_users u set password_hash = {Passwords.Hash(password)} where u.id = {administrator.Id}", ct);
            }
            var key = await t.Find<string>($"""
                select k.public_key from platform.api_keys k
                join platform.organizations o on o.id = k.organization_id
                join platform.workspaces w on w.organization_id = k.organization_id and w.id = k.workspace_id
                where k.kind = 'write' and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
                  and o.closed_at is null and w.closed_at is null
                order by o.is_demo desc, k.created_at limit 1
                """, ct);
            return new Welcome(administrator.Email, administrator.MustChangePassword ? password : null, key, replaces);
        }, ct);
    }

    /// <summary>An organization with one workspace, a write key and a first member.</summary>
    public static async Task<Tenant> Organization(Transaction t, string slug, string name, bool demo, Guid administrator, CancellationToken ct)
    {
        var made = await t.One<Found>($"""
            with organization as (
                insert into platform.organizations (slug, name, is_demo) values ({slug}, {name}, {demo}) returning id
            ), workspace as (
                insert into platform.workspaces (organization_id, slug, name) select o.id, 'main', {name} from organization o returning organization_id, id
            )
            select w.organization_id, w.id as workspace_id from workspace w
            """, ct);
        await t.Run($"""
            insert into platform.organization_members (organization_id, user_id, role) values ({made.OrganizationId}, {administrator}, 'super_admin')
            """, ct);
        await t.Run($"""
            insert into platform.api_keys (organization_id, workspace_id, kind, name, public_key)
            values ({made.OrganizationId}, {made.WorkspaceId}, 'write', 'First write key', {WriteKey()})
            """, ct);
        return new Tenant(made.OrganizationId, null, Access.System, made.WorkspaceId);
    }

    private static string WriteKey() => "wk_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(18));
}

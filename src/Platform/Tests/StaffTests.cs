using System.Security.Cryptography;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>Staff, their sessions, roles and permissions, and the keys of programs.</summary>
public sealed class StaffTests(StaffTests.Database database) : IClassFixture<StaffTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>A member of an organization, and what they see of it.</summary>
    private async Task<(Guid Id, Db Db)> Person(string email, string role, Tenant? organization = null)
    {
        var tenant = organization ?? database.Alpha;
        var id = await database.Service.One<Guid>($"""
            with person as (
                insert into platform.platform_users (email, name) values ({email}, {email.Split('@')[0]})
                on conflict (lower(email)) do update set name = excluded.name returning id
            )
            insert into platform.organization_members (organization_id, user_id, role) select {tenant.OrganizationId}, p.id, {role} from person p returning user_id
            """, Ct);
        return (id, database.For(new Tenant(tenant.OrganizationId, id, role is "super_admin" or "admin" ? Access.Admin : Access.Member)));
    }

    [Fact]
    public async Task Defect_052_An_address_is_one_person_in_whatever_case()
    {
        await Person("case@x.io", "viewer");
        await Expect.Refused(Expect.Duplicate, () => database.Service.Run($"insert into platform.platform_users (email, name) values ('CASE@X.io', 'Twin')", Ct));
        var (_, admin) = await Person("admin52@alpha.example", "admin");
        await Expect.Refused(Expect.Duplicate, () => admin.Run($"insert into cdp.platform_users (email, name, role) values ('Case@x.IO', 'Twin', 'viewer')", Ct));
    }

    [Fact]
    public async Task Role_and_standing_are_those_in_the_organization_that_looks()
    {
        var (person, _) = await Person("both@x.io", "viewer");
        await Person("both@x.io", "admin", database.Beta);
        var alpha = await Person("admin.role@alpha.example", "admin");
        var beta = await Person("admin.role@beta.example", "super_admin", database.Beta);
        Assert.Equal("viewer", await alpha.Db.One<string>($"select u.role from cdp.platform_users u where u.id = {person}", Ct));
        Assert.Equal("admin", await beta.Db.One<string>($"select u.role from cdp.platform_users u where u.id = {person}", Ct));
        await alpha.Db.Run($"update cdp.platform_users u set status = 'suspended', role = 'data_analyst' where u.id = {person}", Ct);
        Assert.Equal("suspended", await alpha.Db.One<string>($"select u.status from cdp.platform_users u where u.id = {person}", Ct));
        Assert.Equal("active", await beta.Db.One<string>($"select u.status from cdp.platform_users u where u.id = {person}", Ct));
        await Expect.Refused(Expect.WrongState, () => alpha.Db.Run($"update cdp.platform_users u set status = 'pending_invitation' where u.id = {person}", Ct));
        // Somebody who works elsewhere too keeps their account.
        await Expect.Refused(Expect.Forbidden, () => alpha.Db.Run($"update cdp.platform_users u set email = 'mine@x.io' where u.id = {person}", Ct));
        await Expect.Refused(Expect.Forbidden, () => alpha.Db.Run($"update cdp.platform_users u set name = 'Mine' where u.id = {person}", Ct));
        Assert.Equal(1, await alpha.Db.Run($"delete from cdp.platform_users u where u.id = {person}", Ct));
        Assert.Equal("admin", await beta.Db.One<string>($"select u.role from cdp.platform_users u where u.id = {person}", Ct));
    }

    [Fact]
    public async Task An_invited_person_is_a_member_once_they_accept()
    {
        var (inviter, admin) = await Person("admin.invites@alpha.example", "admin");
        var id = await admin.One<Guid>($"insert into cdp.platform_users (email, name, role) values ('invited@x.io', 'Invited', 'viewer') returning id", Ct);
        Assert.Equal("pending_invitation", await admin.One<string>($"select u.status from cdp.platform_users u where u.id = {id}", Ct));
        Assert.Equal(inviter, await admin.One<Guid>($"select u.invited_by from cdp.platform_users u where u.id = {id}", Ct));
        await Expect.Refused(Expect.WrongState, () => admin.Run($"insert into cdp.platform_users (email, name, role, status) values ('forced@x.io', 'Forced', 'viewer', 'active')", Ct));
        await database.Service.Run($"update platform.organization_members m set invitation_hash = {Hash("welcome")}, invitation_mailed = true where m.user_id = {id}", Ct);
        await Expect.Refused(Expect.WrongState, () => database.Service.One<Guid>($"select platform.accept_invitation({Hash("guessed")})", Ct));
        Assert.Equal(id, await database.Service.One<Guid>($"select platform.accept_invitation({Hash("welcome")})", Ct));
        await Expect.Refused(Expect.WrongState, () => database.Service.One<Guid>($"select platform.accept_invitation({Hash("welcome")})", Ct));
        Assert.True(await admin.One<bool>($"select u.status = 'active' and u.email_verified and u.invitation_accepted_at is not null from cdp.platform_users u where u.id = {id}", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.One<Guid>($"select platform.accept_invitation({Hash("x")})", Ct));
    }

    [Fact]
    public async Task An_invitation_past_its_time_is_none()
    {
        var (_, admin) = await Person("admin.late@alpha.example", "admin");
        var id = await admin.One<Guid>($"insert into cdp.platform_users (email, name, role) values ('late@x.io', 'Late', 'viewer') returning id", Ct);
        await database.Service.Run($"update platform.organization_members m set invitation_hash = {Hash("late")}, invitation_expires = now() - interval '1 second' where m.user_id = {id}", Ct);
        await Expect.Refused(Expect.WrongState, () => database.Service.One<Guid>($"select platform.accept_invitation({Hash("late")})", Ct));
    }

    [Fact]
    public async Task To_invite_a_stranger_tells_nothing_about_them()
    {
        var (stranger, _) = await Person("stranger@beta.example", "viewer", database.Beta);
        var (_, admin) = await Person("admin.curious@alpha.example", "admin");
        await admin.Run($"insert into cdp.platform_users (email, name, role) values ('stranger@beta.example', 'Guess', 'viewer')", Ct);
        Assert.Empty(await admin.List<string>($"select u.name from cdp.platform_users u where u.id = {stranger}", Ct));
        Assert.Empty(await admin.List<string>($"select u.name from platform.platform_users u where u.id = {stranger}", Ct));
    }

    [Fact]
    public async Task Nobody_gives_or_touches_a_role_above_their_own()
    {
        var (_, admin) = await Person("admin.rank@alpha.example", "admin");
        var (viewerId, viewer) = await Person("viewer.rank@alpha.example", "viewer");
        var (_, beta) = await Person("admin.rank@beta.example", "admin", database.Beta);
        var boss = await database.Service.One<Guid>($"select m.user_id from platform.organization_members m where m.organization_id = {database.Alpha.OrganizationId} and m.role = 'super_admin' limit 1", Ct);
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"insert into cdp.platform_users (email, name, role) values ('rank@x.io', 'R', 'super_admin')", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"update cdp.platform_users u set role = 'super_admin' where u.id = {viewerId}", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"update cdp.platform_users u set role = 'viewer' where u.id = {boss}", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"delete from cdp.platform_users u where u.id = {boss}", Ct));
        await Expect.Refused(Expect.Forbidden, () => viewer.Run($"update cdp.platform_users u set role = 'admin' where u.id = {viewerId}", Ct));
        await Expect.Refused(Expect.Forbidden, () => viewer.Run($"insert into cdp.platform_users (email, name, role) values ('rank2@x.io', 'R', 'viewer')", Ct));
        // Around the view there is no way.
        await Expect.Refused(Expect.Forbidden, () => viewer.Run($"update platform.organization_members m set role = 'super_admin' where m.user_id = {viewerId}", Ct));
        await Expect.Refused(Expect.Forbidden, () => viewer.Run($"update platform.platform_users u set name = 'x' where u.id = {boss}", Ct));
        Assert.Equal(0, await beta.Run($"update cdp.platform_users u set role = 'admin' where u.id = {viewerId}", Ct));
        Assert.Equal(1, await viewer.Run($"update cdp.platform_users u set name = 'Own name', theme = 'dark' where u.id = {viewerId}", Ct));
        Assert.Equal("dark", await admin.One<string>($"select u.theme from cdp.platform_users u where u.id = {viewerId}", Ct));
        await Expect.Refused(Expect.NotWritable, () => admin.Run($"update cdp.platform_users u set last_login = now() where u.id = {viewerId}", Ct));
    }

    [Fact]
    public async Task An_organization_keeps_a_super_administrator_even_if_all_leave_at_once()
    {
        var organization = await database.Service.One<Guid>($"insert into platform.organizations (slug, name) values ('leavers', 'Leavers') returning id", Ct);
        var tenant = Tenant.System(organization);
        var people = new List<(Guid Id, Db Db)>();
        for (var n = 0; n < 8; n++) people.Add(await Person($"leaver{n}@x.io", "super_admin", tenant));
        var outcomes = await Expect.AtOnce(people.Count, n => people[n].Db.Run($"update cdp.platform_users u set role = 'viewer' where u.id = {people[n].Id}", Ct));
        Assert.Equal(7, outcomes.Count(o => o.Value == 1));
        Assert.Equal(Expect.WrongState, Assert.Single(outcomes, o => o.Refusal is not null).Refusal);
        Assert.Equal(1, await database.Service.One<long>($"select count(*) from platform.organization_members m where m.organization_id = {organization} and m.role = 'super_admin'", Ct));
        Assert.True(await database.Service.One<bool>($"select exists (select from platform.organization_members m where m.organization_id = {database.Beta.OrganizationId} and m.role = 'super_admin')", Ct));
    }

    [Fact]
    public async Task Failures_to_sign_in_are_seen_by_colleagues_only()
    {
        var (id, _) = await Person("Locked@alpha.example", "viewer");
        await database.Service.Run($"insert into platform.sign_in_attempts (address_hash, attempts, locked_until) values ({Hash("locked@alpha.example")}, 6, now() + interval '1 minute')", Ct);
        var alpha = await Person("admin.locked@alpha.example", "admin");
        var beta = await Person("admin.locked@beta.example", "admin", database.Beta);
        Assert.Equal(6, await alpha.Db.One<int>($"select u.login_attempts from cdp.platform_users u where u.id = {id} and u.locked_until > now()", Ct));
        Assert.False(await beta.Db.One<bool>($"select (platform.sign_in_failures({id})).login_attempts is not null", Ct));
    }

    [Fact]
    public async Task Defect_058_Whoever_made_something_can_be_removed()
    {
        var (leaver, db) = await Person("leaver@alpha.example", "admin");
        var (_, other) = await Person("stayer@alpha.example", "super_admin");
        await db.Run($"insert into cdp.platform_users (email, name, role) values ('hired@x.io', 'Hired', 'viewer')", Ct);
        await db.Run($"insert into cdp.data_connections (name, connection_type, created_by, updated_by) values ('by leaver', 'postgresql', {leaver}, {leaver})", Ct);
        await db.Run($"update cdp.system_settings s set setting_value = '51' where s.setting_key = 'platform.max_dashboard_tiles'", Ct);
        await db.Run($"insert into cdp.scheduled_jobs (job_name, job_type, frequency, created_by) values ('by leaver', 'data_sync', 'daily', {leaver})", Ct);
        await db.Run($"insert into cdp.activity_logs (user_id, activity_type, resource_type) values ({leaver}, 'create', 'connection')", Ct);
        await db.Run($"insert into assistant.alert_history (alert_type, severity, message, resolved) values ('by leaver', 'info', 'x', true)", Ct);
        await db.One<Guid>($"select k.id from platform.issue_api_key('by leaver', {database.Alpha.WorkspaceId}) k", Ct);
        Assert.Equal(1, await other.Run($"delete from cdp.platform_users u where u.id = {leaver}", Ct));

        Assert.False(await database.Service.One<bool>($"select exists (select from platform.platform_users u where u.id = {leaver})", Ct));
        Assert.True(await other.One<bool>($"select c.created_by is null and c.updated_by is null from cdp.data_connections c where c.name = 'by leaver'", Ct));
        Assert.True(await other.One<bool>($"select s.last_changed_by is null and s.setting_value = '51' from cdp.system_settings s where s.setting_key = 'platform.max_dashboard_tiles'", Ct));
        Assert.True(await other.One<bool>($"select j.created_by is null from cdp.scheduled_jobs j where j.job_name = 'by leaver'", Ct));
        Assert.True(await other.One<bool>($"select h.resolved and h.resolved_by is null from assistant.alert_history h where h.alert_type = 'by leaver'", Ct));
        Assert.True(await other.One<bool>($"select k.created_by is null from pocm.api_keys k where k.name = 'by leaver'", Ct));
        Assert.True(await other.One<bool>($"select u.invited_by is null and u.created_by is null from cdp.platform_users u where u.email = 'hired@x.io'", Ct));
        // The trail remembers who it was.
        Assert.Equal("leaver@alpha.example", await other.One<string>($"select a.user_email from cdp.activity_logs a where a.user_id is null and a.resource_type = 'connection'", Ct));
    }

    // ----- sessions

    private Task<Guid> Session(Guid person, string token) => database.Service.One<Guid>($"""
        insert into platform.platform_user_sessions (user_id, token_hash, refresh_token_hash, expires_at, browser, is_suspicious)
        values ({person}, {Hash(token)}, {Hash(token + " again")}, now() + interval '1 hour', 'Firefox', true) returning id
        """, Ct);

    [Fact]
    public async Task Defect_073_A_session_is_active_exactly_until_it_ends_or_expires()
    {
        var (person, db) = await Person("sessions@alpha.example", "admin");
        var (ended, expired, live) = (await Session(person, "a"), await Session(person, "b"), await Session(person, "c"));
        await database.Service.Run($"update platform.platform_user_sessions s set created_at = now() - interval '2 days', expires_at = now() - interval '1 day' where s.id = {expired}", Ct);
        Assert.Equal(1, await db.Run($"update cdp.platform_user_sessions s set logout_reason = 'admin_revoked' where s.id = {ended}", Ct));
        Assert.Equal([live], await db.List<Guid>($"select s.id from cdp.platform_user_sessions s where s.user_id = {person} and s.is_active", Ct));
        Assert.True(await database.Service.One<bool>($"select s.ended_at is not null from platform.platform_user_sessions s where s.id = {ended}", Ct));
        await Expect.Refused(Expect.WrongState, () => db.Run($"update wolo.admin_sessions s set terminated_at = null where s.id = {ended}", Ct));
        await Expect.Refused(Expect.NotInView, () => db.Run($"update cdp.platform_user_sessions s set is_active = true where s.id = {expired}", Ct));
        // What looked suspicious goes on doing so.
        await Expect.Refused(Expect.Forbidden, () => db.Run($"update cdp.platform_user_sessions s set is_suspicious = false where s.id = {live}", Ct));
        await Expect.Refused(Expect.Forbidden, () => db.Run($"update platform.member_sessions s set security_flags = '{{}}' where s.id = {live}", Ct));
        // wolo's words for the same.
        Assert.Equal("revoked", await db.One<string>($"select s.termination_reason from wolo.admin_sessions s where s.id = {ended}", Ct));
        await db.Run($"update wolo.admin_sessions s set terminated_at = now() where s.id = {live}", Ct);
        Assert.Equal("user_logout", await db.One<string>($"select s.logout_reason from cdp.platform_user_sessions s where s.id = {live}", Ct));
    }

    [Fact]
    public async Task Defect_073_The_session_timeout_is_that_of_the_strictest_organization()
    {
        var (person, _) = await Person("timeout@x.io", "viewer");
        Assert.Equal(TimeSpan.FromHours(24), await database.Service.One<TimeSpan>($"select platform.session_lifetime({person})", Ct));
        var organization = Tenant.System(await database.Service.One<Guid>($"insert into platform.organizations (slug, name) values ('strict', 'Strict') returning id", Ct));
        await database.For(organization).Run($"update cdp.system_settings s set setting_value = '2' where s.setting_key = 'platform.session_timeout_hours'", Ct);
        Assert.Equal(TimeSpan.FromHours(24), await database.Service.One<TimeSpan>($"select platform.session_lifetime({person})", Ct));
        await Person("timeout@x.io", "viewer", organization);
        Assert.Equal(TimeSpan.FromHours(2), await database.Service.One<TimeSpan>($"select platform.session_lifetime({person})", Ct));
    }

    [Fact]
    public async Task Defect_068_Sessions_are_seen_by_whom_they_concern_and_no_hash_by_anybody()
    {
        var (person, own) = await Person("seen@alpha.example", "viewer");
        var session = await Session(person, "seen");
        var (_, colleague) = await Person("colleague.seen@alpha.example", "viewer");
        var (_, admin) = await Person("admin.seen@alpha.example", "admin");
        var (_, beta) = await Person("admin.seen@beta.example", "admin", database.Beta);
        foreach (var (db, sees) in new[] { (own, true), (colleague, false), (admin, true), (beta, false) })
        {
            Assert.Equal(sees, await db.One<bool>($"select exists (select from cdp.platform_user_sessions s where s.id = {session} and s.browser = 'Firefox' and s.is_suspicious)", Ct));
            Assert.Equal(sees, await db.One<bool>($"select exists (select from wolo.admin_sessions s where s.id = {session} and s.admin_level = 'regular')", Ct));
            await Expect.Refused(Expect.Forbidden, () => db.List<byte[]>($"select s.token_hash from platform.platform_user_sessions s", Ct));
        }
        // Who works elsewhere too is somebody else's concern as well.
        await Person("seen@alpha.example", "viewer", database.Beta);
        Assert.False(await admin.One<bool>($"select exists (select from cdp.platform_user_sessions s where s.id = {session})", Ct));
        Assert.True(await own.One<bool>($"select exists (select from cdp.platform_user_sessions s where s.id = {session})", Ct));
    }

    // ----- permissions

    [Fact]
    public async Task Defect_050_051_A_permission_is_there_once_for_a_role_and_an_act_that_exist()
    {
        // The document's 21, and 18 for what it has no word for.
        Assert.Equal(39, await database.Db.One<long>($"select count(*) from cdp.role_permissions p where p.permission <> 'probing'", Ct));
        Assert.Equal(39, await database.For(database.Beta).One<long>($"select count(*) from cdp.role_permissions", Ct));
        await database.Db.Run($"insert into cdp.role_permissions (role, permission, action) values ('viewer', 'probing', 'read')", Ct);
        await Expect.Refused(Expect.Duplicate, () => database.Db.Run($"insert into cdp.role_permissions (role, permission, action) values ('viewer', 'probing', 'read')", Ct));
        await Expect.Refused(Expect.NotNull, () => database.Db.Run($"insert into cdp.role_permissions (role, permission, resource, action) values ('viewer', 'probing', null, 'read')", Ct));
        await Expect.Refused(Expect.ForeignKey, () => database.Db.Run($"insert into cdp.role_permissions (role, permission, action) values ('no_such_role', 'probing', 'read')", Ct));
        await Expect.Refused(Expect.Check, () => database.Db.Run($"insert into cdp.role_permissions (role, permission, action) values ('viewer', 'probing', 'fly')", Ct));
        await Expect.Refused(Expect.ForeignKey, () => database.Service.Run($"update platform.organization_members set role = 'emperor'", Ct));
    }

    [Theory]
    [InlineData("super_admin", "customer_data", "customers", "delete", true)] // the contradiction of the document: its only row speaks of the platform
    [InlineData("super_admin", "anything", "at_all", "execute", true)]
    [InlineData("admin", "user_management", "platform_users", "delete", true)]
    [InlineData("admin", "user_management", "organizations", "delete", false)]
    [InlineData("admin", "platform_management", "settings", "update", false)]
    [InlineData("marketing_manager", "customer_data", "customers", "read", true)]
    [InlineData("marketing_manager", "customer_data", "customers", "update", false)]
    [InlineData("marketing_manager", "dashboard_management", "marketing_tiles", "delete", true)]
    [InlineData("marketing_manager", "dashboard_management", "analytics_tiles", "delete", false)]
    [InlineData("data_analyst", "data_connections", "connections", "read", true)]
    [InlineData("data_analyst", "data_connections", "connections", "update", false)]
    [InlineData("viewer", "analytics", "funnels", "read", true)]
    [InlineData("viewer", "analytics", "funnels", "create", false)]
    [InlineData("no_such_role", "analytics", "funnels", "read", false)]
    [InlineData(null, "analytics", "funnels", "read", false)]
    public async Task A_role_may_do_what_its_rows_say(string? role, string permission, string resource, string action, bool may) =>
        Assert.Equal(may, await database.For(database.Beta).One<bool>($"select platform.may({role}, {permission}, {resource}, {action})", Ct));

    [Fact]
    public async Task An_organization_changes_its_own_permissions_and_only_its_super_administrator_does()
    {
        var (_, super) = await Person("super.perm@alpha.example", "super_admin");
        var (_, admin) = await Person("admin.perm@alpha.example", "admin");
        Sql asked = $"select platform.may('data_analyst', 'analytics', 'funnels', 'create')";
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"insert into cdp.role_permissions (role, permission, action) values ('admin', 'platform_management', '*')", Ct));
        Assert.Equal(0, await admin.Run($"update cdp.role_permissions set is_active = false", Ct));
        Assert.Equal(1, await super.Run($"update cdp.role_permissions p set is_active = false where p.role = 'data_analyst' and p.permission = 'analytics'", Ct));
        Assert.False(await super.One<bool>(asked, Ct));
        Assert.True(await database.For(database.Beta).One<bool>(asked, Ct));
        Assert.Equal("admin", await admin.One<string>($"select platform.role()", Ct));
    }

    // ----- keys

    [Fact]
    public async Task A_secret_key_is_seen_once_found_by_its_hash_and_never_shown_again()
    {
        var (_, admin) = await Person("admin.keys@alpha.example", "admin");
        var (_, beta) = await Person("admin.keys@beta.example", "admin", database.Beta);
        var secret = await admin.One<string>($"select k.secret from platform.issue_api_key('importer', {database.Alpha.WorkspaceId}, array['events:write', 'customers:*']) k", Ct);
        Assert.Equal(database.Alpha.OrganizationId, await database.Service.One<Guid>($"select k.organization_id from platform.find_api_key({secret}) k", Ct));
        Assert.Empty(await database.Service.List<Guid>($"select k.id from platform.find_api_key({secret + "x"}) k", Ct));
        Assert.Equal(secret[..8], await admin.One<string>($"select k.key_hint from pocm.api_keys k where k.name = 'importer' and k.is_active and k.last_used_at is not null", Ct));
        Assert.Empty(await beta.List<Guid>($"select k.id from pocm.api_keys k where k.name = 'importer'", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.List<byte[]>($"select k.key_hash from platform.api_keys k", Ct));
        await Expect.Refused(Expect.Check, () => admin.One<Guid>($"select k.id from platform.issue_api_key('bad', {database.Alpha.WorkspaceId}, array['everything']) k", Ct));
        await Expect.Refused(Expect.ForeignKey, () => admin.One<Guid>($"select k.id from platform.issue_api_key('bad', {database.Beta.WorkspaceId}) k", Ct));
        Assert.False(await database.Service.One<bool>($"select exists (select from platform.api_keys k where k::text like '%' || {secret} || '%')", Ct));
    }

    [Fact]
    public async Task A_rotated_key_outlives_its_successor_by_the_overlap_only_and_a_revoked_one_is_over()
    {
        var (_, admin) = await Person("admin.rotate@alpha.example", "admin");
        var (id, first) = (await admin.One<Guid>($"select k.id from platform.issue_api_key('rotating', {database.Alpha.WorkspaceId}, array['events:read']) k", Ct), "");
        first = await admin.One<string>($"select k.secret from platform.rotate_api_key({id}, '1 hour') k", Ct);
        var next = await admin.One<Guid>($"select k.id from pocm.api_keys k where k.replaces_key_id = {id} and k.scopes = array['events:read']", Ct);
        Assert.True(await admin.One<bool>($"select k.is_active and k.expires_at < now() + interval '2 hours' from pocm.api_keys k where k.id = {id}", Ct));
        await admin.Run($"update pocm.api_keys k set revoked_at = now() where k.id = {next}", Ct);
        Assert.Empty(await database.Service.List<Guid>($"select k.id from platform.find_api_key({first}) k", Ct));
        await Expect.Refused(Expect.WrongState, () => admin.One<string>($"select k.secret from platform.rotate_api_key({next}) k", Ct));
        foreach (var db in new[] { admin, database.Service })
            await Expect.Refused(Expect.WrongState, () => db.Run($"update platform.api_keys k set revoked_at = null where k.id = {next}", Ct));
        await Expect.Refused(Expect.Forbidden, () => admin.Run($"insert into pocm.api_keys (name, kind, workspace_id) values ('by hand', 'secret', {database.Alpha.WorkspaceId})", Ct));
        var beta = await Person("admin.rotate@beta.example", "admin", database.Beta);
        await Expect.Refused(Expect.WrongState, () => beta.Db.One<string>($"select k.secret from platform.rotate_api_key({id}) k", Ct));
    }

    [Fact]
    public async Task A_key_keeps_its_rights_and_its_last_day()
    {
        var (_, admin) = await Person("admin.lastday@alpha.example", "admin");
        var id = await admin.One<Guid>($"select k.id from platform.issue_api_key('visiting', {database.Alpha.WorkspaceId}, array['events:read'], now() + interval '7 days') k", Ct);
        var next = await admin.One<Guid>($"select k.id from platform.rotate_api_key({id}, '1 hour') k", Ct);
        Assert.True(await admin.One<bool>($"select k.expires_at between now() + interval '6 days' and now() + interval '7 days' from pocm.api_keys k where k.id = {next}", Ct));
        foreach (var change in new[] { "scopes = '{}'", "kind = 'write'", "key_hash = sha256('mine')", "public_key = 'wk_mine'", "workspace_id = gen_random_uuid()" })
            await Expect.Refused(Expect.Forbidden, () => admin.Run($"update platform.api_keys set {Sql.Composed(change)} where id = {next}", Ct));
        Assert.Equal(1, await admin.Run($"update pocm.api_keys k set name = 'renamed', expires_at = now() + interval '1 day' where k.id = {next}", Ct));
    }
}

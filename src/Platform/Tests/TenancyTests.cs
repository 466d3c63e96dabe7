using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>Walks the catalogue: what holds for every table of every module, now and later.</summary>
public sealed class TenancyTests(TenancyTests.Database database) : IClassFixture<TenancyTests.Database>
{
    public sealed class Database : TestDatabase
    {
        /// <summary>One table of each class, each with a row of alpha and one of beta.</summary>
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await using var owner = await Databases.OpenOwner(CancellationToken.None);
            await owner.Run("""
                create schema probe;
                grant usage on schema probe to clientele_app, clientele_service, clientele_readonly;
                do $$
                declare
                    class text;
                begin
                    foreach class in array array['organization', 'member', 'visitor', 'service', 'admin', 'own', 'own_or_admin', 'public'] loop
                        execute format('create table probe.%I (organization_id uuid not null, workspace_id uuid, id uuid not null default gen_random_uuid(), user_id uuid, note text, primary key (organization_id, id))', class);
                        perform platform.protect(format('probe.%I', class)::regclass, class, case when class in ('own', 'own_or_admin') then 'user_id' end);
                    end loop;
                end
                $$
                """);
            foreach (var tenant in new[] { Alpha, Beta })
            {
                foreach (var table in Classes)
                    await Service.Run($"insert into probe.{Sql.Identifier(table)} (organization_id, workspace_id, user_id, note) values ({tenant.OrganizationId}, {tenant.WorkspaceId}, {Person}, 'seed')", CancellationToken.None);
            }
        }
    }

    private static readonly string[] Classes = ["organization", "member", "visitor", "service", "admin", "own", "own_or_admin", "public"];

    private static readonly Guid Person = Guid.CreateVersion7();
    private static readonly Guid Colleague = Guid.CreateVersion7();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Who may see alpha's row of a class; everybody else must not.
    public static TheoryData<string, Access, bool, bool> Matrix
    {
        get
        {
            var data = new TheoryData<string, Access, bool, bool>();
            foreach (var table in Classes)
            {
                foreach (var access in Enum.GetValues<Access>())
                {
                    foreach (var isOwner in new[] { true, false })
                        data.Add(table, access, isOwner, May(table, access, isOwner));
                }
            }
            return data;
        }
    }

    private static bool May(string table, Access access, bool isOwner) => table switch
    {
        "organization" => access >= Access.Key,
        "member" => access >= Access.Member,
        "visitor" => true, // of the right workspace; another one is tried below
        "admin" => access >= Access.Admin,
        "own" => access >= Access.Member && isOwner,
        "own_or_admin" => (access >= Access.Member && isOwner) || access >= Access.Admin,
        "public" => true,
        _ => false,
    };

    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task Each_class_lets_in_whom_it_should_and_nobody_else(string table, Access access, bool isOwner, bool may)
    {
        var tenant = new Tenant(database.Alpha.OrganizationId, isOwner ? Person : Colleague, access, database.Alpha.WorkspaceId);
        var relation = (Sql)$"probe.{Sql.Identifier(table)}";

        Assert.Equal(may, await Sees(tenant, relation, database.Alpha));
        // Another organization's row: never, but for what is public.
        Assert.Equal(table == "public", await Sees(tenant, relation, database.Beta));
        Assert.Equal(may && table != "public", await Writes(tenant, relation, database.Alpha));
        Assert.False(await Writes(tenant, relation, database.Beta));
        Assert.Equal(may && table != "public" ? 1 : 0, await Changes(tenant, relation));
    }

    [Fact]
    public async Task A_visitor_of_another_workspace_sees_nothing()
    {
        var tenant = new Tenant(database.Alpha.OrganizationId, null, Access.Visitor, Guid.CreateVersion7());
        Assert.False(await Sees(tenant, $"probe.visitor", database.Alpha));
    }

    [Fact]
    public async Task Without_a_tenant_only_public_rows_are_seen()
    {
        foreach (var table in Classes.Except(["service"]))
            Assert.Equal(table == "public", await Sees(Tenant.None, $"probe.{Sql.Identifier(table)}", database.Alpha));
    }

    private async Task<bool> Sees(Tenant tenant, Sql relation, Tenant whose)
    {
        try { return await database.For(tenant).One<bool>($"select exists (select from {relation} r where r.organization_id = {whose.OrganizationId})", Ct); }
        catch (PostgresException e) when (e.SqlState == "42501") { return false; }
    }

    private async Task<bool> Writes(Tenant tenant, Sql relation, Tenant whose)
    {
        try
        {
            await database.For(tenant).InTransaction(async t =>
            {
                await t.Run($"insert into {relation} (organization_id, workspace_id, user_id, note) values ({whose.OrganizationId}, {whose.WorkspaceId}, {Person}, 'new')", Ct);
                throw new Undo();
            }, Ct);
        }
        catch (Undo) { return true; }
        catch (PostgresException e) when (e.SqlState == "42501") { return false; }
        throw new InvalidOperationException();
    }

    private sealed class Undo : Exception;

    private async Task<long> Changes(Tenant tenant, Sql relation)
    {
        try { return await database.For(tenant).Run($"update {relation} r set note = 'changed' where r.note in ('seed', 'changed')", Ct); }
        catch (PostgresException e) when (e.SqlState == "42501") { return 0; }
    }

    private sealed record Table(string Name, bool HasOrganization, bool Enabled, bool Forced, bool Declared, string? Comment);

    private Task<List<Table>> Tables() => database.Service.List<Table>($"""
        select c.oid::regclass::text as name, a.attname is not null as has_organization, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
               t.relation is not null as declared, obj_description(c.oid, 'pg_class') as comment
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
        left join platform.table_access t on t.relation = c.oid::regclass::text
        where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema|probe)'
        order by 1
        """, Ct);

    [Fact]
    public async Task Every_table_with_an_organization_is_under_forced_row_level_security_by_its_class()
    {
        var tables = await Tables();
        Assert.True(tables.Count(t => t.HasOrganization) >= 12);
        Assert.All(tables.Where(t => t.HasOrganization), t => Assert.True(t is { Enabled: true, Forced: true, Declared: true }, t.Name));
    }

    [Fact]
    public async Task Every_table_says_what_it_is() => Assert.All(await Tables(), t => Assert.False(string.IsNullOrEmpty(t.Comment), t.Name));

    [Fact]
    public async Task Nobody_reaches_a_partition_around_its_table()
    {
        var open = await database.Service.List<string>($"""
            select c.oid::regclass::text from pg_class c
            where c.relispartition and c.relkind = 'r' and (has_table_privilege('clientele_app', c.oid, 'select, insert, update, delete') or has_table_privilege('clientele_readonly', c.oid, 'select'))
            """, Ct);
        Assert.Empty(open);
    }

    [Fact]
    public async Task A_foreign_key_between_tenant_tables_names_the_tenant()
    {
        var loose = await database.Service.List<string>($"""
            select k.conrelid::regclass || ' ' || k.conname
            from pg_constraint k
            join pg_attribute f on f.attrelid = k.conrelid and f.attname = 'organization_id'
            join pg_attribute p on p.attrelid = k.confrelid and p.attname = 'organization_id'
            where k.contype = 'f' and k.conparentid = 0 and not (f.attnum = any(k.conkey) and p.attnum = any(k.confkey))
            """, Ct);
        Assert.Empty(loose);
    }

    [Fact]
    public async Task Every_foreign_key_has_an_index_that_serves_it()
    {
        var bare = await database.Service.List<string>($"""
            select k.conrelid::regclass || ' ' || k.conname
            from pg_constraint k
            where k.contype = 'f' and k.conparentid = 0 and not exists (
                select from pg_index i
                where i.indrelid = k.conrelid and k.conkey::smallint[] @> (i.indkey::smallint[])[0:cardinality(k.conkey) - 1]
                and cardinality(i.indkey::smallint[]) >= cardinality(k.conkey)
            )
            and k.confrelid <> 'platform.organizations'::regclass -- organization_id leads the primary key already
            """, Ct);
        Assert.Empty(bare);
    }

    [Fact]
    public async Task No_index_repeats_a_unique_one()
    {
        var repeated = await database.Service.List<string>($"""
            select a.indexrelid::regclass || ' repeats ' || b.indexrelid::regclass
            from pg_index a
            join pg_index b on b.indrelid = a.indrelid and b.indexrelid <> a.indexrelid and b.indisunique and b.indkey = a.indkey
                and b.indpred is null and a.indpred is null and a.indexprs is null and b.indexprs is null
            join pg_class c on c.oid = a.indrelid
            join pg_namespace n on n.oid = c.relnamespace
            where n.nspname !~ '^(pg_|probe)' and a.indoption = b.indoption
            """, Ct);
        Assert.Empty(repeated);
    }

    [Fact]
    public async Task What_proves_who_somebody_is_never_leaves_through_the_application_role()
    {
        await Assert.ThrowsAsync<PostgresException>(() => database.Db.List<string>($"select u.password_hash from platform.platform_users u", Ct));
        await Assert.ThrowsAsync<PostgresException>(() => database.Db.List<Guid>($"select s.id from platform.platform_user_sessions s", Ct));
    }

    [Fact]
    public async Task A_key_into_another_tenant_is_refused_by_the_database()
    {
        var customer = Guid.CreateVersion7();
        await database.For(database.Beta).Run($"insert into customers.customers (organization_id, id, customer_id) values ({database.Beta.OrganizationId}, {customer}, 'theirs')", Ct);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.Db.Run($"""
            insert into commerce.customer_orders (organization_id, workspace_id, order_id, customer_id, order_status, order_total, subtotal, currency, ordered_at)
            values ({database.Alpha.OrganizationId}, {database.Alpha.WorkspaceId}, 'x', {customer}, 'pending', 1, 1, 'EUR', now())
            """, Ct));
        Assert.Equal("23503", refused.SqlState);
    }

    [Fact]
    public async Task A_workspace_is_changed_by_administrators_and_deleted_by_no_request()
    {
        Db As(Access access) => database.For(database.Alpha with { Access = access });
        var mine = database.Alpha.WorkspaceId;
        foreach (var access in new[] { Access.Key, Access.Member })
        {
            Assert.Equal(mine, await As(access).One<Guid>($"select w.id from platform.workspaces w where w.slug = 'main'", TestContext.Current.CancellationToken));
            Assert.Equal(0, await As(access).Run($"update platform.workspaces w set name = 'Taken'", TestContext.Current.CancellationToken));
            await Expect.Refused(Expect.Forbidden, () => As(access).Run($"insert into platform.workspaces (slug, name) values ('taken', 'Taken')", TestContext.Current.CancellationToken));
        }
        foreach (var access in new[] { Access.Key, Access.Admin, Access.System })
            await Expect.Refused(Expect.Forbidden, () => As(access).Run($"delete from platform.workspaces w where w.id = {mine}", TestContext.Current.CancellationToken));
        Assert.Empty(await As(Access.Visitor).List<Guid>($"select w.id from platform.workspaces w", TestContext.Current.CancellationToken));
        Assert.Equal(1, await As(Access.Admin).Run($"update platform.workspaces w set name = w.name where w.id = {mine}", TestContext.Current.CancellationToken));
        Assert.Equal(0, await As(Access.Admin).Run($"update platform.workspaces w set name = 'Taken' where w.id = {database.Beta.WorkspaceId}", TestContext.Current.CancellationToken));
        await Expect.Refused(Expect.Forbidden, () => As(Access.Admin).Run($"insert into platform.workspaces (organization_id, slug, name) values ({database.Beta.OrganizationId}, 'taken', 'Taken')", TestContext.Current.CancellationToken));
    }
}

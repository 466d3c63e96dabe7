using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Testing;

namespace Clientele.Server.Tests;

/// <summary>
/// Rules that hold for every table, index, function and view of every schema. What they find names the thing, so a fault is
/// mended where it was made. Protection, comments and keys between tenants are held by the platform's <c>TenancyTests</c>.
/// </summary>
public sealed partial class DataModelTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<List<string>> Names(Sql sql) => database.Service.List<string>(sql, Ct);

    // Our tables: those of PostgreSQL's own schemas and single partitions are left out.
    private static Sql Tables => Sql.Raw("""
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^(pg_|information_schema)' and n.nspname <> 'public'
        """);

    private static Sql Views => Sql.Raw("""
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace and n.nspname in (select b.blueprint from platform.blueprint_columns b) and c.relkind = 'v'
        """);

    [Fact]
    public async Task The_catalogue_is_looked_at()
    {
        Assert.True(await database.Service.One<long>($"select count(*) {Tables} where c.relkind in ('r', 'p') and not c.relispartition", Ct) >= 100);
        Assert.True(await database.Service.One<long>($"select count(*) {Views}", Ct) >= 100);
    }

    [Fact]
    public async Task Every_table_has_a_primary_key_that_begins_with_its_organization() => Assert.Empty(await Names($"""
        select c.oid::regclass::text {Tables}
        left join pg_index i on i.indrelid = c.oid and i.indisprimary
        left join pg_attribute o on o.attrelid = c.oid and o.attname = 'organization_id' and not o.attisdropped
        where c.relkind in ('r', 'p') and not c.relispartition and (i.indrelid is null or i.indkey[0] <> o.attnum)
        """));

    [Fact]
    public async Task Defect_127_Every_table_is_under_row_level_security_or_its_owners_alone() => Assert.Empty(await Names($"""
        select c.oid::regclass::text {Tables}
        where c.relkind in ('r', 'p') and not c.relispartition and not (c.relrowsecurity and c.relforcerowsecurity)
        and exists (select from unnest(array['clientele_app', 'clientele_service', 'clientele_readonly', 'clientele_search']) as r where has_any_column_privilege(r, c.oid, 'select, insert, update'))
        """));

    // Where null says something that no value can, though a value is what one gets for saying nothing.
    private static readonly Dictionary<string, string> nullIsAnAnswer = new()
    {
        ["analytics.segments.next_refresh_at"] = "never by itself",
        ["commerce.promotions.usage_limit_per_customer"] = "as often as one likes",
    };

    [Fact]
    public async Task Defect_046_A_column_with_a_default_takes_no_null()
    {
        var lax = await Names($"""
            select format('%s.%s', c.oid::regclass, a.attname) {Tables}
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atthasdef and a.attgenerated = '' and not a.attnotnull
            join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
            where c.relkind in ('r', 'p') and not c.relispartition
            -- Nobody acts when the platform does.
            and pg_get_expr(d.adbin, d.adrelid) <> 'platform.actor()'
            """);
        Assert.Equal(nullIsAnAnswer.Keys.Order(), lax.Order());
    }

    [Fact]
    public async Task Defect_022_107_Every_updated_at_is_kept_by_the_table() => Assert.Empty(await Names($"""
        select c.oid::regclass::text {Tables}
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'updated_at' and not a.attisdropped
        where c.relkind in ('r', 'p') and not c.relispartition
        and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid = 'platform.touch'::regproc and t.tgenabled = 'O')
        -- Where the application may not change a row, there is nothing to keep.
        and (has_any_column_privilege('clientele_app', c.oid, 'update') or has_any_column_privilege('clientele_service', c.oid, 'update'))
        """));

    [Fact]
    public async Task Defect_061_111_What_is_in_partitions_has_its_time_in_the_key() => Assert.Empty(await Names($"""
        select c.oid::regclass::text {Tables}
        join pg_partitioned_table p on p.partrelid = c.oid
        where not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and p.partattrs[0] = any(i.indkey))
        or not exists (select from platform.partitioned_tables d where d.relation = c.oid::regclass::text)
        """));

    [Fact]
    public async Task Only_types_that_say_what_they_mean() => Assert.Empty(await Names($"""
        select format('%s.%s is %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod)) {Tables}
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
        where c.relkind in ('r', 'p') and not c.relispartition
        and (t.typtype = 'e' or t.typnamespace = 'pg_catalog'::regnamespace and t.typname in ('timestamp', 'timetz', 'money', 'varchar', 'bpchar', 'json'))
        """));

    [Fact]
    public async Task A_key_that_is_set_to_null_leaves_the_organization() => Assert.Empty(await Names($"""
        select format('%s %s', c.oid::regclass, k.conname) {Tables}
        join pg_constraint k on k.conrelid = c.oid and k.contype = 'f' and k.confdeltype in ('n', 'd') and cardinality(k.conkey) > 1
        where k.confdelsetcols is null
        """));

    [Fact]
    public async Task Every_reference_to_a_customer_is_declared() => Assert.Empty(await Names($"""
        select format('%s.%s', c.oid::regclass, a.attname) {Tables}
        join pg_constraint k on k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0 and k.confrelid = 'customers.customers'::regclass
        join pg_attribute a on a.attrelid = c.oid and a.attnum = any(k.conkey) and a.attname <> 'organization_id'
        where n.nspname <> 'customers' and not exists (select from customers.reference_rules r where r.relation = c.oid::regclass::text and r.column_name = a.attname)
        """));

    [Fact]
    public async Task Defect_066_A_search_finds_part_of_a_name_in_ones_own_organization()
    {
        foreach (var tenant in new[] { database.Alpha, database.Beta })
            await database.For(tenant).Run($"insert into customers.customers (customer_id, name) values ('a', 'Ingrid Lindqvist'), ('b', 'Running Shoes')", Ct);
        // "ngrid" is no word and has no stem; "run" would be the stem of "running".
        Assert.Equal("a", await database.Db.One<string>($"select c.customer_id from customers.search('ngrid LIND') s join customers.customers c on c.organization_id = platform.organization() and c.id = s", Ct));
        Assert.Equal(1, await database.Db.One<long>($"select count(*) from customers.search('runn')", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from customers.search('runs')", Ct));
    }

    // Columns, operator classes and conditions are compared as PostgreSQL keeps them.
    private static Sql Indexes => Sql.Raw("""
        (select c.oid::regclass::text as relation, i.*, i.indexrelid::regclass::text as index_name, x.relam, i.indkey::smallint[] as keys, i.indclass::oid[] as classes, i.indoption::smallint[] as options
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^(pg_|information_schema)'
         join pg_index i on i.indrelid = c.oid
         join pg_class x on x.oid = i.indexrelid
         where c.relkind in ('r', 'p') and not c.relispartition and i.indexprs is null)
        """);

    [Fact]
    public async Task Defect_063_105_No_index_is_the_beginning_of_another_or_the_same() => Assert.Empty(await Names($"""
        select format('%s is the beginning of %s', a.index_name, b.index_name)
        from {Indexes} a
        join {Indexes} b on b.indrelid = a.indrelid and b.indexrelid <> a.indexrelid and b.relam = a.relam
        where not a.indisunique and a.indnatts = a.indnkeyatts
        and pg_get_expr(a.indpred, a.indrelid) is not distinct from pg_get_expr(b.indpred, b.indrelid)
        and a.keys = b.keys[0:a.indnkeyatts - 1] and a.classes = b.classes[0:a.indnkeyatts - 1] and a.options = b.options[0:a.indnkeyatts - 1]
        and (a.indnkeyatts < b.indnkeyatts or b.indisunique or a.indexrelid > b.indexrelid)
        """));

    [Fact]
    public async Task Defect_065_No_index_tells_apart_only_true_and_false() => Assert.Empty(await Names($"""
        select a.index_name
        from {Indexes} a
        where not a.indisunique and not exists (select from unnest(a.keys) as k join pg_attribute t on t.attrelid = a.indrelid and t.attnum = k
                          where t.atttypid <> 'boolean'::regtype and t.attname <> 'organization_id')
        and exists (select from unnest(a.keys) as k join pg_attribute t on t.attrelid = a.indrelid and t.attnum = k where t.atttypid = 'boolean'::regtype)
        """));

    [Fact]
    public async Task A_function_with_its_owners_rights_pins_where_it_looks_and_is_no_strangers() => Assert.Empty(await Names($"""
        select p.oid::regprocedure::text
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace and n.nspname !~ '^(pg_|information_schema)' and n.nspname <> 'public'
        where p.prosecdef and (
            not exists (select from unnest(p.proconfig) as s where s like 'search_path=%')
            or (p.prorettype <> 'trigger'::regtype and (p.proacl is null or exists (select from aclexplode(p.proacl) as a where a.grantee = 0))))
        """));

    [Fact]
    public async Task Every_view_says_what_it_is() =>
        Assert.Empty(await Names($"select c.oid::regclass::text {Tables} where c.relkind = 'v' and coalesce(obj_description(c.oid, 'pg_class'), '') = ''"));

    [Fact]
    public async Task Every_view_of_a_blueprint_runs_with_the_callers_rights() =>
        Assert.Empty(await Names($"select c.oid::regclass::text {Views} where not coalesce(c.reloptions, '{Sql.Raw("{}")}') @> array['security_invoker=true']"));

    [Fact]
    public async Task A_view_with_its_owners_rights_is_a_barrier_and_names_the_tenant() => Assert.Empty(await Names($"""
        select c.oid::regclass::text {Tables}
        where c.relkind = 'v' and not coalesce(c.reloptions, '{Sql.Raw("{}")}') @> array['security_invoker=true']
        and not (coalesce(c.reloptions, '{Sql.Raw("{}")}') @> array['security_barrier=true'] and pg_get_viewdef(c.oid) ~ 'platform\.(tenant|organization)\(')
        """));

    [Fact]
    public async Task A_blueprints_views_read_the_modules_and_no_other_blueprint() => Assert.Empty(await Names($"""
        select format('%s reads %s', c.oid::regclass, s.oid::regclass) {Views}
        join pg_rewrite w on w.ev_class = c.oid
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
        join pg_class s on s.oid = d.refobjid and s.oid <> c.oid
        where s.relnamespace in (select b.oid from pg_namespace b join platform.blueprint_columns m on m.blueprint = b.nspname) and s.relnamespace <> c.relnamespace
        """));

    [Fact]
    public async Task Every_view_shows_each_column_its_declaration_names() => Assert.Empty(await Names($"""
        select format('%s.%s.%s', b.blueprint, b.relation, b.column_name) from platform.blueprint_columns b
        where not exists (select from pg_attribute a where a.attrelid = to_regclass(format('%I.%I', b.blueprint, b.relation)) and a.attname = b.column_name)
        """));

    private sealed record Filter(string View, string ViewColumn, string Base, string BaseColumn, string Definition);

    [Fact]
    public async Task A_view_is_read_by_the_indexes_of_its_table()
    {
        // Whatever an index leads to within the organization: a row's own id, and what it belongs to.
        var filters = await database.Service.List<Filter>($"""
            select distinct format('%I.%I', b.blueprint, b.relation) as view, b.column_name as view_column, b.base_relation as base, b.base_column,
                   pg_get_viewdef(to_regclass(format('%I.%I', b.blueprint, b.relation))) as definition
            from platform.blueprint_columns b
            join pg_class c on c.oid = to_regclass(b.base_relation) and c.relkind in ('r', 'p')
            join pg_attribute a on a.attrelid = c.oid and a.attname = b.base_column and a.atttypid = 'uuid'::regtype
            join pg_index i on i.indrelid = c.oid and i.indpred is null and i.indkey[1] = a.attnum
            join pg_attribute o on o.attrelid = c.oid and o.attnum = i.indkey[0] and o.attname = 'organization_id'
            where has_table_privilege('clientele_app', c.oid, 'select') and has_table_privilege('clientele_app', format('%I.%I', b.blueprint, b.relation), 'select')
            order by 1, 2
            """, Ct);
        Assert.True(filters.Count >= 100, $"{filters.Count} filters");
        var faults = new List<string>();
        foreach (var f in filters)
        {
            // The table is asked with the view's own condition, if it has one: it may let a narrower index serve.
            var kept = Condition().Match(f.Definition);
            var view = await Indexes($"{Sql.Composed(f.View)} b where b.{Sql.Identifier(f.ViewColumn)}");
            var table = await Indexes($"{Sql.Composed(f.Base)} b where {(kept.Success ? Sql.Composed(kept.Groups[1].Value + " and ") : Sql.Empty)} b.{Sql.Identifier(f.BaseColumn)}");
            if (table.Count == 0 || !table.IsSubsetOf(view)) faults.Add($"{f.View} by {f.ViewColumn}: {string.Join(", ", view)}; the table: {string.Join(", ", table)}");
        }
        Assert.True(faults.Count == 0, string.Join('\n', faults));

        async Task<HashSet<string>> Indexes(Sql from)
        {
            var plan = await database.Db.InTransaction(async t =>
            {
                // Tables are empty here: without this every plan would be to read them whole.
                await t.Run($"set local enable_seqscan = off", Ct);
                return await t.One<string>($"explain (format json) select b.* from {from} = '0199a000-0000-7000-8000-000000000000'", Ct);
            }, Ct);
            return [.. Nodes(JsonDocument.Parse(plan).RootElement)];
        }
    }

    [GeneratedRegex(@"(?s)\n   FROM [\w.]+ b\n  WHERE (.*);\z")]
    private static partial Regex Condition();

    // Newest first is how a log is read. A view that sorted all there is for a page would be slower with every event.
    [Fact]
    public async Task A_page_of_the_newest_events_walks_the_index_of_time()
    {
        await database.Db.Run($"""
            insert into log.events (event_type, event_name, event_category, properties, occurred_at, data_source)
            select case n % 2 when 0 then 'page_view' else 'products_searched' end, 'x', 'engagement', '{Sql.Raw("{}")}', now() - make_interval(mins => n), 'test'
            from generate_series(1, 20000) as n
            """, Ct);
        await using (var superuser = await database.OpenSuperuser())
        await superuser.Run("analyze log.events");

        foreach (var (view, time) in (IEnumerable<(string, string)>)
                 [("pocm.search_events", "occurred_at"), ("pocm.page_view_events", "occurred_at"), ("pocm.events", "occurred_at"), ("wolo.analytics_events", "timestamp")])
        {
            var plan = await database.Db.List<string>($"explain (costs off) select v.* from {Sql.Composed(view)} v order by v.{Sql.Identifier(time)} desc limit 10", Ct);
            Assert.False(plan.Any(l => l.Contains("Sort", StringComparison.Ordinal)), $"{view} sorts: {string.Join('\n', plan)}");
            Assert.True(plan.Any(l => l.Contains("Index Scan", StringComparison.Ordinal) && l.Contains("events_", StringComparison.Ordinal)), $"{view} reads no index: {string.Join('\n', plan)}");
        }
    }

    private static IEnumerable<string> Nodes(JsonElement node) => node.ValueKind switch
    {
        JsonValueKind.Array => node.EnumerateArray().SelectMany(Nodes),
        JsonValueKind.Object => node.EnumerateObject().SelectMany(p => p.Name == "Index Name" ? [p.Value.GetString()!] : Nodes(p.Value)),
        _ => [],
    };
}

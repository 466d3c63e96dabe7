using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Rest;
using Clientele.Platform.Data;
using Clientele.Platform.Permissions;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.DataApi.Browse;

/// <summary>What one person may do with a relation.</summary>
internal sealed record May(bool Read, bool Insert, bool Update, bool Delete)
{
    public bool Write => Insert || Update || Delete;
}

/// <summary>
/// What people see of the catalogue: relations the application role may read, without those of which row-level security shows
/// a member nothing; and what of them they may write. It spares people what would be refused, and decides nothing itself.
/// </summary>
internal sealed class Sight(RestApi rest, Databases databases)
{
    private sealed record Row(long Oid, bool Reads, bool Inserts, bool Updates, bool Deletes, bool Closed, bool Triggered);

    private sealed record Known(Catalogue.Catalogue Catalogue, Dictionary<uint, Row> Rows, HashSet<string> Blueprints);

    private readonly Db db = new(databases.Service, Tenant.None);
    private volatile Known? known;

    public async ValueTask<(Catalogue.Catalogue Catalogue, IReadOnlySet<string> Blueprints)> Offered(CancellationToken ct)
    {
        var now = await Look(ct);
        return (now.Catalogue, now.Blueprints);
    }

    /// <summary>The relations of a schema this person reads, with what they may do.</summary>
    public async ValueTask<List<(Relation Relation, May May)>> Of(string schema, Caller caller, CancellationToken ct)
    {
        var now = await Look(ct);
        return [.. now.Catalogue.ByName.Values.Where(r => r.Schema == schema && !r.IsPartition)
            .Select(r => (Relation: r, May: Judge(now, r, caller))).Where(r => r.May.Read)
            .OrderBy(r => r.Relation.Name, StringComparer.Ordinal)];
    }

    /// <summary>One relation this person reads.</summary>
    /// <exception cref="Problem">There is none.</exception>
    public async ValueTask<(Relation Relation, May May)> One(string schema, string name, Caller caller, CancellationToken ct)
    {
        var now = await Look(ct);
        if (now.Catalogue.FindRelation(schema, name) is { IsPartition: false } relation && Judge(now, relation, caller) is { Read: true } may) return (relation, may);
        throw Problem.NotFound("table or view");
    }

    private static May Judge(Known now, Relation relation, Caller caller)
    {
        var access = caller.Tenant.Access;
        if (!now.Rows.TryGetValue(relation.Oid, out var row) || !row.Reads || (row.Closed && access < Access.Admin) || !Areas.Allow(Scope.SchemasOf(relation.Schema, relation), relation.Name, "read", caller.May)) return new May(false, false, false, false);
        if (access < Access.Admin) return new May(true, false, false, false);
        // Behind a view stands the table it writes; a trigger in place of that says itself what it takes.
        var behind = relation.IsView && !row.Triggered ? now.Rows.GetValueOrDefault(TableOf(relation)?.Oid ?? 0) : row;
        bool Role(string action) => Areas.Allow(Scope.SchemasOf(relation.Schema, relation), relation.Name, action, caller.May);
        return new May(true,
            relation.Insertable && row.Inserts && behind is { Inserts: true } && Role("create"),
            relation.Updatable && row.Updates && behind is { Updates: true } && Role("update"),
            relation.Deletable && row.Deletes && behind is { Deletes: true } && Role("delete"));
    }

    /// <summary>The table whose rows a view shows; of a table itself.</summary>
    public static Relation? TableOf(Relation relation) =>
        !relation.IsView ? relation
        : relation.PrimaryKey.Count > 0 && relation.Origins.TryGetValue(relation.PrimaryKey[0], out var key) ? key.Table
        : relation.Origins.Values.Select(o => o.Table).FirstOrDefault();

    private async ValueTask<Known> Look(CancellationToken ct)
    {
        var catalogue = await rest.Offered(ct);
        if (known is { } now && ReferenceEquals(now.Catalogue, catalogue)) return now;
        var rows = await db.List<Row>($"""
            with recursive offered as (
                select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = any({catalogue.Schemas.ToArray()}) and c.relkind in ('r', 'v', 'm', 'f', 'p') and not c.relispartition
            ), made as (
                -- What a view is made of, through views of views.
                select o.oid as relation, o.oid as part from offered o
                union
                select m.relation, d.refobjid
                from made m
                join pg_rewrite w on w.ev_class = m.part
                join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> m.part
            ), policies as (
                -- Whether a table shows rows to administrators alone, or the same rows to everybody.
                select p.polrelid as part,
                       bool_and(pg_get_expr(p.polqual, p.polrelid) ~ 'tenant\(''(admin|system)''' and pg_get_expr(p.polqual, p.polrelid) !~ 'tenant\(''(member|key|visitor)''|actor\(') as closed,
                       bool_or(pg_get_expr(p.polqual, p.polrelid) = 'true') as open
                from pg_policy p
                where p.polcmd in ('r', '*') and (select r.oid from pg_roles r where r.rolname = {Databases.App}) = any(p.polroles)
                group by 1
            )
            select o.oid::bigint as oid,
                   has_any_column_privilege({Databases.App}, o.oid, 'select') as reads, has_any_column_privilege({Databases.App}, o.oid, 'insert') as inserts,
                   has_any_column_privilege({Databases.App}, o.oid, 'update') as updates, has_table_privilege({Databases.App}, o.oid, 'delete') as deletes,
                   coalesce((select bool_and(p.closed) from made m join policies p on p.part = m.part where m.relation = o.oid and not p.open), false) as closed,
                   exists (select from pg_trigger t where t.tgrelid = o.oid and t.tgtype & 64 <> 0) as triggered
            from offered o
            """, ct);
        var blueprints = await db.List<string>($"select distinct c.blueprint::text from platform.blueprint_columns c", ct);
        return known = new Known(catalogue, rows.ToDictionary(r => (uint)r.Oid), [.. blueprints]);
    }
}

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
/// What people see of one catalogue: relations the application role may read, without those of which row-level security shows
/// them no row; and what of them they may write. It spares people what would be refused, and decides nothing itself.
/// </summary>
/// <param name="Blueprints">The schemas that are a product's vocabulary over the modules' tables.</param>
internal sealed record Sight(Catalogue.Catalogue Catalogue, IReadOnlySet<string> Blueprints)
{
    /// <summary>The relations of a schema this person reads, with what they may do.</summary>
    public List<(Relation Relation, May May)> Of(string schema, Caller caller) =>
        [.. Catalogue.ByName.Values.Where(r => r.Schema == schema && !r.IsPartition)
            .Select(r => (Relation: r, May: Judge(r, caller))).Where(r => r.May.Read)
            .OrderBy(r => r.Relation.Name, StringComparer.Ordinal)];

    /// <summary>One relation this person reads.</summary>
    /// <exception cref="Problem">There is none.</exception>
    public (Relation Relation, May May) One(string schema, string name, Caller caller) =>
        Catalogue.FindRelation(schema, name) is { } relation && Sees(relation, caller) ? (relation, Judge(relation, caller)) : throw Problem.NotFound("table or view");

    public static bool Sees(Relation relation, Caller caller) => !relation.IsPartition && Judge(relation, caller).Read;

    private static May Judge(Relation relation, Caller caller)
    {
        var (reach, access) = (relation.Reach, caller.Tenant.Access);
        var schemas = Scope.SchemasOf(relation.Schema, relation);
        bool May(Access least, string action) => least <= access && Areas.Allow(schemas, relation.Name, action, caller.May);
        // Of people, administrators write (see Scope).
        var writes = access >= Access.Admin;
        return new May(May(reach.Read, "read"), writes && relation.Insertable && May(reach.Insert, "create"), writes && relation.Updatable && May(reach.Update, "update"), writes && relation.Deletable && May(reach.Delete, "delete"));
    }

    /// <summary>The table whose rows a view shows; of a table itself.</summary>
    public static Relation? TableOf(Relation relation) =>
        !relation.IsView ? relation
        : relation.PrimaryKey.Count > 0 && relation.Origins.TryGetValue(relation.PrimaryKey[0], out var key) ? key.Table
        : relation.Origins.Values.Select(o => o.Table).FirstOrDefault();
}

/// <summary>The present catalogue as people see it. A request takes it once, so that it does not change while it is answered.</summary>
internal sealed class Sights(RestApi rest, Databases databases)
{
    private readonly Db db = new(databases.Service, Tenant.None);
    private volatile Sight? known;

    public async ValueTask<Sight> Now(CancellationToken ct)
    {
        var catalogue = await rest.Offered(ct);
        if (known is { } now && ReferenceEquals(now.Catalogue, catalogue)) return now;
        var blueprints = await db.List<string>($"select distinct c.blueprint::text from platform.blueprint_columns c", ct);
        return known = new Sight(catalogue, blueprints.ToHashSet());
    }
}

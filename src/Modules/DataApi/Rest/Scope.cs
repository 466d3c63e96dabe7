using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Plan;
using Clientele.Platform.Permissions;
using Clientele.Platform.Tenancy;

namespace Clientele.DataApi.Rest;

/// <summary>
/// What a caller may do beyond what the database lets them: scopes of a key (<c>data:read</c>, <c>cdp:*</c>,
/// <c>commerce.orders:write</c>; none: everything), and of people, that only administrators write.
/// </summary>
/// <param name="Scopes">Of a key; null: a person.</param>
/// <param name="Access">What row-level security asks for.</param>
/// <param name="May">What a person's role allows; null: a key.</param>
internal sealed record Scope(IReadOnlyList<string>? Scopes, Access Access, Func<Can, bool>? May = null)
{
    private bool Writes => Access >= Access.Admin;

    public void Check(ActionPlan action)
    {
        switch (action)
        {
            case ReadAction read: Rows(read.Rows); break;
            case WriteAction write:
                foreach (var act in Acts(write.Change)) Require(write.Relation.Schema, write.Relation.Name, "write", write.Relation, act);
                if (write.Return == Parse.Return.Representation || write.Rows.Where.Count > 0) Rows(write.Rows);
                break;
            case CallAction call:
                Require(call.Routine.Schema, call.Routine.Name, call.ReadOnly ? "read" : "write");
                if (call.Rows is { } rows) foreach (var embed in rows.Embeds) Rows(embed.Rows);
                break;
        }
    }

    private void Rows(ReadPlan plan)
    {
        if (plan.Relation is { } relation) Require(relation.Schema, relation.Name, "read", relation);
        foreach (var embed in plan.Embeds)
        {
            if (embed.By.Junction is { Relation: var junction }) Require(junction.Schema, junction.Name, "read", junction);
            Rows(embed.Rows);
        }
    }

    private void Require(string schema, string name, string action, Relation? relation = null, string? act = null)
    {
        if (Allows(schema, name, action, relation, act)) return;
        throw new ApiError(403, "42501", Scopes is null ? (action == "write" ? "Your role may not write here" : "Your role may not read here") : $"This key may not {action} {schema}.{name}")
        {
            Hint = Scopes is null ? "Ask an administrator of the organization." : $"Its scopes would have to hold \"{schema}.{name}:{action}\", {(schema == "events" && action == "write" ? "" : $"\"{schema}:{action}\" ")}or \"data:{action}\".",
        };
    }

    private bool Allows(string schema, string name, string action, Relation? relation = null, string? act = null) =>
        Scopes is not null ? Scopes.Count == 0 || Scopes.Any(s => Covers(s, schema, name, action))
        : (action == "read" || Writes) && (May is null || Areas.Allow(SchemasOf(schema, relation), name, act ?? (action == "read" ? "read" : "execute"), May));

    /// <summary>
    /// Takes away from what the database lets them do what they may not, and relations of which row-level security shows them no row:
    /// the description tells of the rest.
    /// </summary>
    public void Narrow(Rights rights, Catalogue.Catalogue known)
    {
        void Keep(HashSet<uint> those, string action, string act, Func<Reach, Access> least) =>
            those.RemoveWhere(o => !known.Relations.TryGetValue(o, out var r) || !Allows(r.Schema, r.Name, action, r, act) || least(r.Reach) > Access);
        Keep(rights.Select, "read", "read", r => r.Read);
        Keep(rights.Insert, "write", "create", r => r.Insert);
        Keep(rights.Update, "write", "update", r => r.Update);
        Keep(rights.Delete, "write", "delete", r => r.Delete);
        var calls = known.Routines.Values.SelectMany(r => r).Where(r => Allows(r.Schema, r.Name, r.Volatility == 'v' ? "write" : "read")).Select(r => r.Oid).ToHashSet();
        rights.Execute.IntersectWith(calls);
    }

    private static string[] Acts(Change change) => change switch
    {
        Change.Insert => ["create"],
        Change.Update => ["update"],
        Change.Delete => ["delete"],
        _ => ["create", "update"],
    };

    /// <summary>A view's rows are those of the tables behind it.</summary>
    public static IEnumerable<string> SchemasOf(string schema, Relation? relation) =>
        relation is { IsView: true, Origins.Count: > 0 } ? relation.Origins.Values.Select(o => o.Table.Schema).Distinct() : [schema];

    private static bool Covers(string scope, string schema, string name, string action)
    {
        var colon = scope.LastIndexOf(':');
        var (resource, allowed) = (scope[..colon], scope[(colon + 1)..]);
        // What lets a key send events is no leave to write their tables.
        var ingests = scope is "events:write" or "events:*";
        return (allowed == "*" || allowed == action || (allowed == "execute" && action == "write")) && (resource == "data" || (resource == schema && !ingests) || resource == schema + "." + name);
    }
}

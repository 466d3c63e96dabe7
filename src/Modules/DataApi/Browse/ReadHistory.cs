using System.Text.Json;
using Clientele.DataApi.Catalogue;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.DataApi.Browse;

/// <summary>
/// GET /api/data/{schema}/{relation}/history: what the audit trail knows of a row, the newest first, whichever table or view it
/// was written through. Values are told in the names of the relation that was asked about. Administrators only, as the trail itself.
/// </summary>
internal static class ReadHistory
{
    /// <param name="Who">The person's name as it was then; null: a key, or the platform itself.</param>
    /// <param name="Actor">user, api or system.</param>
    /// <param name="Through">The table or view that was written.</param>
    public sealed record Item(Guid Id, DateTimeOffset At, string? Who, string Actor, string Activity, string Through, IReadOnlyList<Change> Changes);

    public sealed record Change(string Column, JsonElement? Old, JsonElement? New);

    /// <param name="More">There are older ones.</param>
    public sealed record Answer(IReadOnlyList<Item> Items, bool More);

    private sealed record Row(Guid Id, DateTimeOffset OccurredAt, string? UserName, string ActorType, string ActivityType, string ResourceType, JsonElement? OldValues, JsonElement? NewValues);

    /// <param name="key">The values of the row's key, with commas between them.</param>
    /// <param name="limit">1 to 200.</param>
    public static async Task<Answer> Handle(string schema, string relation, string key, Caller caller, Sight sight, Db db, CancellationToken ct, int limit = 50)
    {
        if (limit is < 1 or > 200) throw Problem.Invalid("limit", "A page has 1 to 200 entries.");
        if (key.Length is 0 or > 255) throw Problem.Invalid("key", "Say which row: the values of its key, with commas between them.");
        var (found, _) = await sight.One(schema, relation, caller, ct);
        if (caller.Tenant.Access < Access.Admin) throw Problem.Forbidden("read who changed what");
        var (catalogue, _) = await sight.Offered(ct);
        var faces = Faces(found, catalogue).ToDictionary(f => f.ToString());
        var rows = await db.List<Row>($"""
            select a.id, a.occurred_at, a.user_name, a.actor_type, a.activity_type, a.resource_type, a.old_values, a.new_values
            from platform.activity_logs a
            where a.organization_id = platform.organization() and a.resource_type = any({faces.Keys.ToArray()}) and a.resource_id = {key}
            order by a.occurred_at desc, a.id desc
            limit {limit + 1}
            """, ct);
        return new Answer([.. rows.Take(limit).Select(r => new Item(r.Id, r.OccurredAt, r.UserName, r.ActorType, r.ActivityType, r.ResourceType, Changes(r, found, faces[r.ResourceType])))], rows.Count > limit);
    }

    // The relation itself, its table, and every view that shows the table with its key.
    private static IEnumerable<Relation> Faces(Relation relation, Catalogue.Catalogue catalogue)
    {
        var table = Sight.TableOf(relation) ?? relation;
        return catalogue.ByName.Values.Where(r => ReferenceEquals(r, relation) || (KeyOf(r, table) is { Count: > 0 } key && key.SequenceEqual(KeyOf(relation, table)))).DistinctBy(r => r.ToString());
    }

    private static List<string> KeyOf(Relation relation, Relation table) =>
        ReferenceEquals(relation, table) ? [.. table.PrimaryKey.Where(k => k != "organization_id")]
        : relation.IsView && ReferenceEquals(Sight.TableOf(relation), table) ? [.. relation.PrimaryKey.Where(k => relation.Origins.TryGetValue(k, out var o) && ReferenceEquals(o.Table, table)).Select(k => relation.Origins[k].Column).Where(k => k != "organization_id")]
        : [];

    private static List<Change> Changes(Row row, Relation asked, Relation through)
    {
        var (old, now) = (Values(row.OldValues), Values(row.NewValues));
        return [.. old.Keys.Union(now.Keys).Where(c => c != "organization_id")
            .Select(c => new Change(Name(c, asked, through), Value(old, c), Value(now, c)))
            .Where(c => c.Old?.GetRawText() != c.New?.GetRawText())];
    }

    private static Dictionary<string, JsonElement> Values(JsonElement? row) =>
        row is { ValueKind: JsonValueKind.Object } values ? values.EnumerateObject().ToDictionary(p => p.Name, p => p.Value) : [];

    private static JsonElement? Value(Dictionary<string, JsonElement> values, string column) => values.TryGetValue(column, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string Name(string column, Relation asked, Relation through)
    {
        if (ReferenceEquals(asked, through)) return column;
        var (table, source) = through.Origins.TryGetValue(column, out var origin) ? origin : (through, column);
        if (ReferenceEquals(asked, table)) return source;
        var known = asked.Origins.FirstOrDefault(o => ReferenceEquals(o.Value.Table, table) && o.Value.Column == source);
        return known.Key ?? column;
    }
}

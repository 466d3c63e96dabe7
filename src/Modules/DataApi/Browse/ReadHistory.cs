using System.Text.Json;
using Clientele.DataApi.Catalogue;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

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

    /// <param name="Next">For older ones, as <c>before</c>; null: there are none.</param>
    public sealed record Answer(IReadOnlyList<Item> Items, string? Next);

    private sealed record Row(Guid Id, DateTimeOffset OccurredAt, string? UserName, string ActorType, string ActivityType, string ResourceType, JsonElement? OldValues, JsonElement? NewValues);

    /// <param name="key">The values of the row's key as the Data API writes them, each by itself in the order of the key.</param>
    /// <param name="before">From the page before: only older ones.</param>
    /// <param name="limit">1 to 200.</param>
    public static async Task<Answer> Handle(string schema, string relation, [FromQuery] string[] key, Caller caller, Sights sights, Db db, CancellationToken ct, string? before = null, int limit = 50)
    {
        if (limit is < 1 or > 200) throw Problem.Invalid("limit", "A page has 1 to 200 entries.");
        if (key.Length == 0 || key.Sum(k => k.Length + 1) is 1 or > 256) throw Problem.Invalid("key", "Say which row: key=… for each column of its key, 255 characters at most.");
        var cursor = before is null ? null : ((DateTimeOffset Time, Guid Id)?)Cursor.Read(before);
        var sight = await sights.Now(ct);
        var (found, _) = sight.One(schema, relation, caller);
        if (caller.Tenant.Access < Access.Admin) throw Problem.Forbidden("read who changed what");
        if (await Known(found, key, db, ct) is not { } row) return new Answer([], null);
        var faces = Faces(found, sight.Catalogue).ToDictionary(f => f.ToString());
        var older = cursor is { } c ? (Sql)$"and (a.occurred_at, a.id) < ({c.Time}, {c.Id})" : Sql.Empty;
        var rows = await db.List<Row>($"""
            select a.id, a.occurred_at, a.user_name, a.actor_type, a.activity_type, a.resource_type, a.old_values, a.new_values
            from platform.activity_logs a
            where a.organization_id = platform.organization() and a.resource_type = any({faces.Keys.ToArray()}) and a.resource_id = {row} {older}
            order by a.occurred_at desc, a.id desc
            limit {limit + 1}
            """, ct);
        var page = rows.Take(limit).ToList();
        return new Answer([.. page.Select(r => new Item(r.Id, r.OccurredAt, r.UserName, r.ActorType, r.ActivityType, r.ResourceType, Changes(r, found, faces[r.ResourceType])))],
            rows.Count > limit ? Cursor.Write(page[^1].OccurredAt, page[^1].Id) : null);
    }

    // The key as the trail writes it: PostgreSQL reads each value as its type, and writes it as text (a moment in UTC, a truth as t).
    private static async Task<string?> Known(Relation relation, string[] key, Db db, CancellationToken ct)
    {
        var columns = relation.PrimaryKey.Where(k => k != "organization_id").ToList();
        // A relation without a key has entries without one.
        if (columns.Count != key.Length) return null;
        var values = JsonSerializer.SerializeToElement(columns.Zip(key).ToDictionary(p => p.First, p => p.Second));
        var texts = Sql.Join(", ", columns.Select(c => (Sql)$"r.{Sql.Identifier(c)}"));
        try
        {
            return await db.One<string>($"select concat_ws(',', {texts}) from jsonb_populate_record(null::{Sql.Identifier(relation.Schema)}.{Sql.Identifier(relation.Name)}, {values}) r", ct);
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // No row can have it.
            return null;
        }
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

using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Clientele.Blueprints.Tests;

/// <summary>
/// Holds the facts of one blueprint against the catalogue. What is said of a column is looked for at the module's column
/// behind it. Rules that hold for all tables are below, each with its reason; they need no line in <c>deviations.tsv</c>.
/// </summary>
internal sealed partial class Comparison(string blueprint, IReadOnlyCollection<Fact> facts, Catalogue catalogue)
{
    /// <summary>Shown in the document that is written.</summary>
    public static readonly string[] Rules =
    [
        "A column with a default takes no null, wherever the document would have let one in (defect 46).",
        "A text of at most N characters is `text` with a check; whole numbers may be wider, amounts and rates are of the platform's types (44, 45, 99, 100).",
        "Keys are unique within the organization, or within the workspace where the document has no tenant for them (114); letters' case does not make e-mail addresses differ (52, 98). In a table in partitions by time the time is part of every key (61).",
        "A key to a user, in a column that names who did something, is a key to staff (`platform.platform_users`). It may be null: an account can be removed, what it did stays (58).",
        "Words a column may hold are listed by a check or by a table of words; more may be allowed than the document lists, never fewer (85).",
        "A default where the document has none is no difference.",
    ];

    private static readonly Dictionary<string, string> outside = new() { ["customer_configs"] = "platform.workspaces", ["organizations"] = "platform.organizations" };

    private readonly List<Difference> differences = [];

    /// <summary>References to tables that are still to come: they cannot be held yet.</summary>
    public List<(string Table, string Column, string References)> Waiting { get; } = [];

    public List<Difference> Differences()
    {
        foreach (var table in facts.GroupBy(f => f.Table).Where(t => catalogue.Exists($"{blueprint}.{t.Key}")))
        {
            var described = table.Where(f => !f.IsNameOnly).ToList();
            if (described.Count == 0) continue;
            var view = $"{blueprint}.{table.Key}";
            var sources = catalogue.SourcesOf(view).ToDictionary(s => s.ColumnName);
            var isOfTable = sources.Count > 0 && catalogue.IsTable(sources.Values.First().BaseRelation);
            if (!isOfTable) Differs(table.Key, "*", "view", sources.Count == 0 ? "the view is written by hand" : $"the view reads {sources.Values.First().BaseRelation}, which is no table");
            foreach (var fact in described)
            {
                if (fact.IsColumn && !HoldsShape(view, fact)) continue;
                if (isOfTable) HoldsBehind(fact, sources);
            }
        }
        return differences;
    }

    private bool HoldsShape(string view, Fact fact)
    {
        if (catalogue.Find(view, fact.Column) is not { } column)
        {
            Differs(fact, "column", "there is none");
            return false;
        }
        var family = Family(column.Type);
        if (family != fact.Type) Differs(fact, "type", $"{column.Type}, should be {fact.Type}");
        return true;
    }

    private static string Family(string type) => type switch
    {
        _ when type.EndsWith("[]", StringComparison.Ordinal) => Family(type[..^2]) is "jsonb" ? "jsonb" : Family(type[..^2]) + "[]",
        "character varying" or "character" or "name" or "citext" => "text",
        "bigint" or "smallint" => "integer",
        "numeric" => "number",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        _ => type,
    };

    private void HoldsBehind(Fact fact, Dictionary<string, Catalogue.Source> sources)
    {
        var behind = fact.Columns.Select(c => sources.GetValueOrDefault(c)).ToList();
        if (behind.Any(b => b?.BaseColumn is null))
        {
            // A key or rule over a column that is worked out is told of at that column.
            if (fact.IsColumn && fact.Default != "generated") Differs(fact, "derived", "no column of the module's table");
            return;
        }
        var relation = behind[0]!.BaseRelation;
        var columns = behind.Select(b => b!.BaseColumn!).ToList();
        if (fact.IsColumn) HoldsColumn(fact, catalogue.Find(relation, columns[0])!);
        if (fact.Key.Length > 0) HoldsKey(fact, relation, columns, fact.IsColumn ? string.Empty : fact.Check);
        if (fact.IsColumn && fact.Values.Length > 0) HoldsValues(fact, relation, columns[0]);
        if (fact.References.Length > 0) HoldsReference(fact, relation, columns[0]);
        if (fact.Check.Length > 0 && fact.Type != "key" && !catalogue.ChecksOf(relation).Any(c => columns.All(c.Columns.Contains)) && catalogue.Find(relation, columns[0])?.DomainCheck is null)
            Differs(fact, "check", $"nothing checks {fact.Check}");
    }

    private void HoldsColumn(Fact fact, Catalogue.Column column)
    {
        if (column.Generated)
        {
            if (fact.Default != "generated") Differs(fact, "derived", "generated");
            return;
        }
        var given = catalogue.Find($"{blueprint}.{fact.Table}", fact.Column)!.Default ?? column.Default;
        if (fact.Null == "not null" && !column.NotNull && !catalogue.Keeps($"{blueprint}.{fact.Table}", $"b.{column.Name} IS NOT NULL") && !catalogue.KeysOf(column.Relation, column.Name).Any(k => k.Target == "platform.platform_users")) Differs(fact, "null", "may be null");
        if (fact is { Null: "null", Default: "" } && column.NotNull && given is null) Differs(fact, "null", "must be given");
        if (fact.Default.Length > 0 && !Same(fact.Default, given)) Differs(fact, "default", $"{given ?? "none"}, should be {fact.Default}");
    }

    internal static bool Same(string documented, string? ours)
    {
        if (ours is null) return false;
        var plain = Cast().Replace(ours, string.Empty).Trim();
        if (List().Match(plain) is { Success: true } list) plain = "{" + list.Groups[1].Value.Replace("'", string.Empty, StringComparison.Ordinal).Replace(" ", string.Empty, StringComparison.Ordinal) + "}";
        if (plain is ['\'', .., '\'']) plain = plain[1..^1].Replace("''", "'", StringComparison.Ordinal);
        plain = plain.Replace("CURRENT_DATE", "today", StringComparison.Ordinal);
        if (plain == documented) return true;
        if (decimal.TryParse(plain, CultureInfo.InvariantCulture, out var a) && decimal.TryParse(documented, CultureInfo.InvariantCulture, out var b)) return a == b;
        if (TimeOnly.TryParse(plain, CultureInfo.InvariantCulture, out var s) && TimeOnly.TryParse(documented, CultureInfo.InvariantCulture, out var t)) return s == t;
        if (documented is ['{', '"', ..] && plain is ['{', '"', ..]) return JsonNode.DeepEquals(JsonNode.Parse(documented), JsonNode.Parse(plain));
        return documented == "now() + 7 days" && plain == "(now() + '7 days')";
    }

    private void HoldsKey(Fact fact, string relation, List<string> columns, string where)
    {
        var wanted = columns.ToHashSet();
        wanted.Remove("organization_id");
        foreach (var (key, predicate) in catalogue.UniqueKeysOf(relation))
        {
            key.Remove("organization_id");
            if (!wanted.Contains("workspace_id")) key.Remove("workspace_id");
            // "where the column is not null" takes nothing away from a unique key.
            if (key.SetEquals(wanted) && (predicate is null || where.Length > 0 || columns.Any(c => predicate == $"({c} IS NOT NULL)"))) return;
        }
        Differs(fact, "key", "is no unique key");
    }

    private void HoldsValues(Fact fact, string relation, string column)
    {
        var allowed = catalogue.ValuesOf(relation, column);
        if (allowed.Count == 0) Differs(fact, "values", "any word is taken");
        else if (fact.Values.Split(", ").Where(v => !allowed.Contains(v)).ToList() is { Count: > 0 } missing) Differs(fact, "values", $"refuses {string.Join(", ", missing)}");
    }

    private void HoldsReference(Fact fact, string relation, string column)
    {
        var targets = outside.TryGetValue(fact.References, out var known) ? [known] : catalogue.SourcesOf($"{blueprint}.{fact.References}").Select(s => s.BaseRelation).ToHashSet();
        if (targets.Count == 0)
        {
            Waiting.Add((fact.Table, fact.Column, fact.References));
            return;
        }
        // What the referenced table's own key refers to is the same thing: an account is its customer's.
        var id = catalogue.SourcesOf($"{blueprint}.{fact.References}").FirstOrDefault(s => s.ColumnName is "id" or "user_id")?.BaseColumn;
        if (id is not null and not "id") targets.UnionWith(targets.ToList().SelectMany(t => catalogue.KeysOf(t, id)).Select(k => k.Target));
        if (fact.References == "users" && Staff().IsMatch(fact.Column)) targets.Add("platform.platform_users");
        // A key to a part of the referenced row, by the column that refers to the whole, does as well: a variant is of its test.
        if (!catalogue.KeysOf(relation, column).Any(k => targets.Contains(k.Target) || catalogue.KeysOf(k.Target, k.TargetColumns[Array.IndexOf(k.Columns, column)]).Any(w => targets.Contains(w.Target)))) Differs(fact, "references", $"no key to {string.Join(" or ", targets.Order())}");
    }

    private void Differs(Fact fact, string aspect, string found) => Differs(fact.Table, fact.Column, aspect, found);

    private void Differs(string table, string column, string aspect, string found) => differences.Add(new(table, column, aspect, found));

    [GeneratedRegex(@"::[a-z_.]+( with(out)? time zone| varying)?(\(\d+(,\d+)?\))?(\[\])?")]
    private static partial Regex Cast();

    [GeneratedRegex(@"^ARRAY\[(.*)\]$")]
    private static partial Regex List();

    [GeneratedRegex("_by(_|$)|^(admin|actor|partner)_user")]
    private static partial Regex Staff();
}

using System.Text.RegularExpressions;
using Clientele.DataApi.Catalogue;
using Clientele.Platform.Data;
using Clientele.Platform.Web;

namespace Clientele.DataApi.Browse;

/// <summary>
/// GET /api/data/{schema}/{relation}: what a program needs to show and edit a table or view: columns with their types and
/// choices, rules by the names PostgreSQL's errors give them, keys in both directions, and what the caller may do.
/// </summary>
internal static partial class DescribeRelation
{
    /// <param name="Key">The columns that tell rows apart; empty: none do, and no row can be changed.</param>
    public sealed record Answer(
        string Schema, string Name, bool View, string? Comment, IReadOnlyList<string> Key, May May, IReadOnlyList<Field> Columns, IReadOnlyList<Rule> Rules,
        IReadOnlyList<Reference> References, IReadOnlyList<Referrer> Referrers);

    /// <param name="Type">As PostgreSQL writes it: numeric(14,2).</param>
    /// <param name="Base">The type below domains, by its short name: int4, timestamptz, _text.</param>
    /// <param name="Default">The expression a row gets that does not say; null: none.</param>
    /// <param name="Choices">The values a check or an enumeration allows; null: not limited to some.</param>
    public sealed record Field(
        string Name, string Type, string Base, bool Nullable, string? Default, string? Comment, int? MaxLength, IReadOnlyList<string>? Choices, bool Insert, bool Update);

    /// <param name="Kind">check, unique, key, foreign or exclusion.</param>
    public sealed record Rule(string Name, string Kind, IReadOnlyList<string> Columns, string Text);

    /// <summary>A key of this relation: its columns, and those of the other that they are equal to.</summary>
    /// <param name="Shows">Columns by which people know the other's rows, the best first; empty: only by their key.</param>
    public sealed record Reference(string Constraint, string Schema, string Relation, IReadOnlyList<string> Columns, IReadOnlyList<string> To, IReadOnlyList<string> Shows);

    /// <summary>A key of another relation to this one.</summary>
    /// <param name="OnDelete">What becomes of its rows when a row here is deleted: cascade, set null, or restrict (it is refused).</param>
    public sealed record Referrer(string Constraint, string Schema, string Relation, IReadOnlyList<string> Columns, IReadOnlyList<string> To, string OnDelete);

    // It is the transaction's, in every row a caller sees.
    private const string Tenant = "organization_id";

    private sealed record RuleRow(string Name, string Kind, string[] Columns, string Text, string? Checks);

    private sealed record RightRow(string Name, bool Insert, bool Update);

    public static async Task<Answer> Handle(string schema, string relation, Caller caller, Sights sights, Db db, CancellationToken ct)
    {
        var (found, may) = (await sights.Now(ct)).One(schema, relation, caller);
        var table = Sight.TableOf(found) ?? found;
        var rules = await Rules(found, table, db, ct);
        var rights = await Rights(found, table, may, db, ct);
        var choices = rules.Where(r => r is { Kind: "check", Columns.Length: 1, Checks: not null })
            .Select(r => (Column: r.Columns[0], Values: Choices(r.Checks!))).Where(r => r.Values.Count > 0)
            .GroupBy(r => r.Column).ToDictionary(g => g.Key, g => g.First().Values);
        return new Answer(found.Schema, found.Name, found.IsView, found.Comment, [.. found.PrimaryKey.Where(k => k != Tenant)], may,
            [.. found.Columns.Where(c => c.Visible).Select(c => Of(c, found, choices.GetValueOrDefault(c.Name), c.Name == Tenant ? null : rights.GetValueOrDefault(c.Name)))],
            [.. rules.Select(r => new Rule(r.Name, r.Kind, r.Columns, r.Text))],
            References(found, caller), await Referrers(found, table, caller, db, ct));
    }

    private static Field Of(Column column, Relation relation, List<string>? choices, RightRow? right)
    {
        // A view's column says less than the table's.
        var behind = relation.IsView && relation.Origins.TryGetValue(column.Name, out var origin) ? origin.Table.ByName.GetValueOrDefault(origin.Column) : null;
        var nullable = behind?.Nullable ?? column.Nullable;
        var given = column.DefaultText ?? behind?.DefaultText ?? (column.Default ?? behind?.Default)?.Sql;
        return new Field(column.Name, column.Type, column.BaseType, nullable, given, column.Comment ?? behind?.Comment, column.MaxLength ?? behind?.MaxLength,
            column.EnumValues.Count > 0 ? column.EnumValues : choices, right is { Insert: true } && !column.Generated && behind is not { Generated: true },
            right is { Update: true } && !column.Generated && behind is not { Generated: true });
    }

    // Of a view those of its table, in the view's own names: they are what refuses a write through it.
    private static async Task<List<RuleRow>> Rules(Relation relation, Relation table, Db db, CancellationToken ct)
    {
        var rows = await db.List<RuleRow>($"""
            select k.conname::text as name, case k.contype when 'c' then 'check' when 'u' then 'unique' when 'p' then 'key' when 'f' then 'foreign' else 'exclusion' end as kind,
                   coalesce((select array_agg(a.attname::text order by o.place) from unnest(k.conkey) with ordinality o (number, place)
                             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.number), array[]::text[]) as columns,
                   pg_get_constraintdef(k.oid) as text, case k.contype when 'c' then pg_get_expr(k.conbin, k.conrelid) end as checks
            from pg_constraint k
            where k.conrelid = {(long)table.Oid}::oid and k.contype in ('c', 'u', 'p', 'f', 'x')
            union all
            -- What an index alone keeps unique.
            select i.relname::text, 'unique', array(select a.attname::text from unnest(x.indkey::int2[]) with ordinality o (number, place)
                             join pg_attribute a on a.attrelid = x.indrelid and a.attnum = o.number order by o.place), pg_get_indexdef(x.indexrelid), null
            from pg_index x join pg_class i on i.oid = x.indexrelid
            where x.indrelid = {(long)table.Oid}::oid and x.indisunique and not exists (select from pg_constraint k where k.conindid = x.indexrelid)
            union all
            -- A domain's check: the message names it, not the column.
            select d.conname::text, 'check', array[a.attname::text], pg_get_constraintdef(d.oid), pg_get_expr(d.conbin, 0)
            from pg_attribute a join pg_constraint d on d.contypid = a.atttypid
            where a.attrelid = {(long)table.Oid}::oid and a.attnum > 0 and not a.attisdropped and d.contype = 'c'
            order by 1
            """, ct);
        if (ReferenceEquals(relation, table)) return [.. rows.Where(r => Tells(r, table, c => Visible(relation, c))).Select(r => r with { Columns = [.. r.Columns.Where(c => c != Tenant)] })];
        var names = relation.Origins.Where(o => ReferenceEquals(o.Value.Table, table)).GroupBy(o => o.Value.Column).ToDictionary(g => g.Key, g => g.First().Key);
        return [.. rows.Where(r => Tells(r, table, c => names.TryGetValue(c, out var shown) && Visible(relation, shown)))
            .Select(r => r with { Columns = [.. r.Columns.Select(c => names.GetValueOrDefault(c)).OfType<string>()] })];
    }

    // A rule speaks of its columns, an index's predicate of more: where one of them does not exist here, neither does the rule.
    private static bool Tells(RuleRow rule, Relation table, Func<string, bool> shown) =>
        !table.ByName.Keys.Any(c => c != Tenant && !shown(c) && (rule.Columns.Contains(c) || Regex.IsMatch(rule.Text, $@"\b{Regex.Escape(c)}\b")));

    private static bool Visible(Relation relation, string column) => relation.ByName.TryGetValue(column, out var found) && found.Visible;

    private static async Task<Dictionary<string, RightRow>> Rights(Relation relation, Relation table, May may, Db db, CancellationToken ct)
    {
        if (!may.Write) return [];
        var rows = await db.List<RightRow>($"""
            select a.attname::text as name, has_column_privilege(a.attrelid, a.attnum, 'insert') as insert,
                   has_column_privilege(a.attrelid, a.attnum, 'update') and pg_column_is_updatable(a.attrelid::regclass, a.attnum, true) as update
            from pg_attribute a where a.attrelid = {(long)relation.Oid}::oid and a.attnum > 0 and not a.attisdropped
            """, ct);
        var own = rows.ToDictionary(r => r.Name);
        if (ReferenceEquals(relation, table)) return Limited(own, may);
        var behind = (await db.List<RightRow>($"""
            select a.attname::text as name, has_column_privilege(a.attrelid, a.attnum, 'insert') as insert, has_column_privilege(a.attrelid, a.attnum, 'update') as update
            from pg_attribute a where a.attrelid = {(long)table.Oid}::oid and a.attnum > 0 and not a.attisdropped
            """, ct)).ToDictionary(r => r.Name);
        var both = own.Values.Select(r => relation.Origins.TryGetValue(r.Name, out var origin) && ReferenceEquals(origin.Table, table) && behind.TryGetValue(origin.Column, out var b)
            ? new RightRow(r.Name, r.Update && b.Insert, r.Update && b.Update)
            // What a trigger writes is its own affair; what is worked out is nobody's.
            : new RightRow(r.Name, r.Update && r.Insert, r.Update)).ToDictionary(r => r.Name);
        return Limited(both, may);
    }

    private static Dictionary<string, RightRow> Limited(Dictionary<string, RightRow> rights, May may) =>
        rights.Values.ToDictionary(r => r.Name, r => r with { Insert = r.Insert && may.Insert, Update = r.Update && may.Update });

    /// <summary>The values of <c>column = any (array['a', 'b'])</c> and of <c>column = any ('{a,b}')</c>; none when the check says anything else.</summary>
    internal static List<string> Choices(string check)
    {
        if (Plain().Match(check) is { Success: true } plain) return [.. plain.Groups[1].Value.Split(',')];
        if (!Only().IsMatch(check)) return [];
        return [.. Literal().Matches(check).Select(m => m.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal))];
    }

    [GeneratedRegex(@"^\(*(""[^""]+""|\w+)\)?(::[a-z ]+)?\)* = ANY \(+ARRAY\[('([^']|'')*'::[a-z ]+(\([0-9]+\))?\)?(::[a-z ]+)?(, )?\(?)+\]\)?(::[a-z ]+\[\])?\)+$")]
    private static partial Regex Only();

    [GeneratedRegex(@"^\(*(?:""[^""]+""|\w+)\)?(?:::[a-z ]+)?\)* = ANY \('\{([A-Za-z0-9_,]+)\}'::[a-z ]+\[\]\)+$")]
    private static partial Regex Plain();

    [GeneratedRegex("'((?:[^']|'')*)'::")]
    private static partial Regex Literal();

    private static List<Reference> References(Relation relation, Caller caller)
    {
        var found = new List<Reference>();
        foreach (var by in relation.Relationships.Concat(relation.Elsewhere).Where(r => r is { Junction: null, Computed: null } && (r.Cardinality == Cardinality.ManyToOne || r.Holds)))
        {
            var pairs = by.Columns.Where(c => c.From != Tenant).ToList();
            if (pairs.Count == 0 || !pairs.TrueForAll(p => Visible(relation, p.From) && Visible(by.To, p.To)) || !Sight.Sees(by.To, caller)) continue;
            // Of the views that show the same table, the one that shows its own key.
            if (by.To.IsView && !pairs.TrueForAll(p => by.To.PrimaryKey.Contains(p.To))) continue;
            if (found.Exists(f => f.Columns.SequenceEqual(pairs.Select(p => p.From)) && (f.Constraint == by.Constraint || f.Relation == by.To.Name))) continue;
            found.Add(new Reference(by.Constraint, by.To.Schema, by.To.Name, [.. pairs.Select(p => p.From)], [.. pairs.Select(p => p.To)], Shows(by.To)));
        }
        return found;
    }

    private sealed record Ending(string Name, string OnDelete);

    private static async Task<List<Referrer>> Referrers(Relation relation, Relation table, Caller caller, Db db, CancellationToken ct)
    {
        var endings = (await db.List<Ending>($"""
            select k.conname::text as name, case k.confdeltype when 'c' then 'cascade' when 'n' then 'set null' when 'd' then 'set default' else 'restrict' end as on_delete
            from pg_constraint k where k.confrelid = {(long)table.Oid}::oid and k.contype = 'f' and k.conparentid = 0
            """, ct)).GroupBy(e => e.Name).ToDictionary(g => g.Key, g => g.First().OnDelete);
        var found = new List<Referrer>();
        foreach (var by in relation.Relationships.Concat(relation.Elsewhere).Where(r => r is { Junction: null, Computed: null } && (r.Cardinality == Cardinality.OneToMany || (r.Cardinality == Cardinality.OneToOne && !r.Holds))))
        {
            var pairs = by.Columns.Where(c => c.From != Tenant).ToList();
            if (pairs.Count == 0 || !pairs.TrueForAll(p => Visible(relation, p.From) && Visible(by.To, p.To)) || !Sight.Sees(by.To, caller)) continue;
            if (found.Exists(f => f.Schema == by.To.Schema && f.Relation == by.To.Name && f.Columns.SequenceEqual(pairs.Select(p => p.To)))) continue;
            found.Add(new Referrer(by.Constraint, by.To.Schema, by.To.Name, [.. pairs.Select(p => p.To)], [.. pairs.Select(p => p.From)], endings.GetValueOrDefault(by.Constraint, "restrict")));
        }
        return [.. found.OrderBy(f => f.Schema, StringComparer.Ordinal).ThenBy(f => f.Relation, StringComparer.Ordinal)];
    }

    private static readonly string[] telling = ["name", "full_name", "display_name", "title", "label", "subject", "email", "slug", "code", "sku"];

    private static List<string> Shows(Relation relation)
    {
        static bool Text(Column c) => c.Visible && c.BaseType is "text" or "varchar" or "bpchar" or "citext" or "name";
        var texts = relation.Columns.Where(c => Text(c)).Select(c => c.Name).ToList();
        var known = telling.Where(texts.Contains)
            .Concat(texts.Where(c => c.EndsWith("_name", StringComparison.Ordinal) || c.EndsWith("_title", StringComparison.Ordinal) || c.EndsWith("_number", StringComparison.Ordinal) || c.EndsWith("_key", StringComparison.Ordinal)))
            .Concat(texts.Where(c => c.EndsWith("_id", StringComparison.Ordinal)));
        return [.. known.Distinct().Take(3)];
    }
}

using System.Text.RegularExpressions;
using Clientele.Platform.Data;

namespace Clientele.Blueprints.Tests;

/// <summary>What PostgreSQL's catalogue says of all relations, read once.</summary>
internal sealed partial class Catalogue
{
    public sealed record Column(string Relation, string Kind, string Name, string Type, bool NotNull, string? Default, bool Generated, string? DomainCheck);

    public sealed record Check(string Relation, string[] Columns, string Definition);

    public sealed record Unique(string Relation, string[] Keys, string? Predicate);

    public sealed record ForeignKey(string Relation, string[] Columns, string Target, string[] TargetColumns);

    /// <summary>Where a column of a blueprint's view comes from.</summary>
    public sealed record Source(string View, string ColumnName, string BaseRelation, string? BaseColumn);

    private sealed record Definition(string View, string Text);

    private readonly Dictionary<string, List<Column>> columns;
    private readonly ILookup<string, Check> checks;
    private readonly ILookup<string, Unique> uniques;
    private readonly ILookup<string, ForeignKey> keys;
    private readonly ILookup<string, Source> sources;
    private readonly Dictionary<string, string[]> listed = [];
    private Dictionary<string, string> definitions = [];

    private Catalogue(List<Column> columns, List<Check> checks, List<Unique> uniques, List<ForeignKey> keys, List<Source> sources)
    {
        this.columns = columns.GroupBy(c => c.Relation).ToDictionary(g => g.Key, g => g.ToList());
        this.checks = checks.ToLookup(c => c.Relation);
        this.uniques = uniques.ToLookup(u => u.Relation);
        this.keys = keys.ToLookup(k => k.Relation);
        this.sources = sources.ToLookup(s => s.View);
    }

    public bool Exists(string relation) => columns.ContainsKey(relation);

    public bool IsTable(string relation) => columns.TryGetValue(relation, out var of) && of[0].Kind is "r" or "p";

    public Column? Find(string relation, string column) => columns.GetValueOrDefault(relation)?.Find(c => c.Name == column);

    /// <summary>Is this a condition of the view's own?</summary>
    public bool Keeps(string view, string condition) => definitions.TryGetValue(view, out var definition) && definition.LastIndexOf("\n  WHERE ", StringComparison.Ordinal) is >= 0 and var where && definition[where..].Contains(condition, StringComparison.Ordinal);

    public IEnumerable<Source> SourcesOf(string view) => sources[view];

    public IEnumerable<Check> ChecksOf(string relation) => checks[relation];

    public IEnumerable<ForeignKey> KeysOf(string relation, string column) => keys[relation].Where(k => k.Columns.Contains(column));

    /// <summary>The unique keys of a table as its columns, with the expressions they stand in taken away: lower(email) is email.</summary>
    public IEnumerable<(HashSet<string> Columns, string? Predicate)> UniqueKeysOf(string relation) =>
        uniques[relation].Select(u => (u.Keys.Select(k => Word().Matches(k).Select(m => m.Value).Where(w => Find(relation, w) is not null).Distinct().ToList() is [var one] ? one : k).ToHashSet(), u.Predicate));

    /// <summary>The words a column may hold, by the checks over it alone, its domain, or the table of words it refers to.</summary>
    public HashSet<string> ValuesOf(string relation, string column)
    {
        var lists = checks[relation].Where(c => c.Columns is [var only] && only == column).Select(c => c.Definition).Append(Find(relation, column)?.DomainCheck ?? string.Empty).Where(d => List().IsMatch(d));
        var values = lists.SelectMany(d => Literal().Matches(d).Select(m => m.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal)))
            .SelectMany(v => v is ['{', .., '}'] ? v[1..^1].Split(',').Select(w => w.Trim('"')) : [v]).ToHashSet();
        foreach (var key in KeysOf(relation, column)) values.UnionWith(listed.GetValueOrDefault(key.Target + "." + key.TargetColumns[Array.IndexOf(key.Columns, column)], []));
        return values;
    }

    public static async Task<Catalogue> Read(Db db, CancellationToken ct)
    {
        var catalogue = new Catalogue(
            await db.List<Column>($"""
                select format('%s.%s', n.nspname, c.relname) as relation, c.relkind::text as kind, a.attname::text as name,
                       format_type(coalesce(nullif(e.typbasetype, 0), e.oid, nullif(t.typbasetype, 0), t.oid), null) || case when t.typelem <> 0 and t.typcategory = 'A' then '[]' else '' end as type,
                       a.attnotnull as not_null, pg_get_expr(d.adbin, d.adrelid) as default, a.attgenerated <> '' as generated,
                       (select string_agg(pg_get_constraintdef(k.oid), ' ') from pg_constraint k where k.contypid in (t.oid, e.oid)) as domain_check
                from pg_class c
                join pg_namespace n on n.oid = c.relnamespace
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                join pg_type t on t.oid = a.atttypid
                left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
                left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
                where c.relkind in ('r', 'p', 'v') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'
                """, ct),
            await db.List<Check>($"""
                select format('%s.%s', n.nspname, c.relname) as relation, pg_get_constraintdef(k.oid) as definition,
                       array(select a.attname::text from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any(k.conkey)) as columns
                from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
                where k.contype = 'c'
                """, ct),
            await db.List<Unique>($"""
                select format('%s.%s', n.nspname, c.relname) as relation, pg_get_expr(i.indpred, i.indrelid) as predicate,
                       -- A table in partitions by time has the time in every key.
                       array(select pg_get_indexdef(i.indexrelid, k, true) from generate_series(1, i.indnkeyatts) as k
                             where not exists (select from pg_partitioned_table p where p.partrelid = c.oid and i.indkey[k - 1] = any(p.partattrs))) as keys
                from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
                where i.indisunique and c.relkind in ('r', 'p') and not c.relispartition
                """, ct),
            await db.List<ForeignKey>($"""
                select format('%s.%s', n.nspname, c.relname) as relation, format('%s.%s', m.nspname, p.relname) as target,
                       array(select a.attname::text from unnest(k.conkey) with ordinality as x (n, o) join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.n order by x.o) as columns,
                       array(select a.attname::text from unnest(k.confkey) with ordinality as x (n, o) join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.n order by x.o) as target_columns
                from pg_constraint k
                join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
                join pg_class p on p.oid = k.confrelid join pg_namespace m on m.oid = p.relnamespace
                where k.contype = 'f'
                """, ct),
            await db.List<Source>($"select c.blueprint || '.' || c.relation as view, c.column_name, c.base_relation, c.base_column from platform.blueprint_columns c", ct));

        catalogue.definitions = (await db.List<Definition>($"select distinct c.blueprint || '.' || c.relation as view, pg_get_viewdef(to_regclass(c.blueprint || '.' || c.relation)) as text from platform.blueprint_columns c", ct))
            .ToDictionary(d => d.View, d => d.Text);
        // A table of words, the same for all organizations, limits a column as a check does.
        foreach (var key in catalogue.keys.SelectMany(k => k).Where(k => k.TargetColumns is [var word] && catalogue.Find(k.Target, word)?.Type == "text").DistinctBy(k => k.Target))
        {
            var name = key.Target.Split('.');
            catalogue.listed[key.Target + "." + key.TargetColumns[0]] =
                [.. await db.List<string>($"select w.{Sql.Identifier(key.TargetColumns[0])} from {Sql.Identifier(name[0])}.{Sql.Identifier(name[1])} w", ct)];
        }
        return catalogue;
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    // "= any", "<@", "= 'one'": a list of words, and no pattern.
    [GeneratedRegex("= ANY|<@|= '")]
    private static partial Regex List();

    [GeneratedRegex("'((?:[^']|'')*)'")]
    private static partial Regex Literal();
}

using Npgsql;

namespace Clientele.DataApi.Catalogue;

/// <summary>Puts a catalogue together from the rows of <see cref="CatalogueLoader"/>, then works out keys of views and relationships.</summary>
internal sealed class CatalogueBuilder(Exposure exposure, IReadOnlyDictionary<uint, ViewRule> before)
{
    private sealed record TypeRow(uint Oid, string Schema, string Name, char Kind, uint Base, uint Element, char Category, uint Relation, string? Default, string Shown);

    private sealed record Key(uint Relation, string Name, char Kind, int[] Columns, uint To, int[] ToColumns);

    private readonly Dictionary<uint, TypeRow> types = [];
    private readonly Dictionary<uint, List<string>> enums = [];
    private readonly Dictionary<uint, Representation> representations = [];
    private readonly Dictionary<uint, Relation> relations = [];
    private readonly Dictionary<(uint, int), Column> columns = [];
    private readonly List<Key> keys = [];
    private readonly Dictionary<uint, ViewRule> rules = [];
    private readonly Dictionary<uint, (ViewRows Rows, string? Query)> viewRows = [];
    private readonly List<Policy> policies = [];
    private readonly Dictionary<(string, string), List<Routine>> routines = [];
    private readonly List<Handler> handlers = [];
    private readonly Dictionary<string, string?> comments = [];
    private readonly Dictionary<uint, List<string>> composites = [];
    private bool postGis, readsRequest, writesResponse;

    private static string? Text(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? null : row.GetString(at);

    private static char Letter(NpgsqlDataReader row, int at) => row.GetFieldValue<char>(at);

    public void Type(NpgsqlDataReader row)
    {
        var type = new TypeRow(row.GetFieldValue<uint>(0), row.GetString(1), row.GetString(2), Letter(row, 3), row.GetFieldValue<uint>(4), row.GetFieldValue<uint>(5), Letter(row, 6),
            row.GetFieldValue<uint>(7), Text(row, 8), row.GetString(9));
        types[type.Oid] = type;
    }

    public void Enum(NpgsqlDataReader row)
    {
        if (!enums.TryGetValue(row.GetFieldValue<uint>(0), out var labels)) enums[row.GetFieldValue<uint>(0)] = labels = [];
        labels.Add(row.GetString(1));
    }

    public void Cast(NpgsqlDataReader row)
    {
        var (source, target) = (row.GetFieldValue<uint>(0), row.GetFieldValue<uint>(1));
        var function = Identifier.Of(row.GetString(2), row.GetString(3));
        var domain = types.TryGetValue(source, out var s) && s.Kind == 'd' ? source : target;
        var known = representations.GetValueOrDefault(domain) ?? new Representation(null, null, null);
        representations[domain] = domain == source ? known with { ToJson = function }
            : types[source].Name == "json" ? known with { FromJson = function } : known with { FromText = function };
    }

    public void Relation(NpgsqlDataReader row)
    {
        var events = row.GetInt32(6);
        var relation = new Relation
        {
            Oid = row.GetFieldValue<uint>(0),
            Schema = row.GetString(1),
            Name = row.GetString(2),
            Sql = Identifier.Of(row.GetString(1), row.GetString(2)),
            Kind = Letter(row, 3),
            IsPartition = row.GetBoolean(4),
            Comment = Text(row, 5),
            Insertable = (events & 8) != 0,
            Updatable = (events & 4) != 0,
            Deletable = (events & 16) != 0,
            RowSecurity = row.GetBoolean(7),
            AsInvoker = row.GetBoolean(8),
            Triggered = row.GetBoolean(9),
            Granted = (row.GetBoolean(10), row.GetBoolean(11), row.GetBoolean(12), row.GetBoolean(13)),
        };
        relations[relation.Oid] = relation;
    }

    public void Column(NpgsqlDataReader row)
    {
        if (!relations.TryGetValue(row.GetFieldValue<uint>(0), out var relation))
        {
            // A composite type, which a function may return.
            if (!composites.TryGetValue(row.GetFieldValue<uint>(0), out var attributes)) composites[row.GetFieldValue<uint>(0)] = attributes = [];
            attributes.Add(row.GetString(2));
            return;
        }
        var type = types.GetValueOrDefault(row.GetFieldValue<uint>(3));
        var sequence = Text(row, 10);
        var generated = Letter(row, 7) == 's' || Letter(row, 8) == 'a';
        var given = sequence is not null ? "nextval('" + sequence.Replace("'", "''", StringComparison.Ordinal) + "'::regclass)" : Text(row, 6) ?? type?.Default;
        var column = new Column(row.GetString(2), Identifier.Of(row.GetString(2)), row.GetString(4), SqlOf(row.GetFieldValue<uint>(3), row.GetString(4)), BaseOf(type))
        {
            Nullable = !row.GetBoolean(5),
            Default = given is null || Letter(row, 7) == 's' ? null : Identifier.Expression(given),
            DefaultText = Text(row, 6),
            Generated = generated,
            Comment = Text(row, 9),
            Visible = row.GetBoolean(11),
            MaxLength = row.IsDBNull(12) ? null : row.GetInt32(12),
            EnumValues = type is null ? [] : enums.GetValueOrDefault(type.Oid) ?? [],
            Representation = type is null ? null : representations.GetValueOrDefault(type.Oid),
        };
        columns[(relation.Oid, row.GetInt32(1))] = column;
        relation.Columns.Add(column);
        relation.ByName[column.Name] = column;
    }

    // A type with its length, as PostgreSQL writes it; or by its own name, where writing it would mean another (char is char(1)).
    private Identifier SqlOf(uint oid, string? shown) =>
        shown is not null && shown.EndsWith(')') ? Identifier.Expression(shown)
        : types.TryGetValue(oid, out var type) ? Identifier.Of(type.Schema, type.Name)
        : Identifier.Expression(shown ?? "text");

    private string BaseOf(TypeRow? type)
    {
        while (type is { Kind: 'd' } && types.TryGetValue(type.Base, out var below)) type = below;
        return type?.Name ?? string.Empty;
    }

    public void Constraint(NpgsqlDataReader row) => keys.Add(new Key(row.GetFieldValue<uint>(0), row.GetString(1), Letter(row, 2),
        row.GetFieldValue<int[]>(3), row.IsDBNull(4) ? 0 : row.GetFieldValue<uint>(4), row.IsDBNull(5) ? [] : row.GetFieldValue<int[]>(5)));

    public void Policy(NpgsqlDataReader row) => policies.Add(new Policy(row.GetFieldValue<uint>(0), Letter(row, 1), row.GetBoolean(2), Text(row, 3), Text(row, 4)));

    public void View(NpgsqlDataReader row)
    {
        var view = row.GetFieldValue<uint>(0);
        var rule = rules[view] = Text(row, 2) is { } tree ? ViewRule.Read(row.GetFieldValue<uint>(1), tree) : before[view];
        if (exposure.Role is not null) viewRows[view] = (rule.Rows, Text(row, 3));
    }

    public void Routine(NpgsqlDataReader row)
    {
        var names = row.IsDBNull(6) ? [] : row.GetFieldValue<string[]>(6);
        var modes = row.IsDBNull(7) ? null : row.GetFieldValue<string[]>(7);
        var all = row.GetFieldValue<uint[]>(8);
        var (count, defaults, variadic) = (row.GetInt32(9), row.GetInt32(10), row.GetBoolean(11));
        var parameters = new List<Parameter>();
        var outs = new List<string>();
        var takesRow = 0u;
        for (var i = 0; i < all.Length; i++)
        {
            var mode = modes?[i] ?? "i";
            var name = i < names.Length ? names[i] : string.Empty;
            if (mode is "o" or "b" or "t") outs.Add(name);
            if (mode is "o" or "t") continue;
            var type = types.GetValueOrDefault(all[i]);
            if (parameters.Count == 0 && type is { Relation: > 0 }) takesRow = type.Relation;
            parameters.Add(new Parameter(name, type?.Shown ?? "unknown", SqlOf(all[i], null), parameters.Count < count - defaults && mode != "v", mode == "v"));
        }
        var returns = types.GetValueOrDefault(row.GetFieldValue<uint>(5));
        var row0 = returns;
        while (row0 is { Kind: 'd' } && types.TryGetValue(row0.Base, out var below)) row0 = below;
        var composite = row0 is { Kind: 'c' };
        var record = returns?.Name == "record" && outs.Count == 0;
        var routine = new Routine
        {
            Oid = row.GetFieldValue<uint>(0),
            Schema = row.GetString(1),
            Name = row.GetString(2),
            Sql = Identifier.Of(row.GetString(1), row.GetString(2)),
            Volatility = Letter(row, 3),
            ReturnsSet = row.GetBoolean(4),
            ReturnsVoid = returns?.Name == "void",
            ReturnsRow = composite || outs.Count > 0,
            ReturnsRecord = record,
            ReturnType = returns?.Name ?? string.Empty,
            ReturnRelation = row0 is { Relation: > 0 } && relations.ContainsKey(row0.Relation) ? row0.Relation : 0,
            OneRow = !row.GetBoolean(4) || row.GetFloat(12) == 1,
            Parameters = [.. parameters],
            Unnamed = parameters is [{ Name: "" }],
            RowOf = parameters.Count == 1 || (parameters.Count > 1 && !parameters.Skip(1).Any(p => p.Required)) ? takesRow : 0,
            OutColumns = outs.Count > 0 ? [.. outs] : row0 is { Relation: > 0 } && composites.TryGetValue(row0.Relation, out var attributes) ? [.. attributes] : [],
            ReturnTypeSql = composite && returns is not null && !relations.ContainsKey(row0!.Relation) ? Identifier.Of(returns.Schema, returns.Name) : null,
            Comment = Text(row, 14),
            Isolation = Setting(row, "default_transaction_isolation"),
            Timeout = Setting(row, "statement_timeout"),
        };
        if (!row.GetBoolean(15)) return;
        var offered = exposure.OfferedMark is not { } mark || (routine.Comment?.Split('\n').Any(l => l.Trim() == mark) ?? false);
        if (routine.RowOf > 0)
        {
            if (offered && relations.TryGetValue(routine.RowOf, out var of)) of.Computed.TryAdd(routine.Name, routine);
            if (routine.Unnamed) return;
        }
        if (!offered || !exposure.Schemas.Contains(routine.Schema)) return;
        // What has no names cannot be called by name, but for the one argument that takes the whole body.
        var whole = routine.Unnamed && routine.Parameters[0].Type is "json" or "jsonb" or "text" or "bytea" or "xml";
        if (!whole && routine.Parameters.Any(p => p.Name.Length == 0)) return;
        if (!routines.TryGetValue((routine.Schema, routine.Name), out var list)) routines[(routine.Schema, routine.Name)] = list = [];
        list.Add(routine);
    }

    private static string? Setting(NpgsqlDataReader row, string name) => row.IsDBNull(13) ? null
        : row.GetFieldValue<string[]>(13).Where(s => s.StartsWith(name + "=", StringComparison.Ordinal)).Select(s => s[(name.Length + 1)..]).FirstOrDefault();

    public void Handler(NpgsqlDataReader row)
    {
        var argument = types.GetValueOrDefault(row.GetFieldValue<uint>(2));
        handlers.Add(new Handler(row.GetString(3), argument?.Relation ?? 0, Identifier.Of(row.GetString(0), row.GetString(1))));
    }

    public void Schema(NpgsqlDataReader row) => comments[row.GetString(0)] = Text(row, 1);

    public void Extension(NpgsqlDataReader row) => (postGis, readsRequest, writesResponse) = (row.GetBoolean(0), row.GetBoolean(1), row.GetBoolean(2));

    public Catalogue Build()
    {
        var sources = Sources();
        PrimaryKeys(sources);
        Relationships(sources);
        Computed();
        Junctions();
        if (exposure.Role is not null) new ReachOf(relations, viewRows, policies).Tell();
        var exposed = exposure.Schemas.ToHashSet(StringComparer.Ordinal);
        return new Catalogue
        {
            Schemas = exposure.Schemas,
            Relations = relations,
            ByName = relations.Values.Where(r => exposed.Contains(r.Schema) && (exposure.Role is null || r.Columns.Exists(c => c.Visible)))
                .ToDictionary(r => (r.Schema, r.Name)),
            Routines = routines,
            Handlers = handlers,
            Types = CastTypes(),
            SchemaComments = comments,
            MediaTypes = [.. types.Values.Where(t => t.Kind == 'd' && t.Name.Contains('/', StringComparison.Ordinal)).Select(t => t.Name)],
            HasPostGis = postGis,
            ReadsRequest = readsRequest,
            WritesResponse = writesResponse,
            Rules = rules,
        };
    }

    // Of a table and each of its columns: the views that show it, and as what.
    private Dictionary<(uint Relation, int Attribute), List<(Relation View, string Column)>> Sources()
    {
        var sources = new Dictionary<(uint, int), List<(Relation, string)>>();
        foreach (var (view, rule) in rules)
        {
            foreach (var origin in rule.Origins)
            {
                if (!columns.TryGetValue((view, origin.Place), out var column)) continue;
                var (relation, attribute) = (origin.Relation, origin.Attribute);
                // Through views of views; one that reads itself ends nowhere.
                for (var depth = 0; depth < 16 && rules.TryGetValue(relation, out var next); depth++)
                {
                    var at = next.Origins.FindIndex(o => o.Place == attribute);
                    if (at < 0) break;
                    (relation, attribute) = (next.Origins[at].Relation, next.Origins[at].Attribute);
                }
                if (columns.TryGetValue((relation, attribute), out var origin0)) relations[view].Origins[column.Name] = (relations[relation], origin0.Name);
                if (!sources.TryGetValue((relation, attribute), out var found)) sources[(relation, attribute)] = found = [];
                found.Add((relations[view], column.Name));
            }
        }
        return sources;
    }

    private void PrimaryKeys(Dictionary<(uint Relation, int Attribute), List<(Relation View, string Column)>> sources)
    {
        foreach (var key in keys.Where(k => k.Kind == 'p'))
        {
            if (!relations.TryGetValue(key.Relation, out var table)) continue;
            table.PrimaryKey = [.. key.Columns.Select(c => columns[(key.Relation, c)].Name)];
            foreach (var view in key.Columns.SelectMany(c => sources.GetValueOrDefault((key.Relation, c)) ?? []).Select(s => s.View).Distinct())
            {
                var shown = key.Columns.Select(c => (Column: c, As: sources.GetValueOrDefault((key.Relation, c))?.Find(s => s.View == view).Column)).ToList();
                if (shown.All(s => s.As is not null || columns[(key.Relation, s.Column)].Name == exposure.TenantColumn))
                    view.PrimaryKey.AddRange(shown.Where(s => s.As is not null && !view.PrimaryKey.Contains(s.As)).Select(s => s.As!));
            }
        }
    }

    private void Relationships(Dictionary<(uint Relation, int Attribute), List<(Relation View, string Column)>> sources)
    {
        var unique = keys.Where(k => k.Kind is 'p' or 'u').Select(k => (k.Relation, string.Join(',', k.Columns.Order()))).ToHashSet();
        var exposed = exposure.Schemas.ToHashSet(StringComparer.Ordinal);
        foreach (var key in keys.Where(k => k.Kind == 'f'))
        {
            if (!relations.ContainsKey(key.Relation) || !relations.ContainsKey(key.To)) continue;
            var oneToOne = unique.Contains((key.Relation, string.Join(',', key.Columns.Order())));
            foreach (var (from, fromColumns) in Faces(key.Relation, key.Columns, sources, exposed))
            {
                foreach (var (to, toColumns) in Faces(key.To, key.ToColumns, sources, exposed))
                {
                    if (from.Schema != to.Schema && (from.IsView || to.IsView)) continue;
                    var pairs = fromColumns.Zip(toColumns, (f, t) => (From: f, To: t)).ToList();
                    // Where a view hides the tenant, row-level security sees to it that both ends are the same one's.
                    if (pairs.Exists(p => (p.From is null) != (p.To is null)) && pairs.Exists(p => (p.From ?? p.To) != exposure.TenantColumn && (p.From is null || p.To is null))) continue;
                    var known = pairs.Where(p => p.From is not null && p.To is not null).Select(p => (p.From!, p.To!)).ToArray();
                    if (known.Length == 0) continue;
                    var together = from.Schema == to.Schema;
                    (together ? from.Relationships : from.Elsewhere).Add(new Relationship(from, to, oneToOne ? Cardinality.OneToOne : Cardinality.ManyToOne, key.Name) { Columns = known, Holds = true });
                    (together ? to.Relationships : to.Elsewhere).Add(new Relationship(to, from, oneToOne ? Cardinality.OneToOne : Cardinality.OneToMany, key.Name) { Columns = [.. known.Select(p => (p.Item2, p.Item1))] });
                }
            }
        }
    }

    // The table itself, and every view that shows all these columns, once for each way it shows them.
    private IEnumerable<(Relation, string?[])> Faces(uint relation, int[] attributes,
        Dictionary<(uint Relation, int Attribute), List<(Relation View, string Column)>> sources, HashSet<string> exposed)
    {
        var table = relations[relation];
        if (exposed.Contains(table.Schema)) yield return (table, [.. attributes.Select(a => columns[(relation, a)].Name)]);
        foreach (var view in attributes.SelectMany(a => sources.GetValueOrDefault((relation, a)) ?? []).Select(s => s.View).Distinct())
        {
            if (!exposed.Contains(view.Schema)) continue;
            var choices = attributes.Select(a => (sources.GetValueOrDefault((relation, a)) ?? []).Where(s => s.View == view).Select(s => (string?)s.Column).ToList()).ToList();
            for (var i = 0; i < choices.Count; i++)
                if (choices[i].Count == 0 && columns[(relation, attributes[i])].Name == exposure.TenantColumn) choices[i].Add(null);
            if (choices.Exists(c => c.Count == 0)) continue;
            IEnumerable<List<string?>> ways = [[]];
            foreach (var choice in choices) ways = ways.SelectMany(w => choice.Select(c => new List<string?>(w) { c }));
            foreach (var way in ways.Take(16)) yield return (view, [.. way]);
        }
    }

    // A function of one row that returns rows of a relation stands for a key, and hides one of the same name.
    private void Computed()
    {
        foreach (var relation in relations.Values)
        {
            foreach (var routine in relation.Computed.Values.ToList())
            {
                if (routine.ReturnRelation == 0 || !relations.TryGetValue(routine.ReturnRelation, out var to)) continue;
                relation.Computed.Remove(routine.Name);
                relation.Relationships.Add(new Relationship(relation, to, routine.OneRow ? Cardinality.ManyToOne : Cardinality.OneToMany, routine.Name) { Computed = routine });
            }
        }
    }

    // Two keys of one relation that are both within its primary key make it a junction.
    private void Junctions()
    {
        foreach (var junction in relations.Values)
        {
            if (junction.PrimaryKey.Count == 0) continue;
            var ends = junction.Relationships.Where(r => r is { Computed: null, Junction: null } && (r.Cardinality == Cardinality.ManyToOne || r.Holds)
                && r.Columns.All(c => junction.PrimaryKey.Contains(c.From))).ToList();
            foreach (var a in ends)
            {
                foreach (var b in ends)
                {
                    if (ReferenceEquals(a, b) || a.Constraint == b.Constraint || a.To.Schema != b.To.Schema) continue;
                    a.To.Relationships.Add(new Relationship(a.To, b.To, Cardinality.ManyToMany, junction.Name)
                    {
                        Junction = new Junction(junction, a.Constraint, b.Constraint,
                            [.. a.Columns.Select(c => (c.To, c.From))], [.. b.Columns.Select(c => (c.To, c.From))]),
                    });
                }
            }
        }
    }

    private static readonly Dictionary<string, string> aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["int"] = "int4", ["integer"] = "int4", ["bigint"] = "int8", ["smallint"] = "int2", ["real"] = "float4", ["float"] = "float8", ["double precision"] = "float8",
        ["decimal"] = "numeric", ["boolean"] = "bool", ["character varying"] = "varchar", ["character"] = "bpchar", ["char"] = "bpchar", ["string"] = "text",
        ["timestamp with time zone"] = "timestamptz", ["timestamp without time zone"] = "timestamp", ["time with time zone"] = "timetz", ["time without time zone"] = "time",
        ["bit varying"] = "varbit",
    };

    private Dictionary<string, Identifier> CastTypes()
    {
        var found = new Dictionary<string, Identifier>(StringComparer.Ordinal);
        // The first schema of the path wins, PostgreSQL's own before all.
        string[] path = ["pg_catalog", .. exposure.Schemas, .. exposure.ExtraSearchPath, "public"];
        foreach (var schema in path)
        {
            foreach (var type in types.Values)
            {
                if (type.Schema != schema || type.Kind == 'p') continue;
                found.TryAdd(type.Name, Identifier.Of(type.Schema, type.Name));
                if (schema != "pg_catalog") found.TryAdd(schema + "." + type.Name, Identifier.Of(type.Schema, type.Name));
                if (type.Element > 0 && types.TryGetValue(type.Element, out var element) && type.Name.StartsWith('_')) found.TryAdd(element.Name + "[]", Identifier.Of(type.Schema, type.Name));
            }
        }
        foreach (var (alias, name) in aliases)
        {
            found[alias] = found[name];
            if (found.TryGetValue(name + "[]", out var array)) found[alias + "[]"] = array;
        }
        return found;
    }
}

namespace Clientele.DataApi.Catalogue;

/// <summary>A name of the database, quoted: the only way by which a name becomes SQL text. Made by the catalogue alone.</summary>
internal readonly record struct Identifier
{
    private Identifier(string sql) => Sql = sql;

    public string Sql { get; }

    internal static Identifier Of(string name) => new('"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"');

    internal static Identifier Of(string schema, string name) => new(Of(schema).Sql + "." + Of(name).Sql);

    /// <summary>An expression of the database's own making, such as a column's default.</summary>
    internal static Identifier Expression(string sql) => new(sql);
}

/// <summary>How values of a domain travel as JSON or text, when casts of its own say so.</summary>
internal sealed record Representation(Identifier? ToJson, Identifier? FromJson, Identifier? FromText);

internal sealed record Column(string Name, Identifier Sql, string Type, Identifier TypeSql, string BaseType)
{
    public string? Comment { get; init; }
    public bool Nullable { get; init; }

    /// <summary>What a row gets that does not say.</summary>
    public Identifier? Default { get; init; }
    public string? DefaultText { get; init; }

    /// <summary>Worked out by the database; never written.</summary>
    public bool Generated { get; init; }
    public int? MaxLength { get; init; }
    public IReadOnlyList<string> EnumValues { get; init; } = [];
    public Representation? Representation { get; init; }

    /// <summary>Whether <c>*</c> means it too.</summary>
    public bool Visible { get; init; } = true;
}

internal sealed class Relation
{
    public required uint Oid { get; init; }
    public required string Schema { get; init; }
    public required string Name { get; init; }
    public required Identifier Sql { get; init; }

    /// <summary>r, v, m, f or p, as in pg_class.</summary>
    public required char Kind { get; init; }
    public bool IsPartition { get; init; }
    public string? Comment { get; init; }
    public List<Column> Columns { get; } = [];
    public Dictionary<string, Column> ByName { get; } = new(StringComparer.Ordinal);
    public List<string> PrimaryKey { get; set; } = [];

    /// <summary>Functions of one argument, a row of this: computed columns and computed relations, by name.</summary>
    public Dictionary<string, Routine> Computed { get; } = new(StringComparer.Ordinal);
    public List<Relationship> Relationships { get; } = [];

    /// <summary>Keys to and from tables of other schemas: no request can embed them, and a person can follow them.</summary>
    public List<Relationship> Elsewhere { get; } = [];

    /// <summary>Of a view: the tables' columns that its columns are. Of a table: itself.</summary>
    public Dictionary<string, (Relation Table, string Column)> Origins { get; } = new(StringComparer.Ordinal);
    public bool Insertable { get; init; }
    public bool Updatable { get; init; }
    public bool Deletable { get; init; }
    public bool RowSecurity { get; init; }

    /// <summary>Of a view: it reads and writes with the rights of whoever asks.</summary>
    public bool AsInvoker { get; init; }

    /// <summary>Of a view: a trigger writes in its place.</summary>
    public bool Triggered { get; init; }

    /// <summary>What the role is granted on some column at least.</summary>
    public (bool Select, bool Insert, bool Update, bool Delete) Granted { get; init; }

    /// <summary>Of a view: the table that has to have a row for each of its own, others are only looked up beside it; null: there is none, or it is not known.</summary>
    public Relation? RowsOf { get; set; }

    /// <summary>Which access can see and write rows, as far as policies tell.</summary>
    public Reach Reach { get; set; } = Reach.Anybody;

    public bool IsView => Kind is 'v' or 'm';

    public override string ToString() => $"{Schema}.{Name}";
}

internal enum Cardinality { ManyToOne, OneToMany, OneToOne, ManyToMany }

internal sealed record Junction(Relation Relation, string FromConstraint, string ToConstraint, (string Of, string Junction)[] FromColumns, (string Of, string Junction)[] ToColumns);

/// <summary>How rows of one relation find those of another.</summary>
internal sealed record Relationship(Relation From, Relation To, Cardinality Cardinality, string Constraint)
{
    /// <summary>Pairs of columns that must be equal.</summary>
    public (string From, string To)[] Columns { get; init; } = [];
    public Junction? Junction { get; init; }

    /// <summary>A function in place of a key.</summary>
    public Routine? Computed { get; init; }

    /// <summary>Of a one-to-one: this end holds the key.</summary>
    public bool Holds { get; init; }

    public bool IsSelf => ReferenceEquals(From, To);

    public bool ToOne => Cardinality is Cardinality.ManyToOne or Cardinality.OneToOne;
}

internal sealed record Parameter(string Name, string Type, Identifier TypeSql, bool Required, bool Variadic);

internal sealed class Routine
{
    public required uint Oid { get; init; }
    public required string Schema { get; init; }
    public required string Name { get; init; }
    public required Identifier Sql { get; init; }
    public required Parameter[] Parameters { get; init; }
    public string? Comment { get; init; }

    /// <summary>i, s or v, as in pg_proc.</summary>
    public required char Volatility { get; init; }
    public required bool ReturnsSet { get; init; }
    public required bool ReturnsVoid { get; init; }

    /// <summary>Rows with columns, known (a table's, OUT arguments) or not (record).</summary>
    public required bool ReturnsRow { get; init; }

    /// <summary>Rows whose columns only the call knows.</summary>
    public required bool ReturnsRecord { get; init; }
    public required string ReturnType { get; init; }

    /// <summary>The relation whose rows it returns.</summary>
    public uint ReturnRelation { get; init; }

    /// <summary>Of a composite type that is no relation's.</summary>
    public Identifier? ReturnTypeSql { get; init; }
    public required bool OneRow { get; init; }
    public bool Unnamed { get; init; }

    /// <summary>The relation whose row is its only argument.</summary>
    public uint RowOf { get; init; }
    public string[] OutColumns { get; init; } = [];

    /// <summary>Settings the function itself asks for, of those that concern the transaction around it.</summary>
    public string? Isolation { get; init; }
    public string? Timeout { get; init; }
}

/// <summary>An aggregate or function that makes a body of a media type of the database's own.</summary>
/// <param name="Relation">Whose rows it takes; 0: any.</param>
internal sealed record Handler(string MediaType, uint Relation, Identifier Sql);

/// <summary>What a view's rule says of where its columns and rows come from.</summary>
/// <param name="Made">The transaction that wrote the rule (<c>xmin</c>): another one, another rule.</param>
internal sealed record ViewRule(uint Made, List<ViewOrigins.Origin> Origins, ViewRows Rows)
{
    public static ViewRule Read(uint made, string tree) => new(made, ViewOrigins.Read(tree), ViewRows.Read(tree));
}

/// <summary>What may be asked for, read from the database once and again when it changes. Never changed itself.</summary>
internal sealed class Catalogue
{
    public required IReadOnlyList<string> Schemas { get; init; }
    public required Dictionary<uint, Relation> Relations { get; init; }
    public required Dictionary<(string Schema, string Name), Relation> ByName { get; init; }
    public required Dictionary<(string Schema, string Name), List<Routine>> Routines { get; init; }
    public required List<Handler> Handlers { get; init; }

    /// <summary>Types a value may be cast to, by the names they go by.</summary>
    public required Dictionary<string, Identifier> Types { get; init; }
    public required Dictionary<string, string?> SchemaComments { get; init; }

    /// <summary>Media types that functions return, by the domain's name.</summary>
    public required HashSet<string> MediaTypes { get; init; }
    public bool HasPostGis { get; init; }

    /// <summary>Some function, view, policy, default or check may read settings of the transaction. Where none does, the request's are not sent.</summary>
    public bool ReadsRequest { get; init; }

    /// <summary>Some function may say what the answer is to be.</summary>
    public bool WritesResponse { get; init; }

    /// <summary>What was read from views' rules, which the next catalogue need not read again.</summary>
    public required IReadOnlyDictionary<uint, ViewRule> Rules { get; init; }

    public Relation? FindRelation(string schema, string name) => ByName.GetValueOrDefault((schema, name));
}

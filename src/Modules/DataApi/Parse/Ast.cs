namespace Clientele.DataApi.Parse;

// What a request says, before anything of it is looked up.

/// <summary>A step into a JSON value: a key or a position; the last one may ask for text (<c>-&gt;&gt;</c>).</summary>
internal readonly record struct JsonStep(bool AsText, string? Key, int Index);

/// <summary>A column, or what a path finds inside its JSON.</summary>
internal sealed record Field(string Name, JsonStep[] Path)
{
    /// <summary>What the value is called in an answer: the last key of the path, else the column.</summary>
    public string Label
    {
        get
        {
            for (var i = Path.Length - 1; i >= 0; i--)
                if (Path[i].Key is { } key) return key;
            return Name;
        }
    }
}

internal enum Aggregate { None, Sum, Avg, Count, Max, Min }

internal enum JoinKind { Unsaid, Inner, Left }

internal abstract record SelectItem;

/// <summary>A value of the row. <see cref="Field"/> is null for <c>count()</c>; its name is <c>*</c> for all columns.</summary>
internal sealed record SelectField(Field? Field, string? Alias, string? Cast, Aggregate Aggregate, string? AggregateCast) : SelectItem;

/// <summary>Rows of another relation, beside this one's columns (<see cref="Spread"/>: among them).</summary>
internal sealed record SelectEmbed(string Target, string? Alias, string? Hint, JoinKind Join, bool Spread, List<SelectItem> Items) : SelectItem
{
    public string Label => Alias ?? Target;
}

internal enum Op { Eq, Neq, Gt, Gte, Lt, Lte, Like, ILike, Match, IMatch, In, Is, IsDistinct, Fts, PlainFts, PhraseFts, WebFts, Contains, Contained, Overlaps, StrictlyLeft, StrictlyRight, NotRight, NotLeft, Adjacent }

internal enum Quantifier { One, Any, All }

internal enum IsWord { Null, NotNull, True, False, Unknown }

/// <param name="Language">Of a full-text search; null: the database's own.</param>
/// <param name="List">The values of <see cref="Op.In"/>.</param>
internal sealed record Comparison(Op Op, bool Negated, Quantifier Quantifier, string? Language, string Value, List<string>? List, IsWord Word);

internal abstract record Condition;

internal sealed record Filter(Field? Field, Aggregate Aggregate, Comparison Is) : Condition;

internal sealed record Logic(bool Or, bool Negated, List<Condition> Terms) : Condition;

/// <param name="Relation">An embedded relation by whose column to order, or null.</param>
internal sealed record OrderTerm(string? Relation, Field Field, bool? Descending, bool? NullsFirst);

/// <summary>What a request says about one level of its tree: the top, or an embedded relation.</summary>
internal sealed class Level
{
    public List<Condition> Where { get; } = [];
    public List<Condition> Having { get; } = [];
    public List<OrderTerm> Order { get; set; } = [];
    public long? Limit { get; set; }
    public long? Offset { get; set; }
}

/// <summary>The query string, read.</summary>
internal sealed class Query
{
    /// <summary>Null: not said, which means all columns.</summary>
    public List<SelectItem>? Select { get; set; }

    /// <summary>By path of embedded names; the empty path is the top.</summary>
    public Dictionary<string, (string[] Path, Level Level)> Levels { get; } = new(StringComparer.Ordinal);

    public Level Top => At([]);

    public List<string>? Columns { get; set; }

    public List<string>? OnConflict { get; set; }

    /// <summary>Empty: whole rows. Null: rows may repeat.</summary>
    public List<Field>? Distinct { get; set; }

    /// <summary>Arguments of a function called by GET, in the order given.</summary>
    public List<KeyValuePair<string, string>> Arguments { get; } = [];

    /// <summary>All parameters, decoded, sorted: the address of what was asked.</summary>
    public string Canonical { get; set; } = string.Empty;

    public Level At(string[] path)
    {
        var key = string.Join('\u0001', path);
        if (!Levels.TryGetValue(key, out var found)) Levels[key] = found = (path, new Level());
        return found.Level;
    }
}

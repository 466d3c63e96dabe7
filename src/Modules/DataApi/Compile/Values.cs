using Clientele.DataApi.Catalogue;
using Clientele.DataApi.Parse;
using Clientele.DataApi.Plan;
using NpgsqlTypes;

namespace Clientele.DataApi.Compile;

/// <summary>A value of a row, and comparisons with it.</summary>
internal static class Values
{
    /// <summary>The row itself, as the type its functions take.</summary>
    public static void Row(SqlText sql, ReadPlan plan)
    {
        sql.Add("(t", plan.Number).Add(")::").Add(plan.Relation!.Sql);
    }

    public static void Write(SqlText sql, ReadPlan plan, Value value, bool comparable)
    {
        if (value.Path.Length == 0)
        {
            Bare(sql, plan, value);
            return;
        }
        // What ends in -> is JSON, and only jsonb can be compared.
        var json = value.Column?.BaseType is "json" or "jsonb" && !(comparable && value.Column.BaseType == "json" && !value.Path[^1].AsText);
        if (!json) sql.Add("to_jsonb(");
        Bare(sql, plan, value);
        if (!json) sql.Add(")");
        foreach (var step in value.Path)
        {
            sql.Add(step.AsText, "->>", "->");
            if (step.Key is { } key) sql.Value(key).Add("::text");
            else sql.Value(step.Index.ToString(System.Globalization.CultureInfo.InvariantCulture)).Add("::int");
        }
    }

    private static void Bare(SqlText sql, ReadPlan plan, Value value)
    {
        if (value.Computed is { } routine)
        {
            sql.Add(routine.Sql).Add("(");
            Row(sql, plan);
            sql.Add(")");
        }
        else sql.Add("t", plan.Number).Add(".").Add(value.Column!.Sql);
    }

    public static void Compare(SqlText sql, ReadPlan plan, Compare compare)
    {
        var (value, is_) = (compare.Value, compare.Is);
        if (is_.Negated) sql.Add("not (");
        if (is_.Op is Op.Fts or Op.PlainFts or Op.PhraseFts or Op.WebFts) Search(sql, plan, value!, is_);
        else
        {
            if (compare.Aggregate != Aggregate.None) Aggregated(sql, compare.Aggregate, value is null ? null : () => Write(sql, plan, value, comparable: true));
            else Write(sql, plan, value!, comparable: true);
            Operand(sql, value, is_);
        }
        if (is_.Negated) sql.Add(")");
    }

    public static void Aggregated(SqlText sql, Aggregate aggregate, Action? value)
    {
        switch (aggregate)
        {
            case Aggregate.Sum: sql.Add("sum("); break;
            case Aggregate.Avg: sql.Add("avg("); break;
            case Aggregate.Max: sql.Add("max("); break;
            case Aggregate.Min: sql.Add("min("); break;
            default: sql.Add("count("); break;
        }
        if (value is null) sql.Add("*");
        else value();
        sql.Add(")");
    }

    private static void Operand(SqlText sql, Value? value, Comparison is_)
    {
        if (is_.Op == Op.Is)
        {
            switch (is_.Word)
            {
                case IsWord.Null: sql.Add(" is null"); break;
                case IsWord.NotNull: sql.Add(" is not null"); break;
                case IsWord.True: sql.Add(" is true"); break;
                case IsWord.False: sql.Add(" is false"); break;
                default: sql.Add(" is unknown"); break;
            }
            return;
        }
        Sign(sql, is_.Op);
        var fromText = value is { Path: [], Column.Representation.FromText: { } parse } ? parse : (Identifier?)null;
        if (is_.Op == Op.In)
        {
            var list = ArrayLiteral(is_.List!);
            if (fromText is { } each) sql.Add("any (array(select ").Add(each).Add("(v) from unnest(").Value(list, NpgsqlDbType.Unknown).Add("::text[]) as v))");
            else sql.Add("any (").Value(list).Add(")");
            return;
        }
        var text = is_.Op is Op.Like or Op.ILike ? is_.Value.Replace('*', '%') : is_.Value;
        if (is_.Quantifier != Quantifier.One)
        {
            sql.Add(is_.Quantifier == Quantifier.Any, "any (", "all (").Value(text).Add(")");
            return;
        }
        if (fromText is { } read) sql.Add(read).Add("(").Value(text).Add("::text)");
        else sql.Value(text);
    }

    private static void Sign(SqlText sql, Op op)
    {
        switch (op)
        {
            case Op.Eq or Op.In: sql.Add(" = "); break;
            case Op.Neq: sql.Add(" <> "); break;
            case Op.Gt: sql.Add(" > "); break;
            case Op.Gte: sql.Add(" >= "); break;
            case Op.Lt: sql.Add(" < "); break;
            case Op.Lte: sql.Add(" <= "); break;
            case Op.Like: sql.Add(" like "); break;
            case Op.ILike: sql.Add(" ilike "); break;
            case Op.Match: sql.Add(" ~ "); break;
            case Op.IMatch: sql.Add(" ~* "); break;
            case Op.IsDistinct: sql.Add(" is distinct from "); break;
            case Op.Contains: sql.Add(" @> "); break;
            case Op.Contained: sql.Add(" <@ "); break;
            case Op.Overlaps: sql.Add(" && "); break;
            case Op.StrictlyLeft: sql.Add(" << "); break;
            case Op.StrictlyRight: sql.Add(" >> "); break;
            case Op.NotRight: sql.Add(" &< "); break;
            case Op.NotLeft: sql.Add(" &> "); break;
            case Op.Fts: sql.Add(" @@ to_tsquery("); break;
            case Op.PlainFts: sql.Add(" @@ plainto_tsquery("); break;
            case Op.PhraseFts: sql.Add(" @@ phraseto_tsquery("); break;
            case Op.WebFts: sql.Add(" @@ websearch_to_tsquery("); break;
            default: sql.Add(" -|- "); break;
        }
    }

    // Whatever is not a text-search vector is made one.
    private static void Search(SqlText sql, ReadPlan plan, Value value, Comparison is_)
    {
        var type = value.Path.Length > 0 ? "text" : value.Column?.BaseType ?? value.Computed!.ReturnType;
        var vector = type is not ("text" or "varchar" or "bpchar" or "json" or "jsonb" or "citext" or "name");
        if (!vector)
        {
            sql.Add("to_tsvector(");
            if (is_.Language is { } of) sql.Value(of).Add("::regconfig, ");
        }
        Write(sql, plan, value, comparable: true);
        if (!vector) sql.Add(")");
        Sign(sql, is_.Op);
        if (is_.Language is { } language) sql.Value(language).Add("::regconfig, ");
        sql.Value(is_.Value).Add(")");
    }

    public static string ArrayLiteral(List<string> values) =>
        "{" + string.Join(',', values.Select(v => "\"" + v.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"")) + "}";
}

using System.Globalization;

namespace Clientele.DataApi.Parse;

/// <summary><c>col=not.gt.5</c>, <c>and=(a.eq.1,or(b.is.null,c.in.(1,2)))</c>, <c>having=(amount.sum().gt.5)</c></summary>
internal static class ConditionParser
{
    private const string Operators = "operator (eq, gt, ...)";

    /// <summary>One operator and its value, which goes to the end.</summary>
    public static Comparison Comparison(string text) => Comparison(new Reader(text, "filter"), nested: false);

    /// <summary>Whether a value begins as a comparison does: how arguments of a function are told from filters.</summary>
    public static bool LooksLikeOne(string text)
    {
        if (text.StartsWith("not.", StringComparison.Ordinal)) return true;
        var end = text.AsSpan().IndexOfAny('.', '(');
        return end > 0 && Find(text[..end]) is { } op && (text[end] == '.' || TakesBrackets(op));
    }

    public static Logic Tree(string text, bool or, bool negated)
    {
        var word = (negated ? "not." : "") + (or ? "or" : "and");
        var reader = new Reader(text, "logic tree") { Shown = text, Before = word.Length };
        return new Logic(or, negated, Terms(reader, aggregates: false));
    }

    /// <summary>Conditions on groups: <c>(amount.sum().gt.5,count().gte.2)</c>.</summary>
    public static Logic Having(string text, bool or, bool negated)
    {
        var reader = new Reader(text, "having parameter");
        return new Logic(or, negated, Terms(reader, aggregates: true));
    }

    private static List<Condition> Terms(Reader reader, bool aggregates)
    {
        reader.Deeper();
        reader.Spaces();
        reader.Expect('(', "\"(\"");
        var terms = new List<Condition>();
        do
        {
            reader.Spaces();
            terms.Add(Term(reader, aggregates));
            reader.Spaces();
        }
        while (reader.Take(','));
        reader.Expect(')', "\",\" or \")\"");
        reader.Higher();
        return terms;
    }

    private static Condition Term(Reader reader, bool aggregates)
    {
        var mark = reader.Mark();
        var negated = reader.Take("not.");
        if (LogicWord(reader) is { } or) return new Logic(or, negated, Terms(reader, aggregates));
        reader.Back(mark);
        if (aggregates && reader.Take("count()"))
        {
            reader.Expect('.', "\".\"");
            return new Filter(null, Aggregate.Count, Comparison(reader, nested: true));
        }
        if (!reader.TryName(out var name)) throw reader.Fail($"{Reader.FieldName}, negation operator (not) or logic operator (and, or)");
        var field = new Field(name, reader.Path());
        reader.Expect('.', "\".\"");
        var aggregate = Aggregate.None;
        if (aggregates)
        {
            mark = reader.Mark();
            if (reader.Word() is "sum" or "avg" or "count" or "max" or "min" && reader.Sees("()"))
            {
                reader.Back(mark);
                aggregate = SelectParser.AggregateOf(reader);
                reader.Expect('.', "\".\"");
            }
            else reader.Back(mark);
        }
        return new Filter(field, aggregate, Comparison(reader, nested: true));
    }

    private static bool? LogicWord(Reader reader)
    {
        var mark = reader.Mark();
        var or = reader.Take("or");
        if (or || reader.Take("and"))
        {
            reader.Spaces();
            if (reader.Next == '(') return or;
        }
        reader.Back(mark);
        return null;
    }

    private static Comparison Comparison(Reader reader, bool nested)
    {
        var start = reader.Mark();
        var negated = reader.Take("not.");
        var mark = reader.Mark();
        var word = reader.Word();
        if (Find(word) is not { } op || reader.Next is not ('.' or '('))
        {
            reader.Back(mark);
            throw reader.Fail(mark == start ? $"\"not\" or {Operators}" : Operators);
        }
        string? language = null;
        var quantifier = Quantifier.One;
        if (reader.Next == '(')
        {
            if (!TakesBrackets(op)) throw reader.Fail("\".\"");
            reader.Take('(');
            var inside = reader.Until(")");
            if (op is Op.Fts or Op.PlainFts or Op.PhraseFts or Op.WebFts) language = inside;
            else quantifier = inside switch { "any" => Quantifier.Any, "all" => Quantifier.All, _ => throw reader.Fail("any or all") };
            reader.Expect(')', "\")\"");
        }
        reader.Expect('.', "\".\"");
        if (op == Op.In) return new Comparison(op, negated, quantifier, null, string.Empty, List(reader), default);
        if (op == Op.Is)
        {
            mark = reader.Mark();
            var said = (nested ? reader.Until(",)") : reader.Rest()).Trim().ToLowerInvariant();
            IsWord? isWord = said switch { "null" => IsWord.Null, "not_null" => IsWord.NotNull, "true" => IsWord.True, "false" => IsWord.False, "unknown" => IsWord.Unknown, _ => null };
            if (isWord is { } found) return new Comparison(op, negated, quantifier, null, string.Empty, null, found);
            reader.Back(mark);
            throw reader.Fail("isVal: (null, not_null, true, false, unknown)");
        }
        return new Comparison(op, negated, quantifier, language, nested ? Value(reader) : reader.Rest(), null, default);
    }

    // In a tree a value ends at a comma or a bracket, unless it is quoted or an array in braces.
    private static string Value(Reader reader)
    {
        if (reader.Next == '"' && reader.TryQuoted(out var quoted)) return quoted;
        if (reader.Next != '{') return reader.Until(",)");
        var array = reader.Until("}");
        reader.Expect('}', "\"}\"");
        return array + "}";
    }

    private static List<string> List(Reader reader)
    {
        reader.Expect('(', "\"(\"");
        var values = new List<string>();
        var mark = reader.Mark();
        reader.Spaces();
        if (reader.Take(')')) return values;
        reader.Back(mark);
        do values.Add(Element(reader));
        while (reader.Take(','));
        reader.Expect(')', "\",\" or \")\"");
        return values;
    }

    private static string Element(Reader reader)
    {
        var mark = reader.Mark();
        if (reader.Next == '"' && reader.TryQuoted(out var quoted) && reader.Next is ',' or ')') return quoted!;
        reader.Back(mark);
        return reader.Until(",)");
    }

    private static bool TakesBrackets(Op op) =>
        op is Op.Fts or Op.PlainFts or Op.PhraseFts or Op.WebFts or Op.Eq or Op.Gt or Op.Gte or Op.Lt or Op.Lte or Op.Like or Op.ILike or Op.Match or Op.IMatch;

    private static Op? Find(string word) => word switch
    {
        "eq" => Op.Eq,
        "neq" => Op.Neq,
        "gt" => Op.Gt,
        "gte" => Op.Gte,
        "lt" => Op.Lt,
        "lte" => Op.Lte,
        "like" => Op.Like,
        "ilike" => Op.ILike,
        "match" => Op.Match,
        "imatch" => Op.IMatch,
        "in" => Op.In,
        "is" => Op.Is,
        "isdistinct" => Op.IsDistinct,
        "fts" => Op.Fts,
        "plfts" => Op.PlainFts,
        "phfts" => Op.PhraseFts,
        "wfts" => Op.WebFts,
        "cs" => Op.Contains,
        "cd" => Op.Contained,
        "ov" => Op.Overlaps,
        "sl" => Op.StrictlyLeft,
        "sr" => Op.StrictlyRight,
        "nxr" => Op.NotRight,
        "nxl" => Op.NotLeft,
        "adj" => Op.Adjacent,
        _ => null,
    };

    /// <summary>A whole number, as limits and offsets are.</summary>
    public static long? Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
}

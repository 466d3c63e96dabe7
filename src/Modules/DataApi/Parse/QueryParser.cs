using System.Text;

namespace Clientele.DataApi.Parse;

/// <summary>The query string: which parameter is what.</summary>
internal static class QueryParser
{
    /// <param name="text">With or without its question mark, as it was sent.</param>
    /// <param name="arguments">A function is called by GET: what is no filter is an argument.</param>
    public static Query Parse(string text, bool arguments)
    {
        var query = new Query();
        var parameters = Decode(text);
        foreach (var (name, value) in parameters) Take(query, name, value, arguments);
        if (parameters.Count > 0) query.Canonical = Canonical(parameters);
        return query;
    }

    private static void Take(Query query, string name, string value, bool arguments)
    {
        switch (name)
        {
            case "": return;
            case "select": query.Select = SelectParser.Parse(value); return;
            case "columns": query.Columns = Names(value, "columns parameter"); return;
            case "on_conflict": query.OnConflict = Names(value, "on_conflict parameter"); return;
            case "distinct" when !ConditionParser.LooksLikeOne(value): query.Distinct = Distinct(value); return;
        }
        if (Split(name) is not var (path, last)) throw ApiError.Parse("tree path", name, 1, $"\"{name[0]}\"", Reader.FieldName);
        switch (last)
        {
            case "order": query.At(path).Order = OrderParser.Parse(value); return;
            case "limit":
                query.At(path).Limit = ConditionParser.Number(value) is { } limit ? limit >= 0 ? limit : throw ApiError.Range("Limit should be greater than or equal to zero.") : null;
                return;
            case "offset": query.At(path).Offset = ConditionParser.Number(value) is { } offset && offset > 0 ? offset : null; return;
            case "and" or "or":
                var negated = path is [.., "not"];
                query.At(negated ? path[..^1] : path).Where.Add(ConditionParser.Tree(value, last == "or", negated));
                return;
            case "having" when value.StartsWith('('): query.At(path).Having.Add(ConditionParser.Having(value, or: false, negated: false)); return;
        }
        if (arguments && !ConditionParser.LooksLikeOne(value))
        {
            query.Arguments.Add(new(name, value));
            return;
        }
        query.At(path).Where.Add(new Filter(FieldOf(name), Aggregate.None, ConditionParser.Comparison(value)));
    }

    // a.b.col->x: the embedded names, and the last word.
    private static (string[] Path, string Last)? Split(string name)
    {
        var reader = new Reader(name, "tree path");
        var words = new List<string>();
        do
        {
            if (!reader.TryName(out var word)) return null;
            words.Add(word);
            if (reader.Sees("->")) break;
        }
        while (reader.Take('.'));
        return ([.. words[..^1]], words[^1]);
    }

    private static Field FieldOf(string name)
    {
        var reader = new Reader(name, "tree path");
        while (true)
        {
            var field = reader.Field();
            if (!reader.Take('.')) return reader.AtEnd ? field : throw reader.Fail("\".\" or \"->\"");
        }
    }

    private static List<string> Names(string value, string what)
    {
        var reader = new Reader(value, what);
        var names = new List<string>();
        do names.Add(reader.Name());
        while (reader.Take(','));
        return names;
    }

    private static List<Field> Distinct(string value)
    {
        var fields = new List<Field>();
        if (value is "" or "true") return fields;
        var reader = new Reader(value, "distinct parameter");
        do fields.Add(reader.Field());
        while (reader.Take(','));
        return fields;
    }

    private static List<KeyValuePair<string, string>> Decode(string text)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        var rest = text.AsSpan(text.StartsWith('?') ? 1 : 0);
        while (rest.Length > 0)
        {
            var end = rest.IndexOf('&');
            var pair = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (pair.Length == 0) continue;
            var equals = pair.IndexOf('=');
            parameters.Add(new(Unescape(equals < 0 ? pair : pair[..equals]), equals < 0 ? string.Empty : Unescape(pair[(equals + 1)..])));
        }
        return parameters;
    }

    /// <summary>Percent-decoding of UTF-8; a plus is a space.</summary>
    public static string Unescape(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAny('%', '+') < 0) return text.ToString();
        var decoded = Uri.UnescapeDataString(text.ToString().Replace('+', ' '));
        // PostgreSQL has no such character in a text.
        return decoded.Contains('\0', StringComparison.Ordinal) ? throw new ApiError(400, "22021", "invalid byte sequence for encoding \"UTF8\": 0x00") : decoded;
    }

    private static string Canonical(List<KeyValuePair<string, string>> parameters)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in parameters.OrderBy(p => p.Key, StringComparer.Ordinal).ThenBy(p => p.Value, StringComparer.Ordinal))
            text.Append(text.Length == 0 ? "" : "&").Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        return text.ToString();
    }
}

/// <summary><c>order=a.desc.nullslast,data-&gt;&gt;id,rel(col).asc</c></summary>
internal static class OrderParser
{
    public static List<OrderTerm> Parse(string text)
    {
        var terms = new List<OrderTerm>();
        if (text.Length == 0) return terms;
        var reader = new Reader(text, "order");
        do
        {
            reader.Spaces();
            terms.Add(Term(reader));
        }
        while (reader.Take(','));
        return reader.AtEnd ? terms : throw reader.Fail("\",\" or end of input");
    }

    private static OrderTerm Term(Reader reader)
    {
        var name = reader.Name();
        string? relation = null;
        Field field;
        if (reader.Take('('))
        {
            relation = name;
            field = reader.Field();
            reader.Expect(')', "\")\"");
        }
        else field = new Field(name, reader.Path());
        bool? descending = null, nullsFirst = null;
        while (reader.Take('.'))
        {
            var mark = reader.Mark();
            switch (reader.Word())
            {
                case "asc" when descending is null && nullsFirst is null: descending = false; break;
                case "desc" when descending is null && nullsFirst is null: descending = true; break;
                case "nullsfirst" when nullsFirst is null: nullsFirst = true; break;
                case "nullslast" when nullsFirst is null: nullsFirst = false; break;
                default:
                    reader.Back(mark);
                    throw reader.Fail("asc, desc, nullsfirst or nullslast");
            }
        }
        return new OrderTerm(relation, field, descending, nullsFirst);
    }
}

namespace Clientele.DataApi.Parse;

/// <summary><c>select=alias:col::cast,rel!hint!inner(cols),...spread(cols),amount.sum()</c></summary>
internal static class SelectParser
{
    public static List<SelectItem>? Parse(string text)
    {
        if (text.Length == 0) return null;
        // What is left over behind the last item is nobody's concern, as with PostgREST.
        return Items(new Reader(text, "select parameter"));
    }

    private static List<SelectItem> Items(Reader reader)
    {
        reader.Deeper();
        var items = new List<SelectItem>();
        reader.Spaces();
        if (reader.Next == ')')
        {
            reader.Higher();
            return items;
        }
        do
        {
            reader.Spaces();
            items.Add(Item(reader));
            reader.Spaces();
        }
        while (reader.Take(','));
        reader.Higher();
        return items;
    }

    private static SelectItem Item(Reader reader)
    {
        if (reader.Take("...")) return Embed(reader, reader.Name(), null, spread: true);
        if (reader.Take('*')) return new SelectField(new Field("*", []), null, null, Aggregate.None, null);
        string? alias = null;
        var mark = reader.Mark();
        if (reader.TryName(out var word) && reader.Next == ':' && !reader.Sees("::"))
        {
            reader.Take(':');
            alias = word;
        }
        else reader.Back(mark);

        reader.Spaces();
        if (reader.Sees("count()"))
        {
            reader.Take("count()");
            return new SelectField(null, alias, null, Aggregate.Count, Cast(reader));
        }
        var name = reader.Name();
        if (reader.Next is '!' or '(') return Embed(reader, name, alias, spread: false);
        var field = new Field(name, reader.Path());
        var cast = Cast(reader);
        if (!reader.Take('.')) return new SelectField(field, alias, cast, Aggregate.None, null);
        var aggregate = AggregateOf(reader);
        return new SelectField(field, alias, cast, aggregate, Cast(reader));
    }

    public static Aggregate AggregateOf(Reader reader)
    {
        var mark = reader.Mark();
        var aggregate = reader.Word() switch
        {
            "sum" => Aggregate.Sum,
            "avg" => Aggregate.Avg,
            "count" => Aggregate.Count,
            "max" => Aggregate.Max,
            "min" => Aggregate.Min,
            _ => Aggregate.None,
        };
        if (aggregate == Aggregate.None)
        {
            reader.Back(mark);
            throw reader.Fail("aggregate function (sum, avg, count, max, min)");
        }
        if (!reader.Take("()")) throw reader.Fail("\"()\"");
        return aggregate;
    }

    private static string? Cast(Reader reader)
    {
        if (!reader.Take("::")) return null;
        var type = reader.Until(".,():").Trim();
        return type.Length > 0 ? type : throw reader.Fail("letter or digit or \"_\"");
    }

    private static SelectEmbed Embed(Reader reader, string target, string? alias, bool spread)
    {
        string? hint = null;
        var join = JoinKind.Unsaid;
        while (reader.Take('!'))
        {
            var word = reader.Name("letter or digit");
            if (word == "inner") join = JoinKind.Inner;
            else if (word == "left") join = JoinKind.Left;
            else if (hint is null) hint = word;
            else throw reader.Fail("\"!inner\", \"!left\" or \"(\"");
        }
        reader.Expect('(', "\"!\" or \"(\"");
        var items = Items(reader);
        reader.Expect(')', "\",\" or \")\"");
        return new SelectEmbed(target, alias, hint, join, spread, items);
    }
}

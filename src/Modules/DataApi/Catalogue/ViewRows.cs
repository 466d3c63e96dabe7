namespace Clientele.DataApi.Catalogue;

/// <summary>What has to have rows for a query to have some, read from the query's own parse tree.</summary>
internal abstract record ViewRows
{
    /// <summary>A table or view has to.</summary>
    public sealed record Of(uint Relation) : ViewRows;

    /// <summary>Each has to: they are joined.</summary>
    public sealed record All(IReadOnlyList<ViewRows> Parts) : ViewRows;

    /// <summary>One is enough: they are put after one another.</summary>
    public sealed record Any(IReadOnlyList<ViewRows> Parts) : ViewRows;

    /// <summary>Nothing has to: a function, a total, or what is not understood.</summary>
    public static ViewRows Free { get; } = new All([]);

    // PostgreSQL's numbers of the kinds of what a query reads from (nodes/parsenodes.h), and of joins (nodes/nodes.h).
    private const long Table = 0, Subquery = 1, CommonTable = 6, LeftJoin = 1, FullJoin = 2, RightJoin = 3;

    /// <summary>Reads a view's rule.</summary>
    public static ViewRows Read(string tree) => NodeText.Items(tree) is [var first, ..] ? Query(tree.AsSpan()[first]) : Free;

    private static ViewRows Query(ReadOnlySpan<char> query)
    {
        var tables = NodeText.Field(query, "rtable");
        if (!NodeText.Field(query, "setOperations").IsEmpty)
        {
            var parts = new List<ViewRows>();
            foreach (var item in NodeText.Items(tables))
                if (NodeText.Number(tables[item], "rtekind") == Subquery) parts.Add(Query(NodeText.Field(tables[item], "subquery")));
            return new Any(parts);
        }
        // A total of nothing is a row too.
        if (NodeText.Field(query, "groupingSets") is not [] || (NodeText.Field(query, "hasAggs") is "true" && NodeText.Field(query, "groupClause").IsEmpty)) return Free;
        return From(NodeText.Field(query, "jointree"), query, tables, NodeText.Items(tables));
    }

    private static ViewRows From(ReadOnlySpan<char> node, ReadOnlySpan<char> query, ReadOnlySpan<char> tables, List<Range> entries)
    {
        if (node.StartsWith("{FROMEXPR"))
        {
            var list = NodeText.Field(node, "fromlist");
            var parts = new List<ViewRows>();
            foreach (var item in NodeText.Items(list)) parts.Add(From(list[item], query, tables, entries));
            return parts is [var only] ? only : new All(parts);
        }
        if (node.StartsWith("{JOINEXPR"))
        {
            var kind = NodeText.Number(node, "jointype");
            var left = kind == RightJoin ? Free : From(NodeText.Field(node, "larg"), query, tables, entries);
            var right = kind == LeftJoin ? Free : From(NodeText.Field(node, "rarg"), query, tables, entries);
            return kind switch { LeftJoin => left, RightJoin => right, FullJoin => new Any([left, right]), _ => new All([left, right]) };
        }
        var number = NodeText.Number(node, "rtindex");
        return number >= 1 && number <= entries.Count ? Entry(tables[entries[(int)number - 1]], query) : Free;
    }

    private static ViewRows Entry(ReadOnlySpan<char> entry, ReadOnlySpan<char> query)
    {
        switch (NodeText.Number(entry, "rtekind"))
        {
            case Table: return new Of((uint)NodeText.Number(entry, "relid"));
            case Subquery: return Query(NodeText.Field(entry, "subquery"));
            case CommonTable when NodeText.Number(entry, "ctelevelsup") == 0:
                var list = NodeText.Field(query, "cteList");
                foreach (var item in NodeText.Items(list))
                    if (NodeText.Field(list[item], "ctename").SequenceEqual(NodeText.Field(entry, "ctename"))) return Query(NodeText.Field(list[item], "ctequery"));
                return Free;
            default: return Free;
        }
    }
}

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
        ReadOnlySpan<char> tables = [], from = [], withs = [];
        bool sets = false, totals = false, groups = false, groupings = false;
        var left = query;
        while (NodeText.Next(ref left, out var label, out var value))
        {
            switch (label)
            {
                case "rtable": tables = value; break;
                case "jointree": from = value; break;
                case "cteList": withs = value; break;
                case "setOperations": sets = !value.IsEmpty; break;
                case "hasAggs": totals = value is "true"; break;
                case "groupClause": groups = !value.IsEmpty; break;
                case "groupingSets": groupings = !value.IsEmpty; break;
            }
        }
        if (sets)
        {
            var parts = new List<ViewRows>();
            foreach (var item in NodeText.Items(tables))
            {
                var entry = tables[item];
                if (NodeText.Number(NodeText.Field(entry, "rtekind")) == Subquery) parts.Add(Query(NodeText.Field(entry, "subquery")));
            }
            return new Any(parts);
        }
        // A total of nothing is a row too.
        if (groupings || (totals && !groups)) return Free;
        return From(from, withs, tables, NodeText.Items(tables));
    }

    private static ViewRows From(ReadOnlySpan<char> node, ReadOnlySpan<char> withs, ReadOnlySpan<char> tables, List<Range> entries)
    {
        if (node.StartsWith("{FROMEXPR"))
        {
            var list = NodeText.Field(node, "fromlist");
            var parts = new List<ViewRows>();
            foreach (var item in NodeText.Items(list)) parts.Add(From(list[item], withs, tables, entries));
            return parts is [var only] ? only : new All(parts);
        }
        if (node.StartsWith("{JOINEXPR"))
        {
            var kind = NodeText.Number(NodeText.Field(node, "jointype"));
            var left = kind == RightJoin ? Free : From(NodeText.Field(node, "larg"), withs, tables, entries);
            var right = kind == LeftJoin ? Free : From(NodeText.Field(node, "rarg"), withs, tables, entries);
            return kind switch { LeftJoin => left, RightJoin => right, FullJoin => new Any([left, right]), _ => new All([left, right]) };
        }
        var number = NodeText.Number(NodeText.Field(node, "rtindex"));
        return number >= 1 && number <= entries.Count ? Entry(tables[entries[(int)number - 1]], withs) : Free;
    }

    private static ViewRows Entry(ReadOnlySpan<char> entry, ReadOnlySpan<char> withs)
    {
        switch (NodeText.Number(NodeText.Field(entry, "rtekind")))
        {
            case Table: return new Of((uint)NodeText.Number(NodeText.Field(entry, "relid")));
            case Subquery: return Query(NodeText.Field(entry, "subquery"));
            case CommonTable when NodeText.Number(NodeText.Field(entry, "ctelevelsup")) == 0:
                foreach (var item in NodeText.Items(withs))
                    if (NodeText.Field(withs[item], "ctename").SequenceEqual(NodeText.Field(entry, "ctename"))) return Query(NodeText.Field(withs[item], "ctequery"));
                return Free;
            default: return Free;
        }
    }
}

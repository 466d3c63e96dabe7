namespace Clientele.DataApi.Catalogue;

/// <summary>
/// Which column of which table a view's column is, read from the view's own parse tree (<c>pg_rewrite.ev_action</c>): each entry
/// of its target list names the table and column it came from, through sub-selects and common table expressions.
/// </summary>
internal static class ViewOrigins
{
    /// <param name="Place">The view's column, from 1.</param>
    /// <param name="Relation">The relation it comes from, which may be a view too.</param>
    public readonly record struct Origin(int Place, uint Relation, int Attribute);

    /// <summary>Reads the target list of the outermost query.</summary>
    public static List<Origin> Read(string tree)
    {
        var found = new List<Origin>();
        if (NodeText.Items(tree) is not [var first, ..]) return found;
        var list = NodeText.Field(tree.AsSpan()[first], "targetList");
        foreach (var item in NodeText.Items(list)) Entry(list[item], found);
        return found;
    }

    private static void Entry(ReadOnlySpan<char> entry, List<Origin> found)
    {
        var (place, relation, attribute) = (0L, 0L, 0L);
        while (NodeText.Next(ref entry, out var label, out var value))
        {
            switch (label)
            {
                case "resno": place = NodeText.Number(value); break;
                case "resorigtbl": relation = NodeText.Number(value); break;
                case "resorigcol": attribute = NodeText.Number(value); break;
            }
        }
        if (relation > 0 && attribute > 0) found.Add(new Origin((int)place, (uint)relation, (int)attribute));
    }
}

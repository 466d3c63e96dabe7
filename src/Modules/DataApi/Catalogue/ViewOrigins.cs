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
        var list = TargetList(tree);
        if (list.IsEmpty) return found;
        var depth = 0;
        var start = 0;
        for (var i = 0; i < list.Length; i++)
        {
            switch (list[i])
            {
                case '\\': i++; break;
                case '{':
                    if (depth++ == 0) start = i;
                    break;
                case '}':
                    if (--depth == 0) Entry(list[start..(i + 1)], found);
                    break;
            }
        }
        return found;
    }

    // "({QUERY … :targetList ({TARGETENTRY …} {TARGETENTRY …}) …})": only what stands at the depth of the outermost query.
    private static ReadOnlySpan<char> TargetList(string tree)
    {
        const string Label = ":targetList ";
        var depth = 0;
        for (var i = 0; i < tree.Length; i++)
        {
            switch (tree[i])
            {
                case '\\': i++; break;
                case '{': depth++; break;
                case '}': depth--; break;
                case ':' when depth == 1 && string.CompareOrdinal(tree, i, Label, 0, Label.Length) == 0:
                    return tree[i + Label.Length] == '(' ? Bracket(tree.AsSpan(i + Label.Length)) : [];
            }
        }
        return [];
    }

    private static ReadOnlySpan<char> Bracket(ReadOnlySpan<char> text)
    {
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\': i++; break;
                case '(' or '{': depth++; break;
                case ')' or '}':
                    if (--depth == 0) return text[1..i];
                    break;
            }
        }
        return [];
    }

    private static void Entry(ReadOnlySpan<char> entry, List<Origin> found)
    {
        // The entry's own fields stand behind its expression, so the last of each name is meant.
        var relation = Number(entry, ":resorigtbl ");
        var place = Number(entry, ":resno ");
        var attribute = Number(entry, ":resorigcol ");
        if (relation > 0 && attribute > 0) found.Add(new Origin((int)place, (uint)relation, (int)attribute));
    }

    private static long Number(ReadOnlySpan<char> entry, string label)
    {
        var at = entry.LastIndexOf(label, StringComparison.Ordinal);
        if (at < 0) return 0;
        var rest = entry[(at + label.Length)..];
        var end = rest.IndexOfAny(' ', '}');
        return long.TryParse(end < 0 ? rest : rest[..end], System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}

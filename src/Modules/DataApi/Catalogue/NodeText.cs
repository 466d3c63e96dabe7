using System.Globalization;

namespace Clientele.DataApi.Catalogue;

/// <summary>Reads PostgreSQL's node trees as it writes them in its catalogue: <c>{TYPE :field value …}</c>, lists in round brackets.</summary>
internal static class NodeText
{
    /// <summary>The value of a node's own field; empty: it has none, or it is empty.</summary>
    public static ReadOnlySpan<char> Field(ReadOnlySpan<char> node, string label)
    {
        var depth = 0;
        for (var i = 0; i < node.Length; i++)
        {
            switch (node[i])
            {
                case '\\': i++; break;
                case '{' or '(': depth++; break;
                case '}' or ')': depth--; break;
                case ':' when depth == 1 && node[(i + 1)..].StartsWith(label) && i + 1 + label.Length < node.Length && node[i + 1 + label.Length] == ' ':
                    return Value(node[(i + 2 + label.Length)..]);
            }
        }
        return [];
    }

    public static long Number(ReadOnlySpan<char> node, string label) => long.TryParse(Field(node, label), CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>The nodes of a list.</summary>
    public static List<Range> Items(ReadOnlySpan<char> list)
    {
        var items = new List<Range>();
        var (depth, start) = (0, 0);
        for (var i = 0; i < list.Length; i++)
        {
            switch (list[i])
            {
                case '\\': i++; break;
                case '{':
                    if (depth++ == 0) start = i;
                    break;
                case '}':
                    if (--depth == 0) items.Add(start..(i + 1));
                    break;
            }
        }
        return items;
    }

    // A node or a list to its closing bracket, anything else to the next space.
    private static ReadOnlySpan<char> Value(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.StartsWith("<>")) return [];
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\\': i++; break;
                case '{' or '(': depth++; break;
                case '}' or ')':
                    if (depth == 0) return text[..i];
                    if (--depth == 0) return text[..(i + 1)];
                    break;
                case ' ' when depth == 0: return text[..i];
            }
        }
        return text;
    }
}

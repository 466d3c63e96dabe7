using System.Buffers;
using System.Globalization;

namespace Clientele.DataApi.Catalogue;

/// <summary>
/// Reads PostgreSQL's node trees as it writes them in its catalogue: <c>{TYPE :field value …}</c>, lists in round brackets, other
/// names escaped by backslashes. Views come to megabytes of it: what is not asked for is passed over from bracket to bracket.
/// </summary>
internal static class NodeText
{
    private static readonly SearchValues<char> brackets = SearchValues.Create("\\{}()");
    private static readonly SearchValues<char> braces = SearchValues.Create("\\{}");
    private static readonly SearchValues<char> ends = SearchValues.Create("\\ {}()");

    /// <summary>Takes the next of a node's own fields; what is left begins behind it. At first the whole node is left.</summary>
    /// <param name="value">Empty: it has none.</param>
    public static bool Next(scoped ref ReadOnlySpan<char> left, out ReadOnlySpan<char> label, out ReadOnlySpan<char> value)
    {
        label = value = [];
        // Between a value and the next label there can be the bytes of a constant, which are numbers.
        var at = left.IndexOf(':');
        if (at < 0) return false;
        left = left[(at + 1)..];
        var space = left.IndexOf(' ');
        if (space < 0) return false;
        label = left[..space];
        left = left[(space + 1)..];
        var length = Length(left);
        if (!left.StartsWith("<>")) value = left[..length];
        left = left[length..];
        return true;
    }

    /// <summary>The value of a node's own field; empty: it has none, or it is empty.</summary>
    public static ReadOnlySpan<char> Field(ReadOnlySpan<char> node, string label)
    {
        while (Next(ref node, out var found, out var value))
            if (found.SequenceEqual(label)) return value;
        return [];
    }

    public static long Number(ReadOnlySpan<char> value) => long.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>The nodes of a list.</summary>
    public static List<Range> Items(ReadOnlySpan<char> list)
    {
        var items = new List<Range>();
        var (depth, start) = (0, 0);
        for (var i = 0; i < list.Length; i++)
        {
            var skip = list[i..].IndexOfAny(braces);
            if (skip < 0) break;
            i += skip;
            if (list[i] == '\\') i++;
            else if (list[i] == '}')
            {
                if (--depth == 0) items.Add(start..(i + 1));
            }
            else if (depth++ == 0) start = i;
        }
        return items;
    }

    // A node or a list to its closing bracket, anything else to the next space.
    private static int Length(ReadOnlySpan<char> text)
    {
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var skip = text[i..].IndexOfAny(depth == 0 ? ends : brackets);
            if (skip < 0) break;
            i += skip;
            switch (text[i])
            {
                case '\\': i++; break;
                case '{' or '(': depth++; break;
                case ' ': return i;
                default:
                    if (depth == 0) return i;
                    if (--depth == 0) return i + 1;
                    break;
            }
        }
        return text.Length;
    }
}

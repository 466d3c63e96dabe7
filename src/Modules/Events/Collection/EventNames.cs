using System.Security.Cryptography;
using System.Text;

namespace Clientele.Events.Collection;

/// <summary>The word of the catalogue for what a sender calls an event: "Order Completed" and "orderCompleted" are <c>order_completed</c>.</summary>
internal static class EventNames
{
    private const int Longest = 100;

    public static string TypeOf(Call call, string? name) => call switch
    {
        Call.Page => "page_view",
        Call.Screen => "screen_view",
        Call.Identify => "identify",
        Call.Group => "group",
        Call.Alias => "alias",
        _ => name switch
        {
            "$pageview" => "page_view",
            "$screen" => "screen_view",
            _ => Snake(name!),
        },
    };

    public static string TitleOf(Call call, string? name) => call switch
    {
        Call.Page => "Page view",
        Call.Screen => "Screen view",
        Call.Identify => "Identify",
        Call.Group => "Group",
        Call.Alias => "Alias",
        _ => name!.Length <= 200 ? name : name[..(char.IsHighSurrogate(name[199]) ? 199 : 200)],
    };

    /// <summary>Lower-case letters, digits and underscores. Names that differ in other letters stay different: they end in a hash.</summary>
    public static string Snake(string name)
    {
        var word = new StringBuilder(Math.Min(name.Length, Longest) + 8);
        var lossy = false;
        for (var i = 0; i < name.Length && word.Length <= Longest; i++)
        {
            var c = name[i];
            if (char.IsAsciiLetterUpper(c))
            {
                if (i > 0 && (char.IsAsciiLetterLower(name[i - 1]) || char.IsAsciiDigit(name[i - 1])
                    || (char.IsAsciiLetterUpper(name[i - 1]) && i + 1 < name.Length && char.IsAsciiLetterLower(name[i + 1])))) Break(word);
                word.Append(char.ToLowerInvariant(c));
            }
            else if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)) word.Append(c);
            else if (c == '$' && i == 0) word.Append('$');
            else
            {
                lossy |= char.IsLetterOrDigit(c) || char.IsSurrogate(c);
                Break(word);
            }
        }
        while (word.Length > 0 && word[^1] == '_') word.Length--;
        if (word.Length == 0 || word is { Length: 1 } && word[0] == '$') (lossy, word) = (true, new StringBuilder("event"));
        if (char.IsAsciiDigit(word[0]) || word[0] == '_') word.Insert(0, "event_");
        if (!lossy && word.Length <= Longest) return word.ToString();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 4));
        word.Length = Math.Min(word.Length, Longest - 9);
        return word.Append('_').Append(hash).ToString();
    }

    private static void Break(StringBuilder word)
    {
        if (word.Length > 0 && word[^1] is not ('_' or '$')) word.Append('_');
    }
}

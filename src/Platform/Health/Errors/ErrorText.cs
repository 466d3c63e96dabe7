using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace Clientele.Platform.Health.Errors;

/// <summary>
/// What of an error is kept. Its message without what differs from one time to the next, since that is what may be personal or
/// secret: numbers, ids, addresses, whatever stands in quotes, long words. The way the program took, without folders of the machine
/// it was built on.
/// </summary>
public static partial class ErrorText
{
    private const int MessageAtMost = 500;
    private const int LookedAt = 4 * MessageAtMost;
    private const int StackAtMost = 8000;
    private const int InnerAtMost = 5;
    private const int FramesOfPlace = 3;

    /// <summary>A message with … in place of whatever may be somebody's.</summary>
    public static string Scrub(string message)
    {
        // Quotes first and in the whole: what is quoted may hold quotes itself, and may be longer than what is looked at.
        var text = Unquote(message.ReplaceLineEndings(" ").Replace('\0', ' '));
        // A word that is cut might no longer be known for what it is.
        if (text.Length > LookedAt) text = text[..(text.LastIndexOf(' ', LookedAt) is > 0 and var end ? end : LookedAt)];
        var plain = Differing().Replace(text, "…");
        return plain.Length > MessageAtMost ? plain[..MessageAtMost] : plain;
    }

    // From the first quote to the last; to the end when the last one opens something.
    private static string Unquote(string text)
    {
        if (text.IndexOf('"', StringComparison.Ordinal) is not (>= 0 and var first)) return text;
        var last = text.LastIndexOf('"');
        var opens = last == first || (last + 1 < text.Length && char.IsLetterOrDigit(text[last + 1]));
        return $"{text[..first]}…{(opens ? string.Empty : text[(last + 1)..])}";
    }

    /// <summary>Whether a value of a log record is one of ours: a sentence of the code, or a word we chose. The rest may be a caller's.</summary>
    public static bool IsOurs(string name) => name is "{OriginalFormat}" or "Code" or "Job" or "Chore" or "Consumer" or "Service" or "Check" or "Import";

    /// <summary>The exception and those behind it: type, scrubbed message, frames.</summary>
    public static string Stack(Exception exception)
    {
        var text = new StringBuilder();
        var depth = 0;
        for (var e = exception; e is not null && depth < InnerAtMost; e = e.InnerException, depth++)
        {
            if (depth > 0) text.Append("behind it: ");
            text.Append(e.GetType().FullName).Append(": ").Append(MessageOf(e)).Append('\n');
            if (e.StackTrace is { } frames) text.Append(Folder().Replace(frames, " in ${file}").ReplaceLineEndings("\n")).Append('\n');
        }
        return text.Length > StackAtMost ? text.ToString(0, StackAtMost) : text.ToString();
    }

    /// <summary>What an exception says, scrubbed. PostgreSQL's say which rule by its name, which is ours and not a caller's.</summary>
    public static string MessageOf(Exception e) => e is PostgresException p
        ? string.Join(' ', new[] { p.SqlState, p.ConstraintName, Scrub(p.MessageText) }.Where(w => !string.IsNullOrEmpty(w)))
        : Scrub(e.Message);

    /// <summary>The innermost methods of ours, one a line; null when there are none.</summary>
    public static string? Place(Exception exception)
    {
        var found = new List<string>();
        for (var e = exception; e is not null && found.Count == 0; e = e.InnerException)
        {
            foreach (var match in (IEnumerable<Match>)Frame().Matches(e.StackTrace ?? string.Empty))
            {
                var method = match.Groups["method"].Value;
                // Every query passes there.
                if (!method.StartsWith("Clientele.", StringComparison.Ordinal) || method.StartsWith("Clientele.Platform.Data.", StringComparison.Ordinal)) continue;
                // Numbers of what the compiler made change with every line.
                found.Add(Digits().Replace(method, string.Empty));
                if (found.Count == FramesOfPlace) break;
            }
        }
        return found.Count == 0 ? null : Shorten(string.Join('\n', found), 1000);
    }

    /// <summary>The module a method or a logger is of: <c>commerce</c>; <c>framework</c> when it is none of ours.</summary>
    public static string Source(string name)
    {
        var words = name.Split('.');
        return words.Length > 1 && words[0] == "Clientele" ? Shorten(words[1].ToLowerInvariant(), 100) : "framework";
    }

    /// <summary>The same for errors that are the same one.</summary>
    public static string Fingerprint(string type, string? place, string message) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{type}\n{place}\n{Shorten(message, 200)}")).AsSpan(0, 16));

    internal static string Shorten(string text, int most) => text.Length > most ? text[..most] : text;

    // In this order: what is longer first.
    [GeneratedRegex("""
        '[^']*' | (?<!\w)'[^']*$ | “[^”]*(?:”|$) | «[^»]*(?:»|$) | (?:(?i:key)\s+)?\([^()]*\)=\((?:.*\)|.*$)
        | (?<![\w.+-])[\w.+-]+@[\w.-]+
        | \b[a-zA-Z][a-zA-Z0-9+.-]{0,30}://\S+
        | (?<![\w-])[\w-]{0,40}(?i:password|passwd|pwd|secret|token|key|authorization|bearer)\s*[=:]\s*(?i:(?:bearer|basic)\s+)?(?:'[^']*'|\S+)
        | \b(?i:password|secret|token|key|authorization|bearer)\s+\S+
        | [0-9a-fA-F]{8}-[0-9a-fA-F-]{27}
        | [?&][^\s?&=]+=\S*
        | (?<![\w.+/=-])(?:(?=[\w+/=-]*\d)[\w+/=-]{16,}|[\w+/=-]{24,})
        | \d[\d.,:]*\d | \d
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Differing();

    [GeneratedRegex(@" in \S.*?(?<file>[^\\/\n]+:line \d+)")]
    private static partial Regex Folder();

    [GeneratedRegex(@"^\s+at (?<method>[^(\n]+)\(", RegexOptions.Multiline)]
    private static partial Regex Frame();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Digits();
}

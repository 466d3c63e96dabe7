using System.Text;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Files;

/// <summary>
/// What a file is, by its bytes; what its name and its sender say must agree. What browsers run (HTML, SVG, scripts) and what cannot
/// be told is refused.
/// </summary>
internal static class FileTypes
{
    /// <summary>So much of the beginning decides.</summary>
    public const int HeadBytes = 64 * 1024;

    public const string Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    public const string Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

    // Extensions, and what senders call it besides its name. The first extension is the usual one.
    private sealed record Known(string Type, string[] Extensions, params string[] Aliases);

    private static readonly Known[] known =
    [
        new("image/jpeg", [".jpg", ".jpeg"], "image/jpg", "image/pjpeg"),
        new("image/png", [".png"], "image/x-png"),
        new("image/gif", [".gif"]),
        new("image/webp", [".webp"]),
        new("application/pdf", [".pdf"], "application/x-pdf"),
        new("application/zip", [".zip"], "application/x-zip-compressed", "application/x-zip"),
        new(Docx, [".docx"], "application/zip", "application/x-zip-compressed"),
        new(Xlsx, [".xlsx"], "application/zip", "application/x-zip-compressed"),
        // Text does not tell which it is: the name does. On Windows browsers take CSV for Excel's.
        new("text/plain", [".txt", ".log", ".md", string.Empty], "text/markdown", "text/x-markdown", "text/x-log"),
        new("text/csv", [".csv", ".tsv"], "application/vnd.ms-excel", "application/csv", "text/plain", "text/tab-separated-values", "text/comma-separated-values"),
        new("application/json", [".json"], "text/json", "text/plain"),
    ];

    private static readonly string[] silent = [string.Empty, "application/octet-stream", "application/x-www-form-urlencoded"];

    /// <summary>Shown in a browser as a picture; nothing else is shown, all is downloaded.</summary>
    public static bool IsPicture(string type) => type.StartsWith("image/", StringComparison.Ordinal);

    /// <summary>Every byte of it is looked at, not only the beginning.</summary>
    public static bool IsText(string type) => type is "text/plain" or "text/csv" or "application/json";

    /// <summary>An archive: its list of contents is looked through for macros.</summary>
    public static bool IsZip(string type) => type is "application/zip" or Docx or Xlsx;

    /// <param name="head">The beginning, or all of a shorter file.</param>
    /// <param name="name">As cleaned.</param>
    /// <param name="claimed">Content-Type of the request; null: none.</param>
    /// <returns>The content type.</returns>
    /// <exception cref="Problem"><c>file_type_refused</c>, <c>file_type_differs</c>.</exception>
    public static string Find(ReadOnlySpan<byte> head, string name, string? claimed)
    {
        var extension = Path.GetExtension(name).ToLowerInvariant();
        var found = Of(head, extension) ?? throw Refused();
        if (found == "text/plain") found = Array.Find(known, k => IsText(k.Type) && k.Extensions.Contains(extension))?.Type ?? "text/plain";
        var type = Array.Find(known, k => k.Type == found)!;
        if (extension.Length > 0 && !type.Extensions.Contains(extension))
        {
            // Text under a name that nobody knows may be a program.
            if (IsText(found) && !Array.Exists(known, k => k.Extensions.Contains(extension))) throw Refused();
            throw Differs($"its name ends in {extension}", type);
        }
        var said = (claimed ?? string.Empty).Split(';')[0].Trim().ToLowerInvariant();
        if (!silent.Contains(said) && said != type.Type && !type.Aliases.Contains(said)) throw Differs($"it was sent as {said}", type);
        return found;
    }

    private static Problem Refused() => new(415, "file_type_refused",
        $"Files of this type are not taken. Send one of: {string.Join(", ", known.SelectMany(k => k.Extensions).Where(e => e.Length > 0))}; convert others, or put them into a .zip.");

    private static Problem Differs(string said, Known type) => new(415, "file_type_differs",
        $"The file is {type.Type}, but {said}. Name it *{type.Extensions[0]}, or check that it is the right file.");

    private static string? Of(ReadOnlySpan<byte> head, string extension)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return "image/jpeg";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A])) return "image/png";
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8)) return "image/gif";
        if (head.Length >= 12 && head.StartsWith("RIFF"u8) && head[8..].StartsWith("WEBP"u8)) return "image/webp";
        if (head.StartsWith("%PDF-"u8)) return "application/pdf";
        if (head.StartsWith("PK\u0003\u0004"u8) || head.StartsWith("PK\u0005\u0006"u8)) return OfZip(head, extension);
        return LooksLikeText(head) ? "text/plain" : null;
    }

    // Office's files are archives; their first entries say which. What names the parts may come last in a long one: then the name says it too.
    private static string OfZip(ReadOnlySpan<byte> head, string extension)
    {
        var (parts, word, excel) = (extension is ".docx" or ".xlsx", false, false);
        for (var rest = head; rest.IndexOf("PK\u0003\u0004"u8) is >= 0 and var at && rest.Length - at >= 30;)
        {
            rest = rest[at..];
            var name = rest[30..Math.Min(rest.Length, 30 + rest[26] + rest[27] * 256)];
            parts |= name.SequenceEqual("[Content_Types].xml"u8) || name.SequenceEqual("_rels/.rels"u8);
            word |= name.StartsWith("word/"u8);
            excel |= name.StartsWith("xl/"u8);
            rest = rest[4..];
        }
        return parts && word ? Docx : parts && excel ? Xlsx : "application/zip";
    }

    private static bool LooksLikeText(ReadOnlySpan<byte> head)
    {
        if (!IsTextOnly(head)) return false;
        var start = head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? head[3..] : head;
        start = start.TrimStart(" \t\r\n\f"u8);
        // Markup, scripts, PostScript, rich text: something runs it.
        return !(start.StartsWith("<"u8) || start.StartsWith("#!"u8) || start.StartsWith("%!"u8) || start.StartsWith("{\\rtf"u8));
    }

    /// <summary>No byte that text does not have. In which encoding it is, does not matter.</summary>
    public static bool IsTextOnly(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept(text) < 0;

    private static readonly System.Buffers.SearchValues<byte> text =
        System.Buffers.SearchValues.Create([.. Enumerable.Range(0, 256).Where(b => b is >= 0x20 and not 0x7F or '\t' or '\n' or '\r' or '\f').Select(b => (byte)b)]);

    /// <summary>The last part of a path, without what is invisible or turns the reading direction round, at most 200 characters with its extension.</summary>
    public static string CleanName(string? given)
    {
        var name = (given ?? string.Empty).Replace('\\', '/');
        name = name[(name.LastIndexOf('/') + 1)..];
        var kept = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            // Control, format (direction marks, joiners), private and unassigned characters; what file systems forbid.
            if (Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.PrivateUse
                or System.Globalization.UnicodeCategory.OtherNotAssigned or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator) continue;
            if (rune == Rune.ReplacementChar) continue;
            kept.Append(rune.Value is '<' or '>' or ':' or '"' or '|' or '?' or '*' ? "_" : rune.ToString());
        }
        name = kept.ToString().Trim().TrimStart('.').TrimEnd('.', ' ').Trim();
        if (name.Length == 0) return "file";
        if (name.Length <= 200) return name;
        var extension = Path.GetExtension(name) is { Length: <= 10 } short_ ? short_ : string.Empty;
        var stem = name[..(200 - extension.Length)];
        if (char.IsHighSurrogate(stem[^1])) stem = stem[..^1];
        return stem.TrimEnd('.', ' ') + extension;
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Clientele.Platform.Imports;

/// <summary>The single rules a mapping is checked by.</summary>
internal static class MappingRules
{
    /// <summary>What must be right before a file can be read at all.</summary>
    public static void CheckReading(MappingFormat format, Dictionary<string, string[]> problems)
    {
        if (format.Delimiter is not ({ Length: 1 } or RecordReader.JsonLines) || format.Delimiter is "\"" or "\r" or "\n")
            problems["format.delimiter"] = ["The delimiter is one character, such as \",\", \";\" or a tab; or \"json\" for a file with one JSON object a line."];
        if (TextEncoding(format.Encoding) is null)
            problems["format.encoding"] = ["The encoding is utf-8, windows-1252 or iso-8859-1."];
    }

    /// <summary>What to say of a header that was not divided but holds what often divides one; null when it does not.</summary>
    public static string? OtherDelimiter(MappingFormat format, string header)
    {
        if (format.Delimiter == RecordReader.JsonLines) return null;
        var likely = ",;\t|".Where(d => d.ToString() != format.Delimiter).MaxBy(d => header.Count(c => c == d));
        return header.Contains(likely, StringComparison.Ordinal) ? $"The header is one column: is format.delimiter \"{(likely == '\t' ? "\\t" : likely)}\"?" : null;
    }

    public static CultureInfo CheckFormat(MappingFormat format, IReadOnlyList<ImportField> fields, Dictionary<string, string[]> problems)
    {
        CheckReading(format, problems);
        if (format.Decimal is not ("." or ",")) problems["format.decimal"] = ["The decimal sign is \".\" or \",\"."];
        if (string.IsNullOrWhiteSpace(format.Date)) problems["format.date"] = ["Say how dates are written, e.g. yyyy-MM-dd HH:mm:ss, or iso."];
        else if (!IsDateFormat(format.Date)) problems["format.date"] = [$"\"{format.Date}\" is not a date format; write e.g. dd/MM/yyyy HH:mm."];
        // A file without amounts has no currency to state.
        if (format.Currency is null ? fields.Any(f => f.Kind == FieldKind.Money) : !(format.Currency.Length == 3 && format.Currency.All(char.IsAsciiLetterUpper)))
            problems["format.currency"] = ["Say in which currency the amounts are: an ISO 4217 code such as GBP."];
        if (format.ExchangeRate is <= 0 or > 1_000_000) problems["format.exchangeRate"] = ["The exchange rate is greater than 0 and at most 1,000,000."];
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        if (format.Decimal == ",") (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator) = (",", ".");
        return culture;
    }

    /// <summary>Null when the name is none of the three we read.</summary>
    public static Encoding? TextEncoding(string? name) => name?.ToLowerInvariant() switch
    {
        "utf-8" or "utf8" => new UTF8Encoding(false, true),
        "windows-1252" => CodePagesEncodingProvider.Instance.GetEncoding(1252),
        "iso-8859-1" or "latin1" => Encoding.Latin1,
        _ => null,
    };

    public static TimeZoneInfo Zone(string? name, Dictionary<string, string[]> problems)
    {
        if (name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)) return zone;
        problems["format.timeZone"] = [$"There is no time zone \"{name}\". Use an IANA name such as Europe/London."];
        return TimeZoneInfo.Utc;
    }

    public static Regex? Pattern(string? pattern, string path, Dictionary<string, string[]> problems)
    {
        if (string.IsNullOrEmpty(pattern)) return null;
        var (compiled, problem) = ImportPattern.Compile(pattern);
        if (problem is not null) problems[path] = [problem];
        return compiled;
    }

    /// <summary>The instant of a local time. In the gap of a spring change it moves on by the gap; of a repeated hour the first is meant.</summary>
    public static DateTimeOffset ToInstant(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(local)) return new DateTimeOffset(local, zone.GetUtcOffset(local.AddHours(-3))).ToUniversalTime();
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    private static bool IsDateFormat(string format)
    {
        if (format == "iso") return true;
        // An offset in the text would be applied by .NET, and the mapping's zone on top of it: iso is for those.
        if (format.Contains('z', StringComparison.Ordinal) || format.Contains('K', StringComparison.Ordinal)) return false;
        if (!format.Contains('y', StringComparison.Ordinal) || !format.Contains('M', StringComparison.Ordinal) || !format.Contains('d', StringComparison.Ordinal)) return false;
        try
        {
            var moment = new DateTime(2020, 10, 30, 13, 45, 59, DateTimeKind.Unspecified);
            return DateTime.TryParseExact(moment.ToString(format, CultureInfo.InvariantCulture), format, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
        }
        catch (FormatException) { return false; }
    }
}

/// <summary>Regular expressions of a mapping.</summary>
public static class ImportPattern
{
    /// <summary>A user's expression runs in linear time: no backtracking, so none can hang an import.</summary>
    /// <returns>The expression, or why it cannot be used.</returns>
    public static (Regex? Pattern, string? Problem) Compile(string pattern)
    {
        try { return (new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), null); }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return (null, $"\"{pattern}\" is not a regular expression that can be used here: {e.Message}");
        }
    }
}

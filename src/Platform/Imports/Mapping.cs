using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Imports;

/// <summary>How a file of a shop reads: a JSON file a user writes, or the console's mapping page.</summary>
/// <param name="Columns">For each field of the importer, the file's column.</param>
/// <param name="Kinds">Regular expressions over the order number, tried in the order order, refund, adjustment. None: everything is an order.</param>
/// <param name="Status">The status of orders that have no status column.</param>
public sealed record Mapping(
    MappingFormat? Format, IReadOnlyDictionary<string, MappingColumn>? Columns, IReadOnlyDictionary<string, string>? Kinds = null, string? Status = null)
{
    /// <exception cref="Problem">Not JSON of this shape; every fault by its path.</exception>
    public static Mapping Parse(string json)
    {
        var faults = MappingText.Faults(json, ReadOptions);
        return faults.Count == 0 ? JsonSerializer.Deserialize<Mapping>(json, ReadOptions)! : throw Problem.Invalid(faults);
    }

    private static readonly JsonSerializerOptions ReadOptions = ApiJson.Configure(new JsonSerializerOptions
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    });
}

/// <summary>How values are written in the file.</summary>
/// <param name="Delimiter">Between fields: one character; <c>json</c> for a file with one JSON object a line.</param>
/// <param name="Encoding"><c>utf-8</c>, <c>windows-1252</c> or <c>iso-8859-1</c>.</param>
/// <param name="Decimal">The decimal sign, <c>.</c> or <c>,</c>; the other one may group thousands.</param>
/// <param name="Date">.NET custom format, e.g. <c>yyyy-MM-dd HH:mm:ss</c>, or <c>iso</c> for ISO 8601; a time without an offset is local to the time zone.</param>
/// <param name="TimeZone">IANA name of the zone the times are local to. A time that does not exist (clocks going forward) is moved on by the gap; of one that occurs twice the first is meant.</param>
/// <param name="Currency">ISO 4217 code of the amounts; null where the file has none.</param>
/// <param name="ExchangeRate">One unit of it in the organization's currency; 1 when they are the same.</param>
public sealed record MappingFormat(
    string? Delimiter = ",", string? Encoding = "utf-8", string? Decimal = ".", string? Date = "iso", string? TimeZone = "UTC",
    string? Currency = null, decimal ExchangeRate = 1);

/// <summary>A column of the file: its header's name, or its name and a pattern whose first group is the value.</summary>
[JsonConverter(typeof(MappingColumnConverter))]
public sealed record MappingColumn(string Column, string? Pattern = null);

internal sealed class MappingColumnConverter : JsonConverter<MappingColumn>
{
    private sealed record Long(string? Column, string? Pattern);

    public override MappingColumn Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String) return new MappingColumn(reader.GetString()!);
        var written = JsonSerializer.Deserialize<Long>(ref reader, options);
        return new MappingColumn(written?.Column ?? throw new JsonException("A column is a header's name, or {\"column\": name, \"pattern\": expression}."), written.Pattern);
    }

    public override void Write(Utf8JsonWriter writer, MappingColumn value, JsonSerializerOptions options)
    {
        if (value.Pattern is null) writer.WriteStringValue(value.Column);
        else JsonSerializer.Serialize(writer, new Long(value.Column, value.Pattern), options);
    }
}

/// <summary>Type of an importer's field.</summary>
public enum FieldKind { Text, Number, Money, Time }

/// <summary>A field of an importer, to which a mapping gives a column.</summary>
/// <param name="Longest">For text: how many characters it may have.</param>
public sealed record ImportField(string Name, string Label, string Description, bool Required, FieldKind Kind, int Longest = 500)
{
    /// <summary>What files call it, in small letters and without anything between: for a first proposal. The first that a file has counts.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Words { get; init; } = [];
}

/// <summary>A mapping that was checked against an importer's fields and a file's columns, ready to read records.</summary>
public sealed class BoundMapping
{
    private sealed record BoundField(ImportField Field, int Column, Regex? Pattern);

    private readonly List<BoundField> fields = [];
    private readonly CultureInfo culture;
    private readonly string? dateFormat;
    private readonly TimeZoneInfo zone;
    private readonly Regex number;

    private BoundMapping(Mapping mapping, CultureInfo culture, TimeZoneInfo zone)
    {
        Mapping = mapping;
        Format = mapping.Format!;
        this.culture = culture;
        var (group, point) = (Regex.Escape(culture.NumberFormat.NumberGroupSeparator), Regex.Escape(culture.NumberFormat.NumberDecimalSeparator));
        number = new Regex($@"^[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)({point}\d*)?$", RegexOptions.CultureInvariant);
        this.zone = zone;
        dateFormat = Format.Date == "iso" ? null : Format.Date;
    }

    public Mapping Mapping { get; }

    public MappingFormat Format { get; }

    /// <summary>Everything that is wrong with a mapping, by the field's path; or the bound mapping.</summary>
    /// <param name="columns">Of the file; null where it cannot be read, then nothing is said of them and nothing bound.</param>
    public static (BoundMapping? Bound, IReadOnlyDictionary<string, string[]> Problems) Bind(
        Mapping mapping, IImporter importer, IReadOnlyList<string>? columns)
    {
        var problems = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var fields = importer.Fields;
        var format = mapping.Format ?? new MappingFormat();
        var culture = MappingRules.CheckFormat(format, fields, problems);
        var zone = MappingRules.Zone(format.TimeZone, problems);
        foreach (var (path, message) in importer.Faults(mapping)) problems[path] = [message];
        var bound = new BoundMapping(mapping with { Format = format }, culture, zone);
        var given = mapping.Columns ?? new Dictionary<string, MappingColumn>();
        var strangers = given.Keys.Where(name => fields.All(f => f.Name != name)).ToList();
        if (strangers.Count > 0)
        {
            // A mapping of another kind of file has many of them.
            var told = strangers.Count == 1 ? $"There is no field \"{strangers[0]}\"." : $"There are no fields {string.Join(", ", strangers.Select(s => $"\"{s}\""))}.";
            problems[$"columns.{strangers[0]}"] = [$"{told} The fields of {importer.Kind} are {string.Join(", ", fields.Select(f => f.Name))}."];
        }
        var undivided = columns is [var header] && given.Values.Any(c => c is { Column.Length: > 0 } && c.Column != header) ? MappingRules.OtherDelimiter(format, header) : null;
        if (undivided is not null) problems.TryAdd("format.delimiter", [undivided]);
        var listed = false;
        foreach (var field in fields)
        {
            if (!given.TryGetValue(field.Name, out var column) || column is null || column.Column.Length == 0)
            {
                if (field.Required) problems[$"columns.{field.Name}"] = [$"Say which column holds the {field.Label.ToLowerInvariant()}: columns.{field.Name}."];
                continue;
            }
            var pattern = MappingRules.Pattern(column.Pattern, $"columns.{field.Name}", problems);
            if (columns is null || undivided is not null) continue;
            var places = Enumerable.Range(0, columns.Count).Where(i => columns[i] == column.Column).ToList();
            if (places.Count == 0)
            {
                problems[$"columns.{field.Name}"] = [$"The file has no column \"{column.Column}\".{(listed ? "" : $" Its columns are {string.Join(", ", columns.Take(30))}.")}"];
                listed = true;
            }
            // Of JSON lines "$" is the whole line, whatever members it has.
            else if (places.Count > 1 && format.Delimiter != RecordReader.JsonLines)
                problems[$"columns.{field.Name}"] = [$"The file has {places.Count} columns \"{column.Column}\" (numbers {string.Join(", ", places.Select(p => p + 1))}), so it is not clear which is meant. Give them different names in the file's header."];
            else bound.fields.Add(new BoundField(field, places[0], pattern));
        }
        return (problems.Count == 0 && columns is not null ? bound : null, problems);
    }

    /// <summary>Reads one record's fields into typed values; a null is an empty field that need not be there.</summary>
    /// <returns>The values by field name, or the reason why it cannot be read.</returns>
    public (Dictionary<string, object?>? Values, string? Problem) Read(string[] record)
    {
        var values = new Dictionary<string, object?>(fields.Count, StringComparer.Ordinal);
        foreach (var (field, column, pattern) in fields)
        {
            if (column >= record.Length) return (null, $"The line has {record.Length} fields; {field.Name} is in field {column + 1}.");
            var text = record[column].Trim();
            if (text.Length > 0 && pattern is not null)
            {
                var match = pattern.Match(text);
                if (!match.Success) return (null, $"{field.Name} \"{Short(text)}\" does not match the pattern {pattern}.");
                text = (match.Groups.Count > 1 ? match.Groups[1] : match).Value;
            }
            if (text.Length == 0)
            {
                if (field.Required) return (null, $"{field.Name} is empty.");
                values[field.Name] = null;
                continue;
            }
            var (value, problem) = Convert(field, text);
            if (problem is not null) return (null, problem);
            values[field.Name] = value;
        }
        return (values, null);
    }

    /// <summary>The day a time fell on where it was written: a bare date stays that date.</summary>
    public DateOnly DayOf(DateTimeOffset time) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time, zone).DateTime);

    private (object? Value, string? Problem) Convert(ImportField field, string text) => field.Kind switch
    {
        FieldKind.Text => text.Length > field.Longest
            ? (null, $"{field.Name} has {text.Length} characters; at most {field.Longest} fit.")
            : text.Contains('\0', StringComparison.Ordinal) ? (null, $"{field.Name} holds a null character.") : (text, null),
        FieldKind.Time => Time(field, text),
        // Groups of three or none: with "." as decimal sign "12,50" is a mistake of the mapping, not 1250.
        _ => number.IsMatch(text) && decimal.TryParse(text.Replace(culture.NumberFormat.NumberGroupSeparator, string.Empty, StringComparison.Ordinal), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, culture, out var value)
            ? (value, null)
            : (null, $"{field.Name} \"{Short(text)}\" is not a number with \"{Format.Decimal}\" as decimal sign."),
    };

    private (object? Value, string? Problem) Time(ImportField field, string text)
    {
        if (dateFormat is null)
        {
            if (DateTimeOffset.TryParseExact(text, isoWithOffset, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var exact) && Sane(exact.UtcDateTime)) return (exact.ToUniversalTime(), null);
            return DateTime.TryParseExact(text, iso, CultureInfo.InvariantCulture, DateTimeStyles.None, out var bare) && Sane(bare)
                ? (MappingRules.ToInstant(bare, zone), null)
                : (null, $"{field.Name} \"{Short(text)}\" is not an ISO 8601 time such as 2024-01-31T10:00:00+01:00.");
        }
        return DateTime.TryParseExact(text, dateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) && Sane(local)
            ? (MappingRules.ToInstant(local, zone), null)
            : (null, $"{field.Name} \"{Short(text)}\" is not a time written as {dateFormat}.");
    }

    private static readonly string[] iso = ["yyyy-MM-dd", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss.FFFFFFF"];

    private static readonly string[] isoWithOffset = [.. iso.Skip(1).SelectMany(f => new[] { f + "zzz", f + " zzz", f + "'Z'" })];

    private static bool Sane(DateTime time) => time.Year is >= 1900 and <= 2200;

    private static string Short(string text) => text.Length <= 60 ? text : text[..60] + "…";
}

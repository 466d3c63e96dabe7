using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Clientele.Platform.Imports;

/// <summary>
/// Looks a mapping's text through before it is taken: members it does not have, values of another type, text that is no
/// JSON. Everything at once, with line and column counted from 1, in words of the mapping and not of its reader.
/// </summary>
internal ref struct MappingText
{
    private enum Shape { Text, Number, Mapping, Format, Columns, Column, Kinds }

    private static readonly Dictionary<Shape, Dictionary<string, Shape>> members = new()
    {
        [Shape.Mapping] = Members(("format", Shape.Format), ("columns", Shape.Columns), ("kinds", Shape.Kinds), ("status", Shape.Text)),
        [Shape.Format] = Members(("delimiter", Shape.Text), ("encoding", Shape.Text), ("decimal", Shape.Text), ("date", Shape.Text), ("timeZone", Shape.Text), ("currency", Shape.Text), ("exchangeRate", Shape.Number)),
        [Shape.Column] = Members(("column", Shape.Text), ("pattern", Shape.Text)),
    };

    private static Dictionary<string, Shape> Members(params (string Name, Shape Shape)[] of) => of.ToDictionary(m => m.Name, m => m.Shape, StringComparer.OrdinalIgnoreCase);

    private readonly byte[] text;
    private readonly Dictionary<string, string[]> faults = new(StringComparer.Ordinal);
    private Utf8JsonReader reader;

    private MappingText(byte[] text, JsonSerializerOptions options)
    {
        this.text = text;
        reader = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = options.ReadCommentHandling, AllowTrailingCommas = options.AllowTrailingCommas });
    }

    /// <summary>What is wrong, by the path of the member; nothing when it can be read.</summary>
    public static IReadOnlyDictionary<string, string[]> Faults(string json, JsonSerializerOptions options)
    {
        if (string.IsNullOrWhiteSpace(json) || json.Trim() == "null") return new Dictionary<string, string[]> { ["mapping"] = ["The mapping is empty. It needs at least \"columns\"."] };
        var look = new MappingText(Encoding.UTF8.GetBytes(json), options);
        try
        {
            look.reader.Read();
            look.Value(Shape.Mapping, string.Empty);
            while (look.reader.Read()) { }
        }
        catch (JsonException e)
        {
            look.faults["mapping"] = [look.NotJson(e)];
        }
        catch (InvalidOperationException)
        {
            look.faults["mapping"] = [$"The mapping holds half of a character {look.Where(look.reader.TokenStartIndex)}. Write it out, or remove it."];
        }
        return look.faults;
    }

    private void Value(Shape shape, string path)
    {
        // A member that is null is one that is not there.
        if (reader.TokenType == JsonTokenType.Null) return;
        if (shape is Shape.Text or Shape.Number || (shape == Shape.Column && reader.TokenType == JsonTokenType.String))
        {
            if (shape == Shape.Number ? reader.TokenType != JsonTokenType.Number || !reader.TryGetDecimal(out _) : reader.TokenType != JsonTokenType.String)
                Refuse(path, shape == Shape.Number ? "a number" : "text in quotes");
            return;
        }
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Refuse(path, shape == Shape.Column ? "a header's name, or {\"column\": name, \"pattern\": expression}" : "an object in braces");
            return;
        }
        Object(shape, path);
    }

    private void Object(Shape shape, string path)
    {
        var start = reader.TokenStartIndex;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (name, at) = (reader.GetString()!, reader.TokenStartIndex);
            reader.Read();
            var inner = path.Length == 0 ? name : $"{path}.{name}";
            if (reader.TokenType != JsonTokenType.Null) names.Add(name);
            if (shape is Shape.Columns or Shape.Kinds) Value(shape == Shape.Columns ? Shape.Column : Shape.Text, inner);
            else if (members[shape].TryGetValue(name, out var known)) Value(known, inner);
            else
            {
                faults[inner] = [$"{Of(path)} has no member \"{name}\" {Where(at)}; {Elsewhere(shape, name)}."];
                reader.Skip();
            }
        }
        if (shape == Shape.Column && !names.Contains("column")) faults[path] = [$"{Of(path)} has no \"column\" {Where(start)}. Write a header's name, or {{\"column\": name, \"pattern\": expression}}."];
    }

    private void Refuse(string path, string what)
    {
        faults[path.Length == 0 ? "mapping" : path] = [$"{Of(path)} must be {what} {Where(reader.TokenStartIndex)}."];
        reader.Skip();
    }

    private static string Of(string path) => path.Length == 0 ? "The mapping" : $"\"{path}\"";

    private static string Elsewhere(Shape shape, string name) =>
        members[Shape.Format].ContainsKey(name) ? "it belongs in \"format\""
        : members[Shape.Mapping].ContainsKey(name) ? "it belongs at the top, beside \"format\" and \"columns\""
        : $"there is {string.Join(", ", members[shape].Keys)}";

    private readonly string NotJson(JsonException e)
    {
        // The reader counts lines and bytes from 0.
        var at = 0;
        for (var line = 0L; line < (e.LineNumber ?? 0); line++) at += text.AsSpan(at).IndexOf((byte)'\n') + 1;
        at = (int)Math.Min(text.Length, at + (e.BytePositionInLine ?? 0));
        var rest = Encoding.UTF8.GetString(text.AsSpan(at, Math.Min(40, text.Length - at))).ReplaceLineEndings("\n").Split('\n')[0].Trim();
        if (rest.Length > 12) rest = rest[..12] + "…";
        return rest.Length == 0 && at >= text.AsSpan().TrimEnd(" \t\r\n"u8).Length
            ? $"The mapping is no JSON: it ends before it is complete {Where(at)}. A brace or a quote is not closed."
            : $"The mapping is no JSON {Where(at)}{(rest.Length == 0 ? "" : $", near {rest}")}. Look for a comma, a quote or a brace that is missing or too much.";
    }

    private readonly string Where(long at)
    {
        var before = text.AsSpan(0, (int)at);
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        return string.Create(CultureInfo.InvariantCulture, $"(line {before.Count((byte)'\n') + 1}, column {Encoding.UTF8.GetCharCount(before[lineStart..]) + 1})");
    }
}

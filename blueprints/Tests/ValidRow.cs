using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Clientele.Blueprints.Tests;

/// <summary>Makes random properties that a JSON Schema of the catalogue allows, and values that break one of its rules.</summary>
internal static class ValidRow
{
    /// <summary>Everything required, and some of what is not.</summary>
    public static Gen<JsonObject> Of(JsonElement schema) => Gen.Choose(0, int.MaxValue).Select(seed => Object(schema, new Random(seed)));

    private static JsonObject Object(JsonElement schema, Random random)
    {
        var made = new JsonObject();
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(n => n.GetString()!).ToHashSet() : [];
        if (schema.TryGetProperty("properties", out var properties))
            foreach (var property in properties.EnumerateObject())
                if (required.Contains(property.Name) || random.Next(10) < 6) made[property.Name] = Value(property.Value, random);
        return made;
    }

    private static JsonNode? Value(JsonElement rule, Random random)
    {
        if (rule.TryGetProperty("const", out var only)) return JsonNode.Parse(only.GetRawText());
        if (rule.TryGetProperty("enum", out var words)) return JsonNode.Parse(words[random.Next(words.GetArrayLength())].GetRawText());
        if (rule.TryGetProperty("pattern", out _)) return rule.GetProperty("examples")[random.Next(rule.GetProperty("examples").GetArrayLength())].GetString();
        return rule.GetProperty("type").GetString() switch
        {
            "boolean" => random.Next(2) == 0,
            "integer" => Whole(rule, random),
            "number" => Number(rule, random),
            "array" => new JsonArray([.. Enumerable.Range(0, random.Next((int)Bound(rule, "minItems", 0), (int)Math.Min(Bound(rule, "maxItems", 3), 4) + 1)).Select(_ => Value(rule.GetProperty("items"), random))]),
            "object" => Object(rule, random),
            _ => rule.TryGetProperty("format", out var format) ? Formatted(format.GetString()!, random) : Words(rule, random),
        };
    }

    private static JsonNode Whole(JsonElement rule, Random random)
    {
        var (least, most) = ((long)Bound(rule, "minimum", -1000), (long)Bound(rule, "maximum", 1_000_000));
        return random.Next(5) switch { 0 => least, 1 => most, _ => random.NextInt64(least, most + 1) };
    }

    private static JsonNode Number(JsonElement rule, Random random)
    {
        var (least, most) = (Bound(rule, "minimum", -1000), Bound(rule, "maximum", 1_000_000));
        var step = Bound(rule, "multipleOf", 0.0001m);
        return random.Next(5) switch { 0 => least, 1 => most, _ => Math.Clamp(Math.Round((least + (most - least) * (decimal)random.NextDouble()) / step) * step, least, most) };
    }

    private static JsonNode Formatted(string format, Random random) => format switch
    {
        "date-time" => new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(60_000_000)).ToOffset(TimeSpan.FromMinutes(random.Next(-24, 28) * 30)).ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture),
        "date" => new DateOnly(2024, 1, 1).AddDays(random.Next(1000)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        "uuid" => Guid.NewGuid().ToString(),
        "email" => $"somebody{random.Next(1000)}@clinic.example",
        "uri" => $"https://shop.example/p/{random.Next(1000)}?q=%C3%A9",
        _ => throw new NotSupportedException(format),
    };

    // Whatever may stand in a text: quotes, other scripts, what looks like SQL or JSON, an emoji of two UTF-16 units.
    private static readonly string[] pieces = ["a", "Zz", " ", "é", "ß", "ʼn", "தமிழ்", "العربية", "日本", "'", "\"", "\\", "--", ";", "{", "}", "%", "_", "$1", "null", "0", "\t", "\n", "😀"];

    private static JsonNode Words(JsonElement rule, Random random)
    {
        var most = (int)Math.Min(Bound(rule, "maxLength", 40), 40);
        var text = "x";
        while (random.Next(8) > 0 && text.Length < most - 8) text += pieces[random.Next(pieces.Length)];
        return text;
    }

    private static decimal Bound(JsonElement rule, string keyword, decimal otherwise) => rule.TryGetProperty(keyword, out var bound) ? bound.GetDecimal() : otherwise;

    /// <summary>A value of the right JSON type that breaks one of its rules, when a column of that type can hold such a value; else null.</summary>
    public static JsonNode? Broken(JsonElement rule)
    {
        var kind = rule.GetProperty("type").GetString();
        if (rule.TryGetProperty("enum", out _) || rule.TryGetProperty("const", out _)) return "pigeon";
        if (kind is "integer" or "number")
        {
            if (rule.TryGetProperty("minimum", out var least)) return least.GetDecimal() - 1;
            return rule.TryGetProperty("maximum", out var most) ? most.GetDecimal() + 1 : null;
        }
        if (kind == "array") return rule.TryGetProperty("maxItems", out var items) ? new JsonArray([.. Enumerable.Range(0, items.GetInt32() + 1).Select(_ => Value(rule.GetProperty("items"), new Random(1)))]) : null;
        if (kind != "string") return null;
        if (rule.TryGetProperty("pattern", out _)) return "!";
        if (rule.TryGetProperty("format", out var format)) return format.GetString() is "email" or "uri" ? "no such thing" : null;
        return rule.TryGetProperty("maxLength", out var length) ? new string('x', length.GetInt32() + 1) : null;
    }
}

internal static class Rows
{
    public static JsonObject Without(this JsonObject row, string column)
    {
        row.Remove(column);
        return row;
    }
}

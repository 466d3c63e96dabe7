using System.Text.Json;

namespace Clientele.DataApi.Tests.Conformance;

/// <summary>One request of PostgREST's suite and what it must be answered with.</summary>
internal sealed record Case(int Number, string File, string Describe, string It, string Method, string Path, List<(string Name, string Value)> Headers, string? Body, JsonElement Expect)
{
    public static List<Case> Read(string path)
    {
        using var json = JsonDocument.Parse(System.IO.File.ReadAllText(path));
        return [.. json.RootElement.EnumerateArray().Select((c, i) => new Case(i, c.GetProperty("file").GetString()!.Replace("test/spec/Feature/", "", StringComparison.Ordinal), string.Join(" / ", c.GetProperty("describe").EnumerateArray().Select(d => d.GetString())),
            c.GetProperty("it").GetString()!, c.GetProperty("request").GetProperty("method").GetString()!, c.GetProperty("request").GetProperty("path").GetString()!,
            [.. c.GetProperty("request").GetProperty("headers").EnumerateArray().Select(h => (h[0].GetString()!, h[1].GetString()!))],
            c.GetProperty("request").GetProperty("body").GetString(), c.GetProperty("expect").Clone()))];
    }

    /// <summary>What is wrong with an answer; null: nothing.</summary>
    public string? Fault(int status, IReadOnlyDictionary<string, string> headers, string body)
    {
        if (Expect.GetProperty("status").GetInt32() is var expected && expected != status) return $"status {status}, expected {expected}: {body[..Math.Min(300, body.Length)]}";
        if (Expect.TryGetProperty("headers", out var wanted))
        {
            foreach (var header in wanted.EnumerateArray())
            {
                var (name, value) = (header[0].GetString()!, header[1].GetString()!);
                if (!headers.TryGetValue(name, out var found)) return $"no header {name}, expected {value}";
                if (found != value) return $"{name}: {found}, expected {value}";
            }
        }
        if (Expect.TryGetProperty("absentHeaders", out var absent))
        {
            foreach (var name in absent.EnumerateArray().Select(a => a.GetString()!).Select(a => a switch { "ContentType" => "Content-Type", "ContentLength" => "Content-Length", _ => a }))
                if (headers.ContainsKey(name) && !(name == "Content-Length" && headers[name] == "0" && status != 204)) return $"header {name} is there: {headers[name]}";
        }
        if (Expect.TryGetProperty("json", out var json))
        {
            if (body.Length == 0) return "no body";
            try
            {
                // What stands as a string of JSON is compared as JSON.
                var got = JsonSerializer.Deserialize<JsonElement>(body);
                return Same(json, got) || (json.ValueKind == JsonValueKind.String && json.GetString() is ['[' or '{', ..] text && Parsed(text) is { } want && Same(want, got)) ? null : $"body {body[..Math.Min(600, body.Length)]}\n      expected {json.GetRawText()[..Math.Min(600, json.GetRawText().Length)].ReplaceLineEnding()}";
            }
            catch (JsonException) { return $"body is no JSON: {body[..Math.Min(300, body.Length)]}"; }
        }
        if (Expect.TryGetProperty("text", out var exact) && exact.GetString() is { } plain && plain != body)
        {
            if (plain is ['[' or '{', ..])
            {
                try { if (Same(JsonSerializer.Deserialize<JsonElement>(plain), JsonSerializer.Deserialize<JsonElement>(body))) return null; }
                catch (JsonException) { /* said below */ }
            }
            return $"text {body[..Math.Min(300, body.Length)]}, expected {plain[..Math.Min(300, plain.Length)]}";
        }
        return null;
    }

    private static JsonElement? Parsed(string text)
    {
        try { return JsonSerializer.Deserialize<JsonElement>(text); }
        catch (JsonException) { return null; }
    }

    private static Dictionary<string, JsonElement> Members(JsonElement json) => json.EnumerateObject().GroupBy(p => p.Name).ToDictionary(g => g.Key, g => g.Last().Value);

    // Objects whatever the order of their members, numbers by their value.
    private static bool Same(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind) return false;
        switch (a.ValueKind)
        {
            case JsonValueKind.Object:
                // Of a member that is there twice, readers take the last.
                var (left, right) = (Members(a), Members(b));
                return left.Count == right.Count && left.All(p => right.TryGetValue(p.Key, out var other) && Same(p.Value, other));
            case JsonValueKind.Array:
                return a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray()).All(p => Same(p.First, p.Second));
            case JsonValueKind.String: return a.GetString() == b.GetString();
            case JsonValueKind.Number: return a.GetDecimal() == b.GetDecimal();
            default: return true;
        }
    }
}

internal static class Lines
{
    public static string ReplaceLineEnding(this string text) => text.ReplaceLineEndings(" ");
}

using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Clientele.DataApi.Parse;
using CsvHelper;
using CsvHelper.Configuration;

namespace Clientele.DataApi.Plan;

/// <summary>The rows a request brings: an array of JSON objects, checked and never taken apart.</summary>
/// <param name="Rows">JSON text of the array.</param>
/// <param name="First">JSON text of its first object; null when there is none.</param>
/// <param name="Keys">Keys of the objects, in the order of the first.</param>
/// <param name="Count">How many there are.</param>
internal sealed record Payload(string Rows, string? First, IReadOnlyList<string> Keys, int Count)
{
    /// <summary>How deep the JSON of a body may be.</summary>
    public const int MostDepth = 256;

    /// <param name="sameKeys">Every object must have the keys of the first.</param>
    public static Payload Read(ReadOnlyMemory<byte> body, string contentType, bool sameKeys) => contentType switch
    {
        "application/json" or "" or "*/*" or "application/vnd.pgrst.object+json" or "application/vnd.pgrst.array+json" => Json(body, sameKeys),
        "text/csv" => Json(Csv(body), sameKeys),
        "application/x-www-form-urlencoded" => Json(Form(body), sameKeys),
        _ => throw ApiError.BadBody("Content-Type not acceptable: " + contentType),
    };

    /// <summary>Names and values of a form.</summary>
    public static List<KeyValuePair<string, string>> Pairs(ReadOnlyMemory<byte> body)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var pair in Encoding.UTF8.GetString(body.Span).Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            pairs.Add(new(QueryParser.Unescape(pair.AsSpan(0, equals < 0 ? pair.Length : equals)), equals < 0 ? string.Empty : QueryParser.Unescape(pair.AsSpan(equals + 1))));
        }
        return pairs;
    }

    private static byte[] Form(ReadOnlyMemory<byte> body) =>
        JsonSerializer.SerializeToUtf8Bytes(Pairs(body).GroupBy(p => p.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Value));

    private static ReadOnlyMemory<byte> Csv(ReadOnlyMemory<byte> body)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        using var csv = new CsvParser(new StringReader(Encoding.UTF8.GetString(body.Span)), new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = null });
        try
        {
            if (!csv.Read()) throw ApiError.BadBody();
            var names = csv.Record!;
            json.WriteStartArray();
            while (csv.Read())
            {
                var values = csv.Record!;
                if (values.Length != names.Length) throw ApiError.BadBody("All lines must have same number of fields");
                json.WriteStartObject();
                for (var i = 0; i < names.Length; i++)
                {
                    // The word NULL is how CSV says that there is none.
                    if (values[i] == "NULL") json.WriteNull(names[i]);
                    else json.WriteString(names[i], values[i]);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        catch (CsvHelperException)
        {
            throw ApiError.BadBody("The CSV of the body cannot be read");
        }
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static Payload Json(ReadOnlyMemory<byte> body, bool sameKeys)
    {
        try
        {
            return Walk(body, sameKeys);
        }
        catch (JsonException)
        {
            throw ApiError.BadBody();
        }
        catch (InvalidOperationException)
        {
            // A key with half a surrogate.
            throw ApiError.BadBody();
        }
    }

    private static Payload Walk(ReadOnlyMemory<byte> body, bool sameKeys)
    {
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = MostDepth });
        if (!reader.Read()) throw ApiError.BadBody();
        var keys = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var array = reader.TokenType == JsonTokenType.StartArray;
        if (!array && reader.TokenType != JsonTokenType.StartObject) throw ApiError.BadBody();
        if (array) reader.Read();
        var (count, firstStart, firstEnd) = (0, 0, 0);
        while (reader.TokenType == JsonTokenType.StartObject)
        {
            if (count == 0) firstStart = (int)reader.TokenStartIndex;
            ObjectKeys(ref reader, keys, seen, first: count == 0, sameKeys);
            if (count++ == 0) firstEnd = (int)reader.BytesConsumed;
            if (!array) break;
            reader.Read();
        }
        if (array && reader.TokenType != JsonTokenType.EndArray) throw ApiError.BadBody("All object keys must match");
        if (reader.Read()) throw ApiError.BadBody();
        var text = Encoding.UTF8.GetString(body.Span);
        // PostgreSQL has no such character in a text, and its own words for that would show the whole body.
        if (text.Contains("\\u0000", StringComparison.Ordinal)) throw new ApiError(400, "22P05", "unsupported Unicode escape sequence");
        return new Payload(array ? text : "[" + text + "]", count == 0 ? null : Encoding.UTF8.GetString(body.Span[firstStart..firstEnd]), keys, count);
    }

    private static void ObjectKeys(ref Utf8JsonReader reader, List<string> keys, HashSet<string> seen, bool first, bool sameKeys)
    {
        var found = 0;
        var here = sameKeys && !first ? new HashSet<string>(StringComparer.Ordinal) : null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (first)
            {
                var key = reader.GetString()!;
                if (seen.Add(key)) keys.Add(key);
            }
            else if (here is not null)
            {
                var key = reader.GetString()!;
                if (!seen.Contains(key)) throw ApiError.BadBody("All object keys must match");
                if (here.Add(key)) found++;
            }
            reader.Read();
            reader.Skip();
        }
        if (here is not null && found != seen.Count) throw ApiError.BadBody("All object keys must match");
    }
}

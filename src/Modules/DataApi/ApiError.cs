using System.Buffers;
using System.Text.Json;

namespace Clientele.DataApi;

/// <summary>
/// What a caller can cause, in the shape of PostgREST: a code, a message, and perhaps details and a hint.
/// The body of the answer is that and nothing else.
/// </summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">PGRST and three digits, or PostgreSQL's SQLSTATE.</param>
/// <param name="message">What is wrong.</param>
internal sealed class ApiError(int status, string code, string message) : Exception(message)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    public string? Details { get; init; }

    /// <summary>JSON in place of <see cref="Details"/>.</summary>
    public string? DetailsJson { get; init; }

    public string? Hint { get; init; }

    /// <summary>Headers the answer carries beside those of every answer.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public string? Reason { get; init; }

    public byte[] Body()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("code", Code);
            if (DetailsJson is not null)
            {
                json.WritePropertyName("details");
                json.WriteRawValue(DetailsJson);
            }
            else json.WriteString("details", Details);
            json.WriteString("hint", Hint);
            json.WriteString("message", Message);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    public static ApiError Parse(string what, string input, int column, string unexpected, string expecting) =>
        new(400, "PGRST100", $"\"failed to parse {what} ({input})\" (line 1, column {column})") { Details = $"unexpected {unexpected} expecting {expecting}" };

    public static ApiError NoRelation(string schema, string name, string? near) =>
        new(404, "PGRST205", $"Could not find the table '{schema}.{name}' in the schema cache") { Hint = near is null ? null : $"Perhaps you meant the table '{schema}.{near}'" };

    public static ApiError NoColumn(string relation, string column) => new(400, "42703", $"column {relation}.{column} does not exist");

    public static ApiError UnknownColumnInBody(string relation, string column) =>
        new(400, "PGRST204", $"Could not find the '{column}' column of '{relation}' in the schema cache");

    public static ApiError BadBody(string message = "Empty or invalid json") => new(400, "PGRST102", message);

    public static ApiError Range(string details) => new(416, "PGRST103", "Requested range not satisfiable") { Details = details };

    public static ApiError NotAcceptable(string asked) => new(406, "PGRST107", $"None of these media types are available: {asked}");

    public static ApiError NotEmbedded(string name) =>
        new(400, "PGRST108", $"'{name}' is not an embedded resource in this request") { Hint = $"Verify that '{name}' is included in the 'select' query parameter." };

    public static ApiError NotImplemented(string details) => new(400, "PGRST127", "Feature not implemented") { Details = details };
}

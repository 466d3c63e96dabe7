using System.Text.Json;
using Npgsql;

namespace Clientele.DataApi.Run;

/// <summary>PostgreSQL's errors as answers: one table from SQLSTATE to status. It is PostgREST's, so a server that stops (57P01) is a 500 here and a 503 elsewhere.</summary>
internal static class Failures
{
    public static ApiError Of(PostgresException e, bool anonymous)
    {
        if (e.SqlState == "PGRST") return Raised(e);
        if (e.SqlState.StartsWith("PT", StringComparison.Ordinal) && int.TryParse(e.SqlState.AsSpan(2), out var asked) && asked is >= 200 and < 600)
            return new ApiError(asked, e.SqlState, e.MessageText) { Details = Detail(e), Hint = e.Hint };
        var status = Status(e.SqlState, anonymous, e.MessageText);
        return new ApiError(status, e.SqlState, e.MessageText)
        {
            Details = Detail(e),
            Hint = e.Hint,
            Headers = status == 401 ? [new("WWW-Authenticate", "Bearer")] : [],
        };
    }

    // Npgsql's own words in place of a detail say nothing to a caller.
    private static string? Detail(PostgresException e) => e.Detail is { } detail && !detail.StartsWith("Detail redacted", StringComparison.Ordinal) ? detail : null;

    private static int Status(string state, bool anonymous, string message) => state switch
    {
        "23503" or "23505" or "23P01" => 409,
        "25006" => 405,
        "21000" when message.EndsWith("WHERE clause", StringComparison.Ordinal) => 400,
        "21000" => 500,
        // The role of a token that is none.
        "22023" when message.StartsWith("role \"", StringComparison.Ordinal) => 401,
        "42883" when message.StartsWith("function xmlagg(", StringComparison.Ordinal) => 406,
        "42883" or "42P01" => 404,
        "42P17" => 500,
        "42501" => anonymous ? 401 : 403,
        "P0001" => 400,
        "CL001" or "CL002" or "CL003" or "CL004" or "CL005" => 409,
        "P0002" => 404,
        "57014" => 504,
        _ => state[..2] switch
        {
            "08" => 503,
            "09" => 500,
            "0L" or "0P" => 403,
            "25" or "2D" or "38" or "39" or "3B" => 500,
            "28" => 403,
            "40" => 500,
            "53" => 503,
            "54" or "55" or "57" or "58" or "F0" or "HV" or "P0" or "XX" => 500,
            _ => 400,
        },
    };

    // raise sqlstate 'PGRST' says itself what the answer is.
    private static ApiError Raised(PostgresException e)
    {
        try
        {
            using var message = JsonDocument.Parse(e.MessageText);
            if (e.Detail is null) return Unreadable("DETAIL is missing in the RAISE statement", e);
            using var detail = JsonDocument.Parse(e.Detail);
            if (!detail.RootElement.TryGetProperty("status", out var status) || !status.TryGetInt32(out var number)) return Unreadable("Invalid JSON value for DETAIL: '" + e.Detail + "'", e);
            var headers = detail.RootElement.TryGetProperty("headers", out var given) && given.ValueKind == JsonValueKind.Object
                ? given.EnumerateObject().Select(h => new KeyValuePair<string, string>(h.Name, h.Value.ToString())).ToList() : [];
            return new ApiError(number, Word(message, "code") ?? "PGRST", Word(message, "message") ?? string.Empty)
            {
                Details = Word(message, "details"),
                Hint = Word(message, "hint"),
                Headers = headers,
                Reason = detail.RootElement.TryGetProperty("status_text", out var reason) ? reason.GetString() : null,
            };
        }
        catch (JsonException)
        {
            return Unreadable("Invalid JSON value for MESSAGE or DETAIL", e);
        }
    }

    private static string? Word(JsonDocument json, string name) => json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static ApiError Unreadable(string why, PostgresException e) => new(500, "PGRST121", "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error")
    {
        Details = why,
        Hint = e.MessageText.StartsWith('{') ? "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'." : "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
    };
}

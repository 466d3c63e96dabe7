using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Clientele.Platform.Data;

/// <summary>How a C# value becomes a parameter: by its declared type, so that a null still has one.</summary>
internal static class Parameters
{
    public static NpgsqlParameter Of<T>(T value) => value switch
    {
        NpgsqlParameter ready => ready,
        JsonElement json => Json(json.ValueKind == JsonValueKind.Undefined ? null : json.GetRawText()),
        Json json => Json(json.Text),
        Enum word => new NpgsqlParameter<string> { TypedValue = Words.Of(word) },
        DateTimeOffset time => new NpgsqlParameter<DateTimeOffset> { TypedValue = time.ToUniversalTime() },
        DateTimeOffset[] times => new NpgsqlParameter<DateTimeOffset[]> { TypedValue = Array.ConvertAll(times, t => t.ToUniversalTime()) },
        null => Null(Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T)),
        _ => new NpgsqlParameter<T> { TypedValue = value },
    };

    private static NpgsqlParameter Json(string? text) =>
        new() { NpgsqlDbType = NpgsqlDbType.Jsonb, Value = (object?)text ?? DBNull.Value };

    private static NpgsqlParameter Null(Type type) =>
        new() { NpgsqlDbType = NullTypes.GetValueOrDefault(type.IsEnum ? typeof(string) : type, NpgsqlDbType.Unknown), Value = DBNull.Value };

    private static readonly Dictionary<Type, NpgsqlDbType> NullTypes = new()
    {
        [typeof(string)] = NpgsqlDbType.Text,
        [typeof(Guid)] = NpgsqlDbType.Uuid,
        [typeof(bool)] = NpgsqlDbType.Boolean,
        [typeof(int)] = NpgsqlDbType.Integer,
        [typeof(long)] = NpgsqlDbType.Bigint,
        [typeof(decimal)] = NpgsqlDbType.Numeric,
        [typeof(double)] = NpgsqlDbType.Double,
        [typeof(DateOnly)] = NpgsqlDbType.Date,
        [typeof(DateTimeOffset)] = NpgsqlDbType.TimestampTz,
        [typeof(TimeSpan)] = NpgsqlDbType.Interval,
        [typeof(byte[])] = NpgsqlDbType.Bytea,
        [typeof(JsonElement)] = NpgsqlDbType.Jsonb,
        [typeof(Json)] = NpgsqlDbType.Jsonb,
        [typeof(string[])] = NpgsqlDbType.Array | NpgsqlDbType.Text,
        [typeof(Guid[])] = NpgsqlDbType.Array | NpgsqlDbType.Uuid,
    };
}

/// <summary>A value to be stored as <c>jsonb</c>.</summary>
public sealed record Json(string? Text)
{
    /// <summary>Serialises with the API's own naming.</summary>
    public static Json Of<T>(T value) => new(JsonSerializer.Serialize(value, ApiJson.Options));
}

/// <summary>The one way JSON is written and read: camelCase, nulls kept, enums as snake_case words.</summary>
public static class ApiJson
{
    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions());

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DictionaryKeyPolicy = null;
        options.PropertyNameCaseInsensitive = true;
        options.Converters.Add(new System.Text.Json.Serialization.JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower));
        return options;
    }
}

/// <summary>Enums in C# are words in SQL: <c>DryRun</c> is <c>dry_run</c>.</summary>
public static class Words
{
    public static string Of(Enum value) => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static T To<T>(string word) where T : struct, Enum =>
        Enum.Parse<T>(word.Replace("_", string.Empty, StringComparison.Ordinal), ignoreCase: true);
}

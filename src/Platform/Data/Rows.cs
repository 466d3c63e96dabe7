using System.Linq.Expressions;
using System.Reflection;
using System.Text.Json;
using Npgsql;

namespace Clientele.Platform.Data;

/// <summary>
/// Reads a row into a record by its constructor: a parameter <c>FirstSeenAt</c> takes the column <c>first_seen_at</c>,
/// whatever the columns' order. A missing column fails with the column's name; an extra one is ignored.
/// A scalar type (string, Guid, long …) takes the first column.
/// </summary>
internal static class Rows<T>
{
    private static readonly ConstructorInfo? constructor = IsScalar ? null : typeof(T)
        .GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
        .OrderByDescending(c => c.GetParameters().Length).FirstOrDefault();

    private static readonly string[] columns = constructor?.GetParameters()
        .Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name!)).ToArray() ?? [];

    private static readonly Func<NpgsqlDataReader, int[], T> read = Compile();

    private static bool IsScalar => typeof(T).Namespace is "System" or "System.Text.Json" || typeof(T).IsEnum || typeof(T).IsArray;

    /// <summary>Finds the columns once per result; the returned function reads one row.</summary>
    public static Func<T> Reader(NpgsqlDataReader reader)
    {
        if (constructor is null) return () => read(reader, [0]);
        var names = Enumerable.Range(0, reader.FieldCount).ToDictionary(reader.GetName, StringComparer.Ordinal);
        var ordinals = columns.Select(column => names.TryGetValue(column, out var ordinal)
            ? ordinal
            : throw new InvalidOperationException($"{typeof(T).Name} wants a column \"{column}\"; the query returns {string.Join(", ", names.Keys)}.")).ToArray();
        return () => read(reader, ordinals);
    }

    private static Func<NpgsqlDataReader, int[], T> Compile()
    {
        var reader = Expression.Parameter(typeof(NpgsqlDataReader));
        var ordinals = Expression.Parameter(typeof(int[]));
        Expression Field(Type type, int index) => Expression.Call(
            typeof(Fields), nameof(Fields.Read), [type], reader, Expression.ArrayIndex(ordinals, Expression.Constant(index)));
        Expression body = constructor is null
            ? Field(typeof(T), 0)
            : Expression.New(constructor, constructor.GetParameters().Select((p, i) => Field(p.ParameterType, i)));
        return Expression.Lambda<Func<NpgsqlDataReader, int[], T>>(body, reader, ordinals).Compile();
    }
}

internal static class Fields
{
    public static T Read<T>(NpgsqlDataReader reader, int ordinal)
    {
        if (reader.IsDBNull(ordinal))
        {
            // A null where the record says "never" is a fault of the query; say which column.
            return default(T) is null ? default! : throw new InvalidOperationException(
                $"Column \"{reader.GetName(ordinal)}\" is null, but {typeof(T).Name} takes none.");
        }
        var type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        if (type.IsEnum) return (T)Enum.Parse(type, reader.GetString(ordinal).Replace("_", string.Empty, StringComparison.Ordinal), ignoreCase: true);
        if (type == typeof(JsonElement)) return (T)(object)JsonSerializer.Deserialize<JsonElement>(reader.GetString(ordinal));
        return reader.GetFieldValue<T>(ordinal);
    }
}

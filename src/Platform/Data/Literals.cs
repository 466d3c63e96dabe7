using System.Collections;
using System.Globalization;

namespace Clientele.Platform.Data;

/// <summary>Values as SQL text, for statements that are shown.</summary>
internal static class Literals
{
    public static string Of(object? value) => value switch
    {
        null or DBNull => "null",
        bool flag => flag ? "true" : "false",
        short or int or long => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        decimal or double => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        string text => Quote(text),
        DateOnly day => $"date {Quote(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))}",
        DateTimeOffset time => $"timestamptz {Quote(time.ToString("yyyy-MM-dd HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture))}",
        IEnumerable list => $"array[{string.Join(", ", list.Cast<object?>().Select(Of))}]{TypeOf(value)}",
        _ => Quote(Convert.ToString(value, CultureInfo.InvariantCulture)!),
    };

    // An empty list has no type of its own.
    private static string TypeOf(object list) => list switch { string[] => "::text[]", decimal[] => "::numeric[]", DateOnly[] => "::date[]", Guid[] => "::uuid[]", _ => string.Empty };

    // A backslash means itself only while standard_conforming_strings is on, as it is by default.
    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}

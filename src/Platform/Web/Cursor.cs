using System.Globalization;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Web;

/// <summary>Where a page ends, as an opaque word.</summary>
public static class Cursor
{
    public static string Write(DateTimeOffset time, Guid id) => string.Create(CultureInfo.InvariantCulture, $"{time.UtcTicks:x}_{id:N}");

    public static (DateTimeOffset Time, Guid Id) Read(string cursor)
    {
        var parts = cursor.Split('_');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var ticks)
            && ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks && Guid.TryParseExact(parts[1], "N", out var id)
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), id)
            : throw Problem.Invalid("before", "This is not a cursor this server gave out. Start again from the first page.");
    }
}

using System.Globalization;

namespace Clientele.Timelines.Questions;

/// <summary>
/// Where a number of an answer stands. Both executors answer with the same cells, so that one comparison holds them together
/// and one presentation serves both.
/// </summary>
/// <remarks>
/// trend: line, period (−1: the whole time) · funnel: A step, B 0 reached, 1 sum of seconds, 2 median of seconds ·
/// retention: A cohort, B period (−1: its size) · lifecycle: A period, B status · stickiness: A number of periods ·
/// paths: A position, group from and to (of a pick: with B 1 all who were there, wherever they went on to) · segment: one cell.
/// </remarks>
public readonly record struct CellKey(int Line, int A, int B, string? Group1 = null, string? Group2 = null);

/// <summary>A count, and an amount where there is one.</summary>
public sealed record Cell(long Count, decimal? Amount = null)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}/{Amount:0.######}");
}

/// <summary>One number of an answer; groups: null in a place means that the value is missing there.</summary>
/// <param name="Exactly">Funnels: who came to this step and no further.</param>
public sealed record CellPick(CellKey Key, bool Exactly = false);

/// <summary>Where numbers come from texts: one rule for both executors.</summary>
public static class Numbers
{
    /// <summary>Numbers are kept in millionths.</summary>
    public const long Scale = 1_000_000;

    /// <summary>No number.</summary>
    public const long None = long.MinValue;

    /// <summary>
    /// The text as a number, in millionths, rounded half away from zero: up to twelve digits before the point. Anything else is none.
    /// </summary>
    public static long Read(ReadOnlySpan<char> text)
    {
        var i = text is ['-', ..] ? 1 : 0;
        var negative = i == 1;
        long whole = 0;
        var digits = 0;
        for (; i < text.Length && char.IsAsciiDigit(text[i]); i++, digits++)
        {
            if (digits >= 12) return None;
            whole = whole * 10 + (text[i] - '0');
        }
        if (digits == 0) return None;
        var scaled = whole * Scale;
        if (i < text.Length)
        {
            if (text[i] != '.' || i + 1 == text.Length) return None;
            var place = Scale / 10;
            var decimals = 0;
            for (i++; i < text.Length; i++, decimals++, place /= 10)
            {
                if (!char.IsAsciiDigit(text[i])) return None;
                if (decimals < 6) scaled += (text[i] - '0') * place;
                else if (decimals == 6 && text[i] >= '5') scaled++;
            }
        }
        return negative ? -scaled : scaled;
    }

    /// <summary>Millionths as a decimal.</summary>
    public static decimal ToDecimal(Int128 millionths) => (decimal)millionths / Scale;
}

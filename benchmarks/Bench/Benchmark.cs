using System.Globalization;

namespace Clientele.Bench;

/// <summary>Something that can be measured by its name.</summary>
internal sealed record Benchmark(string Name, string Description, Func<string[], CancellationToken, Task<IReadOnlyList<Figure>>> Run);

/// <summary>A number that was measured, what it must be and what it should be.</summary>
internal sealed record Figure(string Name, double Value, string Unit, double Must, double Aim)
{
    /// <summary>Must and aim are the least it may be; otherwise the most.</summary>
    public bool MoreIsBetter { get; init; }

    public bool Ok => MoreIsBetter ? Value >= Must : Value <= Must;

    public string Line => string.Create(CultureInfo.InvariantCulture,
        $"figure={Name} value={Value:0.###} unit={Unit} must={Must:0.###} aim={Aim:0.###} verdict={(Ok ? "ok" : "short")}");
}

/// <summary>What a person reads: names to the left, numbers to the right.</summary>
internal static class Table
{
    public static void Row(string name, FormattableString value, string note = "") =>
        Console.WriteLine($"{name,-34} {value.ToString(CultureInfo.InvariantCulture),14}  {note}".TrimEnd());

    /// <summary>The value that so large a share of the others do not exceed.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}

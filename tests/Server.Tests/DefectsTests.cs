using System.Text.RegularExpressions;
using Clientele.Testing;

namespace Clientele.Server.Tests;

/// <summary>Keeps <c>docs/defects.md</c> true: every number, and every test that carries one.</summary>
public sealed partial class DefectsTests
{
    private const int Known = 133;

    private sealed record Row(int Number, string Title, string State)
    {
        public override string ToString() => $"| {Number} | {Title} | {State} |";
    }

    [Fact]
    public void Every_defect_is_tested_or_says_why_not()
    {
        var file = Path.Combine(SharedData.Root, "docs", "defects.md");
        var before = File.ReadAllText(file);
        var rows = Line().Matches(before).Select(m => new Row(int.Parse(m.Groups[1].Value), m.Groups[2].Value, m.Groups[3].Value)).ToList();
        Assert.Equal(Enumerable.Range(1, Known), rows.Select(r => r.Number));

        var tests = Tests();
        Assert.DoesNotContain(tests, t => t.Key is < 1 or > Known);
        var told = rows.Select(r => tests[r.Number].Order(StringComparer.Ordinal).ToList() is { Count: > 0 } found
            ? r with { State = "tested: " + string.Join(", ", found.Select(t => $"`{t}`")) + Rest().Match(r.State).Value }
            : r.State.StartsWith("tested", StringComparison.Ordinal) ? r with { State = "no test yet" } : r).ToList();
        var after = Line().Replace(before, m => told[int.Parse(m.Groups[1].Value) - 1].ToString());
        if (after != before) File.WriteAllText(file, after);

        var open = told.Where(r => !State().IsMatch(r.State)).ToList();
        Assert.True(open.Count == 0, $"{open.Count} defects are not tested:\n{string.Join('\n', open)}");
        Assert.True(after == before, "docs/defects.md was not up to date. It is now: look at the difference and commit it.");
    }

    // A test may carry several numbers: Defect_048_050_….
    private static ILookup<int, string> Tests() => Directory.EnumerateFiles(SharedData.Root, "*Tests.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
        .SelectMany(f => Method().Matches(File.ReadAllText(f)).SelectMany(m =>
            Number().Matches(m.Groups[1].Value).Select(n => (Number: int.Parse(n.Value), Name: $"{Path.GetFileNameWithoutExtension(f)}.{m.Value}"))))
        .Distinct().ToLookup(t => t.Number, t => t.Name);

    [GeneratedRegex(@"(?m)^\| (\d+) \| (.*?) \| (.*?) \|$")]
    private static partial Regex Line();

    [GeneratedRegex(@"(?<=public (?:async Task|void) )Defect((?:_\d{3})+)_\w+")]
    private static partial Regex Method();

    // Of a fault with two halves one may be built and the other not yet: that is written by hand, and kept.
    [GeneratedRegex(@"; the rest waits for .+$")]
    private static partial Regex Rest();

    [GeneratedRegex(@"\d{3}")]
    private static partial Regex Number();

    [GeneratedRegex(@"^(tested: |waits for (guidance|agents|care|support|compliance|dataapi|analytics)\b|does not apply: .{20,})")]
    private static partial Regex State();
}

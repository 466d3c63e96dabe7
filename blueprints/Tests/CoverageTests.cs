using System.Text;
using Clientele.Testing;

namespace Clientele.Blueprints.Tests;

/// <summary>
/// The tables of the five documents against the live catalogue: which there are, as documented or with a reason why not, and
/// which module will bring the others. Writes <c>docs/coverage.md</c>.
/// </summary>
public sealed class CoverageTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    private sealed record Covered(string Blueprint, List<Fact> Facts, List<Deviation> Deviations, List<Difference> Differences, HashSet<string> There, Dictionary<string, string> Behind,
        List<(string Table, string Column, string References)> Waiting)
    {
        public List<(string Name, string Module)> Names => [.. Facts.Select(f => (f.Table, f.Module)).Distinct()];

        public List<Deviation> DeviationsOf(string table) => [.. Deviations.Where(d => d.Table == table)];
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_name_that_is_there_is_as_documented_or_says_why_not()
    {
        var faults = new List<string>();
        foreach (var blueprint in await All())
        {
            faults.AddRange(blueprint.Differences.Where(d => !blueprint.Deviations.Any(r => r.Covers(d))).Select(d => $"{blueprint.Blueprint}.{d}"));
            faults.AddRange(blueprint.Deviations.Where(r => !blueprint.Differences.Any(r.Covers)).Select(r => $"{blueprint.Blueprint}.{r.Table}.{r.Column}, {r.Aspect}: the deviation is recorded, but there is none"));
        }
        Assert.True(faults.Count == 0, $"{faults.Count} differences: mend them, or give a reason in blueprints/*/deviations.tsv.\n{string.Join('\n', faults)}");
    }

    [Fact]
    public async Task As_many_names_resolve_as_must()
    {
        var all = await All();
        Assert.Equal(297, all.Sum(b => b.Names.Count));
        Assert.Equal(23, all.Single(b => b.Blueprint == "cdp").Names.Count);
        Assert.Empty(Missing(all.Single(b => b.Blueprint == "cdp"), f => true));
        var pocm = all.Single(b => b.Blueprint == "pocm");
        Assert.Equal(65, pocm.Facts.Count(f => f.Type == "event"));
        Assert.Empty(Missing(pocm, f => f.Type == "event"));
        Assert.True(all.Sum(b => b.There.Count) >= 150, $"{all.Sum(b => b.There.Count)} names resolve, of 150 that must");
    }

    private static IEnumerable<string> Missing(Covered blueprint, Func<Fact, bool> which) => blueprint.Facts.Where(which).Select(f => f.Table).Distinct().Where(t => !blueprint.There.Contains(t));

    [Fact]
    public async Task Every_deviation_gives_a_reason()
    {
        foreach (var blueprint in await All())
        {
            var columns = blueprint.Facts.Select(f => (f.Table, f.Column)).ToHashSet();
            Assert.All(blueprint.Deviations, d => Assert.True(d.Reason.Length > 20 && (d.Column == "*" ? blueprint.There.Contains(d.Table) : columns.Contains((d.Table, d.Column))), $"{blueprint.Blueprint}: {d}"));
        }
    }

    [Fact]
    public async Task The_document_is_the_committed_one()
    {
        var file = Path.Combine(SharedData.Root, "docs", "coverage.md");
        var text = Report(await All());
        if (File.Exists(file) && await File.ReadAllTextAsync(file, Ct) == text) return;
        await File.WriteAllTextAsync(file, text, Ct);
        Assert.Fail("docs/coverage.md was not up to date. It is now: look at the difference and commit it.");
    }

    [Theory]
    [InlineData("0", "0.00", true)]
    [InlineData("0", "'0'::numeric", true)]
    [InlineData("0", "1", false)]
    [InlineData("{}", "'{}'::text[]", true)]
    [InlineData("{user}", "ARRAY['user'::text]", true)]
    [InlineData("active", "'active'::text", true)]
    [InlineData("22:00", "'22:00:00'::time without time zone", true)]
    [InlineData("{\"a\": true}", "'{\"a\":true}'::jsonb", true)]
    [InlineData("today", "CURRENT_DATE", true)]
    [InlineData("active", null, false)]
    public void Defaults_are_the_same_however_they_are_written(string documented, string? ours, bool same) => Assert.Equal(same, Comparison.Same(documented, ours));

    private async Task<List<Covered>> All() => Cover(await Catalogue.Read(database.Service, Ct));

    private static List<Covered> Cover(Catalogue catalogue) => [.. Blueprint.All.Select(b =>
    {
        var facts = Fact.Of(b.Name);
        var comparison = new Comparison(b.Name, facts, catalogue);
        var there = facts.Select(f => f.Table).Where(t => catalogue.Exists($"{b.Name}.{t}")).ToHashSet();
        var behind = there.ToDictionary(t => t, t => catalogue.SourcesOf($"{b.Name}.{t}").FirstOrDefault()?.BaseRelation ?? string.Empty);
        return new Covered(b.Name, facts, Deviation.Of(b.Name), comparison.Differences(), there, behind, comparison.Waiting);
    })];

    private static string Report(List<Covered> all)
    {
        var text = new StringBuilder("""
            # Coverage

            The five documents name 297 tables. Each is a relation of its blueprint's schema, a view of the one module table that holds the fact.
            This page is written by `CoverageTests`, which holds `blueprints/*/facts.tsv` (what the documents say: columns, types, nulls, defaults,
            keys, words, references, checks) against the live catalogue, and fails when a difference has no reason in `blueprints/*/deviations.tsv`.

            | blueprint | names | as documented | with deviations | to come |
            |---|--:|--:|--:|--:|

            """.ReplaceLineEndings("\n"));
        foreach (var b in all) Row(text, b.Blueprint, b.Names.Count, b.There.Count(t => b.DeviationsOf(t).Count == 0), b.There.Count(t => b.DeviationsOf(t).Count > 0));
        Row(text, "all", all.Sum(b => b.Names.Count), all.Sum(b => b.There.Count(t => b.DeviationsOf(t).Count == 0)), all.Sum(b => b.There.Count(t => b.DeviationsOf(t).Count > 0)));
        text.Append("\nOf the names of pocm and jyotiflow the documents give no columns: \"as documented\" says there that the view exists. Its columns are ours.\n");
        text.Append("\n## What holds for all\n\n");
        foreach (var rule in Comparison.Rules) text.Append("- ").Append(rule).Append('\n');
        foreach (var b in all) Chapter(text, b);
        return text.ToString();
    }

    private static void Row(StringBuilder text, string name, int names, int exactly, int deviating) =>
        text.Append($"| {name} | {names} | {exactly} | {deviating} | {names - exactly - deviating} |\n");

    private static void Chapter(StringBuilder text, Covered b)
    {
        text.Append($"\n## {b.Blueprint}\n\n| name | state | of |\n|---|---|---|\n");
        foreach (var (name, module) in b.Names)
        {
            var deviations = b.DeviationsOf(name).Count;
            var state = !b.There.Contains(name) ? "to come" : deviations == 0 ? "resolves" : deviations == 1 ? "resolves, 1 deviation" : $"resolves, {deviations} deviations";
            text.Append($"| `{name}` | {state} | {(b.Behind.GetValueOrDefault(name) is { Length: > 0 } behind ? $"`{behind}`" : module)} |\n");
        }
        foreach (var table in b.Deviations.GroupBy(d => d.Table))
        {
            text.Append($"\n`{table.Key}` deviates:\n\n");
            foreach (var d in table) text.Append($"- {(d.Column == "*" ? "all columns" : $"`{d.Column}`")}, {d.Aspect}: {d.Reason}\n");
        }
        var waiting = b.Waiting.OrderBy(w => w.References, StringComparer.Ordinal).ToList();
        if (waiting.Count == 0) return;
        text.Append("\nThese references wait for the table they point at:\n\n");
        foreach (var (table, column, references) in waiting) text.Append($"- `{table}.{column}` → `{references}`\n");
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Scan;
using Calendar = Clientele.Timelines.Questions.Calendar;

namespace Clientele.Analytics.Queries;

/// <summary>Cells become what people read, the same way whoever counted them.</summary>
internal static class Answers
{
    public const int MostGroups = 200;
    private const int MostLinks = 500;

    public static ResultView Of(Question q, IReadOnlyDictionary<CellKey, Cell> cells) => q.Kind switch
    {
        QuestionKind.Trend => Trend(q, cells),
        QuestionKind.Funnel => Funnel(q, cells),
        QuestionKind.Retention => Retention(q, cells),
        QuestionKind.Lifecycle => Lifecycle(q, cells),
        QuestionKind.Stickiness => Stickiness(q, cells),
        QuestionKind.Paths => Paths(cells),
        _ => new ResultView(Customers: Count(cells, new CellKey(0, 0, 0))),
    };

    private static long Count(IReadOnlyDictionary<CellKey, Cell> cells, CellKey key) => cells.GetValueOrDefault(key)?.Count ?? 0;

    private static List<string> Periods(Calendar calendar, int from = 0) => [.. Enumerable.Range(from, calendar.Count - from).Select(calendar.Name)];

    private static string?[] Group(Question q, (string?, string?) group) => q.Breakdown.Count switch { 0 => [], 1 => [group.Item1], _ => [group.Item1, group.Item2] };

    // Those with the most first; equal ones by name, so that the order is the same each time.
    private static List<(string?, string?)> GroupsOf(IReadOnlyDictionary<CellKey, Cell> cells, Func<CellKey, bool> counts) =>
        [.. cells.Where(c => counts(c.Key)).GroupBy(c => (c.Key.Group1, c.Key.Group2)).OrderByDescending(g => g.Sum(c => c.Value.Count))
            .ThenBy(g => g.Key.Group1, StringComparer.Ordinal).ThenBy(g => g.Key.Group2, StringComparer.Ordinal).Select(g => g.Key)];

    private static ResultView Trend(Question q, IReadOnlyDictionary<CellKey, Cell> cells)
    {
        var calendar = new Calendar(q);
        var groups = GroupsOf(cells, k => k.A == -1);
        if (groups.Count == 0 && q.Breakdown.Count == 0) groups.Add((null, null));
        var lines = groups.Take(MostGroups).SelectMany(g => q.Series.Select((s, line) =>
        {
            decimal? Value(int period) => Measured(s.Measure, cells.GetValueOrDefault(new CellKey(line, period, 0, g.Item1, g.Item2)));
            return new LineView(line, s.Event, s.Measure, Group(q, g), Value(-1), [.. Enumerable.Range(0, calendar.Count).Select(Value)]);
        }));
        return new ResultView(Periods(calendar), [.. lines], Groups: groups.Count);
    }

    private static decimal? Measured(Measure measure, Cell? cell) => measure switch
    {
        Measure.Events or Measure.Customers => cell?.Count ?? 0,
        Measure.Sum => cell?.Amount ?? 0,
        Measure.Average => cell is null ? null : Math.Round(cell.Amount!.Value / cell.Count, 6, MidpointRounding.AwayFromZero),
        _ => cell?.Amount,
    };

    private static ResultView Funnel(Question q, IReadOnlyDictionary<CellKey, Cell> cells)
    {
        var groups = GroupsOf(cells, k => k is { A: 0, B: 0 });
        if (groups.Count == 0) groups = q.Breakdown.Count == 0 ? [(null, null)] : GroupsOf(cells, _ => true);
        return new ResultView(Funnels: [.. groups.Take(MostGroups).Select(g => new FunnelView(Group(q, g), Steps(q, cells, g)))], Groups: groups.Count);
    }

    private static List<StepView> Steps(Question q, IReadOnlyDictionary<CellKey, Cell> cells, (string?, string?) group)
    {
        Cell? At(int step, int b) => cells.GetValueOrDefault(new CellKey(0, step, b, group.Item1, group.Item2));
        var began = At(0, 0)?.Count ?? 0;
        return [.. q.Steps.Select((s, k) =>
        {
            var customers = At(k, 0)?.Count ?? 0;
            var from = k == 0 ? customers : At(Enumerable.Range(0, k).Last(j => !q.Steps[j].Optional), 0)?.Count ?? 0;
            var sum = At(k, 1);
            return new StepView(k, s.Event, s.Optional, customers, Share(customers, began), Share(customers, from), from - customers,
                sum is null ? null : Math.Round(sum.Amount!.Value / sum.Count, 6, MidpointRounding.AwayFromZero), At(k, 2)?.Amount);
        })];
    }

    private static double? Share(long part, long of) => of == 0 ? null : (double)part / of;

    private static ResultView Retention(Question q, IReadOnlyDictionary<CellKey, Cell> cells)
    {
        var calendar = new Calendar(q, 0, q.Periods - 1);
        var groups = GroupsOf(cells, k => k.B == -1);
        var cohorts = groups.Take(MostGroups).SelectMany(g => Enumerable.Range(0, Math.Max(0, calendar.Find(calendar.To - 1) + 1)).Select(c =>
        {
            decimal Value(int k) => cells.GetValueOrDefault(new CellKey(0, c, k, g.Item1, g.Item2)) is { } cell ? q.Revenue ? cell.Amount ?? 0 : cell.Count : 0;
            return new CohortView(c, calendar.Name(c), Group(q, g), Count(cells, new CellKey(0, c, -1, g.Item1, g.Item2)), [.. Enumerable.Range(0, q.Periods).Select(Value)]);
        }));
        return new ResultView(Cohorts: [.. cohorts], Groups: groups.Count);
    }

    private static ResultView Lifecycle(Question q, IReadOnlyDictionary<CellKey, Cell> cells)
    {
        var calendar = new Calendar(q, 1);
        long[] Of(LifecycleStatus status) => [.. Enumerable.Range(0, calendar.Count - 1).Select(p => Count(cells, new CellKey(0, p, (int)status)))];
        return new ResultView(Periods(calendar, 1), Lifecycle: new LifecycleView(Of(LifecycleStatus.New), Of(LifecycleStatus.Returning), Of(LifecycleStatus.Resurrected), Of(LifecycleStatus.Dormant)));
    }

    private static ResultView Stickiness(Question q, IReadOnlyDictionary<CellKey, Cell> cells) =>
        new(ActivePeriods: [.. Enumerable.Range(1, new Calendar(q).Count).Select(n => Count(cells, new CellKey(0, n, 0)))]);

    private static ResultView Paths(IReadOnlyDictionary<CellKey, Cell> cells) => new(
        Links: [.. cells.OrderBy(c => c.Key.A).ThenByDescending(c => c.Value.Count).ThenBy(c => c.Key.Group1, StringComparer.Ordinal).ThenBy(c => c.Key.Group2, StringComparer.Ordinal)
            .Take(MostLinks).Select(c => new LinkView(c.Key.A, c.Key.Group1!, c.Key.Group2, c.Value.Count))], Groups: cells.Count);
}

/// <summary>An answer as a table.</summary>
internal static class Csv
{
    /// <param name="before">For as many days before; its numbers stand beside those they are compared with.</param>
    public static string Of(Question q, ResultView r, ResultView? before)
    {
        var csv = new StringBuilder();
        void Row(params IEnumerable<object?> cells) => csv.AppendJoin(',', cells.Select(Cell)).Append("\r\n");
        var groups = q.Breakdown.Select(b => (object?)b.ToString()).ToList();
        if (r.Lines is { } lines)
        {
            Row([.. groups, "line", "event", "measure", "period", "value", .. before is null ? [] : new object?[] { "previous_value" }]);
            foreach (var line in lines)
            {
                var earlier = before?.Lines?.FirstOrDefault(l => l.Line == line.Line && l.Group.SequenceEqual(line.Group))?.Points;
                // A period of the one time is compared with the period of the same number of the other, which may have one less.
                for (var p = 0; p < line.Points.Count; p++)
                    Row([.. line.Group, line.Line + 1, line.Event, Word(line.Measure), r.Periods![p], line.Points[p], .. before is null ? [] : new object?[] { earlier?.ElementAtOrDefault(p) }]);
            }
        }
        else if (r.Funnels is { } funnels)
        {
            Row([.. groups, "step", "event", "customers", "share", "from_previous", "dropped", "average_seconds", "median_seconds", .. before is null ? [] : new object?[] { "previous_customers" }]);
            foreach (var funnel in funnels)
            {
                var earlier = before?.Funnels?.FirstOrDefault(f => f.Group.SequenceEqual(funnel.Group))?.Steps;
                foreach (var s in funnel.Steps)
                    Row([.. funnel.Group, s.Step + 1, s.Event, s.Customers, s.Share, s.FromPrevious, s.Dropped, s.AverageSeconds, s.MedianSeconds, .. before is null ? [] : new object?[] { earlier?[s.Step].Customers }]);
            }
        }
        else if (r.Cohorts is { } cohorts)
        {
            Row([.. groups, "cohort", "size", .. Enumerable.Range(0, q.Periods).Cast<object?>()]);
            foreach (var cohort in cohorts) Row([.. cohort.Group, cohort.Start, cohort.Size, .. cohort.Values.Cast<object?>()]);
        }
        else if (r.Lifecycle is { } lifecycle)
        {
            Row("period", "new", "returning", "resurrected", "dormant");
            for (var p = 0; p < r.Periods!.Count; p++) Row(r.Periods[p], lifecycle.New[p], lifecycle.Returning[p], lifecycle.Resurrected[p], lifecycle.Dormant[p]);
        }
        else if (r.ActivePeriods is { } active)
        {
            Row("active_periods", "customers");
            for (var n = 0; n < active.Count; n++) Row(n + 1, active[n]);
        }
        else if (r.Links is { } links)
        {
            Row("step", "from", "to", "customers");
            foreach (var link in links) Row(link.Step + 1, link.From, link.To, link.Customers);
        }
        else
        {
            Row("customers");
            Row(r.Customers);
        }
        return csv.ToString();
    }

    private static string Word(Measure measure) => JsonNamingPolicy.SnakeCaseLower.ConvertName(measure.ToString());

    private static string Cell(object? value)
    {
        if (value is not string text) return Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
        // A spreadsheet must not take what somebody sent for a formula.
        if (text is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n', ..]) text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}

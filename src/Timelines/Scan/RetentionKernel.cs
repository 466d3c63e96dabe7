using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Scan;

/// <summary>Who began in a period, and in which of the following came back. Selector 0 begins, selector 1 comes back.</summary>
/// <param name="calendar">With as many periods after the last day as are looked at.</param>
internal sealed class RetentionKernel(Question question, Matcher matcher, GroupSource[] breakdown, Calendar calendar, CellPick? pick)
    : Kernel(matcher, question.First ? 0 : calendar.From, calendar.Starts[^1])
{
    private readonly Groups groups = new(breakdown);
    private readonly Groups picked = new(breakdown);
    private readonly int cohorts = Math.Max(0, calendar.Find(calendar.To - 1) + 1);
    private readonly int stride = question.Periods + 1;
    private readonly List<(long Micros, long Value)> returns = [];

    /// <summary>The returns of a period, from which on they stand in <see cref="returns"/>, and what they brought.</summary>
    private readonly List<(int Period, int Start, Int128 Brought)> periods = [];
    private readonly List<(int Cohort, int Row, long Micros)> begins = [];
    private readonly Int128[] brought = new Int128[question.Periods];
    private int[]? pickCodes;
    private long[] counts = [];
    private Int128[] sums = [];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override unsafe void Person(in View view)
    {
        var matches = Find(view);
        begins.Clear();
        returns.Clear();
        periods.Clear();
        var (period, until) = (-1, 0L);
        for (var m = 0; m < matches.Length; m++)
        {
            var row = matches[m].Row;
            var second = view.Seconds[row];
            if (second >= calendar.From && second >= until)
            {
                period = calendar.Find(second);
                until = calendar.Starts[period + 1];
            }
            if ((matches[m].Mask & 1) != 0 && second < calendar.To && (begins.Count == 0 || !question.First && begins[^1].Cohort != period))
                begins.Add((second < calendar.From ? -1 : period, row, view.Micros(row)));
            if (begins is [{ Cohort: -1 }]) return; // began before the first day
            if ((matches[m].Mask & 2) != 0 && second >= calendar.From) Return(period, view.Micros(row), question.Revenue ? view.Values.Number(row) : Numbers.None);
        }
        var at = 0;
        foreach (var begin in begins)
        {
            while (at < periods.Count && periods[at].Period < begin.Cohort) at++;
            Count(view, begin.Cohort, begin.Row, begin.Micros, at);
        }
    }

    private void Return(int period, long micros, long value)
    {
        if (periods.Count == 0 || periods[^1].Period != period) periods.Add((period, returns.Count, 0));
        if (value != Numbers.None) CollectionsMarshal.AsSpan(periods)[^1].Brought += value;
        returns.Add((micros, value));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Count(in View view, int cohort, int row, long micros, int at)
    {
        var came = 0UL;
        if (question.Revenue) Array.Clear(brought);
        // Only in its own period something may lie before the begin, and no period has two.
        if (at < periods.Count && periods[at].Period == cohort)
        {
            var end = at + 1 < periods.Count ? periods[at + 1].Start : returns.Count;
            for (var i = periods[at].Start; i < end; i++)
            {
                if (returns[i].Micros < micros) continue;
                came |= 1;
                if (returns[i].Value != Numbers.None) brought[0] += returns[i].Value;
            }
            at++;
        }
        for (; at < periods.Count && periods[at].Period - cohort < question.Periods; at++)
        {
            var k = periods[at].Period - cohort;
            came |= 1UL << k;
            brought[k] = periods[at].Brought;
        }
        // Unbounded: whoever came in a later period is still there in this one.
        if (question.Unbounded && came != 0) came = ulong.MaxValue >> BitOperations.LeadingZeroCount(came);
        var cell = ((long)groups.Of(view, row) * cohorts + cohort) * stride;
        if (cell + stride > counts.Length) Reserve(cell + stride);
        counts[cell]++;
        for (var left = came; left != 0; left &= left - 1)
        {
            var k = BitOperations.TrailingZeroCount(left);
            counts[cell + 1 + k]++;
            if (question.Revenue) sums[cell + 1 + k] += brought[k];
        }
        if (pick is null || pick.Key.A != cohort || pick.Key.B >= 0 && (came >> pick.Key.B & 1) == 0) return;
        pickCodes ??= picked.Find(pick.Key);
        Picked |= picked.Is(view, row, pickCodes);
    }

    private void Reserve(long cells)
    {
        var size = Room(cells, counts.Length);
        Array.Resize(ref counts, size);
        if (question.Revenue) Array.Resize(ref sums, size);
    }

    public override void Add(Kernel other)
    {
        var theirs = (RetentionKernel)other;
        var block = (long)cohorts * stride;
        for (var g = 0; g < theirs.groups.Count; g++)
        {
            var to = (long)groups.From(theirs.groups, g) * block;
            if (to + block > counts.Length) Reserve(to + block);
            for (var i = 0L; i < block && g * block + i < theirs.counts.Length; i++)
            {
                counts[to + i] += theirs.counts[g * block + i];
                if (question.Revenue) sums[to + i] += theirs.sums[g * block + i];
            }
        }
    }

    public override void Write(Dictionary<CellKey, Cell> cells)
    {
        Limit(counts);
        for (var g = 0; g < groups.Count; g++)
        {
            var (first, second) = groups.Texts(g);
            for (var cohort = 0; cohort < cohorts; cohort++)
            {
                for (var k = 0; k < stride; k++)
                {
                    var cell = ((long)g * cohorts + cohort) * stride + k;
                    if (cell >= counts.Length || counts[cell] == 0) continue;
                    cells[new CellKey(0, cohort, k - 1, first, second)] = new Cell(counts[cell], question.Revenue && k > 0 ? Numbers.ToDecimal(sums[cell]) : null);
                }
            }
        }
    }
}

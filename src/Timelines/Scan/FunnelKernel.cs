using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Scan;

/// <summary>
/// Steps in order within a window. One pass: for each step stands the latest begin from which it was reached, since whoever began later has
/// longer left. Events of one instant are taken in the order of the steps, so one event may be several.
/// </summary>
internal sealed class FunnelKernel : Kernel
{
    private readonly Question question;
    private readonly Calendar calendar;
    private readonly CellPick? pick;
    private readonly Groups groups;
    private readonly int[] pickCodes = [];
    private readonly StepOrder order;
    private readonly int steps, exclusions;
    private readonly long window;
    private readonly int[] from, starts;
    private readonly long[] took;
    private readonly StrictFunnel? strict;
    private long[] reached = [];
    private List<long>?[] durations = [];

    public FunnelKernel(Question question, Matcher matcher, GroupSource[] breakdown, Calendar calendar, CellPick? pick)
        : base(matcher, calendar.From, calendar.To + question.WindowSeconds + 1)
    {
        (this.question, this.calendar, this.pick) = (question, calendar, pick);
        groups = new Groups(breakdown);
        if (pick is not null) pickCodes = groups.Find(pick.Key);
        (order, steps, exclusions, window) = (question.Order, question.Steps.Count, question.Exclusions.Count, question.WindowSeconds * 1_000_000L);
        (starts, took) = (new int[steps], new long[steps]);
        // A step follows the last one before it that may not be left out.
        from = [.. Enumerable.Range(0, steps).Select(k => Enumerable.Range(0, k).LastOrDefault(j => !question.Steps[j].Optional, -1))];
        if (question.Order == StepOrder.Strict || question.Modes.Count > 0) strict = new StrictFunnel(question);
    }

    /// <summary>Modes look at every event, also at those that are no step.</summary>
    public static bool NeedsAll(Question question) => question.Order == StepOrder.Strict || question.Modes.Contains(FunnelMode.StrictOrder);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override unsafe void Person(in View view)
    {
        var matches = Find(view);
        if (matches.Length == 0) return;
        // Nobody begins after the last day.
        if (order != StepOrder.Any)
            for (var m = matches.Length - 1; m >= 0 && view.Seconds[matches[m].Row] >= calendar.To; m--) matches[m].Mask &= ~1u;
        var (first, begins, further) = (-1, order == StepOrder.Any ? Mask : 1u, 0u);
        for (var m = 0; m < matches.Length; m++)
        {
            if (first < 0 && (matches[m].Mask & begins) != 0) first = m;
            if (first >= 0) further |= matches[m].Mask;
        }
        // What happened in the same instant may stand before the begin.
        for (var m = first - 1; m >= 0 && view.Seconds[matches[m].Row] == view.Seconds[matches[first].Row]; m--) further |= matches[m].Mask;
        if (first < 0 || order == StepOrder.Any && view.Seconds[matches[first].Row] >= calendar.To) return;
        for (var k = 0; k < starts.Length; k++) (starts[k], took[k]) = (-1, -1);
        if (strict is not null) Count(view, matches[first].Row, strict.Depth(view, matches));
        else if (order == StepOrder.Any) Count(view, matches[first].Row, AnyOrder(view, matches));
        else
        {
            // Most who begin do nothing else of the steps: for them no time is looked at.
            if ((further & Mask & ~1u) == 0) took[0] = 0;
            else Ordered(view, matches, first);
            Count(view, matches[first].Row, -1);
        }
    }

    private uint Mask => (1u << steps) - 1;

    /// <summary>Fills <see cref="took"/>: how long it took to come to a step for the first time, at best. −1: not reached.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Ordered(in View view, ReadOnlySpan<Match> matches, int first)
    {
        // What came before the first begin leads nowhere, but for what happened in the same instant.
        while (first > 0 && view.Seconds[matches[first - 1].Row] == view.Seconds[matches[first].Row]) first--;
        var missing = steps;
        for (var m = first; m < matches.Length && missing > 0;)
        {
            var row = matches[m].Row;
            var second = view.Seconds[row];
            var mask = 0u;
            do mask |= matches[m++].Mask;
            while (m < matches.Length && view.Seconds[matches[m].Row] == second && view.Micros(matches[m].Row) == view.Micros(row));

            for (var left = mask & Mask; left != 0; left &= left - 1)
            {
                var k = BitOperations.TrailingZeroCount(left);
                // A begin stands as its row, a later one in a later row: its fraction of a second lies elsewhere in memory and is seldom needed.
                var start = k == 0 ? row : starts[from[k]];
                var since = k == 0 || start < 0 ? 0 : view.Micros(row) - view.Micros(start);
                if (start < 0 || since > window) continue;
                starts[k] = Math.Max(starts[k], start);
                if (took[k] >= 0) continue;
                took[k] = since;
                missing--;
            }
            // What is excluded ends whoever is on the way between its two steps.
            for (var x = 0; x < exclusions; x++)
            {
                if ((mask >> (steps + x) & 1) == 0) continue;
                for (var k = question.Exclusions[x].After - 1; k < question.Exclusions[x].Before - 1; k++) starts[k] = -1;
            }
        }
    }

    /// <summary>The most different steps within one window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int AnyOrder(in View view, ReadOnlySpan<Match> matches)
    {
        Span<int> within = stackalloc int[steps];
        within.Clear();
        var (most, distinct, end) = (0, 0, 0);
        for (var begin = 0; begin < matches.Length; begin++)
        {
            if (view.Seconds[matches[begin].Row] >= calendar.To) break;
            var limit = view.Micros(matches[begin].Row) + window;
            for (; end < matches.Length && view.Micros(matches[end].Row) <= limit; end++)
                for (var left = matches[end].Mask & Mask; left != 0; left &= left - 1) if (within[BitOperations.TrailingZeroCount(left)]++ == 0) distinct++;
            most = Math.Max(most, distinct);
            for (var left = matches[begin].Mask & Mask; left != 0; left &= left - 1) if (--within[BitOperations.TrailingZeroCount(left)] == 0) distinct--;
        }
        return most;
    }

    private void Count(in View view, int first, int depth)
    {
        var group = (long)groups.Of(view, first) * steps;
        Reserve(group + steps);
        var furthest = depth - 1;
        for (var k = 0; k < steps; k++)
        {
            var isReached = depth >= 0 ? k < depth : took[k] >= 0;
            if (!isReached) continue;
            reached[group + k]++;
            if (k > 0 && depth < 0) (durations[group + k] ??= []).Add(took[k]);
            if (!question.Steps[k].Optional) furthest = k;
        }
        if (pick is null || !groups.Is(view, first, pickCodes)) return;
        var step = pick.Key.A;
        // Who came to an optional step and no further is nobody in particular: further is what counts.
        Picked = (depth >= 0 ? step < depth : took[step] >= 0) && (!pick.Exactly || furthest == step);
    }

    private void Reserve(long cells)
    {
        if (cells <= reached.Length) return;
        Array.Resize(ref reached, Room(cells, reached.Length));
        Array.Resize(ref durations, reached.Length);
    }

    public override void Add(Kernel other)
    {
        var theirs = (FunnelKernel)other;
        for (var g = 0; g < theirs.groups.Count && g * steps < theirs.reached.Length; g++)
        {
            var to = (long)groups.From(theirs.groups, g) * steps;
            Reserve(to + steps);
            for (var k = 0; k < steps; k++)
            {
                reached[to + k] += theirs.reached[g * steps + k];
                if (theirs.durations[g * steps + k] is { } list) (durations[to + k] ??= []).AddRange(list);
            }
        }
    }

    public override void Write(Dictionary<CellKey, Cell> cells)
    {
        Limit(reached);
        for (var g = 0; g < groups.Count && g * steps < reached.Length; g++)
        {
            var (first, second) = groups.Texts(g);
            for (var k = 0; k < steps; k++)
            {
                if (reached[g * steps + k] == 0) continue;
                cells[new CellKey(0, k, 0, first, second)] = new Cell(reached[g * steps + k]);
                if (durations[g * steps + k] is not { } list) continue;
                var sum = list.Aggregate((Int128)0, (all, d) => all + d);
                cells[new CellKey(0, k, 1, first, second)] = new Cell(list.Count, Numbers.ToDecimal(sum));
                cells[new CellKey(0, k, 2, first, second)] = new Cell(list.Count, Numbers.ToDecimal(Percentile.Of(CollectionsMarshal.AsSpan(list), 50)!.Value));
            }
        }
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Scan;

/// <summary>
/// Events, customers, sums and the like by period and group. A person's events come one after the other, so a distinct count is a plain one:
/// a cell remembers who was counted last.
/// </summary>
internal sealed class TrendKernel(Matcher matcher, TrendKernel.Line[] lines, GroupSource[] breakdown, Calendar calendar, CellPick? pick) : Kernel(matcher, calendar.From, calendar.To)
{
    /// <param name="Slot">The property that is summed; −1: the event's value.</param>
    /// <param name="Numbers">The numbers of its codes.</param>
    internal sealed record Line(Measure Measure, int Slot, Store.ValueDictionary? Numbers);

    private readonly Groups groups = new(breakdown);
    private readonly Groups picked = new(breakdown);
    private readonly int stride = calendar.Count + 1;
    private readonly State[] states = [.. lines.Select(l => new State(l.Measure))];
    private readonly bool isPlain = lines is [{ Measure: Measure.Customers }] && pick is null;
    private int[]? pickCodes;

    private sealed class State(Measure measure)
    {
        public long[] Counts = [];
        public int[] Last = [];
        public Int128[] Sums = [];
        public List<long>?[] Lists = [];

        public bool Lists_ => measure is Measure.Median or Measure.P75 or Measure.P90 or Measure.P95 or Measure.P99;
        public bool Sums_ => measure is Measure.Sum or Measure.Average or Measure.Minimum or Measure.Maximum;

        public void Resize(int size)
        {
            Array.Resize(ref Counts, size);
            if (measure == Measure.Customers) Array.Resize(ref Last, size);
            if (Sums_) Array.Resize(ref Sums, size);
            if (Lists_) Array.Resize(ref Lists, size);
        }
    }

    private void Reserve(State state, long cells)
    {
        if (cells > state.Counts.Length) state.Resize(Room(cells, state.Counts.Length, lines.Length));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override unsafe void Person(in View view)
    {
        var matches = Find(view);
        if (matches.Length == 0) return;
        if (isPlain && view.Person > 0)
        {
            Plain(view, matches);
            return;
        }
        var (period, until) = (-1, 0L);
        for (var m = 0; m < matches.Length; m++)
        {
            var row = matches[m].Row;
            var second = view.Seconds[row];
            if (second >= until)
            {
                period = calendar.Find(second);
                until = calendar.Starts[period + 1];
            }
            var group = groups.Of(view, row);
            for (var mask = matches[m].Mask; mask != 0; mask &= mask - 1)
            {
                var line = BitOperations.TrailingZeroCount(mask);
                Count(line, view, row, (long)group * stride + period, (long)group * stride + stride - 1);
                if (pick is not null && line == pick.Key.Line && (pick.Key.A < 0 || pick.Key.A == period) && view.Person > 0) Pick(view, row, line);
            }
        }
    }

    /// <summary>One line of customers, the most asked: a person's events come in the order of time, so each new period counts once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Plain(in View view, ReadOnlySpan<Match> matches)
    {
        var state = states[0];
        if (breakdown.Length > 0)
        {
            PlainGroups(view, matches, state);
            return;
        }
        Reserve(state, stride);
        var counts = state.Counts;
        var until = 0L;
        for (var m = 0; m < matches.Length; m++)
        {
            var second = view.Seconds[matches[m].Row];
            if (second < until) continue;
            var period = calendar.Find(second);
            until = calendar.Starts[period + 1];
            counts[period]++;
        }
        counts[stride - 1]++;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void PlainGroups(in View view, ReadOnlySpan<Match> matches, State state)
    {
        var (period, until, before) = (-1, 0L, -1);
        for (var m = 0; m < matches.Length; m++)
        {
            var row = matches[m].Row;
            var second = view.Seconds[row];
            var moved = second >= until;
            if (moved)
            {
                period = calendar.Find(second);
                until = calendar.Starts[period + 1];
            }
            var group = groups.Of(view, row);
            // Most events are of the same period and group as the one before.
            if (group == before && !moved) continue;
            before = group;
            Count(0, view, row, (long)group * stride + period, (long)group * stride + stride - 1);
        }
    }

    private void Pick(in View view, int row, int line)
    {
        pickCodes ??= picked.Find(pick!.Key);
        if (lines[line].Measure is not (Measure.Events or Measure.Customers) && Number(lines[line], view, row) == Numbers.None) return;
        Picked |= picked.Is(view, row, pickCodes);
    }

    private static long Number(Line line, in View view, int row) =>
        line.Slot < 0 ? view.Values.Number(row) : line.Numbers is { } numbers ? numbers.Number((int)view.Slots[line.Slot].Code(row)) : Numbers.None;

    private void Count(int line, in View view, int row, long cell, long total)
    {
        var state = states[line];
        if (total >= state.Counts.Length) Reserve(state, total + 1);
        var measure = lines[line].Measure;
        if (measure == Measure.Events)
        {
            state.Counts[cell]++;
            return;
        }
        if (measure == Measure.Customers)
        {
            if (view.Person == 0) return;
            if (state.Last[cell] != view.Person) (state.Last[cell], state.Counts[cell]) = (view.Person, state.Counts[cell] + 1);
            if (state.Last[total] != view.Person) (state.Last[total], state.Counts[total]) = (view.Person, state.Counts[total] + 1);
            return;
        }
        var number = Number(lines[line], view, row);
        if (number == Numbers.None) return;
        Number(state, measure, cell, number);
        Number(state, measure, total, number);
    }

    private static void Number(State state, Measure measure, long cell, Int128 number, long count = 1)
    {
        var isFirst = state.Counts[cell] == 0;
        state.Counts[cell] += count;
        if (measure is Measure.Sum or Measure.Average) state.Sums[cell] += number;
        else if (measure == Measure.Minimum) state.Sums[cell] = isFirst || number < state.Sums[cell] ? number : state.Sums[cell];
        else if (measure == Measure.Maximum) state.Sums[cell] = isFirst || number > state.Sums[cell] ? number : state.Sums[cell];
        else (state.Lists[cell] ??= []).Add((long)number);
    }

    public override void Add(Kernel other)
    {
        var from = (TrendKernel)other;
        for (var g = 0; g < from.groups.Count; g++)
        {
            var to = groups.From(from.groups, g);
            for (var line = 0; line < states.Length; line++)
            {
                var (theirs, mine) = (from.states[line], states[line]);
                Reserve(mine, (to + 1L) * stride);
                for (var p = 0; p < stride; p++) Add(theirs, (long)g * stride + p, mine, (long)to * stride + p, lines[line].Measure);
            }
        }
    }

    private static void Add(State theirs, long from, State mine, long to, Measure measure)
    {
        if (from >= theirs.Counts.Length || theirs.Counts[from] == 0) return;
        if (measure is Measure.Events or Measure.Customers) mine.Counts[to] += theirs.Counts[from];
        else if (theirs.Sums_) Number(mine, measure, to, theirs.Sums[from], theirs.Counts[from]);
        else
        {
            mine.Counts[to] += theirs.Counts[from];
            (mine.Lists[to] ??= []).AddRange(theirs.Lists[from]!);
        }
    }

    public override void Write(Dictionary<CellKey, Cell> cells)
    {
        Limit(states.Select(s => s.Counts));
        for (var line = 0; line < states.Length; line++)
        {
            for (var g = 0; g < groups.Count; g++)
            {
                var (first, second) = groups.Texts(g);
                var total = 0L;
                for (var p = 0; p < stride; p++)
                {
                    var cell = (long)g * stride + p;
                    if (cell >= states[line].Counts.Length) break;
                    var isTotal = p == stride - 1;
                    if (isTotal && lines[line].Measure == Measure.Events) states[line].Counts[cell] = total;
                    total += states[line].Counts[cell];
                    if (states[line].Counts[cell] > 0) cells[new CellKey(line, isTotal ? -1 : p, 0, first, second)] = CellOf(line, cell);
                }
            }
        }
    }

    private Cell CellOf(int line, long cell)
    {
        var state = states[line];
        if (state.Sums_) return new Cell(state.Counts[cell], Numbers.ToDecimal(state.Sums[cell]));
        if (!state.Lists_) return new Cell(state.Counts[cell]);
        var list = state.Lists[cell]!;
        return new Cell(list.Count, Numbers.ToDecimal(Percentile.Of(CollectionsMarshal.AsSpan(list), Percentile.Of(lines[line].Measure))!.Value));
    }
}

/// <summary>Percentiles are values that are there: the first one that so large a share does not exceed.</summary>
public static class Percentile
{
    /// <summary>In hundredths.</summary>
    public static int Of(Measure measure) => measure switch { Measure.Median => 50, Measure.P75 => 75, Measure.P90 => 90, Measure.P95 => 95, _ => 99 };

    /// <summary>
    /// The value that has so many hundredths of all at or below it, by nearest rank; null of none. Puts the values in another order, not a sorted
    /// one: Hoare's selection looks only where the rank is, so it is linear where sorting is not.
    /// </summary>
    public static long? Of(Span<long> values, int percent)
    {
        if (values.Length == 0) return null;
        var (rank, low, high) = (Math.Max(0, (int)(((long)values.Length * percent + 99) / 100) - 1), 0, values.Length - 1);
        for (var rounds = 2 * BitOperations.Log2((uint)values.Length); low < high; rounds--)
        {
            if (rounds < 0)
            {
                // A list made so that each round takes away little: what is left is sorted.
                values[low..(high + 1)].Sort();
                break;
            }
            // The middle of three keeps sorted and reversed lists from being the worst case.
            var (a, b, c) = (values[low], values[low + (high - low) / 2], values[high]);
            var pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            var (i, j) = (low, high);
            while (i <= j)
            {
                while (values[i] < pivot) i++;
                while (values[j] > pivot) j--;
                if (i > j) break;
                (values[i], values[j]) = (values[j], values[i]);
                (i, j) = (i + 1, j - 1);
            }
            if (rank <= j) high = j;
            else if (rank >= i) low = i;
            else break;
        }
        return values[rank];
    }
}

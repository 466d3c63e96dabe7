using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Timelines.Scan;

/// <summary>A condition on a column as a table: does this code pass?</summary>
internal readonly record struct CodeFilter(int Slot, bool[] Passes);

/// <summary>A condition on the event's value.</summary>
internal readonly record struct ValueFilter(Comparison Operator, long[] Numbers)
{
    public bool Passes(long value) => Comparisons.Number(Operator, value, Numbers);
}

internal sealed record CompiledSelector(CodeFilter[] Codes, ValueFilter[] Values);

/// <summary>
/// Finds the events that meet selectors. The types wanted are compared 64 events at a time; only what is left is looked at by its
/// properties.
/// </summary>
internal sealed class Matcher
{
    /// <summary>Beyond so many types a table is as fast as comparing.</summary>
    private const int MostCompared = 6;

    private readonly CompiledSelector[] selectors;
    private readonly uint[] masks;
    private readonly byte[] bytes;
    private readonly ushort[] shorts;
    private readonly bool compared, named;
    private readonly uint filtered;
    private readonly IReadOnlyList<int> types;
    private readonly Dictionary<CodeFilter, byte[]> few = [];
    private long looks, hits;

    /// <summary>The mask of all wanted types, when they have but one; else 0.</summary>
    private readonly uint only;

    /// <summary>Also gives events that meet no selector, with an empty mask.</summary>
    public bool All { get; init; }

    /// <summary>Times of matches will be asked for: they are fetched while there is other work to do.</summary>
    public bool ForTimes { get; set; } = true;

    /// <param name="types">The type each selector wants: −1 any, 0 one that nobody has heard of.</param>
    public Matcher(IReadOnlyList<int> types, CompiledSelector[] selectors, int typeCount)
    {
        this.selectors = selectors;
        this.types = types;
        named = types.All(t => t is >= 0 and <= byte.MaxValue);
        // Conditions that few bytes meet, and no row without a value.
        foreach (var filter in selectors.SelectMany(s => s.Codes))
            if (Enumerable.Range(0, filter.Passes.Length).Where(c => filter.Passes[c]).ToArray() is { Length: > 0 and <= 4 } codes && codes[0] > 0 && codes[^1] <= byte.MaxValue)
                few[filter] = Array.ConvertAll(codes, c => (byte)c);
        masks = new uint[typeCount];
        for (var k = 0; k < selectors.Length; k++)
        {
            if (selectors[k].Codes.Length + selectors[k].Values.Length > 0) filtered |= 1u << k;
            // Code 0 is an event of an undone import: it is nothing.
            for (var code = 1; code < typeCount; code++) if (types[k] == -1 || types[k] == code) masks[code] |= 1u << k;
        }
        var wanted = Enumerable.Range(0, typeCount).Where(c => masks[c] != 0).ToArray();
        compared = wanted.Length <= MostCompared;
        if (!compared) wanted = [];
        only = wanted.Select(w => masks[w]).Distinct().ToArray() is [var one] ? one : 0;
        bytes = [.. wanted.Where(w => w <= byte.MaxValue).Select(w => (byte)w)];
        shorts = [.. wanted.Where(w => w <= ushort.MaxValue).Select(w => (ushort)w)];
    }

    /// <summary>The matches of a view whose seconds lie in [from, to), in time order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe int Run(in View view, long from, long to, ref Match[] matches)
    {
        if (matches.Length < view.Count + 64) matches = new Match[Math.Max(view.Count + 64, matches.Length * 2)];
        // Only the rows of that time: they are sorted by it.
        var seconds = view.Seconds + view.Start;
        var begin = from <= 0 ? 0 : CountBelow(seconds, 0, view.Count, (uint)Math.Min(from, uint.MaxValue));
        var end = to > uint.MaxValue ? view.Count : CountBelow(seconds, begin, view.Count, (uint)Math.Max(to, 0));
        if (begin >= end) return 0;
        var (first, count) = (view.Start + begin, end - begin);
        if (All || !compared || view.TypeWidth > 2) return Slow(view, first, count, matches);
        var n = 0;
        ref var next = ref MemoryMarshal.GetArrayDataReference(matches);
        var step = view.TypeWidth == 1 ? 64 : 32;
        for (var at = 0; at < count; at += step)
        {
            var bits = view.TypeWidth == 1 ? Bits(view.Types + first + at, bytes) : Bits((ushort*)view.Types + first + at, shorts);
            if (count - at < step) bits &= (1UL << (count - at)) - 1;
            for (; bits != 0; bits &= bits - 1)
            {
                var row = first + at + BitOperations.TrailingZeroCount(bits);
                var mask = only != 0 ? only : masks[view.TypeWidth == 1 ? view.Types[row] : ((ushort*)view.Types)[row]];
                if ((mask & filtered) != 0 && (mask = Filter(view, row, mask)) == 0) continue;
                Unsafe.Add(ref next, n++) = new Match { Row = row, Mask = mask };
            }
        }
        return n;
    }

    /// <summary>
    /// The matches of many people at once, their rows one behind the other: 64 rows at a time, whoever they are of. What a person costs then
    /// falls to those who have a match. False where too many have: then it is faster to leave out what lies before and after the time asked about.
    /// </summary>
    public unsafe bool Together(in View view, int first, int end, long from, long to, ref Match[] matches, out int n)
    {
        n = 0;
        if (All || !compared || !named || view.TypeWidth != 1 || view.Clock is null || hits * 4 > looks) return false;
        if (matches.Length < end - first + 64) matches = new Match[end - first + 64];
        var found = Blocks(view, first, end - first, from, to, matches, out n);
        // Workers may write over each other's counts: they only steer which way is faster.
        if (looks > 1_000_000) return true;
        looks += end - first;
        hits += found;
        return true;
    }

    /// <summary>A column and the bytes wanted of it.</summary>
    private unsafe struct Term
    {
        public byte* Values;
        public byte First, Second, Third, Fourth;
        public int Count;

        /// <summary>Which of 64 rows have one of the bytes.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly ulong Bits(int row)
        {
            var bits = Equal(Values + row, First);
            if (Count > 1) bits |= Equal(Values + row, Second);
            if (Count > 2) bits |= Equal(Values + row, Third);
            if (Count > 3) bits |= Equal(Values + row, Fourth);
            return bits;
        }
    }

    /// <summary>
    /// Types, times and those properties that are bytes side by side in this segment of which few are wanted, compared 64 rows at a time; other
    /// conditions are looked at where these hold. Gives how many rows had a type that is wanted and these properties, in time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int Blocks(in View view, int first, int count, long from, long to, Match[] matches, out int n)
    {
        // The term of its type and those of its conditions, a bit each.
        Span<uint> needs = stackalloc uint[selectors.Length];
        Span<Term> terms = stackalloc Term[32];
        var (used, rest) = (0, 0u);
        for (var k = 0; k < selectors.Length; k++)
        {
            // A type that nobody has heard of: code 0 is what counts as nothing.
            if (types[k] == 0) continue;
            needs[k] = 1u << Put(terms, ref used, new Term { Values = view.Types, First = (byte)types[k], Count = 1 });
            foreach (var filter in selectors[k].Codes)
            {
                if (used < terms.Length - MostCompared && few.TryGetValue(filter, out var codes) && view.Slots[filter.Slot] is { Encoding: ColumnEncoding.Dense, Width: 1, Values: var values })
                    needs[k] |= 1u << Put(terms, ref used, new Term { Values = values, First = codes[0], Second = codes[^1], Third = codes[codes.Length / 2], Fourth = codes[codes.Length / 3], Count = codes.Length });
                else rest |= 1u << k;
            }
            if (selectors[k].Values.Length > 0) rest |= 1u << k;
        }
        n = 0;
        if (to <= 0 || from >= to || from > uint.MaxValue) return 0;
        // The steps of the clock from the first to the last; what lies in these two is looked at second by second, what lies between them is within.
        var (earliest, latest) = ((uint)Math.Max(from, 0), (uint)Math.Min(to - 1, uint.MaxValue));
        var span = latest - earliest;
        var (early, late) = (view.Clock!.At(earliest), view.Clock.At(latest));
        Span<ulong> holds = stackalloc ulong[used], found = stackalloc ulong[selectors.Length];
        ref var next = ref MemoryMarshal.GetArrayDataReference(matches);
        var (hit, fetch) = (0, ForTimes && Sse.IsSupported);
        for (var at = first; at < first + count; at += 64)
        {
            var within = Between(view.Coarse + at, early, late);
            if (first + count - at < 64) within &= (1UL << (first + count - at)) - 1;
            if (within == 0) continue;
            for (var t = 0; t < holds.Length; t++) holds[t] = terms[t].Bits(at);
            var any = 0UL;
            for (var k = 0; k < found.Length; k++)
            {
                var bits = needs[k] == 0 ? 0 : within;
                for (var left = needs[k]; left != 0; left &= left - 1) bits &= holds[BitOperations.TrailingZeroCount(left)];
                found[k] = bits;
                any |= bits;
            }
            if (any == 0) continue;
            for (var cut = any & (Equal(view.Coarse + at, early) | Equal(view.Coarse + at, late)); cut != 0; cut &= cut - 1)
            {
                var bit = BitOperations.TrailingZeroCount(cut);
                // Within when second − earliest, wrapping round, is at most the span.
                if (view.Seconds[at + bit] - earliest > span) any &= ~(1UL << bit);
            }
            hit += BitOperations.PopCount(any);
            for (; any != 0; any &= any - 1)
            {
                var bit = BitOperations.TrailingZeroCount(any);
                var row = at + bit;
                var mask = 0u;
                for (var k = 0; k < found.Length; k++) mask |= (uint)(found[k] >> bit & 1) << k;
                if ((mask & rest) != 0) mask = Filter(view, row, mask);
                // Written in any case and kept by counting: whether a condition holds is more than a processor can guess.
                Unsafe.Add(ref next, n) = new Match { Row = row, Mask = mask };
                n += mask != 0 ? 1 : 0;
                if (fetch) Sse.Prefetch0(view.Seconds + row);
            }
        }
        return hit;
    }

    private static unsafe int Put(Span<Term> terms, ref int used, in Term term)
    {
        for (var t = 0; t < used; t++)
            if (terms[t].Values == term.Values && (terms[t].First, terms[t].Second, terms[t].Third, terms[t].Fourth, terms[t].Count) == (term.First, term.Second, term.Third, term.Fourth, term.Count)) return t;
        terms[used] = term;
        return used++;
    }

    /// <summary>Which of 64 bytes are at least the one and at most the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe ulong Between(byte* values, byte least, byte most)
    {
        // One comparison, since what is less wraps round.
        var span = (byte)(most - least);
        if (Vector512.IsHardwareAccelerated) return Vector512.LessThanOrEqual(Vector512.Load(values) - Vector512.Create(least), Vector512.Create(span)).ExtractMostSignificantBits();
        return Vector256.LessThanOrEqual(Vector256.Load(values) - Vector256.Create(least), Vector256.Create(span)).ExtractMostSignificantBits()
            | (ulong)Vector256.LessThanOrEqual(Vector256.Load(values + 32) - Vector256.Create(least), Vector256.Create(span)).ExtractMostSignificantBits() << 32;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe ulong Equal(byte* values, byte wanted)
    {
        if (Vector512.IsHardwareAccelerated) return Vector512.Equals(Vector512.Load(values), Vector512.Create(wanted)).ExtractMostSignificantBits();
        return Vector256.Equals(Vector256.Load(values), Vector256.Create(wanted)).ExtractMostSignificantBits()
            | (ulong)Vector256.Equals(Vector256.Load(values + 32), Vector256.Create(wanted)).ExtractMostSignificantBits() << 32;
    }

    // Most timelines are short: 16 at a time is faster than halving. Long ones are halved first.
    private static unsafe int CountBelow(uint* seconds, int from, int count, uint limit)
    {
        if (count == from || seconds[count - 1] < limit) return count;
        if (seconds[from] >= limit) return from;
        var high = count;
        while (high - from > 256)
        {
            var middle = from + (high - from) / 2;
            if (seconds[middle] < limit) from = middle;
            else high = middle;
        }
        for (; from + Vector256<uint>.Count <= high; from += Vector256<uint>.Count)
        {
            var below = Vector256.LessThan(Vector256.Load(seconds + from), Vector256.Create(limit)).ExtractMostSignificantBits();
            if (below != 0xff) return from + BitOperations.PopCount(below);
        }
        while (from < high && seconds[from] < limit) from++;
        return from;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Slow(in View view, int first, int count, Match[] matches)
    {
        var n = 0;
        for (var row = first; row < first + count; row++)
        {
            var type = view.Type(row);
            if (type == 0) continue;
            var mask = masks[type];
            if ((mask & filtered) != 0) mask = Filter(view, row, mask);
            if (mask != 0 || All) matches[n++] = new Match { Row = row, Mask = mask };
        }
        return n;
    }

    private uint Filter(in View view, int row, uint mask)
    {
        for (var left = mask & filtered; left != 0; left &= left - 1)
        {
            var k = BitOperations.TrailingZeroCount(left);
            var selector = selectors[k];
            var passes = true;
            foreach (var filter in selector.Codes) passes &= filter.Passes[view.Slots[filter.Slot].Code(row)];
            if (passes) foreach (var filter in selector.Values) passes &= filter.Passes(view.Values.Number(row));
            if (!passes) mask &= ~(1u << k);
        }
        return mask;
    }

    private static unsafe ulong Bits(byte* types, byte[] wanted)
    {
        var bits = 0UL;
        foreach (var code in wanted) bits |= Equal(types, code);
        return bits;
    }

    private static unsafe ulong Bits(ushort* types, ushort[] wanted)
    {
        var bits = 0UL;
        for (var half = 0; half < 32; half += 16)
        {
            var block = Vector256.Load(types + half);
            var found = Vector256<ushort>.Zero;
            foreach (var code in wanted) found |= Vector256.Equals(block, Vector256.Create(code));
            bits |= (ulong)found.ExtractMostSignificantBits() << half;
        }
        return bits;
    }
}

/// <summary>What comparisons mean, in one place.</summary>
internal static class Comparisons
{
    /// <summary>Which codes of a column pass.</summary>
    public static bool[] Table(Condition condition, ValueDictionary? values)
    {
        var passes = new bool[values?.Size ?? 1];
        passes[0] = condition.Operator is Comparison.NotExists or Comparison.NotEqual or Comparison.NotIn or Comparison.NotContains;
        if (values is null) return passes;
        var numbers = condition.Values.Select(v => Numbers.Read(v)).ToArray();
        if (condition.Operator is Comparison.Equal or Comparison.In)
        {
            foreach (var value in condition.Values) passes[values.Find(Vocabulary.Cut(value))] = true;
            passes[0] = false;
            return passes;
        }
        for (var code = 1; code < passes.Length; code++)
            passes[code] = values.Text(code) is { } text && (IsNumeric(condition.Operator) ? Number(condition.Operator, values.Number(code), numbers) : Text(condition, text));
        return passes;
    }

    public static bool IsNumeric(Comparison comparison) => comparison is Comparison.Greater or Comparison.GreaterOrEqual or Comparison.Less or Comparison.LessOrEqual;

    public static bool Number(Comparison comparison, long value, long[] with) => value == Numbers.None
        ? comparison is Comparison.NotExists or Comparison.NotEqual or Comparison.NotIn
        : comparison switch
        {
            Comparison.Equal or Comparison.In => Array.IndexOf(with, value) >= 0,
            Comparison.NotEqual or Comparison.NotIn => Array.IndexOf(with, value) < 0,
            Comparison.Greater => value > with[0],
            Comparison.GreaterOrEqual => value >= with[0],
            Comparison.Less => value < with[0],
            Comparison.LessOrEqual => value <= with[0],
            Comparison.Exists => true,
            _ => false,
        };

    private static bool Text(Condition condition, string value) => condition.Operator switch
    {
        Comparison.NotEqual or Comparison.NotIn => !condition.Values.Any(v => Vocabulary.Cut(v).SequenceEqual(value)),
        Comparison.Contains => value.Contains(condition.Values[0], StringComparison.Ordinal),
        Comparison.NotContains => !value.Contains(condition.Values[0], StringComparison.Ordinal),
        Comparison.StartsWith => value.StartsWith(condition.Values[0], StringComparison.Ordinal),
        Comparison.Exists => true,
        _ => false,
    };
}

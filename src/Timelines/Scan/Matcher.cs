using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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
    private readonly bool compared;
    private readonly uint filtered;
    private readonly BlockPlan? byBlock;
    private long looks, hits;

    /// <summary>The mask of all wanted types, when they have but one; else 0.</summary>
    private readonly uint only;

    /// <summary>Also gives events that meet no selector, with an empty mask.</summary>
    public bool All { get; init; }

    /// <param name="types">The type each selector wants: −1 any, 0 one that nobody has heard of.</param>
    public Matcher(IReadOnlyList<int> types, CompiledSelector[] selectors, int typeCount)
    {
        this.selectors = selectors;
        byBlock = PlanBlocks(types, selectors);
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
        if (!All && compared && view.TypeWidth == 1 && hits * 8 <= looks) return Rare(view, from, to, matches);
        var inBlocks = !All && byBlock is not null && view.TypeWidth == 1 && InBlocks(view);
        // Only the rows of that time: they are sorted by it.
        var seconds = view.Seconds + view.Start;
        var begin = from <= 0 ? 0 : CountBelow(seconds, 0, view.Count, (uint)Math.Min(from, uint.MaxValue));
        var end = to > uint.MaxValue ? view.Count : CountBelow(seconds, begin, view.Count, (uint)Math.Max(to, 0));
        if (begin >= end) return 0;
        var (first, count) = (view.Start + begin, end - begin);
        if (All || !compared || view.TypeWidth > 2) return Slow(view, first, count, matches);
        if (inBlocks) return Blocks(view, first, count, matches);
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

    /// <summary>Where few events are wanted, their times are looked at one by one, and those of all others not at all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int Rare(in View view, long from, long to, Match[] matches)
    {
        var (n, found) = (0, 0);
        for (var at = 0; at < view.Count; at += 64)
        {
            var bits = Bits(view.Types + view.Start + at, bytes);
            if (view.Count - at < 64) bits &= (1UL << (view.Count - at)) - 1;
            found += BitOperations.PopCount(bits);
            for (; bits != 0; bits &= bits - 1)
            {
                var row = view.Start + at + BitOperations.TrailingZeroCount(bits);
                var second = view.Seconds[row];
                if (second < from || second >= to) continue;
                var mask = only != 0 ? only : masks[view.Types[row]];
                if ((mask & filtered) != 0 && (mask = Filter(view, row, mask)) == 0) continue;
                matches[n++] = new Match { Row = row, Mask = mask };
            }
        }
        // Workers may write over each other's counts: they only steer which way is faster.
        if (looks > 1_000_000) return n;
        looks += view.Count;
        hits += found;
        return n;
    }

    private bool InBlocks(in View view)
    {
        foreach (var slot in byBlock!.Slots) if (view.Slots[slot] is not { Encoding: ColumnEncoding.Dense, Width: 1 }) return false;
        return true;
    }

    /// <summary>Types and properties compared 64 rows at a time, where properties are dense bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe int Blocks(in View view, int first, int count, Match[] matches)
    {
        var n = 0;
        Span<ulong> found = stackalloc ulong[selectors.Length];
        for (var at = 0; at < count; at += 64)
        {
            var live = count - at < 64 ? (1UL << (count - at)) - 1 : ulong.MaxValue;
            var any = 0UL;
            for (var k = 0; k < found.Length; k++)
            {
                var bits = byBlock!.Types[k].Length == 0 ? 0 : Bits(view.Types + first + at, byBlock.Types[k]) & live;
                foreach (var (slot, codes) in byBlock.Filters[k])
                {
                    if (bits == 0) break;
                    bits &= Bits(view.Slots[slot].Values + first + at, codes);
                }
                found[k] = bits;
                any |= bits;
            }
            for (; any != 0; any &= any - 1)
            {
                var bit = any & (~any + 1);
                var mask = 0u;
                for (var k = 0; k < found.Length; k++) if ((found[k] & bit) != 0) mask |= 1u << k;
                matches[n++] = new Match { Row = first + at + BitOperations.TrailingZeroCount(any), Mask = mask };
            }
        }
        return n;
    }

    /// <summary>What to compare in blocks, by selector: bytes of types, and of each filter the bytes that pass.</summary>
    private sealed record BlockPlan(byte[][] Types, (int Slot, byte[] Codes)[][] Filters, int[] Slots);

    // Only when each selector names its type and each filter lets few values pass, not the missing one.
    private static BlockPlan? PlanBlocks(IReadOnlyList<int> types, CompiledSelector[] selectors)
    {
        if (selectors.All(s => s.Codes.Length == 0)) return null;
        if (types.Any(t => t is < 0 or > byte.MaxValue) || selectors.Any(s => s.Values.Length > 0)) return null;
        var filters = selectors.Select(s => s.Codes.Select(f => (f.Slot, Codes: Enumerable.Range(0, f.Passes.Length).Where(c => f.Passes[c]).ToArray())).ToArray()).ToArray();
        if (filters.SelectMany(f => f).Any(f => f.Codes.Length is 0 or > 4 || f.Codes[0] == 0 || f.Codes[^1] > byte.MaxValue)) return null;
        return new BlockPlan(
            [.. types.Select(t => t == 0 ? [] : new[] { (byte)t })],
            [.. filters.Select(f => f.Select(c => (c.Slot, Array.ConvertAll(c.Codes, v => (byte)v))).ToArray())],
            [.. filters.SelectMany(f => f).Select(f => f.Slot).Distinct()]);
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
        if (Vector512.IsHardwareAccelerated)
        {
            var block = Vector512.Load(types);
            var found = Vector512<byte>.Zero;
            foreach (var code in wanted) found |= Vector512.Equals(block, Vector512.Create(code));
            return found.ExtractMostSignificantBits();
        }
        for (var half = 0; half < 64; half += 32)
        {
            var block = Vector256.Load(types + half);
            var found = Vector256<byte>.Zero;
            foreach (var code in wanted) found |= Vector256.Equals(block, Vector256.Create(code));
            bits |= (ulong)found.ExtractMostSignificantBits() << half;
        }
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
            passes[code] = IsNumeric(condition.Operator) ? Number(condition.Operator, values.Number(code), numbers) : Text(condition, values.Text(code)!);
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

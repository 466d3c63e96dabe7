using System.Numerics;
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

    /// <summary>Also gives events that meet no selector, with an empty mask.</summary>
    public bool All { get; init; }

    /// <param name="types">The type each selector wants: −1 any, 0 one that nobody has heard of.</param>
    public Matcher(IReadOnlyList<int> types, CompiledSelector[] selectors, int typeCount)
    {
        this.selectors = selectors;
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
        bytes = [.. wanted.Where(w => w <= byte.MaxValue).Select(w => (byte)w)];
        shorts = [.. wanted.Where(w => w <= ushort.MaxValue).Select(w => (ushort)w)];
    }

    /// <summary>The matches of a view whose seconds lie in [from, to), in time order.</summary>
    public unsafe int Run(in View view, long from, long to, ref Match[] matches)
    {
        if (matches.Length < view.Count + 64) matches = new Match[Math.Max(view.Count + 64, matches.Length * 2)];
        // Most people have no event outside of most ranges, or all of them.
        if (view.Count == 0 || view.Seconds[view.Start] >= to || view.Seconds[view.Start + view.Count - 1] < from) return 0;
        var n = 0;
        if (All || !compared || view.TypeWidth > 2) return Slow(view, from, to, matches);
        if (view.TypeWidth == 1)
        {
            for (var at = 0; at < view.Count; at += 64)
            {
                var bits = Bits(view.Types + view.Start + at, bytes);
                if (view.Count - at < 64) bits &= (1UL << (view.Count - at)) - 1;
                for (; bits != 0; bits &= bits - 1) Take(view, view.Start + at + BitOperations.TrailingZeroCount(bits), from, to, matches, ref n);
            }
        }
        else
        {
            for (var at = 0; at < view.Count; at += 32)
            {
                var bits = Bits((ushort*)view.Types + view.Start + at, shorts);
                if (view.Count - at < 32) bits &= (1u << (view.Count - at)) - 1;
                for (; bits != 0; bits &= bits - 1) Take(view, view.Start + at + BitOperations.TrailingZeroCount(bits), from, to, matches, ref n);
            }
        }
        return n;
    }

    private unsafe int Slow(in View view, long from, long to, Match[] matches)
    {
        var n = 0;
        for (var row = view.Start; row < view.Start + view.Count; row++)
        {
            var type = view.Type(row);
            if (type == 0) continue;
            if (masks[type] != 0) Take(view, row, from, to, matches, ref n);
            else if (All && view.Seconds[row] >= from && view.Seconds[row] < to) matches[n++] = new Match { Row = row };
        }
        return n;
    }

    private unsafe void Take(in View view, int row, long from, long to, Match[] matches, ref int n)
    {
        var second = view.Seconds[row];
        if (second < from || second >= to) return;
        var mask = masks[view.Type(row)];
        if ((mask & filtered) != 0) mask = Filter(view, row, mask);
        if (mask != 0 || All) matches[n++] = new Match { Row = row, Mask = mask };
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

    private static unsafe uint Bits(ushort* types, ushort[] wanted)
    {
        var bits = 0u;
        for (var half = 0; half < 32; half += 16)
        {
            var block = Vector256.Load(types + half);
            var found = Vector256<ushort>.Zero;
            foreach (var code in wanted) found |= Vector256.Equals(block, Vector256.Create(code));
            bits |= found.ExtractMostSignificantBits() << half;
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

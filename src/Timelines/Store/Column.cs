using System.Numerics;
using System.Runtime.CompilerServices;

namespace Clientele.Timelines.Store;

/// <summary>How a column lies in a segment.</summary>
internal enum ColumnEncoding
{
    /// <summary>All rows have one value, which is in the layout.</summary>
    Constant,
    /// <summary>A value a row.</summary>
    Dense,
    /// <summary>A bit a row says whether it has a value; those that have one follow densely; beside every 64 bits stands how many came before.</summary>
    Sparse,
}

/// <summary>Where a column lies: offsets count from the beginning of the segment's data.</summary>
/// <param name="Width">Bytes a value: 1, 2, 4 or 8.</param>
/// <param name="Constant">The value of rows that are not there: all of a constant column, the empty ones of a sparse one.</param>
internal sealed record ColumnLayout(string Name, ColumnEncoding Encoding, int Width, long Constant, long Values, long Bits, long Ranks, long Length);

/// <summary>Reads a column, in place.</summary>
internal readonly unsafe struct ColumnReader
{
    public readonly byte* Values;
    private readonly ulong* bits;
    private readonly uint* ranks;
    private readonly long constant;
    public readonly ColumnEncoding Encoding;
    public readonly int Width;

    public ColumnReader(ColumnLayout layout, byte* data)
    {
        Values = data + layout.Values;
        bits = (ulong*)(data + layout.Bits);
        ranks = (uint*)(data + layout.Ranks);
        (constant, Encoding, Width) = (layout.Constant, layout.Encoding, layout.Width);
    }

    /// <summary>A column of one value.</summary>
    public ColumnReader(long constant) => (this.constant, Encoding, Width) = (constant, ColumnEncoding.Constant, 8);

    /// <summary>A dense column somewhere in memory.</summary>
    public ColumnReader(void* values, int width) 
    {
        Values = (byte*)values;
        (Encoding, Width) = (ColumnEncoding.Dense, width);
    }

    /// <summary>A code; codes are never negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Code(int row)
    {
        if (Encoding == ColumnEncoding.Dense)
        {
            if (Width == 1) return Values[row];
            if (Width == 2) return ((ushort*)Values)[row];
        }
        return Other(row);
    }

    private uint Other(int row)
    {
        if (Encoding == ColumnEncoding.Constant) return (uint)constant;
        if (Encoding == ColumnEncoding.Sparse && !Place(ref row)) return (uint)constant;
        return Width switch { 1 => Values[row], 2 => ((ushort*)Values)[row], _ => ((uint*)Values)[row] };
    }

    /// <summary>A number.</summary>
    public long Number(int row)
    {
        if (Encoding == ColumnEncoding.Constant) return constant;
        if (Encoding == ColumnEncoding.Sparse && !Place(ref row)) return constant;
        return Width == 4 ? ((int*)Values)[row] : ((long*)Values)[row];
    }

    /// <summary>Empties a row, where it has a value. The segment's memory is its own: its file stays as it was.</summary>
    public void Clear(int row, long empty)
    {
        if (Encoding == ColumnEncoding.Constant || Encoding == ColumnEncoding.Sparse && !Place(ref row)) return;
        if (Width == 1) Values[row] = (byte)empty;
        else if (Width == 2) ((ushort*)Values)[row] = (ushort)empty;
        else if (Width == 4) ((uint*)Values)[row] = (uint)empty;
        else ((long*)Values)[row] = empty;
    }

    private bool Place(ref int row)
    {
        var word = bits[row >> 6];
        var bit = 1UL << (row & 63);
        if ((word & bit) == 0) return false;
        row = (int)ranks[row >> 6] + BitOperations.PopCount(word & (bit - 1));
        return true;
    }
}

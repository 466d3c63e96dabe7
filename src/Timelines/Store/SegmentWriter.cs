using System.Numerics;
using System.Runtime.InteropServices;

namespace Clientele.Timelines.Store;

/// <summary>Lays out columns one after another in memory that grows, and chooses for each what takes least.</summary>
internal sealed unsafe class SegmentWriter
{
    private readonly List<ColumnLayout> columns = [];
    private byte* data;
    private nuint capacity;
    private long length;
    private Clock? clock;

    static SegmentWriter() => LargeBuffers.GiveBack();

    public void Ordinals(ReadOnlySpan<int> ordinals, ReadOnlySpan<uint> starts, bool dense)
    {
        if (!dense) Copy(SegmentLayout.Ordinals, 4, MemoryMarshal.AsBytes(ordinals));
        Copy(SegmentLayout.Starts, 4, MemoryMarshal.AsBytes(starts));
    }

    /// <summary>Where a row stood in the log: needed while one history lies in segments that were not made in the log's order.</summary>
    public void Order(ReadOnlySpan<ulong> writers, ReadOnlySpan<long> positions)
    {
        Copy(SegmentLayout.Writers, 8, MemoryMarshal.AsBytes(writers));
        Copy(SegmentLayout.Positions, 8, MemoryMarshal.AsBytes(positions));
    }

    public void Seconds(ReadOnlySpan<uint> seconds) => Copy(SegmentLayout.Seconds, 4, MemoryMarshal.AsBytes(seconds));

    /// <summary>The seconds once more, coarsely, in a byte each.</summary>
    public void Clock(ReadOnlySpan<uint> seconds)
    {
        clock = Store.Clock.Of(seconds);
        Reserve(seconds.Length, out var offset);
        for (var i = 0; i < seconds.Length; i++) data[offset + i] = clock.At(seconds[i]);
        columns.Add(new ColumnLayout(SegmentLayout.Coarse, ColumnEncoding.Dense, 1, 0, offset, 0, 0, seconds.Length));
    }

    /// <summary>Types are always dense: they are what is scanned.</summary>
    public void Types(ReadOnlySpan<uint> codes) => Dense(SegmentLayout.Types, codes, WidthOf(Largest(codes)));

    public void Codes(string name, ReadOnlySpan<uint> codes)
    {
        var (largest, filled) = (0u, 0);
        foreach (var code in codes)
        {
            largest = Math.Max(largest, code);
            if (code != 0) filled++;
        }
        var width = WidthOf(largest);
        // What an erasure must be able to blank needs its own place in every row.
        if (!Segment.IsErased(name) && filled == codes.Length && codes.Length > 0 && codes.IndexOfAnyExcept(codes[0]) < 0) Constant(name, codes[0]);
        else if (filled == 0) return; // a column that is not there is empty
        // A byte a row is compared 64 rows at a time: worth its room when a quarter of the rows have a value.
        else if (SparseSize(codes.Length, filled, width) < (long)codes.Length * width && (width > 1 || filled < codes.Length / 4)) Sparse(name, codes, filled, width);
        else Dense(name, codes, width);
    }

    public void Amounts(ReadOnlySpan<long> values, long none)
    {
        var (filled, wide) = (0, false);
        foreach (var value in values)
        {
            if (value == none) continue;
            filled++;
            wide |= value is <= int.MinValue or > int.MaxValue;
        }
        if (filled == 0) return;
        var width = wide ? 8 : 4;
        // An empty row must have no value that one could have: so the column is sparse even when it is nearly full.
        var at = length;
        Reserve((values.Length + 63) / 64 * 8L, out var bits);
        Reserve((values.Length + 63) / 64 * 4L, out var ranks);
        Reserve((long)filled * width, out var offset);
        var n = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] == none) continue;
            ((ulong*)(data + bits))[i >> 6] |= 1UL << (i & 63);
            if (wide) ((long*)(data + offset))[n++] = values[i];
            else ((int*)(data + offset))[n++] = (int)values[i];
        }
        Rank(bits, ranks, values.Length);
        columns.Add(new ColumnLayout(SegmentLayout.Values, ColumnEncoding.Sparse, width, none, offset, bits, ranks, length - at));
    }

    public Segment Finish(int rows, int first, int last, bool dense, int subUnit) =>
        Segment.InMemory(new SegmentLayout(rows, first, last, dense, subUnit, columns, length, clock), data);

    private static uint Largest(ReadOnlySpan<uint> codes)
    {
        var largest = 0u;
        foreach (var code in codes) largest = Math.Max(largest, code);
        return largest;
    }

    private static int WidthOf(uint largest) => largest <= byte.MaxValue ? 1 : largest <= ushort.MaxValue ? 2 : 4;

    private static long SparseSize(int rows, int filled, int width) => (rows + 63) / 64 * 8L + (rows + 63) / 64 * 4L + (long)filled * width;

    private void Constant(string name, uint code) => columns.Add(new ColumnLayout(name, ColumnEncoding.Constant, 4, code, 0, 0, 0, 0));

    private void Dense(string name, ReadOnlySpan<uint> codes, int width)
    {
        Reserve((long)codes.Length * width, out var offset);
        Put(codes, offset, width, skipEmpty: false);
        columns.Add(new ColumnLayout(name, ColumnEncoding.Dense, width, 0, offset, 0, 0, (long)codes.Length * width));
    }

    private void Sparse(string name, ReadOnlySpan<uint> codes, int filled, int width)
    {
        var at = length;
        Reserve((codes.Length + 63) / 64 * 8L, out var bits);
        Reserve((codes.Length + 63) / 64 * 4L, out var ranks);
        Reserve((long)filled * width, out var offset);
        for (var i = 0; i < codes.Length; i++) if (codes[i] != 0) ((ulong*)(data + bits))[i >> 6] |= 1UL << (i & 63);
        Rank(bits, ranks, codes.Length);
        Put(codes, offset, width, skipEmpty: true);
        columns.Add(new ColumnLayout(name, ColumnEncoding.Sparse, width, 0, offset, bits, ranks, length - at));
    }

    private void Put(ReadOnlySpan<uint> codes, long offset, int width, bool skipEmpty)
    {
        var n = 0;
        var target = data + offset;
        foreach (var code in codes)
        {
            if (skipEmpty && code == 0) continue;
            if (width == 1) target[n++] = (byte)code;
            else if (width == 2) ((ushort*)target)[n++] = (ushort)code;
            else ((uint*)target)[n++] = code;
        }
    }

    private void Rank(long bits, long ranks, int rows)
    {
        var before = 0u;
        for (var w = 0; w < (rows + 63) / 64; w++)
        {
            ((uint*)(data + ranks))[w] = before;
            before += (uint)BitOperations.PopCount(((ulong*)(data + bits))[w]);
        }
    }

    private void Copy(string name, int width, ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length, out var offset);
        bytes.CopyTo(new Span<byte>(data + offset, bytes.Length));
        columns.Add(new ColumnLayout(name, ColumnEncoding.Dense, width, 0, offset, 0, 0, bytes.Length));
    }

    /// <summary>Zeroed room that begins at a cache line, and 64 bytes behind it that may be read.</summary>
    private void Reserve(long bytes, out long offset)
    {
        offset = length;
        var end = (length + bytes + 63) / 64 * 64;
        if ((nuint)end + 64 > capacity)
        {
            capacity = Math.Max((nuint)end + 64, capacity + capacity / 2);
            data = (byte*)NativeMemory.AlignedRealloc(data, capacity, 64);
        }
        NativeMemory.Clear(data + length, (nuint)(end - length + 64));
        length = end;
    }
}

using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Clientele.Timelines.Store;

/// <summary>What a segment holds and where.</summary>
/// <param name="First">The lowest ordinal in it.</param>
/// <param name="Dense">Starts are by ordinal from <paramref name="First"/> to <paramref name="Last"/>; otherwise a list of ordinals stands beside them.</param>
/// <param name="SubUnit">Microseconds in a unit of the column of fractions.</param>
/// <param name="Clock">What the bytes of the coarse times mean; null where there are none, as in small segments.</param>
internal sealed record SegmentLayout(int Rows, int First, int Last, bool Dense, int SubUnit, IReadOnlyList<ColumnLayout> Columns, long Length, Clock? Clock = null)
{
    public const string Ordinals = "#ordinals";
    public const string Starts = "#starts";
    public const string Seconds = "#seconds";
    public const string Fractions = "#fractions";
    public const string Coarse = "#coarse";
    public const string Types = "#types";
    public const string Values = "#values";
    public const string Batches = "#batches";

    public const string Writers = "#writers";
    public const string Positions = "#positions";
}

/// <summary>
/// Events of many customers, sorted by (ordinal, time, arrival), by column. Its rows never change; in memory or a file mapped into it,
/// the bytes are the same.
/// </summary>
/// <remarks>
/// What an erasure or an undone import takes away is blanked in memory at once: a mapped file is mapped copy-on-write, so the file
/// keeps it until the next compaction, which writes what memory says. The manifest names what to blank again after a restart.
/// </remarks>
internal sealed unsafe class Segment : IDisposable
{
    private static ReadOnlySpan<byte> Magic => "CLTL0003"u8;
    private const int HeaderUnit = 4096;

    private readonly byte* data;
    private readonly MemoryMappedFile? map;
    private readonly MemoryMappedViewAccessor? view;
    private readonly Dictionary<string, ColumnLayout> columns;
    private bool disposed;

    private Segment(SegmentLayout layout, byte* data, string? path, MemoryMappedFile? map, MemoryMappedViewAccessor? view)
    {
        this.data = data;
        (Layout, Path, this.map, this.view) = (layout, path, map, view);
        columns = layout.Columns.ToDictionary(c => c.Name, StringComparer.Ordinal);
        Starts = (uint*)(data + columns[SegmentLayout.Starts].Values);
        if (!layout.Dense)
        {
            Ordinals = (int*)(data + columns[SegmentLayout.Ordinals].Values);
            People = (int)(columns[SegmentLayout.Ordinals].Length / 4);
        }
        Seconds = (uint*)(data + columns[SegmentLayout.Seconds].Values);
        Types = Column(SegmentLayout.Types);
        Fractions = Column(SegmentLayout.Fractions);
        Values = columns.TryGetValue(SegmentLayout.Values, out var values) ? new ColumnReader(values, data) : new ColumnReader(Questions.Numbers.None);
    }

    public SegmentLayout Layout { get; }

    /// <summary>Null: in memory only.</summary>
    public string? Path { get; }

    public int Rows => Layout.Rows;

    public uint* Starts { get; }

    /// <summary>Sorted; null where starts are dense.</summary>
    public int* Ordinals { get; }

    public int People { get; }

    public uint* Seconds { get; }

    public ColumnReader Types { get; }

    public ColumnReader Fractions { get; }

    public ColumnReader Values { get; }

    /// <summary>Erased ordinals and undone imports to blank when the file is mapped again.</summary>
    public Tombstones Tombstones { get; init; } = new([], []);

    public long Bytes => Layout.Length;

    public static Segment InMemory(SegmentLayout layout, byte* data) => new(layout, data, null, null, null);

    /// <summary>An empty column when there is none of that name.</summary>
    public ColumnReader Column(string name) => columns.TryGetValue(name, out var layout) ? new ColumnReader(layout, data) : new ColumnReader(0);

    /// <summary>The rows of an ordinal.</summary>
    public int Find(int ordinal, out int start)
    {
        start = 0;
        if (ordinal < Layout.First || ordinal > Layout.Last) return 0;
        int at;
        if (Layout.Dense) at = ordinal - Layout.First;
        else
        {
            at = new ReadOnlySpan<int>(Ordinals, People).BinarySearch(ordinal);
            if (at < 0) return 0;
        }
        start = (int)Starts[at];
        return (int)Starts[at + 1] - start;
    }

    /// <summary>Seconds and microseconds of a row, as microseconds.</summary>
    public long Micros(int row) => Seconds[row] * 1_000_000L + Fractions.Code(row) * (long)Layout.SubUnit;

    /// <summary>Makes an ordinal's events say nothing but what happened, when and for how much.</summary>
    public void Erase(int ordinal)
    {
        var count = Find(ordinal, out var start);
        if (count == 0) return;
        foreach (var column in Layout.Columns.Where(c => IsErased(c.Name)))
        {
            var reader = new ColumnReader(column, data);
            for (var row = start; row < start + count; row++) reader.Clear(row, 0);
        }
        Tombstones.Erased.Add(ordinal);
    }

    /// <summary>All but what tells nothing of a person.</summary>
    public static bool IsErased(string column) => column[0] != '#' && column is not ("f:currency" or "f:data_source");

    /// <summary>Makes the events of an import count no more.</summary>
    public void Undo(uint batch)
    {
        var batches = Column(SegmentLayout.Batches);
        if (batches.Encoding == ColumnEncoding.Constant && batches.Code(0) != batch) return;
        var any = false;
        for (var row = 0; row < Rows; row++)
        {
            if (batches.Code(row) != batch) continue;
            Types.Clear(row, 0);
            any = true;
        }
        if (any) Tombstones.Undone.Add(batch);
    }

    /// <summary>Writes the segment as a file and forces it to disk.</summary>
    public void Save(string path)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(Layout);
        var room = (header.Length + 16 + HeaderUnit - 1) / HeaderUnit * HeaderUnit;
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        file.Write(Magic);
        file.Write(BitConverter.GetBytes(room));
        file.Write(BitConverter.GetBytes(header.Length));
        file.Write(header);
        file.Position = room;
        for (long at = 0; at < Layout.Length; at += 1 << 24) file.Write(new ReadOnlySpan<byte>(data + at, (int)Math.Min(1 << 24, Layout.Length - at)));
        file.Write(new byte[64]); // vectors may read a little behind the end
        file.Flush(flushToDisk: true);
    }

    public static Segment Open(string path, Tombstones tombstones)
    {
        SegmentLayout layout;
        int room;
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Read))
        {
            Span<byte> begin = stackalloc byte[16];
            file.ReadExactly(begin);
            if (!begin[..8].SequenceEqual(Magic)) throw new InvalidDataException($"{path} is no segment of this version.");
            room = BitConverter.ToInt32(begin[8..]);
            var header = new byte[BitConverter.ToInt32(begin[12..])];
            file.ReadExactly(header);
            layout = JsonSerializer.Deserialize<SegmentLayout>(header)!;
            if (file.Length < room + layout.Length) throw new InvalidDataException($"{path} is cut off.");
        }
        var map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        var view = map.CreateViewAccessor(room, layout.Length + 64, MemoryMappedFileAccess.CopyOnWrite);
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        var segment = new Segment(layout, pointer + view.PointerOffset, path, map, view);
        foreach (var ordinal in tombstones.Erased) segment.Erase(ordinal);
        foreach (var batch in tombstones.Undone) segment.Undo(batch);
        return segment;
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        if (view is not null)
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            map!.Dispose();
        }
        else NativeMemory.AlignedFree(data);
    }
}

/// <summary>What is to be blanked in a file that still has it.</summary>
internal sealed record Tombstones(HashSet<int> Erased, HashSet<uint> Undone);

namespace Clientele.Timelines.Store;

/// <summary>
/// Compaction: the rows of several segments, given in the order of their age, as new ones, by ordinal. What was blanked stays away for good.
/// </summary>
internal sealed unsafe class Merge(IReadOnlyList<Segment> sources, Vocabulary vocabulary, int rowsPerSegment)
{
    private readonly int[] cursors = new int[sources.Count];
    private readonly List<(long Micros, int Source, int Row)> several = [];
    private readonly bool[] ordered = [.. sources.Select(s => s.Layout.Columns.Any(c => c.Name == SegmentLayout.Writers))];
    private readonly ColumnReader[] writers = [.. sources.Select(s => s.Column(SegmentLayout.Writers))];
    private readonly ColumnReader[] positions = [.. sources.Select(s => s.Column(SegmentLayout.Positions))];
    private ushort[] from = new ushort[1024];
    private int[] rows = new int[1024];
    private int count;

    /// <summary>The new segments, one at a time: each is in memory until the caller has saved it.</summary>
    /// <param name="dense">Starts by ordinal, for what holds nearly everybody.</param>
    public IEnumerable<Segment> Run(bool dense)
    {
        var last = sources.Count == 0 ? -1 : sources.Max(s => s.Layout.Last);
        var (people, starts) = (new List<int>(), new List<uint>());
        var first = 0;
        for (var ordinal = 0; ordinal <= last; ordinal++)
        {
            var before = count;
            Take(ordinal);
            if (dense || count > before)
            {
                people.Add(ordinal);
                starts.Add((uint)before);
            }
            if (count < rowsPerSegment && ordinal < last) continue;
            if (count > 0) yield return Write(people, starts, dense, first, ordinal);
            people.Clear();
            starts.Clear();
            (count, first) = (0, ordinal + 1);
        }
    }

    private void Take(int ordinal)
    {
        several.Clear();
        var (spans, source, start, size) = (0, 0, 0, 0);
        for (var s = 0; s < sources.Count; s++)
        {
            var n = Find(s, ordinal, out var at);
            if (n == 0) continue;
            if (spans++ == 1) Gather(source, start, size);
            if (spans > 1) Gather(s, at, n);
            (source, start, size) = (s, at, n);
        }
        if (spans == 1)
        {
            for (var row = start; row < start + size; row++) Add(source, row);
        }
        else if (spans > 1)
        {
            several.Sort(Compare);
            foreach (var (_, s, row) in several) Add(s, row);
        }
    }

    private int Find(int s, int ordinal, out int start)
    {
        var segment = sources[s];
        if (segment.Layout.Dense) return segment.Find(ordinal, out start);
        ref var cursor = ref cursors[s];
        while (cursor < segment.People && segment.Ordinals[cursor] < ordinal) cursor++;
        start = 0;
        if (cursor == segment.People || segment.Ordinals[cursor] != ordinal) return 0;
        start = (int)segment.Starts[cursor];
        return (int)segment.Starts[cursor + 1] - start;
    }

    private void Gather(int s, int start, int size)
    {
        for (var row = start; row < start + size; row++) several.Add((sources[s].Micros(row), s, row));
    }

    private int Compare((long Micros, int Source, int Row) a, (long Micros, int Source, int Row) b)
    {
        var by = a.Micros.CompareTo(b.Micros);
        if (by == 0 && a.Source != b.Source && ordered[a.Source] && ordered[b.Source])
        {
            by = ((ulong)writers[a.Source].Number(a.Row)).CompareTo((ulong)writers[b.Source].Number(b.Row));
            if (by == 0) by = positions[a.Source].Number(a.Row).CompareTo(positions[b.Source].Number(b.Row));
        }
        if (by == 0) by = a.Source.CompareTo(b.Source);
        return by == 0 ? a.Row.CompareTo(b.Row) : by;
    }

    private void Add(int source, int row)
    {
        if (sources[source].Types.Code(row) == 0) return; // of an undone import
        if (count == rows.Length)
        {
            Array.Resize(ref from, count * 2);
            Array.Resize(ref rows, count * 2);
        }
        (from[count], rows[count++]) = ((ushort)source, row);
    }

    private Segment Write(List<int> people, List<uint> starts, bool dense, int first, int last)
    {
        var writer = new SegmentWriter();
        starts.Add((uint)count);
        writer.Ordinals(people.ToArray(), starts.ToArray(), dense);
        var codes = new uint[count];
        Codes(SegmentLayout.Types, codes);
        writer.Types(codes);
        var numbers = new long[count];
        for (var i = 0; i < count; i++) numbers[i] = sources[from[i]].Micros(rows[i]);
        var unit = Times.Write(writer, numbers, clock: dense);
        Codes(SegmentLayout.Batches, codes);
        writer.Codes(SegmentLayout.Batches, codes);
        for (var i = 0; i < count; i++) numbers[i] = sources[from[i]].Values.Number(rows[i]);
        writer.Amounts(numbers, Questions.Numbers.None);
        for (var column = Vocabulary.Batches + 1; column < vocabulary.Columns; column++)
        {
            if (vocabulary[column].Closed || !Codes(vocabulary.Name(column), codes)) continue;
            writer.Codes(vocabulary.Name(column), codes);
        }
        return writer.Finish(count, dense ? first : people[0], dense ? last : people[^1], dense, unit);
    }

    private bool Codes(string name, uint[] codes)
    {
        var readers = sources.Select(s => s.Column(name)).ToArray();
        if (readers.All(r => r.Encoding == ColumnEncoding.Constant && r.Code(0) == 0))
        {
            Array.Clear(codes);
            return false;
        }
        for (var i = 0; i < count; i++) codes[i] = readers[from[i]].Code(rows[i]);
        return true;
    }
}

namespace Clientele.Timelines.Store;

/// <summary>Events as they come, until they are sorted into a segment.</summary>
internal sealed class Rows
{
    private int[] ordinals = new int[1024];
    private long[] micros = new long[1024];
    private uint[] types = new uint[1024];
    private uint[] batches = new uint[1024];
    private long[] values = new long[1024];
    private ulong[] writers = new ulong[1024];
    private long[] positions = new long[1024];
    private int[] ends = new int[1024];
    private ushort[] columns = new ushort[4096];
    private uint[] codes = new uint[4096];
    private int properties;

    public int Count { get; private set; }

    public void Property(int column, int code)
    {
        if (properties == columns.Length)
        {
            Array.Resize(ref columns, properties * 2);
            Array.Resize(ref codes, properties * 2);
        }
        (columns[properties], codes[properties++]) = ((ushort)column, (uint)code);
    }

    /// <summary>Ends an event; its properties were given before.</summary>
    /// <param name="value">In millionths, or none.</param>
    public void Event(int ordinal, long micros, uint type, uint batch, long value, ulong writer, long position)
    {
        if (Count == ordinals.Length) Grow();
        (ordinals[Count], this.micros[Count], types[Count], batches[Count]) = (ordinal, micros, type, batch);
        (values[Count], writers[Count], positions[Count], ends[Count]) = (value, writer, position, properties);
        Count++;
    }

    public void Clear() => (Count, properties) = (0, 0);

    /// <summary>The rows as a segment, in memory.</summary>
    /// <param name="names">Of the columns; null for those that are left out.</param>
    /// <param name="inOrder">They came in the log's order, and so do the segments before and after.</param>
    public Segment ToSegment(string?[] names, bool inOrder)
    {
        var order = Sorted();
        var writer = new SegmentWriter();
        var (people, starts) = Groups(order);
        writer.Ordinals(people, starts, dense: false);
        uint[] Pick(uint[] from) => Array.ConvertAll(order, i => from[i]);
        writer.Types(Pick(types));
        var unit = Times.Write(writer, Array.ConvertAll(order, i => micros[i]), clock: false);
        writer.Codes(SegmentLayout.Batches, Pick(batches));
        writer.Amounts(Array.ConvertAll(order, i => values[i]), Questions.Numbers.None);
        if (!inOrder) writer.Order(Array.ConvertAll(order, i => writers[i]), Array.ConvertAll(order, i => positions[i]));
        WriteProperties(writer, names, order);
        return writer.Finish(Count, people.Length == 0 ? 0 : people[0], people.Length == 0 ? 0 : people[^1], dense: false, unit);
    }

    private void WriteProperties(SegmentWriter writer, string?[] names, int[] order)
    {
        var places = new int[Count];
        for (var i = 0; i < order.Length; i++) places[order[i]] = i;
        var byColumn = new uint[names.Length][];
        for (int row = 0, p = 0; row < Count; row++)
            for (; p < ends[row]; p++)
                (byColumn[columns[p]] ??= new uint[Count])[places[row]] = codes[p];
        for (var column = 0; column < byColumn.Length; column++)
            if (byColumn[column] is { } filled && names[column] is { } name) writer.Codes(name, filled);
    }

    private int[] Sorted()
    {
        var keys = new long[Count];
        for (var i = 0; i < Count; i++) keys[i] = (long)ordinals[i] << 32 | (uint)i;
        Array.Sort(keys);
        var order = Array.ConvertAll(keys, k => (int)k);
        for (var from = 0; from < Count;)
        {
            var to = from + 1;
            while (to < Count && ordinals[order[to]] == ordinals[order[from]]) to++;
            SortByTime(order.AsSpan(from, to - from));
            from = to;
        }
        return order;
    }

    private void SortByTime(Span<int> rows)
    {
        for (var i = 1; i < rows.Length; i++)
        {
            if (Compare(rows[i - 1], rows[i]) <= 0) continue;
            rows.Sort(Compare);
            return;
        }
    }

    private int Compare(int a, int b)
    {
        var by = micros[a].CompareTo(micros[b]);
        if (by == 0) by = writers[a].CompareTo(writers[b]);
        return by == 0 ? positions[a].CompareTo(positions[b]) : by;
    }

    private (int[] People, uint[] Starts) Groups(int[] order)
    {
        var (people, starts) = (new List<int>(), new List<uint>());
        for (var i = 0; i < order.Length; i++)
        {
            if (people.Count > 0 && people[^1] == ordinals[order[i]]) continue;
            people.Add(ordinals[order[i]]);
            starts.Add((uint)i);
        }
        starts.Add((uint)order.Length);
        return ([.. people], [.. starts]);
    }

    private void Grow()
    {
        var size = Count * 2;
        Array.Resize(ref ordinals, size);
        Array.Resize(ref micros, size);
        Array.Resize(ref types, size);
        Array.Resize(ref batches, size);
        Array.Resize(ref values, size);
        Array.Resize(ref writers, size);
        Array.Resize(ref positions, size);
        Array.Resize(ref ends, size);
    }
}

/// <summary>Instants as whole seconds since 1970 and a fraction, in the coarsest unit that is exact.</summary>
internal static class Times
{
    /// <summary>What lies before 1970 counts as second 0: before every question.</summary>
    public static long Clamp(long micros) => Math.Clamp(micros, 0, uint.MaxValue * 1_000_000L);

    /// <summary>Writes both columns, and the coarse one where it is wanted; returns the unit of the fractions in microseconds.</summary>
    public static int Write(SegmentWriter writer, ReadOnlySpan<long> micros, bool clock)
    {
        var seconds = new uint[micros.Length];
        var fractions = new uint[micros.Length];
        var whole = true;
        for (var i = 0; i < micros.Length; i++)
        {
            seconds[i] = (uint)(micros[i] / 1_000_000);
            fractions[i] = (uint)(micros[i] % 1_000_000);
            whole &= fractions[i] % 1000 == 0;
        }
        var unit = whole ? 1000 : 1;
        if (whole) for (var i = 0; i < fractions.Length; i++) fractions[i] /= 1000;
        writer.Seconds(seconds);
        if (clock) writer.Clock(seconds);
        writer.Codes(SegmentLayout.Fractions, fractions);
        return unit;
    }
}

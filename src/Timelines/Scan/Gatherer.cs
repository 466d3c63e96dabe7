using System.Runtime.InteropServices;
using Clientele.Timelines.Store;

namespace Clientele.Timelines.Scan;

/// <summary>
/// Brings together a person's events from several segments and profiles, in the order of (time, profile, arrival). Used for the few who
/// have more than one place; each worker has its own.
/// </summary>
internal sealed unsafe class Gatherer(Segment[] segments, View[] views, int slots) : IDisposable
{
    private readonly List<(int Segment, int Profile, int Start, int Count)> spans = [];
    private readonly List<(long Micros, int Profile, int Segment, int Row)> rows = [];
    private readonly uint*[] slotValues = new uint*[slots];
    private uint* types, seconds, fractions;
    private long* values;
    private int capacity;
    private readonly ColumnReader[] slotReaders = new ColumnReader[slots];

    /// <summary>The person's events; the view is good until the next call.</summary>
    public View Gather(int person, ReadOnlySpan<int> profiles)
    {
        spans.Clear();
        var total = 0;
        for (var p = 0; p < profiles.Length; p++)
        {
            for (var s = 0; s < segments.Length; s++)
            {
                var count = segments[s].Find(profiles[p], out var start);
                if (count == 0) continue;
                spans.Add((s, p, start, count));
                total += count;
            }
        }
        if (spans.Count == 0) return new View { Person = person, Slots = slotReaders };
        if (spans.Count == 1)
        {
            var view = views[spans[0].Segment];
            (view.Start, view.Count, view.Person) = (spans[0].Start, spans[0].Count, person);
            return view;
        }
        rows.Clear();
        foreach (var (s, p, start, count) in spans)
            for (var row = start; row < start + count; row++) rows.Add((views[s].Micros(row), p, s, row));
        rows.Sort();
        return Copy(person, total);
    }

    private View Copy(int person, int total)
    {
        Grow(total);
        for (var i = 0; i < total; i++)
        {
            var (micros, _, s, row) = rows[i];
            ref var from = ref views[s];
            types[i] = from.Type(row);
            seconds[i] = (uint)(micros / 1_000_000);
            fractions[i] = (uint)(micros % 1_000_000);
            values[i] = from.Values.Number(row);
            for (var slot = 0; slot < slotValues.Length; slot++) slotValues[slot][i] = from.Slots[slot].Code(row);
        }
        return new View
        {
            Types = (byte*)types, TypeWidth = 4, Seconds = seconds, Fractions = new ColumnReader(fractions, 4), SubUnit = 1,
            Values = new ColumnReader(values, 8), Slots = slotReaders, Start = 0, Count = total, Person = person,
        };
    }

    private void Grow(int total)
    {
        if (total <= capacity) return;
        capacity = Math.Max(total, capacity * 2);
        types = Again(types);
        seconds = Again(seconds);
        fractions = Again(fractions);
        values = (long*)NativeMemory.Realloc(values, (nuint)capacity * 8 + 64);
        for (var slot = 0; slot < slotValues.Length; slot++)
        {
            slotValues[slot] = Again(slotValues[slot]);
            slotReaders[slot] = new ColumnReader(slotValues[slot], 4);
        }
    }

    private uint* Again(uint* old) => (uint*)NativeMemory.Realloc(old, (nuint)capacity * 4 + 64);

    public void Dispose()
    {
        NativeMemory.Free(types);
        NativeMemory.Free(seconds);
        NativeMemory.Free(fractions);
        NativeMemory.Free(values);
        foreach (var slot in slotValues) NativeMemory.Free(slot);
    }
}

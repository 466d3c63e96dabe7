using System.Runtime.CompilerServices;
using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Store;

/// <summary>A type of event that occurred.</summary>
/// <param name="Count">How many of its events count.</param>
/// <param name="Properties">Properties and fields seen on it; of frequent types some of the events are looked at, so a rare property may be missing.</param>
public sealed record EventSurvey(string Type, long Count, IReadOnlyList<Operand> Properties);

/// <summary>What the values of something look like.</summary>
public enum ValueKind { Text, Number, Boolean }

/// <summary>A property, a field or an attribute that questions can use.</summary>
/// <param name="Values">How many different values were ever seen; erased ones are among them.</param>
/// <param name="Column">False: it has too many values to be a column, so PostgreSQL answers questions that use it.</param>
public sealed record OperandSurvey(Operand Of, ValueKind Kind, int Values, bool Column);

/// <summary>What a store holds to ask about.</summary>
/// <param name="First">When the first event occurred, in seconds since 1970; null without any.</param>
public sealed record StoreSurvey(IReadOnlyList<EventSurvey> Events, IReadOnlyList<OperandSurvey> Operands, long? First, long? Last);

/// <summary>A value that occurs.</summary>
/// <param name="Count">Events that have it; of an attribute, customers.</param>
public sealed record ValueSurvey(string Value, long Count);

/// <summary>Looks over a store for what can be asked of it. One pass over the column of types, one over a property: about ten milliseconds a million events.</summary>
internal static class Surveyor
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static StoreSurvey Look(TimelineStore store, CancellationToken ct)
    {
        var vocabulary = store.Vocabulary;
        var types = vocabulary[Vocabulary.Types];
        var counts = new long[types.Size];
        var nextSample = new long[types.Size];
        var columns = Enumerable.Range(0, vocabulary.Columns).Where(c => vocabulary.Name(c)[1] == ':').ToArray();
        var seen = new HashSet<(uint Type, int Column)>();
        var (first, last) = (uint.MaxValue, 0u);
        var samples = new List<(int Row, uint Type)>();
        foreach (var segment in store.Segments)
        {
            ct.ThrowIfCancellationRequested();
            samples.Clear();
            for (var row = 0; row < segment.Rows; row++)
            {
                var type = segment.Types.Code(row);
                if (type == 0) continue;
                Range(segment, row, ref first, ref last);
                // The first events of a type, and ever fewer of those that follow: some hundreds in all.
                if (counts[type]++ < nextSample[type]) continue;
                nextSample[type] = counts[type] + counts[type] / 64;
                samples.Add((row, type));
            }
            foreach (var column in columns)
            {
                var reader = segment.Column(vocabulary.Name(column));
                foreach (var (row, type) in samples) if (reader.Code(row) != 0) seen.Add((type, column));
            }
        }
        var properties = seen.ToLookup(s => s.Type, s => s.Column);
        var events = Enumerable.Range(1, types.Size - 1).Where(t => counts[t] > 0)
            .Select(t => new EventSurvey(types.Text(t)!, counts[t], [.. properties[(uint)t].Select(c => OperandOf(vocabulary.Name(c))).OrderBy(o => o.Property ?? o.Field, StringComparer.Ordinal)]))
            .OrderByDescending(e => e.Count).ThenBy(e => e.Type, StringComparer.Ordinal).ToList();
        var operands = columns.Select(c => Describe(OperandOf(vocabulary.Name(c)), vocabulary[c]))
            .Concat(store.Attributes.All.Select(a => Describe(new Operand { Attribute = a.Name }, a.Column.Values)))
            .Where(o => o.Values > 0 || !o.Column).OrderBy(o => o.Of.Property ?? o.Of.Field ?? o.Of.Attribute, StringComparer.Ordinal).ToList();
        return new StoreSurvey(events, operands, events.Count == 0 ? null : first, events.Count == 0 ? null : last);
    }

    /// <summary>Values that occur now, the most frequent first; what was erased is not among them.</summary>
    /// <exception cref="NoColumnException">It has too many different values.</exception>
    public static IReadOnlyList<ValueSurvey> Values(TimelineStore store, Operand of, string? type, string? search, int most, CancellationToken ct)
    {
        var (dictionary, counts) = of.Attribute is null ? OfEvents(store, of, type, ct) : OfCustomers(store, of);
        if (dictionary is null) return [];
        var found = new List<ValueSurvey>();
        for (var code = 1; code < counts.Length; code++)
        {
            if (counts[code] == 0) continue;
            var text = dictionary.Text(code)!;
            if (search is null || text.Contains(search, StringComparison.OrdinalIgnoreCase)) found.Add(new ValueSurvey(text, counts[code]));
        }
        return [.. found.OrderByDescending(v => v.Count).ThenBy(v => v.Value, StringComparer.Ordinal).Take(most)];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (ValueDictionary?, long[]) OfEvents(TimelineStore store, Operand of, string? type, CancellationToken ct)
    {
        var name = of.Property is { } property ? "p:" + property : "f:" + of.Field;
        var column = store.Vocabulary.Find(name);
        if (column < 0) return store.Vocabulary.Full ? throw new NoColumnException(of.ToString()) : (null, []);
        var dictionary = store.Vocabulary[column];
        if (dictionary.Closed) throw new NoColumnException(of.ToString());
        var wanted = type is null ? 0 : (uint)store.Vocabulary[Vocabulary.Types].Find(type);
        var counts = new long[dictionary.Size];
        if (type is not null && wanted == 0) return (dictionary, counts);
        foreach (var segment in store.Segments)
        {
            ct.ThrowIfCancellationRequested();
            var reader = segment.Column(name);
            if (reader.Encoding == ColumnEncoding.Constant && reader.Code(0) == 0) continue;
            for (var row = 0; row < segment.Rows; row++)
            {
                var code = reader.Code(row);
                if (code == 0) continue;
                var kind = segment.Types.Code(row);
                if (kind != 0 && (wanted == 0 || kind == wanted)) counts[code]++;
            }
        }
        return (dictionary, counts);
    }

    private static (ValueDictionary?, long[]) OfCustomers(TimelineStore store, Operand of)
    {
        if (store.Attributes.Find(of.Attribute!) is not { } column) return store.Attributes.Full ? throw new NoColumnException(of.ToString()) : (null, []);
        if (column.Values.Closed) throw new NoColumnException(of.ToString());
        var counts = new long[column.Values.Size];
        var codes = column.Codes;
        var standings = store.People.Standings;
        for (var person = 1; person < Math.Min(codes.Length, standings.Length); person++)
            if ((standings[person] & (People.Standing.Known | People.Standing.Merged)) == People.Standing.Known) counts[codes[person]]++;
        return (column.Values, counts);
    }

    private static unsafe void Range(Segment segment, int row, ref uint first, ref uint last)
    {
        var second = segment.Seconds[row];
        if (second < first) first = second;
        if (second > last) last = second;
    }

    private static Operand OperandOf(string column) => column[0] == 'p' ? new Operand { Property = column[2..] } : new Operand { Field = column[2..] };

    private static OperandSurvey Describe(Operand of, ValueDictionary values)
    {
        var (numbers, booleans, some, looked) = (true, true, false, Math.Min(values.Size, ValueDictionary.Shown + 1));
        for (var code = 1; code < looked; code++)
        {
            // Forgotten since; of a closed column all may be.
            if (code >= values.Kept || values.Text(code) is not { } text) continue;
            some = true;
            numbers &= values.Number(code) != Numbers.None;
            booleans &= text is "true" or "false";
        }
        return new OperandSurvey(of, !some ? ValueKind.Text : booleans ? ValueKind.Boolean : numbers ? ValueKind.Number : ValueKind.Text, values.Size - 1, !values.Closed);
    }
}

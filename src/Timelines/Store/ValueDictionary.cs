using Clientele.Timelines.Questions;

namespace Clientele.Timelines.Store;

/// <summary>
/// The different values of one column, each with a code; 0 is no value. A code means the same in every file, for ever: a value
/// that is forgotten leaves its code unused. A column with more values than <see cref="Most"/> is closed: it tells nobody anything as a column, and its questions go to the log.
/// </summary>
internal sealed class ValueDictionary
{
    public const int Most = 250_000;

    /// <summary>Of a closed column only so many values are known, to say what they look like.</summary>
    public const int Shown = 500;

    private readonly Dictionary<string, int> codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup;
    private readonly List<string?> values = [null];
    private readonly List<long> numbers = [Numbers.None];

    private readonly bool whole;
    private int size;

    /// <param name="whole">Its values are needed even when it is closed.</param>
    public ValueDictionary(bool whole = false) => (this.whole, lookup) = (whole, codes.GetAlternateLookup<ReadOnlySpan<char>>());

    public bool Closed { get; private set; }

    /// <summary>One more than the highest code.</summary>
    public int Size => Closed ? size : values.Count;

    /// <summary>One more than the highest code whose text may be asked for.</summary>
    public int Kept => values.Count;

    /// <summary>Null: it was forgotten, and no event has it.</summary>
    public string? Text(int code) => values[code];

    /// <summary>The value as a number, in millionths.</summary>
    public long Number(int code) => numbers[code];

    /// <summary>0 when nothing has that value.</summary>
    public int Find(ReadOnlySpan<char> value) => lookup.TryGetValue(value, out var code) ? code : 0;

    /// <summary>The code of a value, a new one when it is new (<paramref name="added"/>); 0 when the column is, or now became, closed.</summary>
    public int Code(ReadOnlySpan<char> value, out bool added)
    {
        added = false;
        if (lookup.TryGetValue(value, out var code)) return code;
        if (Closed) return 0;
        if (values.Count > Most)
        {
            Close();
            return 0;
        }
        added = true;
        return Add(value.ToString());
    }

    public int Add(string value)
    {
        codes.Add(value, values.Count);
        values.Add(value);
        numbers.Add(Numbers.Read(value));
        return values.Count - 1;
    }

    /// <summary>Takes up the room of a value that was forgotten.</summary>
    public void AddForgotten()
    {
        values.Add(null);
        numbers.Add(Numbers.None);
    }

    /// <summary>Forgets the texts of codes that are not in use, and of a closed column all.</summary>
    /// <returns>Was there one?</returns>
    public bool Forget(ReadOnlySpan<bool> used)
    {
        var any = false;
        for (var code = 1; code < values.Count; code++)
        {
            if (values[code] is not { } text || !Closed && used[code]) continue;
            codes.Remove(text);
            (values[code], numbers[code], any) = (null, Numbers.None, true);
        }
        if (!Closed) return any;
        values.RemoveRange(1, values.Count - 1);
        numbers.RemoveRange(1, numbers.Count - 1);
        return any;
    }

    /// <summary>Its values by code, 1 first; null where one was forgotten.</summary>
    public IEnumerable<string?> Values => values.Skip(1);

    /// <param name="of">How many codes it had, with 0; null: as many as were added.</param>
    public void Close(int? of = null)
    {
        if (Closed) return;
        (Closed, size) = (true, of ?? values.Count);
        codes.Clear();
        codes.TrimExcess();
        if (whole || values.Count <= Shown + 1) return;
        values.RemoveRange(Shown + 1, values.Count - Shown - 1);
        numbers.RemoveRange(Shown + 1, numbers.Count - Shown - 1);
        values.TrimExcess();
        numbers.TrimExcess();
    }

    /// <summary>Roughly what it takes in memory, in bytes.</summary>
    public long Memory => values.Sum(v => (v?.Length ?? 0) * 2L) + values.Count * (Closed ? 40L : 72L);
}

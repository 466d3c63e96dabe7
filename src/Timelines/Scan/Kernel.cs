using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;

namespace Clientele.Timelines.Scan;

/// <summary>Counts one question over one person after the other. Each worker has its own; in the end they are added up.</summary>
/// <param name="from">Seconds: earlier events do not matter.</param>
/// <param name="to">Seconds: nor do later ones.</param>
internal abstract class Kernel(Matcher matcher, long from, long to)
{
    private Match[] own = new Match[256], found = [];
    private int next, count;

    /// <summary>
    /// Looks through the rows of many people at once, where that is faster: after that those of <see cref="View.Together"/> who come in
    /// their order are given what is theirs.
    /// </summary>
    /// <returns>False: each is to be looked through alone.</returns>
    public bool Prepare(in View view, int first, int end)
    {
        next = 0;
        return matcher.Together(view, first, end, from, to, ref found, out count);
    }

    /// <summary>Has nobody whose rows end here anything that matters? For views of <see cref="View.Together"/>.</summary>
    public bool Nothing(in View view)
    {
        while (next < count && found[next].Row < view.Start) next++;
        return next == count || found[next].Row >= view.Start + view.Count;
    }

    /// <summary>The events that matter, in time order.</summary>
    protected Span<Match> Find(in View view)
    {
        if (!view.Together)
        {
            var n = matcher.Run(view, from, to, ref own);
            return own.AsSpan(0, n);
        }
        // Those before are of somebody who is asked about with other rows besides.
        while (next < count && found[next].Row < view.Start) next++;
        var first = next;
        var end = view.Start + view.Count;
        while (next < count && found[next].Row < end) next++;
        return found.AsSpan(first, next - first);
    }

    /// <summary>What it may have room for, and how much of that may be filled in the end.</summary>
    public StoreSizes Sizes { get; set; } = new();

    /// <summary>How long an array should be that has to hold so many cells.</summary>
    /// <param name="arrays">So many are of that length.</param>
    /// <exception cref="TooManyCellsException">So many are not kept.</exception>
    protected int Room(long cells, int length, int arrays = 1)
    {
        var most = Math.Min(Sizes.MostCells / arrays, Array.MaxLength);
        if (cells > most) throw new TooManyCellsException();
        return (int)Math.Max(cells, Math.Min(length * 2L, most));
    }

    /// <summary>To be called before cells are written.</summary>
    /// <exception cref="TooManyCellsException">More have a number than an answer may have.</exception>
    protected void Limit(params IEnumerable<long[]> counts)
    {
        var filled = 0L;
        foreach (var array in counts)
            foreach (var count in array) filled += count != 0 ? 1 : 0;
        if (filled > Sizes.MostNumbers) throw new TooManyCellsException();
    }

    /// <summary>Set by a kernel that was told to look for those in one cell: this person is.</summary>
    public bool Picked { get; protected set; }

    public abstract void Person(in View view);

    /// <summary>Is somebody who did nothing that matters nobody to this question?</summary>
    public virtual bool IgnoresIdle => true;

    /// <summary>Takes in what another worker counted.</summary>
    public abstract void Add(Kernel other);

    public abstract void Write(Dictionary<CellKey, Cell> cells);

    public bool TakePick()
    {
        var picked = Picked;
        Picked = false;
        return picked;
    }
}

/// <summary>Where a group's value comes from, resolved.</summary>
internal sealed record GroupSource(int Slot, Store.Attributes.Column? Attribute, Store.ValueDictionary? Values)
{
    public int Size => Values?.Size ?? 1;

    public int Code(in View view, int row) => Attribute is not null ? Attribute[view.Person] : Slot >= 0 ? (int)view.Slots[Slot].Code(row) : 0;

    public string? Text(int code) => code == 0 ? null : Values!.Text(code);

    /// <summary>−1: nothing has that value.</summary>
    public int Find(string? text) => text is null ? 0 : Values?.Find(Store.Vocabulary.Cut(text)) is { } code and > 0 ? code : -1;
}

/// <summary>Up to two values make a group; groups get dense numbers as they turn up.</summary>
internal sealed class Groups(GroupSource[] sources)
{
    private readonly Dictionary<long, int> numbers = [];
    private readonly List<long> keys = [];
    private long lastKey = -1;
    private int lastNumber;
    private readonly int[]? direct = sources.Length == 0 ? null : sources.Aggregate(1L, (n, s) => n * s.Size) is var n and <= 1 << 16 ? NewDirect((int)n) : null;
    private readonly int second = sources.Length > 1 ? sources[1].Size : 1;

    public int Count => sources.Length == 0 ? 1 : keys.Count;

    private static int[] NewDirect(int size)
    {
        var numbers = new int[size];
        Array.Fill(numbers, -1);
        return numbers;
    }

    public int Of(in View view, int row)
    {
        if (sources.Length == 0) return 0;
        var key = (long)sources[0].Code(view, row) * second + (sources.Length > 1 ? sources[1].Code(view, row) : 0);
        // The events of one person are mostly of one group.
        if (key == lastKey) return lastNumber;
        (lastKey, lastNumber) = (key, Number(key));
        return lastNumber;
    }

    private int Number(long key)
    {
        if (direct is not null)
        {
            ref var number = ref direct[key];
            if (number < 0)
            {
                number = keys.Count;
                keys.Add(key);
            }
            return number;
        }
        if (!numbers.TryGetValue(key, out var found))
        {
            numbers.Add(key, found = keys.Count);
            keys.Add(key);
        }
        return found;
    }

    /// <summary>The number here of a group of another worker.</summary>
    public int From(Groups other, int number) => sources.Length == 0 ? 0 : Number(other.keys[number]);

    public (string?, string?) Texts(int number) => sources.Length == 0 ? (null, null)
        : (sources[0].Text((int)(keys[number] / second)), sources.Length > 1 ? sources[1].Text((int)(keys[number] % second)) : null);

    /// <summary>Is the row in the group that was picked?</summary>
    public bool Is(in View view, int row, int[] codes)
    {
        for (var i = 0; i < sources.Length; i++) if (sources[i].Code(view, row) != codes[i]) return false;
        return true;
    }

    public int[] Find(CellKey key) => [.. sources.Select((s, i) => s.Find(i == 0 ? key.Group1 : key.Group2))];
}

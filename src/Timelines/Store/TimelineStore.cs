using Clientele.Timelines.Questions;
using Clientele.Timelines.Scan;

namespace Clientele.Timelines.Store;

/// <summary>What a store takes up.</summary>
/// <param name="Tail">Events not in main files yet.</param>
/// <param name="Disk">Bytes of files, all of them mapped.</param>
/// <param name="Memory">Bytes in memory beside them: tail, dictionaries, people.</param>
public sealed record StoreSize(long Events, long Tail, int Profiles, long Disk, long Memory, int Files, int Columns);

/// <summary>How a store's work is cut, and what it may take up. Tests cut it small, so that little data has many pieces.</summary>
internal sealed record StoreSizes
{
    public int RowsPerFile { get; init; } = 4_000_000;

    /// <summary>People a worker claims at a time.</summary>
    public int Chunk { get; init; } = 1024;

    /// <summary>
    /// For so many events there is a worker. One looks through some 400 million events a second, so that most answers take one worker some
    /// milliseconds: more would hardly be felt by whoever asks, but by all others, since two threads of one core share what it has.
    /// </summary>
    public long RowsPerWorker { get; init; } = 8_000_000;

    /// <summary>Cells that each worker may have room for: what a group, a period and a line have in common is one, filled or not.</summary>
    public long MostCells { get; init; } = 10_000_000;

    /// <summary>Numbers that an answer may have before the largest groups are chosen, of either engine.</summary>
    public int MostNumbers { get; init; } = 2_000_000;
}

/// <summary>
/// One organization's timelines. One thread writes (it follows the log), any number ask: a question sees all of a commit or nothing of it.
/// </summary>
public sealed class TimelineStore : IDisposable
{
    private const int MemorySegments = 6;

    private readonly ReaderWriterLockSlim gate = new(LockRecursionPolicy.SupportsRecursion);
    private Rows pending = new();
    private readonly HashSet<uint> undone = [];
    private bool bulk, disposed;

    /// <summary>Somebody was erased: their texts are in files until the next compaction.</summary>
    internal bool Erased { get; private set; }

    internal StoreSizes Sizes { get; set; } = new();

    internal Vocabulary Vocabulary { get; } = new();
    internal People People { get; } = new();
    internal Attributes Attributes { get; } = new();

    /// <summary>In the order of their age: main files, tail files, what is in memory only.</summary>
    internal List<Segment> Mains { get; } = [];
    internal List<Segment> Tails { get; } = [];
    internal List<Segment> Memory { get; } = [];

    internal IEnumerable<Segment> Segments => Mains.Concat(Tails).Concat(Memory);

    /// <summary>Of this store and no other, also of none that is built anew.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>Goes up with every change: answers of one version are equal.</summary>
    public long Version { get; private set; }

    /// <summary>When the newest event it holds was received.</summary>
    public long TailRows => Tails.Sum(s => (long)s.Rows) + Memory.Sum(s => (long)s.Rows);

    internal long MemoryRows => Memory.Sum(s => (long)s.Rows);

    // --- writing: one thread ---

    /// <summary>Keeps everybody who asks waiting until it is disposed of, on the same thread: events are given within.</summary>
    public IDisposable Hold()
    {
        gate.EnterWriteLock();
        return new Held(gate);
    }

    private sealed class Held(ReaderWriterLockSlim gate) : IDisposable
    {
        public void Dispose() => gate.ExitWriteLock();
    }

    /// <summary>Was the profile heard of? For the thread that writes.</summary>
    public bool Knows(Guid profile) => People.Find(profile) >= 0;

    /// <summary>An event begins with its properties: those that are texts, numbers, true or false.</summary>
    public void Property(ReadOnlySpan<char> column, ReadOnlySpan<char> value)
    {
        var at = Vocabulary.Column(column);
        if (at < 0) return;
        var code = Vocabulary.Code(at, value);
        if (code != 0) pending.Property(at, code);
    }

    /// <summary>The same for a property of the event, in UTF-8.</summary>
    public void Property(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Property(Vocabulary.Property(name), value);

    /// <summary>The same for a column whose number is known from <see cref="ColumnOf"/>.</summary>
    public void Property(int column, ReadOnlySpan<byte> value)
    {
        if (column < 0) return;
        var code = Vocabulary.Code(column, value);
        if (code != 0) pending.Property(column, code);
    }

    /// <summary>The number of a column, which never changes; −1: there are too many.</summary>
    public int ColumnOf(string name) => Vocabulary.Column(name);

    /// <summary>…and ends with what happened.</summary>
    /// <param name="profile">The profile it was recorded with; null: nobody.</param>
    /// <param name="micros">Microseconds since 1970.</param>
    /// <param name="value">In millionths, or <see cref="Numbers.None"/>.</param>
    /// <param name="writer">With <paramref name="position"/> the place in the log, which orders what happened at one instant.</param>
    public void Event(Guid? profile, long micros, ReadOnlySpan<byte> type, Guid? batch, long value, ulong writer, long position)
    {
        var ordinal = profile is { } id ? People.Ordinal(id) : 0;
        var of = batch is { } import ? (uint)Vocabulary.Code(Vocabulary.Batches, import.ToString()) : 0;
        var code = of != 0 && undone.Contains(of) ? 0 : (uint)Vocabulary.Code(Vocabulary.Types, type);
        pending.Event(ordinal, Times.Clamp(micros), code, of, value, writer, position);
    }

    /// <summary>Forgets what was given and not committed.</summary>
    public void Drop() => pending.Clear();

    /// <summary>Is somebody being answered now?</summary>
    public bool IsAsked => gate.CurrentReadCount > 0;

    /// <summary>Events given so far and not committed.</summary>
    public int Pending => pending.Count;

    /// <summary>Until <see cref="EndBulk"/> events come in any order.</summary>
    internal void BeginBulk() => bulk = true;

    /// <summary>Makes what was given visible.</summary>
    public void Commit()
    {
        if (pending.Count == 0 || bulk) return;
        var fresh = pending.ToSegment(ColumnNames(), inOrder: true);
        pending.Clear();
        Segment? merged = null;
        if (Memory.Count >= MemorySegments) merged = new Merge([.. Memory, fresh], Vocabulary, int.MaxValue).Run(dense: false).FirstOrDefault();
        Change(() =>
        {
            if (merged is null) Memory.Add(fresh);
            else
            {
                foreach (var old in Memory) old.Dispose();
                fresh.Dispose();
                Memory.Clear();
                Memory.Add(merged);
            }
        });
    }

    /// <summary>The events of an import count no more, those that come later neither.</summary>
    public void Undo(Guid batch)
    {
        Commit();
        Change(() =>
        {
            var code = (uint)Vocabulary.Code(Vocabulary.Batches, batch.ToString());
            if (!undone.Add(code)) return;
            foreach (var segment in Segments) segment.Undo(code);
        });
    }

    /// <summary>What profiles did stays, what it says about them goes.</summary>
    public void Erase(IEnumerable<Guid> profiles)
    {
        Commit();
        var ordinals = profiles.Select(People.Find).Where(o => o > 0).ToList();
        Change(() =>
        {
            foreach (var segment in Segments)
                foreach (var ordinal in ordinals) segment.Erase(ordinal);
            Erased |= ordinals.Count > 0;
        });
    }

    /// <summary>From now on each profile is the person beside it; itself: it is nobody else any more.</summary>
    public void Map(IEnumerable<(Guid Profile, Guid Person)> map)
    {
        Change(() => { foreach (var (profile, person) in map) People.Map(People.Ordinal(profile), People.Ordinal(person)); });
    }

    /// <summary>What is known of profiles now; null values: nothing.</summary>
    /// <remarks>Known is false for whoever was erased or deleted.</remarks>
    public void Describe(IEnumerable<(Guid Profile, bool Known, IReadOnlyList<KeyValuePair<string, string>> Attributes)> profiles) => Change(() =>
    {
        foreach (var (profile, known, attributes) in profiles)
        {
            var ordinal = People.Ordinal(profile);
            People.SetKnown(ordinal, known);
            Attributes.Set(ordinal, attributes);
        }
    });

    /// <summary>The profiles that are another person. For the thread that writes.</summary>
    public IReadOnlyList<Guid> Mapped() => [.. Enumerable.Range(1, People.Size - 1).Where(o => People.Standings[o].HasFlag(People.Standing.Merged)).Select(People.Id)];

    /// <summary>Those of the given profiles that are not there any more: forget what was known of all others.</summary>
    public IReadOnlyList<Guid> KnownExcept(IReadOnlySet<Guid> profiles)
    {
        var gone = new List<Guid>();
        for (var o = 1; o < People.Size; o++)
            if (People.Standings[o].HasFlag(People.Standing.Known) && !profiles.Contains(People.Id(o))) gone.Add(People.Id(o));
        return gone;
    }

    /// <summary>Puts what is in memory into a tail file.</summary>
    internal void Flush(Func<string> newFile)
    {
        Commit();
        if (Memory.Count == 0) return;
        var all = Memory.Count == 1 ? [.. Memory] : new Merge([.. Memory], Vocabulary, int.MaxValue).Run(dense: false).ToList();
        var files = all.Select(segment => Saved(segment, newFile(), dispose: !Memory.Contains(segment))).ToList();
        Change(() =>
        {
            foreach (var old in Memory) old.Dispose();
            Memory.Clear();
            Tails.AddRange(files);
        });
    }

    /// <summary>Is it time to compact?</summary>
    internal bool WantsCompaction
    {
        get
        {
            var (main, tail) = (Mains.Sum(s => (long)s.Rows), Tails.Sum(s => (long)s.Rows));
            return Tails.Count >= 12 || tail > 200_000 && tail > main / 20;
        }
    }

    /// <summary>Merges main and tail files into new main files. After an erasure, what no event says any more is forgotten.</summary>
    internal void Compact(Func<string> newFile)
    {
        var files = new List<Segment>();
        foreach (var segment in new Merge([.. Mains, .. Tails], Vocabulary, Sizes.RowsPerFile).Run(dense: true)) files.Add(Saved(segment, newFile(), dispose: true));
        Change(() =>
        {
            foreach (var old in Mains.Concat(Tails)) old.Dispose();
            Mains.Clear();
            Tails.Clear();
            Mains.AddRange(files);
            if (Erased) Vocabulary.Forget(Used);
            Erased = false;
        });
    }

    private bool[] Used(int column)
    {
        var used = new bool[Vocabulary[column].Size];
        foreach (var segment in Segments)
        {
            var reader = segment.Column(Vocabulary.Name(column));
            if (reader.Encoding == ColumnEncoding.Constant) used[reader.Code(0)] = true;
            else for (var row = 0; row < segment.Rows; row++) used[reader.Code(row)] = true;
        }
        return used;
    }

    internal void EndBulk() => bulk = false;

    /// <summary>The rows given so far and the columns they have; what follows are other rows.</summary>
    internal (Rows Rows, string?[] Columns) TakePending()
    {
        var taken = (pending, ColumnNames());
        pending = new Rows();
        return taken;
    }

    /// <summary>Sorts rows that came in any order into a file.</summary>
    internal void AddRun(Rows rows, string?[] columns, string file)
    {
        using var run = rows.ToSegment(columns, inOrder: false);
        var saved = Saved(run, file, dispose: false);
        Change(() => Tails.Add(saved));
    }

    // Closed columns have no name.
    private string?[] ColumnNames() => [.. Enumerable.Range(0, Vocabulary.Columns).Select(c => Vocabulary[c].Closed ? null : Vocabulary.Name(c))];

    /// <summary>Files that were there before.</summary>
    internal void Attach(IEnumerable<Segment> mains, IEnumerable<Segment> tails, bool erased)
    {
        Erased = erased;
        Mains.AddRange(mains);
        Tails.AddRange(tails);
        foreach (var code in Segments.SelectMany(s => s.Tombstones.Undone)) undone.Add(code);
    }

    private static Segment Saved(Segment segment, string path, bool dispose)
    {
        segment.Save(path);
        var opened = Segment.Open(path, new Tombstones([], []));
        if (dispose) segment.Dispose();
        return opened;
    }

    private void Change(Action change)
    {
        gate.EnterWriteLock();
        try
        {
            change();
            Version++;
        }
        finally { gate.ExitWriteLock(); }
    }

    // --- asking: any thread ---

    /// <summary>Answers a question from what is there now.</summary>
    /// <param name="progress">Called now and then with the share that is done, from 0 to 1.</param>
    /// <exception cref="NoColumnException">It asks for what is not kept as a column.</exception>
    /// <exception cref="TooManyCellsException">It has more groups times periods than one question may take up.</exception>
    public StoreAnswer Ask(Question question, Action<double>? progress = null, CancellationToken ct = default) => Reading(() => new Asking(this, question, null, progress, ct).Run());

    /// <summary>Who is counted in one number of an answer.</summary>
    public IReadOnlyList<Guid> Who(Question question, CellPick pick, int skip, int most, out long total, CancellationToken ct = default)
    {
        var asked = Reading(() =>
        {
            var run = new Asking(this, question, pick, null, ct);
            run.Run();
            return run.Picked(skip, most);
        });
        total = asked.Total;
        return asked.Ids;
    }

    /// <summary>A person's events, newest first.</summary>
    public IReadOnlyList<TimelineEvent> Timeline(Question question) => Reading(() => SingleTimeline.Read(this, question));

    /// <summary>What there is to ask about: types of events with their properties, and when they occurred.</summary>
    public StoreSurvey Survey(CancellationToken ct = default) => Reading(() => Surveyor.Look(this, ct));

    /// <summary>Values of a property, a field or an attribute that occur, the most frequent first.</summary>
    /// <param name="type">Only on events of this type.</param>
    /// <param name="search">Only those that contain it, in any case.</param>
    /// <exception cref="NoColumnException">It has too many different values.</exception>
    public IReadOnlyList<ValueSurvey> Values(Operand of, string? type, string? search, int most, CancellationToken ct = default) =>
        Reading(() => Surveyor.Values(this, of, type, search, most, ct));

    public StoreSize Size => Reading(() => new StoreSize(
        Segments.Sum(s => (long)s.Rows), TailRows, People.Size - 1, Mains.Concat(Tails).Sum(s => s.Bytes),
        Memory.Sum(s => s.Bytes) + Vocabulary.Memory + People.Memory + Attributes.Memory, Mains.Count + Tails.Count, Vocabulary.Columns - 2));

    private T Reading<T>(Func<T> read)
    {
        gate.EnterReadLock();
        try
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return read();
        }
        finally { gate.ExitReadLock(); }
    }

    public void Dispose()
    {
        gate.EnterWriteLock();
        foreach (var segment in Segments) segment.Dispose();
        Mains.Clear();
        Tails.Clear();
        Memory.Clear();
        // The gate stays: whoever still asks is told that the store is gone.
        disposed = true;
        gate.ExitWriteLock();
    }
}

/// <summary>An answer: its cells, and the version of the store it was true of.</summary>
public sealed record StoreAnswer(Dictionary<CellKey, Cell> Cells, long Version);

/// <summary>An event of a timeline, with the properties that are kept.</summary>
/// <param name="Micros">Microseconds since 1970.</param>
public sealed record TimelineEvent(string Type, long Micros, Guid Profile, decimal? Value, IReadOnlyList<KeyValuePair<string, string>> Properties);

/// <summary>The question needs something that is not a column here: too many different values, or too many properties.</summary>
public sealed class NoColumnException(string what) : Exception($"The {what} is not kept as a column: it has too many different values, or there are too many properties.");

/// <summary>The question has more groups times periods than one may take up in memory.</summary>
public sealed class TooManyCellsException() : Exception("There are too many groups for so many periods.");

using System.Runtime.InteropServices;

namespace Clientele.Timelines.Store;

/// <summary>
/// The profiles of an organization, each with an ordinal that never changes; 0 is nobody. Which person a profile is now is a map
/// beside them: a merge writes it, an undo writes it back, and no event moves.
/// </summary>
internal sealed class People
{
    private readonly Dictionary<Guid, int> ordinals = new() { [Guid.Empty] = 0 };
    private readonly Dictionary<int, int> persons = [];
    private readonly Dictionary<int, int[]> profiles = [];
    private Guid[] ids = new Guid[64];
    private Standing[] standings = new Standing[64];
    private int saved = 1;

    [Flags]
    internal enum Standing : byte
    {
        None = 0,
        /// <summary>Has a row in customers and was not erased.</summary>
        Known = 1,
        /// <summary>Is part of another person.</summary>
        Merged = 2,
        /// <summary>Other profiles are part of it.</summary>
        Several = 4,
    }

    /// <summary>One more than the highest ordinal.</summary>
    public int Size { get; private set; } = 1;

    public ReadOnlySpan<Standing> Standings => standings.AsSpan(0, Size);

    public Guid Id(int ordinal) => ids[ordinal];

    /// <summary>−1: never heard of.</summary>
    public int Find(Guid id) => ordinals.GetValueOrDefault(id, -1);

    public int Ordinal(Guid id)
    {
        ref var ordinal = ref CollectionsMarshal.GetValueRefOrAddDefault(ordinals, id, out var known);
        if (known) return ordinal;
        if (Size == ids.Length)
        {
            Array.Resize(ref ids, ids.Length * 2);
            Array.Resize(ref standings, standings.Length * 2);
        }
        ids[Size] = id;
        return ordinal = Size++;
    }

    public int Person(int ordinal) => persons.GetValueOrDefault(ordinal, ordinal);

    /// <summary>The profiles of a person of several, in the order of their ids, which is that of events of one instant.</summary>
    public ReadOnlySpan<int> Profiles(int person) => profiles.TryGetValue(person, out var all) ? all : [person];

    public void SetKnown(int ordinal, bool known)
    {
        if (known) standings[ordinal] |= Standing.Known;
        else standings[ordinal] &= ~Standing.Known;
    }

    /// <summary>From now on a profile is this person: itself after an undo.</summary>
    public bool Map(int profile, int person)
    {
        var before = Person(profile);
        if (before == person) return false;
        if (person == profile) persons.Remove(profile);
        else persons[profile] = person;
        standings[profile] = person == profile ? standings[profile] & ~Standing.Merged : standings[profile] | Standing.Merged;
        Leave(before, profile);
        Join(person, profile);
        return true;
    }

    private void Leave(int person, int profile)
    {
        if (profiles.TryGetValue(person, out var all)) Group(person, [.. all.Where(p => p != profile)]);
    }

    private void Join(int person, int profile)
    {
        int[] before = profiles.TryGetValue(person, out var all) ? all : Person(person) == person ? [person] : [];
        int[] after = [.. before.Where(p => p != profile), profile];
        Array.Sort(after, (a, b) => ids[a].CompareTo(ids[b]));
        Group(person, after);
    }

    private void Group(int person, int[] all)
    {
        // One profile alone is the rule, and needs no entry.
        if (all.Length == 0 || all is [var only] && only == person) profiles.Remove(person);
        else profiles[person] = all;
        standings[person] = profiles.ContainsKey(person) ? standings[person] | Standing.Several : standings[person] & ~Standing.Several;
    }

    public long Save(string path, long at)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
        file.SetLength(at);
        file.Position = at;
        file.Write(MemoryMarshal.AsBytes(ids.AsSpan(saved, Size - saved)));
        file.Flush(flushToDisk: true);
        saved = Size;
        return file.Length;
    }

    public void Load(string path, long length)
    {
        if (length == 0) return;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
        if (file.Length < length) throw new InvalidDataException($"{path} is shorter than its manifest says.");
        var buffer = new Guid[length / 16];
        file.ReadExactly(MemoryMarshal.AsBytes(buffer.AsSpan()));
        ordinals.EnsureCapacity(buffer.Length + 1);
        foreach (var id in buffer) Ordinal(id);
        saved = Size;
    }

    public long Memory => Size * 60L + persons.Count * 40L + profiles.Count * 80L;
}

using System.Collections.Concurrent;
using System.Text.Json;

namespace Clientele.Timelines.Store;

/// <summary>A place in the log: everything up to and including it is taken in.</summary>
public readonly record struct LogPlace(short Epoch, ulong Writer, long Position);

/// <summary>
/// A node's folder of timelines: one store an organization, and a manifest that names the files that count and the place in the log that
/// they hold. The manifest is replaced by rename, after all it names is on disk: whenever the process dies, there is the old set or the new one, and
/// the log from its place on gives the rest. Everything in the folder can be deleted; it is built again.
/// </summary>
public sealed class TimelineFolder : IDisposable
{
    private const int Version = 2;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private sealed record Manifest(int Version, string Identity, LogPlace Place, List<OrganizationFiles> Organizations);

    private sealed record OrganizationFiles(Guid Id, string NamesFile, long Names, long People, bool Erased, List<SegmentFile> Mains, List<SegmentFile> Tails);

    private sealed record SegmentFile(string Name, int[] Erased, uint[] Undone);

    private readonly string path;
    private readonly FileStream hold;
    private readonly ConcurrentDictionary<Guid, TimelineStore> stores = new();
    private readonly Dictionary<Guid, (string File, long Names, long People)> lengths = [];

    private readonly StoreSizes sizes;

    private TimelineFolder(string path, FileStream hold, StoreSizes sizes) => (this.path, this.hold, this.sizes) = (path, hold, sizes);

    /// <summary>Which life of which log this was built from; null: nothing was built yet.</summary>
    public string? Identity { get; private set; }

    /// <summary>Up to where the stores hold the log now, files and memory.</summary>
    public LogPlace Place { get; set; }

    public IEnumerable<KeyValuePair<Guid, TimelineStore>> Stores => stores;

    /// <summary>The organization's store, an empty one when it has none yet.</summary>
    public TimelineStore Of(Guid organization) => stores.GetOrAdd(organization, _ => new TimelineStore { Sizes = sizes });

    /// <summary>Null: nothing of that organization has come yet.</summary>
    public TimelineStore? Find(Guid organization) => stores.GetValueOrDefault(organization);

    /// <summary>Opens what is there; of a folder that is damaged or of another version, nothing.</summary>
    /// <exception cref="IOException">Another process works in it.</exception>
    public static TimelineFolder Open(string path) => Open(path, new StoreSizes());

    internal static TimelineFolder Open(string path, StoreSizes sizes)
    {
        // What people did stands in it: nobody else on the machine reads it, also where it was made before this was so.
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else
        {
            Directory.CreateDirectory(path, OwnerOnly);
            File.SetUnixFileMode(path, OwnerOnly);
        }
        var hold = new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var folder = new TimelineFolder(path, hold, sizes);
        try { folder.Load(); }
        catch (Exception e) when (e is InvalidDataException or JsonException or IOException or UnauthorizedAccessException) { folder.Clear(); }
        return folder;
    }

    private void Load()
    {
        var file = Path.Combine(path, "manifest.json");
        if (!File.Exists(file)) return;
        var manifest = JsonSerializer.Deserialize<Manifest>(File.ReadAllBytes(file))!;
        if (manifest.Version != Version) throw new InvalidDataException("Another version.");
        foreach (var o in manifest.Organizations)
        {
            var store = Of(o.Id);
            store.Vocabulary.Load(Path.Combine(path, o.Id.ToString(), o.NamesFile), o.Names);
            store.People.Load(PeopleOf(o.Id), o.People);
            lengths[o.Id] = (o.NamesFile, o.Names, o.People);
            Segment Opened(SegmentFile f) => Segment.Open(Path.Combine(path, o.Id.ToString(), f.Name), new Tombstones([.. f.Erased], [.. f.Undone]));
            store.Attach([.. o.Mains.Select(Opened)], [.. o.Tails.Select(Opened)], o.Erased);
        }
        (Identity, Place) = (manifest.Identity, manifest.Place);
        Sweep(manifest);
    }

    /// <summary>Throws everything away, to be built from a log.</summary>
    public void Clear(string? identity = null)
    {
        foreach (var store in stores.Values) store.Dispose();
        stores.Clear();
        lengths.Clear();
        (Identity, Place) = (identity, default);
        File.Delete(Path.Combine(path, "manifest.json"));
        foreach (var folder in Directory.GetDirectories(path)) Directory.Delete(folder, recursive: true);
    }

    /// <summary>Puts what is in memory into files, compacts where it is time, and makes all of it count.</summary>
    /// <param name="compact">Whether it is time or not.</param>
    /// <param name="forget">Also whatever has somebody in it who was erased.</param>
    public void Save(bool compact = false, bool forget = false)
    {
        var organizations = new List<OrganizationFiles>();
        foreach (var (id, store) in stores)
        {
            store.Flush(() => NewFile(id));
            if (compact ? store.Tails.Count > 0 || store.Erased : store.WantsCompaction || forget && store.Erased) store.Compact(() => NewFile(id));
            Directory.CreateDirectory(Path.Combine(path, id.ToString()));
            var (file, names, people) = lengths.GetValueOrDefault(id);
            if (file is null || store.Vocabulary.Anew) (file, names) = ($"names-{Guid.CreateVersion7():N}.bin", 0);
            (names, people) = (store.Vocabulary.Save(Path.Combine(path, id.ToString(), file), names), store.People.Save(PeopleOf(id), people));
            lengths[id] = (file, names, people);
            static SegmentFile File(Segment s) => new(Path.GetFileName(s.Path!), [.. s.Tombstones.Erased], [.. s.Tombstones.Undone]);
            organizations.Add(new OrganizationFiles(id, file, names, people, store.Erased, [.. store.Mains.Select(File)], [.. store.Tails.Select(File)]));
        }
        var manifest = new Manifest(Version, Identity ?? string.Empty, Place, organizations);
        var next = Path.Combine(path, "manifest.next");
        using (var file = new FileStream(next, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, manifest);
            file.Flush(flushToDisk: true);
        }
        File.Move(next, Path.Combine(path, "manifest.json"), overwrite: true);
        Sweep(manifest);
    }

    /// <summary>Texts of people who were erased are in files yet.</summary>
    public bool HasErased => stores.Values.Any(s => s.Erased);

    /// <summary>Rows that a crash would make us read again.</summary>
    public long Unsaved => stores.Values.Sum(s => s.MemoryRows);

    // Files that no manifest names are of a write that did not end, or of before a compaction.
    private void Sweep(Manifest manifest)
    {
        foreach (var o in manifest.Organizations)
        {
            var live = o.Mains.Concat(o.Tails).Select(f => f.Name).Append(o.NamesFile).ToHashSet(StringComparer.Ordinal);
            foreach (var file in (string[])["*.segment", "names-*.bin"])
                foreach (var found in Directory.GetFiles(Path.Combine(path, o.Id.ToString()), file))
                    if (!live.Contains(Path.GetFileName(found))) File.Delete(found);
        }
    }

    internal string NewFile(Guid organization)
    {
        Directory.CreateDirectory(Path.Combine(path, organization.ToString()));
        return Path.Combine(path, organization.ToString(), $"{Guid.CreateVersion7():N}.segment");
    }

    private string PeopleOf(Guid organization) => Path.Combine(path, organization.ToString(), "people.bin");

    public void Dispose()
    {
        foreach (var store in stores.Values) store.Dispose();
        hold.Dispose();
    }
}

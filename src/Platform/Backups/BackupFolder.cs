using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;

namespace Clientele.Platform.Backups;

/// <summary>What a backup says of itself: its <c>manifest.json</c>.</summary>
/// <param name="Format">1.</param>
/// <param name="Version">Of Clientele.</param>
/// <param name="PostgresVersion">Of the server that was backed up.</param>
/// <param name="StartedAt">It holds everything committed before this moment, and nothing after the end.</param>
/// <param name="SchemaFiles">How many schema files the database had.</param>
/// <param name="Epoch">Of the log.</param>
/// <param name="Keys">Ids of the ring's keys at the time, the current one first; null when the ring was not at hand. An id tells nothing of its key.</param>
/// <param name="Rows">Rows by table, counted in the very snapshot that was dumped.</param>
/// <param name="Anonymised">People in it are made up.</param>
/// <param name="WithKeys">The ring of keys lies beside it.</param>
/// <param name="Files">How many stored files belong to it; their bytes are in the folder <c>files</c> beside the backups.</param>
public sealed record Manifest(int Format, string Name, string Version, string PostgresVersion, DateTimeOffset StartedAt, DateTimeOffset EndedAt, int SchemaFiles, short Epoch,
    IReadOnlyList<string>? Keys, IReadOnlyDictionary<string, long> Rows, bool Anonymised, bool WithKeys, int Files = 0)
{
    /// <summary>Stored files the database speaks of whose bytes were nowhere; null: there were none.</summary>
    public LostFiles? Lost { get; init; }
}

/// <summary>Stored files whose bytes are in neither the store nor a backup, so that they are in no backup that is made then.</summary>
/// <param name="Count">How many.</param>
/// <param name="Some">The first hundred at most, as <c>organization/file</c> by their ids.</param>
public sealed record LostFiles(int Count, IReadOnlyList<string> Some)
{
    internal const int SomeAtMost = 100;

    internal static LostFiles? Of(IReadOnlyList<string> keys) => keys.Count == 0 ? null : new LostFiles(keys.Count, [.. keys.Take(SomeAtMost)]);

    /// <summary>In words: how many, the first of them, and what to do.</summary>
    public override string ToString() => $"It is without {Count:N0} stored {(Count == 1 ? "file" : "files")}, whose bytes were lost already when it was made: {string.Join(", ", Some.Take(5))}{(Count > 5 ? $" and {Count - 5:N0} more" : "")}. Put the bytes back from elsewhere, or delete what lost them in Clientele.";
}

/// <summary>
/// A backup on the disk: a folder with <c>database.dump</c> (pg_dump's own format), <c>manifest.json</c> and <c>SHA256SUMS</c>,
/// which <c>sha256sum -c</c> reads. It gets its name when it is whole; what is being written is named <c>….partial</c>.
/// </summary>
public sealed partial class BackupFolder
{
    internal const string Dump = "database.dump", ManifestFile = "manifest.json", Sums = "SHA256SUMS", KeysFile = "keys", Partial = ".partial";

    /// <summary>What a copy for staging, and one that is fetched, are named while they are written: makers of backups sweep away only what is theirs.</summary>
    internal const string Anonymising = ".anonymising", Fetching = ".fetching";

    private BackupFolder(string path, Manifest manifest, long bytes) => (Path, Manifest, Bytes) = (path, manifest, bytes);

    public string Path { get; }

    public string Name => Manifest.Name;

    public Manifest Manifest { get; }

    /// <summary>Of all its files.</summary>
    public long Bytes { get; }

    internal string DumpPath => System.IO.Path.Combine(Path, Dump);

    /// <summary>Those that are whole, the newest first.</summary>
    public static IReadOnlyList<BackupFolder> List(string folder) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateDirectories(folder).Where(d => System.IO.Path.GetExtension(d) is not (Partial or Anonymising or Fetching)).Select(Read).OfType<BackupFolder>().OrderByDescending(b => b.Manifest.StartedAt)];

    /// <summary>One by its name in the folder, or by its own path; <c>latest</c> is the newest that is not anonymised.</summary>
    /// <exception cref="SetupException">There is none.</exception>
    public static BackupFolder Find(string folder, string nameOrPath)
    {
        var all = List(folder);
        var found = nameOrPath == "latest" ? all.FirstOrDefault(b => !b.Manifest.Anonymised) : all.FirstOrDefault(b => b.Name == nameOrPath) ?? (Directory.Exists(nameOrPath) ? Read(System.IO.Path.GetFullPath(nameOrPath)) : null);
        return found ?? throw new SetupException(all.Count == 0
            ? $"There is no backup \"{nameOrPath}\", and none in {folder}."
            : $"There is no backup \"{nameOrPath}\". The newest in {folder} is {all[0].Name}; all of them: clientele backup list");
    }

    private static BackupFolder? Read(string path)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<Manifest>(File.ReadAllText(System.IO.Path.Combine(path, ManifestFile)), ApiJson.Options);
            return manifest is { Name: not null, Rows: not null }
                // Of one that came from elsewhere the keys did not come.
                ? new BackupFolder(path, manifest with { WithKeys = File.Exists(System.IO.Path.Combine(path, KeysFile)) }, Directory.EnumerateFiles(path).Sum(f => new FileInfo(f).Length)) : null;
        }
        // A damaged manifest is said by verify, which looks at folders by their names.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException) { return null; }
    }

    /// <summary>Holds every file against its sum.</summary>
    /// <returns>What is wrong, in words; nothing when all is as it was written.</returns>
    public static async Task<IReadOnlyList<string>> Check(string path, CancellationToken ct)
    {
        var sums = System.IO.Path.Combine(path, Sums);
        if (!File.Exists(sums)) return [$"{Sums} is missing"];
        var faults = new List<string>();
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in await File.ReadAllLinesAsync(sums, ct))
        {
            if (line.Split("  ", 2) is not [{ Length: 64 } sum, var name] || name.Contains('/', StringComparison.Ordinal)) { faults.Add($"{Sums} is damaged"); break; }
            named.Add(name);
            var file = System.IO.Path.Combine(path, name);
            if (!File.Exists(file)) faults.Add($"{name} is missing");
            else if (await Sum(file, ct) != sum) faults.Add($"{name} is not as it was written");
        }
        foreach (var needed in (string[])[Dump, ManifestFile])
            if (!named.Contains(needed) && faults.Count == 0) faults.Add($"{Sums} does not name {needed}");
        faults.AddRange(await StoredFiles.Check(path, ct));
        return faults;
    }

    internal static async Task<string> Sum(string file, CancellationToken ct)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct));
    }

    /// <summary>Writes manifest and sums, and gives the folder its name: from then on it is a backup.</summary>
    internal static async Task<BackupFolder> Seal(string partial, Manifest manifest, CancellationToken ct)
    {
        await File.WriteAllTextAsync(System.IO.Path.Combine(partial, ManifestFile), JsonSerializer.Serialize(manifest, Readable) + "\n", ct);
        var lines = new List<string>();
        foreach (var file in Directory.EnumerateFiles(partial).Order(StringComparer.Ordinal)) lines.Add($"{await Sum(file, ct)}  {System.IO.Path.GetFileName(file)}\n");
        await File.WriteAllTextAsync(System.IO.Path.Combine(partial, Sums), string.Concat(lines), ct);
        foreach (var file in Directory.EnumerateFiles(partial)) Flush(file);
        var path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(partial)!, manifest.Name);
        Directory.Move(partial, path);
        return Read(path) ?? throw new BackupException($"{path} cannot be read back.");
    }

    // Named only once it is on the disk, so that power that fails leaves a whole one or none.
    private static void Flush(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Those older than so many days. The newest stays, however old.</summary>
    internal static IReadOnlyList<BackupFolder> Old(string folder, int keepDays, DateTimeOffset now)
    {
        var all = List(folder);
        return [.. all.Where(b => b != all.FirstOrDefault(n => !n.Manifest.Anonymised) && b.Manifest.StartedAt < now.AddDays(-keepDays))];
    }

    /// <summary>Removes the <see cref="Old"/> ones. Only while nobody else backs up.</summary>
    /// <returns>The names of those removed.</returns>
    internal static IReadOnlyList<string> Prune(string folder, int keepDays, DateTimeOffset now)
    {
        var removed = new List<string>();
        foreach (var old in Old(folder, keepDays, now))
        {
            // Out of the list first: a removal that is cut short leaves no half a backup there.
            var going = old.Path + Partial;
            Directory.Move(old.Path, going);
            Directory.Delete(going, recursive: true);
            removed.Add(old.Name);
        }
        StoredFiles.Prune(folder, now);
        return removed;
    }

    /// <summary>What earlier ones that were killed have left. Only while nobody else backs up. Copies of any kind are made without that, so theirs must have lain still for a day.</summary>
    internal static void Sweep(string folder)
    {
        var dayAgo = TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1);
        foreach (var left in Directory.EnumerateDirectories(folder).Where(d => Left().IsMatch(System.IO.Path.GetFileName(d))))
            if (left.EndsWith(Partial, StringComparison.Ordinal) || Directory.EnumerateFiles(left).Append(left).All(f => File.GetLastWriteTimeUtc(f) < dayAgo)) Directory.Delete(left, recursive: true);
    }

    // With a time as a backup's name has it: the folder may be one where others keep things too.
    [GeneratedRegex(@"\A[0-9]{8}T[0-9]{6}Z.*\.(partial|anonymising|fetching)\z")]
    private static partial Regex Left();

    /// <summary>
    /// Tells this folder from others, in the records of what lies where: nodes of one machine may have different ones, nodes of
    /// several machines the same. Made with the folder; null when it cannot be, as whoever backs up then says.
    /// </summary>
    internal static Guid? IdOf(string folder)
    {
        var file = System.IO.Path.Combine(folder, "id");
        try
        {
            Make(folder);
            if (!File.Exists(file))
            {
                // Named when it is whole; of two that do it, the first one's stays.
                var own = $"{file}-{Guid.NewGuid():N}";
                File.WriteAllText(own, $"{Guid.NewGuid()}\n");
                try { File.Move(own, file, overwrite: false); }
                catch (IOException) when (File.Exists(file)) { File.Delete(own); }
            }
            return Guid.TryParse(File.ReadAllText(file).Trim(), out var id) ? id : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return null; }
    }

    internal static string NameAt(DateTimeOffset time, bool anonymised) =>
        time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture) + (anonymised ? "-anonymised" : string.Empty);

    internal static void Make(string folder)
    {
        if (!Directory.Exists(folder)) UnixFiles.MakePrivate(folder);
    }

    private static JsonSerializerOptions Readable { get; } = ApiJson.Configure(new JsonSerializerOptions { WriteIndented = true });
}

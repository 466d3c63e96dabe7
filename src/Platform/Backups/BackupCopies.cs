using System.Globalization;
using System.Text;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;

namespace Clientele.Platform.Backups;

/// <summary>
/// Copies of backups in a storage elsewhere. A backup is a prefix there, as it is a folder here; its sums are put last, so that
/// what has none is no backup.
/// </summary>
public sealed class BackupCopies(IFileStore store)
{
    /// <summary>The address of a bucket, as <see cref="S3Options"/> has it.</summary>
    public const string Variable = "CLIENTELE_BACKUP_S3";

    /// <returns>Null: the variable is not set, and nothing is copied.</returns>
    /// <exception cref="SetupException">It is not what it must be.</exception>
    public static BackupCopies? FromEnvironment() => S3Options.FromEnvironment(Variable) is { } bucket ? new BackupCopies(new S3Store(bucket)) : null;

    /// <summary>Copies one. What was there of it is replaced. The ring of keys, where it lies beside it, stays here: what it opens is there.</summary>
    /// <exception cref="BackupException">The storage is away or refuses.</exception>
    public Task Put(BackupFolder backup, CancellationToken ct) => Speaking(async () =>
    {
        // What never changes is there already, but for what is new.
        var there = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var file in store.List(StoredFiles.Pool + "/", ct)) there.Add(file.Key);
        foreach (var (key, _) in StoredFiles.Read(backup.Path))
        {
            if (there.Contains($"{StoredFiles.Pool}/{key}")) continue;
            await using var stream = File.OpenRead(Path.Combine(Path.GetDirectoryName(backup.Path)!, StoredFiles.Pool, key));
            await store.Put($"{StoredFiles.Pool}/{key}", stream, ct);
        }
        foreach (var file in Directory.EnumerateFiles(backup.Path).Where(f => Path.GetFileName(f) != BackupFolder.KeysFile).OrderBy(f => Path.GetFileName(f) == BackupFolder.Sums).ThenBy(f => f, StringComparer.Ordinal))
        {
            await using var stream = Path.GetFileName(file) == BackupFolder.Sums ? await SumsWithoutKeys(file, ct) : File.OpenRead(file);
            await store.Put($"{backup.Name}/{Path.GetFileName(file)}", stream, ct);
        }
        return true;
    });

    private static async Task<Stream> SumsWithoutKeys(string file, CancellationToken ct) =>
        new MemoryStream(Encoding.UTF8.GetBytes(string.Concat((await File.ReadAllLinesAsync(file, ct)).Where(l => !l.EndsWith("  " + BackupFolder.KeysFile, StringComparison.Ordinal)).Select(l => l + "\n"))));

    /// <summary>Names of those that are whole, the newest first.</summary>
    /// <exception cref="BackupException">The storage is away or refuses.</exception>
    public Task<IReadOnlyList<string>> List(CancellationToken ct) => Speaking<IReadOnlyList<string>>(async () =>
    {
        var names = new List<string>();
        await foreach (var file in store.List(string.Empty, ct))
            if (file.Key.Split('/') is [var name, BackupFolder.Sums] && TimeOf(name) is not null) names.Add(name);
        return [.. names.OrderDescending(StringComparer.Ordinal)];
    });

    /// <summary>Brings one back into a folder; its sums are checked.</summary>
    /// <exception cref="BackupException">The storage is away, or what came is damaged.</exception>
    /// <exception cref="SetupException">There is no such backup, or it is here already.</exception>
    public async Task<BackupFolder> Fetch(string name, string folder, CancellationToken ct)
    {
        var all = await List(ct);
        if (name == "latest" && all.Count > 0) name = all[0];
        if (!all.Contains(name)) throw new SetupException(all.Count == 0 ? "There is no backup in the storage." : $"There is no backup \"{name}\" in the storage. The newest is {all[0]}.");
        var path = Path.Combine(folder, name);
        if (Directory.Exists(path)) throw new SetupException($"{path} is there already.");
        BackupFolder.Make(folder);
        var partial = path + BackupFolder.Fetching;
        if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        BackupFolder.Make(partial);
        await Speaking(async () =>
        {
            await foreach (var file in store.List(name + '/', ct))
            {
                await using var from = await store.Open(file.Key, ct) ?? throw new FileStoreException($"{file.Key} went while it was fetched.");
                await using var to = File.Create(Path.Combine(partial, Path.GetFileName(file.Key)));
                await from.CopyToAsync(to, ct);
            }
            foreach (var (key, sum) in StoredFiles.Read(partial))
            {
                var path = Path.Combine(folder, StoredFiles.Pool, key);
                if (File.Exists(path) && await BackupFolder.Sum(path, ct) == sum)
                {
                    // Young again, so that nobody takes it for one that no backup names before this one has its name.
                    File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
                    continue;
                }
                await using var from = await store.Open($"{StoredFiles.Pool}/{key}", ct) ?? throw new FileStoreException($"The stored file {key} is missing.");
                await StoredFiles.Copy(from, path, ct);
            }
            return true;
        });
        var faults = await BackupFolder.Check(partial, ct);
        if (faults.Count > 0) throw new BackupException($"What came of {name} is damaged: {string.Join(", ", faults)}.");
        Directory.Move(partial, path);
        return BackupFolder.Find(folder, name);
    }

    /// <summary>Removes those older than so many days; the newest stays, and what is no backup of ours.</summary>
    /// <exception cref="BackupException">The storage is away or refuses.</exception>
    public Task<IReadOnlyList<string>> Prune(int keepDays, DateTimeOffset now, CancellationToken ct) => Speaking<IReadOnlyList<string>>(async () =>
    {
        var removed = new List<string>();
        foreach (var name in (await List(ct)).Skip(1).Where(n => TimeOf(n) < now.AddDays(-keepDays)))
        {
            // The sums first: what is half removed is no backup any more.
            await store.Delete($"{name}/{BackupFolder.Sums}", ct);
            var keys = new List<string>();
            await foreach (var file in store.List(name + '/', ct)) keys.Add(file.Key);
            foreach (var key in keys) await store.Delete(key, ct);
            removed.Add(name);
        }
        if (removed.Count > 0) await PruneFiles(now, ct);
        return removed;
    });

    private async Task PruneFiles(DateTimeOffset now, CancellationToken ct)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in await List(ct))
        {
            if (await store.Open($"{name}/{StoredFiles.List}", ct) is not { } list) continue;
            using var reader = new StreamReader(list);
            while (await reader.ReadLineAsync(ct) is { } line)
                if (line.Split("  ../", 2) is [_, var key]) named.Add(key);
        }
        var gone = new List<string>();
        await foreach (var file in store.List(StoredFiles.Pool + "/", ct))
            // A copy at work elsewhere may have counted on a young one.
            if (!named.Contains(file.Key) && file.ModifiedAt < now.AddDays(-1)) gone.Add(file.Key);
        foreach (var key in gone) await store.Delete(key, ct);
    }

    private static DateTimeOffset? TimeOf(string name) =>
        name.Length >= 16 && DateTimeOffset.TryParseExact(name[..16], "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    private static async Task<T> Speaking<T>(Func<Task<T>> act)
    {
        try { return await act(); }
        catch (FileStoreException e) { throw new BackupException($"The storage of {Variable} did not do it: {e.Message}", e); }
    }
}

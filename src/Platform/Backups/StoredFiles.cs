using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>
/// The bytes of stored files, beside the backups and shared by them: a file never changes, so that each is copied once, however
/// many backups name it. A backup says in <c>files.sha256</c> which are its own, as <c>sha256sum -c</c> reads it.
/// </summary>
internal static partial class StoredFiles
{
    internal const string List = "files.sha256", Pool = "files";

    /// <summary>Copies what the snapshot names and is not there yet.</summary>
    /// <param name="connection">In the transaction of the snapshot.</param>
    /// <param name="store">Where they lie.</param>
    /// <param name="partial">The backup that is being written.</param>
    /// <param name="ct">Stops it; what was copied is used by the next.</param>
    /// <returns>How many there are, and those whose bytes are nowhere.</returns>
    /// <exception cref="BackupException">The store is away.</exception>
    internal static async Task<(int Taken, LostFiles? Lost)> Take(NpgsqlConnection connection, IFileStore store, string partial, CancellationToken ct)
    {
        if (!await MakeBackup.Scalar<bool>(connection, Sql.Raw("select to_regclass('platform.files') is not null"), ct)) return (0, null);
        var keys = await MakeBackup.List<string>(connection, Sql.Raw("select f.organization_id || '/' || f.id from platform.files f order by 1"), ct);
        var folder = Path.GetDirectoryName(partial)!;
        var known = Known(folder);
        var (lines, lost) = (new List<string>(), new List<string>());
        try
        {
            foreach (var key in keys)
            {
                var path = Path.Combine(folder, Pool, key);
                if (!File.Exists(path) || !known.TryGetValue(key, out var sum)) sum = await Copy(store, key, path, ct);
                if (sum is not null) lines.Add($"{sum}  ../{Pool}/{key}\n");
                else lost.Add(key);
            }
        }
        catch (FileStoreException e) { throw new BackupException($"The stored files could not be copied: {e.Message}", e); }
        await File.WriteAllTextAsync(Path.Combine(partial, List), string.Concat(lines), ct);
        // One that was deleted since the snapshot has no bytes any more; one that is still there ought to have some. A backup of all the rest is better than none.
        return (lines.Count, lost.Count == 0 ? null : LostFiles.Of(await StillThere(connection, lost, ct)));
    }

    // Outside the snapshot, which does not see what was deleted since.
    private static async Task<List<string>> StillThere(NpgsqlConnection snapshot, List<string> keys, CancellationToken ct)
    {
        await using var now = snapshot.CloneWith(snapshot.ConnectionString);
        await now.OpenAsync(ct);
        return await MakeBackup.List<string>(now, $"select k.key from platform.files f join unnest({keys.ToArray()}::text[]) k (key) on k.key = f.organization_id || '/' || f.id order by 1", ct);
    }

    /// <summary>Holds each against its sum.</summary>
    internal static async Task<IReadOnlyList<string>> Check(string backup, CancellationToken ct)
    {
        var list = Path.Combine(backup, List);
        List<string> faults = File.Exists(list) && File.ReadLines(list).Any(l => !Line().IsMatch(l)) ? [$"{List} is damaged"] : [];
        foreach (var (key, sum) in Read(backup))
        {
            var path = Path.Combine(Path.GetDirectoryName(backup)!, Pool, key);
            if (!File.Exists(path)) faults.Add($"the stored file {key} is missing");
            else if (await BackupFolder.Sum(path, ct) != sum) faults.Add($"the stored file {key} is not as it was written");
        }
        return faults;
    }

    /// <summary>Puts those back that the store does not have.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="BackupException">The store is away.</exception>
    internal static async Task<int> PutBack(BackupFolder backup, IFileStore store, CancellationToken ct)
    {
        var put = 0;
        try
        {
            foreach (var (key, _) in Read(backup.Path))
            {
                await using (var there = await store.Open(key, ct))
                    if (there is not null) continue;
                await using var bytes = File.OpenRead(Path.Combine(Path.GetDirectoryName(backup.Path)!, Pool, key));
                await store.Put(key, bytes, ct);
                put++;
            }
        }
        catch (FileStoreException e) { throw new BackupException($"The stored files could not be put back: {e.Message}", e); }
        return put;
    }

    /// <summary>Puts those back that the database speaks of, the store does not have, and a backup has.</summary>
    /// <param name="keys">Which the database speaks of.</param>
    /// <param name="folder">Of the backups.</param>
    /// <param name="store">Where they belong.</param>
    /// <param name="ct">Stops it.</param>
    /// <returns>How many, and those no backup has.</returns>
    /// <exception cref="BackupException">The store is away.</exception>
    internal static async Task<(int Put, IReadOnlyList<string> Lost)> PutBack(IEnumerable<string> keys, string folder, IFileStore store, CancellationToken ct)
    {
        var (put, lost, known) = (0, new List<string>(), Known(folder));
        try
        {
            foreach (var key in keys)
            {
                await using (var there = await store.Open(key, ct))
                    if (there is not null) continue;
                var path = Path.Combine(folder, Pool, key);
                if (!known.TryGetValue(key, out var sum) || !File.Exists(path) || await BackupFolder.Sum(path, ct) != sum) { lost.Add(key); continue; }
                await using var bytes = File.OpenRead(path);
                await store.Put(key, bytes, ct);
                put++;
            }
        }
        catch (FileStoreException e) { throw new BackupException($"The stored files could not be put back: {e.Message}", e); }
        return (put, lost);
    }

    /// <summary>Removes those that no backup names any more, and what was cut short. Only what is a day old: a backup that is about to name it may have found it there.</summary>
    internal static void Prune(string folder, DateTimeOffset now)
    {
        var pool = Path.Combine(folder, Pool);
        if (!Directory.Exists(pool)) return;
        var named = Known(folder);
        foreach (var file in Directory.EnumerateFiles(pool, "*", SearchOption.AllDirectories))
        {
            var key = Path.GetRelativePath(pool, file);
            // Whatever else somebody keeps there is not ours.
            if (!named.ContainsKey(key) && Key().IsMatch(key) && File.GetLastWriteTimeUtc(file) < now.UtcDateTime.AddDays(-1)) File.Delete(file);
        }
    }

    // Nothing but two ids: a list that was tampered with names no file outside the folder.
    [GeneratedRegex($@"\A([0-9a-f]{{64}})  \.\./{Pool}/({Ids})\z")]
    private static partial Regex Line();

    [GeneratedRegex($@"\A{Ids}(\.partial)?\z")]
    private static partial Regex Key();

    private const string Id = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", Ids = Id + "/" + Id;

    /// <summary>Those it names. A line that names none is left out; <see cref="Check"/> says that there is one.</summary>
    internal static IEnumerable<(string Key, string Sum)> Read(string backup)
    {
        var list = Path.Combine(backup, List);
        if (!File.Exists(list)) yield break;
        foreach (var line in File.ReadLines(list))
            if (Line().Match(line) is { Success: true } of) yield return (of.Groups[2].Value, of.Groups[1].Value);
    }

    private static Dictionary<string, string> Known(string folder)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var backup in BackupFolder.List(folder))
            foreach (var (key, sum) in Read(backup.Path)) known[key] = sum;
        return known;
    }

    // Written beside and then named, so that what has the name is whole.
    private static async Task<string?> Copy(IFileStore store, string key, string path, CancellationToken ct)
    {
        await using var from = await store.Open(key, ct);
        return from is null ? null : await Copy(from, path, ct);
    }

    /// <summary>Writes one into the folder beside the backups.</summary>
    /// <returns>Its sum.</returns>
    internal static async Task<string> Copy(Stream from, string path, CancellationToken ct)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using (var to = File.Create(path + BackupFolder.Partial))
        {
            var buffer = new byte[1 << 16];
            for (int read; (read = await from.ReadAsync(buffer, ct)) > 0;)
            {
                sum.AppendData(buffer, 0, read);
                await to.WriteAsync(buffer.AsMemory(0, read), ct);
            }
            to.Flush(flushToDisk: true);
        }
        File.Move(path + BackupFolder.Partial, path, overwrite: true);
        return Convert.ToHexStringLower(sum.GetHashAndReset());
    }
}

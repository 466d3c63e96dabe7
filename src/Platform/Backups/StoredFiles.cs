using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>
/// The bytes of stored files, beside the backups and shared by them: a file never changes, so that each is copied once, however
/// many backups name it. A backup says in <c>files.sha256</c> which are its own, as <c>sha256sum -c</c> reads it.
/// </summary>
internal static class StoredFiles
{
    internal const string List = "files.sha256", Pool = "files";

    /// <summary>Copies what the snapshot names and is not there yet.</summary>
    /// <param name="connection">In the transaction of the snapshot.</param>
    /// <param name="store">Where they lie.</param>
    /// <param name="partial">The backup that is being written.</param>
    /// <param name="ct">Stops it; what was copied is used by the next.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="BackupException">The store is away.</exception>
    internal static async Task<int> Take(NpgsqlConnection connection, IFileStore store, string partial, CancellationToken ct)
    {
        if (!await MakeBackup.Scalar<bool>(connection, Sql.Raw("select to_regclass('platform.files') is not null"), ct)) return 0;
        var keys = await MakeBackup.List<string>(connection, Sql.Raw("select f.organization_id || '/' || f.id from platform.files f order by 1"), ct);
        var folder = Path.GetDirectoryName(partial)!;
        var known = Known(folder);
        var lines = new List<string>();
        try
        {
            foreach (var key in keys)
            {
                var path = Path.Combine(folder, Pool, key);
                if (!File.Exists(path) || !known.TryGetValue(key, out var sum)) sum = await Copy(store, key, path, ct);
                // One that was deleted since the snapshot has no bytes any more.
                if (sum is not null) lines.Add($"{sum}  ../{Pool}/{key}\n");
            }
        }
        catch (FileStoreException e) { throw new BackupException($"The stored files could not be copied: {e.Message}", e); }
        await File.WriteAllTextAsync(Path.Combine(partial, List), string.Concat(lines), ct);
        return lines.Count;
    }

    /// <summary>Holds each against its sum.</summary>
    internal static async Task<IReadOnlyList<string>> Check(string backup, CancellationToken ct)
    {
        var faults = new List<string>();
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

    /// <summary>Removes those that no backup names any more.</summary>
    internal static void Prune(string folder)
    {
        var pool = Path.Combine(folder, Pool);
        if (!Directory.Exists(pool)) return;
        var named = Known(folder);
        foreach (var file in Directory.EnumerateFiles(pool, "*", SearchOption.AllDirectories))
            if (!named.ContainsKey(Path.GetRelativePath(pool, file))) File.Delete(file);
    }

    internal static IEnumerable<(string Key, string Sum)> Read(string backup)
    {
        var list = Path.Combine(backup, List);
        if (!File.Exists(list)) yield break;
        foreach (var line in File.ReadLines(list))
            if (line.Split($"  ../{Pool}/", 2) is [var sum, var key]) yield return (key, sum);
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
        if (from is null) return null;
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

using Clientele.Platform.Migrations;

namespace Clientele.Platform.Backups;

/// <summary>What is done to backups that lie there: removing old ones, holding one against its sums.</summary>
public static class Retention
{
    /// <summary>Removes those older than so many days; the newest stays, however old. While a backup is being made nothing is removed: the next time does it.</summary>
    /// <returns>The names of those removed.</returns>
    public static async Task<IReadOnlyList<string>> Prune(BackupOptions options, int keepDays, CancellationToken ct)
    {
        var now = TimeProvider.System.GetUtcNow();
        if (BackupFolder.Old(options.Folder, keepDays, now).Count == 0) return [];
        return await MakeBackup.Alone(options.Administrator, MakeBackup.Lock, () => Task.FromResult(BackupFolder.Prune(options.Folder, keepDays, now)), ct) ?? [];
    }

    /// <summary>Also of one so damaged that it is in no list.</summary>
    /// <returns>Its folder, and what is wrong with it.</returns>
    /// <exception cref="SetupException">There is no such backup.</exception>
    public static async Task<(string Path, IReadOnlyList<string> Faults)> Verify(string folder, string nameOrPath, CancellationToken ct)
    {
        var path = nameOrPath == "latest" ? BackupFolder.Find(folder, nameOrPath).Path
            : new[] { Path.Combine(folder, nameOrPath), Path.GetFullPath(nameOrPath) }.FirstOrDefault(p => File.Exists(Path.Combine(p, BackupFolder.Sums))) ?? BackupFolder.Find(folder, nameOrPath).Path;
        return (path, await BackupFolder.Check(path, ct));
    }
}

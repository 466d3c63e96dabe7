using Clientele.Platform.Migrations;

namespace Clientele.Platform.Backups;

/// <summary>What is done to backups that lie there: removing old ones, holding one against its sums.</summary>
public static class Retention
{
    /// <summary>Removes those older than so many days; the newest stays, however old.</summary>
    /// <returns>The names of those removed.</returns>
    public static IReadOnlyList<string> Prune(string folder, int keepDays) => BackupFolder.Prune(folder, keepDays, TimeProvider.System.GetUtcNow());

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

namespace Clientele.Platform.PrivatePostgres;

/// <summary>PostgreSQL begins a new log file each day and each 10 MB; nobody but us takes the old ones away.</summary>
internal static class LogFiles
{
    private const int MostFiles = 20;
    private static readonly TimeSpan Age = TimeSpan.FromDays(7);

    internal static string StartFile(string folder) => Path.Combine(folder, "start.txt");

    internal static async Task Prune(string folder, ServerAccount account, CancellationToken cancellation)
    {
        // Somebody may have removed the folder; tidying up is no reason to stop watching PostgreSQL.
        if (!Directory.Exists(folder)) return;
        var oldest = TimeProvider.System.GetUtcNow().UtcDateTime - Age;
        string[] old = [.. NewestFirst(folder).Where((file, index) => index >= MostFiles || file.LastWriteTimeUtc < oldest).Select(file => file.FullName)];
        if (old.Length > 0)
            await account.Shell("""rm -f -- "$@" """, old, cancellation);
    }

    /// <summary>Where the log ends now.</summary>
    internal static (string? File, int Length) End(string folder) =>
        NewestFirst(folder).FirstOrDefault() is { } newest ? (newest.FullName, Text(newest.FullName).Length) : (null, 0);

    /// <summary>What a start that failed said: first on its terminal, then in the log it had opened.</summary>
    internal static string SaidSince((string? File, int Length) end, string folder)
    {
        var newest = NewestFirst(folder).FirstOrDefault()?.FullName;
        var log = newest is null ? "" : Text(newest);
        return Text(StartFile(folder)) + "\n" + (newest == end.File ? log[end.Length..] : log);
    }

    private static IEnumerable<FileInfo> NewestFirst(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("postgres-*.log").OrderByDescending(file => file.Name, StringComparer.Ordinal);

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}

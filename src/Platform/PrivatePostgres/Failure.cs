using System.Text.RegularExpressions;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>Turns what went wrong underneath into one line with the cure.</summary>
internal static partial class Failure
{
    internal static PrivatePostgresException OfFolder(string folder, Exception inner) => inner switch
    {
        PrivatePostgresException ours => ours,
        UnauthorizedAccessException => new($"The data folder {folder} cannot be written by the user {Environment.UserName}: give it to that user (chown), or name another folder with --data.", inner),
        _ when DiskIsFull(inner.Message) => FullDisk(folder, inner),
        _ => new($"The data folder {folder} cannot be used ({OneLine(inner.Message)}): put that right, or name another folder with --data.", inner),
    };

    internal static PrivatePostgresException OfCreation(DataFolder folder, ServerAccount account, string said) =>
        DiskIsFull(said) ? FullDisk(folder.Root, null)
        : said.Contains("Permission denied", StringComparison.Ordinal) ? new(
            $"The user {account.Name} cannot create PostgreSQL's folder {folder.Cluster} ({Complaint(said)}): name another folder with --data.")
        : new($"PostgreSQL's folder {folder.Cluster} could not be created: {Complaint(said)}");

    /// <param name="happened">What it did, or did not do.</param>
    internal static PrivatePostgresException OfStart(DataFolder folder, string said, string happened = "did not start") =>
        DiskIsFull(said) ? FullDisk(folder.Root, null)
        : said.Contains("could not map anonymous shared memory", StringComparison.Ordinal) || said.Contains("Cannot allocate memory", StringComparison.Ordinal) ? new(
            $"PostgreSQL does not get the memory it asks for: free some, or set a smaller shared_buffers in {folder.Cluster}/local.conf.")
        : new($"PostgreSQL {happened}: {Complaint(said)} Its logs are in {folder.Logs}.");

    internal static bool IsHeldByLeftovers(string said) =>
        said.Contains("pre-existing shared memory block", StringComparison.Ordinal) || said.Contains("is another postmaster", StringComparison.OrdinalIgnoreCase);

    private static PrivatePostgresException FullDisk(string folder, Exception? inner) =>
        new($"The disk that holds {folder} is full: free some space and start again.", inner!);

    internal static bool DiskIsFull(string said) =>
        said.Contains("No space left on device", StringComparison.Ordinal) || said.Contains("Disk quota exceeded", StringComparison.Ordinal);

    /// <summary>The line that names the cause: the last one PostgreSQL calls an error.</summary>
    private static string Complaint(string said)
    {
        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var cause = lines.LastOrDefault(line => Cause().IsMatch(line) && !SaidToClients(line))
            ?? lines.LastOrDefault(line => !line.Contains("LOG:", StringComparison.Ordinal) && !line.Contains("HINT:", StringComparison.Ordinal))
            ?? "it ended without a word, as if it had been killed";
        // "configuration file … contains errors" hides the error, which stands before it as a plain log line.
        if (cause.Contains("contains errors", StringComparison.Ordinal))
            cause = lines.LastOrDefault(line => line.Contains("LOG:", StringComparison.Ordinal)) ?? cause;
        return OneLine(Label().Match(cause) is { Success: true } label ? cause[(label.Index + label.Length)..] : cause).TrimEnd('.') + ".";
    }

    private static bool SaidToClients(string line) =>
        line.Contains("terminating connection", StringComparison.Ordinal) || line.Contains("the database system is", StringComparison.Ordinal);

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim();

    [GeneratedRegex("(FATAL|PANIC|error|fatal):")]
    private static partial Regex Cause();

    [GeneratedRegex(@"(FATAL|PANIC|LOG|error|fatal):\s+")]
    private static partial Regex Label();
}

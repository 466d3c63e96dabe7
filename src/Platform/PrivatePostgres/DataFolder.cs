using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>
/// Clientele's data folder as far as PostgreSQL is concerned:
/// <code>
/// clientele.lock      held by the one process that uses the folder
/// postgres.password   of PostgreSQL's superuser; only for whoever runs Clientele
/// pg_service.conf     the same as a libpq service, for psql and pg_dump
/// postgres/           PostgreSQL's own data folder; belongs to the account it runs as
/// logs/postgres/      its logs
/// </code>
/// </summary>
internal sealed record DataFolder(string Root)
{
    // PostgreSQL's MAXPGPATH is 1,024 bytes, and it appends names of its own.
    private const int LongestPath = 900;

    // What whoever goes on on a new machine puts into the folder before the first start.
    private static readonly string[] PutBack = ["keys", "files", "backups", "archive", "timelines", "installation"];

    /// <summary>Another than <c>postgres</c> while one is made or recovered beside it.</summary>
    internal string ClusterFolder { get; init; } = "postgres";

    /// <summary>Of a cluster that is being made those of the one it becomes, so that what went wrong is found.</summary>
    internal string LogFolder { get; init; } = "postgres";

    internal string Cluster => Path.Combine(Root, ClusterFolder);

    internal string Logs => Path.Combine(Root, "logs", LogFolder);

    internal string LockFile => Path.Combine(Root, "clientele.lock");

    internal string PasswordFile => Path.Combine(Root, "postgres.password");

    internal string ServiceFile => Path.Combine(Root, "pg_service.conf");

    /// <summary>One short name per folder: of the cluster in process titles, and of the socket's folder.</summary>
    internal string Name => "clientele-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ClusterFolder == "postgres" ? Root : Cluster)))[..16];

    internal static DataFolder At(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Encoding.UTF8.GetByteCount(full) > LongestPath)
            throw new PrivatePostgresException($"The path of the data folder is longer than {LongestPath} bytes, which PostgreSQL cannot use: name a shorter one with --data.");
        return new(full);
    }

    /// <summary>The folder and all above it that exist, outermost first.</summary>
    internal IEnumerable<string> ExistingAncestors()
    {
        var folders = new List<string>();
        for (var folder = Path.GetDirectoryName(Root); folder is not null; folder = Path.GetDirectoryName(folder))
            if (Directory.Exists(folder))
                folders.Add(folder);
        folders.Reverse();
        return folders;
    }

    /// <summary>The major version of the cluster here, or null when there is none.</summary>
    internal int? ClusterMajor()
    {
        var file = Path.Combine(Cluster, "PG_VERSION");
        try
        {
            // From a folder closed to us File.Exists would answer no, and a cluster of somebody else's would look like none.
            return Directory.Exists(Cluster) && Directory.EnumerateFiles(Cluster, "PG_VERSION").Any()
                ? int.Parse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture)
                : null;
        }
        catch (UnauthorizedAccessException inner)
        {
            throw new PrivatePostgresException($"{Cluster} belongs to another user: start Clientele as that user (or as root), or name another folder with --data.", inner);
        }
        catch (FormatException inner)
        {
            throw new PrivatePostgresException($"{file} is damaged: restore {Cluster} from a backup, or name another folder with --data.", inner);
        }
    }

    /// <summary>Makes the folder, or makes sure that the one there is ours to use; follows links, so that one folder has one name.</summary>
    internal async Task<DataFolder> Claim(CancellationToken cancellation)
    {
        try
        {
            RefuseForeign();
            UnixFiles.MakeFolder(Root);
            UnixFiles.MakeFolder(Path.Combine(Root, "logs"));
        }
        catch (Exception inner) when (inner is IOException or UnauthorizedAccessException)
        {
            throw Failure.OfFolder(Root, inner);
        }
        var real = await Command.Run("sh", ["-c", """cd -- "$1" && pwd -P""", "sh", Root], cancellation);
        return real.Succeeded ? this with { Root = real.Output.TrimEnd('\n') } : this;
    }

    internal void WriteSecret(string file, string text)
    {
        try
        {
            // Beside it and then renamed: whoever reads sees the old text or the new, and never with wider rights.
            File.Delete(file + ".new");
            using (var writer = new StreamWriter(UnixFiles.OpenPrivate(file + ".new", FileMode.CreateNew, FileShare.None)))
                writer.Write(text);
            File.Move(file + ".new", file, overwrite: true);
        }
        catch (Exception inner) when (inner is IOException or UnauthorizedAccessException)
        {
            throw Failure.OfFolder(Root, inner);
        }
    }

    private void RefuseForeign()
    {
        if (File.Exists(Root))
            throw new PrivatePostgresException($"{Root} is a file: name a folder with --data.");
        if (File.Exists(Path.Combine(Root, "PG_VERSION")))
            throw new PrivatePostgresException(
                $"{Root} is itself a PostgreSQL data folder: name another folder with --data, or use the server that runs on it with --database.");
        if (Holds(Cluster) && ClusterMajor() is null)
            throw new PrivatePostgresException($"{Cluster} holds files that are not PostgreSQL's: move them away, or name another folder with --data.");
        if (Holds(Root, PutBack) && !File.Exists(LockFile) && ClusterMajor() is null)
            throw new PrivatePostgresException($"{Root} holds files that are not Clientele's: name an empty or a new folder with --data.");
    }

    // An own disk mounted as the data folder is empty but for lost+found.
    private static bool Holds(string folder, params string[] besides) =>
        Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Any(name => name != "lost+found" && !besides.Contains(name));
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>One installation of the PostgreSQL server.</summary>
internal sealed partial record Binaries(string Folder, int Major, string Version)
{
    internal const int OldestMajor = 15;

    internal string Postgres => Path.Combine(Folder, "postgres");

    /// <summary>Whether it can count what statements cost. Without the library a server told to load it would not start.</summary>
    internal bool CountsStatements => File.Exists(Path.Combine(Folder, "..", "lib", "pg_stat_statements.so")) || File.Exists(Path.Combine(Folder, "..", "lib", "pg_stat_statements.dylib"));

    internal string Initdb => Path.Combine(Folder, "initdb");

    /// <summary>The installation of a wanted major when there is one, else the newest.</summary>
    internal static async Task<Binaries> Find(string? folder, int? wantedMajor, CancellationToken cancellation)
    {
        folder ??= Environment.GetEnvironmentVariable("CLIENTELE_POSTGRES_BIN") is { Length: > 0 } set ? set : null;
        if (folder is not null)
            return await Read(folder, cancellation) switch
            {
                null => throw new PrivatePostgresException(
                    $"{folder} does not hold PostgreSQL's server binaries (postgres and initdb): set CLIENTELE_POSTGRES_BIN to the folder that does, or unset it."),
                { Major: < OldestMajor } old => throw new PrivatePostgresException(
                    $"{folder} holds PostgreSQL {old.Version}; Clientele needs {OldestMajor} or newer: set CLIENTELE_POSTGRES_BIN to the folder of a newer one, or unset it."),
                var found => found,
            };

        var installed = new List<Binaries>();
        foreach (var candidate in await Candidates(cancellation))
            if (await Read(candidate, cancellation) is { Major: >= OldestMajor } found)
                installed.Add(found);
        return installed.OrderByDescending(found => found.Major == wantedMajor).ThenByDescending(found => found.Major).FirstOrDefault()
            ?? throw new PrivatePostgresException(
                $"PostgreSQL {OldestMajor} or newer is not installed: install its server (Debian and Ubuntu: apt-get install postgresql), or use a running one with --database.");
    }

    /// <summary>Where programs of PostgreSQL may be, those of clients too: the folder that was named, or all that are installed.</summary>
    internal static async Task<IEnumerable<string>> Folders(CancellationToken cancellation) =>
        Environment.GetEnvironmentVariable("CLIENTELE_POSTGRES_BIN") is { Length: > 0 } set ? [set] : await Candidates(cancellation);

    /// <summary>The real folders, never /usr/local/bin: what lies on the PATH may be a wrapper that picks its own data folder.</summary>
    private static async Task<IEnumerable<string>> Candidates(CancellationToken cancellation)
    {
        IEnumerable<string> folders =
        [
            .. Below("/usr/lib/postgresql", "*", "bin"), .. Below("/usr", "pgsql-*", "bin"), .. Below("/usr/local", "pgsql*", "bin"),
            .. Below("/opt/homebrew/opt", "postgresql@*", "bin"), .. Below("/usr/local/opt", "postgresql@*", "bin"),
        ];
        if (Command.Exists("pg_config") && await Command.Run("pg_config", ["--bindir"], cancellation) is { Succeeded: true } answer)
            folders = folders.Append(answer.Output.Trim());
        return folders.Distinct();
    }

    private static IEnumerable<string> Below(string parent, string pattern, string child) =>
        Directory.Exists(parent) ? Directory.EnumerateDirectories(parent, pattern).Select(found => Path.Combine(found, child)) : [];

    private static async Task<Binaries?> Read(string folder, CancellationToken cancellation)
    {
        var postgres = Path.Combine(folder, "postgres");
        if (!File.Exists(postgres) || !File.Exists(Path.Combine(folder, "initdb")))
            return null;
        try
        {
            var answer = await Command.Run(postgres, ["--version"], cancellation);
            return VersionLine().Match(answer.Output) is { Success: true } match
                ? new(folder, int.Parse(match.Groups["major"].Value, CultureInfo.InvariantCulture), match.Groups["version"].Value)
                : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // There, but not a program that runs here.
        }
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>(?<major>\d+)[\w.]*)")]
    private static partial Regex VersionLine();
}

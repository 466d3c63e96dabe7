using System.Globalization;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>Backups could not be made, read or restored; the message is one line that says what to do.</summary>
public sealed class BackupException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Where an installation's backups are, when they are made, and how long they are kept.</summary>
/// <param name="DataFolder">The node's data folder: scratch servers of restore tests run in it.</param>
/// <param name="Folder">Where the backups are.</param>
/// <param name="Administrator">A connection to the database that row-level security does not bind: a superuser's, or one with BYPASSRLS.</param>
/// <param name="At">When a backup is made each day, in UTC; null: only when somebody asks.</param>
/// <param name="KeepDays">How long one is kept; the newest always is.</param>
/// <param name="TestDays">After how many days the newest backup is restored on trial; 0: never by itself.</param>
public sealed record BackupOptions(string DataFolder, string Folder, string Administrator, TimeOnly? At, int KeepDays = 30, int TestDays = 7)
{
    /// <summary>Where the platform's stored files lie; null: they are not backed up.</summary>
    public IFileStore? Files { get; init; }

    /// <param name="dataFolder">The node's data folder.</param>
    /// <param name="administrator">Of the private PostgreSQL, the superuser's connection; else null, and <c>CLIENTELE_BACKUP_DATABASE</c> or the given connection is used.</param>
    /// <param name="given">The connection of an existing server.</param>
    /// <exception cref="SetupException">A variable is not what it must be; its name is in the message.</exception>
    public static BackupOptions FromEnvironment(string dataFolder, string? administrator, string given)
    {
        var root = Path.GetFullPath(dataFolder);
        return new BackupOptions(root, Path.GetFullPath(PlatformOptions.Word("CLIENTELE_BACKUPS") ?? Path.Combine(root, "backups")),
            administrator ?? PlatformOptions.Word("CLIENTELE_BACKUP_DATABASE") ?? given, Time(), Days("CLIENTELE_BACKUP_KEEP", 30, 1), Days("CLIENTELE_RESTORE_TEST", 7, 0));
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => Folder;

    private static TimeOnly? Time() => PlatformOptions.Word("CLIENTELE_BACKUP_AT") switch
    {
        null => new TimeOnly(2, 30),
        "off" => null,
        var word => TimeOnly.TryParseExact(word, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time
            : throw new SetupException($"CLIENTELE_BACKUP_AT is \"{word}\"; it must be a time of day in UTC such as 02:30, or off."),
    };

    private static int Days(string variable, int otherwise, int least) => PlatformOptions.Word(variable) is not { } word ? otherwise
        : int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days >= least && days <= 3650 ? days
        : throw new SetupException($"{variable} is \"{word}\"; it must be a number of days from {least} to 3650.");
}

/// <summary>PostgreSQL's client programs, and how they reach a server: pg_dump, pg_restore.</summary>
internal sealed class Programs
{
    private readonly string folder;
    private readonly Dictionary<string, string?> surroundings;

    private Programs(string folder, Dictionary<string, string?> surroundings) => (this.folder, this.surroundings) = (folder, surroundings);

    /// <summary>Of the server's own major version where they are installed, else of the next newer one: an older pg_dump refuses.</summary>
    /// <param name="connection">The server's; its database is what a program works on unless its arguments say otherwise.</param>
    /// <param name="major">The server's major version.</param>
    /// <param name="ct">Stops it.</param>
    /// <exception cref="SetupException">There are none.</exception>
    public static async Task<Programs> Find(string connection, int major, CancellationToken ct)
    {
        var found = new SortedDictionary<int, string>();
        foreach (var candidate in await Binaries.Folders(ct))
            if (File.Exists(Path.Combine(candidate, "pg_dump")) && File.Exists(Path.Combine(candidate, "pg_restore"))
                && await Command.Run(Path.Combine(candidate, "pg_dump"), ["--version"], ct) is { Succeeded: true } said
                && int.TryParse(said.Output.Split(' ', '.').FirstOrDefault(w => w.Length > 0 && w.All(char.IsAsciiDigit)), CultureInfo.InvariantCulture, out var version))
                found.TryAdd(version, candidate);
        var usable = found.FirstOrDefault(f => f.Key >= major);
        if (usable.Value is { } folder) return new Programs(folder, Surroundings(connection));
        var newest = found.Count == 0 ? "are not installed" : $"are those of PostgreSQL {found.Keys.Max()}, older than the server";
        throw new SetupException($"Backups need pg_dump and pg_restore of PostgreSQL {major} or newer; here they {newest}. Install postgresql-client-{major}, or name their folder in CLIENTELE_POSTGRES_BIN.");
    }

    /// <summary>Runs one to its end.</summary>
    /// <exception cref="BackupException">It failed; the message is what it said last.</exception>
    public async Task<string> Run(string program, IEnumerable<string> arguments, CancellationToken ct)
    {
        var start = Command.Describe(Path.Combine(folder, program), arguments);
        foreach (var (name, value) in surroundings) start.Environment[name] = value;
        var result = await Command.Run(start, null, ct);
        if (result.Succeeded) return result.Output;
        var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var said = lines.FirstOrDefault(l => l.Contains("error:", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "it ended without a word";
        throw new BackupException($"{program} failed: {said}");
    }

    // By the environment, never on the command line, which everybody on the machine can read.
    private static Dictionary<string, string?> Surroundings(string connection)
    {
        var server = new NpgsqlConnectionStringBuilder(connection);
        var surroundings = new Dictionary<string, string?>
        {
            ["PGHOST"] = server.Host,
            ["PGPORT"] = server.Port.ToString(CultureInfo.InvariantCulture),
            ["PGUSER"] = server.Username,
            ["PGPASSWORD"] = server.Password,
            ["PGDATABASE"] = server.Database,
            ["PGSSLMODE"] = server.SslMode switch { SslMode.Disable => "disable", SslMode.Allow => "allow", SslMode.Require => "require", SslMode.VerifyCA => "verify-ca", SslMode.VerifyFull => "verify-full", _ => "prefer" },
            ["PGAPPNAME"] = "clientele (backup)",
            // A backup is one long transaction that only reads, and a restore waits for its own workers.
            ["PGOPTIONS"] = "-c idle_in_transaction_session_timeout=0 -c statement_timeout=0 -c lock_timeout=60s -c timezone=UTC",
        };
        if (server.RootCertificate is { Length: > 0 } certificate) surroundings["PGSSLROOTCERT"] = certificate;
        else if (server.SslMode is SslMode.VerifyCA or SslMode.VerifyFull && File.Exists("/etc/ssl/certs/ca-certificates.crt")) surroundings["PGSSLROOTCERT"] = "/etc/ssl/certs/ca-certificates.crt";
        return surroundings;
    }
}

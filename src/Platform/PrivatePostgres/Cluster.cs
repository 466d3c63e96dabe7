using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.PrivatePostgres;

/// <summary>
/// PostgreSQL's own data folder and what is done to it: made, configured, started, stopped. Whoever uses it holds
/// the lock of the data folder, so nothing else of ours is at work here; a postmaster of an earlier run may be.
/// </summary>
internal sealed partial class Cluster
{
    internal const string Superuser = "postgres";

    // Of 107 bytes that a socket's path may have, PostgreSQL's ".s.PGSQL.5432" takes 14.
    private const int LongestSocketFolder = 93;

    private static readonly TimeSpan LeftoverPatience = TimeSpan.FromSeconds(10);

    private readonly PrivatePostgresOptions options;
    private readonly ILogger logger;
    private string password = "";

    private Cluster(PrivatePostgresOptions options, DataFolder folder, Binaries binaries, ServerAccount account, string socketFolder, ILogger logger)
    {
        this.options = options;
        this.logger = logger;
        Folder = folder;
        Binaries = binaries;
        Account = account;
        SocketFolder = socketFolder;
    }

    internal DataFolder Folder { get; }

    internal Binaries Binaries { get; }

    internal ServerAccount Account { get; }

    internal string SocketFolder { get; }

    /// <summary>More for PostgreSQL's command line, while it recovers.</summary>
    internal IReadOnlyList<string> Extra { get; set; } = [];

    internal string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = SocketFolder,
        Port = 5432,
        Username = Superuser,
        Password = password,
        Database = "postgres",
    }.ConnectionString;

    /// <summary>Finds out who runs which binaries where. Nothing is written yet.</summary>
    internal static async Task<Cluster> Plan(PrivatePostgresOptions options, ILogger logger, CancellationToken cancellation)
    {
        var folder = DataFolder.At(options.DataFolder);
        var major = folder.ClusterMajor();
        var binaries = await Binaries.Find(options.BinariesFolder, major, cancellation);
        if (major is not null && major != binaries.Major)
            throw OtherMajor(folder, major.Value, binaries);
        // Whose files are there already: of the cluster, of one that was begun, of its logs.
        var account = await ServerAccount.Choose([folder.Cluster, .. HalfMadeOf(folder), folder.Logs], cancellation);
        await RefuseClosed(account, [.. folder.ExistingAncestors(), binaries.Folder], cancellation);
        return new(options, folder, binaries, account, "", logger);
    }

    /// <summary>Takes the folder, once planned, and gives it its real name.</summary>
    internal async Task<Cluster> Claim(CancellationToken cancellation)
    {
        var folder = await Folder.Claim(cancellation);
        if (folder != Folder)
            await RefuseClosed(Account, folder.ExistingAncestors(), cancellation);
        return new(options, folder, Binaries, Account, SocketFolderOf(folder), logger);
    }

    /// <summary>Another cluster in the same data folder, of the same account and password, with a socket and logs of its own.</summary>
    internal Cluster Beside(string name) => Beside(Folder with { ClusterFolder = name, LogFolder = name });

    /// <summary>This one while it is made: at its socket, with its logs.</summary>
    private Cluster Unfinished(string name) => Beside(Folder with { ClusterFolder = name }, SocketFolder);

    private Cluster Beside(DataFolder folder, string? socketFolder = null) =>
        new(options with { Archive = null }, folder, Binaries, Account, socketFolder ?? SocketFolderOf(folder), logger) { password = password };

    /// <summary>Looks after the archive; null when there is none.</summary>
    internal ArchiveKeeper? Keeper() => Archive is { } files ? new ArchiveKeeper(this, files, options.Archive!.LimitBytes) : null;

    internal TimeSpan ArchiveEvery => options.Archive!.Every;

    // Without fsync and log there is nothing worth archiving.
    private ArchiveFiles? Archive => options is { Archive: { } archive, Durable: true } ? PointInTime.Files(Folder, archive, Account) : null;

    /// <summary>Everything a start needs besides the postmaster itself; what is there already stays.</summary>
    internal async Task Prepare(CancellationToken cancellation)
    {
        await TakeSocketFolder(cancellation);
        if (!await Account.TakeFolder(Folder.Logs, cancellation))
            throw new PrivatePostgresException($"The log folder {Folder.Logs} does not belong to {Account.Name}: remove it and start again.");
        foreach (var halfMade in HalfMadeOf(Folder))
        {
            logger.RemovingHalfMade(halfMade);
            await Remove(Unfinished(Path.GetFileName(halfMade)), cancellation);
        }
        await PointInTime.Finish(Folder, Account, cancellation);
        if (Folder.ClusterMajor() is null)
        {
            // An empty database would take the place of the one that can still be brought back.
            Archive?.RefuseForeign(null);
            await Create(cancellation);
        }
        await Account.TakeRestoredCluster(Folder.Cluster, cancellation);
        if (Archive is { } archive)
            await archive.Make(await SystemIdentifier(cancellation), cancellation);
        await WriteSettings(cancellation);
        await ReadPassword(cancellation);
        await LogFiles.Prune(Folder.Logs, Account, cancellation);
    }

    private async Task TakeSocketFolder(CancellationToken cancellation)
    {
        if (!await Account.TakeFolder(SocketFolder, cancellation))
            throw new PrivatePostgresException($"The socket folder {SocketFolder} cannot be used by {Account.Name} alone: remove it and start again.");
    }

    /// <summary>PostgreSQL's identifier of this cluster, which copies of it share; null: it cannot be read.</summary>
    internal Task<string?> SystemIdentifier(CancellationToken cancellation) => Control("Database system identifier", cancellation);

    private async Task<string?> Control(string label, CancellationToken cancellation)
    {
        const string Script = """ "$1" -D "$2" | sed -n "s/^$3: *//p" """;
        var said = await Account.Shell(Script, [Path.Combine(Binaries.Folder, "pg_controldata"), Folder.Cluster, label], cancellation);
        return said.Output.Trim() is { Length: > 0 } value ? value : null;
    }

    /// <summary>The postmaster that an earlier run left behind, when it can go on; otherwise it is gone afterwards.</summary>
    internal async Task<Postmaster?> AdoptOrStop(CancellationToken cancellation)
    {
        if (PidFile.Read(Folder.Cluster) is not { } file)
            return null;
        if (!Processes.IsPostmasterOf(file.ProcessId, Folder.Cluster))
        {
            await ForgetStale(file, cancellation);
            return null;
        }
        var orphan = Postmaster.OfStranger(file.ProcessId);
        if (await ReasonToStop(orphan, file, cancellation) is { } reason)
        {
            logger.StoppingOrphan(orphan.ProcessId, reason);
            await Stop(orphan);
            return null;
        }
        logger.Adopted(orphan.ProcessId);
        return orphan;
    }

    /// <summary>Starts PostgreSQL and waits until it answers, however long it replays its log.</summary>
    internal async Task<Postmaster> Start(CancellationToken cancellation)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            await EndLeftovers();
            var end = LogFiles.End(Folder.Logs);
            var postmaster = Launch();
            try
            {
                if (await BecomesReady(postmaster, cancellation))
                    return postmaster;
            }
            catch
            {
                await Stop(postmaster);
                throw;
            }
            var said = LogFiles.SaidSince(end, Folder.Logs);
            if (!Failure.IsHeldByLeftovers(said) || patience.Elapsed > LeftoverPatience)
                throw Failure.OfStart(Folder, said);
            await Task.Delay(200, cancellation);
        }
    }

    /// <summary>Fast (open transactions are rolled back), then without a checkpoint, then by force.</summary>
    internal async Task Stop(Postmaster postmaster)
    {
        await Account.Signal(postmaster.ProcessId, "INT");
        if (await postmaster.HasExitedWithin(options.StopTimeout))
            return;
        logger.StoppingHarder((long)options.StopTimeout.TotalSeconds, "SIGQUIT");
        await Account.Signal(postmaster.ProcessId, "QUIT");
        if (await postmaster.HasExitedWithin(TimeSpan.FromSeconds(10)))
            return;
        logger.StoppingHarder(10, "SIGKILL");
        await Account.Signal(postmaster.ProcessId, "KILL");
        if (!await postmaster.HasExitedWithin(TimeSpan.FromSeconds(10)))
            throw new PrivatePostgresException($"PostgreSQL (process {postmaster.ProcessId}) works on {Folder.Cluster} and cannot be ended by the user {Account.Name}: end it, and start again.");
        await EndLeftovers();
    }

    /// <summary>Sets the password that the password file says, on a server that lets us in without: a recovered one may have an older.</summary>
    internal async Task KeepPassword(CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(OwnConnectionString);
        await connection.OpenAsync(cancellation);
        await using var words = new NpgsqlCommand("select format('alter role %I password %L', $1, $2)", connection) { Parameters = { new() { Value = Superuser }, new() { Value = password } } };
        await using var set = new NpgsqlCommand((string)(await words.ExecuteScalarAsync(cancellation))!, connection);
        await set.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>It is made at each start. Not when something is in it, other than what an initdb that was cut short was to read.</summary>
    internal Task RemoveSocketFolder() => Account.Shell("""rm -f -- "$1/$2"; rmdir -- "$1" """, [SocketFolder, PasswordForInitdb], CancellationToken.None);

    /// <summary>A password to be given to a server that is recovered where none is known.</summary>
    internal void MakePassword()
    {
        if (!File.Exists(Folder.PasswordFile)) Folder.WriteSecret(Folder.PasswordFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)) + "\n");
    }

    /// <summary>Ready, and lets us in.</summary>
    internal async Task Verify(CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(OwnConnectionString);
            await connection.OpenAsync(cancellation);
        }
        catch (PostgresException inner) when (inner.SqlState is PostgresErrorCodes.InvalidPassword)
        {
            throw new PrivatePostgresException($"{Folder.PasswordFile} does not hold this PostgreSQL's password: remove the file and start again, and a new one is set.", inner);
        }
        catch (NpgsqlException inner)
        {
            throw new PrivatePostgresException($"PostgreSQL started but does not answer ({inner.Message}): its logs are in {Folder.Logs}.", inner);
        }
    }

    private static async Task RefuseClosed(ServerAccount account, IEnumerable<string> folders, CancellationToken cancellation)
    {
        if (await account.FirstClosed(folders, cancellation) is { } closed)
            throw new PrivatePostgresException(
                $"PostgreSQL runs as the user {account.Name}, who may not enter {closed}: name a folder elsewhere with --data (/var/lib/clientele for example), or run chmod o+x {closed}.");
    }

    private static PrivatePostgresException OtherMajor(DataFolder folder, int major, Binaries binaries)
    {
        var goOn = $"install PostgreSQL {major}'s server to go on with it (Debian and Ubuntu: apt-get install postgresql-{major}, if need be from apt.postgresql.org)";
        var other = major < binaries.Major
            ? $"or upgrade the data with pg_upgrade -b /usr/lib/postgresql/{major}/bin -B {binaries.Folder} -d {folder.Cluster} -D NEW -U {Superuser} as docs/operations.md says"
            : "or name another folder with --data";
        return new($"{folder.Cluster} was written by PostgreSQL {major}, but the server here is {binaries.Version} ({binaries.Folder}): {goOn}, {other}.");
    }

    private static string SocketFolderOf(DataFolder folder)
    {
        // systemd gives a service a folder of its own below /run and names it here (RuntimeDirectory=).
        var parent = Environment.GetEnvironmentVariable("RUNTIME_DIRECTORY")?.Split(':')[0];
        var socketFolder = Path.Combine(string.IsNullOrEmpty(parent) ? "/tmp" : parent, folder.Name);
        return System.Text.Encoding.UTF8.GetByteCount(socketFolder) <= LongestSocketFolder
            ? socketFolder
            : throw new PrivatePostgresException($"The socket folder {socketFolder} is longer than {LongestSocketFolder} bytes: name a shorter RUNTIME_DIRECTORY, or unset it.");
    }

    private async Task WriteSettings(CancellationToken cancellation)
    {
        const string Script = """
            umask 077; cd -- "$1" && cat > clientele.conf.new && mv clientele.conf.new clientele.conf || exit 1
            grep -q "^include 'clientele.conf'" postgresql.conf || printf "\n%s\n" "include 'clientele.conf'" >> postgresql.conf
            """;
        var written = await Account.Shell(Script, [Folder.Cluster], cancellation, ClusterSettings.Text(Folder, options, Binaries.CountsStatements));
        if (written.Succeeded && Archive is { } archive)
            written = await Account.Shell("""umask 077; cd -- "$1" && cat > "$2.new" && mv "$2.new" "$2" """, [Folder.Cluster, ArchiveFiles.ArchiveScript], cancellation, archive.ArchiveText());
        if (!written.Succeeded)
            throw Failure.OfStart(Folder, written.Error);
    }

    private async Task ReadPassword(CancellationToken cancellation)
    {
        try
        {
            password = File.Exists(Folder.PasswordFile) ? (await File.ReadAllTextAsync(Folder.PasswordFile, cancellation)).Trim() : "";
        }
        catch (UnauthorizedAccessException inner)
        {
            throw Failure.OfFolder(Folder.Root, inner);
        }
        if (password is "")
            await ReplacePassword(cancellation);
        Folder.WriteSecret(Folder.ServiceFile,
            $"# psql: PGSERVICEFILE={Folder.ServiceFile} psql service=clientele\n[clientele]\nhost={SocketFolder}\nport=5432\ndbname=clientele\nuser={Superuser}\npassword={password}\n");
    }

    /// <summary>A restored base backup comes without the password file; who owns the folder may set a new one in single-user mode.</summary>
    private async Task ReplacePassword(CancellationToken cancellation)
    {
        if (PidFile.Read(Folder.Cluster) is { } file && Processes.IsPostmasterOf(file.ProcessId, Folder.Cluster))
            await Stop(Postmaster.OfStranger(file.ProcessId));
        await EndLeftovers();
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var start = Account.Describe(Binaries.Postgres, ["--single", "-D", Folder.Cluster, "-c", "logging_collector=off", "postgres"]);
        var answer = await Command.Run(start, $"alter role {Superuser} password '{secret}'\n", cancellation);
        if (!answer.Succeeded || answer.Error.Contains("ERROR:", StringComparison.Ordinal))
            throw Failure.OfStart(Folder, answer.Output + answer.Error);
        Folder.WriteSecret(Folder.PasswordFile, secret + "\n");
        password = secret;
        logger.PasswordReplaced();
    }

    /// <summary>
    /// PostgreSQL leaves a stale file alone unless its process id lives again under the same user, which in a container
    /// is likely; then it would refuse to start for ever. Without need the file stays: it guards against leftovers.
    /// </summary>
    private async Task ForgetStale(PidFile file, CancellationToken cancellation)
    {
        await EndLeftovers();
        if (Processes.IsAlive(file.ProcessId))
            await Account.Shell("""rm -f -- "$1" """, [PidFile.PathIn(Folder.Cluster)], cancellation);
    }

    private async Task<string?> ReasonToStop(Postmaster orphan, PidFile file, CancellationToken cancellation)
    {
        if (file.SocketFolder != SocketFolder)
            return "its socket is elsewhere";
        try
        {
            if (!await BecomesReady(orphan, cancellation))
                return "it has just ended";
            await Account.Signal(orphan.ProcessId, "HUP");
            await using var connection = new NpgsqlConnection(OwnConnectionString);
            await connection.OpenAsync(cancellation);
            // The reload is told to the sessions in a moment; until it is, a changed setting cannot show as pending.
            await using var ask = new NpgsqlCommand("select pg_catalog.pg_sleep(0.2); select count(*) from pg_catalog.pg_settings s where s.pending_restart", connection);
            await using var reader = await ask.ExecuteReaderAsync(cancellation);
            await reader.NextResultAsync(cancellation);
            await reader.ReadAsync(cancellation);
            return reader.GetInt64(0) > 0 ? "its settings have changed" : null;
        }
        catch (NpgsqlException inner)
        {
            return "it does not answer: " + inner.Message;
        }
    }

    private Postmaster Launch()
    {
        // A session of its own: Ctrl-C at the terminal goes to every process there, and PostgreSQL must outlive our own stop.
        var session = Command.Exists("setsid") ? new[] { "setsid" } : [];
        // What must hold stands on the command line, where neither local.conf nor alter system reaches it. The shell turns
        // into PostgreSQL; its output goes to a file since a pipe would break if we were killed and PostgreSQL lived on.
        string[] postgres =
        [
            .. session, Binaries.Postgres, "-D", Folder.Cluster,
            "-c", $"unix_socket_directories={SocketFolder}", "-c", "unix_socket_permissions=0700", "-c", "port=5432",
            .. Extra,
        ];
        const string Script = """umask 077; exec < /dev/null > "$1" 2>&1; shift; exec "$@" """;
        return Postmaster.OfChild(Process.Start(Account.Describe("sh", ["-c", Script, "sh", LogFiles.StartFile(Folder.Logs), .. postgres]))!);
    }

    /// <summary>False when it ended instead.</summary>
    private async Task<bool> BecomesReady(Postmaster postmaster, CancellationToken cancellation)
    {
        var waited = Stopwatch.StartNew();
        var told = 0L;
        while (!postmaster.Exited.IsCompleted)
        {
            if (PidFile.Read(Folder.Cluster) is { Ready: true } file && Processes.IsPostmasterOf(file.ProcessId, Folder.Cluster))
            {
                postmaster.ProcessId = file.ProcessId;
                return true;
            }
            await Task.Delay(20, cancellation);
            var seconds = (long)waited.Elapsed.TotalSeconds;
            if (seconds >= told + 10)
                logger.StillStarting(told = seconds);
        }
        return false;
    }

    /// <summary>
    /// The server processes of a postmaster that was killed end by themselves, unless they are deep in a query: those would
    /// hold the shared memory, and the next start, for as long as it takes.
    /// </summary>
    private async Task EndLeftovers()
    {
        var leftovers = Processes.LeftoversOf(Folder.Name);
        for (var round = 0; leftovers.Count > 0 && round < 100; round++, leftovers = Processes.LeftoversOf(Folder.Name))
        {
            if (round is 10 or 40)
            {
                logger.EndedLeftovers(leftovers.Count);
                foreach (var processId in leftovers)
                    await Account.Signal(processId, round is 10 ? "QUIT" : "KILL");
            }
            await Task.Delay(50);
        }
    }

    // Our own few questions leave no pool behind that a restart would spoil.
    private string OwnConnectionString => ConnectionString + ";Pooling=false";
}

using System.Data;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;
using Clientele.Platform.Secrets;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>
/// Makes a backup: pg_dump of one snapshot, the rows of every table counted in the same snapshot, sums over it all. Nobody waits
/// for it but who changes tables. Only one is made at a time, whichever node makes it: the database holds the lock, and lets it go when its maker dies.
/// </summary>
public static class MakeBackup
{
    internal const long Lock = 0x6261636b7570, CopyLock = Lock + 1; // "backup"

    /// <param name="options">Where to.</param>
    /// <param name="keys">The node's ring; null when it is not at hand.</param>
    /// <param name="withKeys">Put the ring of keys beside it: whoever has the backup can then read the secrets in it.</param>
    /// <param name="told">Hears how many bytes are written, every second.</param>
    /// <param name="ct">Stops it; nothing is left.</param>
    /// <exception cref="SetupException">It cannot be made here; the message says what is missing.</exception>
    /// <exception cref="BackupException">It failed, or another one is being made.</exception>
    public static async Task<BackupFolder> Run(BackupOptions options, KeyRing? keys, bool withKeys, Action<long>? told, CancellationToken ct)
    {
        await using var connection = await Open(options.Administrator, ct);
        if (!await Scalar<bool>(connection, Sql.Raw("select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = current_user"), ct))
            throw new SetupException("This login sees only what row-level security lets it see, so its backup would leave rows out. Name in CLIENTELE_BACKUP_DATABASE a login that is a superuser or has BYPASSRLS; where the server's owner gives none, use the owner's own backups.");
        if (!await Scalar<bool>(connection, $"select pg_try_advisory_lock({Lock})", ct)) throw new BackupException("Another backup is being made. Wait for it to end.");
        var programs = await Programs.Find(options.Administrator, connection.PostgreSqlVersion.Major, ct);
        BackupFolder.Make(options.Folder);
        BackupFolder.Sweep(options.Folder);
        var started = TimeProvider.System.GetUtcNow();
        var name = BackupFolder.NameAt(started, anonymised: false);
        var partial = Path.Combine(options.Folder, name + BackupFolder.Partial);
        BackupFolder.Make(partial);
        try
        {
            var manifest = await Dump(connection, programs, partial, options.Files, told, ct);
            if (withKeys && keys is not null) await File.WriteAllTextAsync(Path.Combine(partial, BackupFolder.KeysFile), keys.Export(), ct);
            var made = await BackupFolder.Seal(partial, manifest with { Name = name, StartedAt = started, EndedAt = TimeProvider.System.GetUtcNow(), Keys = keys?.Ids, WithKeys = withKeys && keys is not null }, ct);
            await Unlock(connection, Lock);
            return made;
        }
        catch
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            throw;
        }
    }

    /// <summary>Does what only one may at a time, unless another holds that lock.</summary>
    /// <returns>Null: another does.</returns>
    internal static async Task<T?> Alone<T>(string administrator, long of, Func<Task<T>> act, CancellationToken ct) where T : class
    {
        await using var connection = await Open(administrator, ct);
        if (!await Scalar<bool>(connection, $"select pg_try_advisory_lock({of})", ct)) return null;
        try { return await act(); }
        finally { await Unlock(connection, of); }
    }

    // By hand: the session it belongs to ends a moment after we have gone on. One that broke has let it go already.
    private static async Task Unlock(NpgsqlConnection connection, long of)
    {
        try { await Execute(connection, $"select pg_advisory_unlock({of})", CancellationToken.None); }
        catch (NpgsqlException) { return; }
    }

    /// <summary>The dump and what is counted beside it, of one snapshot.</summary>
    internal static async Task<Manifest> Dump(NpgsqlConnection connection, Programs programs, string into, IFileStore? files, Action<long>? told, CancellationToken ct)
    {
        // Only read: without a transaction id it holds up no consumer of the log.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var snapshot = await Scalar<string>(connection, Sql.Raw("select pg_export_snapshot()"), ct);
        var file = Path.Combine(into, BackupFolder.Dump);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var dumping = programs.Run("pg_dump", ["-Fc", "-Z", "3", "--lock-wait-timeout=60s", $"--snapshot={snapshot}", "-f", file], failed.Token);
        try
        {
            var rows = await Count(connection, failed.Token);
            var schema = await Scalar<int>(connection, Sql.Raw("select count(*)::integer from platform.schema_migrations"), failed.Token);
            var epoch = await Scalar<short>(connection, Sql.Raw("select s.epoch from log.state s"), failed.Token);
            var (stored, lost) = files is null ? (0, null) : await StoredFiles.Take(connection, files, into, failed.Token);
            while (await Task.WhenAny(dumping, Task.Delay(1000, failed.Token)) != dumping)
                if (File.Exists(file)) told?.Invoke(new FileInfo(file).Length);
            await dumping;
            return new Manifest(1, string.Empty, Version, connection.PostgreSqlVersion.ToString(), default, default, schema, epoch, null, rows, Anonymised: false, WithKeys: false, stored) { Lost = lost };
        }
        catch
        {
            // Whichever of the two failed, the other ends too.
            await failed.CancelAsync();
            await Task.WhenAny(dumping);
            throw;
        }
    }

    /// <summary>The rows of every table, of all schemas but PostgreSQL's own.</summary>
    internal static async Task<IReadOnlyDictionary<string, long>> Count(NpgsqlConnection connection, CancellationToken ct)
    {
        var tables = await List<string>(connection, Sql.Raw("""
            select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
            and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') order by 1
            """), ct);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var some in tables.Chunk(100))
        {
            var text = new StringBuilder();
            foreach (var table in some) text.Append(text.Length == 0 ? "select " : " union all select ").Append('\'').Append(table.Replace("'", "''", StringComparison.Ordinal)).Append("' as name, count(*) as rows from only ").Append(table);
            foreach (var counted in await List<Counted>(connection, Sql.Composed(text.ToString()), ct)) counts[counted.Name] = counted.Rows;
        }
        return counts;
    }

    private sealed record Counted(string Name, long Rows);

    private static string Version { get; } = typeof(MakeBackup).Assembly.GetName().Version!.ToString(3);

    internal static async Task<NpgsqlConnection> Open(string connectionString, CancellationToken ct)
    {
        // What takes long is asked here: counting rows, waiting for a lock.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = 0, KeepAlive = 30, ApplicationName = "clientele (backup)" };
        settings.Options = $"{settings.Options} -c idle_in_transaction_session_timeout=0 -c timezone=UTC -c jit=off".Trim();
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal static async Task<T> Scalar<T>(NpgsqlConnection connection, Sql sql, CancellationToken ct) => (await List<T>(connection, sql, ct))[0];

    internal static async Task<List<T>> List<T>(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        return await Db.Read<T>(batch, null, sql, ct);
    }

    internal static async Task Execute(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        sql.WriteTo(command);
        await command.ExecuteNonQueryAsync(ct);
    }
}

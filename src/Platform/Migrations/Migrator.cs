using System.Data;
using System.Diagnostics;
using Clientele.Platform.Data;
using Clientele.Platform.Modules;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Migrations;

/// <summary>
/// Brings a database to the schema of this build: each new file in a transaction of its own, under an advisory lock
/// so that nodes starting together wait for one another, recorded in <c>platform.schema_migrations</c>.
/// </summary>
public sealed partial class Migrator(Databases databases, IEnumerable<IModule> modules, ILogger<Migrator> logger)
{
    private const long LockKey = 0x636c69656e74; // "client"

    private sealed record Applied(string Module, string File, string Checksum);

    /// <summary>Applies what is missing.</summary>
    /// <returns>How many files were applied.</returns>
    /// <exception cref="SetupException">A file that was applied has been edited since, or the database is newer than this build.</exception>
    public async Task<int> Migrate(CancellationToken ct)
    {
        await using var connection = await databases.OpenOwner(ct);
        await Run(connection, $"select pg_advisory_lock({LockKey})", ct);
        try
        {
            // A hundred files, each its own transaction, need not wait for the disk one by one: what a crash takes is applied again.
            await Run(connection, $"set synchronous_commit = off", ct);
            await Run(connection, Bookkeeping, ct);
            var applied = (await List<Applied>(connection, $"select m.module, m.file, m.checksum from platform.schema_migrations m", ct))
                .ToDictionary(a => (a.Module, a.File), a => a.Checksum);
            var files = SchemaFile.Of(modules);
            Check(files, applied);
            var due = files.Where(f => applied.GetValueOrDefault((f.Module, f.Name)) != f.Checksum).ToList();
            foreach (var file in due) await Apply(connection, file, ct);
            // Nodes that already run learn of it without being asked for something they do not know.
            if (due.Count > 0) await Run(connection, Sql.Raw($"notify {CatalogueNews.Channel}"), ct);
            return due.Count;
        }
        finally
        {
            // A connection that was lost has lost its lock, and why it was lost is what counts.
            if (connection.State == ConnectionState.Open) await Run(connection, $"select pg_advisory_unlock({LockKey})", CancellationToken.None);
        }
    }

    private static void Check(IReadOnlyList<SchemaFile> files, Dictionary<(string, string), string> applied)
    {
        foreach (var file in files.Where(f => !f.IsCode))
        {
            if (applied.TryGetValue((file.Module, file.Name), out var checksum) && checksum != file.Checksum)
                throw new SetupException(
                    $"{file.Module}/schema/{file.Name} was edited after it was applied to this database. Put the file back as it was and write the change as a new, higher-numbered file; " +
                    "on a database whose data you can lose, start again with an empty data folder.");
        }
        var known = files.Select(f => (f.Module, f.Name)).ToHashSet();
        if (applied.Keys.FirstOrDefault(a => !known.Contains(a) && !a.Item2.StartsWith("code/", StringComparison.Ordinal)) is { Item1: not null } unknown)
            throw new SetupException(
                $"This database was made by a newer build: {unknown.Item1}/schema/{unknown.Item2} is not known here. Start the newer build, or restore a backup from before the upgrade.");
    }

    private async Task Apply(NpgsqlConnection connection, SchemaFile file, CancellationToken ct)
    {
        // One round trip, and so one transaction. The text goes over as a value: three thousand statements would be taken apart
        // here, and then planned and answered one by one.
        await using var batch = new NpgsqlBatch(connection);
        Add(batch, $"create schema if not exists {Sql.Identifier(file.Module)}");
        Add(batch, $"select set_config('clientele.schema_file', {file.Text}, true) is null");
        Add(batch, Sql.Raw("do $$ begin execute current_setting('clientele.schema_file'); end $$"));
        Add(batch, $"""
            insert into platform.schema_migrations as m (module, file, checksum, duration_ms)
            values ({file.Module}, {file.Name}, {file.Checksum}, extract(epoch from clock_timestamp() - now()) * 1000)
            on conflict (module, file) do update
            set checksum = excluded.checksum, duration_ms = excluded.duration_ms, applied_at = now()
            """);
        var watch = Stopwatch.StartNew();
        try { await batch.ExecuteNonQueryAsync(ct); }
        catch (PostgresException e)
        {
            var place = e.InternalPosition > 0 && e.InternalQuery == file.Text ? $" in line {file.Text.AsSpan(0, e.InternalPosition - 1).Count('\n') + 1}" : string.Empty;
            throw new SetupException($"{file.Module}/schema/{file.Name} failed{place}: {e.MessageText} {e.Detail}".TrimEnd(), e);
        }
        LogApplied(file.Module, file.Name, watch.ElapsedMilliseconds);
    }

    private static void Add(NpgsqlBatch batch, Sql sql)
    {
        var command = new NpgsqlBatchCommand();
        sql.WriteTo(command);
        batch.BatchCommands.Add(command);
    }

    private static Sql Bookkeeping => Sql.Raw("""
        create schema if not exists platform;
        create table if not exists platform.schema_migrations (
            module       text not null,
            file         text not null,
            checksum     text not null,
            applied_at   timestamptz not null default now(),
            duration_ms  integer not null,
            primary key (module, file)
        );
        comment on table platform.schema_migrations is 'The schema files applied to this database.';
        revoke all on platform.schema_migrations from public;
        """);

    private static async Task Run(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        sql.WriteTo(command);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<List<T>> List<T>(NpgsqlConnection connection, Sql sql, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection);
        return await Db.Read<T>(batch, null, sql, ct);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Applied {Module}/{File} in {Milliseconds} ms")]
    private partial void LogApplied(string module, string file, long milliseconds);
}

/// <summary>The platform cannot start, or a command cannot run; the message is one line that says what to do.</summary>
public sealed class SetupException(string message, Exception? inner = null) : Exception(message, inner);

using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Clientele.Platform.Secrets;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>
/// Restores a backup: into a fresh database, brought to this build's schema and checked; only then does it take the place of
/// the installation's, by its name. Until that moment nothing of the installation has changed, and the old database is kept.
/// </summary>
public sealed class RestoreBackup(IReadOnlyList<IModule> modules, KeyRing keys, Action<string> tell)
{
    private const string Restoring = "_restoring", Before = "_before_";

    // A comment on a database that a restore made and that nothing lives in; it goes when the database takes the installation's place.
    private const string Mark = "clientele restore";

    /// <param name="Checks">What was looked at afterwards.</param>
    /// <param name="WrongRows">Tables whose rows are not as many as when the backup was made.</param>
    public sealed record Report(IReadOnlyList<Checked> Checks, IReadOnlyList<string> WrongRows)
    {
        /// <summary>It is what was backed up, which may have had its faults already.</summary>
        public bool Whole => WrongRows.Count == 0;

        public bool Passed => WrongRows.Count == 0 && Checks.All(c => c.Faults == 0);
    }

    /// <summary>Fills a fresh database and looks at it.</summary>
    /// <param name="backup">Its sums are checked first.</param>
    /// <param name="administrator">A connection that may make databases, in any of them.</param>
    /// <param name="login">The connection of the platform's own login, in any database of that server.</param>
    /// <param name="database">Its name. One that is there is dropped when a restore made it or nothing is in it.</param>
    /// <param name="ct">Stops it.</param>
    /// <param name="replace">Drop it whatever it is.</param>
    /// <exception cref="BackupException">The backup is damaged, or PostgreSQL refuses it.</exception>
    /// <exception cref="SetupException">It was made by a newer build, the login may not do it, or the database is somebody's.</exception>
    public async Task<Report> Into(BackupFolder backup, string administrator, string login, string database, CancellationToken ct, bool replace = false)
    {
        var faults = await BackupFolder.Check(backup.Path, ct);
        if (faults.Count > 0) throw new BackupException($"{backup.Name} is damaged: {string.Join(", ", faults)}. Take another: clientele backup list");
        var user = new NpgsqlConnectionStringBuilder(login).Username!;
        bool superuser;
        Programs programs;
        await using (var maintenance = await MakeBackup.Open(In(administrator, "postgres"), ct))
        {
            programs = await Programs.Find(In(administrator, database), maintenance.PostgreSqlVersion.Major, ct);
            superuser = await MakeBackup.Scalar<bool>(maintenance, Sql.Raw("select r.rolsuper from pg_roles r where r.rolname = current_user"), ct);
            if (database is "postgres" or "template0" or "template1") throw new SetupException($"{database} is PostgreSQL's own database. Choose another name.");
            if (!replace && await Exists(maintenance, database, ct) && !await Marked(maintenance, database, ct) && await Used(administrator, database, ct))
                throw new SetupException($"There is a database {database} already, and no restore made it. Choose another name, or drop it: --replace does.");
            await MakeBackup.Execute(maintenance, $"drop database if exists {Sql.Identifier(database)} with (force)", ct);
            try
            {
                await MakeBackup.Execute(maintenance, $"create database {Sql.Identifier(database)} owner {Sql.Identifier(user)}", ct);
                await MakeBackup.Execute(maintenance, $"comment on database {Sql.Identifier(database)} is {Sql.Raw($"'{Mark}'")}", ct);
            }
            catch (PostgresException e) when (e.SqlState == "42501") { throw new SetupException("This login may not make a database, and a restore needs one. Name in CLIENTELE_BACKUP_DATABASE one that may: a superuser's.", e); }
        }
        tell($"{backup.Name} is as it was written; restoring it into the database {database}");
        if (backup.Manifest.Lost is { } lost) tell($"WARNING: {lost}");
        await Provisioner.Provision(In(login, database), ct);
        await Fill(backup, programs, database, superuser, ct);
        var wrong = await WrongRows(backup, In(administrator, database), ct);
        tell(wrong.Count == 0 ? $"{backup.Manifest.Rows.Values.Sum():N0} rows in {backup.Manifest.Rows.Count:N0} tables, as many as when it was made" : $"{wrong.Count:N0} tables have other rows: {string.Join(", ", wrong.Take(5))}");
        await using var databases = new Databases(In(login, database));
        await new Migrator(databases, modules, NullLogger<Migrator>.Instance).Migrate(ct);
        await new Db(databases.Service, Tenant.None).One<short>($"select log.verify_epoch()", ct);
        var checks = await new Consistency(databases, keys).Run(ct);
        NpgsqlConnection.ClearAllPools();
        return new Report(checks, wrong);
    }

    /// <summary>Gives a database that passed the installation's name, and the installation's another. Both at once or neither.</summary>
    /// <returns>The name of the database of before; null when there was none worth keeping.</returns>
    public static async Task<string?> Swap(string administrator, string database, CancellationToken ct)
    {
        var old = database + Before + TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        var used = await Used(administrator, database, ct);
        await using var connection = await MakeBackup.Open(In(administrator, "postgres"), ct);
        await using (var transaction = await connection.BeginTransactionAsync(ct))
        {
            if (await Exists(connection, database, ct)) await MakeBackup.Execute(connection, $"alter database {Sql.Identifier(database)} rename to {Sql.Identifier(old)}", ct);
            await MakeBackup.Execute(connection, $"alter database {Sql.Identifier(database + Restoring)} rename to {Sql.Identifier(database)}", ct);
            await MakeBackup.Execute(connection, $"comment on database {Sql.Identifier(database)} is null", ct);
            await transaction.CommitAsync(ct);
        }
        if (used) return old;
        // What a first start has just made holds nothing.
        await MakeBackup.Execute(connection, $"drop database if exists {Sql.Identifier(old)}", ct);
        return null;
    }

    /// <summary>Puts the bytes of stored files back that the store does not have.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="BackupException">The store is away.</exception>
    public static Task<int> PutFilesBack(BackupFolder backup, IFileStore store, CancellationToken ct) => StoredFiles.PutBack(backup, store, ct);

    /// <summary>Puts the bytes of stored files back that a database speaks of and the store does not have, from the backups in a folder.</summary>
    /// <returns>How many, and those no backup has.</returns>
    /// <exception cref="BackupException">The store is away.</exception>
    public static async Task<(int Put, IReadOnlyList<string> Lost)> PutFilesBack(Databases databases, string folder, IFileStore store, CancellationToken ct) =>
        await StoredFiles.PutBack(await new Db(databases.Service, Tenant.None).List<string>($"select f.organization_id || '/' || f.id from platform.files f order by 1", ct), folder, store, ct);

    /// <summary>Databases that restores have put aside.</summary>
    public static async Task<IReadOnlyList<string>> Old(string administrator, string database, CancellationToken ct)
    {
        await using var connection = await MakeBackup.Open(In(administrator, "postgres"), ct);
        return await MakeBackup.List<string>(connection, $"select d.datname::text from pg_database d where starts_with(d.datname, {database + Before}) order by 1", ct);
    }

    /// <summary>Drops the databases that restores have put aside.</summary>
    public static async Task Forget(string administrator, IEnumerable<string> old, CancellationToken ct)
    {
        await using var connection = await MakeBackup.Open(In(administrator, "postgres"), ct);
        foreach (var name in old) await MakeBackup.Execute(connection, $"drop database if exists {Sql.Identifier(name)}", ct);
    }

    /// <summary>Refuses while anybody is connected to the database.</summary>
    /// <exception cref="SetupException">Somebody is.</exception>
    public static async Task RefuseLive(string administrator, string database, CancellationToken ct)
    {
        await using var connection = await MakeBackup.Open(In(administrator, "postgres"), ct);
        var there = await MakeBackup.List<string>(connection, $"""
            select distinct coalesce(nullif(a.application_name, ''), a.usename) from pg_stat_activity a
            where a.datname = {database} and a.pid <> pg_backend_pid() and a.backend_type = 'client backend' order by 1
            """, ct);
        if (there.Count > 0) throw new SetupException($"The database {database} is in use ({string.Join(", ", there.Take(3))}). Stop every node first; nothing was changed.");
    }

    public static string RestoringName(string database) => database + Restoring;

    /// <summary>The same connection in another database.</summary>
    public static string In(string connection, string database) => new NpgsqlConnectionStringBuilder(connection) { Database = database, Pooling = false }.ConnectionString;

    private static async Task<bool> Exists(NpgsqlConnection connection, string database, CancellationToken ct) =>
        await MakeBackup.Scalar<bool>(connection, $"select exists (select from pg_database d where d.datname = {database})", ct);

    // Whether anybody has put a table or a view of his own into it.
    private static async Task<bool> Used(string administrator, string database, CancellationToken ct)
    {
        await using (var maintenance = await MakeBackup.Open(In(administrator, "postgres"), ct))
            if (!await Exists(maintenance, database, ct)) return false;
        await using var connection = await MakeBackup.Open(In(administrator, database), ct);
        return await MakeBackup.Scalar<bool>(connection, Sql.Raw("""
            select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                           where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
                             and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
            """), ct);
    }

    private static async Task<bool> Marked(NpgsqlConnection connection, string database, CancellationToken ct) =>
        await MakeBackup.Scalar<bool>(connection, $"select coalesce(shobj_description(d.oid, 'pg_database') = {Mark}, false) from pg_database d where d.datname = {database}", ct);

    private static async Task Fill(BackupFolder backup, Programs programs, string database, bool superuser, CancellationToken ct)
    {
        List<string> arguments = ["--exit-on-error", "-j", "2", "-d", database];
        var list = Path.GetTempFileName();
        try
        {
            if (!superuser)
            {
                // Only a superuser makes event triggers and speaks of extensions; the platform does without them.
                var contents = await programs.Run("pg_restore", ["-l", backup.DumpPath], ct);
                await File.WriteAllLinesAsync(list, contents.Split('\n').Where(l => !l.Contains(" EVENT TRIGGER ", StringComparison.Ordinal) && !l.Contains(" COMMENT - EXTENSION ", StringComparison.Ordinal)), ct);
                arguments.AddRange(["-L", list]);
            }
            await programs.Run("pg_restore", [.. arguments, backup.DumpPath], ct);
        }
        finally { File.Delete(list); }
    }

    private static async Task<List<string>> WrongRows(BackupFolder backup, string connection, CancellationToken ct)
    {
        await using var restored = await MakeBackup.Open(connection, ct);
        var there = await MakeBackup.Count(restored, ct);
        // A dump carries no statistics, and without them the first questions would be slow.
        await MakeBackup.Execute(restored, Sql.Raw("analyze"), ct);
        return [.. backup.Manifest.Rows.Where(r => there.GetValueOrDefault(r.Key, -1) != r.Value).Select(r => r.Key), .. there.Keys.Where(t => !backup.Manifest.Rows.ContainsKey(t))];
    }
}

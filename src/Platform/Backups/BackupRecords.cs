using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>What the database knows of backups: <c>platform.backups</c>.</summary>
/// <param name="databases">Of the installation.</param>
/// <param name="folder">Of this node's backups; null: it has none.</param>
public sealed class BackupRecords(Databases databases, string? folder)
{
    // What lay there when it was last compared, and when that was.
    private (string Names, DateTimeOffset At) seen = (string.Empty, default);

    private Guid? Folder => folder is null ? null : BackupFolder.IdOf(folder);

    private readonly Db db = new(databases.Service, Tenant.None);

    internal sealed record Entry(Guid Id, string Kind, string? Name, string Node, DateTimeOffset? Slot, string? AskedBy, string State, DateTimeOffset StartedAt, DateTimeOffset? EndedAt,
        long Bytes, long? RowCount, int LostFiles, string[] LostSome, DateTimeOffset? CopiedAt, string? CopyError, string? Problem, System.Text.Json.JsonElement Report);

    /// <summary>This machine, as the records name it.</summary>
    public static string Node { get; } = Environment.MachineName;

    /// <summary>Begins one, unless one is at work or its daily time has been seen to.</summary>
    /// <returns>Null: another is at work, or was.</returns>
    internal Task<Guid?> Begin(string kind, string? name, DateTimeOffset? slot, string? askedBy, CancellationToken ct) => db.InTransaction(async t =>
    {
        await t.Run($"update platform.backups b set state = 'failed', ended_at = now(), problem = 'Whoever made it ended.' where b.state = 'running' and b.seen_at < now() - interval '1 minute'", ct);
        return await t.Find<Guid?>($"""
            insert into platform.backups (kind, name, node, folder, slot, asked_by) values ({kind}, {name}, {Node}, {(kind == "backup" ? Folder : null)}, {slot}, {askedBy})
            on conflict do nothing returning id
            """, ct);
    }, ct);

    internal Task Seen(Guid id, long bytes, CancellationToken ct) =>
        db.Run($"update platform.backups b set seen_at = now(), bytes = greatest(b.bytes, {bytes}) where b.id = {id} and b.state = 'running'", ct);

    internal Task Complete(Guid id, BackupFolder backup, CancellationToken ct) => db.Run($"""
        update platform.backups b set state = 'complete', ended_at = now(), name = {backup.Name}, bytes = {backup.Bytes}, row_count = {backup.Manifest.Rows.Values.Sum()},
               lost_files = {backup.Manifest.Lost?.Count ?? 0}, lost_some = {Some(backup)}
        where b.id = {id}
        """, ct);

    private static string[] Some(BackupFolder backup) => [.. backup.Manifest.Lost?.Some.Take(LostFiles.SomeAtMost) ?? []];

    internal Task Tested(Guid id, string? problem, Json report, CancellationToken ct) => db.Run($"""
        update platform.backups b set state = {(problem is null ? "complete" : "failed")}, ended_at = now(), problem = {problem}, report = {report} where b.id = {id}
        """, ct);

    internal Task Fail(Guid id, string problem, CancellationToken ct) =>
        db.Run($"update platform.backups b set state = 'failed', ended_at = now(), problem = left({problem}, 2000) where b.id = {id} and b.state = 'running'", ct);

    /// <summary>It was copied to the storage elsewhere, or could not be.</summary>
    public Task Copied(string name, string? error, CancellationToken ct) => db.Run($"""
        update platform.backups b set copied_at = case when {error}::text is null then now() else b.copied_at end, copy_error = left({error}, 2000)
        where b.kind = 'backup' and b.state = 'complete' and b.name = {name}
        """, ct);

    /// <summary>Which of these were not copied yet, the newest first.</summary>
    internal Task<List<string>> Uncopied(IEnumerable<string> names, CancellationToken ct) => db.List<string>($"""
        select b.name from platform.backups b where b.kind = 'backup' and b.state = 'complete' and b.copied_at is null and b.name = any({names.ToArray()}) order by b.started_at desc
        """, ct);

    internal Task Removed(IReadOnlyList<string> names, CancellationToken ct) =>
        db.Run($"update platform.backups b set state = 'removed' where b.name = any({names.ToArray()}) and b.state = 'complete' and b.kind = 'backup'", ct);

    /// <summary>Whether a backup of that daily time is wanted: none was made since, and none failed within the hour.</summary>
    internal Task<bool> Due(DateTimeOffset slot, CancellationToken ct) => db.One<bool>($"""
        select not exists (select from platform.backups b where b.kind = 'backup'
                             and (b.state in ('complete', 'removed') and b.started_at >= {slot}
                                  or b.slot = {slot} and b.state = 'failed' and b.ended_at > now() - interval '1 hour'))
           and coalesce((select min(m.applied_at) < {slot} from platform.schema_migrations m), false)
        """, ct);

    /// <summary>When a restore was last tried, however it went.</summary>
    internal async Task<DateTimeOffset?> LastTrial(CancellationToken ct) =>
        await db.One<DateTimeOffset?>($"select max(b.started_at) from platform.backups b where b.kind = 'test'", ct);

    internal Task<List<Entry>> List(CancellationToken ct) => db.List<Entry>($"""
        select b.id, b.kind, b.name, b.node, b.slot, b.asked_by, b.state, b.started_at, b.ended_at, b.bytes, b.row_count, b.lost_files, b.lost_some, b.copied_at, b.copy_error, b.problem, b.report
        from platform.backups b where b.started_at > now() - interval '400 days' order by b.started_at desc limit 500
        """, ct);

    /// <summary>
    /// Takes in what lies on this node's disk and is not known here (made by the command, or before a restore), and notes what is gone from it.
    /// </summary>
    /// <param name="there">What lies there.</param>
    /// <param name="at">Now. What is younger than a minute is left alone: whoever makes it is about to write it down.</param>
    /// <param name="ct">Stops it.</param>
    public async Task Reconcile(IReadOnlyList<BackupFolder> there, DateTimeOffset at, CancellationToken ct)
    {
        await db.Run($"update platform.backups b set state = 'failed', ended_at = now(), problem = 'Whoever made it ended.' where b.state = 'running' and b.seen_at < now() - interval '1 minute'", ct);
        var settled = there.Where(b => !b.Manifest.Anonymised && b.Manifest.EndedAt < at.AddMinutes(-1)).ToList();
        var names = $"{string.Join(' ', settled.Select(b => b.Name))}; {string.Join(' ', there.Select(b => b.Name))}";
        // Now and then all the same: one may have come and gone between two looks.
        if (Folder is not { } id || seen.Names == names && (at - seen.At).Duration() < TimeSpan.FromHours(1)) return;
        await Add(settled, id, ct);
        await db.Run($"""
            update platform.backups b set state = 'removed'
            where b.kind = 'backup' and b.state = 'complete' and b.folder = {id} and b.ended_at < now() - interval '1 minute' and b.name <> all({there.Select(b => b.Name).ToArray()})
            """, ct);
        seen = (names, at);
    }

    private Task Add(IReadOnlyList<BackupFolder> some, Guid? id, CancellationToken ct) => db.Run($"""
        insert into platform.backups (kind, name, node, folder, state, started_at, ended_at, bytes, row_count, lost_files, lost_some)
        select 'backup', b.name, {Node}, {id}, 'complete', b.started_at, b.ended_at, b.bytes, b.row_count, b.lost_files, string_to_array(b.lost_some, ' ')
        from unnest({some.Select(b => b.Name).ToArray()}::text[], {some.Select(b => b.Manifest.StartedAt.ToUniversalTime()).ToArray()}::timestamptz[], {some.Select(b => b.Manifest.EndedAt.ToUniversalTime()).ToArray()}::timestamptz[],
                    {some.Select(b => b.Bytes).ToArray()}::bigint[], {some.Select(b => b.Manifest.Rows.Values.Sum()).ToArray()}::bigint[],
                    {some.Select(b => b.Manifest.Lost?.Count ?? 0).ToArray()}::integer[], {some.Select(b => string.Join(' ', Some(b))).ToArray()}::text[]) as b (name, started_at, ended_at, bytes, row_count, lost_files, lost_some)
        on conflict do nothing
        """, ct);

    internal sealed record Newest(DateTimeOffset StartedAt, long Bytes, int LostFiles);

    /// <summary>The newest whole one; null: there is none.</summary>
    internal Task<Newest?> FindNewest(CancellationToken ct) => db.Find<Newest>($"""
        select b.started_at, b.bytes, b.lost_files from platform.backups b where b.kind = 'backup' and b.state = 'complete' order by b.started_at desc limit 1
        """, ct);

    /// <summary>The command tells of a backup it made, where the database is new enough to know of them.</summary>
    public async Task Remember(BackupFolder made, CancellationToken ct)
    {
        try { await Add([made], Folder, ct); }
        // A database of an older build: whatever serves it next takes them in.
        catch (PostgresException e) when (e.SqlState is "42P01" or "42703") { return; }
    }
}

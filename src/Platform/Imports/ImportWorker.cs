using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Log;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Imports;

/// <summary>Looks for work on imports once a second.</summary>
internal sealed partial class ImportHost(ImportWorker worker, ILogger<ImportHost> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? said = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await worker.RunNext(stoppingToken)) continue;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (NpgsqlException e)
            {
                if (said is null || TimeProvider.System.GetElapsedTime(said.Value) >= ImportWorker.SayAgain)
                {
                    said = TimeProvider.System.GetTimestamp();
                    LogAway(e.Message);
                }
            }
            await Task.Delay(1000, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Imports wait for the database: {Reason}")]
    private partial void LogAway(string reason);
}

/// <summary>
/// Works on one import at a time, under a lease. Each group of lines, the import's counts and the renewed lease commit
/// together; a worker that lost its lease (it was paused, another took over) finds no row to update and rolls back, so
/// no line is ever taken twice.
/// </summary>
public sealed partial class ImportWorker(Databases databases, IEnumerable<IImporter> importers, ILogger<ImportWorker> logger)
{
    private const int LinesPerStage = 20_000;
    private const int Tries = 5;

    internal static readonly TimeSpan SayAgain = TimeSpan.FromSeconds(30);

    private readonly Guid self = Guid.NewGuid();
    private (Guid Import, long At) warned;

    private sealed record Claimed(Guid OrganizationId, Guid Id, Guid WorkspaceId, string Kind, string State, byte[]? Sha256, string? Mapping, long LinesRead, string? WriteCursor);

    private sealed class LeaseLost : Exception;

    /// <summary>Takes the oldest import nobody works on and works on it until it is done, fails or is taken away.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> RunNext(CancellationToken ct, Guid? only = null)
    {
        var claimed = await new Db(databases.Service, Tenant.None).Find<Claimed>($"""
            update platform.imports i
            set worker = {self}, leased_until = now() + interval '30 seconds', started_at = coalesce(i.started_at, now())
            where (i.organization_id, i.id) = (
                select w.organization_id, w.id from platform.imports w
                where w.state in ('queued', 'reading', 'writing', 'cancelling', 'undoing')
                and (w.leased_until is null or w.leased_until < now())
                and ({only}::uuid is null or w.id = {only})
                order by w.created_at
                for update skip locked
                limit 1
            )
            returning i.organization_id, i.id, i.workspace_id, i.kind, i.state, i.sha256, i.mapping::text as mapping, i.lines_read, i.write_cursor
            """, ct);
        if (claimed is null) return false;
        await Guard(claimed, ct);
        return true;
    }

    private async Task Guard(Claimed claimed, CancellationToken ct)
    {
        var db = new Db(databases.Application, new Tenant(claimed.OrganizationId, null, Access.System, claimed.WorkspaceId));
        using var scope = logger.BeginScope(new OrganizationScope(claimed.OrganizationId));
        using var span = PlatformFigures.Begin($"import {claimed.Kind}");
        span?.SetTag("clientele.import", claimed.Id).SetTag("clientele.organization", claimed.OrganizationId);
        var last = TimeProvider.System.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            // Troubles far apart are not one trouble that will not go away.
            if (TimeProvider.System.GetElapsedTime(last) > TimeSpan.FromMinutes(1)) attempt = 1;
            last = TimeProvider.System.GetTimestamp();
            try
            {
                await Work(db, claimed, ct);
                return;
            }
            catch (LeaseLost)
            {
                await Release(db, claimed.Id, CancellationToken.None);
                return;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                await Release(db, claimed.Id, CancellationToken.None);
                throw;
            }
            catch (Problem problem)
            {
                await Fail(db, claimed.Id, problem.Message);
                return;
            }
            catch (NpgsqlException e) when (e.IsTransient)
            {
                // PostgreSQL is away, or what it refused passes by itself (a deadlock, a full disk). Everything committed stays; go on from there, as long as it takes.
                Warn(e.Message, claimed.Id);
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(attempt, 10)), ct);
                claimed = await Reclaim(claimed, ct);
                if (claimed.State.Length == 0) return;
            }
            catch (Exception e) when (attempt >= Tries || e is not NpgsqlException)
            {
                LogBroken(e, claimed.Id);
                await Fail(db, claimed.Id, $"The import stopped on an unexpected error: {e.Message} Nothing that was written is lost; start it again to go on.");
                return;
            }
            catch (NpgsqlException e)
            {
                LogBroken(e, claimed.Id);
                claimed = await Reclaim(claimed, ct);
                if (claimed.State.Length == 0) return;
            }
        }
    }

    private async Task Work(Db db, Claimed claimed, CancellationToken ct)
    {
        var importer = importers.FirstOrDefault(i => i.Kind == claimed.Kind)
            ?? throw new Problem(400, "unknown_kind", $"Nothing here imports {claimed.Kind}.");
        switch (claimed.State)
        {
            case "queued":
                await Move(db, claimed.Id, "queued", "reading", ct);
                goto case "reading";
            case "reading":
                await Read(db, importer, claimed, ct);
                await Move(db, claimed.Id, "reading", "writing", ct);
                goto case "writing";
            case "writing":
                await Write(db, importer, Job(claimed), ct);
                await FillRejects(db, Job(claimed), "writing", ct);
                await Finish(db, claimed.Id, "writing", "completed", ct);
                await Settle(importer, claimed.Id, ct);
                break;
            case "cancelling":
                await db.InTransaction(t => importer.DropStaged(t, Job(claimed), ct), ct);
                await FillRejects(db, Job(claimed), "cancelling", ct);
                await Finish(db, claimed.Id, "cancelling", "cancelled", ct);
                break;
            case "undoing":
                await Undo(db, importer, Job(claimed), ct);
                await Finish(db, claimed.Id, "undoing", "undone", ct);
                break;
        }
    }

    // New rows are neither in the statistics nor marked as visible to all: until they are, questions over them take
    // three times as long. The owner alone may vacuum.
    private async Task Settle(IImporter importer, Guid id, CancellationToken ct)
    {
        try
        {
            await using var owner = await databases.OpenOwner(ct);
            var tables = Sql.Join(", ", importer.Tables.Select(table => Sql.Join(".", table.Split('.').Select(Sql.Identifier))));
            await using var vacuum = new NpgsqlBatch(owner) { Timeout = 600 };
            await Db.Run(vacuum, null, $"vacuum (analyze, skip_locked) {tables}", ct);
        }
        catch (NpgsqlException e) { LogUnsettled(e.Message, id); }
    }

    private async Task Read(Db db, IImporter importer, Claimed claimed, CancellationToken ct)
    {
        var job = Job(claimed);
        var format = job.Mapping.Format!;
        using var reader = await RecordReader.Open(new PieceReader(db, claimed.Id), format.Delimiter!, format.Encoding!);
        var mapping = Bind(importer, job.Mapping, reader.Columns);
        for (var skip = 1L; skip <= claimed.LinesRead; skip++)
        {
            await reader.Next();
            if (skip % 50_000 == 0) await db.InTransaction(t => Hold(t, job.Id, "reading", $"lines_read = i.lines_read", ct), ct);
        }
        var read = claimed.LinesRead;
        var more = true;
        while (more)
        {
            var lines = new List<object>(LinesPerStage);
            var rejects = new List<RejectedLine>();
            while (lines.Count + rejects.Count < LinesPerStage && (more = await reader.Next() is { } record && Take(importer, mapping, record, lines, rejects))) { }
            read += lines.Count + rejects.Count;
            await db.InTransaction(async t =>
            {
                await Reject(t, job, rejects, ct);
                await importer.Stage(t, job, lines, ct);
                await Hold(t, job.Id, "reading", $"""
                    lines_read = {read}, lines = case when {more} then greatest(i.lines, {read}) else {read} end,
                    accepted = i.accepted + {lines.Count}, staged = i.staged + {lines.Count}, rejected = i.rejected + {rejects.Count}
                    """, ct);
            }, ct);
        }
    }

    private static bool Take(IImporter importer, BoundMapping mapping, RawRecord record, List<object> lines, List<RejectedLine> rejects)
    {
        var (values, problem) = mapping.Read(record.Fields);
        object? line = null;
        if (values is not null) (line, problem) = importer.Parse(mapping, record.Line, values);
        if (line is not null) lines.Add(line);
        else rejects.Add(new RejectedLine(record.Line, problem!, record.Fields));
        return true;
    }

    private async Task Write(Db db, IImporter importer, ImportJob job, CancellationToken ct)
    {
        WrittenGroup group;
        var groups = 0;
        do
        {
            group = await db.InTransaction(async t =>
            {
                // Plans made for the empty tables of the first groups would be kept for the full ones of the last: measured, 1.7 times slower.
                if (int.IsPow2(++groups)) await t.Run($"discard plans", ct);
                var written = await importer.WriteNext(t, job, ct);
                await Reject(t, job, written.Rejected, ct);
                await Hold(t, job.Id, "writing", $"""
                    written = i.written + {written.Lines}, duplicates = i.duplicates + {written.Duplicates},
                    accepted = i.accepted - {written.Duplicates + written.Rejected.Count}, rejected = i.rejected + {written.Rejected.Count},
                    counts = {Added(written.Counts)}, write_cursor = {written.Cursor}
                    """, ct);
                return written;
            }, ct);
            job = job with { Cursor = group.Cursor };
        }
        while (group.Lines > 0);
    }

    // The importer refuses lines it cannot write by their number; what stood on them is in the file.
    private async Task FillRejects(Db db, ImportJob job, string state, CancellationToken ct)
    {
        var bare = (await db.List<long>($"select r.line from platform.import_rejects r where r.import_id = {job.Id} and r.fields = '{Sql.Raw("{}")}'", ct)).ToHashSet();
        if (bare.Count == 0) return;
        using var reader = await RecordReader.Open(new PieceReader(db, job.Id), job.Mapping.Format!.Delimiter!, job.Mapping.Format.Encoding!);
        var found = new List<RawRecord>();
        for (var read = 1L; bare.Count > 0; read++)
        {
            var record = await reader.Next();
            if (read % 50_000 == 0) await db.InTransaction(t => Hold(t, job.Id, state, $"lines_read = i.lines_read", ct), ct);
            if (record is { } r && bare.Remove(r.Line)) found.Add(r);
            if (found.Count < 1000 && bare.Count > 0 && record is not null) continue;
            await db.Run($"""
                update platform.import_rejects r
                set fields = array(select jsonb_array_elements_text(f.fields::jsonb))
                from unnest({found.Select(f => f.Line).ToArray()}, {found.Select(f => JsonSerializer.Serialize(f.Fields)).ToArray()}) as f (line, fields)
                where r.import_id = {job.Id} and r.line = f.line
                """, ct);
            found.Clear();
            if (record is null) return;
        }
    }

    private async Task Undo(Db db, IImporter importer, ImportJob job, CancellationToken ct)
    {
        // An import that failed may have left lines it never wrote.
        await db.InTransaction(t => importer.DropStaged(t, job, ct), ct);
        long taken;
        do
        {
            taken = await db.InTransaction(async t =>
            {
                var undone = await importer.UndoNext(t, job, ct);
                await Hold(t, job.Id, "undoing", $"counts = {Added(new Dictionary<string, long> { ["undone"] = undone })}", ct);
                return undone;
            }, ct);
        }
        while (taken > 0);
    }

    private static Sql Added(IReadOnlyDictionary<string, long> counts)
    {
        var json = JsonSerializer.Serialize(counts);
        return $"""
            (select coalesce(jsonb_object_agg(k.name, k.total), '{Sql.Raw("{}")}')
             from (select n.key as name, sum(n.value::bigint) as total
                   from (select * from jsonb_each_text(i.counts) union all select * from jsonb_each_text({json}::jsonb)) as n
                   group by n.key) as k)
            """;
    }

    private static Task Reject(Transaction t, ImportJob job, IReadOnlyList<RejectedLine> rejects, CancellationToken ct) => rejects.Count == 0 ? Task.CompletedTask : t.Run($"""
        insert into platform.import_rejects (organization_id, import_id, line, reason, fields)
        select {job.OrganizationId}, {job.Id}, r.line, r.reason, array(select jsonb_array_elements_text(r.fields::jsonb))
        from unnest({rejects.Select(r => r.Line).ToArray()}, {rejects.Select(r => r.Reason).ToArray()},
                    {rejects.Select(r => JsonSerializer.Serialize(r.Fields.Select(f => f.Replace("\0", "", StringComparison.Ordinal)))).ToArray()}) as r (line, reason, fields)
        on conflict do nothing
        """, ct);

    // The heart of it: counts and lease in the group's own transaction, or the group does not commit.
    private async Task Hold(Transaction t, Guid id, string state, Sql changes, CancellationToken ct)
    {
        var held = await t.Run($"""
            update platform.imports i
            set {changes}, leased_until = now() + interval '30 seconds'
            where i.id = {id} and i.state = {state} and i.worker = {self}
            """, ct);
        if (held == 0) throw new LeaseLost();
    }

    private async Task Move(Db db, Guid id, string from, string to, CancellationToken ct)
    {
        if (await db.Run($"update platform.imports i set state = {to} where i.id = {id} and i.state = {from} and i.worker = {self}", ct) == 0)
            throw new LeaseLost();
    }

    private async Task Finish(Db db, Guid id, string from, string to, CancellationToken ct) => await db.InTransaction(async t =>
    {
        await Hold(t, id, from, $"state = {to}, finished_at = now(), worker = null", ct);
        if (to == "undone") await EventLog.Undo(t, id, ct);
        // A cancelled import may be started again and needs its file; a completed one can be undone without it.
        if (to is "completed" or "undone") await t.Run($"delete from platform.import_pieces p where p.import_id = {id}", ct);
    }, ct);

    // An undo that has begun can only go on: it is tried again in five minutes.
    private async Task Fail(Db db, Guid id, string problem) => await db.Run($"""
        update platform.imports i
        set state = case when i.state in ('undoing', 'cancelling') then i.state else 'failed' end, problem = {problem},
            finished_at = case when i.state in ('undoing', 'cancelling') then null else now() end,
            worker = null, leased_until = case when i.state in ('undoing', 'cancelling') then now() + interval '5 minutes' end
        where i.id = {id} and i.worker = {self} and i.state in ('queued', 'reading', 'writing', 'undoing', 'cancelling')
        """, CancellationToken.None);

    private async Task Release(Db db, Guid id, CancellationToken ct)
    {
        try { await db.Run($"update platform.imports i set worker = null, leased_until = null where i.id = {id} and i.worker = {self}", ct); }
        catch (NpgsqlException e) { Warn(e.Message, id); } // the lease runs out by itself
    }

    private async Task<Claimed> Reclaim(Claimed claimed, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                return await new Db(databases.Service, Tenant.None).Find<Claimed>($"""
                    update platform.imports i set leased_until = now() + interval '30 seconds'
                    where i.id = {claimed.Id} and i.worker = {self}
                    returning i.organization_id, i.id, i.workspace_id, i.kind, i.state, i.sha256, i.mapping::text as mapping, i.lines_read, i.write_cursor
                    """, ct) ?? claimed with { State = string.Empty };
            }
            catch (NpgsqlException e)
            {
                Warn(e.Message, claimed.Id);
                await Task.Delay(1000, ct);
            }
        }
    }

    private static ImportJob Job(Claimed claimed) =>
        new(claimed.OrganizationId, claimed.Id, claimed.WorkspaceId, claimed.Sha256!, Mapping.Parse(claimed.Mapping!), claimed.WriteCursor);

    private static BoundMapping Bind(IImporter importer, Mapping mapping, string[] columns)
    {
        var (bound, problems) = BoundMapping.Bind(mapping, importer, columns);
        return bound ?? throw Problem.Invalid(problems);
    }

    // What stays away is said again now and then, not at each look.
    private void Warn(string reason, Guid import)
    {
        if (warned.Import == import && TimeProvider.System.GetElapsedTime(warned.At) < SayAgain) return;
        warned = (import, TimeProvider.System.GetTimestamp());
        LogRetry(reason, import);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Import {Import} waits for the database: {Reason}")]
    private partial void LogRetry(string reason, Guid import);

    [LoggerMessage(Level = LogLevel.Warning, Message = "After import {Import} the tables were not vacuumed; autovacuum will: {Reason}")]
    private partial void LogUnsettled(string reason, Guid import);

    [LoggerMessage(Level = LogLevel.Error, Message = "Import {Import} broke")]
    private partial void LogBroken(Exception exception, Guid import);
}

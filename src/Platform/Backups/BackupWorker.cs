using Clientele.Platform.Data;
using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Secrets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Backups;

/// <summary>
/// Makes the daily backup, removes old ones and restores the newest on trial now and then. Any number of nodes do; the database
/// lets one at a time. A time that was missed, since no node ran, is made up for.
/// </summary>
public sealed partial class BackupWorker(Databases databases, IReadOnlyList<IModule> modules, KeyRing keys, TimeProvider clock, ILogger<BackupWorker> logger, BackupOptions? options = null, ArchiveKeeper? archive = null, BackupCopies? copies = null, BackupFigures? figures = null) : BackgroundService
{
    private readonly BackupRecords records = new(databases, options?.Folder);
    private readonly CancellationTokenSource ending = new();
    private Task atWork = Task.CompletedTask;
    private DateTimeOffset copyAgain, makeAgain;

    /// <summary>Null: this node makes none.</summary>
    public BackupOptions? Options => options;

    internal BackupRecords Records => records;

    /// <summary>How the archive for point-in-time recovery stands; null: this node keeps none.</summary>
    public ArchiveStatus? Archive => archive?.Status();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options is null) return;
        await using var end = stoppingToken.Register(ending.Cancel);
        // What was restored knows of no backup that came later, and of its own only that it had begun.
        try { await records.Reconcile(BackupFolder.List(options.Folder), TimeProvider.System.GetUtcNow(), stoppingToken); }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
        catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException) { LogAway(e); }
        // A base copy is what everything after it can be gone back with: the sooner the better.
        await LookAtArchive(stoppingToken);
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), clock);
        while (await Tick(timer, stoppingToken))
        {
            await LookAtArchive(stoppingToken);
            try { await RunDue(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException) { LogAway(e); }
        }
        await atWork;
    }

    /// <summary>Makes the backup whose time has come, and tries the newest when that is due.</summary>
    /// <returns>How many of the two were done.</returns>
    public async Task<int> RunDue(CancellationToken ct)
    {
        if (options is null) return 0;
        await records.Reconcile(BackupFolder.List(options.Folder), TimeProvider.System.GetUtcNow(), ct);
        figures?.Newest = await records.FindNewest(ct);
        var done = 0;
        if (Slot() is { } slot && clock.GetUtcNow() >= makeAgain && await records.Due(slot, ct) && await records.Begin("backup", null, slot, null, ct) is { } id)
        {
            await Make(id, ct);
            done++;
        }
        // Not only with the next: that may fail for days.
        await Prune(ct);
        await CopyWaiting(ct);
        if (options.TestDays > 0 && BackupFolder.List(options.Folder).FirstOrDefault(b => !b.Manifest.Anonymised) is { } newest && await TrialDue(newest, ct)
            && await records.Begin("test", newest.Name, null, null, ct) is { } trial)
        {
            await Try(trial, newest, ct);
            done++;
        }
        return done;
    }

    private async Task LookAtArchive(CancellationToken ct)
    {
        if (archive is null) return;
        try
        {
            await archive.Look(ct);
            figures?.Archive = archive.Status();
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { return; }
        catch (Exception e) when (e is NpgsqlException or IOException or UnauthorizedAccessException) { LogArchive(e); }
    }

    /// <summary>Begins a backup now, for somebody.</summary>
    /// <returns>False: one is at work.</returns>
    internal async Task<bool> Ask(string askedBy, CancellationToken ct)
    {
        if (options is null || await records.Begin("backup", null, null, askedBy, ct) is not { } id) return false;
        atWork = Task.Run(() => Make(id, ending.Token), CancellationToken.None);
        return true;
    }

    /// <summary>Begins a trial now, for somebody.</summary>
    /// <returns>False: something is at work.</returns>
    internal async Task<bool> AskTrial(BackupFolder backup, string askedBy, CancellationToken ct)
    {
        if (options is null || await records.Begin("test", backup.Name, null, askedBy, ct) is not { } id) return false;
        atWork = Task.Run(() => Try(id, backup, ending.Token), CancellationToken.None);
        return true;
    }

    /// <summary>The last daily time that has come; null: there is none.</summary>
    internal DateTimeOffset? Slot()
    {
        if (options?.At is not { } at) return null;
        var now = clock.GetUtcNow().UtcDateTime;
        var today = DateOnly.FromDateTime(now).ToDateTime(at, DateTimeKind.Utc);
        return today <= now ? today : today.AddDays(-1);
    }

    // A trial that just failed is not repeated before the next backup or day, whichever comes later.
    private async Task<bool> TrialDue(BackupFolder newest, CancellationToken ct) =>
        await records.LastTrial(ct) is not { } last || last < clock.GetUtcNow().AddDays(-options!.TestDays) && last < newest.Manifest.EndedAt;

    private async Task Make(Guid id, CancellationToken ct)
    {
        try
        {
            var backup = await Accompanied(id, told => MakeBackup.Run(options!, keys, withKeys: false, told, ct));
            await records.Complete(id, backup, CancellationToken.None);
            figures?.Ended("backup", "complete");
            figures?.Newest = await records.FindNewest(CancellationToken.None);
            if (backup.Manifest.Lost is { } lost) LogLost(backup.Name, lost);
            (copyAgain, makeAgain) = (default, default);
            await Prune(CancellationToken.None);
            await CopyWaiting(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { await Fail(id, "backup", "The server was stopped."); }
        catch (SetupException e)
        {
            // A right or a program is missing, which an hour does not mend: said once a day.
            makeAgain = clock.GetUtcNow().AddDays(1);
            LogCannot(e.Message);
            await Fail(id, "backup", e.Message);
        }
        catch (Exception e) when (Expected(e))
        {
            LogFailed(e);
            await Fail(id, "backup", e.Message);
        }
    }

    private async Task Prune(CancellationToken ct)
    {
        if (await Retention.Prune(options!, options!.KeepDays, ct) is { Count: > 0 } removed) await records.Removed(removed, CancellationToken.None);
    }

    // Also those made while the storage was away, or before there was one. A backup that could not be copied is still one; the
    // copy is tried again in an hour, or with the next. Nodes that share a folder do it one at a time.
    private async Task CopyWaiting(CancellationToken ct)
    {
        if (copies is null || clock.GetUtcNow() < copyAgain || (await Waiting(ct)).Count == 0) return;
        await MakeBackup.Alone(options!.Administrator, MakeBackup.CopyLock, async () =>
        {
            foreach (var backup in await Waiting(ct))
                if (!await Copy(backup, copies, ct)) break;
            return this;
        }, ct);
    }

    private async Task<List<BackupFolder>> Waiting(CancellationToken ct)
    {
        var here = BackupFolder.List(options!.Folder).Where(b => !b.Manifest.Anonymised).ToList();
        var names = await records.Uncopied(here.Select(b => b.Name), ct);
        return here.FindAll(b => names.Contains(b.Name));
    }

    private async Task<bool> Copy(BackupFolder backup, BackupCopies to, CancellationToken ct)
    {
        try
        {
            await to.Put(backup, ct);
            await to.Prune(options!.KeepDays, clock.GetUtcNow(), ct);
            await records.Copied(backup.Name, null, CancellationToken.None);
            return true;
        }
        catch (Exception e) when (e is BackupException or IOException or UnauthorizedAccessException)
        {
            copyAgain = clock.GetUtcNow().AddHours(1);
            LogNotCopied(e, backup.Name);
            await records.Copied(backup.Name, e.Message, CancellationToken.None);
            return false;
        }
    }

    private async Task Try(Guid id, BackupFolder backup, CancellationToken ct)
    {
        try
        {
            var report = await Accompanied(id, _ => TrialRestore.Run(options!, backup, modules, keys, _ => { }, ct));
            var problem = report.Passed ? null : report.WrongRows.Count > 0 ? $"Other rows than when it was made: {string.Join(", ", report.WrongRows.Take(5))}." : $"Did not pass: {string.Join(", ", report.Checks.Where(c => c.Faults > 0).Select(c => c.Name))}.";
            if (problem is not null) LogNotPassed(backup.Name, problem);
            await records.Tested(id, problem, Json.Of(new { checks = report.Checks, wrongRows = report.WrongRows }), CancellationToken.None);
            figures?.Ended("test", problem is null ? "complete" : "failed");
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { await Fail(id, "test", "The server was stopped."); }
        catch (Exception e) when (Expected(e))
        {
            LogNotPassed(backup.Name, e.Message);
            await Fail(id, "test", e.Message);
        }
    }

    // Says every few seconds that it is at work, so that another node does not take it for dead.
    private async Task<T> Accompanied<T>(Guid id, Func<Action<long>, Task<T>> work)
    {
        var bytes = 0L;
        var working = work(written => Interlocked.Exchange(ref bytes, written));
        while (await Task.WhenAny(working, Task.Delay(TimeSpan.FromSeconds(3))) != working)
        {
            try { await records.Seen(id, Interlocked.Read(ref bytes), CancellationToken.None); }
            catch (NpgsqlException e) { LogAway(e); }
        }
        return await working;
    }

    private async Task Fail(Guid id, string kind, string problem)
    {
        figures?.Ended(kind, "failed");
        try { await records.Fail(id, problem, CancellationToken.None); }
        // A minute of silence says the same.
        catch (NpgsqlException e) { LogAway(e); }
    }

    private static bool Expected(Exception e) => e is IOException or SetupException or NpgsqlException or UnauthorizedAccessException or System.ComponentModel.Win32Exception or TimeoutException;

    private static async Task<bool> Tick(PeriodicTimer timer, CancellationToken ct)
    {
        try { return await timer.WaitForNextTickAsync(ct); }
        catch (OperationCanceledException) { return false; }
    }

    public override void Dispose()
    {
        ending.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The archive for point-in-time recovery could not be looked after; it is again in a minute")]
    private partial void LogArchive(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The backup {Name} was made, but could not be copied to the storage elsewhere")]
    private partial void LogNotCopied(Exception exception, string name);

    [LoggerMessage(Level = LogLevel.Error, Message = "No backups can be made here; it is tried again tomorrow. {Why}")]
    private partial void LogCannot(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The backup {Name} was made. {Lost}")]
    private partial void LogLost(string name, LostFiles lost);

    [LoggerMessage(Level = LogLevel.Error, Message = "The backup failed; a daily one is tried again in an hour")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The backup {Name} could not be restored on trial: {Problem}")]
    private partial void LogNotPassed(string name, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Backups could not be looked after; they are again in a minute")]
    private partial void LogAway(Exception exception);
}

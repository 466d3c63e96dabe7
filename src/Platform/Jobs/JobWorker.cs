using System.Diagnostics;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Jobs;

/// <summary>
/// Runs scheduled jobs that are due, several at once. Any number of nodes do: a job is taken under a lease of a minute, which its
/// worker renews every few seconds, and how each run ended and when the job comes next is written by the database
/// (<c>platform.claim_jobs</c>, <c>renew_job</c>, <c>finish_job</c>). A worker that lost its lease stops, and cannot finish the run.
/// </summary>
public sealed partial class JobWorker(Databases databases, IEnumerable<JobHandler> handlers, TimeProvider clock, ILogger<JobWorker> logger) : BackgroundService
{
    /// <summary>How many jobs a node works on at once.</summary>
    private const int AtOnce = 4;

    private readonly Db db = new(databases.Service, Tenant.None);
    private readonly Guid worker = Guid.CreateVersion7();
    private readonly Dictionary<string, JobHandler> byType = handlers.ToDictionary(h => h.Type, StringComparer.Ordinal);

    /// <summary>Between two renewals of a lease; so soon people see progress, and a worker learns that it is to stop.</summary>
    public TimeSpan Pulse { get; init; } = TimeSpan.FromSeconds(3);

    private sealed record Claimed(Guid OrganizationId, Guid Id, string Name, string Type, JsonElement Config, int TimeoutSeconds);

    private sealed record Outcome(string Status, string? Error = null, string Result = "{}", bool Again = true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var running = new List<Task>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(3), clock);
        do
        {
            try
            {
                running.RemoveAll(t => t.IsCompleted);
                while (running.Count < AtOnce && await Claim(stoppingToken) is { } job) running.Add(Task.Run(() => SeeThrough(job, stoppingToken), CancellationToken.None));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (NpgsqlException e) { LogAway(e); }
        }
        while (await Tick(timer, stoppingToken));
        await Task.WhenAll(running);
    }

    /// <summary>Takes one job that is due, if there is one, and sees it through.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> RunNext(CancellationToken ct)
    {
        if (await Claim(ct) is not { } job) return false;
        await SeeThrough(job, ct);
        return true;
    }

    private Task<Claimed?> Claim(CancellationToken ct) => db.Find<Claimed>($"""
        select r.organization_id, r.id, j.job_name as name, j.job_type as type, j.job_config as config, j.timeout_seconds
        from platform.claim_jobs({worker}) r
        join platform.scheduled_jobs j on j.organization_id = r.organization_id and j.id = r.job_id
        """, ct);

    private async Task SeeThrough(Claimed job, CancellationToken ct)
    {
        var run = new JobRun(job.Id, new Db(databases.Application, Tenant.System(job.OrganizationId)), job.Config);
        using var scope = logger.BeginScope(new OrganizationScope(job.OrganizationId));
        using var span = PlatformFigures.Begin($"job {job.Type}");
        span?.SetTag("clientele.job.type", job.Type).SetTag("clientele.job.run", job.Id).SetTag("clientele.organization", job.OrganizationId);
        var began = clock.GetTimestamp();
        try
        {
            if (await Work(job, run, ct) is not { } outcome) return;
            PlatformFigures.JobRan(job.Type, outcome.Status, clock.GetElapsedTime(began).TotalSeconds);
            span?.SetTag("clientele.job.status", outcome.Status);
            if (outcome.Status is "failed" or "timeout") span?.SetStatus(ActivityStatusCode.Error);
            if (outcome.Error is { } error) run.Fail(error);
            await Tell(job, run, CancellationToken.None);
            if (run.Now is { Done: not null } last)
                await db.Run($"select platform.renew_job({job.OrganizationId}, {job.Id}, {worker}, {last.Done}, {last.Total}, {last.Note})", CancellationToken.None);
            // Also when we are being stopped: the next node need not wait for the lease.
            await db.Run($"select platform.finish_job({job.OrganizationId}, {job.Id}, {outcome.Status}, {outcome.Error}, {outcome.Result}::jsonb, {outcome.Again})", CancellationToken.None);
        }
        catch (PostgresException e) when (e.SqlState == "CL001") { LogLost(job.Name); }
        // The lease runs out, and the job is tried again.
        catch (NpgsqlException e) { LogAway(e); }
    }

    /// <summary>Null: the run is another's by now, or over.</summary>
    private async Task<Outcome?> Work(Claimed job, JobRun run, CancellationToken ct)
    {
        if (!byType.TryGetValue(job.Type, out var handler))
        {
            LogNobody(job.Name);
            return new Outcome("failed", $"Nothing in this build works on jobs of the type \"{job.Type}\": its module is not here. Switch the job off.", Again: false);
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(job.TimeoutSeconds), clock);
        await using var linked = over.Token.Register(stop.Cancel);
        var work = Task.Run(() => Handle(handler, job, run, stop.Token), CancellationToken.None);
        var verdict = await Accompany(job, run, work, stop);
        var outcome = await work;
        if (verdict == "lost") { LogLost(job.Name); return null; }
        if (outcome.Status != "stopped") return outcome;
        // Not cancelled: nobody wanted it to stop, so it is tried again.
        if (ct.IsCancellationRequested) return new Outcome("failed", "The server was stopped.");
        if (verdict == "cancel") return new Outcome("cancelled", "It was cancelled by a person.");
        LogOver(job.Name);
        return new Outcome("timeout", $"It took longer than {job.TimeoutSeconds} seconds.");
    }

    // Renews the lease while the work goes on, and says when to stop.
    private async Task<string> Accompany(Claimed job, JobRun run, Task work, CancellationTokenSource stop)
    {
        var heard = clock.GetTimestamp();
        while (await Task.WhenAny(work, Task.Delay(Pulse, clock)) != work)
        {
            try
            {
                await Tell(job, run, CancellationToken.None);
                var (done, total, note) = run.Now;
                var answer = await db.One<string>($"select platform.renew_job({job.OrganizationId}, {job.Id}, {worker}, {done}, {total}, {note})", CancellationToken.None);
                heard = clock.GetTimestamp();
                if (answer == "go") continue;
                await stop.CancelAsync();
                return answer;
            }
            catch (NpgsqlException e)
            {
                LogAway(e);
                // By now the job may be another's.
                if (clock.GetElapsedTime(heard) < TimeSpan.FromSeconds(50)) continue;
                await stop.CancelAsync();
                return "lost";
            }
        }
        return "done";
    }

    private async Task<Outcome> Handle(JobHandler handler, Claimed job, JobRun run, CancellationToken stop)
    {
        try { return new Outcome("success", Result: JsonSerializer.Serialize(await handler.Run(run, stop), ApiJson.Options)); }
        catch (OperationCanceledException) when (stop.IsCancellationRequested) { return new Outcome("stopped"); }
        catch (Exception e)
        {
            LogFailed(e, job.Name);
            return new Outcome("failed", e switch
            {
                _ when Databases.IsAway(e) => "The database was away.",
                PostgresException database => database.MessageText,
                Problem problem => problem.Message,
                // What a bug says may hold anything; the server's log has it.
                _ => $"A fault of the server's own ({e.GetType().Name}); its log says more.",
            });
        }
    }

    private async Task Tell(Claimed job, JobRun run, CancellationToken ct)
    {
        var lines = run.TakeLines();
        if (lines.Count == 0) return;
        await db.Run($"""
            insert into platform.job_logs (organization_id, run_id, logged_at, level, message)
            select {job.OrganizationId}, {job.Id}, l.at, l.level, l.message
            from unnest({lines.Select(l => l.At).ToArray()}, {lines.Select(l => l.Level).ToArray()}, {lines.Select(l => l.Message).ToArray()}) as l (at, level, message)
            """, ct);
    }

    private static async Task<bool> Tick(PeriodicTimer timer, CancellationToken ct)
    {
        try { return await timer.WaitForNextTickAsync(ct); }
        catch (OperationCanceledException) { return false; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The job {Job} failed")]
    private partial void LogFailed(Exception exception, string job);

    [LoggerMessage(Level = LogLevel.Error, Message = "The job {Job} took longer than it may")]
    private partial void LogOver(string job);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing in this build works on the job {Job}")]
    private partial void LogNobody(string job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A run of the job {Job} was taken over by another node, or ended")]
    private partial void LogLost(string job);

    [LoggerMessage(Level = LogLevel.Error, Message = "Jobs could not be looked at; they are again in a few seconds")]
    private partial void LogAway(Exception exception);
}

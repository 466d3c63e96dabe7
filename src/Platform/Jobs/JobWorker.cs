using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Jobs;

/// <summary>
/// Runs scheduled jobs that are due. Any number of nodes do: a job is taken under a lease as long as its time limit, and each
/// run, how it ended and when the job comes next, is written by the database (<c>platform.claim_jobs</c>, <c>finish_job</c>).
/// </summary>
public sealed partial class JobWorker(Databases databases, IEnumerable<JobHandler> handlers, TimeProvider clock, ILogger<JobWorker> logger) : BackgroundService
{
    private readonly Db db = new(databases.Service, Tenant.None);
    private readonly Guid worker = Guid.CreateVersion7();
    private readonly Dictionary<string, JobHandler> byType = handlers.ToDictionary(h => h.Type, StringComparer.Ordinal);

    private sealed record Claimed(Guid OrganizationId, Guid Id, string Name, string Type, JsonElement Config, int TimeoutSeconds);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(10), clock);
        do
        {
            try
            {
                while (await RunNext(stoppingToken)) { }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (NpgsqlException e) { LogAway(e); }
        }
        while (await Tick(timer, stoppingToken));
    }

    /// <summary>Takes one job that is due, if there is one, and sees it through.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> RunNext(CancellationToken ct)
    {
        var job = await db.Find<Claimed>($"""
            select r.organization_id, r.id, j.job_name as name, j.job_type as type, j.job_config as config, j.timeout_seconds
            from platform.claim_jobs({worker}) r
            join platform.scheduled_jobs j on j.organization_id = r.organization_id and j.id = r.job_id
            """, ct);
        if (job is null) return false;
        var (outcome, error, result) = await Run(job, ct);
        // Also when we are being stopped: the next node need not wait for the lease.
        await db.Run($"select platform.finish_job({job.OrganizationId}, {job.Id}, {outcome}, {error}, {result}::jsonb)", CancellationToken.None);
        return true;
    }

    private async Task<(string Outcome, string? Error, string Result)> Run(Claimed job, CancellationToken ct)
    {
        if (!byType.TryGetValue(job.Type, out var handler)) return ("failed", $"Nothing in this build works on jobs of the type \"{job.Type}\". Disable the job.", "{}");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(job.TimeoutSeconds));
        try
        {
            var result = await handler.Run(new Db(databases.Application, Tenant.System(job.OrganizationId)), job.Config, limit.Token);
            return ("success", null, JsonSerializer.Serialize(result, ApiJson.Options));
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { return ("cancelled", "The server was stopped.", "{}"); }
        catch (OperationCanceledException) { return ("timeout", $"It took longer than {job.TimeoutSeconds} seconds.", "{}"); }
        catch (Exception e) when (e is PostgresException or Problems.Problem)
        {
            LogFailed(e, job.Name);
            return ("failed", e is PostgresException database ? database.MessageText : e.Message, "{}");
        }
    }

    private static async Task<bool> Tick(PeriodicTimer timer, CancellationToken ct)
    {
        try { return await timer.WaitForNextTickAsync(ct); }
        catch (OperationCanceledException) { return false; }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The job {Job} failed")]
    private partial void LogFailed(Exception exception, string job);

    [LoggerMessage(Level = LogLevel.Error, Message = "Jobs could not be looked at; they are again in ten seconds")]
    private partial void LogAway(Exception exception);
}

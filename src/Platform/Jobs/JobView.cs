using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Jobs;

/// <summary>A scheduled job as the API shows it.</summary>
/// <param name="Description">Of the announced job; else of its type.</param>
/// <param name="Schedule">As a cron expression, also when a frequency was given.</param>
/// <param name="MissedRuns"><c>run_once</c> or <c>skip</c>.</param>
/// <param name="HasWorker">A module of this build works on its type.</param>
/// <param name="Requested">Somebody asked for a run that has not begun yet.</param>
/// <param name="RunId">The run that is going on; null when there is none.</param>
/// <param name="LastSeconds">How long the last run took.</param>
/// <param name="MeanSeconds">How long runs took on average; null before the first.</param>
public sealed record JobView(
    Guid Id, string Name, string Type, string Description, string Schedule, string? CronExpression, string? Frequency, string TimeZone, JsonElement Config,
    int TimeoutSeconds, int MaxRetries, string MissedRuns, bool IsEnabled, bool HasWorker, DateTimeOffset? NextRunAt, bool Requested, Guid? RunId, DateTimeOffset? RunningSince,
    long? ProgressDone, long? ProgressTotal, string? ProgressNote, int Retries, DateTimeOffset? LastRunAt, string? LastStatus, double? LastSeconds, string? LastError,
    long TotalRuns, long SuccessfulRuns, long FailedRuns, double? MeanSeconds)
{
    internal static Task<List<JobView>> List(Db db, IEnumerable<JobHandler> handlers, Sql which, CancellationToken ct)
    {
        var types = handlers.Select(h => h.Type).ToArray();
        return db.List<JobView>($"""
            select j.id, j.job_name as name, j.job_type as type, coalesce(d.description, t.description) as description,
                   platform.schedule(j) as schedule, j.cron_expression, j.frequency, j.timezone as time_zone, j.job_config as config,
                   j.timeout_seconds, j.max_retries, j.missed_runs, j.is_enabled, j.job_type = any({types}) as has_worker,
                   j.next_run_at, j.run_requested_at is not null as requested, r.id as run_id, r.started_at as running_since,
                   r.progress_done, r.progress_total, r.progress_note, j.retries, j.last_run_at, j.last_run_status as last_status,
                   extract(epoch from j.last_run_duration)::double precision as last_seconds, j.last_error_message as last_error,
                   j.total_runs, j.successful_runs, j.failed_runs, extract(epoch from j.total_duration / nullif(j.total_runs, 0))::double precision as mean_seconds
            from platform.scheduled_jobs j
            join platform.job_types t on t.job_type = j.job_type
            left join platform.job_definitions d on d.job_name = j.job_name
            left join platform.job_runs r on r.organization_id = j.organization_id and r.job_id = j.id and r.status = 'running'
            where j.organization_id = platform.organization() and {which}
            order by j.job_name
            """, ct);
    }

    internal static async Task<JobView> Of(Db db, IEnumerable<JobHandler> handlers, Guid id, CancellationToken ct) =>
        await List(db, handlers, $"j.id = {id}", ct) is [var job] ? job : throw Problem.NotFound("job");
}

using System.Text.Json;
using Clientele.Platform.Data;

namespace Clientele.Platform.Jobs;

/// <summary>A run of a job as the API shows it.</summary>
/// <param name="Cause"><c>schedule</c>, <c>retry</c> or <c>person</c>.</param>
/// <param name="Status"><c>running</c>, <c>success</c>, <c>failed</c>, <c>timeout</c>, <c>cancelled</c>, <c>skipped</c>.</param>
/// <param name="PlannedAt">When it was due.</param>
/// <param name="Stopping">Somebody asked it to stop.</param>
public sealed record RunView(
    Guid Id, Guid JobId, string JobName, int Attempt, string Cause, string? RequestedBy, string Status, DateTimeOffset? PlannedAt, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, double Seconds,
    bool Stopping, long? ProgressDone, long? ProgressTotal, string? ProgressNote, string? Error, JsonElement Result)
{
    internal static Task<List<RunView>> List(Db db, Sql which, int limit, CancellationToken ct) => db.List<RunView>($"""
        select r.id, r.job_id, j.job_name, r.attempt, r.cause, u.name as requested_by, r.status, r.planned_at, r.started_at, r.finished_at,
               extract(epoch from coalesce(r.finished_at, clock_timestamp()) - r.started_at)::double precision as seconds,
               r.status = 'running' and r.cancel_requested_at is not null as stopping,
               r.progress_done, r.progress_total, r.progress_note, r.error_message as error, r.result
        from platform.job_runs r
        join platform.scheduled_jobs j on j.organization_id = r.organization_id and j.id = r.job_id
        left join platform.platform_users u on u.id = r.requested_by
        where r.organization_id = platform.organization() and {which}
        order by r.started_at desc, r.id desc
        limit {limit}
        """, ct);
}

using Clientele.Platform.Data;

namespace Clientele.Platform.Jobs;

/// <summary>GET /api/jobs/{id}: the job, when it runs next, and how its runs of the last 30 days went.</summary>
internal static class GetJob
{
    /// <param name="Next">The next five times of its schedule; none while it is switched off.</param>
    public sealed record View(JobView Job, IReadOnlyList<DateTimeOffset> Next, Statistics Statistics);

    /// <summary>Of the last 30 days.</summary>
    /// <param name="SuccessRate">Of runs that ended in success, failure or timeout, the share of success, from 0 to 1; null without any.</param>
    /// <param name="MedianSeconds">How long runs took that succeeded; so is the next.</param>
    /// <param name="Days">Runs a day (UTC), oldest first; days without a run are left out.</param>
    public sealed record Statistics(long Runs, long Succeeded, long Failed, long TimedOut, long Cancelled, long Skipped, double? SuccessRate, double? MedianSeconds, double? P95Seconds, IReadOnlyList<Day> Days);

    public sealed record Day(DateOnly Date, long Succeeded, long Failed);

    private sealed record Sums(long Runs, long Succeeded, long Failed, long TimedOut, long Cancelled, long Skipped, double? MedianSeconds, double? P95Seconds);

    public static async Task<View> Handle(Guid id, Db db, IEnumerable<JobHandler> handlers, CancellationToken ct)
    {
        var job = await JobView.Of(db, handlers, id, ct);
        var next = job.IsEnabled ? await PreviewSchedule.Next(db, job.Schedule, job.TimeZone, ct) : [];
        var sums = await db.One<Sums>($"""
            select count(*) filter (where r.status <> 'running') as runs,
                   count(*) filter (where r.status = 'success') as succeeded, count(*) filter (where r.status = 'failed') as failed,
                   count(*) filter (where r.status = 'timeout') as timed_out, count(*) filter (where r.status = 'cancelled') as cancelled, count(*) filter (where r.status = 'skipped') as skipped,
                   percentile_cont(0.5) within group (order by extract(epoch from r.finished_at - r.started_at)) filter (where r.status = 'success') as median_seconds,
                   percentile_cont(0.95) within group (order by extract(epoch from r.finished_at - r.started_at)) filter (where r.status = 'success') as p95_seconds
            from platform.job_runs r
            where r.organization_id = platform.organization() and r.job_id = {id} and r.started_at > now() - interval '30 days'
            """, ct);
        var days = await db.List<Day>($"""
            select (r.started_at at time zone 'UTC')::date as date, count(*) filter (where r.status = 'success') as succeeded, count(*) filter (where r.status in ('failed', 'timeout')) as failed
            from platform.job_runs r
            where r.organization_id = platform.organization() and r.job_id = {id} and r.started_at > now() - interval '30 days' and r.status in ('success', 'failed', 'timeout')
            group by 1 order by 1
            """, ct);
        var ended = sums.Succeeded + sums.Failed + sums.TimedOut;
        return new View(job, next, new Statistics(sums.Runs, sums.Succeeded, sums.Failed, sums.TimedOut, sums.Cancelled, sums.Skipped,
            ended == 0 ? null : (double)sums.Succeeded / ended, sums.MedianSeconds, sums.P95Seconds, days));
    }
}

using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Jobs;

/// <summary>PUT /api/jobs/{id}: when it runs, for how long, how often it is tried again. What is left out stays.</summary>
internal static class ChangeJob
{
    /// <param name="CronExpression">Five fields; takes the place of a frequency.</param>
    /// <param name="Frequency">hourly, daily, weekly or monthly; takes the place of a cron expression.</param>
    /// <param name="TimeoutSeconds">From 1 to 86,400.</param>
    /// <param name="MaxRetries">From 0 to 100.</param>
    /// <param name="MissedRuns"><c>run_once</c>: one run makes up for those missed; <c>skip</c>: a run more than five minutes late is left out.</param>
    public sealed record Request(string? CronExpression, string? Frequency, string? TimeZone, JsonElement? Config, int? TimeoutSeconds, int? MaxRetries, string? MissedRuns, bool? IsEnabled);

    public static async Task<JobView> Handle(Guid id, Request request, Db db, IEnumerable<JobHandler> handlers, CancellationToken ct)
    {
        await JobView.Of(db, handlers, id, ct);
        await Check(request, db, ct);
        var anew = request.CronExpression is not null || request.Frequency is not null;
        await db.Run($"""
            update platform.scheduled_jobs j
            set cron_expression = case when {anew} then {request.CronExpression} else j.cron_expression end,
                frequency = case when {anew} then {request.Frequency} else j.frequency end,
                timezone = coalesce({request.TimeZone}, j.timezone),
                job_config = coalesce({request.Config ?? default(JsonElement)}, j.job_config),
                timeout_seconds = coalesce({request.TimeoutSeconds}, j.timeout_seconds),
                max_retries = coalesce({request.MaxRetries}, j.max_retries),
                missed_runs = coalesce({request.MissedRuns}, j.missed_runs),
                is_enabled = coalesce({request.IsEnabled}, j.is_enabled)
            where j.organization_id = platform.organization() and j.id = {id}
            """, ct);
        return await JobView.Of(db, handlers, id, ct);
    }

    private static async Task Check(Request request, Db db, CancellationToken ct)
    {
        if (request is { CronExpression: not null, Frequency: not null }) throw Problem.Invalid("frequency", "Give a cron expression or a frequency, not both.");
        if (request.Frequency is not (null or "hourly" or "daily" or "weekly" or "monthly")) throw Problem.Invalid("frequency", "The frequency is hourly, daily, weekly or monthly.");
        if (request.TimeoutSeconds is < 1 or > 86_400) throw Problem.Invalid("timeoutSeconds", "The time limit lies between 1 second and a day, 86,400 seconds.");
        if (request.MaxRetries is < 0 or > 100) throw Problem.Invalid("maxRetries", "A job is tried again 0 to 100 times.");
        if (request.MissedRuns is not (null or "run_once" or "skip")) throw Problem.Invalid("missedRuns", "What was missed is made up for by one run (run_once), or left out (skip).");
        if (request.Config is { ValueKind: not JsonValueKind.Object }) throw Problem.Invalid("config", "The configuration is a JSON object.");
        await PreviewSchedule.Check(db, request.CronExpression, request.TimeZone, ct);
    }
}

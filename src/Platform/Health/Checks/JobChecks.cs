using System.Globalization;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;

namespace Clientele.Platform.Health.Checks;

/// <summary>Are jobs taken up when their time comes? Whatever keeps the workers, this shows it.</summary>
internal static class JobChecks
{
    /// <summary>Workers look every three seconds, and work on four at once.</summary>
    private const double LateWarning = 300;

    internal sealed record Queue(long Running, long Late, double OldestSeconds);

    public static HealthCheck Worker(Databases databases) => new("platform", "jobs", TimeSpan.FromSeconds(5), async ct =>
    {
        return Find(await new Db(databases.Service, Tenant.None).One<Queue>($"""
            select (select count(*) from platform.job_runs r where r.status = 'running') as running,
                   count(*) as late, coalesce(extract(epoch from now() - min(j.next_run_at)), 0)::double precision as oldest_seconds
            from platform.scheduled_jobs j
            where j.next_run_at < now() - interval '1 minute' and (j.leased_until is null or j.leased_until < now())
            """, ct));
    });

    public static Finding Find(Queue found) => found.OldestSeconds < LateWarning ? Finding.Well(found)
        : Finding.Degraded("jobs_late", string.Create(CultureInfo.InvariantCulture, $"{found.Late} jobs are due and not taken up, the oldest for {found.OldestSeconds / 60:0} minutes. Is a node running, and has it a worker free?"), found);
}

using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Checks;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Jobs;
using Clientele.Platform.Log;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Health;

/// <summary>What looks after the platform's health: checks, the error log, figures, and what is thrown away in time.</summary>
internal static class HealthServices
{
    public static void Add(IServiceCollection services)
    {
        services.TryAddSingleton(new Node());
        services.AddSingleton<LogHealth>();
        services.AddHostedService(s => s.GetRequiredService<LogHealth>());
        services.AddSingleton<MetricsStore>();
        services.AddSingleton<HealthRecorder>();
        services.AddHostedService(s => s.GetRequiredService<HealthRecorder>());

        services.AddSingleton<ErrorInbox>();
        services.AddSingleton<ILoggerProvider>(s => s.GetRequiredService<ErrorInbox>());
        services.AddSingleton<ErrorWriter>();
        services.AddHostedService(s => s.GetRequiredService<ErrorWriter>());

        services.AddSingleton(s => DatabaseChecks.Room(s.GetRequiredService<Databases>()));
        services.AddSingleton(s => JobChecks.Worker(s.GetRequiredService<Databases>()));
        services.AddSingleton(s => LogChecks.Watermark(s.GetRequiredService<LogHealth>()));
        services.AddSingleton(s => BackupChecks.Newest(s.GetRequiredService<BackupWorker>(), s.GetRequiredService<Databases>()));
        services.AddSingleton<CheckList>();

        services.AddSingleton(new Chore("platform.purge_health", TimeSpan.FromHours(1), $"""
            with old as (delete from platform.health_results h where h.checked_at < now() - interval '30 days'),
            probes as (delete from platform.system_health_checks h where h.checked_at < now() - interval '30 days')
            delete from platform.nodes n where n.seen_at < now() - interval '1 day'
            """));
        // Groups that nothing was added to for long, with what is kept of them.
        services.AddSingleton(new Chore("platform.purge_errors", TimeSpan.FromHours(1), $"""
            delete from platform.error_groups g
            where g.id in (select o.id from platform.error_groups o where o.last_seen < now() - interval '90 days' order by o.last_seen limit 1000)
            """));
        services.AddSingleton(new Chore("platform.sample_sizes", TimeSpan.FromHours(1), $"""
            with old as (delete from platform.database_sizes d where d.day < current_date - 400)
            insert into platform.database_sizes (relation, day, bytes, rows)
            select s.relation, current_date, s.bytes, s.rows
            from (
                select '' as relation, pg_database_size(current_database()) as bytes, 0 as rows
                union all
                (select t.relation, t.bytes, t.rows from platform.table_sizes t order by t.bytes desc limit 50)
            ) as s
            where not exists (select from platform.database_sizes d where d.relation = '' and d.day = current_date)
            on conflict do nothing
            """));
    }
}

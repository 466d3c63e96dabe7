using Clientele.Platform.Backups;
using Clientele.Platform.Data;
using Clientele.Platform.Files;
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
        services.AddSingleton<GetHealth.LongHistory>();
        services.AddSingleton<HealthRecorder>();
        services.AddHostedService(s => s.GetRequiredService<HealthRecorder>());

        services.AddSingleton<ErrorInbox>();
        services.AddSingleton<ILoggerProvider>(s => s.GetRequiredService<ErrorInbox>());
        services.AddSingleton<ErrorWriter>();
        services.AddHostedService(s => s.GetRequiredService<ErrorWriter>());

        services.AddSingleton(s => DatabaseChecks.Room(s.GetRequiredService<Databases>()));
        services.AddSingleton(s => JobChecks.Worker(s.GetRequiredService<Databases>()));
        services.AddSingleton(s => FileCheck.Store(s.GetRequiredService<IFileStore>()));
        services.AddSingleton(s => LogChecks.Watermark(s.GetRequiredService<LogHealth>()));
        services.AddSingleton(s => BackupChecks.Newest(s.GetRequiredService<BackupWorker>(), s.GetRequiredService<Databases>()));
        services.AddSingleton<CheckList>();

        services.AddSingleton(new Chore("platform.purge_health", TimeSpan.FromHours(1), $"""
            with old as (
                delete from platform.health_results h
                where h.ctid = any (array(select x.ctid from platform.health_results x where x.checked_at < now() - interval '30 days' limit 50000))
            )
            delete from platform.nodes n where n.seen_at < now() - interval '1 day'
            """));
        // Groups of the platform's own errors that nothing was added to for long, with what is kept of them. What products wrote stays, and its groups.
        services.AddSingleton(new Chore("platform.purge_errors", TimeSpan.FromHours(1), $"""
            with old as (select g.id from platform.error_groups g where g.own and g.last_seen < now() - interval '90 days' order by g.last_seen limit 1000),
            samples as (delete from platform.error_logs l using old where l.group_id = old.id)
            delete from platform.error_groups g using old where g.id = old.id
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

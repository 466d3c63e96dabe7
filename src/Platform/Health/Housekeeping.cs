using Clientele.Platform.Data;
using Clientele.Platform.Organizations;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Health;

/// <summary>What must be done now and then: next months' partitions, old message ids, ended sessions, past rate limits, organizations given up. Safe on every node at once.</summary>
public sealed partial class Housekeeping(Databases databases, TimeProvider clock, ILogger<Housekeeping> logger) : BackgroundService
{
    private readonly Db db = new(databases.Service, Tenant.None);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), clock);
        do
        {
            try { await Run(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (Npgsql.NpgsqlException e) { LogFailed(e); }
        }
        while (await Tick(timer, stoppingToken));
    }

    public async Task Run(CancellationToken ct)
    {
        await db.Run($"select platform.make_partitions(t.relation::regclass) from platform.partitioned_tables t", ct);
        while (await db.One<int>($"select log.purge_message_ids()", ct) > 0) { }
        // An upload whose sender or node was killed.
        await db.Run($"delete from platform.imports i where i.state = 'receiving' and i.updated_at < now() - interval '1 day'", ct);
        // Files nobody went on with: personal data that has no more use.
        await db.Run($"""
            delete from platform.import_pieces p using platform.imports i
            where i.organization_id = p.organization_id and i.id = p.import_id and i.state in ('uploaded', 'failed', 'cancelled') and i.updated_at < now() - interval '30 days'
            """, ct);
        await db.Run($"delete from platform.sign_in_attempts a where a.last_attempt < now() - interval '1 day'", ct);
        await db.Run($"""
            update platform.platform_user_sessions s
            set ended_at = now(), logout_reason = 'session_expired'
            where s.ended_at is null and s.expires_at < now()
            """, ct);
        // Where somebody was and with what: of no use after a while, and personal.
        await db.Run($"delete from platform.platform_user_sessions s where s.ended_at < now() - interval '90 days'", ct);
        await db.Run($"delete from platform.sign_in_challenges c where c.expires_at < now()", ct);
        await db.Run($"select platform.purge_rate_limits()", ct);
        // A workspace that was given up keeps its history, which is its customers'; nobody comes in by its keys again.
        await db.Run($"""
            delete from platform.api_keys k using platform.workspaces w
            where w.organization_id = k.organization_id and w.id = k.workspace_id and w.closed_at < now() - make_interval(days => {HandOver.GraceDays})
            """, ct);
        foreach (var organization in await db.List<Guid>($"select o.id from platform.organizations o where o.closed_at < now() - make_interval(days => {HandOver.GraceDays})", ct))
        {
            while (await db.One<bool>($"select platform.empty_organization({organization})", ct)) { }
            while (await db.One<bool>($"select platform.delete_organization({organization})", ct)) { }
        }
    }

    private static async Task<bool> Tick(PeriodicTimer timer, CancellationToken ct)
    {
        try { return await timer.WaitForNextTickAsync(ct); }
        catch (OperationCanceledException) { return false; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Housekeeping failed; it tries again in an hour")]
    private partial void LogFailed(Exception exception);
}

using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Log;

/// <summary>How the log is: for how long its watermark has not moved, what it waits for, how far each consumer is behind.</summary>
public sealed record LogStatus(short Epoch, double WatermarkAgeSeconds, LogBlocker? Blocker, IReadOnlyList<ConsumerStatus> Consumers);

/// <summary>The transaction the watermark waits for.</summary>
public sealed record LogBlocker(int Pid, string? ApplicationName, string? State, DateTimeOffset? StartedAt, string? Query);

/// <summary>A consumer's lag: events not yet taken in (counted up to 100,000) and the age of the oldest of them.</summary>
public sealed record ConsumerStatus(string Name, long LagEvents, double LagSeconds, long EventsRead, string? Problem);

/// <summary>
/// Watches the watermark. Its age is measured by looking once a second whether it moved, which needs no privilege
/// and sees writers of every database of the cluster, prepared transactions too.
/// </summary>
public sealed partial class LogHealth(Databases databases, TimeProvider clock, ILogger<LogHealth> logger) : BackgroundService
{
    private readonly Db db = new(databases.Service, Tenant.None);
    private string? stuckAt;
    private DateTimeOffset stuckSince;

    private sealed record Snapshot(string Xmin, string Xmax);

    /// <summary>Seconds for which the same running transaction has held the watermark; 0 when nothing holds it.</summary>
    public double WatermarkAgeSeconds => stuckAt is null ? 0 : (clock.GetUtcNow() - stuckSince).TotalSeconds;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.GetAwaiter().GetResult(), TaskScheduler.Default))
        {
            try { await Look(stoppingToken); }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
            catch (Npgsql.NpgsqlException e) { LogAway(e.Message); }
        }
    }

    internal async Task Look(CancellationToken ct)
    {
        var snapshot = await db.One<Snapshot>($"""
            select pg_snapshot_xmin(s)::text as xmin, pg_snapshot_xmax(s)::text as xmax from pg_current_snapshot() as s
            """, ct);
        if (snapshot.Xmin == snapshot.Xmax) stuckAt = null;
        else if (snapshot.Xmin != stuckAt) (stuckAt, stuckSince) = (snapshot.Xmin, clock.GetUtcNow());
    }

    /// <summary>The whole picture, for health and metrics.</summary>
    public async Task<LogStatus> Read(CancellationToken ct)
    {
        var epoch = await db.One<short>($"select s.epoch from log.state s", ct);
        return new LogStatus(epoch, WatermarkAgeSeconds, await Blocker(ct), await Consumers(null, ct));
    }

    /// <summary>What holds the watermark, when something has for two seconds and this login may see it.</summary>
    public async Task<LogBlocker?> Blocker(CancellationToken ct) => WatermarkAgeSeconds < 2 ? null : await db.Find<LogBlocker>($"""
        select b.pid, b.application_name, b.state, b.started_at, b.query from log.blocker() b
        """, ct);

    /// <summary>How far one consumer is, or each.</summary>
    public Task<List<ConsumerStatus>> Consumers(string? name, CancellationToken ct) => db.List<ConsumerStatus>($"""
        select c.name, l.events as lag_events, coalesce(extract(epoch from now() - l.oldest), 0)::double precision as lag_seconds, c.events_read, c.problem
        from log.consumers c
        cross join lateral (
            select count(*) as events, min(u.received_at) as oldest
            from (
                select e.received_at from log.events e
                where (e.epoch, e.writer, e.position) > (c.epoch, c.writer, c.position)
                order by e.epoch, e.writer, e.position
                limit 100000
            ) as u
        ) as l
        where {name}::text is null or c.name = {name}
        order by c.name
        """, ct);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The watermark could not be read: {Reason}")]
    private partial void LogAway(string reason);
}

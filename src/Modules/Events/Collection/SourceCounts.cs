using System.Collections.Concurrent;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Events.Collection;

/// <summary>
/// Counts what comes in with each key, in memory, and adds it to the database every ten seconds: a row updated with every
/// request would be what all requests wait for. Figures for operators: the log is the truth.
/// </summary>
internal sealed partial class SourceCounts(Databases databases, TimeProvider clock, ILogger<SourceCounts> logger) : BackgroundService
{
    private static readonly TimeSpan pace = TimeSpan.FromSeconds(10);

    private sealed class Count
    {
        public long Received, Stored, Duplicates, Quarantined, Dropped, FailedRequests, Bytes, LagMs;
        public DateTimeOffset LastEventAt;
    }

    private ConcurrentDictionary<(Guid Organization, Guid Key, DateTimeOffset Minute), Count> counts = new();

    public void Add(Pending pending)
    {
        var now = clock.GetUtcNow();
        var count = Of(pending.Source, now);
        lock (count)
        {
            count.LastEventAt = now;
            count.Received += pending.Events.Count + pending.Refused.Count;
            count.Quarantined += pending.Refused.Count;
            foreach (var each in pending.Events)
            {
                switch (each.Fate)
                {
                    case Fate.Stored: count.Stored++; break;
                    case Fate.Duplicate: count.Duplicates++; break;
                    case Fate.Dropped: count.Dropped++; break;
                    default: count.Quarantined++; break;
                }
                count.Bytes += each.Properties.Length + (each.Context?.Length ?? 0);
                count.LagMs += (long)Math.Clamp((now - each.OccurredAt).TotalMilliseconds, 0, 86_400_000);
            }
        }
    }

    public void Failed(Source source)
    {
        var now = clock.GetUtcNow();
        var count = Of(source, now);
        lock (count) (count.FailedRequests, count.LastEventAt) = (count.FailedRequests + 1, count.LastEventAt == default ? now : count.LastEventAt);
    }

    private Count Of(Source source, DateTimeOffset now) =>
        counts.GetOrAdd((source.OrganizationId, source.KeyId, new DateTimeOffset(now.Ticks - now.Ticks % TimeSpan.TicksPerMinute, TimeSpan.Zero)), _ => new Count());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pace, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try { await Flush(CancellationToken.None); }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException) { LogFailed(e.Message); }
        }
    }

    /// <summary>Adds what was counted since the last time. What cannot be added is kept for the next.</summary>
    public async Task Flush(CancellationToken ct)
    {
        var taken = Interlocked.Exchange(ref counts, new());
        if (taken.IsEmpty) return;
        var rows = taken.OrderBy(c => c.Key.Organization).ThenBy(c => c.Key.Key).ThenBy(c => c.Key.Minute).ToList();
        T[] Column<T>(Func<Count, T> of) => [.. rows.Select(r => of(r.Value))];
        try
        {
            await new Db(databases.Service, Tenant.None).Run($"""
                insert into events.source_counts as c (organization_id, api_key_id, minute, received, stored, duplicates, quarantined, dropped, failed_requests, bytes, lag_ms, last_event_at)
                select n.* from unnest(
                    {rows.Select(r => r.Key.Organization).ToArray()}, {rows.Select(r => r.Key.Key).ToArray()}, {rows.Select(r => r.Key.Minute).ToArray()},
                    {Column(c => c.Received)}, {Column(c => c.Stored)}, {Column(c => c.Duplicates)}, {Column(c => c.Quarantined)}, {Column(c => c.Dropped)},
                    {Column(c => c.FailedRequests)}, {Column(c => c.Bytes)}, {Column(c => c.LagMs)}, {Column(c => c.LastEventAt)}
                ) as n (organization_id, api_key_id, minute, received, stored, duplicates, quarantined, dropped, failed_requests, bytes, lag_ms, last_event_at)
                where exists (select from platform.api_keys k where k.organization_id = n.organization_id and k.id = n.api_key_id)
                on conflict (organization_id, api_key_id, minute) do update set
                    received = c.received + excluded.received, stored = c.stored + excluded.stored, duplicates = c.duplicates + excluded.duplicates,
                    quarantined = c.quarantined + excluded.quarantined, dropped = c.dropped + excluded.dropped, failed_requests = c.failed_requests + excluded.failed_requests,
                    bytes = c.bytes + excluded.bytes, lag_ms = c.lag_ms + excluded.lag_ms, last_event_at = greatest(c.last_event_at, excluded.last_event_at)
                """, ct);
        }
        catch (NpgsqlException)
        {
            foreach (var (key, missed) in taken)
            {
                var count = counts.GetOrAdd(key, _ => new Count());
                lock (count)
                {
                    count.Received += missed.Received; count.Stored += missed.Stored; count.Duplicates += missed.Duplicates; count.Quarantined += missed.Quarantined;
                    count.Dropped += missed.Dropped; count.FailedRequests += missed.FailedRequests; count.Bytes += missed.Bytes; count.LagMs += missed.LagMs;
                    if (missed.LastEventAt > count.LastEventAt) count.LastEventAt = missed.LastEventAt;
                }
            }
            throw;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Counts of sources wait for the database: {Reason}")]
    private partial void LogFailed(string reason);
}

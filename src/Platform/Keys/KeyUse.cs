using System.Collections.Concurrent;
using System.Net;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Keys;

/// <summary>
/// Counts what keys ask for, in memory, and adds it to the database every ten seconds (<c>platform.api_usage_metrics</c>, and when a
/// key was last used). A node that is killed loses what it counted since.
/// </summary>
public sealed partial class KeyUse(Databases databases, TimeProvider clock, ILogger<KeyUse> logger) : BackgroundService
{
    private static readonly object mark = new();
    private static readonly TimeSpan pace = TimeSpan.FromSeconds(10);

    private sealed record Keyed(Guid Organization, Guid Key)
    {
        public long Sent { get; set; }
    }

    private sealed class Count
    {
        public long Requests, Errors, TotalMs, MostMs, Sent;
    }

    private ConcurrentDictionary<(Guid Organization, Guid Key, DateOnly Day, string Endpoint, string Method), Count> counts = new();

    /// <summary>Says by which key a request came.</summary>
    public static void Mark(HttpContext context, Guid organization, Guid key) => context.Items[mark] = new Keyed(organization, key);

    /// <summary>Adds to what was sent in answer to a marked request; nothing said, it is the answer's Content-Length.</summary>
    public static void Sent(HttpContext context, long bytes)
    {
        if (context.Items.TryGetValue(mark, out var found) && found is Keyed keyed) keyed.Sent += bytes;
    }

    /// <summary>Whose key a request came by; null: none that was marked.</summary>
    public static Guid? OrganizationOf(HttpContext context) => context.Items.TryGetValue(mark, out var found) && found is Keyed keyed ? keyed.Organization : null;

    /// <summary>Whether a key is taken from an address.</summary>
    /// <param name="networks">Networks as 10.0.0.0/8; none: from anywhere.</param>
    /// <param name="address">Of the caller; a proxy that is trusted has put it there.</param>
    public static bool IsAllowed(string[] networks, IPAddress? address)
    {
        if (networks.Length == 0) return true;
        if (address is null) return false;
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return Array.Exists(networks, n => System.Net.IPNetwork.TryParse(n, out var network) && network.Contains(plain));
    }

    /// <summary>Part of the pipeline: counts the requests that were marked.</summary>
    public async Task Watch(HttpContext context, RequestDelegate next)
    {
        var (began, endpoint, failed) = (clock.GetTimestamp(), (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "/", true);
        try
        {
            await next(context);
            failed = context.Response.StatusCode >= 400;
        }
        finally
        {
            // What is thrown becomes an answer further out.
            if (context.Items.TryGetValue(mark, out var found) && found is Keyed keyed) Add(keyed, endpoint, context.Request.Method, failed, clock.GetElapsedTime(began), keyed.Sent > 0 ? keyed.Sent : context.Response.ContentLength ?? 0);
        }
    }

    private void Add(Keyed keyed, string endpoint, string method, bool failed, TimeSpan took, long sent)
    {
        var day = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        var count = counts.GetOrAdd((keyed.Organization, keyed.Key, day, endpoint.Length > 255 ? endpoint[..255] : endpoint, method), _ => new Count());
        lock (count)
        {
            count.Requests++;
            if (failed) count.Errors++;
            count.TotalMs += (long)took.TotalMilliseconds;
            count.Sent += sent;
            count.MostMs = Math.Max(count.MostMs, (long)took.TotalMilliseconds);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(pace, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try { await Flush(CancellationToken.None); }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or IOException) { LogFailed(e.Message); }
        }
    }

    /// <summary>Adds what was counted since the last time. What cannot be added is counted on.</summary>
    public async Task Flush(CancellationToken ct)
    {
        var taken = Interlocked.Exchange(ref counts, new());
        if (taken.IsEmpty) return;
        // In one order, so that two nodes never wait for one another in a circle.
        var rows = taken.OrderBy(c => c.Key.Organization).ThenBy(c => c.Key.Key).ThenBy(c => c.Key.Day).ThenBy(c => c.Key.Endpoint, StringComparer.Ordinal).ThenBy(c => c.Key.Method, StringComparer.Ordinal).ToList();
        try { await Write(rows, ct); }
        catch (NpgsqlException)
        {
            foreach (var (key, missed) in taken)
            {
                var count = counts.GetOrAdd(key, _ => new Count());
                lock (count) 
                    (count.Requests, count.Errors, count.TotalMs, count.MostMs, count.Sent) =
                        (count.Requests + missed.Requests, count.Errors + missed.Errors, count.TotalMs + missed.TotalMs, Math.Max(count.MostMs, missed.MostMs), count.Sent + missed.Sent);
            }
            throw;
        }
    }

    private Task Write(List<KeyValuePair<(Guid Organization, Guid Key, DateOnly Day, string Endpoint, string Method), Count>> rows, CancellationToken ct) =>
        new Db(databases.Service, Tenant.None).InTransaction(async t =>
        {
            await t.Run($"""
                insert into platform.api_usage_metrics as m (organization_id, metric_date, api_endpoint, http_method, api_key_id, request_count, error_count, total_time_ms, max_time_ms, bytes_sent)
                select n.* from unnest(
                    {rows.Select(r => r.Key.Organization).ToArray()}, {rows.Select(r => r.Key.Day).ToArray()}, {rows.Select(r => r.Key.Endpoint).ToArray()}, {rows.Select(r => r.Key.Method).ToArray()},
                    {rows.Select(r => r.Key.Key).ToArray()}, {rows.Select(r => r.Value.Requests).ToArray()}, {rows.Select(r => r.Value.Errors).ToArray()},
                    {rows.Select(r => r.Value.TotalMs).ToArray()}, {rows.Select(r => r.Value.MostMs).ToArray()}, {rows.Select(r => r.Value.Sent).ToArray()}
                ) as n (organization_id, metric_date, api_endpoint, http_method, api_key_id, request_count, error_count, total_time_ms, max_time_ms, bytes_sent)
                where exists (select from platform.api_keys k where k.organization_id = n.organization_id and k.id = n.api_key_id)
                on conflict (organization_id, metric_date, api_endpoint, http_method, api_key_id) do update set
                    request_count = m.request_count + excluded.request_count, error_count = m.error_count + excluded.error_count,
                    total_time_ms = m.total_time_ms + excluded.total_time_ms, max_time_ms = greatest(m.max_time_ms, excluded.max_time_ms), bytes_sent = m.bytes_sent + excluded.bytes_sent
                """, ct);
            // To the minute, as a secret key's is when it is looked up.
            await t.Run($"""
                update platform.api_keys k set last_used_at = now()
                where k.id = any({rows.Select(r => r.Key.Key).Distinct().ToArray()}) and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute')
                """, ct);
        }, ct);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Counts of keys wait for the database: {Reason}")]
    private partial void LogFailed(string reason);
}

using System.Collections.Concurrent;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Platform.Health;

/// <summary>
/// Looks at everything once a minute and keeps what it found. Every node says that it is there and looks at what is its own; at what
/// all of them depend on one looks, whichever comes first in that minute.
/// </summary>
internal sealed partial class HealthRecorder(
    Databases databases, CheckList checks, Node node, ErrorInbox errors, TimeProvider clock, ILogger<HealthRecorder> logger) : BackgroundService
{
    private const int AtOnce = 4;
    private const int MostMissed = 1440;
    private static readonly TimeSpan pace = TimeSpan.FromMinutes(1);

    // What one node did so long ago need not be done by another: timers and clocks differ a little.
    private static readonly TimeSpan slack = TimeSpan.FromSeconds(50);

    private readonly Db db = new(databases.Service, Tenant.None);
    private readonly DateTimeOffset started = clock.GetUtcNow();

    // When the database could not be reached: what nobody could write down then.
    private readonly List<DateTimeOffset> missed = [];

    // Checks that did not come back in time, and may yet.
    private readonly ConcurrentDictionary<HealthCheck, Task> hanging = new();

    internal sealed record Result(string Service, string Name, Finding Finding, int Milliseconds);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A start has better things to do.
        await Task.Delay(TimeSpan.FromSeconds(10), clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var timer = new PeriodicTimer(pace, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Run(stoppingToken);
                await timer.WaitForNextTickAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { break; }
        }
    }

    /// <summary>One round.</summary>
    /// <returns>What was found and kept; null when the database could not be reached.</returns>
    public async Task<IReadOnlyList<Result>?> Run(CancellationToken ct)
    {
        var at = clock.GetUtcNow();
        try
        {
            var began = clock.GetTimestamp();
            await Appear(at, ct);
            var database = new Result("platform", "database", Finding.Well(), (int)clock.GetElapsedTime(began).TotalMilliseconds);
            var leads = await Lead(at, ct);
            var found = await Look([.. checks.All.Where(c => leads || c.OfEachNode)], ct);
            if (leads) found.Insert(0, database);
            await Keep(found, at, leads, ct);
            return found;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            LogAway(e.Message);
            if (missed.Count < MostMissed) missed.Add(at);
            return null;
        }
    }

    private Task Appear(DateTimeOffset at, CancellationToken ct)
    {
        var facts = Json.Of(new { memory = Environment.WorkingSet, processors = Environment.ProcessorCount, errorsDropped = errors.Dropped, errorsWaiting = errors.Waiting, data = node.DataFolder });
        return db.Run($"""
            insert into platform.nodes as n (id, name, version, started_at, seen_at, facts)
            values ({node.Id}, {node.Name}, {Node.Version}, {started}, {at}, {facts})
            on conflict (id) do update set seen_at = excluded.seen_at, facts = excluded.facts
            """, ct);
    }

    // The lock first, in a statement of its own: the next one then sees what the node before wrote.
    private Task<bool> Lead(DateTimeOffset at, CancellationToken ct) => db.InTransaction(async t =>
    {
        await t.Run($"select pg_advisory_xact_lock(hashtext('platform.health_results'))", ct);
        return await t.Run($"""
            update platform.nodes n set recorded_at = {at}
            where n.id = {node.Id} and not exists (select from platform.nodes o where o.recorded_at between {at - slack} and {at + slack})
            """, ct) > 0;
    }, ct);

    private async Task<List<Result>> Look(IReadOnlyList<HealthCheck> these, CancellationToken ct)
    {
        var results = new Result[these.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, these.Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
            async (i, stop) => results[i] = await Look(these[i], stop));
        return [.. results];
    }

    private async Task<Result> Look(HealthCheck check, CancellationToken ct)
    {
        var began = clock.GetTimestamp();
        Finding finding;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        over.CancelAfter(check.Timeout);
        var look = hanging.TryGetValue(check, out var before) && !before.IsCompleted ? null : Task.Run(() => check.Look(over.Token), CancellationToken.None);
        if (look is not null) hanging[check] = look;
        // A check that does not listen is left behind, once.
        try { finding = look is null ? new Finding(HealthStatus.Unhealthy, "The look before has not come back yet.") : await look.WaitAsync(check.Timeout + TimeSpan.FromMilliseconds(200), ct); }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            finding = new Finding(HealthStatus.Unhealthy, $"No answer within {check.Timeout.TotalSeconds:0.#} s.");
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LogBroke(e, check.Service, check.Name);
            finding = new Finding(HealthStatus.Unhealthy, $"{e.GetType().Name}: {ErrorText.Scrub(e.Message)}");
        }
        return new Result(check.Service, check.OfEachNode ? $"{check.Name} ({node.Name})" : check.Name, finding, (int)clock.GetElapsedTime(began).TotalMilliseconds);
    }

    private async Task Keep(List<Result> found, DateTimeOffset at, bool leads, CancellationToken ct)
    {
        var rows = found.Select(r => (Result: r, At: at)).ToList();
        if (leads) rows.AddRange(missed.Select(m => (new Result("platform", "database", new Finding(HealthStatus.Unhealthy, "The database did not answer."), 0), m)));
        await db.Run($"""
            insert into platform.health_results (service_name, check_name, status, response_time_ms, check_data, error_message, checked_at)
            select r.service, r.name, r.status, r.milliseconds, r.data::jsonb, left(r.detail, 2000), r.at
            from unnest({rows.Select(r => r.Result.Service).ToArray()}, {rows.Select(r => r.Result.Name).ToArray()}, {rows.Select(r => Words.Of(r.Result.Finding.Status)).ToArray()},
                        {rows.Select(r => r.Result.Milliseconds).ToArray()}, {rows.Select(r => Json.Of(r.Result.Finding.Data ?? new { }).Text!).ToArray()},
                        {rows.Select(r => r.Result.Finding.Detail!).ToArray()}, {rows.Select(r => r.At).ToArray()}) as r (service, name, status, milliseconds, data, detail, at)
            on conflict do nothing
            """, ct);
        missed.Clear();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Health could not be kept: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The check {Service} {Check} broke")]
    private partial void LogBroke(Exception exception, string service, string check);
}

using System.Collections.Concurrent;
using System.Globalization;
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

    // Slower than this the database is in trouble, and so is everything else.
    private static readonly TimeSpan slow = TimeSpan.FromSeconds(1);

    /// <param name="Data">What was found, as the text of a JSON object.</param>
    /// <param name="Node">Which node it is about; null: all of them.</param>
    internal sealed record Result(string Service, string Name, Finding Finding, int Milliseconds, string Data = "{}", string? Node = null);

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
            using (var over = CancellationTokenSource.CreateLinkedTokenSource(ct))
            {
                over.CancelAfter(TimeSpan.FromSeconds(5));
                await Appear(at, over.Token);
            }
            var took = clock.GetElapsedTime(began);
            var database = new Result("platform", "database", FindDatabase(took), (int)took.TotalMilliseconds);
            var leads = await Lead(at, ct);
            var found = await Look([.. checks.All.Where(c => leads || c.OfEachNode)], ct);
            if (leads) found.Insert(0, database);
            await Keep(found, at, ct);
            return found;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested) { throw; }
        catch (Exception e)
        {
            LogAway(ErrorText.MessageOf(e));
            // What was refused says that the database is there.
            if (IsAway(e) && missed.Count < MostMissed) missed.Add(at);
            return null;
        }
    }

    /// <param name="took">How long a row took to write.</param>
    internal static Finding FindDatabase(TimeSpan took) => took < slow ? Finding.Well() : Finding.Degraded("database_slow",
        string.Create(CultureInfo.InvariantCulture, $"One row took {took.TotalSeconds:0.0} s to write. See what runs and what waits on the page of the database."), new { tookSeconds = Math.Round(took.TotalSeconds, 1) });

    internal static Finding DatabaseAway { get; } = Finding.Unhealthy("database_away", "The database did not answer.");

    internal static Finding NotBack { get; } = Finding.Unhealthy("check_not_back", "The look before has not come back yet.");

    internal static Finding Late(TimeSpan limit) => Finding.Unhealthy("check_late", string.Create(CultureInfo.InvariantCulture, $"No answer within {limit.TotalSeconds:0.#} s."), new { limitSeconds = limit.TotalSeconds });

    internal static Finding Broke(Exception e)
    {
        var reason = $"{e.GetType().Name}: {ErrorText.MessageOf(e)}";
        return Finding.Unhealthy("check_broke", reason, new { reason });
    }

    // Also when the time we gave it ran out, and while only a copy of it answers that nothing can be written to (25006).
    private static bool IsAway(Exception e) => Databases.IsAway(e) || e is OperationCanceledException or PostgresException { SqlState: "25006" };

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
        string data;
        try
        {
            finding = look is null ? NotBack : await look.WaitAsync(check.Timeout + TimeSpan.FromMilliseconds(200), ct);
            data = Text(finding.Data);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            finding = Late(check.Timeout);
            data = Text(finding.Data);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            LogBroke(e, check.Service, check.Name);
            finding = Broke(e);
            data = Text(finding.Data);
        }
        return new Result(check.Service, check.OfEachNode ? $"{check.Name} ({node.Name})" : check.Name, finding,
            (int)clock.GetElapsedTime(began).TotalMilliseconds, data, check.OfEachNode ? node.Name : null);
    }

    // What does not go into a column of objects is that check's finding and no other's.
    private static string Text(object? figures)
    {
        if (figures is null) return "{}";
        var text = Json.Of(figures).Text!;
        return text.StartsWith('{') && !text.Contains("\\u0000", StringComparison.Ordinal) ? text : throw new InvalidOperationException("The check's data is no JSON object.");
    }

    private async Task Keep(List<Result> found, DateTimeOffset at, CancellationToken ct)
    {
        await db.Run($"""
            insert into platform.health_results (service_name, check_name, status, response_time_ms, check_data, code, error_message, node, checked_at)
            select r.service, r.name, r.status, r.milliseconds, r.data::jsonb, left(r.code, 100), left(r.detail, 2000), r.node, {at}
            from unnest({found.Select(r => r.Service).ToArray()}, {found.Select(r => r.Name).ToArray()}, {found.Select(r => Words.Of(r.Finding.Status)).ToArray()},
                        {found.Select(r => r.Milliseconds).ToArray()}, {found.Select(r => r.Data).ToArray()},
                        {found.Select(r => r.Finding.Code!).ToArray()}, {found.Select(r => r.Finding.Detail?.Replace('\0', ' ')!).ToArray()}, {found.Select(r => r.Node!).ToArray()}) as r (service, name, status, milliseconds, data, code, detail, node)
            on conflict do nothing
            """, ct);
        if (missed.Count == 0) return;
        // Of two nodes that were without, one tells; of one that was with, nobody.
        await db.InTransaction(async t =>
        {
            await t.Run($"select pg_advisory_xact_lock(hashtext('platform.health_results'))", ct);
            await t.Run($"""
                insert into platform.health_results (service_name, check_name, status, response_time_ms, code, error_message, checked_at)
                select 'platform', 'database', 'unhealthy', 0, {DatabaseAway.Code}, {DatabaseAway.Detail}, m.at
                from unnest({missed.ToArray()}) as m (at)
                where not exists (
                    select from platform.health_results h
                    where h.service_name = 'platform' and h.check_name = 'database' and h.checked_at between m.at - interval '30 seconds' and m.at + interval '30 seconds')
                on conflict do nothing
                """, ct);
        }, ct);
        missed.Clear();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Health could not be kept: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The check {Service} {Check} broke")]
    private partial void LogBroke(Exception exception, string service, string check);
}

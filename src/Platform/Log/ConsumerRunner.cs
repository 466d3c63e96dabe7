using System.Diagnostics;
using Clientele.Platform.Data;
using Clientele.Platform.Health.Errors;
using Clientele.Platform.Health.Figures;
using Clientele.Platform.Tenancy;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Clientele.Platform.Log;

/// <summary>Runs every consumer of this build, each in its own loop.</summary>
internal sealed class ConsumerHost(IEnumerable<ILogConsumer> consumers, ConsumerRunner runner) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(consumers.Select(consumer => Task.Run(() => runner.Follow(consumer, stoppingToken), stoppingToken)));
}

/// <summary>Hands a consumer the next range of the log and commits its checkpoint with its work.</summary>
public sealed partial class ConsumerRunner(Databases databases, ILogger<ConsumerRunner> logger)
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>After a range that took so long it rests so many times as long, and more comes together meanwhile: many small ranges cost more than a large one.</summary>
    private const int Rest = 4;

    private readonly Db db = new(databases.Service, Tenant.None);

    private sealed record Checkpoint(short BuiltIn, short Epoch, string Writer, long Position, short LogEpoch, bool SameServer);

    private sealed record Bound(short? Epoch, string? Writer, long? Position, long Events);

    internal async Task Follow(ILogConsumer consumer, CancellationToken ct)
    {
        var pause = Idle;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                var began = Stopwatch.GetTimestamp();
                var events = await Step(consumer, ct);
                // A full range: it is behind and goes on at once.
                if (events >= consumer.BatchSize) continue;
                pause = events == 0 ? Idle : TimeSpan.FromTicks(Math.Clamp(Stopwatch.GetElapsedTime(began).Ticks * Rest, Idle.Ticks, LongestWait.Ticks));
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested) { break; }
            // Away, or a deadlock: it passes by itself, and is not the consumer's fault.
            catch (Npgsql.NpgsqlException e) when (e.IsTransient)
            {
                LogAway(consumer.Name, e.Message);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestWait.Ticks));
            }
            catch (Exception e)
            {
                // A consumer that fails keeps its checkpoint and tries again, ever more slowly, and says so in health.
                LogFailed(e, consumer.Name);
                PlatformFigures.ConsumerFailed(consumer.Name);
                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
                await Note(consumer.Name, ErrorText.MessageOf(e));
            }
            await Task.Delay(pause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes in the next range, if there is one and no other node is at it.</summary>
    /// <returns>How many events it held; 0 when there is nothing to do.</returns>
    public Task<int> Step(ILogConsumer consumer, CancellationToken ct) => db.InTransaction(async t =>
    {
        var checkpoint = await Claim(t, consumer, ct);
        if (checkpoint is null) return 0;
        var from = new LogPoint(checkpoint.Epoch, ulong.Parse(checkpoint.Writer, System.Globalization.CultureInfo.InvariantCulture), checkpoint.Position);
        if (!checkpoint.SameServer || checkpoint.BuiltIn != checkpoint.LogEpoch)
        {
            var epoch = await t.One<short>($"select log.verify_epoch()", ct);
            LogRebuild(consumer.Name, checkpoint.BuiltIn, epoch);
            await consumer.Reset(t, ct);
            from = new LogPoint(0, 0, 0);
            await Save(t, consumer.Name, from, 0, epoch, ct);
        }
        var range = await Next(t, from, consumer.BatchSize, ct);
        if (range is null) return 0;
        // Looks that find nothing, three times a second, are nobody's span.
        using var span = PlatformFigures.Begin($"consumer {consumer.Name}");
        span?.SetTag("clientele.consumer.events", range.Events);
        try { await consumer.Apply(t, range, ct); }
        catch (Exception)
        {
            span?.SetStatus(ActivityStatusCode.Error);
            throw;
        }
        await Save(t, consumer.Name, range.To, range.Events, null, ct);
        return range.Events;
    }, ct);

    /// <summary>Follows the log until nothing is left below the watermark: for tests and one-off commands.</summary>
    public async Task CatchUp(ILogConsumer consumer, CancellationToken ct)
    {
        while (await Step(consumer, ct) > 0) { }
    }

    private static async Task<Checkpoint?> Claim(Transaction t, ILogConsumer consumer, CancellationToken ct)
    {
        await t.Run($"""
            insert into log.consumers (name, built_in)
            select {consumer.Name}, s.epoch from log.state s
            where not exists (select from log.consumers c where c.name = {consumer.Name})
            on conflict do nothing
            """, ct);
        return await t.Find<Checkpoint>($"""
            select c.built_in, c.epoch, c.writer::text as writer, c.position, s.epoch as log_epoch, s.identity = log.identity() as same_server
            from log.consumers c cross join log.state s
            where c.name = {consumer.Name}
            for update of c skip locked
            """, ct);
    }

    private static async Task<LogRange?> Next(Transaction t, LogPoint from, int limit, CancellationToken ct)
    {
        var writer = from.Writer.ToString(System.Globalization.CultureInfo.InvariantCulture);
        // The watermark and the rows come from one snapshot: one statement.
        var bound = await t.One<Bound>($"""
            with range as (
                select e.epoch, e.writer, e.position
                from log.events e
                where (e.epoch, e.writer, e.position) > ({from.Epoch}::smallint, {writer}::text::xid8, {from.Position})
                and (e.epoch, e.writer) < ((select s.epoch from log.state s), log.watermark())
                order by e.epoch, e.writer, e.position
                limit {limit}
            ), last as (
                select r.epoch, r.writer, r.position from range r order by r.epoch desc, r.writer desc, r.position desc limit 1
            )
            select l.epoch, l.writer::text as writer, l.position, (select count(*) from range) as events
            from (select) as one left join last l on true
            """, ct);
        return bound.Epoch is null ? null : new LogRange(
            from, new LogPoint(bound.Epoch.Value, ulong.Parse(bound.Writer!, System.Globalization.CultureInfo.InvariantCulture), bound.Position!.Value), (int)bound.Events);
    }

    private static Task Save(Transaction t, string name, LogPoint to, int events, short? builtIn, CancellationToken ct) => t.Run($"""
        update log.consumers c
        set built_in = coalesce({builtIn}, c.built_in),
            epoch = {to.Epoch}::smallint,
            writer = {to.Writer.ToString(System.Globalization.CultureInfo.InvariantCulture)}::text::xid8,
            position = {to.Position},
            events_read = c.events_read + {events},
            updated_at = now(),
            problem = null
        where c.name = {name}
        """, ct);

    private async Task Note(string name, string problem)
    {
        try
        {
            await db.Run($"update log.consumers c set problem = {problem} where c.name = {name}", CancellationToken.None);
        }
        catch (Npgsql.NpgsqlException e)
        {
            // The database itself is away, which health says anyway.
            LogFailed(e, name);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Consumer {Consumer} waits for the database: {Reason}")]
    private partial void LogAway(string consumer, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Consumer {Consumer} failed; its checkpoint stays where it was")]
    private partial void LogFailed(Exception exception, string consumer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Consumer {Consumer} was built in epoch {BuiltIn}, the log is in {Epoch}: it rebuilds")]
    private partial void LogRebuild(string consumer, short builtIn, short epoch);
}

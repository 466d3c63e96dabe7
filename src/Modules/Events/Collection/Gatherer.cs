using System.Threading.Channels;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Clientele.Events.Collection;

/// <summary>What one request brought, waiting to be written.</summary>
internal sealed record Pending(Source Source, List<CollectedEvent> Events, List<RefusedEvent> Refused)
{
    /// <summary>Ends when everything is committed; fails when it could not be.</summary>
    public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// Where requests meet. Each waits here while what it brought is written, together with that of others, in one
/// transaction; only then is it answered. Two transactions are under way at most: while they are, the next one gathers.
/// What may wait is bounded in bytes before a body is read, so a flood is turned away and not piled up.
/// </summary>
internal sealed partial class Gatherer(Databases databases, SourceCounts counts, ILogger<Gatherer> logger) : BackgroundService
{
    /// <summary>Bytes of bodies in memory at once; parsed, each takes about six times that.</summary>
    private const long MostBytes = 48L * 1024 * 1024;

    private const int Writers = 2;
    private const int MostEvents = 2000;

    /// <summary>So many are enough to begin with; fewer wait this long for company.</summary>
    private const int Company = 100;
    private static readonly TimeSpan wait = TimeSpan.FromMilliseconds(2);

    /// <summary>Longer than any write takes: whoever waits longer hears that the database is away.</summary>
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    private readonly Channel<Pending> queue = Channel.CreateUnbounded<Pending>();
    private readonly WriteEvents writer = new(databases);
    private long bytes;

    /// <summary>Bytes that requests under way have taken.</summary>
    public long Waiting => Interlocked.Read(ref bytes);

    /// <summary>Takes room for a body, until it is disposed of and what the body brought is written.</summary>
    /// <exception cref="Problem">There is none: come again in a moment.</exception>
    public Room Enter(long size)
    {
        Admit(size);
        return new Room(this, size);
    }

    private void Admit(long size)
    {
        if (Interlocked.Add(ref bytes, size) <= MostBytes) return;
        Interlocked.Add(ref bytes, -size);
        throw new Problem(429, "too_busy", "More events arrive than can be written at the moment. Send them again after the time in Retry-After.") { RetryAfter = TimeSpan.FromSeconds(1) };
    }

    private void Release(long size) => Interlocked.Add(ref bytes, -size);

    /// <summary>What a request takes of the memory for bodies.</summary>
    internal sealed class Room(Gatherer gatherer, long size) : IDisposable
    {
        private long held = size;
        private Task? until;

        /// <summary>Takes more, or gives back.</summary>
        /// <exception cref="Problem">There is not so much: it stays as it was.</exception>
        public void Become(long size)
        {
            if (size > held) gatherer.Admit(size - held);
            else gatherer.Release(held - size);
            held = size;
        }

        /// <summary>What waits to be written takes the room, also when nobody waits for it any more.</summary>
        public void Until(Task written) => until = written;

        public void Dispose()
        {
            if (until is null or { IsCompleted: true }) Leave();
            else _ = until.ContinueWith(_ => Leave(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        private void Leave() => gatherer.Release(Interlocked.Exchange(ref held, 0));
    }

    /// <summary>Returns when everything is committed.</summary>
    /// <exception cref="Problem">503: it is not known to be committed; to send it again is safe where events have message ids.</exception>
    public async Task Write(Pending pending, Room room, CancellationToken ct)
    {
        if (pending.Events.Count == 0 && pending.Refused.Count == 0) return;
        if (!queue.Writer.TryWrite(pending)) throw Away("The server is stopping. Send the events again after the time in Retry-After.");
        room.Until(pending.Written.Task);
        // Whoever hangs up does not take the others' transaction along: what was taken is written.
        try { await pending.Written.Task.WaitAsync(patience + TimeSpan.FromSeconds(5), ct); }
        catch (TimeoutException) { throw Away("The database does not answer at the moment. Send the events again after the time in Retry-After."); }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() => Run(stoppingToken), CancellationToken.None)));

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // Who waits already is still written and answered.
        queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    private async Task Run(CancellationToken ct)
    {
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var group = new List<Pending>();
            var events = Take(group, 0);
            if (events is > 0 and < Company && !ct.IsCancellationRequested)
            {
                await Task.Delay(wait, CancellationToken.None);
                Take(group, events);
            }
            foreach (var workspace in group.GroupBy(p => (p.Source.OrganizationId, p.Source.WorkspaceId))) await WriteAll([.. workspace]);
        }
    }

    private int Take(List<Pending> group, int events)
    {
        while (events < MostEvents && queue.Reader.TryRead(out var pending))
        {
            group.Add(pending);
            events += Math.Max(1, pending.Events.Count);
        }
        return events;
    }

    private async Task WriteAll(List<Pending> group)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await Settle(group[0].Source, [.. group.SelectMany(p => p.Events)], [.. group.SelectMany(p => p.Refused.Select(r => (p.Source, r)))], limit.Token);
            foreach (var pending in group)
            {
                counts.Add(pending);
                pending.Written.TrySetResult();
            }
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException or TimeoutException or IOException)
        {
            LogAway(e.Message, group.Count);
            var away = Away("The database is not reachable at the moment. Send the events again after the time in Retry-After.");
            foreach (var pending in group) pending.Written.TrySetException(away);
        }
        catch (Exception e)
        {
            // A bug of ours: whoever waits hears of it, the writer goes on.
            LogBroken(e, group.Count);
            foreach (var pending in group) pending.Written.TrySetException(e);
        }
    }

    // One that PostgreSQL refuses never keeps its neighbours: the group is halved until it stands alone.
    private async Task Settle(Source source, List<CollectedEvent> events, List<(Source, RefusedEvent)> refused, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await writer.Write(source, events, refused, ct);
                return;
            }
            catch (PostgresException e) when (e.SqlState is "40P01" or "40001" && attempt < 6)
            {
                await Task.Delay(Random.Shared.Next(1, 10 * attempt), ct);
            }
            // Of several, halving is a second look already.
            catch (PostgresException e) when (events.Count <= 1 && attempt < 3 && WriteEvents.MayPass(e))
            {
                await Task.Delay(Random.Shared.Next(1, 10 * attempt), ct);
            }
            catch (PostgresException e) when (IsPoisoned(e))
            {
                LogPoisoned(e.SqlState, e.MessageText, events.Count);
                if (events.Count <= 1)
                {
                    foreach (var poisoned in events) (poisoned.Fate, poisoned.Problem) = (Fate.Quarantined, $"PostgreSQL refused it: {e.MessageText}");
                    await writer.Write(source, [], [.. refused, .. events.Select(p => (source, Quarantine(p)))], ct);
                    return;
                }
                var half = events.Count / 2;
                await Settle(source, events[..half], refused, ct);
                await Settle(source, events[half..], [], ct);
                return;
            }
        }
    }

    private static RefusedEvent Quarantine(CollectedEvent poisoned) =>
        new(0, poisoned.Problem!, JsonText.Quote(poisoned.Properties + (poisoned.Context ?? string.Empty)), poisoned.Type, poisoned.MessageId);

    // Of a value, a rule or a limit of PostgreSQL's own: it will be refused again.
    private static bool IsPoisoned(PostgresException e) => e.SqlState[..2] is "22" or "23" or "54" or "CL" or "P0" or "0A";

    private static Problem Away(string detail) => new(503, "database_away", detail) { RetryAfter = TimeSpan.FromSeconds(2) };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Collected events could not be written ({Requests} requests are told to come again): {Reason}")]
    private partial void LogAway(string reason, int requests);

    [LoggerMessage(Level = LogLevel.Error, Message = "Writing collected events failed for {Requests} requests")]
    private partial void LogBroken(Exception exception, int requests);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL refused one of {Events} collected events ({SqlState}): {Reason}")]
    private partial void LogPoisoned(string sqlState, string reason, int events);
}

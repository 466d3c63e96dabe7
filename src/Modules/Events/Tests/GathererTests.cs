using System.IO.Compression;
using System.Net;
using System.Text;
using Clientele.Events.Collection;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Clientele.Events.Tests;

/// <summary>What the writer does when PostgreSQL is away, when too much comes, and when one event cannot be written.</summary>
public sealed class GathererTests(CollectApp app) : IClassFixture<CollectApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Id() => Guid.NewGuid().ToString();

    private static string Event(string id, string name = "E") => $$"""{"type": "track", "event": "{{name}}", "userId": "u", "messageId": "{{id}}"}""";

    [Fact]
    public async Task While_PostgreSQL_is_away_the_answer_is_503_and_afterwards_all_is_well()
    {
        var (before, during, after) = (Id(), Id(), Id());
        await app.Sent("/v1/track", Event(before));
        var database = new NpgsqlConnectionStringBuilder(app.ConnectionString).Database;
        await TestDatabase.Administrate($"alter database \"{database}\" with allow_connections false");
        try
        {
            await TestDatabase.Administrate($"select pg_terminate_backend(a.pid) from pg_stat_activity a where a.datname = '{database}'");
            using var refused = await app.Send("/v1/track", Event(during));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        finally { await TestDatabase.Administrate($"alter database \"{database}\" with allow_connections true"); }
        await app.Sent("/v1/track", Event(after));
        await app.Sent("/v1/track", Event(during));
        foreach (var id in (string[])[before, during, after]) await app.Event(id);
    }

    private static byte[] Zipped(int size)
    {
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(Encoding.UTF8.GetBytes($$"""{"batch": [{{Event(Id())}}]{{new string(' ', size)}}}"""));
        return zipped.ToArray();
    }

    [Fact]
    public async Task Too_much_at_once_is_turned_away_before_it_is_read()
    {
        var gatherer = app.Services.GetRequiredService<Gatherer>();
        using (gatherer.Enter(48L * 1024 * 1024 - gatherer.Waiting))
        {
            using var busy = await app.Send("/v1/track", Event(Id()));
            Assert.Equal(HttpStatusCode.TooManyRequests, busy.StatusCode);
            Assert.Equal(["1"], busy.Headers.GetValues("Retry-After"));
            Assert.Equal(["1"], busy.Headers.GetValues("X-RateLimit-Reset"));
        }
        await app.Sent("/v1/track", Event(Id()));
        Assert.Equal(0, gatherer.Waiting);

        // Of a body that does not say how long it is, the longest is feared.
        using (gatherer.Enter(48L * 1024 * 1024 - 100 * 1024))
        {
            using var chunked = await app.Send("/v1/track", Event(Id()), null, r => r.Headers.TransferEncodingChunked = true);
            Assert.Equal(HttpStatusCode.TooManyRequests, chunked.StatusCode);
            await app.Sent("/v1/track", Event(Id()));
        }
        await app.Sent("/v1/track", Event(Id()), null, r => r.Headers.TransferEncodingChunked = true);
        Assert.Equal(0, gatherer.Waiting);

        // A small body counts as what it unpacks to, while it is unpacked.
        var (large, small) = (Zipped(400 * 1024), Zipped(100));
        Assert.InRange(large.Length, 1, 5000);
        using (gatherer.Enter(48L * 1024 * 1024 - 200 * 1024))
        {
            using var swelling = await app.Send("/v1/batch", large, null, r => r.Content!.Headers.ContentEncoding.Add("gzip"));
            Assert.Equal(HttpStatusCode.TooManyRequests, swelling.StatusCode);
            using var modest = await app.Send("/v1/batch", small, null, r => r.Content!.Headers.ContentEncoding.Add("gzip"));
            Assert.Equal(HttpStatusCode.OK, modest.StatusCode);
        }
        using var taken = await app.Send("/v1/batch", large, null, r => r.Content!.Headers.ContentEncoding.Add("gzip"));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(0, gatherer.Waiting);
    }

    [Fact]
    public async Task Room_is_held_until_what_it_is_for_is_written_also_when_nobody_waits()
    {
        var gatherer = app.Services.GetRequiredService<Gatherer>();
        var source = await app.Services.GetRequiredService<Sources>().Find(app.Key, Ct);
        var pending = new Pending(source!, [], [new RefusedEvent(0, "It is a test.", "{}", null, null)]);
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        // Nothing is written while the table is locked.
        await using (var superuser = await app.OpenSuperuser())
        await using (var transaction = await superuser.BeginTransactionAsync(Ct))
        {
            await superuser.Run("lock table events.quarantined_events");
            using (var room = gatherer.Enter(1000))
            {
                room.Become(3000);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gatherer.Write(pending, room, gone.Token));
            }
            Assert.Equal(3000, gatherer.Waiting);
        }
        await pending.Written.Task;
        for (var i = 0; i < 500 && gatherer.Waiting > 0; i++) await Task.Delay(10, Ct);
        Assert.Equal(0, gatherer.Waiting);
    }

    [Fact]
    public async Task One_that_PostgreSQL_refuses_is_quarantined_and_its_neighbours_are_written()
    {
        await using (var superuser = await app.OpenSuperuser())
        await superuser.Run("alter table log.events add constraint no_poison check (event_name <> 'Poison')");
        var ids = Enumerable.Range(0, 40).Select(_ => Id()).ToArray();
        var answers = await Task.WhenAll(ids.Chunk(10).Select((part, i) => app.Sent("/v1/batch", $"{{\"batch\": [{string.Join(',', part.Select((id, j) => Event(id, i == 2 && j == 3 ? "Poison" : "Good")))}]}}")));
        Assert.Single(answers, a => a.Contains("\"accepted\":9", StringComparison.Ordinal) && a.Contains(ids[23], StringComparison.Ordinal));
        foreach (var id in ids) Assert.Equal(id == ids[23] ? 0 : 1, (await app.Events(id)).Count);
        Assert.Equal(ids[23], await app.Db.One<string>($"select q.message_id from events.quarantined_events q where q.event_type = 'poison'", Ct));
        Assert.Equal(0, await app.For(app.Beta).One<long>($"select count(*) from events.quarantined_events q where q.event_type = 'poison'", Ct));
    }

    [Fact]
    public async Task What_came_in_is_counted_for_its_key()
    {
        var id = Id();
        await app.Sent("/v1/batch", $"{{\"batch\": [{Event(id)}, {Event(id)}, {{}}]}}", app.BetaKey);
        Assert.Equal(400, (await (await app.Send("/v1/batch", "no json", app.BetaKey)).Problem()).Status);
        await app.Services.GetRequiredService<SourceCounts>().Flush(Ct);
        Task<string> Counted() => app.For(app.Beta).One<string>($"select concat_ws(' ', sum(c.received), sum(c.stored), sum(c.duplicates), sum(c.quarantined), sum(c.failed_requests)) from events.source_counts c", Ct);
        // The server itself adds them every ten seconds: what it has just taken is not written yet.
        for (var patience = 0; await Counted() != "3 1 1 1 1" && patience < 200; patience++) await Task.Delay(50, Ct);
        Assert.Equal("3 1 1 1 1", await Counted());
    }
}

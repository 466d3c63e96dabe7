using System.Collections.Concurrent;
using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Platform.Tests;

/// <summary>The rules of the log, against writers that commit out of order and consumers that die.</summary>
public sealed class LogTests(LogTests.Database database) : IClassFixture<LogTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Keeps what it was handed in a table of its own, so that a rollback takes that back too.</summary>
    private sealed class Recorder(string name, int batch = 100) : ILogConsumer
    {
        public string Name => name;
        public int BatchSize => batch;
        public Func<int, bool> DiesAt { get; init; } = _ => false;
        private int call;

        public async Task Apply(Transaction transaction, LogRange range, CancellationToken ct)
        {
            await transaction.Run($"insert into probe_log.taken (consumer, id) select {name}, e.id from log.events e where {range.Contains("e")} order by e.epoch, e.writer, e.position", ct);
            if (DiesAt(++call)) throw new InvalidOperationException("killed");
        }

        public async Task Reset(Transaction transaction, CancellationToken ct) => await transaction.Run($"delete from probe_log.taken t where t.consumer = {name}", ct);
    }

    private async Task Prepare()
    {
        await using var connection = await database.OpenSuperuser();
        await connection.Run("""
            create schema if not exists probe_log;
            create table if not exists probe_log.taken (consumer text, id uuid, at bigserial);
            grant usage on schema probe_log to clientele_service;
            grant all on all tables in schema probe_log to clientele_service;
            grant all on all sequences in schema probe_log to clientele_service
            """);
    }

    private ConsumerRunner Runner => new(database.Databases, NullLogger<ConsumerRunner>.Instance);

    private Task<List<Guid>> Taken(string consumer) => database.Service.List<Guid>($"select t.id from probe_log.taken t where t.consumer = {consumer} order by t.at", Ct);

    private static NewEvent Event(string type = "probe", string? message = null) => new(type, DateTimeOffset.Parse("2026-01-15T10:00Z", null)) { MessageId = message };

    private Task<int> Append(Tenant tenant, params NewEvent[] events) => database.For(tenant).InTransaction(t => EventLog.Append(t, events, Ct), Ct);

    private async Task<NpgsqlConnection> Writer()
    {
        var connection = await database.Databases.Application.OpenConnectionAsync(Ct);
        await connection.Run($"begin; select set_config('clientele.organization_id', '{database.Alpha.OrganizationId}', true), set_config('clientele.access', 'system', true)");
        return connection;
    }

    private static async Task<Guid> Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct) is Guid id ? id : Guid.Empty;
    }

    [Fact]
    public async Task A_lower_position_that_commits_later_is_not_lost()
    {
        await Prepare();
        var consumer = new Recorder("order");
        await database.CatchUp(consumer);
        await using var slow = await Writer();
        await using var quick = await Writer();
        var first = await Run(slow, "select log.append('slow')");
        var second = await Run(quick, "select log.append('quick')");
        await Run(quick, "commit");

        await Runner.CatchUp(consumer, Ct);
        Assert.DoesNotContain(second, await Taken("order")); // above the watermark: an older writer still runs

        await Run(slow, "commit");
        await database.CatchUp(consumer);
        Assert.Equal([first, second], (await Taken("order")).TakeLast(2));
    }

    [Fact]
    public async Task Eight_writers_and_a_consumer_that_is_killed_now_and_then_lose_and_repeat_nothing()
    {
        await Prepare();
        var written = new ConcurrentBag<Guid>();
        var random = new Random(17);
        var writers = Enumerable.Range(0, 8).Select(w => Task.Run(async () =>
        {
            for (var n = 0; n < 30; n++)
            {
                int pause;
                lock (random) pause = random.Next(12);
                await database.Db.InTransaction(async t =>
                {
                    var events = Enumerable.Range(0, 1 + n % 5).Select(_ => Event()).ToList();
                    await EventLog.Append(t, events, Ct);
                    await Task.Delay(pause, Ct);
                    foreach (var e in events) written.Add(e.Id);
                }, Ct);
            }
        }, Ct)).ToList();
        var consumer = new Recorder("killed", 37) { DiesAt = call => call % 3 == 0 };
        var done = Task.WhenAll(writers);
        while (!done.IsCompleted || await Behind("killed") > 0)
        {
            // Two nodes run it at once; each dies at every third range, after its work and before its commit.
            var steps = new[] { Runner, Runner }.Select(async r => { try { await r.Step(consumer, Ct); } catch (InvalidOperationException) { } });
            await Task.WhenAll(steps);
        }
        await done;

        var taken = (await Taken("killed")).Where(written.Contains).ToList();
        Assert.Equal(written.Count, taken.Count);
        Assert.Equal(written.Order(), taken.Order());
    }

    private Task<long> Behind(string name) => database.Service.One<long>($"""
        select count(*) from log.events e, log.consumers c where c.name = {name} and (e.epoch, e.writer, e.position) > (c.epoch, c.writer, c.position)
        """, Ct);

    [Fact]
    public async Task A_repeated_message_is_appended_once_whatever_its_time_and_whoever_sends_it()
    {
        Assert.Equal(2, await Append(database.Alpha, Event(message: "m1"), Event(message: "m1"), Event(message: "m2")));
        Assert.Equal(0, await Append(database.Alpha, Event(message: "m1") with { OccurredAt = DateTimeOffset.Parse("2020-01-01T00:00Z", null) }));
        Assert.Equal(1, await Append(database.Beta, Event(message: "m1"))); // another organization's own
        var sums = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Append(database.Alpha, [.. Enumerable.Range(0, 50).Select(n => Event(message: $"race{n}"))])));
        Assert.Equal(50, sums.Sum());
        Assert.Null(await database.Db.One<Guid?>($"select log.append('again', message_id => 'm2')", Ct));
    }

    [Fact]
    public async Task Times_far_ahead_are_replaced_and_flagged_and_old_ones_find_the_history_partition()
    {
        var (future, old, soon) = (Event("future") with { OccurredAt = DateTimeOffset.UtcNow.AddDays(2) }, Event("old") with { OccurredAt = DateTimeOffset.Parse("1999-12-31T23:59Z", null) }, Event("soon") with { OccurredAt = DateTimeOffset.UtcNow.AddHours(20) });
        await Append(database.Alpha, future, old, soon);
        Assert.True(await database.Db.One<bool>($"select e.occurred_at <= now() and e.claimed_at > now() + interval '1 day' from log.events e where e.id = {future.Id}", Ct));
        Assert.True(await database.Db.One<bool>($"select e.claimed_at is null and e.occurred_at > now() from log.events e where e.id = {soon.Id}", Ct));
        Assert.Equal("log.events_history", await database.Db.One<string>($"select e.tableoid::regclass::text from log.events e where e.id = {old.Id}", Ct));
        var fromSql = await database.Db.One<Guid>($"select log.append('future', occurred_at => now() + interval '3 days')", Ct);
        Assert.True(await database.Db.One<bool>($"select e.occurred_at <= now() and e.claimed_at is not null from log.events e where e.id = {fromSql}", Ct));
    }

    [Fact]
    public async Task Partitions_reach_ahead_and_are_made_once()
    {
        Assert.Equal(0, await database.Service.One<int>($"select platform.make_partitions('log.events')", Ct));
        Assert.Equal(2, (await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => database.Service.One<int>($"select platform.make_partitions('log.events', 5)", Ct)))).Sum());
    }

    [Theory]
    [InlineData("update log.events set event_type = 'x'")]
    [InlineData("delete from log.events")]
    [InlineData("truncate log.events")]
    [InlineData("insert into log.events (organization_id, event_type, event_name, occurred_at, writer) values (platform.organization(), 'x', 'x', now(), '1')")]
    [InlineData("insert into log.events (organization_id, event_type, event_name, occurred_at, epoch) values (platform.organization(), 'x', 'x', now(), 9)")]
    [InlineData("update log.consumers set position = 0")]
    [InlineData("select platform.make_partitions('log.events')")]
    [InlineData("select log.verify_epoch()")]
    public async Task The_application_only_appends(string statement)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.Db.Run(Sql.Composed(statement), Ct));
        Assert.Equal("42501", refused.SqlState);
    }

    [Fact]
    public async Task An_event_for_another_organization_is_refused()
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.Db.Run($"insert into log.events (organization_id, event_type, event_name, occurred_at) values ({database.Beta.OrganizationId}, 'x', 'x', now())", Ct));
        Assert.Equal("42501", refused.SqlState);
        Assert.Equal("42501", (await Assert.ThrowsAsync<PostgresException>(() => database.For(Tenant.None).Run($"select log.append('x')", Ct))).SqlState);
    }

    [Fact]
    public async Task A_consumer_rebuilds_when_the_log_has_moved_to_another_server()
    {
        await Prepare();
        await Append(database.Alpha, Event(), Event());
        var consumer = new Recorder("moved");
        await database.CatchUp(consumer);
        var before = await Taken("moved");
        await using (var connection = await database.OpenSuperuser())
        await connection.Run("update log.state set identity = 'the old server'; update probe_log.taken set id = gen_random_uuid() where consumer = 'moved'");

        await Runner.CatchUp(consumer, Ct);
        var late = Event();
        await Append(database.Alpha, late);
        await database.CatchUp(consumer);

        var after = await Taken("moved");
        Assert.Superset(before.ToHashSet(), after.ToHashSet());
        Assert.Equal(late.Id, after[^1]);
        Assert.Equal(after.Count, after.Distinct().Count());
        Assert.True(await database.Service.One<bool>($"select e.epoch > 1 from log.events e where e.id = {late.Id}", Ct));
    }

    [Fact]
    public async Task Two_recoveries_from_the_same_copy_are_two_logs_to_whoever_keeps_its_own_place()
    {
        var once = await LogHead.Read(database.Service, new LogPoint(0, 0, 0), Ct);
        Assert.Equal(once.Identity, (await LogHead.Read(database.Service, new LogPoint(0, 0, 0), Ct)).Identity);
        // The second has the same server, timeline and epoch: it was raised at another time.
        await using (var connection = await database.OpenSuperuser())
            await Run(connection, "update log.state set since = since + interval '1 microsecond'");
        var again = await LogHead.Read(database.Service, new LogPoint(0, 0, 0), Ct);
        Assert.Equal(once.Epoch, again.Epoch);
        Assert.NotEqual(once.Identity, again.Identity);
    }

    [Fact]
    public async Task A_long_foreign_transaction_shows_in_health_with_who_it_is()
    {
        await Prepare();
        var health = new LogHealth(database.Databases, TimeProvider.System, NullLogger<LogHealth>.Instance);
        await health.Look(Ct);
        await using var foreign = await database.OpenSuperuser();
        await Run(foreign, "begin");
        await Run(foreign, "insert into probe_log.taken (consumer) values ('foreign')");
        var deadline = TimeProvider.System.GetTimestamp();
        // Other tests write in the same cluster: until the foreign transaction is the oldest, they may be the blocker.
        LogStatus status;
        do
        {
            await health.Look(Ct);
            await Task.Delay(200, Ct);
            status = await health.Read(Ct);
        }
        while ((status.WatermarkAgeSeconds < 2.1 || status.Blocker?.Pid != foreign.ProcessID) && TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(60));
        Assert.True(status.WatermarkAgeSeconds > 2);
        Assert.Equal(foreign.ProcessID, status.Blocker!.Pid);

        await Run(foreign, "rollback");
        await Append(database.Alpha, Event());
        for (var i = 0; i < 600 && health.WatermarkAgeSeconds >= 2; i++)
        {
            await health.Look(Ct);
            await Task.Delay(100, Ct);
        }
        Assert.True(health.WatermarkAgeSeconds < 2);
    }
}

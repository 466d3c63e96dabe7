using Clientele.Analytics.Queries.Following;
using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Testing;
using Clientele.Timelines.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Analytics.Tests;

/// <summary>
/// Makes up what happens to a handful of customers: few instants, so that many are equal, around the days when clocks change; events that come
/// late, merges and undone merges, erasures, undone imports. The other organization has its share.
/// </summary>
internal sealed class History(TestDatabase database, Random random, string folder, StoreSizes? sizes = null)
{
    public static readonly string[] Types = ["a", "b", "c", "d"];
    private static readonly DateTimeOffset[] instants =
    [
        // Around midnight of the day on which Paris goes from one to three, and Havana's on which midnight is left out.
        .. Enumerable.Range(0, 40).Select(i => new DateTimeOffset(2026, 3, 28, 22, 0, 0, TimeSpan.Zero).AddMinutes(20 * i)),
        .. Enumerable.Range(0, 20).Select(i => new DateTimeOffset(2026, 3, 7, 22, 0, 0, TimeSpan.Zero).AddHours(i)),
        // Windows of an hour, a second and a day end exactly here, or a microsecond before or after.
        .. new[] { 0L, 1, 999_999, 1_000_000, 1_000_001, 3_599_999_999, 3_600_000_000, 3_600_000_001, 86_400_000_000, 86_400_000_001 }
            .Select(us => new DateTimeOffset(2026, 4, 2, 12, 0, 0, TimeSpan.Zero).AddMicroseconds(us)),
        new(2025, 6, 1, 0, 0, 0, TimeSpan.Zero), new(2026, 2, 10, 5, 0, 0, TimeSpan.Zero), new(1969, 12, 31, 0, 0, 0, TimeSpan.Zero),
    ];

    private readonly List<Guid> customers = [];
    private readonly Guid[] batches = [.. Enumerable.Range(0, 4).Select(_ => Guid.CreateVersion7())];
    private readonly HashSet<Guid> undone = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public TimelinesNode Node { get; private set; } = null!;

    public IReadOnlyList<Guid> Customers => customers;

    /// <param name="idle">So many more people who do nothing of what is asked about, or hardly anything.</param>
    public async Task Begin(int people, int idle = 0)
    {
        for (var i = 0; i < people; i++)
        {
            var country = Pick<string?>("FR", "SN", null);
            var plan = Pick("""{"plan": "pro", "age": 41}""", """{"plan": "free", "age": 7.5}""", "{}");
            customers.Add(await database.Db.One<Guid>($"""
                insert into customers.customers (customer_id, country, customer_type, custom_attributes, first_seen_at)
                values ({Guid.NewGuid().ToString()}, {country}, {Pick("regular", "premium")}, {new Json(plan)}, '2026-01-01') returning id
                """, Ct));
        }
        await database.For(database.Beta).Run($"insert into customers.customers (customer_id, country) values ({Guid.NewGuid().ToString()}, 'FR')", Ct);
        var seldom = new List<NewEvent>();
        for (var i = 0; i < idle; i++)
        {
            var who = await database.Db.One<Guid>($"insert into customers.customers (customer_id, country) values ({Guid.NewGuid().ToString()}, {Pick<string?>("FR", null)}) returning id", Ct);
            seldom.AddRange(Enumerable.Range(0, random.Next(5)).Select(_ => new NewEvent(random.Next(20) == 0 ? Pick(Types) : "idle", Pick(instants)) { CustomerId = who }));
        }
        if (idle > 0) await database.Db.InTransaction(t => EventLog.Append(t, seldom, Ct), Ct);
        Node = NewNode();
    }

    public async Task Go(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            switch (random.Next(16))
            {
                case 0 or 1: await MergeOrUndo(); break;
                case 2 when random.Next(3) == 0: await database.Db.Run($"select customers.erase({Anybody()})", Ct); break;
                case 3 when random.Next(2) == 0:
                    var batch = batches[random.Next(batches.Length)];
                    if (undone.Add(batch)) await database.Db.InTransaction(t => EventLog.Undo(t, batch, Ct), Ct);
                    break;
                case 4: await database.Db.Run($"update customers.customers c set country = {Pick<string?>("FR", "DE", null)}, updated_at = now() where c.id = {Anybody()} and c.erased_at is null", Ct); break;
                default: await Append(); break;
            }
            // Sometimes the node is behind, sometimes it writes files, sometimes it dies and begins from them.
            if (random.Next(3) == 0) await Node.Step(Ct);
            if (random.Next(6) == 0 && Node.Place.Writer > 0) Node.SaveNow(compact: random.Next(2) == 0);
            if (random.Next(12) == 0) Restart();
        }
        await CatchUp();
    }

    /// <summary>As after kill -9: what was in memory only is gone.</summary>
    public void Restart()
    {
        Node.Dispose();
        Node = NewNode();
    }

    /// <summary>The watermark is the whole cluster's: other tests may hold it back for a while.</summary>
    public async Task CatchUp()
    {
        for (var patience = 0; patience < 600; patience++)
        {
            await Node.CatchUp(Ct);
            var place = Node.Place;
            if (!await database.Service.One<bool>($"""
                select exists (select from log.events e where (e.epoch, e.writer, e.position)
                    > ({place.Epoch}::smallint, {place.Writer.ToString(System.Globalization.CultureInfo.InvariantCulture)}::text::xid8, {place.Position}))
                """, Ct)) return;
            await Task.Delay(50, Ct);
        }
        throw new TimeoutException("Some transaction of the cluster has been writing for half a minute.");
    }

    private async Task Append()
    {
        var events = Enumerable.Range(0, random.Next(1, 7)).Select(_ => One()).ToList();
        await database.Db.InTransaction(t => EventLog.Append(t, events, Ct), Ct);
        if (random.Next(4) == 0)
            await database.For(database.Beta).InTransaction(t => EventLog.Append(t, [.. events.Select(e => e with { Id = Guid.CreateVersion7() })], Ct), Ct);
    }

    private NewEvent One()
    {
        var open = batches.Where(b => !undone.Contains(b) || random.Next(10) == 0).Cast<Guid?>().Append(null).Append(null).ToArray();
        return new NewEvent(Pick(Types), Pick(instants))
        {
            CustomerId = random.Next(12) == 0 ? null : Anybody(),
            Category = random.Next(15) == 0 ? Pick("control", "state") : Pick<string?>(null, "engagement"),
            Value = random.Next(3) == 0 ? random.Next(-500, 10_000) / 100m : null,
            Currency = Pick<string?>("EUR", null),
            Country = Pick<string?>("FR", "SN", null),
            DeviceType = Pick<string?>("phone", "desktop", null),
            BatchId = open[random.Next(open.Length)],
            Properties = new Json(Pick(
                "{}", """{"plan": "pro", "n": 3}""", """{"plan": "free", "n": 2.5, "deep": {"x": 1}}""", """{"plan": null, "n": "7", "flag": true}""",
                """{"plan": "é\u0001\ud83d\ude00", "n": 1e20}""", $$"""{"plan": "{{new string('x', 250)}}", "n": -0.0000005}""", """{"list": [1, 2], "n": 0.1234565}""")),
        };
    }

    private async Task MergeOrUndo()
    {
        try
        {
            if (random.Next(3) > 0) await database.Db.Run($"select customers.merge({Anybody()}, {Anybody()})", Ct);
            else
            {
                var merges = await database.Db.List<Guid>($"select m.id from customers.merges m where m.status = 'done' and m.survivor_id = any({customers.ToArray()})", Ct);
                if (merges.Count > 0) await database.Db.Run($"select customers.undo_merge({merges[random.Next(merges.Count)]})", Ct);
            }
        }
        catch (Npgsql.PostgresException e) when (e.SqlState is "CL001" or "23514") { /* with itself, or merged, erased or built upon before: refused, as it should be */ }
    }

    public Guid Anybody() => customers[random.Next(customers.Count)];

    public T Pick<T>(params T[] values) => values[random.Next(values.Length)];

    private TimelinesNode NewNode() => new(database.Databases, new TimelinesOptions(folder), TimeProvider.System, NullLogger<TimelinesNode>.Instance) { Sizes = sizes ?? new StoreSizes() };
}

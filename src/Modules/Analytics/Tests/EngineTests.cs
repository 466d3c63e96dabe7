using Clientele.Analytics.Queries.Following;
using Clientele.Analytics.Queries.Reference;
using Clientele.Platform.Log;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Analytics.Tests;

/// <summary>What Timelines answer is what the reference in SQL answers, whatever happened and whatever is asked.</summary>
public sealed class EngineTests(EngineTests.Database database) : IClassFixture<EngineTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static readonly QuestionKind[] kinds = [.. Enum.GetValues<QuestionKind>().Where(k => k != QuestionKind.Timeline)];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Both_engines_answer_alike_after_any_history(int seed)
    {
        var random = new Random(seed);
        var folder = Directory.CreateTempSubdirectory("timelines-").FullName;
        var history = new History(database, random, folder);
        try
        {
            await history.Begin(7);
            for (var round = 0; round < 3; round++)
            {
                await history.Go(25);
                if (round == 1) history.Restart();
                await history.CatchUp();
                foreach (var kind in kinds) await Ask(history, random, kind, 6);
                await Timelines(history);
            }
            history.Node.RequestRebuild();
            await history.CatchUp();
            foreach (var kind in kinds) await Ask(history, random, kind, 3);
        }
        finally
        {
            history.Node.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The same where little data lies in many files, many chunks and many hands, and most people do nothing of what is asked about.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(null)]
    public async Task Both_engines_answer_alike_from_many_small_pieces(int? fixedly)
    {
        var seed = fixedly ?? Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var folder = Directory.CreateTempSubdirectory("timelines-").FullName;
        var history = new History(database, random, folder, new StoreSizes { RowsPerFile = 8, Chunk = 4, RowsPerWorker = 1 });
        try
        {
            await history.Begin(7, idle: 40);
            for (var round = 0; round < 2; round++)
            {
                await history.Go(12);
                // Wholly in main files, then with something beside them.
                if (round == 0) history.Node.SaveNow(compact: true);
                foreach (var kind in kinds) await Ask(history, random, kind, 4);
            }
        }
        finally
        {
            history.Node.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Ahead { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }

    [Fact]
    public async Task What_an_erased_person_alone_said_is_on_no_disk_an_hour_later()
    {
        var folder = Directory.CreateTempSubdirectory("timelines-").FullName;
        var (clock, said) = (new Clock(), $"said-{Guid.NewGuid():N}");
        try
        {
            using var node = new TimelinesNode(database.Databases, new TimelinesOptions(folder), clock, NullLogger<TimelinesNode>.Instance);
            async Task<Guid> Say(Tenant tenant)
            {
                var who = await database.For(tenant).One<Guid>($"insert into customers.customers (customer_id) values ({said}) returning id", Ct);
                await database.For(tenant).InTransaction(t => EventLog.Append(t, [new NewEvent("noted", At) { CustomerId = who, Properties = new Platform.Data.Json($$"""{"note": "{{said}}"}""") }], Ct), Ct);
                return who;
            }
            // The log's watermark is the whole server's: other tests may hold it.
            async Task Until(Func<bool> holds)
            {
                for (var patience = 0; ; patience++)
                {
                    await node.CatchUp(Ct);
                    if (holds()) return;
                    Assert.True(patience < 600);
                    await Task.Delay(100, Ct);
                }
            }
            bool OnDisk(Tenant tenant) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(f => f.Contains(tenant.OrganizationId!.Value.ToString(), StringComparison.Ordinal)).Any(f => File.ReadAllText(f).Contains(said, StringComparison.Ordinal));
            var ann = await Say(database.Alpha);
            await Say(database.Beta);
            await Until(() =>
            {
                node.SaveNow(compact: true);
                return OnDisk(database.Alpha) && OnDisk(database.Beta);
            });

            await database.Db.Run($"select customers.erase({ann})", Ct);
            clock.Ahead = TimeSpan.FromMinutes(61);
            await Until(() => !OnDisk(database.Alpha));
            Assert.True(OnDisk(database.Beta));
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_batch_whose_control_rows_could_not_be_obeyed_is_counted_once(bool saved)
    {
        var folder = Directory.CreateTempSubdirectory("timelines-").FullName;
        var random = new Random(7);
        var history = new History(database, random, folder);
        var type = $"once_{Guid.NewGuid():N}";
        try
        {
            await history.Begin(3);
            Task Add() => database.Db.InTransaction(t => EventLog.Append(t, [.. history.Customers.Select(c => new NewEvent(type, At) { CustomerId = c })], Ct), Ct);
            await Add();
            await database.Db.Run($"select customers.merge({history.Customers[0]}, {history.Customers[1]})", Ct);
            await history.CatchUp();
            Assert.Equal((3, 2), (await Of(type, Measure.Events), await Of(type, Measure.Customers)));

            await Add();
            await database.Db.Run($"select customers.undo_merge({await database.Db.One<Guid>($"select m.id from customers.merges m where m.survivor_id = any({history.Customers.ToArray()})", Ct)})", Ct);
            // The events are taken in; then the map of persons cannot be read.
            await using var superuser = await database.OpenSuperuser();
            await Rename("person_map", "away");
            try
            {
                for (var failed = false; !failed;)
                {
                    try { await history.Node.Step(Ct); }
                    catch (Npgsql.PostgresException) { failed = true; }
                }
            }
            finally { await Rename("away", "person_map"); }
            if (saved)
            {
                // As a stop does that comes now.
                history.Node.SaveNow(compact: false);
                history.Restart();
            }
            await history.CatchUp();
            Assert.Equal((6, 3), (await Of(type, Measure.Events), await Of(type, Measure.Customers)));
            foreach (var kind in kinds) await Ask(history, random, kind, 1);

            async Task Rename(string from, string to)
            {
                await superuser.Run($"alter table customers.{from} rename to {to}");
            }
        }
        finally
        {
            history.Node.Dispose();
            Directory.Delete(folder, recursive: true);
        }

        async Task<long> Of(string what, Measure measure)
        {
            var question = new Question { Kind = QuestionKind.Trend, From = new(2026, 5, 1), To = new(2026, 5, 1), Series = [new() { Event = what, Measure = measure }] };
            var answered = history.Node.Find(database.Alpha.OrganizationId!.Value)!.Ask(question, ct: Ct).Cells;
            var expected = await ReferenceSql.Ask(database.Db, question, Ct);
            Assert.True(Same(expected, answered), Difference(question, expected, answered));
            return answered[new CellKey(0, -1, 0)].Count;
        }
    }

    private static readonly DateTimeOffset At = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_second_step_of_the_same_instant_counts_although_it_came_first()
    {
        var folder = Directory.CreateTempSubdirectory("timelines-").FullName;
        var history = new History(database, new Random(8), folder);
        var (a, b) = ($"first_{Guid.NewGuid():N}", $"second_{Guid.NewGuid():N}");
        try
        {
            await history.Begin(2);
            await database.Db.InTransaction(t => EventLog.Append(t, [.. history.Customers.SelectMany(c => new[] { new NewEvent(b, At) { CustomerId = c }, new NewEvent(a, At) { CustomerId = c } })], Ct), Ct);
            await history.CatchUp();
            history.Node.SaveNow(compact: true);
            // One of them is in a main file alone, the other in memory besides.
            await database.Db.InTransaction(t => EventLog.Append(t, [new NewEvent("idle", At) { CustomerId = history.Customers[0] }], Ct), Ct);
            await history.CatchUp();
            var question = new Question { Kind = QuestionKind.Funnel, From = new(2026, 5, 1), To = new(2026, 5, 1), WindowSeconds = 60, Steps = [new() { Event = a }, new() { Event = b }] };
            var answered = history.Node.Find(database.Alpha.OrganizationId!.Value)!.Ask(question, ct: Ct).Cells;
            var expected = await ReferenceSql.Ask(database.Db, question, Ct);
            Assert.Equal(2, answered[new CellKey(0, 1, 0)].Count);
            Assert.True(Same(expected, answered), Difference(question, expected, answered));
        }
        finally
        {
            history.Node.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Who_asks_one_organization_for_long_keeps_nobody_of_another_waiting()
    {
        var folder = Directory.CreateTempSubdirectory("timelines-").FullName;
        var history = new History(database, new Random(9), folder);
        var type = $"long_{Guid.NewGuid():N}";
        using var leave = new ManualResetEventSlim();
        try
        {
            await history.Begin(2);
            Task Add(Tenant tenant) => database.For(tenant).InTransaction(t => EventLog.Append(t, [new NewEvent(type, At)], Ct), Ct);
            await Add(database.Alpha);
            await Add(database.Beta);
            await history.CatchUp();
            var question = new Question { Kind = QuestionKind.Trend, From = new(2026, 5, 1), To = new(2026, 5, 1), Series = [new() { Event = type }] };
            long Of(Tenant tenant, Action? stay = null) =>
                history.Node.Find(tenant.OrganizationId!.Value)!.Ask(question, stay is null ? null : _ => stay(), Ct).Cells[new CellKey(0, -1, 0)].Count;
            var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var staying = Task.Factory.StartNew(() => Of(database.Alpha, () => { entered.TrySetResult(); leave.Wait(Ct); }), Ct, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await entered.Task;
            await Add(database.Alpha);
            await Add(database.Beta);
            // Both come in one batch: a transaction of another test that is older than Beta's event would part them.
            for (var patience = 0; await database.Service.One<bool>($"select exists (select from log.events e where e.writer >= log.watermark())", Ct); patience++)
            {
                Assert.True(patience < 600, "Some transaction of the cluster has been writing for half a minute.");
                await Task.Delay(50, Ct);
            }
            var following = Task.Run(history.CatchUp, Ct);
            for (var patience = 0; await Task.Run(() => Of(database.Beta), Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct) < 2; patience++)
            {
                Assert.True(patience < 6000, "Beta's event never arrived.");
                await Task.Delay(20, Ct);
            }
            Assert.False(staying.IsCompleted);
            leave.Set();
            Assert.Equal(1, await staying);
            await following;
            Assert.Equal(2, Of(database.Alpha));
        }
        finally
        {
            leave.Set();
            history.Node.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task Ask(History history, Random random, QuestionKind kind, int times)
    {
        var any = new AnyQuestion(random);
        for (var i = 0; i < times; i++)
        {
            var question = any.Of(kind);
            var store = history.Node.Find(database.Alpha.OrganizationId!.Value)!;
            var answered = store.Ask(question, ct: Ct).Cells;
            var expected = await ReferenceSql.Ask(database.Db, question, Ct);
            Assert.True(Same(expected, answered), Difference(question, expected, answered));
            await Who(store, random, question, answered);
        }
    }

    // Behind every number that counts customers are as many customers.
    private static Task Who(Timelines.Store.TimelineStore store, Random random, Question question, Dictionary<CellKey, Cell> cells)
    {
        var counting = cells.Where(c => question.Kind switch
        {
            QuestionKind.Trend => question.Series[c.Key.Line].Measure == Measure.Customers,
            QuestionKind.Funnel => c.Key.B == 0,
            _ => true,
        }).ToList();
        if (counting.Count == 0) return Task.CompletedTask;
        var (key, cell) = counting[random.Next(counting.Count)];
        var who = store.Who(question, new CellPick(key), 0, 1000, out var total, Ct);
        Assert.True(cell.Count == total && who.Count == total && who.Distinct().Count() == total, $"{total} customers behind {key} = {cell} of {QuestionReader.Write(question)}");
        return Task.CompletedTask;
    }

    private sealed record TimelineRow(string Type, DateTimeOffset OccurredAt, Guid Profile, decimal? Value);

    private async Task Timelines(History history)
    {
        foreach (var customer in history.Customers)
        {
            var q = new Question { Kind = QuestionKind.Timeline, Customer = customer, From = new(2025, 1, 1), To = new(2026, 12, 31), Limit = 1000 };
            var answered = history.Node.Find(database.Alpha.OrganizationId!.Value)!.Timeline(q)
                .Select(e => new TimelineRow(e.Type, DateTimeOffset.UnixEpoch.AddMicroseconds(e.Micros), e.Profile, e.Value is { } v ? v / 1.00m : null));
            var expected = await database.Db.List<TimelineRow>(ReferenceSql.Timeline(q), Ct);
            static IEnumerable<string> Lines(IEnumerable<TimelineRow> rows) => rows.Select(r => System.FormattableString.Invariant($"{r.OccurredAt:O} {r.Profile} {r.Type} {r.Value:0.00}")).Order(StringComparer.Ordinal);
            Assert.Equal(Lines(expected), Lines(answered));
        }
    }

    private static bool Same(Dictionary<CellKey, Cell> a, Dictionary<CellKey, Cell> b) =>
        a.Count == b.Count && a.All(c => b.TryGetValue(c.Key, out var other) && other.Count == c.Value.Count && other.Amount == c.Value.Amount);

    private static string Difference(Question question, Dictionary<CellKey, Cell> expected, Dictionary<CellKey, Cell> answered) =>
        $"{QuestionReader.Write(question)}\n" + string.Join('\n', expected.Keys.Union(answered.Keys)
            .Where(k => !Equals(expected.GetValueOrDefault(k)?.ToString(), answered.GetValueOrDefault(k)?.ToString()))
            .Take(20).Select(k => $"{k}: SQL {expected.GetValueOrDefault(k)} Timelines {answered.GetValueOrDefault(k)}"));

    [Fact]
    public void Numbers_are_read_as_PostgreSQL_reads_them()
    {
        var texts = Gen.Elements("", "-", "1", "12", "999999999999", "1000000000000", ".", ".5", "0.", "00", "e3", "0000005", "4999999", "x", " ")
            .ArrayOf(4).Select(parts => string.Concat(parts));
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var read = Numbers.Read(text);
            var expected = System.Text.RegularExpressions.Regex.IsMatch(text, "^-?[0-9]{1,12}([.][0-9]+)?$") && decimal.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number)
                ? (long)Math.Round(number * Numbers.Scale, MidpointRounding.AwayFromZero) : Numbers.None;
            return read == expected;
        }).QuickCheckThrowOnFailure();
    }
}

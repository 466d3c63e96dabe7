using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Clientele.Analytics.Queries.Following;
using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Platform.Migrations;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Bench;

/// <summary>
/// Questions about behaviour: CPU time of the timelines against PostgreSQL's backends with the best SQL we could write for each, over the same
/// generated events, on one machine, in one run. Both must give the same numbers. Then the size of the index, a rebuild, and how soon an event counts.
/// </summary>
internal static class AnalyticsBenchmark
{
    private const int Runs = 20;
    private static readonly DateOnly last = new(2026, 6, 30);

    /// <param name="Sql">File under benchmarks/sql; its last column is summed up to compare.</param>
    private sealed record Contest(string Name, string Sql, string Query, double Must, double Aim);

    private const string Quarter = "\"timeZone\": \"UTC\", \"from\": \"2026-04-02\", \"to\": \"2026-06-30\"";

    private static readonly Contest[] contests =
    [
        new("trend", "trend", $$"""{"kind": "trend", {{Quarter}}, "series": [{"event": "product_viewed", "measure": "customers"}]}""", 30, 80),
        new("trend_by_country", "trend_by_country", $$"""{"kind": "trend", {{Quarter}}, "breakdown": [{"field": "country"}], "series": [{"event": "product_viewed", "measure": "customers"}]}""", 30, 80),
        new("funnel3", "funnel3", $$"""{"kind": "funnel", {{Quarter}}, "steps": [{"event": "product_viewed"}, {"event": "cart_item_added"}, {"event": "order_completed"}]}""", 50, 150),
        new("funnel3_filtered", "funnel3_filtered", $$"""
            {"kind": "funnel", {{Quarter}}, "steps": [{"event": "product_viewed", "filters": [{"property": "category", "value": "shoes"}]},
             {"event": "cart_item_added", "filters": [{"property": "category", "value": "shoes"}]}, {"event": "order_completed"}]}
            """, 50, 150),
        new("funnel5_by_device", "funnel5_by_device", $$"""
            {"kind": "funnel", {{Quarter}}, "breakdown": [{"field": "device_type"}], "steps": [{"event": "session_started"}, {"event": "product_viewed"},
             {"event": "cart_item_added"}, {"event": "checkout_started"}, {"event": "order_completed"}]}
            """, 50, 150),
        new("retention", "retention", $$"""{"kind": "retention", {{Quarter}}, "interval": "week", "periods": 12, "start": {"event": "session_started"} }""", 50, 200),
        new("segment", "segment", $$"""
            {"kind": "segment", {{Quarter}}, "where": {"kind": "all", "rules": [{"kind": "count", "events": {"event": "order_completed"}, "value": 3},
             {"kind": "not", "rules": [{"kind": "count", "events": {"event": "support_contacted"}, "value": 1}]}]} }
            """, 8, 20),
    ];

    public static async Task<IReadOnlyList<Figure>> Run(string[] args, CancellationToken ct)
    {
        if (args is ["--engine", var many, .. var only]) return Engine(long.Parse(many, CultureInfo.InvariantCulture), only, ct);
        var events = args is ["--events", var given] && long.TryParse(given, CultureInfo.InvariantCulture, out var n) ? n : args.Length == 0 ? 10_000_000 : throw new SetupException("analytics takes --events N.");
        await using var home = await BenchHome.Start(ct);
        await Generate(home, events, ct);
        var figures = new List<Figure>();
        var data = home.File("data");
        Directory.CreateDirectory(data);
        using (var node = new TimelinesNode(home.Databases, new TimelinesOptions(Path.Combine(data, "timelines")), TimeProvider.System, NullLogger<TimelinesNode>.Instance))
        {
            var watch = Stopwatch.StartNew();
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            await node.CatchUp(ct);
            var rebuild = watch.Elapsed.TotalSeconds;
            var store = node.Find(home.Tenant.OrganizationId!.Value)!;
            var size = store.Size;
            Table.Row("rebuild", $"{rebuild:0.0} s", System.FormattableString.Invariant($"{size.Events:N0} events, {size.Profiles:N0} customers; own CPU {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds:0.0} s"));
            Table.Row("index", $"{(double)size.Disk / size.Events:0.00} B/event", System.FormattableString.Invariant($"{size.Disk / 1e6:0} MB in {size.Files} files, {size.Columns} properties; in memory beside it {size.Memory / 1e6:0.0} MB"));
            figures.Add(new Figure("rebuild_seconds", rebuild, "s", 40 * Math.Max(1, events / 1e7), 15 * Math.Max(1, events / 1e7)));
            figures.Add(new Figure("index_bytes_per_event", (double)size.Disk / size.Events, "B", 20, 9));
            Console.WriteLine();
            foreach (var contest in contests) figures.Add(await Race(home, store, contest, ct));
            figures.Add(new Figure("freshness_seconds", await Freshness(home, node, store, ct), "s", 5, 1));
        }
        var times = await QuestionProbe.Run(home, data, [.. contests.Select(c => (c.Name, c.Query))], ct);
        figures.Add(new Figure("http_p95_ms", times.P95.Values.Max(), "ms", 100, 50));
        figures.Add(new Figure("http_first_ms", times.First.Values.Max(), "ms", 300, 150));
        return figures;
    }

    /// <summary>Timelines alone, events without properties, for the curve of cost by size in docs/scale.md.</summary>
    /// <param name="only">The questions to ask; empty: all.</param>
    private static List<Figure> Engine(long events, string[] only, CancellationToken ct)
    {
        var folder = BenchHome.NewFolder();
        try
        {
            using var timelines = TimelineFolder.Open(folder);
            var organization = Guid.NewGuid();
            var customers = Math.Max(100, (int)(events / 50));
            var ids = Enumerable.Range(0, customers).Select(ShopEvents.Customer).ToArray();
            var watch = Stopwatch.StartNew();
            var builder = new BulkBuilder(timelines, 1_000_000);
            var store = builder.Of(organization);
            long n = 0;
            foreach (var e in ShopEvents.Of(events, customers))
            {
                store.Property("f:country", ShopEvents.Country(e.Person));
                store.Property("f:device_type", e.Device);
                if (e.Properties is { } json && json.IndexOf("\"category\": \"", StringComparison.Ordinal) is var at and > 0) store.Property("p:category", json.AsSpan(at + 13, json.IndexOf('"', at + 13) - at - 13));
                store.Event(ids[e.Person], (e.At.Ticks - DateTime.UnixEpoch.Ticks) / 10, System.Text.Encoding.UTF8.GetBytes(e.Type), null, e.Value is { } value ? (long)(value * Numbers.Scale) : Numbers.None, 1, ++n);
                if ((n & 0xfff) == 0) builder.Room().GetAwaiter().GetResult();
            }
            builder.Finish(ct).GetAwaiter().GetResult();
            timelines.Save(compact: true);
            for (var i = 0; i < customers; i += 10_000) store.Describe(ids[i..Math.Min(customers, i + 10_000)].Select(id => (id, true, (IReadOnlyList<KeyValuePair<string, string>>)[])));
            var size = store.Size;
            Table.Row("built", $"{watch.Elapsed.TotalSeconds:0.0} s", System.FormattableString.Invariant(
                $"{size.Events:N0} events, {size.Profiles:N0} customers; {(double)size.Disk / size.Events:0.00} B/event on disk, {size.Memory / 1e6:0.0} MB in memory"));
            foreach (var contest in contests.Where(c => only.Length == 0 || only.Contains(c.Name)))
            {
                var (ours, walls, cold, _, _) = Measure(store, contest, ct);
                Table.Row(contest.Name, $"{ours:0.0} ms CPU", System.FormattableString.Invariant($"{Table.Percentile(walls, 0.5):0.0} ms wall (first {cold:0}, p95 {Table.Percentile(walls, 0.95):0.0})"));
            }
            return [new Figure("index_bytes_per_event", (double)size.Disk / size.Events, "B", 20, 9)];
        }
        finally { Directory.Delete(folder, recursive: true); }
    }

    private static (double Cpu, List<double> Walls, double First, Question Question, Dictionary<CellKey, Cell> Cells) Measure(TimelineStore store, Contest contest, CancellationToken ct)
    {
        var (question, errors) = QuestionReader.Read(JsonSerializer.Deserialize<JsonElement>(contest.Query), new Defaults("UTC", last));
        if (question is null) throw new SetupException($"{contest.Name}: {string.Join(", ", errors.Keys)}");
        var first = Stopwatch.StartNew();
        var cells = store.Ask(question, null, ct).Cells;
        var cold = first.Elapsed.TotalMilliseconds;
        // Until it is compiled for good.
        for (var warm = Stopwatch.StartNew(); warm.ElapsedMilliseconds < 1500;) store.Ask(question, null, ct);
        using var self = Process.GetCurrentProcess();
        var walls = new List<double>();
        self.Refresh();
        var before = self.TotalProcessorTime;
        for (var all = Stopwatch.StartNew(); all.ElapsedMilliseconds < 1000 || walls.Count < Runs;)
        {
            var watch = Stopwatch.StartNew();
            store.Ask(question, null, ct);
            walls.Add(watch.Elapsed.TotalMilliseconds);
        }
        self.Refresh();
        return ((self.TotalProcessorTime - before).TotalMilliseconds / walls.Count, walls, cold, question, cells);
    }

    private static async Task<Figure> Race(BenchHome home, TimelineStore store, Contest contest, CancellationToken ct)
    {
        var (ours, walls, cold, question, cells) = Measure(store, contest, ct);
        var sql = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "sql", contest.Sql + ".sql"), ct);
        var (theirs, wall, sum) = await Postgres(home, sql, ct);
        var expected = cells.Where(c => c.Key.B is 0 or -1 || question.Kind == QuestionKind.Retention).Where(c => question.Kind != QuestionKind.Trend || c.Key.A >= 0)
            .Where(c => question.Kind != QuestionKind.Retention || c.Key.B >= 0).Sum(c => c.Value.Count);
        if (sum != expected) throw new SetupException($"{contest.Name}: PostgreSQL counts {sum}, Timelines {expected}. The race is void.");
        Table.Row(contest.Name, $"{theirs / ours:0} x", System.FormattableString.Invariant(
            $"{ours:0.0} ms CPU, {Table.Percentile(walls, 0.5):0.0} ms wall (first {cold:0}, p95 {Table.Percentile(walls, 0.95):0.0}); PostgreSQL {theirs:0} ms CPU, {wall:0} ms wall"));
        return new Figure(contest.Name + "_cpu_ratio", theirs / ours, "x", contest.Must, contest.Aim) { MoreIsBetter = true };
    }

    /// <summary>CPU of the backend and its parallel workers: all of PostgreSQL's processes before and after. The best of three, warm.</summary>
    private static async Task<(double Cpu, double Wall, long Sum)> Postgres(BenchHome home, string sql, CancellationToken ct)
    {
        var (best, wall, sum) = (double.MaxValue, 0.0, 0L);
        for (var run = 0; run < 3; run++)
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(home.Server) { Database = "clientele", Pooling = false, CommandTimeout = 0 }.ConnectionString);
            await connection.OpenAsync(ct);
            await using (var settings = new NpgsqlCommand("set work_mem = '512MB'; set jit = off; set max_parallel_workers_per_gather = 0", connection)) await settings.ExecuteNonQueryAsync(ct);
            await using (var organization = new NpgsqlCommand($"select set_config('bench.organization', '{home.Tenant.OrganizationId}', false)", connection)) await organization.ExecuteNonQueryAsync(ct);
            var backend = connection.ProcessID;
            var before = CpuOf(backend);
            var watch = Stopwatch.StartNew();
            await using var command = new NpgsqlCommand(sql, connection);
            await using var reader = await command.ExecuteReaderAsync(ct);
            var counted = 0L;
            while (await reader.ReadAsync(ct)) counted += Convert.ToInt64(reader.GetValue(reader.FieldCount - 1), CultureInfo.InvariantCulture);
            var took = watch.Elapsed.TotalMilliseconds;
            var cpu = CpuOf(backend) - before;
            if (cpu < best) (best, wall, sum) = (cpu, took, counted);
        }
        return (best, wall, sum);
    }

    // Milliseconds on a processor. What stands in /proc/PID/stat is in hundredths of a second, too coarse for the shortest of these.
    private static double CpuOf(int pid) =>
        long.Parse(File.ReadAllText($"/proc/{pid}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1e6;

    /// <summary>From the commit of an event to the first answer that counts it; the worst of five.</summary>
    private static async Task<double> Freshness(BenchHome home, TimelinesNode node, TimelineStore store, CancellationToken ct)
    {
        await node.StartAsync(ct);
        var db = new Db(home.Databases.Application, home.Tenant);
        var worst = 0.0;
        var question = new Question { Kind = QuestionKind.Trend, From = last, To = last, Series = [new Series { Event = "freshness" }] };
        for (var i = 1; i <= 5; i++)
        {
            await Task.Delay(Random.Shared.Next(400), ct);
            await db.InTransaction(t => Platform.Log.EventLog.Append(t, [new NewEvent("freshness", new DateTimeOffset(last, TimeOnly.MinValue, TimeSpan.Zero))], ct), ct);
            var watch = Stopwatch.StartNew();
            while ((store.Ask(question, null, ct).Cells.GetValueOrDefault(new CellKey(0, -1, 0))?.Count ?? 0) < i) await Task.Delay(5, ct);
            worst = Math.Max(worst, watch.Elapsed.TotalSeconds);
        }
        await node.StopAsync(ct);
        Table.Row("an event counts after", $"{worst * 1000:0} ms", "the worst of five");
        return worst;
    }

    /// <summary>Sessions of 200,000 customers over half a year, as a shop has them; indexes that the questions in SQL use best.</summary>
    private static async Task Generate(BenchHome home, long events, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var customers = Math.Max(100, (int)(events / 50));
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(home.Server) { Database = "clientele", CommandTimeout = 0, Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        async Task Execute(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(ct);
        }
        var organization = home.Tenant.OrganizationId!.Value;
        await Execute("set session_replication_role = replica");
        var ids = Enumerable.Range(0, customers).Select(i => ShopEvents.Customer(i)).ToArray();
        await using (var copy = await connection.BeginBinaryImportAsync("copy customers.customers (organization_id, id, customer_id, country, first_seen_at) from stdin (format binary)", ct))
        {
            for (var i = 0; i < customers; i++)
            {
                await copy.StartRowAsync(ct);
                await copy.WriteAsync(organization, ct);
                await copy.WriteAsync(ids[i], ct);
                await copy.WriteAsync($"c{i}", ct);
                await copy.WriteAsync(ShopEvents.Country(i), ct);
                await copy.WriteAsync(ShopEvents.Start, NpgsqlTypes.NpgsqlDbType.TimestampTz, ct);
            }
            await copy.CompleteAsync(ct);
        }
        // The log's own indexes are made after the rows, so that the run does not take ten minutes more; the rows are the same.
        var indexes = new List<string>();
        await using (var find = new NpgsqlCommand("select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index where indrelid = 'log.events'::regclass and not indisprimary", connection))
        await using (var reader = await find.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) indexes.Add($"{reader.GetString(0)}|{reader.GetString(1)}");
        foreach (var index in indexes) await Execute($"drop index {index.Split('|')[0]}");
        await Execute("alter table log.events drop constraint events_pkey");
        await ShopEvents.Copy(connection, organization, ids, events, ct);
        await Execute("create index on log.events (epoch, writer, position)");
        // The best that SQL gets: one index a question's columns, read alone.
        await Execute("create index bench_type on log.events (organization_id, event_type, customer_id, occurred_at) include (country, device_type)");
        await Execute("create index bench_time on log.events (organization_id, event_type, occurred_at) include (customer_id, country)");
        await Execute("create index bench_category on log.events (organization_id, event_type, (properties ->> 'category'), customer_id, occurred_at)");
        await Execute("vacuum (analyze) log.events");
        await Execute("vacuum (analyze) customers.customers");
        Table.Row("generated", $"{watch.Elapsed.TotalSeconds:0} s", System.FormattableString.Invariant($"{events:N0} events of {customers:N0} customers, indexed and vacuumed"));
    }
}

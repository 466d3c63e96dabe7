using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Migrations;

namespace Clientele.Bench;

/// <summary>
/// Events over HTTP until they are durable in the log, each once, with the people they are about, against raw binary COPY
/// of the same rows into the same table with its indexes. The server, its PostgreSQL and the sender are processes of their own.
/// </summary>
internal static class IngestBenchmark
{
    private const int Batch = 100;
    private const int Connections = 8;
    private const int CopyRows = 400_000;

    public static async Task<IReadOnlyList<Figure>> Run(string[] args, CancellationToken ct)
    {
        var events = args is ["--events", var given] && long.TryParse(given, CultureInfo.InvariantCulture, out var number) && number >= 200_000 ? number
            : args.Length == 0 ? 2_000_000 : throw new SetupException("ingest takes --events N, 200000 at least.");
        await using var home = await BenchHome.Start(ct);
        var folder = BenchHome.NewFolder();
        try
        {
            double single, p99, rate, growth;
            await using (var server = await ServerProcess.Start(folder, ct, home.Databases.ConnectionString))
            {
                Task<LoadResult> Load(long count, int batch, int connections, long perSecond, long first) => Send(server.Address, home.Welcome.WriteKey!, count, batch, connections, perSecond, first, ct);
                // Everybody is known afterwards, code is compiled and pages are warm.
                await Load(200_000, Batch, Connections, 0, 1);
                var early = 0.0;
                var parts = new List<LoadResult>();
                var sent = 100_000_000L;
                for (var part = 0; part < 4; part++)
                {
                    parts.Add(await Load(events / 4, Batch, Connections, 0, sent));
                    sent += events / 4;
                    if (part == 0) early = server.ResidentMegabytes;
                    Table.Row($"events {part + 1} of 4", $"{parts[^1].Events / parts[^1].Seconds:0} /s", Note(parts[^1], server));
                }
                growth = server.ResidentMegabytes - early;
                rate = parts.Sum(p => p.Events) / parts.Sum(p => p.Seconds);
                var half = await Load((long)(rate / 2 * 20), Batch, 64, (long)(rate / 2), 200_000_000);
                Table.Row("at half that load", $"p99 {half.P99:0} ms", Note(half, server));
                p99 = half.P99;
                var singles = await Load(60_000, 1, 64, 0, 300_000_000);
                Table.Row("single events", $"{singles.Events / singles.Seconds:0} /s", Note(singles, server));
                single = singles.Events / singles.Seconds;
            }
            var stored = await home.Superuser.One<long>($"select count(*) from log.events e where e.context ->> 'messageId' like 'bench-%'", ct);
            Table.Row("rows in the log", $"{stored}", "");
            var copy = await Copy(home, ct);
            Table.Row("raw COPY of the same rows", $"{copy:0} /s", $"{CopyRows} rows, one stream, with all indexes");
            return
            [
                new Figure("ingest_vs_copy", rate / copy, "x", 0.35, 0.6) { MoreIsBetter = true },
                new Figure("ingest_events_per_second", rate, "/s", 12_000, 20_000) { MoreIsBetter = true },
                new Figure("ingest_p99_ms", p99, "ms", 100, 40),
                new Figure("ingest_single_per_second", single, "/s", 3_000, 5_000) { MoreIsBetter = true },
                new Figure("ingest_memory_growth_mb", growth, "MB", 100, 20),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Note(LoadResult load, ServerProcess server) => string.Create(CultureInfo.InvariantCulture,
        $"{load.Requests} requests, p50 {load.P50:0.0} ms, p99 {load.P99:0.0} ms, longest {load.Longest:0} ms, {load.Refused} sent again; server {server.ResidentMegabytes:0} MB");

    private static async Task<LoadResult> Send(Uri address, string key, long events, int batch, int connections, long rate, long first, CancellationToken ct)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["load", address.ToString(), key, .. new[] { events, batch, connections, rate, first }.Select(n => n.ToString(CultureInfo.InvariantCulture))]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        try
        {
            var line = await process.StandardOutput.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0 ? JsonSerializer.Deserialize<LoadResult>(line)! : throw new SetupException("The sender stopped; its message stands above.");
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    // Out of the log and into it again, empty: the same rows, the same table, its indexes.
    private static async Task<double> Copy(BenchHome home, CancellationToken ct)
    {
        var columns = Sql.Composed(await home.Superuser.One<string>($"""
            select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
            where a.attrelid = 'log.events'::regclass and a.attnum > 0 and not a.attisdropped
            """, ct));
        return await home.Superuser.InTransaction(async t =>
        {
            await t.Run($"create temporary table taken as select {columns} from log.events e order by e.writer, e.position limit {CopyRows}", ct);
            var rows = await t.One<long>($"select count(*) from taken", ct);
            var bytes = new MemoryStream();
            await using (var from = await t.Connection.BeginRawBinaryCopyAsync($"copy taken ({columns}) to stdout (format binary)", ct)) await from.CopyToAsync(bytes, ct);
            await t.Run($"truncate log.events", ct);
            bytes.Position = 0;
            var watch = Stopwatch.StartNew();
            await using (var to = await t.Connection.BeginRawBinaryCopyAsync($"copy log.events ({columns}) from stdin (format binary)", ct)) await bytes.CopyToAsync(to, ct);
            return rows / watch.Elapsed.TotalSeconds;
        }, ct);
    }
}

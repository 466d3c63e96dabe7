using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Clientele.Bench;

/// <summary>
/// The Data API alone, as a process of its own, over a database of pgbench: one row by its key over so many connections as
/// pgbench has, a page of a thousand rows with one embedded relation, a million rows streamed.
/// </summary>
internal static partial class DataApiBenchmark
{
    private const int Connections = 8;
    private const int Scale = 10;
    private const int Seconds = 6;
    private const int Pages = 200;
    private const int Streamed = 1_000_000;

    public static async Task<IReadOnlyList<Figure>> Run(string[] args, CancellationToken ct)
    {
        if (args.Length > 0) throw new SetupException("data-api takes no options.");
        var folder = BenchHome.NewFolder();
        var server = await PrivatePostgresServer.Start(new PrivatePostgresOptions { DataFolder = folder }, NullLogger.Instance, ct);
        try
        {
            return await Measure(server.ConnectionString, ct);
        }
        finally
        {
            await server.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Figure>> Measure(string connection, CancellationToken ct)
    {
        var database = new NpgsqlConnectionStringBuilder(connection) { Database = "bench", CommandTimeout = 0 };
        await Execute(connection, "create database bench", ct);
        await PgBench(database, ct, "-i", "-q", "-s", $"{Scale}", "--foreign-keys");
        await Execute(database.ConnectionString, $"""
            create role web nologin; grant select on all tables in schema public to web;
            create table public.long_list as select i as id, 'row number ' || i as name, i * 7 % 1000 as amount from generate_series(1, {Streamed}) i;
            grant select on public.long_list to web; vacuum analyze
            """, ct);
        var (api, port) = await ServerProcess.StartDataApi(new Dictionary<string, string>
        {
            ["PGRST_DB_URI"] = database.ConnectionString,
            ["PGRST_DB_SCHEMAS"] = "public",
            ["PGRST_DB_ANON_ROLE"] = "web",
            ["PGRST_DB_POOL"] = Connections.ToString(CultureInfo.InvariantCulture),
        }, ct);
        await using (api)
        {
            // The compiler needs to have seen the code, and PostgreSQL's cache the rows.
            await Task.Run(() => Rows(port, 3), ct);
            var direct = Tps().Match(await PgBench(database, ct, "-n", "-S", "-M", "prepared", "-c", $"{Connections}", "-j", "2", "-T", $"{Seconds}"));
            var tps = double.Parse(direct.Groups[1].Value, CultureInfo.InvariantCulture);
            var requests = await Task.Run(() => Rows(port, Seconds), ct);
            var pages = await PagesOf(port, ct);
            var (grown, seconds, bytes) = await Stream(api, port, ct);
            Table.Row("pgbench -S -M prepared", $"{tps:0} /s", $"{Connections} connections, {Scale * 100_000:N0} rows");
            Table.Row("one row by its key over HTTP", $"{requests:0} /s", $"{requests / tps:0.00} x, the same connections and rows");
            Table.Row("1,000 rows with one embed", $"{pages:0.0} ms", $"p95 of {Pages}, one after the other");
            Table.Row("1,000,000 rows streamed", $"{seconds:0.0} s", string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB, the server's memory grew by {grown:0} MB"));
            return
            [
                new Figure("data_api_row_vs_pgbench", requests / tps, "x", 0.25, 0.5) { MoreIsBetter = true },
                new Figure("data_api_page_p95", pages, "ms", 30, 15),
                new Figure("data_api_stream_memory", grown, "MB", 64, 16),
            ];
        }
    }

    private static async Task Execute(string connection, string sql, CancellationToken ct)
    {
        await using var open = new NpgsqlConnection(connection);
        await open.OpenAsync(ct);
        // vacuum is no part of a transaction.
        foreach (var statement in sql.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            await using var command = new NpgsqlCommand(statement, open) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private static async Task<string> PgBench(NpgsqlConnectionStringBuilder database, CancellationToken ct, params string[] arguments)
    {
        var start = new ProcessStartInfo(PgBenchPath()) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.ArgumentList.Add(database.Database!);
        (start.Environment["PGHOST"], start.Environment["PGUSER"], start.Environment["PGPASSWORD"]) = (database.Host, database.Username, database.Password);
        if (database.Port > 0) start.Environment["PGPORT"] = database.Port.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        await process.WaitForExitAsync(ct);
        return process.ExitCode == 0 ? await output : throw new SetupException($"pgbench: {(await errors).Trim()}");
    }

    private static string PgBenchPath()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(
            Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(d => Path.Combine(d, "bin")) : []);
        return folders.Select(f => Path.Combine(f, "pgbench")).FirstOrDefault(File.Exists) ?? throw new SetupException("pgbench is not installed; it comes with PostgreSQL's server.");
    }

    [GeneratedRegex(@"tps = ([0-9.]+)")]
    private static partial Regex Tps();

    // As little of a client as there can be: pgbench is one too. Threads, each with a connection kept open.
    private static double Rows(int port, int seconds)
    {
        var (total, failed) = (0L, 0L);
        var watch = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, Connections).Select(n => new Thread(() =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(IPAddress.Loopback, port);
            var (random, buffer, done) = (new Random(n), new byte[8192], 0L);
            while (watch.Elapsed.TotalSeconds < seconds)
            {
                socket.Send(Encoding.ASCII.GetBytes($"GET /pgbench_accounts?select=abalance&aid=eq.{random.Next(1, Scale * 100_000 + 1)} HTTP/1.1\r\nHost: bench\r\n\r\n"));
                if (!Answer(socket, buffer)) Interlocked.Increment(ref failed);
                done++;
            }
            Interlocked.Add(ref total, done);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        if (failed > 0) throw new SetupException($"{failed} requests were not answered with a row.");
        return total / watch.Elapsed.TotalSeconds;
    }

    private static bool Answer(Socket socket, byte[] buffer)
    {
        var length = 0;
        while (true)
        {
            var read = socket.Receive(buffer, length, buffer.Length - length, SocketFlags.None);
            if (read == 0) return false;
            length += read;
            var text = buffer.AsSpan(0, length);
            var end = text.IndexOf("\r\n\r\n"u8);
            if (end < 0) continue;
            var at = text.IndexOf("Content-Length: "u8);
            if (at < 0) return false;
            _ = System.Buffers.Text.Utf8Parser.TryParse(text[(at + 16)..], out int body, out _);
            if (length >= end + 4 + body) return text.StartsWith("HTTP/1.1 200"u8) && text[end + 4] == '[' && body > 10;
        }
    }

    private static async Task<double> PagesOf(int port, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var times = new List<double>();
        for (var i = 0; i < Pages + 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var body = await client.GetByteArrayAsync(new Uri($"/pgbench_accounts?select=aid,abalance,filler,pgbench_branches(bid,bbalance)&aid=gt.{i * 1000}&order=aid&limit=1000", UriKind.Relative), ct);
            if (body.Length < 100_000) throw new SetupException("The page is too short.");
            if (i >= 20) times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return Table.Percentile(times, 0.95);
    }

    private static async Task<(double Grown, double Seconds, long Bytes)> Stream(ServerProcess api, int port, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Timeout.InfiniteTimeSpan };
        var before = api.ResidentMegabytes;
        var (most, bytes) = (before, 0L);
        var watch = Stopwatch.StartNew();
        await using var stream = await client.GetStreamAsync(new Uri("/long_list", UriKind.Relative), ct);
        var buffer = new byte[1 << 20];
        var (rows, read) = (0, 0);
        while ((read = await stream.ReadAsync(buffer, ct)) > 0)
        {
            bytes += read;
            rows += buffer.AsSpan(0, read).Count((byte)'{');
            most = Math.Max(most, api.ResidentMegabytes);
        }
        if (rows != Streamed) throw new SetupException($"{rows} rows came, not {Streamed}.");
        return (most - before, watch.Elapsed.TotalSeconds, bytes);
    }
}

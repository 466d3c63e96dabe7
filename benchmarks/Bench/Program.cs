using Clientele.Bench;
using Clientele.Platform.Migrations;
using Clientele.Platform.PrivatePostgres;
using Clientele.Platform.Problems;

// clientele-bench NAME: 0 all that must hold holds · 1 a number is short · 2 it could not run.
Benchmark[] benchmarks =
[
    new("import", "a large file of orders through the real import, against raw COPY; then the overview over HTTP  [--file CSV --map MAPPING]", ImportBenchmark.Run),
    new("start", "cold start of the server on an empty folder, its migrations, and its memory when idle", StartBenchmark.Run),
    new("data-api", "the Data API over HTTP against pgbench on the same rows; a page with embedded rows; a million rows streamed", DataApiBenchmark.Run),
    new("ingest", "events over HTTP into the log, durable and once each, against raw COPY; latency at half that load; single events; memory  [--events N]", IngestBenchmark.Run),
    new("analytics", "questions about behaviour: CPU of the timelines against PostgreSQL's with the best SQL; size, rebuild, freshness  [--events N]", AnalyticsBenchmark.Run),
    new("sign-in", "requests of others while a thousand people sign in at once", SignInBenchmark.Run),
    new("views", "reading through a blueprint's views against the tables; migrations of an empty database and a clone of it", ViewsBenchmark.Run),
];

if (args.Length == 0)
{
    foreach (var known in benchmarks) Console.WriteLine($"{known.Name,-10} {known.Description}");
    return 0;
}
// The other half of "ingest": a process of its own, so that what it costs to send is not counted as what it costs to take.
if (args[0] == "load") return await LoadGenerator.Run(args[1..]);
if (Array.Find(benchmarks, b => b.Name == args[0]) is not { } benchmark)
{
    await Console.Error.WriteLineAsync($"bench: there is no benchmark \"{args[0]}\". There is: {string.Join(", ", benchmarks.Select(b => b.Name))}.");
    return 2;
}
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    // What was started is stopped and what was written is deleted first.
    pressed.Cancel = true;
    stop.Cancel();
};
try
{
    var figures = await benchmark.Run(args[1..], stop.Token);
    Console.WriteLine();
    foreach (var figure in figures) Console.WriteLine(figure.Line);
    return figures.All(f => f.Ok) ? 0 : 1;
}
catch (Exception e) when (e is SetupException or PrivatePostgresException or Problem)
{
    await Console.Error.WriteLineAsync($"bench: {e.Message}");
    return 2;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}

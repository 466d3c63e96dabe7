using System.Diagnostics;
using Clientele.Commerce;
using Clientele.Platform.Data;
using Clientele.Platform.Imports;
using Clientele.Platform.Migrations;
using Clientele.Platform.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Bench;

/// <summary>
/// The whole import of a large file, from its first byte to the last fact, against what PostgreSQL can do at best: raw
/// binary COPY of the very rows it left in the items' table, into an empty table like it. Then the overview on that data.
/// </summary>
internal static class ImportBenchmark
{
    public static async Task<IReadOnlyList<Figure>> Run(string[] args, CancellationToken ct)
    {
        OrdersFile.Check(args);
        await using var home = await BenchHome.Start(ct);
        var orders = await OrdersFile.Choose(args, home.File("orders.csv.gz"), ct);
        Console.WriteLine($"import of {Path.GetFileName(orders.Path)}");
        var (seconds, import) = await Import(home, orders, ct);
        Table.Row("import", $"{seconds:0.0} s", $"{import.LinesRead:N0} lines, {import.Accepted:N0} accepted, {import.Rejected:N0} rejected");
        Table.Row("", $"{import.LinesRead / seconds:N0} lines/s", string.Join(", ", import.Counts.EnumerateObject().Select(c => $"{c.Value.GetInt64():N0} {c.Name}")));
        var (copy, rows) = await Copy(home, ct);
        Table.Row("raw COPY of the item rows alone", $"{copy:0.0} s", $"{rows:N0} rows");
        Table.Row("import as a share of COPY's speed", $"{copy / seconds:0.000}");
        var overview = await OverviewProbe.Run(home, ct);
        Show("overview right after the import", overview.AtOnce);
        if (overview.Later is { } later) Show("overview after autovacuum", later);
        return
        [
            new Figure("import_seconds", seconds, "s", 90, 30),
            new Figure("import_vs_copy", copy / seconds, "x", 0, 0.1) { MoreIsBetter = true },
            new Figure("overview_p95_ms", Table.Percentile(overview.AtOnce, 0.95), "ms", 200, 80),
        ];
    }

    private static void Show(string name, IReadOnlyList<double> times) => Table.Row(
        name, $"p95 {Table.Percentile(times, 0.95):0} ms", $"p50 {Table.Percentile(times, 0.5):0} ms, slowest {times.Max():0} ms; {times.Count} requests: days, weeks, months, the whole year, one country");

    private static async Task<(double Seconds, ImportView Import)> Import(BenchHome home, OrdersFile orders, CancellationToken ct)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton(home.Databases).AddSingleton<ImportWorker>();
        ((IModule)new CommerceModule()).AddServices(services);
        await using var provider = services.BuildServiceProvider();
        var db = new Db(home.Databases.Application, home.Tenant);
        await using var file = File.OpenRead(orders.Path);

        var watch = Stopwatch.StartNew();
        var id = await ImportReceiver.Receive(db, "orders", Path.GetFileName(orders.Path), file, ct);
        await ImportCommands.Start(db, provider.GetServices<IImporter>(), id, orders.Mapping, ct);
        await provider.GetRequiredService<ImportWorker>().RunNext(ct, id);
        var seconds = watch.Elapsed.TotalSeconds;
        var import = await ImportCommands.Get(db, id, ct);
        return import.State == "completed" ? (seconds, import) : throw new SetupException($"The import is {import.State}: {import.Problem}");
    }

    private static async Task<(double Seconds, long Rows)> Copy(BenchHome home, CancellationToken ct)
    {
        var path = home.File("items.copy");
        await home.Superuser.InTransaction(async t =>
        {
            await using var file = File.Create(path);
            await using var from = await t.Connection.BeginRawBinaryCopyAsync("copy commerce.customer_order_items to stdout (format binary)", ct);
            await from.CopyToAsync(file, ct);
        }, ct);
        // Defaults, checks and indexes are those of the original; foreign keys and triggers it does without.
        await home.Superuser.Run($"create table public.copied_items (like commerce.customer_order_items including all)", ct);
        var watch = Stopwatch.StartNew();
        await home.Superuser.InTransaction(async t =>
        {
            await using var file = File.OpenRead(path);
            await using var into = await t.Connection.BeginRawBinaryCopyAsync("copy public.copied_items from stdin (format binary)", ct);
            await file.CopyToAsync(into, ct);
        }, ct);
        var seconds = watch.Elapsed.TotalSeconds;
        return (seconds, await home.Superuser.One<long>($"select count(*) from public.copied_items", ct));
    }
}

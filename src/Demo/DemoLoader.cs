using System.Text.Json;
using Clientele.Commerce;
using Clientele.Customers;
using Clientele.Demo.Generator;
using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Platform.Tenancy;

namespace Clientele.Demo;

/// <summary>
/// Writes a shop's year through the doors of the modules: each slice (customers, orders, facts and a fact that says so) in
/// one short transaction. The facts of written slices are what a load that was cut short goes on from, with the year it
/// had begun; as ids come from the seed too, the log's own key refuses a slice a second time.
/// </summary>
public static class DemoLoader
{
    private const string Marker = "demo_written";
    private const int Writers = 2;

    private sealed record Written(long Size, long Seed, DateTimeOffset End, int Slice, long Events);

    private sealed record Properties(JsonElement Text);

    /// <param name="tenant">The platform acting for an organization, with the workspace the orders belong to.</param>
    /// <param name="options">Which shop, unless one is there already or was begun: then that one is completed.</param>
    public static async Task<DemoResult> Load(Databases databases, Tenant tenant, DemoOptions options, IProgress<DemoProgress>? progress, CancellationToken ct)
    {
        var db = new Db(databases.Application, tenant);
        var written = await FindWritten(db, ct);
        if (written is [var begun, ..]) options = new DemoOptions(begun.Size, begun.Seed, begun.End);
        // What is stored in text must come back the same.
        options = options with { End = new DateTimeOffset(options.End.UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero) };
        var shop = new Shop(options);
        var events = written.Sum(w => w.Events);
        var done = written.Select(w => w.Slice).ToHashSet();
        if (done.Count == shop.Slices) return new DemoResult(true, events);

        var slices = done.Count;
        var missing = Enumerable.Range(0, shop.Slices).Where(slice => !done.Contains(slice));
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = ct }, async (number, stop) =>
        {
            var count = await Write(db, shop, options, number, stop);
            var sum = Interlocked.Add(ref events, count);
            progress?.Report(new DemoProgress(sum, Interlocked.Increment(ref slices) / (double)shop.Slices));
        });
        return new DemoResult(false, events);
    }

    private static async Task<long> Write(Db db, Shop shop, DemoOptions options, int number, CancellationToken ct)
    {
        var slice = shop.Slice(number);
        var count = slice.Events.Count + slice.Orders.Count;
        return await db.InTransaction(async t =>
        {
            // A session's plans date from when the tables were empty; what is best then is slow a few thousand rows later.
            if (number % 8 == 0) await t.Run($"discard plans", ct);
            // Another node may be loading the same shop.
            await t.Run($"select pg_advisory_xact_lock(hashtext('clientele.demo.slice'), {number})", ct);
            if ((await FindWritten(t, number, ct)).Count > 0) return 0;
            await CustomerBook.Create(t, slice.Customers, ct);
            // Dated to the year's first moment: it is bookkeeping, not news.
            slice.Events.Add(new NewEvent(Marker, shop.Start)
            {
                Name = "Demo data written", Category = "control", DataSource = "demo",
                Properties = Json.Of(new Written(options.Size, options.Seed, options.End, number, count)),
            });
            await EventLog.Append(t, slice.Events, ct);
            // Last: products are counted in rows that all writers share, held until the transaction ends.
            await OrderBook.RecordOrders(t, slice.Orders, ct);
            return (long)count;
        }, ct);
    }

    private static async Task<List<Written>> FindWritten(Db db, CancellationToken ct) => Read(await db.List<Properties>($"""
        select e.properties as text from log.events e where e.organization_id = platform.organization() and e.event_type = {Marker}
        """, ct));

    private static async Task<List<Written>> FindWritten(Transaction t, int slice, CancellationToken ct) => Read(await t.List<Properties>($"""
        select e.properties as text from log.events e
        where e.organization_id = platform.organization() and e.event_type = {Marker} and (e.properties ->> 'slice')::integer = {slice}
        """, ct));

    private static List<Written> Read(List<Properties> rows) => rows.ConvertAll(r => r.Text.Deserialize<Written>(ApiJson.Options)!);
}

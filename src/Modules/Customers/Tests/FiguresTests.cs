using Clientele.Platform.Data;
using Clientele.Platform.Log;
using Clientele.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Clientele.Customers.Tests;

/// <summary>Counting as the log goes by gives what a count of the whole log gives, whatever happens in between.</summary>
public sealed class FiguresTests(FiguresTests.Database database) : IClassFixture<FiguresTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Figures(string CustomerId, long Orders, decimal Revenue, decimal Refunds, long Views, DateTimeOffset? LastOrder);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task In_any_history_of_orders_refunds_undone_imports_merges_and_undone_merges(int seed)
    {
        var random = new Random(seed);
        var customers = new Guid[6];
        for (var i = 0; i < customers.Length; i++)
            customers[i] = await database.Db.One<Guid>($"insert into customers.customers (organization_id, customer_id) values (platform.organization(), {$"s{seed}-{i}"}) returning id", Ct);
        var batches = Enumerable.Range(0, 4).Select(_ => Guid.CreateVersion7()).ToArray();
        var undone = new HashSet<Guid>();
        var runner = new ConsumerRunner(database.Databases, NullLogger<ConsumerRunner>.Instance);
        for (var step = 0; step < 40; step++)
        {
            if (random.Next(6) == 0) await MergeOrUndo(random, customers);
            else if (random.Next(8) == 0)
            {
                var batch = batches[random.Next(batches.Length)];
                if (undone.Add(batch)) await database.Db.InTransaction(t => EventLog.Undo(t, batch, Ct), Ct);
            }
            else
            {
                var open = batches.Where(b => !undone.Contains(b)).Cast<Guid?>().Append(null).ToArray();
                var events = Enumerable.Range(0, random.Next(1, 6)).Select(_ => new NewEvent(
                    new[] { "order_completed", "order_refunded", "page_view", "session_started", "order_placed" }[random.Next(5)], DateTimeOffset.Parse("2025-01-01T00:00Z", null).AddMinutes(random.Next(100_000)))
                {
                    CustomerId = customers[random.Next(customers.Length)],
                    Value = random.Next(1, 10_000) / 100m,
                    BatchId = open[random.Next(open.Length)],
                }).Select(e => e.Type == "order_refunded" ? e with { Value = -e.Value } : e).ToList();
                await database.Db.InTransaction(t => EventLog.Append(t, events, Ct), Ct);
            }
            // Sometimes the consumer is behind by several transactions.
            if (random.Next(3) == 0) await runner.CatchUp(new Small(random.Next(1, 8)), Ct);
        }
        await database.CatchUp(new Small(5));

        var kept = await database.Db.List<Figures>($"""
            select c.customer_id, f.total_orders as orders, f.total_revenue as revenue, f.total_refunds as refunds, f.total_page_views as views, f.last_order_at as last_order
            from customers.customer_figures f join customers.customers c on c.id = f.customer_id where c.id = any({customers}) order by 1
            """, Ct);
        // Whoever is part of another person has done nothing of their own.
        var counted = await database.Db.List<Figures>($"""
            select c.customer_id, count(e.id) filter (where e.event_type = 'order_completed') as orders, coalesce(sum(e.event_value) filter (where e.event_type = 'order_completed'), 0) as revenue,
                   coalesce(-sum(e.event_value) filter (where e.event_type = 'order_refunded'), 0) as refunds, count(e.id) filter (where e.event_type = 'page_view') as views,
                   max(e.occurred_at) filter (where e.event_type = 'order_completed') as last_order
            from customers.customers c
            left join log.facts e on customers.person(e.customer_id) = c.id and coalesce(e.event_category not in ('control', 'state'), true)
            where c.id = any({customers})
            group by 1 order by 1
            """, Ct);
        Assert.Equal(counted, kept);
    }

    [Fact]
    public async Task An_event_that_only_looks_like_a_control_event_stops_nobody()
    {
        var customer = await database.Db.One<Guid>($"insert into customers.customers (customer_id) values ('forged') returning id", Ct);
        foreach (var type in new[] { "import_undone", "customers_merged", "merge_undone" })
        {
            await database.Db.Run($"select log.append({type}, properties => jsonb_build_object('batchId', 'nonsense', 'survivor', 7, 'merged', array['x'], 'followers', 'none'), event_category => 'control')", Ct);
            await database.Db.Run($"select log.append({type}, properties => jsonb_build_object('followers', array['no id', {customer.ToString()}]), event_category => 'control')", Ct);
        }
        await database.Db.Run($"select log.append('page_view', {customer})", Ct);
        await database.CatchUp(new global::Clientele.Customers.Figures.CustomerFigures());
        Assert.Equal(1, await database.Db.One<long>($"select f.total_page_views from customers.customer_figures f where f.customer_id = {customer}", Ct));
    }

    private async Task MergeOrUndo(Random random, Guid[] customers)
    {
        var last = await database.Db.List<Guid>($"""
            select m.id from customers.merges m where m.status = 'done' and m.survivor_id = any({customers})
            and not exists (select from customers.merges l where l.status = 'done' and l.place > m.place and m.survivor_id in (l.survivor_id, l.merged_id))
            """, Ct);
        if (last.Count > 0 && random.Next(2) == 0)
        {
            await database.Db.Run($"select customers.undo_merge({last[random.Next(last.Count)]})", Ct);
            return;
        }
        var persons = await database.Db.List<Guid>($"select c.id from customers.customers c where c.id = any({customers}) and customers.person(c.id) = c.id order by c.customer_id", Ct);
        if (persons.Count < 2) return;
        var first = random.Next(persons.Count);
        await database.Db.Run($"select customers.merge({persons[first]}, {persons[(first + 1 + random.Next(persons.Count - 1)) % persons.Count]})", Ct);
    }

    private sealed class Small(int batch) : ILogConsumer
    {
        private readonly global::Clientele.Customers.Figures.CustomerFigures inner = new();

        public string Name => inner.Name;
        public int BatchSize => batch;
        public Task Apply(Transaction transaction, LogRange range, CancellationToken ct) => inner.Apply(transaction, range, ct);
        public Task Reset(Transaction transaction, CancellationToken ct) => inner.Reset(transaction, ct);
    }
}

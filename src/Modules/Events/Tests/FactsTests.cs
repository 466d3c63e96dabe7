using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Events.Tests;

/// <summary>The events that count, with the person they are about: at 20,000 rows of two organizations, on the log's indexes.</summary>
public sealed class FactsTests(FactsTests.Database database) : IClassFixture<FactsTests.Database>
{
    private const int Customers = 1000;

    public sealed class Database : TestDatabase
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            foreach (var tenant in new[] { Alpha, Beta })
            {
                await For(tenant).Run($"insert into customers.customers (customer_id) select 'c' || n from generate_series(1, {Customers}) as n", CancellationToken.None);
                // Every hundredth is another person now.
                await For(tenant).Run($"""
                    insert into customers.person_map (profile_id, person_id)
                    select c.id, p.id from generate_series(100, {Customers}, 100) as n
                    join customers.customers c on c.customer_id = 'c' || n join customers.customers p on p.customer_id = 'c' || n - 1
                    """, CancellationToken.None);
                await For(tenant).Run($"""
                    insert into log.events (organization_id, event_type, event_name, customer_id, occurred_at, properties, batch_id)
                    select platform.organization(), (array['page_view', 'product_viewed', 'product_added', 'order_completed', 'session_started'])[1 + n % 11 % 5], 'x', c.id,
                           now() - n * interval '15 minutes', jsonb_build_object('product_id', 'p' || n % 100, 'quantity', 1 + n % 7), case when n % 200 = 0 then uuid '00000000-0000-4000-8000-000000000001' end
                    from generate_series(1, 10000) as n
                    join customers.customers c on c.customer_id = 'c' || 1 + n % {Customers}
                    """, CancellationToken.None);
                await For(tenant).Run($"insert into log.undone_batches (organization_id, batch_id) values (platform.organization(), '00000000-0000-4000-8000-000000000001')", CancellationToken.None);
            }
            await using var owner = await Databases.OpenOwner(CancellationToken.None);
            await using var command = new NpgsqlCommand("analyze log.events; analyze customers.person_map; analyze customers.customers; analyze log.undone_batches", owner) { CommandTimeout = 120 };
            await command.ExecuteNonQueryAsync();
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<Guid> Id(string customer) => database.Db.One<Guid>($"select c.id from customers.customers c where c.customer_id = {customer}", Ct);

    // The nodes of a plan that read partitions of the log holding rows, each with the columns its index was asked for.
    private async Task<List<(string Node, string Condition)>> Reads(Sql query)
    {
        var plan = await database.Db.One<JsonElement>($"explain (analyze, format json) {query}", Ct);
        var found = new List<(string, string)>();
        void Walk(JsonElement node)
        {
            if (node.TryGetProperty("Relation Name", out var relation) && relation.GetString()!.StartsWith("events_", StringComparison.Ordinal) && node.GetProperty("Actual Loops").GetDouble() > 0 && node.GetProperty("Actual Rows").GetDouble() > 0
                || node.TryGetProperty("Index Name", out var index) && index.GetString()!.StartsWith("events_", StringComparison.Ordinal) && !node.TryGetProperty("Relation Name", out _))
                found.Add((node.GetProperty("Node Type").GetString()!, node.TryGetProperty("Index Cond", out var condition) ? condition.GetString()! : node.TryGetProperty("Recheck Cond", out var recheck) ? recheck.GetString()! : ""));
            if (node.TryGetProperty("Plans", out var plans)) foreach (var inner in plans.EnumerateArray()) Walk(inner);
        }
        Walk(plan[0].GetProperty("Plan"));
        return found;
    }

    [Fact]
    public async Task The_events_of_a_person_are_read_by_the_customer_index_whoever_they_were_recorded_with()
    {
        var person = await Id("c199");
        foreach (var view in new Sql[] { $"events.facts", $"pocm.events", $"cdp.customer_events" })
        {
            var reads = await Reads($"select v.id from {view} v where v.customer_id = {person}");
            Assert.NotEmpty(reads);
            Assert.All(reads, r => Assert.Contains("customer_id =", r.Condition, StringComparison.Ordinal));
        }
        Assert.Equal(await database.Db.One<long>($"select count(*) from log.facts e join customers.customers c on c.id = e.customer_id where c.customer_id in ('c199', 'c200')", Ct),
            await database.Db.One<long>($"select count(*) from events.facts f where f.customer_id = {person}", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from events.facts f where f.customer_id = {await Id("c200")}", Ct));
    }

    [Fact]
    public async Task Type_and_time_are_read_by_their_indexes()
    {
        var typed = await Reads($"select v.product_id from pocm.product_view_events v where v.occurred_at > now() - interval '20 hours'");
        Assert.NotEmpty(typed);
        Assert.All(typed, r => Assert.Contains("occurred_at >", r.Condition, StringComparison.Ordinal));
        var timed = await Reads($"select v.id from pocm.events v where v.occurred_at > now() - interval '20 hours'");
        Assert.All(timed, r => Assert.Contains("occurred_at >", r.Condition, StringComparison.Ordinal));
        var both = await Reads($"select v.path from pocm.page_view_events v where v.customer_id = {await Id("c42")} and v.occurred_at > now() - interval '90 days'");
        Assert.NotEmpty(both);
        Assert.All(both, r => Assert.Contains("customer_id =", r.Condition, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_event_counts_once_undone_ones_do_not_and_other_organizations_are_elsewhere()
    {
        var (facts, log) = (await database.Db.One<long>($"select count(*) from events.facts", Ct), await database.Db.One<long>($"select count(*) from log.facts", Ct));
        Assert.Equal((9950, 9950), (facts, log));
        Assert.Equal(facts, await database.Db.One<long>($"select count(distinct f.id) from events.facts f", Ct));
        Assert.Equal(0, await database.Db.One<long>($"select count(*) from events.facts f where f.organization_id <> platform.organization()", Ct));
        // Who a profile is now, by a join written out.
        Assert.Equal(0, await database.Db.One<long>($"""
            select count(*) from events.facts f
            left join customers.person_map m on m.organization_id = f.organization_id and m.profile_id = f.profile_id
            where f.customer_id <> coalesce(m.person_id, f.profile_id)
            """, Ct));
    }
}

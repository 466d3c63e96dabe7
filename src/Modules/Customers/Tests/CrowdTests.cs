using Clientele.Testing;

namespace Clientele.Customers.Tests;

/// <summary>A crowd that comes at once, on a connection that has planned its look-ups for a table of one page.</summary>
public sealed class CrowdTests(CrowdTests.Database database) : IClassFixture<CrowdTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private sealed record Read(string Table, long Rows);

    [Fact]
    public async Task Two_thousand_new_people_are_not_looked_for_in_one_another()
    {
        const int People = 2000;
        await using (var owner = await database.Databases.OpenOwner(Ct))
        {
            await database.Db.Run($"insert into customers.customers (customer_id) values ('first')", Ct);
            await owner.Run("analyze customers.customers, customers.identities, customers.customer_figures");
        }
        var read = await database.Db.InTransaction(async t =>
        {
            // The checks of foreign keys keep their plans for the session: made here, where every table has one page.
            for (var n = 0; n < 12; n++) await t.Run($"insert into customers.customers (customer_id) values ({"warm" + n})", Ct);
            for (var n = 0; n < 12; n++)
                await t.Run($"insert into customers.identities (kind, value, customer_id) select 'anonymous_id', {"warm" + n}, c.id from customers.customers c where c.customer_id = {"warm" + n}", Ct);
            var (users, visitors) = (Enumerable.Range(0, People).Select(n => $"u{n}").ToArray(), Enumerable.Range(0, People).Select(n => $"v{n}").ToArray());
            var made = await t.One<Guid[]>($"select customers.resolve({users}, {visitors}, array_fill(now(), array[{People}]), 'api')", Ct);
            Assert.Equal(People, made.Distinct().Count());
            return await t.List<Read>($"""
                select s.relname::text as table, coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0) as rows from pg_stat_xact_user_tables s
                where s.schemaname = 'customers' and s.relname in ('customers', 'identities', 'customer_figures', 'person_map')
                """, Ct);
        }, Ct);
        // Each person is looked up some tens of times; in one another it would be fourteen million.
        Assert.All(read, r => Assert.True(r.Rows < 100 * People, $"{r.Rows} rows of {r.Table} were read"));
    }
}

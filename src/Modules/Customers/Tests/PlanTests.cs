using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Testing;
using Npgsql;

namespace Clientele.Customers.Tests;

/// <summary>At 16,000 rows of two organizations, row-level security must not cost the indexes.</summary>
public sealed class PlanTests(PlanTests.Database database) : IClassFixture<PlanTests.Database>
{
    public sealed class Database : TestDatabase
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await using var owner = await Databases.OpenOwner(CancellationToken.None);
            var index = await Service.One<string>($"select pg_get_indexdef('customers.customers_search'::regclass)", CancellationToken.None);
            await Run(owner, "drop index customers.customers_search");
            // Without triggers, and an organization at a time: a long transaction would hold up the log of every database beside this one.
            await using var superuser = await OpenSuperuser();
            await Run(superuser, "set session_replication_role = replica");
            foreach (var tenant in new[] { Alpha, Beta })
            {
                await Run(superuser, $"""
                    insert into customers.customers (organization_id, customer_id, name, email, country)
                    select '{tenant.OrganizationId}', md5('id' || n), md5('name' || n) || ' ' || md5('family' || n), md5(n::text) || '@shop.example', 'Country ' || n % 40
                    from generate_series(1, 8000) as n
                    """);
            }
            // Built at once, a trigram index takes a tenth of the time of as many insertions.
            await Run(owner, index);
            await Run(owner, "analyze customers.customers");
        }

        private static async Task Run(NpgsqlConnection connection, string statement)
        {
            await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 120 };
            await command.ExecuteNonQueryAsync();
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<string> Plan(Sql query) => (await database.Db.One<JsonElement>($"explain (format json) {query}", Ct)).GetRawText();

    [Fact]
    public async Task Search_runs_on_the_trigram_index()
    {
        // Inside a security definer function the plan is not shown by explain; auto_explain would need a superuser. The same
        // statement, as the search role, is what runs.
        await using var connection = await database.OpenSuperuser();
        await using var command = new NpgsqlCommand($"""
            begin; set local role clientele_search; select set_config('clientele.organization_id', '{database.Alpha.OrganizationId}', true), set_config('clientele.access', 'member', true);
            """, connection);
        await command.ExecuteNonQueryAsync(Ct);
        command.CommandText = "explain select c.id from customers.customers c where c.organization_id = (select platform.tenant('key')) and c.search_text like '%abcdef%' order by c.search_text, c.id limit 200";
        var lines = new List<string>();
        await using (var reader = await command.ExecuteReaderAsync(Ct))
            while (await reader.ReadAsync(Ct)) lines.Add(reader.GetString(0));
        Assert.Contains(lines, l => l.Contains("customers_search", StringComparison.Ordinal));
        Assert.NotEmpty(await database.Db.List<Guid>($"select customers.search({"abcd"})", Ct));
    }

    [Fact]
    public async Task One_customer_by_id_and_by_client_id_are_index_scans()
    {
        Assert.Contains("customers_pkey", await Plan($"select c.name from customers.customers c where c.id = {Guid.Empty}"), StringComparison.Ordinal);
        Assert.Contains("customers_organization_id_customer_id_key", await Plan($"select c.name from customers.customers c where c.customer_id = {"x"}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Newest_first_walks_the_index_and_does_not_sort()
    {
        var plan = await Plan($"select c.id from customers.customers c where c.organization_id = platform.organization() order by c.first_seen_at desc, c.id limit 50");
        Assert.Contains("customers_newest", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("\"Sort\"", plan, StringComparison.Ordinal);
    }
}

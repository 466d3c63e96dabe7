using System.Text.Json;
using Clientele.Platform.Log;
using Clientele.Testing;

namespace Clientele.Customers.Tests;

public sealed class CustomerTests(CustomerTests.App app) : IClassFixture<CustomerTests.App>
{
    public sealed class App : TestApp
    {
        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            await For(Alpha).Run($"""
                insert into customers.customers (organization_id, customer_id, name, email, country, first_seen_at)
                select platform.organization(), 'c' || n, case when n % 3 > 0 then 'Name ' || lpad(n::text, 3, '0') end, 'c' || n || '@shop.example',
                       case n % 2 when 0 then 'France' else 'Spain' end, timestamptz '2024-01-01' + n * interval '1 hour'
                from generate_series(1, 120) as n
                """, CancellationToken.None);
            await For(Alpha).Run($"insert into customers.customers (organization_id, customer_id, name) values (platform.organization(), '100%_\\', 'Ann O''Brien')", CancellationToken.None);
            await For(Beta).Run($"insert into customers.customers (organization_id, customer_id, name) values (platform.organization(), 'c1', 'Theirs')", CancellationToken.None);
            await For(Alpha).Run($"""
                select log.append('order_completed', c.id, event_value => 10 + length(c.customer_id)) from customers.customers c where c.customer_id in ('c1', 'c22', 'c111')
                """, CancellationToken.None);
            await CatchUp(new Figures.CustomerFigures());
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_is_made_under_a_visitors_id_is_no_visitor()
    {
        var (named, browser) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        Task<long> Make(string id, bool anonymous) => app.Db.InTransaction(t => CustomerBook.Create(t, [new NewCustomer(id, DateTimeOffset.UtcNow) { Anonymous = anonymous }], Ct), Ct);
        Task<bool> IsVisitor(string id) => app.Db.One<bool>($"select c.anonymous from customers.customers c where c.customer_id = {id}", Ct);
        Assert.Equal((1, 1), (await Make(named, anonymous: false), await Make(browser, anonymous: true)));
        Assert.Equal((false, true), (await IsVisitor(named), await IsVisitor(browser)));
        // Of somebody with a name nothing makes a visitor again; a name makes a visitor somebody.
        Assert.Equal((0, 0), (await Make(named, anonymous: true), await Make(browser, anonymous: true)));
        Assert.Equal((false, true), (await IsVisitor(named), await IsVisitor(browser)));
        Assert.Equal(0, await Make(browser, anonymous: false));
        Assert.False(await IsVisitor(browser));
        await app.Db.Run($"delete from customers.customers c where c.customer_id = any ({new[] { named, browser }})", Ct);
    }

    private static string[] Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(c => c.GetProperty("externalId").GetString()!)];

    [Theory]
    [InlineData("revenue")]
    [InlineData("-revenue")]
    [InlineData("orders")]
    [InlineData("-orders")]
    [InlineData("name")]
    [InlineData("-name")]
    [InlineData("lastSeen")]
    [InlineData("-lastSeen")]
    public async Task Pages_of_any_order_hold_everybody_once(string sort)
    {
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await app.Admin.Json($"api/customers?sort={sort}&limit=17" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor)));
            seen.AddRange(Ids(page));
            cursor = page.GetProperty("next").GetString();
        }
        while (cursor is not null);
        Assert.Equal(121, seen.Count);
        Assert.Equal(121, seen.Distinct().Count());
    }

    [Fact]
    public async Task The_best_customers_come_first()
    {
        var page = await app.Admin.Json("api/customers?sort=-revenue&limit=3");
        Assert.Equal(["c111", "c22", "c1"], Ids(page));
        Assert.Equal((14m, 1, 14m), (page.GetProperty("items")[0].GetProperty("revenue").GetDecimal(), page.GetProperty("items")[0].GetProperty("orders").GetInt32(), page.GetProperty("items")[0].GetProperty("averageOrderValue").GetDecimal()));
        Assert.Equal((121, true), (page.GetProperty("total").GetInt32(), page.GetProperty("totalIsExact").GetBoolean()));
    }

    [Theory]
    [InlineData("NAME 04", 7)]
    [InlineData("c120@", 1)]
    [InlineData("o'brien", 1)]
    [InlineData("100%_\\", 1)]
    [InlineData("%", 1)]
    [InlineData("_", 1)]
    [InlineData("theirs", 0)]
    [InlineData("'; drop table customers.customers; --", 0)]
    public async Task Search_finds_parts_of_names_and_takes_wildcards_as_they_are(string words, int expected)
    {
        var page = await app.Admin.Json($"api/customers?search={Uri.EscapeDataString(words)}&limit=200");
        Assert.Equal(expected, page.GetProperty("items").GetArrayLength());
        Assert.Equal(expected, page.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task A_country_filters()
    {
        var page = await app.Admin.Json("api/customers?country=France&limit=200");
        Assert.Equal(60, page.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task One_customer_and_their_timeline_by_pages()
    {
        var id = await app.Db.One<Guid>($"select c.id from customers.customers c where c.customer_id = 'c5'", Ct);
        await app.Db.InTransaction(t => EventLog.Append(t, [.. Enumerable.Range(0, 25).Select(n => new NewEvent("page_view", new DateTimeOffset(2026, 1, 1, 10, n / 2, 0, TimeSpan.Zero)) { CustomerId = id, PageUrl = $"/p{n}" })], Ct), Ct);
        var urls = new List<string>();
        string? before = null;
        do
        {
            var page = await app.Admin.Json($"api/customers/{id}/timeline?limit=10&type=page_view" + (before is null ? "" : $"&before={before}"));
            urls.AddRange(page.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("pageUrl").GetString()!));
            before = page.GetProperty("next").GetString();
        }
        while (before is not null);
        Assert.Equal(25, urls.Distinct().Count());
        Assert.Equal("c5@shop.example", (await app.Admin.Json($"api/customers/{id}")).GetProperty("email").GetString());
        Assert.Equal(404, (await (await app.Stranger.GetAsync(new Uri($"api/customers/{id}", UriKind.Relative), Ct)).Problem()).Status);
        Assert.Equal(0, (await app.Stranger.Json($"api/customers/{id}/timeline")).GetProperty("items").GetArrayLength());
    }
}

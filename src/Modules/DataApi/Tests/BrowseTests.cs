using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Clientele.DataApi.Browse;
using Clientele.Platform.Migrations;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.DataApi.Tests;

/// <summary>What the console asks beside the rows: which tables there are, what is in them, how many rows, and who changed one. Then the limits of keys.</summary>
public sealed partial class BrowseTests(RestTests.App app) : IClassFixture<RestTests.App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static JsonElement Relation(JsonElement list, string schema, string name) =>
        list.GetProperty("schemas").EnumerateArray().Single(s => s.GetProperty("name").GetString() == schema)
            .GetProperty("relations").EnumerateArray().Single(r => r.GetProperty("name").GetString() == name);

    private static IEnumerable<string> Names(JsonElement list) => list.GetProperty("schemas").EnumerateArray()
        .SelectMany(s => s.GetProperty("relations").EnumerateArray().Select(r => $"{s.GetProperty("name")}.{r.GetProperty("name")}"));

    [Fact]
    public async Task Everybody_sees_the_tables_their_role_reads_and_administrators_that_they_write()
    {
        var (admin, viewer) = (await app.Admin.Json("api/data"), await app.Viewer.Json("api/data"));
        Assert.True(Relation(admin, "cdp", "customers").GetProperty("writable").GetBoolean());
        Assert.False(Relation(viewer, "cdp", "customers").GetProperty("writable").GetBoolean());
        Assert.True(admin.GetProperty("schemas").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "cdp").GetProperty("blueprint").GetBoolean());
        Assert.False(admin.GetProperty("schemas").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "commerce").GetProperty("blueprint").GetBoolean());
        // Rows of keys and of the trail are for administrators; a table that shows a member nothing is not listed.
        Assert.Contains("platform.api_keys", Names(admin));
        Assert.Contains("cdp.activity_logs", Names(admin));
        Assert.Empty(Names(viewer).Intersect(["platform.api_keys", "platform.activity_logs", "cdp.activity_logs"]));
        Assert.Equal(HttpStatusCode.NotFound, (await app.Viewer.GetAsync(new Uri("api/data/platform/api_keys", UriKind.Relative), Ct)).StatusCode);
        // What proves who somebody is has no table at all.
        Assert.DoesNotContain("platform.platform_user_sessions", Names(admin));
        // What the platform writes itself, and views that are worked out.
        Assert.False(Relation(admin, "customers", "customer_figures").GetProperty("writable").GetBoolean());
        Assert.False(Relation(admin, "cdp", "customer_summary").GetProperty("writable").GetBoolean());
    }

    [Fact]
    public async Task Whatever_is_listed_is_described_and_its_rows_can_be_read()
    {
        var list = await app.Admin.Json("api/data");
        // Modules of every kind, and two products over them: all of them would take longer and say no more.
        string[] schemas = ["platform", "customers", "commerce", "events", "cdp", "wolo"];
        foreach (var name in Names(list).Where(n => schemas.Contains(n.Split('.')[0])))
        {
            var (schema, relation) = (name.Split('.')[0], name.Split('.')[1]);
            using var answer = await app.Admin.GetAsync(new Uri($"api/data/{schema}/{relation}", UriKind.Relative), Ct);
            // What a test before this one made and dropped may have been listed a moment longer.
            if (answer.StatusCode == HttpStatusCode.NotFound && !Names(await app.Admin.Json("api/data")).Contains(name)) continue;
            Assert.True(answer.IsSuccessStatusCode, name);
            var description = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
            var columns = description.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString()!).ToList();
            Assert.All(description.GetProperty("key").EnumerateArray(), k => Assert.Contains(k.GetString(), columns));
            Assert.All(description.GetProperty("rules").EnumerateArray().SelectMany(r => r.GetProperty("columns").EnumerateArray()), c => Assert.Contains(c.GetString(), columns));
            Assert.All(description.GetProperty("references").EnumerateArray(), r =>
            {
                Assert.All(r.GetProperty("columns").EnumerateArray(), c => Assert.Contains(c.GetString(), columns));
                Assert.Contains($"{r.GetProperty("schema")}.{r.GetProperty("relation")}", Names(list));
            });
            var rows = await Rest(app.Admin, HttpMethod.Get, $"{relation}?select={string.Join(',', columns)}&limit=1", schema);
            Assert.True(rows.Status == 200, $"{name}: {rows.Text}");
        }
    }

    [Fact]
    public async Task A_description_says_types_choices_rules_and_keys()
    {
        var table = await app.Admin.Json("api/data/commerce/customer_orders");
        JsonElement Column(string name) => table.GetProperty("columns").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        Assert.Equal("id", table.GetProperty("key").EnumerateArray().Single().GetString());
        Assert.Equal(["order", "refund", "adjustment"], Column("kind").GetProperty("choices").EnumerateArray().Select(c => c.GetString()));
        Assert.Contains("shipped", Column("order_status").GetProperty("choices").EnumerateArray().Select(c => c.GetString()));
        Assert.Equal("numeric", Column("order_total").GetProperty("base").GetString());
        // The tenant is the transaction's; what is worked out, nobody's.
        Assert.All((string[])["organization_id", "base_total"], c => Assert.Equal((false, false), (Column(c).GetProperty("insert").GetBoolean(), Column(c).GetProperty("update").GetBoolean())));
        Assert.True(Column("notes").GetProperty("update").GetBoolean());
        // A key leads to another schema, which no request could embed.
        var customer = table.GetProperty("references").EnumerateArray().Single(r => r.GetProperty("columns")[0].GetString() == "customer_id");
        Assert.Equal(("customers", "customers", "name"), (customer.GetProperty("schema").GetString(), customer.GetProperty("relation").GetString(), customer.GetProperty("shows")[0].GetString()));

        // A view has the rules of its table, in its own names.
        var view = await app.Admin.Json("api/data/cdp/customers");
        Assert.Contains(view.GetProperty("rules").EnumerateArray(), r => r.GetProperty("name").GetString() == "customers_email_check" && r.GetProperty("columns")[0].GetString() == "email");
        Assert.Contains(view.GetProperty("referrers").EnumerateArray(), r => r.GetProperty("relation").GetString() == "customer_orders" && r.GetProperty("onDelete").GetString() == "restrict");
        // Somebody who only reads writes no column.
        Assert.All((await app.Viewer.Json("api/data/cdp/customers")).GetProperty("columns").EnumerateArray(), c => Assert.False(c.GetProperty("update").GetBoolean()));
        foreach (var path in new[] { "api/data/cdp/nothing", "api/data/nothing/customers", "api/data/nothing", "api/data/pg_catalog/pg_class" })
            Assert.Equal(HttpStatusCode.NotFound, (await app.Admin.GetAsync(new Uri(path, UriKind.Relative), Ct)).StatusCode);
    }

    [Theory]
    [InlineData("(kind = ANY (ARRAY['order'::text, 'it''s, so'::text]))", "order|it's, so")]
    [InlineData("((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", "a|b")]
    [InlineData("(state = ANY ('{new,old}'::text[]))", "new|old")]
    [InlineData("((kind = 'order'::text) OR (total > 0))", "")]
    [InlineData("(length(kind) <= 100)", "")]
    [InlineData("((kind = ANY (ARRAY['a'::text])) AND (total > 0))", "")]
    public void Choices_are_read_from_a_check_that_says_nothing_else(string check, string choices) =>
        Assert.Equal(choices.Length == 0 ? [] : choices.Split('|'), DescribeRelation.Choices(check));

    [Fact]
    public async Task A_description_says_nothing_of_columns_that_do_not_exist_here()
    {
        var text = (await app.Admin.Json("api/data/platform/api_keys")).GetRawText();
        Assert.DoesNotContain("key_hash", text, StringComparison.Ordinal);
        Assert.Contains("statement_timeout_ms", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_may_name_as_many_rows_as_a_page_has()
    {
        var ids = string.Join(',', Enumerable.Range(0, 500).Select(_ => Guid.NewGuid()));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"rest/v1/customers?id=in.({ids})&select=id", UriKind.Relative));
        request.Headers.Add("Accept-Profile", "customers");
        using var answer = await app.Admin.SendAsync(request, Ct);
        Assert.Equal((HttpStatusCode.OK, "[]"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct)));
    }

    [Fact]
    public async Task Rows_are_counted_for_the_organization_that_asks()
    {
        var id = Guid.NewGuid().ToString("N");
        for (var i = 0; i < 3; i++) await app.For(app.Beta).Run($"insert into customers.customers (customer_id) values ({id + i})", Ct);
        var own = await app.For(app.Alpha).One<long>($"select count(*) from customers.customers", Ct);
        static JsonElement Size(JsonElement sizes) => sizes.GetProperty("relations").EnumerateArray().Single(r => r.GetProperty("name").GetString() == "customers");
        var size = Size(await app.Admin.Json("api/data/customers"));
        Assert.Equal((own, true), (size.GetProperty("rows").GetInt64(), size.GetProperty("exact").GetBoolean()));
        Assert.True(Size(await app.Stranger.Json("api/data/customers")).GetProperty("rows").GetInt64() >= 3);
        // Many are estimated, also where the planner thinks of few.
        await app.For(app.Beta).Run($"insert into customers.customers (customer_id) select {id} || '-' || n from generate_series(1, 1100) n", Ct);
        var many = Size(await app.Stranger.Json("api/data/customers"));
        Assert.False(many.GetProperty("exact").GetBoolean());
        Assert.True(many.GetProperty("rows").GetInt64() > 1000);
    }

    [Fact]
    public async Task The_history_of_a_row_is_one_whichever_way_it_was_written()
    {
        var id = Guid.NewGuid();
        var made = await Rest(app.Admin, HttpMethod.Post, "customers", "cdp", new { id, customer_id = $"h-{id:N}", name = "Ada" });
        Assert.True(made.Status == 201, made.Text);
        Assert.Equal(204, (await Rest(app.Admin, HttpMethod.Patch, $"customers?id=eq.{id}", "customers", new { customer_status = "inactive" })).Status);
        using (var key = Client(app.Key)) Assert.Equal(204, (await Rest(key, HttpMethod.Patch, $"customers?id=eq.{id}", "cdp", new { name = "Ada L." })).Status);

        foreach (var (schema, status) in new[] { ("customers", "customer_status"), ("cdp", "customer_status") })
        {
            var items = (await app.Admin.Json($"api/data/{schema}/customers/history?key={id}")).GetProperty("items").EnumerateArray().ToList();
            Assert.Equal(["update", "update", "create"], items.Select(i => i.GetProperty("activity").GetString()));
            Assert.Equal(["api", "user", "user"], items.Select(i => i.GetProperty("actor").GetString()));
            Assert.Equal(["cdp.customers", "customers.customers", "cdp.customers"], items.Select(i => i.GetProperty("through").GetString()));
            Assert.Equal(("Ada", "Ada L."), (Change(items[0], "name").GetProperty("old").GetString(), Change(items[0], "name").GetProperty("new").GetString()));
            Assert.Equal("inactive", Change(items[1], status).GetProperty("new").GetString());
            Assert.NotEqual(JsonValueKind.Null, items[1].GetProperty("who").ValueKind);
        }
        var first = await app.Admin.Json($"api/data/cdp/customers/history?key={id}&limit=1");
        Assert.Equal("update", Assert.Single(first.GetProperty("items").EnumerateArray()).GetProperty("activity").GetString());
        // Page after page to the first entry, which was made in between or not.
        var (pages, next) = (new List<string?>(), first.GetProperty("next").GetString());
        while (next is not null)
        {
            var page = await app.Admin.Json($"api/data/cdp/customers/history?key={id}&limit=1&before={next}");
            pages.Add(Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("activity").GetString());
            next = page.GetProperty("next").GetString();
        }
        Assert.Equal(["update", "create"], pages);

        // Another organization's administrator, and who is none.
        Assert.Equal(0, (await app.Stranger.Json($"api/data/cdp/customers/history?key={id}")).GetProperty("items").GetArrayLength());
        Assert.Equal(HttpStatusCode.Forbidden, (await app.Viewer.GetAsync(new Uri($"api/data/cdp/customers/history?key={id}", UriKind.Relative), Ct)).StatusCode);
        foreach (var wrong in new[] { "", "?key=", $"?key={id}&limit=0", $"?key={id}&limit=201", $"?key={id}&limit=x", $"?key={id}&before=x", "?key=" + new string('x', 256) })
            Assert.Equal(HttpStatusCode.BadRequest, (await app.Admin.GetAsync(new Uri($"api/data/cdp/customers/history{wrong}", UriKind.Relative), Ct)).StatusCode);
    }

    [Fact]
    public async Task The_history_of_a_row_is_found_by_keys_of_every_type()
    {
        await using var connection = await app.OpenSuperuser();
        await connection.Run("""
            create table customers.odd (organization_id uuid not null default platform.organization(), at timestamptz, said boolean, "a b" text, price numeric(10, 2), span daterange, note text,
                primary key (organization_id, at, said, "a b", price, span));
            grant select, insert, update on customers.odd to clientele_app
            """);
        try
        {
            await Until("odd?limit=1", "[]");
            object row = new Dictionary<string, object> { ["at"] = "2024-07-01T12:00:00.5+02:00", ["said"] = true, ["a b"] = "x, \"y\" & z", ["price"] = 1.5, ["span"] = "[2024-01-01,)" };
            Assert.Equal(201, (await Rest(app.Admin, HttpMethod.Post, "odd", "customers", row)).Status);
            // Whichever zone a request reads moments in.
            Assert.Equal(204, (await Rest(app.Admin, HttpMethod.Patch, "odd?said=is.true", "customers", new { note = "n" }, ("Prefer", "timezone=Asia/Tokyo"))).Status);
            var read = (await Rest(app.Admin, HttpMethod.Get, "odd", "customers")).Json[0];
            var key = string.Concat(new[] { "at", "said", "a b", "price" }.Select(k => $"&key={Uri.EscapeDataString(read.GetProperty(k).ToString())}"));
            var history = await app.Admin.Json($"api/data/customers/odd/history?{key[1..]}&key={Uri.EscapeDataString(read.GetProperty("span").GetString()!)}");
            Assert.Equal(["update", "create"], history.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("activity").GetString()));
            // What is no key of this table is nobody's, and not a fault.
            foreach (var other in new[] { "key=1", "key=soon&key=x&key=y&key=z&key=1" })
                Assert.Equal(0, (await app.Admin.Json($"api/data/customers/odd/history?{other}")).GetProperty("items").GetArrayLength());
        }
        finally
        {
            await connection.Run("drop table customers.odd");
        }
    }

    [Fact]
    public async Task People_may_take_all_rows_of_a_table_in_one_answer()
    {
        await using var connection = await app.OpenSuperuser();
        // No key, no order: page after page of it, rows would come twice or never.
        await connection.Run($"""
            create table customers.many (organization_id uuid not null default platform.organization(), n integer not null);
            select platform.protect('customers.many', 'organization');
            insert into customers.many select '{app.Alpha.OrganizationId}', n from generate_series(1, 10001) n;
            insert into customers.many values ('{app.Beta.OrganizationId}', 77)
            """);
        try
        {
            await Until("many?limit=0", "[]");
            (string, string) all = ("Prefer", "rows=all, handling=strict");
            Assert.Equal(10_000, (await Rest(app.Admin, HttpMethod.Get, "many?select=n", "customers")).Json.GetArrayLength());
            var rows = (await Rest(app.Admin, HttpMethod.Get, "many?select=n", "customers", null, all)).Json.EnumerateArray().Select(r => r.GetProperty("n").GetInt32());
            Assert.Equal(Enumerable.Range(1, 10_001), rows.Order());
            var csv = await Rest(app.Viewer, HttpMethod.Get, "many?select=n&order=n", "customers", null, all, ("Accept", "text/csv"));
            Assert.Equal("n\n" + string.Join('\n', Enumerable.Range(1, 10_001)), csv.Text);
            Assert.Equal("""[{"n":77}]""", (await Rest(app.Stranger, HttpMethod.Get, "many?select=n", "customers", null, all)).Text);
            Assert.Equal(5, (await Rest(app.Admin, HttpMethod.Get, "many?limit=5", "customers", null, all)).Json.GetArrayLength());
            using var key = Client(app.Key);
            Assert.Equal(403, (await Rest(key, HttpMethod.Get, "many", "customers", null, all)).Status);
        }
        finally
        {
            await connection.Run("delete from platform.table_access t where t.relation = 'customers.many'; drop table customers.many");
        }
    }

    private static JsonElement Change(JsonElement item, string column) => item.GetProperty("changes").EnumerateArray().Single(c => c.GetProperty("column").GetString() == column);

    [Fact]
    public async Task A_view_the_person_may_write_takes_what_its_description_says()
    {
        var id = Guid.NewGuid();
        var view = await app.Admin.Json("api/data/cdp/customers");
        var writable = view.GetProperty("columns").EnumerateArray().Where(c => c.GetProperty("update").GetBoolean()).Select(c => c.GetProperty("name").GetString()!).ToList();
        Assert.Contains("name", writable);
        Assert.Equal(201, (await Rest(app.Admin, HttpMethod.Post, "customers", "cdp", new { id, customer_id = $"w-{id:N}" })).Status);
        var row = (await Rest(app.Admin, HttpMethod.Get, $"customers?id=eq.{id}", "cdp")).Json[0];
        // Each column that is said to be writable is, with the value it has; each other is refused.
        foreach (var column in view.GetProperty("columns").EnumerateArray().Select(c => c.GetProperty("name").GetString()!))
        {
            var answer = await Rest(app.Admin, HttpMethod.Patch, $"customers?id=eq.{id}", "cdp", new Dictionary<string, JsonElement> { [column] = row.GetProperty(column) });
            Assert.True((answer.Status == 204) == writable.Contains(column), $"{column}: {answer.Status} {answer.Text}");
        }
    }

    // -----------------------------------------------------------------------------------------------------
    // Limits of keys

    private async Task<string> Limited(string column, long value)
    {
        var secret = await app.Issue(app.Alpha);
        await app.For(app.Alpha with { Access = Access.System }).Run($"""
            update platform.api_keys k set statement_timeout_ms = case when {column} = 'timeout' then {value}::int end,
                   max_rows = case when {column} = 'rows' then {value}::bigint end, max_cost = case when {column} = 'cost' then {value}::bigint end
            where k.id = (select n.id from platform.api_keys n order by n.created_at desc limit 1)
            """, Ct);
        return secret;
    }

    [Fact]
    public async Task A_key_has_limits_of_its_own()
    {
        for (var i = 0; i < 4; i++) await app.For(app.Alpha).Run($"insert into customers.customers (customer_id) values ({Guid.NewGuid().ToString()})", Ct);
        using var few = Client(await Limited("rows", 2));
        Assert.Equal(2, (await Rest(few, HttpMethod.Get, "customers?select=id&limit=4", "customers")).Json.GetArrayLength());
        using var usual = Client(app.Key);
        Assert.Equal(4, (await Rest(usual, HttpMethod.Get, "customers?select=id&limit=4", "customers")).Json.GetArrayLength());

        using var cheap = Client(await Limited("cost", 1));
        var dear = await Rest(cheap, HttpMethod.Get, "customers?order=name", "customers");
        Assert.Equal((400, "57014"), (dear.Status, dear.Json.GetProperty("code").GetString()));
        Assert.Contains("the limit is 1", dear.Json.GetProperty("details").GetString(), StringComparison.Ordinal);

        await using var connection = await app.OpenSuperuser();
        await connection.Run("create view customers.slow as select pg_sleep(0.4)::text as slept; grant select on customers.slow to clientele_app");
        await app.Services.Reload(Ct);
        using var hasty = Client(await Limited("timeout", 50));
        var cut = await Rest(hasty, HttpMethod.Get, "slow", "customers");
        Assert.Equal((504, "57014"), (cut.Status, cut.Json.GetProperty("code").GetString()));
        Assert.Equal(200, (await Rest(usual, HttpMethod.Get, "slow", "customers")).Status);
        await connection.Run("drop view customers.slow");
        await app.Services.Reload(Ct);
    }

    [Fact]
    public async Task Limits_are_set_by_administrators_kept_in_bounds_and_stay_through_a_rotation()
    {
        await app.Issue(app.Alpha);
        var id = await app.For(app.Alpha with { Access = Access.System }).One<Guid>($"select k.id from platform.api_keys k order by k.created_at desc limit 1", Ct);
        Assert.Equal(204, (await Rest(app.Admin, HttpMethod.Patch, $"api_keys?id=eq.{id}", "platform", new { statement_timeout_ms = 250, max_rows = 20, max_cost = 3000 })).Status);
        foreach (var wrong in new object[] { new { max_rows = 0 }, new { max_rows = 100_001 }, new { statement_timeout_ms = 120_001 }, new { max_cost = 0 } })
            Assert.Equal(400, (await Rest(app.Admin, HttpMethod.Patch, $"api_keys?id=eq.{id}", "platform", wrong)).Status);
        Assert.Equal(403, (await Rest(app.Admin, HttpMethod.Patch, $"api_keys?id=eq.{id}", "platform", new { scopes = new[] { "data:read" } })).Status);
        Assert.Equal("[]", (await Rest(app.Stranger, HttpMethod.Patch, $"api_keys?id=eq.{id}", "platform", new { max_rows = 1 }, ("Prefer", "return=representation"))).Text);
        var kept = await app.For(app.Alpha with { Access = Access.System }).One<string>($"""
            with rotated as (select r.id from platform.rotate_api_key({id}) r) select rotated.id::text from rotated
            """, Ct);
        Assert.Equal("250 20 3000", await app.For(app.Alpha with { Access = Access.System }).One<string>(
            $"select concat_ws(' ', k.statement_timeout_ms, k.max_rows, k.max_cost) from platform.api_keys k where k.id = {Guid.Parse(kept)}", Ct));
    }

    [Fact]
    public async Task A_description_of_the_api_tells_a_key_what_its_scopes_open()
    {
        async Task<List<string>> Operations(params string[] scopes)
        {
            using var client = Client(await app.Issue(app.Alpha, scopes));
            var answer = await Rest(client, HttpMethod.Get, "", "customers", null, ("Accept", "application/openapi+json"));
            Assert.Equal(200, answer.Status);
            return [.. answer.Json.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => $"{o.Name} {p.Name}")).Order(StringComparer.Ordinal)];
        }
        Assert.Equal(["get /", "get /customers"], await Operations("customers.customers:read"));
        Assert.Equal(["delete /customers", "get /", "patch /customers", "post /customers"], await Operations("customers.customers:write"));
        Assert.Equal(["get /"], await Operations("commerce:*"));
        var reading = await Operations("data:read");
        Assert.All(reading, o => Assert.StartsWith("get ", o, StringComparison.Ordinal));
        Assert.Contains("get /addresses", reading);
        Assert.Contains("post /addresses", await Operations());
        // A person who only reads is told of reading.
        using var request = new HttpRequestMessage(HttpMethod.Get, "rest/v1/");
        request.Headers.Add("Accept-Profile", "customers");
        var viewed = JsonSerializer.Deserialize<JsonElement>(await (await app.Viewer.SendAsync(request, Ct)).Content.ReadAsStringAsync(Ct));
        Assert.Equal(["get"], viewed.GetProperty("paths").GetProperty("/customers").EnumerateObject().Select(o => o.Name));
    }

    [Fact]
    public async Task What_changes_in_the_database_is_told()
    {
        await using var connection = await app.OpenSuperuser();
        // The event trigger is there: a private server's superuser made it with the database.
        await connection.Run("create view customers.told as select 1 as one; grant select on customers.told to clientele_app");
        await Until("told?limit=1", """[{"one":1}]""");
        // Nobody asks for a name that is not known: what all columns are is simply read anew.
        await connection.Run("create or replace view customers.told as select 1 as one, 2 as two");
        await Until("told?limit=1", """[{"one":1,"two":2}]""");
        // Where there is no superuser, and so no trigger, what Clientele changes itself is told all the same.
        await connection.Run($"alter event trigger {CatalogueNews.Channel} disable; create or replace view customers.told as select 1 as one, 2 as two, 3 as three");
        await Until("told?limit=1&select=one", """[{"one":1}]""");
        Assert.Equal("""[{"one":1,"two":2}]""", (await Rest(app.Admin, HttpMethod.Get, "told?limit=1", "customers")).Text);
        await connection.Run($"notify {CatalogueNews.Channel}");
        await Until("told?limit=1", """[{"one":1,"two":2,"three":3}]""");
        await connection.Run($"drop view customers.told; alter event trigger {CatalogueNews.Channel} enable; notify {CatalogueNews.Channel}");
    }

    private async Task Until(string path, string expected)
    {
        for (var patience = 0; patience < 100; patience++)
        {
            if ((await Rest(app.Admin, HttpMethod.Get, path, "customers")).Text == expected) return;
            await Task.Delay(100, Ct);
        }
        Assert.Fail($"{path} is not {expected}");
    }

    // -----------------------------------------------------------------------------------------------------

    private sealed record Answer(int Status, string Text)
    {
        public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Text);
    }

    private HttpClient Client(string key)
    {
        var client = new HttpClient { BaseAddress = app.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    private static async Task<Answer> Rest(HttpClient client, HttpMethod method, string path, string schema, object? body = null, params (string, string)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri("rest/v1/" + path, UriKind.Relative));
        request.Headers.Add(method == HttpMethod.Get ? "Accept-Profile" : "Content-Profile", schema);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null) request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request, Ct);
        return new Answer((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }
}

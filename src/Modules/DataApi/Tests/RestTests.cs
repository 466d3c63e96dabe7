using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Clientele.Platform.Tenancy;
using Clientele.Testing;

namespace Clientele.DataApi.Tests;

/// <summary>The Data API inside the platform: whose rows, which columns, which functions, and what is written down.</summary>
public sealed class RestTests(RestTests.App app) : IClassFixture<RestTests.App>
{
    /// <summary>Stands in rows of beta's and nowhere else.</summary>
    private const string Word = "xyzzy";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public sealed class App : TestApp
    {
        public string Key { get; private set; } = string.Empty;

        public string BetaKey { get; private set; } = string.Empty;

        public Guid BetaCustomer { get; } = Guid.NewGuid();

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            Key = await Issue(Alpha);
            BetaKey = await Issue(Beta);
            await For(Beta).Run($"insert into customers.customers (id, customer_id, name, email) values ({BetaCustomer}, {Word}, {Word}, {Word + "@beta.example"})", CancellationToken.None);
            await For(Alpha).Run($"insert into customers.customers (customer_id, name, email, country) values ('plugh', 'Plugh', 'plugh@alpha.example', 'FR')", CancellationToken.None);
        }

        private sealed record Issued(Guid Id, string Secret);

        public async Task<string> Issue(Tenant tenant, params string[] scopes)
        {
            var db = For(tenant with { Access = Access.System });
            var workspace = await db.One<Guid>($"select w.id from platform.workspaces w order by w.created_at limit 1", CancellationToken.None);
            return (await db.One<Issued>($"select k.id, k.secret from platform.issue_api_key('test', {workspace}, {scopes}) k", CancellationToken.None)).Secret;
        }
    }

    private sealed record Answer(int Status, string Text, HttpResponseMessage Message)
    {
        public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Text);

        public string? Code => Text.StartsWith('{') && Json.TryGetProperty("code", out var code) ? code.GetString() : null;
    }

    private async Task<Answer> Send(string key, HttpMethod method, string path, object? body = null, params (string, string)[] headers)
    {
        using var client = new HttpClient { BaseAddress = app.Address };
        using var request = new HttpRequestMessage(method, "rest/v1/" + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null) request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        var answer = await client.SendAsync(request, Ct);
        return new Answer((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct), answer);
    }

    private Task<Answer> Get(string path, string profile, string? key = null) => Send(key ?? app.Key, HttpMethod.Get, path, null, ("Accept-Profile", profile));

    [Fact]
    public async Task Every_table_and_view_shows_a_key_the_rows_of_its_organization_alone()
    {
        await using var connection = await app.OpenSuperuser();
        var relations = new List<(string Schema, string Name)>();
        await using (var command = new Npgsql.NpgsqlCommand("select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'p') and not c.relispartition and n.nspname = any ($1) order by 1, 2", connection))
        {
            command.Parameters.Add(new() { Value = Server.Modules.All.Select(m => m.Name).ToArray() });
            await using var reader = await command.ExecuteReaderAsync(Ct);
            while (await reader.ReadAsync(Ct)) relations.Add((reader.GetString(0), reader.GetString(1)));
        }
        Assert.True(relations.Count > 380, $"{relations.Count} relations");
        var beta = app.Beta.OrganizationId.ToString()!;
        var (seen, faults) = (0, new List<string>());
        foreach (var (schema, name) in relations)
        {
            var answer = await Get(Uri.EscapeDataString(name) + "?limit=50", schema);
            // What a key may not see at all is not there, or refused.
            if (answer.Status is not (200 or 403 or 404)) faults.Add($"{schema}.{name}: {answer.Status} {answer.Text}");
            if (answer.Text.Contains(beta, StringComparison.Ordinal) || answer.Text.Contains(Word, StringComparison.Ordinal) && answer.Status == 200) faults.Add($"{schema}.{name} shows beta: {answer.Text}");
            if (answer.Status == 200) seen++;
        }
        Assert.Empty(faults);
        Assert.True(seen > 300, $"{seen} relations answered");
        // Beta itself sees its word, or the walk would find nothing wherever it looks.
        Assert.Contains(Word, (await Get("customers", "customers", app.BetaKey)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_of_another_organization_is_neither_found_nor_written()
    {
        Assert.Equal("[]", (await Get($"customers?id=eq.{app.BetaCustomer}", "customers")).Text);
        foreach (var (method, body) in new (HttpMethod, string?)[] { (HttpMethod.Patch, """{"name": "taken"}"""), (HttpMethod.Delete, null) })
        {
            var answer = await Send(app.Key, method, $"customers?id=eq.{app.BetaCustomer}", body, ("Content-Profile", "customers"), ("Prefer", "return=representation"));
            Assert.True(answer is { Status: 200, Text: "[]" }, answer.Text);
        }
        var mine = await Send(app.Key, HttpMethod.Post, "customers", new { organization_id = app.Beta.OrganizationId, customer_id = "intruder" }, ("Content-Profile", "customers"));
        Assert.Equal((403, "42501"), (mine.Status, mine.Code));
        Assert.Equal(Word, await app.For(app.Beta).One<string>($"select c.name from customers.customers c where c.id = {app.BetaCustomer}", Ct));
    }

    [Fact]
    public async Task A_blueprint_is_read_and_written_by_its_own_names_and_each_write_is_in_the_audit_trail()
    {
        (string, string)[] cdp = [("Content-Profile", "cdp"), ("Prefer", "return=representation")];
        var made = await Send(app.Key, HttpMethod.Post, "customers?select=id,customer_id,name", new { customer_id = "c-1", name = "Ada", country = "GB" }, cdp);
        Assert.True(made.Status == 201, made.Text);
        var id = made.Json[0].GetProperty("id").GetGuid();

        var changed = await Send(app.Key, HttpMethod.Patch, $"customers?id=eq.{id}&select=name,city", new { name = "Ada L.", city = "London" }, cdp);
        Assert.Equal("""[{"name":"Ada L.","city":"London"}]""", changed.Text);
        var read = await Get($"customers?customer_id=eq.c-1&select=who:name,city", "cdp");
        Assert.Equal("""[{"who" : "Ada L.", "city" : "London"}]""", read.Text);
        Assert.Equal("cdp", read.Message.Headers.GetValues("Content-Profile").Single());

        var quiet = await Send(app.Key, HttpMethod.Patch, $"customers?id=eq.{id}", new { city = "Paris" }, ("Content-Profile", "cdp"));
        Assert.Equal((204, "0-0/*"), (quiet.Status, quiet.Message.Content.Headers.GetValues("Content-Range").Single()));

        var trail = await app.For(app.Alpha).List<Entry>($"""
            select a.activity_type, a.resource_type, a.actor_type, a.old_values ->> 'city' as old_city, a.new_values ->> 'city' as new_city, a.changed_fields
            from platform.activity_logs a where a.resource_id = {id.ToString()} order by a.occurred_at, a.id
            """, Ct);
        Assert.Equal(["create", "update", "update"], trail.Select(t => t.ActivityType));
        Assert.All(trail, t => Assert.Equal(("cdp.customers", "api"), (t.ResourceType, t.ActorType)));
        Assert.Equal([(null, null), (null, "London"), ("London", "Paris")], trail.Select(t => (t.OldCity, t.NewCity)));
        Assert.Contains("name", trail[1].ChangedFields!);
        Assert.Equal(0, await app.For(app.Beta).One<long>($"select count(*) from platform.activity_logs a where a.resource_id = {id.ToString()}", Ct));
    }

    [Fact]
    public async Task Reading_a_table_about_people_is_in_the_trail_once_and_reading_another_is_not()
    {
        var key = await app.Issue(app.Beta);
        var id = await app.Service.One<Guid>($"select k.id from platform.find_api_key({key}) k", Ct);
        for (var i = 0; i < 3; i++) Assert.Equal(200, (await Get("customers?select=customer_id&limit=1", "cdp", key)).Status);
        Assert.Equal(200, (await Get("customers?select=customer_id&limit=1", "customers", key)).Status);
        Assert.Equal(200, (await Get("workspaces?select=name", "platform", key)).Status);
        var trail = app.For(app.Beta with { Access = Access.Admin });
        Assert.Equal(["cdp.customers api GET", "customers.customers api GET"], await trail.List<string>($"""
            select concat_ws(' ', a.resource_type, a.actor_type, a.http_method) from platform.activity_logs a
            where a.organization_id = platform.organization() and a.activity_type = 'read' and a.api_key_id = {id} order by 1
            """, Ct));
        Assert.Equal(0, await app.For(app.Alpha with { Access = Access.Admin }).One<long>($"select count(*) from platform.activity_logs a where a.api_key_id = {id}", Ct));
    }

    private sealed record Entry(string ActivityType, string ResourceType, string ActorType, string? OldCity, string? NewCity, string[]? ChangedFields);

    [Fact]
    public async Task Keys_of_tables_and_views_lead_to_related_rows()
    {
        var address = await Send(app.Key, HttpMethod.Get, "customer_orders?select=id,customers(name)&limit=5", null, ("Accept-Profile", "cdp"));
        Assert.True(address.Status == 200, address.Text);
        var count = await Send(app.Key, HttpMethod.Get, "customers?select=country,count()&having=(count().gte.1)&country=eq.FR", null, ("Accept-Profile", "customers"));
        Assert.Equal("""[{"country":"FR","count":1}]""", count.Text);
        var distinct = await Send(app.Key, HttpMethod.Get, "customers?select=country&distinct=true&country=eq.FR", null, ("Accept-Profile", "customers"));
        Assert.Equal("""[{"country":"FR"}]""", distinct.Text);
    }

    [Fact]
    public async Task No_function_is_called_that_was_not_offered()
    {
        foreach (var (schema, call) in new[] { ("platform", "issue_api_key"), ("platform", "audit"), ("platform", "find_api_key"), ("platform", "take"), ("customers", "merge"), ("platform", "organization") })
        {
            var answer = await Send(app.Key, HttpMethod.Post, "rpc/" + call, "{}", ("Content-Profile", schema));
            Assert.Equal((404, "PGRST202"), (answer.Status, answer.Code));
        }
        await using var connection = await app.OpenSuperuser();
        await connection.Run("""
            create function customers.offered_total(minimum int default 0) returns bigint language sql stable as 'select count(*) from customers.customers';
            grant execute on function customers.offered_total(int) to clientele_app;
            comment on function customers.offered_total(int) is E'How many.\n@data-api';
            """);
        await app.Services.Reload(Ct);
        var offered = await Get("rpc/offered_total?minimum=1", "customers");
        Assert.True(offered is { Status: 200 }, offered.Text);
        Assert.Equal(await app.For(app.Alpha).One<long>($"select count(*) from customers.customers", Ct), long.Parse(offered.Text, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task What_proves_who_somebody_is_never_leaves()
    {
        var keys = await Send(await app.Issue(app.Alpha), HttpMethod.Get, "api_keys", null, ("Accept-Profile", "platform"));
        Assert.Equal("[]", keys.Text);
        foreach (var path in new[] { "api_keys?select=key_hash", "api_keys?key_hash=not.is.null", "api_keys?order=key_hash", "platform_users?select=password_hash", "data_connections?select=*,encrypted_credentials" })
        {
            var answer = await Get(path, "platform");
            Assert.True((answer.Status, answer.Code) == (400, "42703"), $"{path}: {answer.Status} {answer.Text}");
        }
        Assert.Equal((404, "PGRST205"), await app.Admin.Problem2("rest/v1/platform_user_sessions", "platform"));
        var own = await app.Admin.GetAsync2("rest/v1/api_keys", "platform");
        Assert.Contains("key_hint", own, StringComparison.Ordinal);
        Assert.DoesNotContain("key_hash", own, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_do_what()
    {
        using var nobody = new HttpClient { BaseAddress = app.Address };
        Assert.Equal(401, (int)(await nobody.GetAsync(new Uri("rest/v1/customers", UriKind.Relative), Ct)).StatusCode);
        Assert.Equal((401, "PGRST301"), await Status("sk_no_such_key", HttpMethod.Get, "customers", null));
        var reader = await app.Issue(app.Alpha, "customers.customers:read");
        Assert.Equal((200, null), await Status(reader, HttpMethod.Get, "customers?limit=1", null));
        Assert.Equal((403, "42501"), await Status(reader, HttpMethod.Patch, "customers?id=eq." + app.BetaCustomer, """{"name": "x"}"""));
        Assert.Equal((403, "42501"), await Status(reader, HttpMethod.Get, "profile_versions?limit=1", null, ifThere: "customers"));

        // People: all read, administrators write; the console's own header stands against forged requests.
        var viewed = await app.Viewer.GetAsync2("rest/v1/customers?limit=1", "customers");
        Assert.StartsWith("[{", viewed, StringComparison.Ordinal);
        Assert.Equal((403, "42501"), await app.Viewer.Write("rest/v1/customers", "customers"));
        Assert.Equal((201, null), await app.Admin.Write("rest/v1/customers", "customers"));
    }

    [Fact]
    public async Task A_body_is_not_waited_for_before_it_is_known_who_sends_it()
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(app.Address.Host, app.Address.Port, Ct);
        var stream = client.GetStream();
        // Nine megabytes announced, none sent.
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /rest/v1/customers HTTP/1.1\r\nHost: {app.Address.Authority}\r\napikey: sk_no_such_key\r\nContent-Type: application/json\r\nContent-Length: 9000000\r\n\r\n"), Ct);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 401 Unauthorized", await reader.ReadLineAsync(patience.Token));
    }

    [Fact]
    public async Task What_would_cost_too_much_is_not_asked()
    {
        await using var connection = await app.OpenSuperuser();
        await connection.Run("create view customers.endless as select i from generate_series(1, 2000000000) i; grant select on customers.endless to clientele_app");
        await app.Services.Reload(Ct);
        var answer = await Get("endless?order=i", "customers");
        Assert.Equal((400, "57014"), (answer.Status, answer.Code));
        await connection.Run("drop view customers.endless");
        await app.Services.Reload(Ct);
    }

    [Fact]
    public async Task A_count_and_a_common_value_cost_what_they_cost()
    {
        await using var connection = await app.OpenSuperuser();
        await connection.Run("""
            create view customers.endless_pages as select i from generate_series(1, 2000000000) i;
            -- Cheap to look at for one word, and endless for the other.
            create view customers.endless_words as select 'rare' as word, 1 as i union all select 'common', i from generate_series(1, 2000000000) i;
            grant select on customers.endless_pages, customers.endless_words to clientele_app
            """);
        await app.Services.Reload(Ct);
        try
        {
            // No row of it is asked for, which is cheap; the count is what is not.
            var counted = await Send(app.Key, HttpMethod.Get, "endless_pages?limit=0", null, ("Accept-Profile", "customers"), ("Prefer", "count=exact"));
            Assert.Equal((400, "57014"), (counted.Status, counted.Code));
            var rare = await Get("endless_words?word=eq.rare&order=i", "customers");
            Assert.Equal("""[{"word":"rare","i":1}]""", rare.Text);
            var common = await Get("endless_words?word=eq.common&order=i", "customers");
            Assert.Equal((400, "57014"), (common.Status, common.Code));
        }
        finally
        {
            await connection.Run("drop view customers.endless_pages, customers.endless_words");
            await app.Services.Reload(Ct);
        }
    }

    [Fact]
    public async Task An_organization_that_asks_too_much_at_once_waits_and_another_does_not()
    {
        var rest = (Rest.RestApi)app.Services.GetService(typeof(Rest.RestApi))!;
        var held = new List<IDisposable>();
        for (var i = 0; i < Rest.RestApi.EachPlaces; i++) held.Add(await rest.Places.Enter(app.Beta.OrganizationId!.Value, Ct));
        try
        {
            var refused = await Get("customers?limit=1", "customers", app.BetaKey);
            Assert.Equal((503, "PGRST003"), (refused.Status, refused.Code));
            Assert.NotNull(refused.Message.Headers.RetryAfter);
            Assert.Equal(200, (await Get("customers?limit=1", "customers")).Status);
        }
        finally
        {
            held.ForEach(h => h.Dispose());
        }
        Assert.Equal(200, (await Get("customers?limit=1", "customers", app.BetaKey)).Status);
    }

    [Fact]
    public async Task All_organizations_together_leave_connections_to_others()
    {
        using var places = new Rest.Places(all: 3, each: 2, TimeSpan.Zero);
        var (one, two) = (Guid.NewGuid(), Guid.NewGuid());
        var first = await places.Enter(one, Ct);
        await places.Enter(one, Ct);
        Assert.Equal(503, (await Assert.ThrowsAsync<ApiError>(async () => await places.Enter(one, Ct))).Status);
        await places.Enter(two, Ct);
        Assert.Equal(503, (await Assert.ThrowsAsync<ApiError>(async () => await places.Enter(two, Ct))).Status);
        first.Dispose();
        first.Dispose();
        await places.Enter(two, Ct);
        Assert.Equal(503, (await Assert.ThrowsAsync<ApiError>(async () => await places.Enter(one, Ct))).Status);
    }

    [Fact]
    public async Task A_key_that_sends_events_does_not_write_their_tables()
    {
        foreach (var scope in new[] { "events:write", "events:*" })
        {
            var sender = await app.Issue(app.Alpha, scope);
            var refused = await Send(sender, HttpMethod.Delete, "event_schemas?event_type=eq.none", null, ("Content-Profile", "events"));
            Assert.True((refused.Status, refused.Code) == (403, "42501"), refused.Text);
        }
        Assert.Equal(200, (await Send(await app.Issue(app.Alpha, "events:read"), HttpMethod.Get, "event_schemas?limit=1", null, ("Accept-Profile", "events"))).Status);
    }

    [Fact]
    public void A_value_is_sent_once_and_there_are_so_many_at_most()
    {
        var sql = new Compile.SqlText();
        for (var i = 0; i < Compile.SqlText.MostValues - 1; i++) sql.Value("v" + i);
        sql.Value(null).Value(null).Value("v7");
        Assert.EndsWith("$30000$30000$8", sql.ToString(), StringComparison.Ordinal);
        Assert.Equal(Compile.SqlText.MostValues, sql.Command().Parameters.Count);
        Assert.Equal(400, Assert.Throws<ApiError>(() => sql.Value("one more")).Status);
    }

    [Fact]
    public async Task A_key_calls_as_often_as_it_may()
    {
        var key = await app.Issue(app.Beta);
        var beta = app.For(app.Beta with { Access = Access.System });
        await beta.Run($"""
            insert into platform.rate_limits (name, api_key_id, route, counted_by, max_requests, window_seconds)
            select 'two', k.id, '/rest/v1/*', 'key', 2, 86400 from platform.api_keys k order by k.created_at desc limit 1
            """, Ct);
        var statuses = new List<int>();
        for (var i = 0; i < 3; i++) statuses.Add((await Get("customers?limit=1", "customers", key)).Status);
        Assert.Equal([200, 200, 429], statuses);
        Assert.Equal(200, (await Get("customers?limit=1", "customers")).Status);
    }

    private async Task<(int, string?)> Status(string key, HttpMethod method, string path, string? body, string? ifThere = null)
    {
        if (ifThere is not null)
        {
            // Some other table of the module, whichever there is.
            var all = (await Send(app.Key, HttpMethod.Get, "", null, ("Accept-Profile", ifThere), ("Accept", "application/openapi+json"))).Json.GetProperty("definitions").EnumerateObject().Select(d => d.Name);
            path = all.First(n => n != "customers") + "?limit=1";
        }
        var answer = await Send(key, method, path, body, ("Accept-Profile", "customers"), ("Content-Profile", "customers"));
        return (answer.Status, answer.Code);
    }
}

internal static class People
{
    public static async Task<string> GetAsync2(this HttpClient client, string path, string profile)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept-Profile", profile);
        using var answer = await client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    public static async Task<(int, string?)> Problem2(this HttpClient client, string path, string profile)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept-Profile", profile);
        return await (await client.SendAsync(request)).Problem();
    }

    public static async Task<(int, string?)> Write(this HttpClient client, string path, string profile)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("""{"customer_id": "by-hand", "name": "By hand"}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("Content-Profile", profile);
        return await (await client.SendAsync(request)).Problem();
    }

    public static Task Reload(this IServiceProvider services, CancellationToken ct) =>
        ((Rest.RestApi)services.GetService(typeof(Rest.RestApi))!).Reload(ct);
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Organizations;
using Clientele.Platform.Sessions;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

public sealed class SessionTests(SessionTests.App app) : IClassFixture<SessionTests.App>, IAsyncLifetime
{
    /// <summary>Beta has people, sessions, keys, a second workspace, a customer with an order and an event, and an import with a reject.</summary>
    public sealed class App : TestApp
    {
        /// <summary>Stands in everything of beta's, and nowhere else.</summary>
        public const string Word = "atlantis";

        public Guid Customer { get; private set; }

        public Guid Order { get; private set; }

        public Guid Import { get; private set; }

        /// <summary>Sessions of beta's people before any test; tests that sign in add more.</summary>
        private Guid[] sessions = [];

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            var (beta, workspace) = (Beta.OrganizationId!.Value, Beta.WorkspaceId!.Value);
            await Service.Run($"update platform.organizations o set name = 'Atlantis Ltd' where o.id = {beta}", CancellationToken.None);
            // As forgetful as alpha's.
            await AddPerson("forgetful@atlantis.example", beta, "viewer");
            using (await SignIn("forgetful@atlantis.example", "beta")) { }
            await Service.Run($"insert into platform.workspaces (organization_id, slug, name) values ({beta}, 'atlantis', 'Atlantis shop')", CancellationToken.None);
            await Service.Run($"insert into platform.api_keys (organization_id, workspace_id, kind, name, public_key) values ({beta}, {workspace}, 'write', 'Atlantis', 'wk_atlantis')", CancellationToken.None);
            await Service.Run($"insert into platform.api_keys (organization_id, workspace_id, kind, name, key_hash) values ({beta}, {workspace}, 'secret', 'Atlantis', sha256('atlantis'))", CancellationToken.None);

            var theirs = For(Beta);
            Customer = await theirs.One<Guid>($"insert into customers.customers (organization_id, customer_id, name, country) values ({beta}, 'atlantis-1', 'Ann Atlantis', 'Atlantis') returning id", CancellationToken.None);
            Order = await theirs.One<Guid>($"""
                insert into commerce.customer_orders (organization_id, workspace_id, order_id, customer_id, order_status, order_total, subtotal, currency, ordered_at, shipping_country)
                values ({beta}, {workspace}, 'atlantis-a', {Customer}, 'delivered', 9, 9, 'EUR', now(), 'Atlantis') returning id
                """, CancellationToken.None);
            await theirs.One<Guid>($$"""select log.append('page_viewed', {{Customer}}, '{"path": "/atlantis"}')""", CancellationToken.None);
            Import = await theirs.One<Guid>($"insert into platform.imports (organization_id, workspace_id, kind, file_name) values ({beta}, {workspace}, 'orders', 'atlantis.csv') returning id", CancellationToken.None);
            await theirs.Run($"insert into platform.import_rejects (organization_id, import_id, line, reason, fields) values ({beta}, {Import}, 2, 'no date', array['atlantis'])", CancellationToken.None);
            await theirs.Run($"update platform.imports i set state = 'uploaded' where i.id = {Import}", CancellationToken.None);
            sessions = [.. await Service.List<Guid>($"select s.id from platform.platform_user_sessions s join platform.organization_members m on m.user_id = s.user_id where m.organization_id = {beta}", CancellationToken.None)];
        }

        /// <summary>Beta's organization, people, keys, workspaces and sessions as they stand, without what their own use touches.</summary>
        public Task<List<string>> Theirs() => Service.List<string>($"""
            select (to_jsonb(o))::text from platform.organizations o where o.id = {Beta.OrganizationId}
            union all
            select (to_jsonb(m))::text from platform.organization_members m where m.organization_id = {Beta.OrganizationId}
            union all
            select (to_jsonb(u) - array['last_login', 'updated_at'])::text
            from platform.platform_users u join platform.organization_members m on m.user_id = u.id
            where m.organization_id = {Beta.OrganizationId}
            union all
            select (to_jsonb(w))::text from platform.workspaces w where w.organization_id = {Beta.OrganizationId}
            union all
            select (to_jsonb(k))::text from platform.api_keys k where k.organization_id = {Beta.OrganizationId}
            union all
            select (to_jsonb(s) - 'last_activity')::text from platform.platform_user_sessions s where s.id = any({sessions})
            union all
            select (to_jsonb(i))::text from platform.imports i where i.organization_id = {Beta.OrganizationId}
            order by 1
            """, CancellationToken.None);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private List<string> before = [];

    public async ValueTask InitializeAsync() => before = await app.Theirs();

    // Whoever of alpha signed in or out, was locked out or changed something: beta has what it had.
    public async ValueTask DisposeAsync() => Assert.Equal(before, await app.Theirs());

    private static void HasNothingOfTheirs(string text) => Assert.DoesNotContain(App.Word, text, StringComparison.OrdinalIgnoreCase);

    [Fact]
    public async Task Signing_in_sets_a_cookie_scripts_cannot_read_and_the_token_is_not_stored()
    {
        using var client = app.Client("alpha");
        using var answer = await client.PostAsJsonAsync("api/session", new { email = "ADMIN@alpha.example", password = TestApp.Password }, Ct);
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        var token = cookie.Split(';')[0].Split('=', 2)[1];
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.platform_user_sessions s where encode(s.token_hash, 'escape') like '%' || {token} || '%')", Ct));
        var session = await client.Json("api/session");
        HasNothingOfTheirs(session.GetRawText());
        Assert.Equal("alpha", Assert.Single(session.GetProperty("organizations").EnumerateArray()).GetProperty("slug").GetString());
    }

    [Theory]
    [InlineData("admin@alpha.example", "wrong")]
    [InlineData("nobody@alpha.example", "wrong")]
    [InlineData("owner@alpha.example", "wrong")] // has no password yet
    [InlineData("", "")]
    [InlineData(null, null)]
    public async Task Unknown_and_wrong_get_the_same_answer(string? email, string? password)
    {
        using var client = app.Client("alpha");
        Assert.Equal((401, "invalid_credentials"), await (await client.Post("api/session", new { email, password })).Problem());
    }

    // The lock that was set is made longer, so that a slow machine does not outlast it.
    private async Task Hold(string email) => Assert.Equal(1, await app.Service.Run($"""
        update platform.sign_in_attempts a set locked_until = a.locked_until + interval '10 minutes'
        where a.address_hash = sha256(convert_to({email}, 'UTF8')) and a.attempts = 5 and a.locked_until > a.last_attempt
        """, Ct));

    [Fact]
    public async Task After_five_wrong_passwords_even_the_right_one_waits()
    {
        await app.AddPerson("forgetful@alpha.example", app.Alpha.OrganizationId!.Value, "viewer");
        using var client = app.Client("alpha");
        for (var i = 0; i < 5; i++) await (await client.Post("api/session", new { email = "forgetful@alpha.example", password = "wrong" })).Problem();
        await Hold("forgetful@alpha.example");
        using var answer = await client.Post("api/session", new { email = "forgetful@alpha.example", password = TestApp.Password });
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal((429, "too_many_attempts"), await answer.Problem());
        // The lock is the address's, not everybody's.
        using var other = await app.SignIn("forgetful@atlantis.example", "beta");
        Assert.Contains("Atlantis", (await other.Json("api/organization")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Runs", "processes")]
    public async Task An_address_nobody_has_is_locked_like_any_other()
    {
        using var client = app.Client("alpha");
        for (var i = 0; i < 5; i++) Assert.Equal(401, (await (await client.Post("api/session", new { email = "ghost@alpha.example", password = "wrong" })).Problem()).Status);
        await Hold("ghost@alpha.example");
        Assert.Equal((429, "too_many_attempts"), await (await client.Post("api/session", new { email = "ghost@alpha.example", password = "wrong" })).Problem());
    }

    [Fact]
    public async Task After_a_hundred_wrong_tries_from_one_network_everybody_there_waits_and_nobody_elsewhere()
    {
        var (here, elsewhere) = (Attempts.OfNetwork(System.Net.IPAddress.Loopback), Attempts.OfNetwork(System.Net.IPAddress.Parse("203.0.113.7")));
        try
        {
            await Attempts.Forget(app.Service, here, Ct);
            for (var i = 0; i < 100; i++) await Attempts.TakeFromNetwork(app.Service, here, Ct);
            Assert.Equal(1, await app.Service.Run($"update platform.sign_in_attempts a set locked_until = a.locked_until + interval '10 minutes' where a.address_hash = {here} and a.attempts = 100 and a.locked_until > a.last_attempt", Ct));
            using var client = app.Client("alpha");
            using var answer = await client.Post("api/session", new { email = "admin@alpha.example", password = TestApp.Password });
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.Equal((429, "too_many_attempts"), await answer.Problem());
            await Attempts.TakeFromNetwork(app.Service, elsewhere, Ct);
            // One IPv6 customer is one network, however many addresses they have.
            Assert.Equal(Attempts.OfNetwork(System.Net.IPAddress.Parse("2001:db8:1:2::1")), Attempts.OfNetwork(System.Net.IPAddress.Parse("2001:db8:1:2:ffff::9")));
            Assert.NotEqual(Attempts.OfNetwork(System.Net.IPAddress.Parse("2001:db8:1:2::1")), Attempts.OfNetwork(System.Net.IPAddress.Parse("2001:db8:1:3::1")));
            Assert.Equal(here, Attempts.OfNetwork(System.Net.IPAddress.Parse("::ffff:127.0.0.1")));
        }
        finally { foreach (var network in (byte[][])[here, elsewhere]) await Attempts.Forget(app.Service, network, Ct); }
        using var again = await app.SignIn("admin@alpha.example", "alpha");
    }

    [Fact]
    public async Task An_error_is_told_whatever_form_was_asked_for()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/imports/{Guid.NewGuid()}/rejects.csv");
        request.Headers.Accept.ParseAdd("text/csv");
        app.Admin.DefaultRequestHeaders.Accept.Clear();
        Assert.Equal((404, "not_found"), await (await app.Admin.SendAsync(request, Ct)).Problem());
    }

    [Fact]
    public async Task Changes_need_our_header_and_our_own_origin()
    {
        using var bare = new HttpClient { BaseAddress = app.Address };
        Assert.Equal((403, "header_missing"), await (await bare.PostAsJsonAsync("api/session", new { email = "admin@alpha.example", password = TestApp.Password }, Ct)).Problem());
        using var request = new HttpRequestMessage(HttpMethod.Put, "api/organization") { Content = JsonContent.Create(new { name = "Taken" }) };
        request.Headers.Add("Origin", "https://evil.example");
        Assert.Equal((403, "foreign_origin"), await (await app.Admin.SendAsync(request, Ct)).Problem());
    }

    [Theory]
    [InlineData("api/organization", 200)]
    [InlineData("api/overview", 200)]
    [InlineData("api/overview/countries", 200)]
    [InlineData("api/customers", 200)]
    [InlineData("api/customers/{customer}", 404)]
    [InlineData("api/customers/{customer}/timeline", 200)]
    [InlineData("api/customers/{customer}/orders", 200)]
    [InlineData("api/events/newest", 200)]
    [InlineData("api/imports", 200)]
    [InlineData("api/imports/{import}", 404)]
    [InlineData("api/imports/{import}/rejects.csv", 404)]
    [InlineData("api/imports/fields", 200)]
    [InlineData("api/orders/{order}", 404)]
    [InlineData("api/palette?query=atlantis", 200)]
    [InlineData("API/customers", 200)]
    public async Task Without_a_session_or_in_another_organization_there_is_nothing(string path, int status)
    {
        path = path.Replace("{customer}", $"{app.Customer}").Replace("{order}", $"{app.Order}").Replace("{import}", $"{app.Import}");
        Assert.Equal((401, "not_signed_in"), await (await app.Anonymous.GetAsync(new Uri(path, UriKind.Relative), Ct)).Problem());
        using var stranger = await app.SignIn("admin@beta.example", "alpha"); // signed in, but no member of alpha
        Assert.Equal((404, "organization_not_found"), await (await stranger.GetAsync(new Uri(path, UriKind.Relative), Ct)).Problem());
        using var intruder = await app.SignIn("admin@alpha.example", "beta");
        Assert.Equal((404, "organization_not_found"), await (await intruder.GetAsync(new Uri(path, UriKind.Relative), Ct)).Problem());

        // In alpha there is nothing of beta's, and what is asked for by beta's ids is not there; beta itself has it.
        foreach (var client in (HttpClient[])[app.Admin, app.Viewer])
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Ct);
            Assert.Equal(status, (int)answer.StatusCode);
            HasNothingOfTheirs(await answer.Content.ReadAsStringAsync(Ct));
        }
        var theirs = await app.Stranger.GetStringAsync(new Uri(path, UriKind.Relative), Ct);
        Assert.Equal(path != "api/imports/fields", theirs.Contains("atlantis", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Workspaces_and_keys_are_ones_own()
    {
        var ours = await app.Admin.Json("api/organization");
        Assert.Equal("alpha", Assert.Single(ours.GetProperty("workspaces").EnumerateArray()).GetProperty("name").GetString());
        var key = ours.GetProperty("writeKey").GetString()!;
        var theirs = await app.Stranger.Json("api/organization");
        Assert.Equal(["beta", "Atlantis shop"], theirs.GetProperty("workspaces").EnumerateArray().Select(w => w.GetProperty("name").GetString()));
        Assert.DoesNotContain(key, theirs.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain(theirs.GetProperty("writeKey").GetString()!, ours.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_alpha_changes_is_alphas()
    {
        using var answer = await app.Admin.PutAsJsonAsync("api/organization", new { timeZone = "Asia/Tokyo" }, Ct);
        Assert.Equal("Asia/Tokyo", JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct)).GetProperty("timeZone").GetString());
        Assert.Equal("UTC", (await app.Stranger.Json("api/organization")).GetProperty("timeZone").GetString());
        using var preferences = await app.Viewer.PutAsJsonAsync("api/session/preferences", new { language = "fr", theme = "dark" }, Ct);
        HasNothingOfTheirs(await preferences.Content.ReadAsStringAsync(Ct));
        Assert.Equal("en", (await app.Stranger.Json("api/session")).GetProperty("user").GetProperty("language").GetString());
    }

    [Fact]
    public async Task Who_works_in_both_sees_each_by_itself()
    {
        await app.AddPerson("both@alpha.example", app.Alpha.OrganizationId!.Value, "viewer");
        await app.Service.Run($"""
            insert into platform.organization_members (organization_id, user_id, role)
            select {app.Beta.OrganizationId}, u.id, 'viewer' from platform.platform_users u where u.email = 'both@alpha.example'
            """, Ct);
        try
        {
            using var inAlpha = await app.SignIn("both@alpha.example", "alpha");
            using var inBeta = await app.SignIn("both@alpha.example", "beta");
            Assert.Equal(["alpha", "beta"], (await inAlpha.Json("api/session")).GetProperty("organizations").EnumerateArray().Select(o => o.GetProperty("slug").GetString()).Order());
            HasNothingOfTheirs((await inAlpha.Json("api/customers")).GetRawText());
            Assert.Contains("Ann Atlantis", (await inBeta.Json("api/customers")).GetRawText(), StringComparison.Ordinal);
            Assert.Equal(404, (await (await inAlpha.GetAsync(new Uri($"api/customers/{app.Customer}", UriKind.Relative), Ct)).Problem()).Status);
        }
        finally
        {
            await app.Service.Run($"delete from platform.platform_users u where u.email = 'both@alpha.example'", Ct);
        }
    }

    [Fact]
    public async Task Signing_out_ends_the_session_on_the_server()
    {
        using var client = await app.SignIn("viewer@alpha.example", "alpha");
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(new Uri("api/session", UriKind.Relative), Ct)).StatusCode);
        Assert.Equal(401, (await (await client.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
    }

    [Fact]
    public async Task The_one_time_password_opens_nothing_but_the_change_of_password()
    {
        await app.AddPerson("new@alpha.example", app.Alpha.OrganizationId!.Value, "admin");
        await app.Service.Run($"update platform.platform_users u set must_change_password = true where u.email = 'new@alpha.example'", Ct);
        using var client = await app.SignIn("new@alpha.example", "alpha");
        using var elsewhere = await app.SignIn("new@alpha.example", "alpha");
        Assert.Equal((403, "password_change_required"), await (await client.GetAsync(new Uri("api/overview", UriKind.Relative), Ct)).Problem());
        foreach (var bad in new[] { "short", new string('a', 20), TestApp.Password, "new@alpha.example" })
            Assert.Equal((400, "validation_failed"), await (await client.PutAsJsonAsync("api/session/password", new { currentPassword = TestApp.Password, newPassword = bad }, Ct)).Problem());
        Assert.Equal((400, "wrong_password"), await (await client.PutAsJsonAsync("api/session/password", new { currentPassword = "x", newPassword = "a new pass phrase" }, Ct)).Problem());
        Assert.Equal(204, (await (await client.PutAsJsonAsync("api/session/password", new { currentPassword = TestApp.Password, newPassword = "a new pass phrase" }, Ct)).Problem()).Status);
        await client.Json("api/overview");
        Assert.Equal(401, (await (await elsewhere.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
    }

    [Fact]
    public async Task A_viewer_reads_and_does_not_change()
    {
        await app.Viewer.Json("api/overview");
        Assert.Equal((403, "forbidden"), await (await app.Viewer.PutAsJsonAsync("api/organization", new { name = "Mine" }, Ct)).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.PostAsync(new Uri("api/imports?kind=orders&name=a.csv", UriKind.Relative), new StringContent("a,b\n1,2\n"), Ct)).Problem());
        var seen = await app.Viewer.Json("api/organization");
        Assert.Equal(JsonValueKind.Null, seen.GetProperty("writeKey").ValueKind);
        HasNothingOfTheirs(seen.GetRawText());
    }

    [Theory]
    [InlineData("""{"timeZone":"Mars/Olympus"}""", "timeZone")]
    [InlineData("""{"currency":"euro"}""", "currency")]
    [InlineData("""{"name":"  "}""", "name")]
    public async Task Bad_settings_are_refused_by_field(string body, string field)
    {
        using var answer = await app.Admin.PutAsync(new Uri("api/organization", UriKind.Relative), new StringContent(body, System.Text.Encoding.UTF8, "application/json"), Ct);
        var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _));
    }

    [Theory]
    [InlineData("POST", "api/session", "{")]
    [InlineData("POST", "api/session", "[]")]
    [InlineData("PUT", "api/session/preferences", """{"language":"xx"}""")]
    [InlineData("GET", "api/customers/not-a-uuid", null)]
    [InlineData("GET", "api/overview?from=yesterday", null)]
    [InlineData("GET", "api/customers?sort=password", null)]
    [InlineData("GET", "api/customers?cursor=%27%3B--", null)]
    [InlineData("GET", "api/nothing/here", null)]
    [InlineData("DELETE", "api/overview", null)]
    public async Task Rubbish_is_a_problem_document_and_never_a_5xx(string method, string path, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        using var answer = await app.Admin.SendAsync(request, Ct);
        Assert.InRange((int)answer.StatusCode, 400, 499);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("code").GetString()));
        Assert.False(string.IsNullOrEmpty(problem.GetProperty("traceId").GetString()));
    }

    [Fact]
    public async Task The_first_start_founds_once_and_prints_a_new_one_time_password_until_it_is_used()
    {
        await using var fresh = new TestDatabase();
        await fresh.InitializeAsync();
        await fresh.Service.Run($"delete from platform.organizations", Ct);
        await fresh.Service.Run($"delete from platform.platform_users", Ct);
        var welcomes = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Founding.Ensure(fresh.Databases, "My organization", Ct)));
        Assert.Single(welcomes.Select(w => w.WriteKey).Distinct());
        Assert.All(welcomes, w => Assert.NotNull(w.OneTimePassword));
        Assert.Single(welcomes, w => !w.Replaces);
        Assert.Equal(1, await fresh.Service.One<long>($"select count(*) from platform.platform_users", Ct));
        await fresh.Service.Run($"update platform.platform_users u set must_change_password = false", Ct);
        Assert.Null((await Founding.Ensure(fresh.Databases, "My organization", Ct)).OneTimePassword);
        // A server starts also when nobody has a write key any more.
        await fresh.Service.Run($"update platform.api_keys k set revoked_at = now()", Ct);
        Assert.Null((await Founding.Ensure(fresh.Databases, "My organization", Ct)).WriteKey);
    }

    [Fact]
    public async Task Health_and_metrics_answer_without_a_session()
    {
        using var client = new HttpClient { BaseAddress = app.Address };
        Assert.Contains("\"status\":\"healthy\"", await client.GetStringAsync(new Uri("health/live", UriKind.Relative), Ct), StringComparison.Ordinal);
        Assert.Contains("log watermark", await client.GetStringAsync(new Uri("health/ready", UriKind.Relative), Ct), StringComparison.Ordinal);
        foreach (var path in new[] { "health/live", "health/ready", "metrics" }) HasNothingOfTheirs(await client.GetStringAsync(new Uri(path, UriKind.Relative), Ct));
        Assert.Contains("clientele_log_watermark_age_seconds", await client.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct), StringComparison.Ordinal);
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Organizations;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

public sealed class SessionTests(SessionTests.App app) : IClassFixture<SessionTests.App>
{
    public sealed class App : TestApp;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

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

    [Fact]
    public async Task After_five_wrong_passwords_even_the_right_one_waits()
    {
        await app.AddPerson("forgetful@alpha.example", app.Alpha.OrganizationId!.Value, "viewer");
        using var client = app.Client("alpha");
        for (var i = 0; i < 5; i++) await (await client.Post("api/session", new { email = "forgetful@alpha.example", password = "wrong" })).Problem();
        using var answer = await client.Post("api/session", new { email = "forgetful@alpha.example", password = TestApp.Password });
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.Equal((429, "too_many_attempts"), await answer.Problem());
    }

    [Fact]
    public async Task An_address_nobody_has_is_locked_like_any_other()
    {
        using var client = app.Client("alpha");
        for (var i = 0; i < 5; i++) Assert.Equal(401, (await (await client.Post("api/session", new { email = "ghost@alpha.example", password = "wrong" })).Problem()).Status);
        Assert.Equal((429, "too_many_attempts"), await (await client.Post("api/session", new { email = "ghost@alpha.example", password = "wrong" })).Problem());
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
    [InlineData("api/organization")]
    [InlineData("api/overview")]
    [InlineData("api/overview/countries")]
    [InlineData("api/customers")]
    [InlineData("api/customers/0198c000-0000-7000-8000-000000000000")]
    [InlineData("api/customers/0198c000-0000-7000-8000-000000000000/timeline")]
    [InlineData("api/customers/0198c000-0000-7000-8000-000000000000/orders")]
    [InlineData("api/events/newest")]
    [InlineData("api/imports")]
    [InlineData("api/imports/fields")]
    [InlineData("api/orders/0198c000-0000-7000-8000-000000000000")]
    [InlineData("api/palette?query=a")]
    public async Task Without_a_session_or_in_another_organization_there_is_nothing(string path)
    {
        Assert.Equal((401, "not_signed_in"), await (await app.Anonymous.GetAsync(new Uri(path, UriKind.Relative), Ct)).Problem());
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Clientele-Organization", "ignored");
        using var stranger = await app.SignIn("admin@beta.example", "alpha"); // signed in, but no member of alpha
        Assert.Equal((404, "organization_not_found"), await (await stranger.GetAsync(new Uri(path, UriKind.Relative), Ct)).Problem());
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
        Assert.Equal(JsonValueKind.Null, (await app.Viewer.Json("api/organization")).GetProperty("writeKey").ValueKind);
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
        Assert.Equal(1, await fresh.Service.One<long>($"select count(*) from platform.platform_users", Ct));
        await fresh.Service.Run($"update platform.platform_users u set must_change_password = false", Ct);
        Assert.Null((await Founding.Ensure(fresh.Databases, "My organization", Ct)).OneTimePassword);
    }

    [Fact]
    public async Task Health_and_metrics_answer_without_a_session()
    {
        using var client = new HttpClient { BaseAddress = app.Address };
        Assert.Contains("\"status\":\"healthy\"", await client.GetStringAsync(new Uri("health/live", UriKind.Relative), Ct), StringComparison.Ordinal);
        Assert.Contains("log watermark", await client.GetStringAsync(new Uri("health/ready", UriKind.Relative), Ct), StringComparison.Ordinal);
        Assert.Contains("clientele_log_watermark_age_seconds", await client.GetStringAsync(new Uri("metrics", UriKind.Relative), Ct), StringComparison.Ordinal);
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Keys;
using Clientele.Platform.Tenancy;
using Clientele.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Clientele.Platform.Tests;

/// <summary>Keys over the API, and what they open.</summary>
public sealed class KeyApiTests(KeyApiTests.App app) : IClassFixture<KeyApiTests.App>
{
    public sealed class App : TestApp;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Read(HttpResponseMessage answer, int status)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.True(status == (int)answer.StatusCode, text);
            return JsonSerializer.Deserialize<JsonElement>(text);
        }
    }

    private static Task<HttpResponseMessage> Put(HttpClient client, string path, object body) => client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, ApiJson.Options, Ct);

    private async Task<(Guid Id, string Secret)> Issue(object body, HttpClient? client = null)
    {
        var issued = await Read(await (client ?? app.Admin).Post("api/keys", body), 201);
        return (issued.GetProperty("key").GetProperty("id").GetGuid(), issued.GetProperty("secret").GetString()!);
    }

    private async Task<HttpResponseMessage> Call(string secret, string path = "rest/v1/customers?limit=1", string? origin = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, path));
        request.Headers.Add("apikey", secret);
        request.Headers.Add("Accept-Profile", "customers");
        if (origin is not null) request.Headers.Add("Origin", origin);
        return await app.Anonymous.SendAsync(request, Ct);
    }

    private async Task<int> Track(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(app.Address, "v1/track")) { Content = JsonContent.Create(new { userId = "u", @event = "Seen" }) };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(key + ":")));
        using var answer = await app.Anonymous.SendAsync(request, Ct);
        return (int)answer.StatusCode;
    }

    private async Task<string> TheKey(Guid id, string property) => (await app.Admin.Json("api/keys")).GetProperty("items").EnumerateArray().Single(k => k.GetProperty("id").GetGuid() == id).GetProperty(property).ToString();

    [Fact]
    public async Task A_secret_is_shown_once_opens_its_own_organization_and_is_kept_nowhere()
    {
        var (id, secret) = await Issue(new { kind = "secret", name = "Reader", scopes = new[] { "customers:read" } });
        using (var opened = await Call(secret)) Assert.Equal(200, (int)opened.StatusCode);
        foreach (var path in new[] { "api/keys", $"api/keys/{id}/usage", "api/audit?limit=200" })
        {
            using var answer = await app.Admin.GetAsync(new Uri(path, UriKind.Relative), Ct);
            Assert.DoesNotContain(secret, await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.api_keys k where strpos(k::text, {secret}) > 0) or exists (select from platform.activity_logs a where strpos(a::text, {secret}) > 0)", Ct));
        Assert.DoesNotContain(id.ToString(), (await app.Stranger.Json("api/keys")).ToString(), StringComparison.Ordinal);
        foreach (var act in new Func<HttpClient, Task<HttpResponseMessage>>[]
        {
            c => c.Post($"api/keys/{id}/rotate"), c => Put(c, $"api/keys/{id}", new { name = "Mine" }), c => c.DeleteAsync(new Uri($"api/keys/{id}", UriKind.Relative), Ct), c => c.GetAsync(new Uri($"api/keys/{id}/usage", UriKind.Relative), Ct),
        })
        {
            Assert.Equal((404, "not_found"), await (await act(app.Stranger)).Problem());
            Assert.Equal((403, "forbidden"), await (await act(app.Viewer)).Problem());
        }
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post("api/keys", new { kind = "secret", name = "Mine" })).Problem());
    }

    [Fact]
    public async Task A_rotated_key_opens_beside_the_old_one_until_the_overlap_ends_and_a_revoked_one_opens_nothing()
    {
        var expires = TimeProvider.System.GetUtcNow().AddDays(40);
        var (id, secret) = await Issue(new { kind = "secret", name = "Rotated", allowedAddresses = new[] { "127.0.0.0/8", "::1" }, expiresAt = expires });
        var next = await Read(await app.Admin.Post($"api/keys/{id}/rotate", new { overlapHours = 2 }), 201);
        Assert.Equal($"{id}", next.GetProperty("key").GetProperty("replaces").GetString());
        Assert.Equal(["127.0.0.0/8", "::1/128"], next.GetProperty("key").GetProperty("allowedAddresses").EnumerateArray().Select(a => a.GetString()));
        Assert.InRange(next.GetProperty("key").GetProperty("expiresAt").GetDateTimeOffset(), expires.AddSeconds(-1), expires.AddSeconds(1));
        foreach (var each in new[] { secret, next.GetProperty("secret").GetString()! })
            using (var opened = await Call(each)) Assert.Equal(200, (int)opened.StatusCode);
        Assert.InRange(DateTimeOffset.Parse(await TheKey(id, "expiresAt"), null), TimeProvider.System.GetUtcNow().AddHours(1.9), TimeProvider.System.GetUtcNow().AddHours(2.1));

        // Not looked up before, so nothing is remembered of it.
        var (revoked, gone) = await Issue(new { kind = "secret", name = "Revoked" });
        await Read(await app.Admin.DeleteAsync(new Uri($"api/keys/{revoked}", UriKind.Relative), Ct), 200);
        using (var refused = await Call(gone)) Assert.Equal(401, (int)refused.StatusCode);
        Assert.Equal("revoked", await TheKey(revoked, "state"));
        Assert.Equal((409, "wrong_state"), await (await app.Admin.Post($"api/keys/{revoked}/rotate")).Problem());
        Assert.Equal((409, "wrong_state"), await (await Put(app.Admin, $"api/keys/{revoked}", new { name = "Again" })).Problem());
    }

    [Fact]
    public async Task A_write_key_sends_events_rotates_and_may_be_bound_to_a_network()
    {
        var (id, key) = await Issue(new { kind = "write", name = "Shop", allowedOrigins = new[] { "https://shop.example" } });
        Assert.StartsWith("wk_", key, StringComparison.Ordinal);
        Assert.Equal(200, await Track(key));
        var next = await Read(await app.Admin.Post($"api/keys/{id}/rotate"), 201);
        Assert.Equal("https://shop.example", next.GetProperty("key").GetProperty("allowedOrigins")[0].GetString());
        Assert.Equal(200, await Track(next.GetProperty("secret").GetString()!));
        var (_, far) = await Issue(new { kind = "write", name = "Far", allowedAddresses = new[] { "203.0.113.0/24" } });
        Assert.Equal(403, await Track(far));
        var (_, closed) = await Issue(new { kind = "secret", name = "Far", allowedAddresses = new[] { "203.0.113.7" } });
        using (var refused = await Call(closed)) Assert.Equal(403, (int)refused.StatusCode);
        var (_, bound) = await Issue(new { kind = "secret", name = "Bound", allowedOrigins = new[] { "https://shop.example" } });
        using (var refused = await Call(bound, origin: "https://evil.example")) Assert.Equal(403, (int)refused.StatusCode);
        using (var taken = await Call(bound, origin: "https://shop.example")) Assert.Equal(200, (int)taken.StatusCode);
    }

    [Theory]
    [InlineData("""{"kind": "master", "name": "x"}""", "kind")]
    [InlineData("""{"kind": "secret"}""", "name")]
    [InlineData("""{"kind": "secret", "name": " "}""", "name")]
    [InlineData("""{"kind": "secret", "name": "x", "scopes": ["everything"]}""", "scopes")]
    [InlineData("""{"kind": "secret", "name": "x", "scopes": [null]}""", "scopes")]
    [InlineData("""{"kind": "write", "name": "x", "scopes": ["data:read"]}""", "scopes")]
    [InlineData("""{"kind": "write", "name": "x", "allowedOrigins": ["shop.example/path"]}""", "allowedOrigins")]
    [InlineData("""{"kind": "write", "name": "x", "allowedAddresses": ["home"]}""", "allowedAddresses")]
    [InlineData("""{"kind": "write", "name": "x", "expiresAt": "2020-01-01T00:00:00Z"}""", "expiresAt")]
    [InlineData("""{"kind": "write", "name": "x", "workspaceId": "9a2f9f5e-0000-4000-8000-000000000001"}""", "workspaceId")]
    public async Task What_makes_no_key_is_refused_by_its_field(string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        Assert.True((await Read(await app.Admin.PostAsync(new Uri("api/keys", UriKind.Relative), content, Ct), 400)).GetProperty("errors").TryGetProperty(field, out _));
    }

    [Fact]
    public async Task A_limit_answers_429_with_when_to_come_back_and_usage_is_counted_by_day()
    {
        var (id, secret) = await Issue(new { kind = "secret", name = "Limited" }, app.Stranger);
        var limit = await Read(await app.Stranger.Post("api/rate-limits", new { name = "three a day", keyId = id, route = "/rest/v1/*", countedBy = "key", maxRequests = 3, windowSeconds = 86400 }), 201);
        for (var i = 2; i >= 0; i--)
        {
            using var passed = await Call(secret);
            Assert.Equal(200, (int)passed.StatusCode);
            Assert.Equal("\"three a day\";q=3;w=86400", passed.Headers.GetValues("RateLimit-Policy").Single());
            Assert.StartsWith($"\"three a day\";r={i};t=", passed.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        }
        using (var refused = await Call(secret))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 28000, 28800); // a third of a day
            Assert.StartsWith("\"three a day\";r=0;", refused.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
        }
        // A request is counted when its answer has gone out.
        var usage = default(JsonElement);
        for (var patience = 0; patience < 100; patience++)
        {
            await app.Services.GetRequiredService<KeyUse>().Flush(Ct);
            usage = await app.Stranger.Json($"api/keys/{id}/usage?days=7");
            if (usage.GetProperty("days")[6].GetProperty("requests").GetInt32() == 4) break;
            await Task.Delay(20, Ct);
        }
        Assert.Equal(7, usage.GetProperty("days").GetArrayLength());
        Assert.Equal((4, 1), (usage.GetProperty("days")[6].GetProperty("requests").GetInt32(), usage.GetProperty("days")[6].GetProperty("errors").GetInt32()));
        Assert.Equal("GET", usage.GetProperty("endpoints")[0].GetProperty("method").GetString());
        Assert.True(usage.GetProperty("days")[6].GetProperty("bytesSent").GetInt64() > 0);
        Assert.Equal(usage.GetProperty("days")[6].GetProperty("bytesSent").GetInt64(), usage.GetProperty("endpoints")[0].GetProperty("bytesSent").GetInt64());

        // Alpha's keys have their own buckets, and cannot touch this one.
        Assert.Equal((404, "not_found"), await (await Put(app.Admin, $"api/rate-limits/{limit.GetProperty("id")}", new { maxRequests = 9 })).Problem());
        Assert.Equal((400, "validation_failed"), await (await app.Admin.Post("api/rate-limits", new { name = "x", keyId = id, maxRequests = 1, windowSeconds = 1 })).Problem());
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post("api/rate-limits", new { maxRequests = 1, windowSeconds = 1 })).Problem());
        Assert.Equal(9, (await Read(await Put(app.Stranger, $"api/rate-limits/{limit.GetProperty("id")}", new { maxRequests = 9 }), 200)).GetProperty("maxRequests").GetInt32());
        using var deleted = await app.Stranger.DeleteAsync(new Uri($"api/rate-limits/{limit.GetProperty("id")}", UriKind.Relative), Ct);
        Assert.Equal(204, (int)deleted.StatusCode);
        foreach (var (body, field) in new (object, string)[] { (new { windowSeconds = 1 }, "maxRequests"), (new { maxRequests = 1 }, "windowSeconds"), (new { maxRequests = 1, windowSeconds = 1, route = "rest" }, "route"), (new { maxRequests = 1, windowSeconds = 1, countedBy = "sheep" }, "countedBy") })
            Assert.True((await Read(await app.Admin.Post("api/rate-limits", body), 400)).GetProperty("errors").TryGetProperty(field, out _));
    }
}

/// <summary>The limiter itself, on two nodes over one database, and on a clock of its own.</summary>
public sealed class RateLimitTests(RateLimitTests.Database database) : IClassFixture<RateLimitTests.Database>
{
    public sealed class Database : TestDatabase;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private async Task<(Guid Organization, Guid Key)> Limit(Tenant tenant, string name, long most, int seconds, string by = "organization")
    {
        var db = database.For(tenant with { Access = Access.Admin });
        var key = await db.One<Guid>($"select k.id from platform.issue_api_key({name}, {tenant.WorkspaceId}) k", Ct);
        await db.Run($"insert into platform.rate_limits (name, api_key_id, counted_by, max_requests, window_seconds) values ({name}, {key}, {by}, {most}, {seconds})", Ct);
        return (tenant.OrganizationId!.Value, key);
    }

    private static async Task<int> Passed(RateLimits node, (Guid Organization, Guid Key) of, int requests, IPAddress? from = null)
    {
        var passed = 0;
        for (var i = 0; i < requests; i++)
            if ((await node.Take(of.Organization, of.Key, "/rest/v1/x", from, Ct)).RetryAfter is null) passed++;
        return passed;
    }

    [Fact]
    public async Task Two_nodes_together_answer_as_many_as_the_limit_says_to_within_a_tenth()
    {
        // So slow to fill that nothing comes back while it is asked.
        var (alpha, beta) = (await Limit(database.Alpha, "both", 1000, 86400), await Limit(database.Beta, "both", 1000, 86400));
        RateLimits[] nodes = [new(database.Databases, TimeProvider.System), new(database.Databases, TimeProvider.System)];
        var passed = (await Task.WhenAll(nodes.SelectMany(n => Enumerable.Range(0, 4).Select(_ => Task.Run(() => Passed(n, alpha, 400)))))).Sum();
        Assert.InRange(passed, 900, 1000);
        // One node is much busier than the other.
        var uneven = (await Task.WhenAll(Passed(nodes[0], beta, 2500), Passed(nodes[1], beta, 40))).Sum();
        Assert.InRange(uneven, 900, 1000);
    }

    [Fact]
    public async Task What_was_spent_comes_back_with_time_and_a_burst_is_no_more_than_the_limit()
    {
        var of = await Limit(database.Alpha, "filling", 100, 100);
        var node = new RateLimits(database.Databases, TimeProvider.System);
        Assert.InRange(await Passed(node, of, 200), 100, 110);
        var refused = await node.Take(of.Organization, of.Key, "/x", null, Ct);
        Assert.InRange(refused.RetryAfter!.Value.TotalSeconds, 0.0001, 1.01);
        await database.Service.Run($"update platform.rate_limit_buckets b set filled_at = b.filled_at - interval '30 seconds' where b.organization_id = {of.Organization}", Ct);
        var other = new RateLimits(database.Databases, TimeProvider.System);
        Assert.InRange(await Passed(other, of, 200), 29, 40);
        await database.Service.Run($"update platform.rate_limit_buckets b set filled_at = b.filled_at - interval '1 day' where b.organization_id = {of.Organization}", Ct);
        Assert.InRange(await Passed(new RateLimits(database.Databases, TimeProvider.System), of, 300), 100, 110);
    }

    [Fact]
    public async Task Each_address_has_its_own_and_a_request_that_one_limit_refuses_costs_another_nothing()
    {
        var of = await Limit(database.Beta, "wide", 1000, 86400);
        var db = database.For(database.Beta with { Access = Access.Admin });
        await db.Run($"insert into platform.rate_limits (name, api_key_id, route, counted_by, max_requests, window_seconds) values ('narrow', {of.Key}, '/rest/*', 'caller', 2, 86400)", Ct);
        var node = new RateLimits(database.Databases, TimeProvider.System);
        Assert.Equal(2, await Passed(node, of, 20, IPAddress.Parse("203.0.113.1")));
        Assert.Equal(2, await Passed(node, of, 20, IPAddress.Parse("203.0.113.2")));
        var elsewhere = await node.Take(of.Organization, of.Key, "/v1/track", IPAddress.Parse("203.0.113.1"), Ct);
        Assert.Equal(("wide", 995L), (elsewhere.Name, elsewhere.Remaining));
        // Nobody's limits but one's own.
        Assert.Null((await node.Take(database.Alpha.OrganizationId!.Value, Guid.NewGuid(), "/rest/v1/x", null, Ct)).Name);
    }

    [Theory]
    [InlineData("", "203.0.113.7", true)]
    [InlineData("203.0.113.0/24", "203.0.113.7", true)]
    [InlineData("203.0.113.0/24", "::ffff:203.0.113.7", true)]
    [InlineData("203.0.113.0/24", "203.0.114.7", false)]
    [InlineData("2001:db8::/32 10.0.0.0/8", "10.9.8.7", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("203.0.113.0/24", null, false)]
    public void An_address_is_taken_when_a_network_has_it(string networks, string? address, bool taken) =>
        Assert.Equal(taken, KeyUse.IsAllowed(networks.Split(' ', StringSplitOptions.RemoveEmptyEntries), address is null ? null : IPAddress.Parse(address)));
}

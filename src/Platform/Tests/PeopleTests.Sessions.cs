using System.Net.Http.Json;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

public sealed partial class PeopleTests
{
    private static HttpRequestMessage Enter(string email, string agent, string country)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "api/session") { Content = JsonContent.Create(new { email, password = TestApp.Password }) };
        request.Headers.TryAddWithoutValidation("User-Agent", agent);
        request.Headers.Add(PeopleApp.Country, country);
        return request;
    }

    private const string Firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    private const string Phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

    [Fact]
    public async Task Sessions_are_listed_with_device_and_country_and_a_strange_one_is_told_of()
    {
        await app.AddPerson("devices@alpha.example", app.Alpha.OrganizationId!.Value, "viewer");
        using var home = app.Client("alpha");
        using var away = app.Client("alpha");
        using var phone = app.Client("alpha");
        await Read(await home.SendAsync(Enter("devices@alpha.example", Firefox, "SN"), Ct));
        // Another device at home is nothing strange.
        await Read(await phone.SendAsync(Enter("devices@alpha.example", Phone, "SN"), Ct));
        Assert.DoesNotContain(app.Post.Letters, l => l.To == "devices@alpha.example");
        await Read(await away.SendAsync(Enter("devices@alpha.example", "curl/8.0", "AQ"), Ct));
        Assert.Contains("curl", (await app.Post.To("devices@alpha.example")).Text, StringComparison.Ordinal);

        var sessions = (await home.Json("api/session/sessions")).EnumerateArray().ToList();
        Assert.Equal(3, sessions.Count);
        Assert.True(sessions[0].GetProperty("isCurrent").GetBoolean());
        Assert.Equal(("Firefox", "Linux", "desktop", "SN", "127.0.0.1"), (sessions[0].GetProperty("browser").GetString(), sessions[0].GetProperty("os").GetString(), sessions[0].GetProperty("deviceType").GetString(),
            sessions[0].GetProperty("country").GetString(), sessions[0].GetProperty("address").GetString()));
        Assert.Contains(sessions, s => s.GetProperty("deviceType").GetString() == "mobile" && s.GetProperty("browser").GetString() == "Safari" && s.GetProperty("os").GetString() == "iOS");
        var strange = Assert.Single(sessions, s => s.GetProperty("isSuspicious").GetBoolean());
        Assert.Equal(["new_country", "new_device"], strange.GetProperty("flags").EnumerateArray().Select(f => f.GetString()));

        var id = strange.GetProperty("id").GetGuid();
        Assert.Equal((404, "not_found"), await Delete(app.Viewer, $"api/session/sessions/{id}"));
        Assert.Equal(204, (await Delete(home, $"api/session/sessions/{id}")).Status);
        Assert.Equal(401, (await (await away.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
        Assert.Equal((404, "not_found"), await Delete(home, $"api/session/sessions/{id}"));
        Assert.Equal(204, (await Delete(home, "api/session/sessions")).Status);
        Assert.Equal(401, (await (await phone.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
        Assert.Single((await home.Json("api/session/sessions")).EnumerateArray());
        await app.Viewer.Json("api/session");
    }

    [Fact]
    public async Task A_session_that_somebody_planted_is_never_the_one_that_opens()
    {
        await app.AddPerson("fixed@alpha.example", app.Alpha.OrganizationId!.Value, "viewer");
        var planted = "planted-by-somebody-else-0000000000000000000";
        using var victim = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = app.Address };
        victim.DefaultRequestHeaders.Add("X-Clientele", "console");
        async Task<(HttpResponseMessage Answer, string? Cookie)> Enters(string cookie)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "api/session") { Content = JsonContent.Create(new { email = "fixed@alpha.example", password = TestApp.Password }) };
            request.Headers.Add("Cookie", $"clientele_session={cookie}");
            var answer = await victim.SendAsync(request, Ct);
            return (answer, answer.Headers.TryGetValues("Set-Cookie", out var set) ? set.Single().Split(';')[0].Split('=', 2)[1] : null);
        }
        async Task<int> Opens(string cookie)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "api/session");
            request.Headers.Add("Cookie", $"clientele_session={cookie}");
            using var answer = await victim.SendAsync(request, Ct);
            return (int)answer.StatusCode;
        }
        var first = (await Enters(planted)).Cookie!;
        Assert.NotEqual(planted, first);
        Assert.Equal((401, 200), (await Opens(planted), await Opens(first)));
        // Signing in again in the same browser gives another token, and the one before ends.
        var second = (await Enters(first)).Cookie!;
        Assert.NotEqual(first, second);
        Assert.Equal((401, 200), (await Opens(first), await Opens(second)));
    }

    /// <summary>A browser that follows the service's links there and back; where it ends, and with which cookies.</summary>
    private async Task<(Uri End, HttpClient Browser)> Follow(HttpClient? browser = null, string start = "api/session/oauth?next=%2Fo%2Falpha%2Fcustomers")
    {
        browser ??= app.Client("alpha");
        var address = new Uri(app.Address, start);
        for (var step = 0; step < 5; step++)
        {
            using var answer = await browser.GetAsync(address, Ct);
            if (answer.Headers.Location is not { } next) throw new InvalidOperationException($"{address}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Ct)}");
            address = new Uri(address, next);
            if (!address.AbsolutePath.Contains("oauth", StringComparison.Ordinal) && address.Authority == app.Address.Authority) return (address, browser);
        }
        throw new InvalidOperationException("It goes round in circles.");
    }

    [Fact]
    public async Task Another_service_signs_in_who_has_an_account_and_nobody_else()
    {
        Assert.Equal(("Elsewhere", true), ((await app.Anonymous.Json("api/session/ways")).GetProperty("oAuth").GetString(), (await app.Anonymous.Json("api/session/ways")).GetProperty("mail").GetBoolean()));
        app.Person = new { email = "Viewer@alpha.example", email_verified = true };
        var (end, browser) = await Follow();
        using var _ = browser;
        Assert.Equal("/o/alpha/customers", end.PathAndQuery);
        Assert.Equal("viewer@alpha.example", (await browser.Json("api/session")).GetProperty("user").GetProperty("email").GetString());

        foreach (var (person, why) in new (object, string)[]
        {
            (new { email = "nobody@elsewhere.example", email_verified = true }, "unknown"),
            (new { email = "viewer@alpha.example", email_verified = false }, "unverified"),
            (new { email = "viewer@alpha.example" }, "unverified"),
            (new { name = "No address" }, "unverified"),
            (new[] { 1 }, "failed"),
        })
        {
            app.Person = person;
            var (refused, other) = await Follow();
            using (other)
            {
                Assert.Equal($"/sign-in?refused={why}", refused.PathAndQuery);
                Assert.Equal(401, (await (await other.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
            }
        }
        app.Person = new { email = "viewer@alpha.example", email_verified = true };
        // The page that follows is ours.
        var (own, third) = await Follow(start: "api/session/oauth?next=https%3A%2F%2Fevil.example");
        using (third) Assert.Equal("/", own.PathAndQuery);
        var (backslash, fourth) = await Follow(start: "api/session/oauth?next=%2F%5Cevil.example");
        using (fourth) Assert.Equal("/", backslash.PathAndQuery);
    }

    [Fact]
    public async Task Who_proves_an_address_takes_the_account_from_whoever_made_it_without_proof()
    {
        var (squatter, id) = await Person("squatted@alpha.example");
        using var _ = squatter;
        await TurnOn(squatter);
        await app.Service.Run($"update platform.platform_users u set email_verified = false where u.id = {id}", Ct);
        app.Person = new { email = "squatted@alpha.example", email_verified = true };
        var (end, owner) = await Follow();
        using var __ = owner;
        Assert.Equal("/o/alpha/customers", end.PathAndQuery);
        Assert.True((await owner.Json("api/session")).GetProperty("user").GetProperty("emailVerified").GetBoolean());
        Assert.Equal(401, (await (await squatter.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
        using var again = app.Client("alpha");
        Assert.Equal((401, "invalid_credentials"), await (await again.Post("api/session", new { email = "squatted@alpha.example", password = TestApp.Password })).Problem());
    }

    [Fact]
    public async Task A_way_back_that_another_browser_began_opens_nothing()
    {
        app.Person = new { email = "viewer@alpha.example", email_verified = true };
        using var attacker = app.Client("alpha");
        var begun = (await attacker.GetAsync(new Uri("api/session/oauth", UriKind.Relative), Ct)).Headers.Location!;
        var back = (await attacker.GetAsync(begun, Ct)).Headers.Location!;
        // The attacker's link, opened by somebody else: their browser has no cookie that belongs to it.
        using var victim = app.Client("alpha");
        using var answer = await victim.GetAsync(back, Ct);
        Assert.Equal("/sign-in?refused=failed", answer.Headers.Location?.ToString());
        Assert.Equal(401, (await (await victim.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
        // A state of one's own making neither.
        using var made = await attacker.GetAsync(new Uri("api/session/oauth/callback?code=x&state=AAAA", UriKind.Relative), Ct);
        Assert.Equal("/sign-in?refused=failed", made.Headers.Location?.ToString());
    }

    [Fact]
    public async Task Who_signs_in_by_another_service_takes_the_second_step_here()
    {
        var (own, _) = await Person("both-ways@alpha.example");
        using var __ = own;
        var (secret, _) = await TurnOn(own);
        app.Person = new { email = "both-ways@alpha.example", email_verified = true };
        var (end, browser) = await Follow();
        using var ___ = browser;
        Assert.StartsWith("/sign-in?next=", end.PathAndQuery, StringComparison.Ordinal);
        Assert.Equal(401, (await (await browser.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
        await Read(await browser.Post("api/session/second-factor", new { challenge = end.Fragment[1..], code = Now(secret, 1) }));
        await browser.Json("api/customers");
    }
}

using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>How people come, prove who they are, and go: over HTTP, with a real mail server and another service to sign in by.</summary>
public sealed partial class PeopleTests(PeopleApp app) : IClassFixture<PeopleApp>
{
    private const string New = "a new pass phrase 7";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<JsonElement> Read(HttpResponseMessage answer)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {text}");
            return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
        }
    }

    private static async Task<(int Status, string? Code)> Put(HttpClient client, string path, object body) => await (await client.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, Ct)).Problem();

    private static async Task<(int Status, string? Code)> Delete(HttpClient client, string path) => await (await client.DeleteAsync(new Uri(path, UriKind.Relative), Ct)).Problem();

    private async Task<Guid> Id(string email) => await app.Service.One<Guid>($"select u.id from platform.platform_users u where u.email = {email}", Ct);

    private async Task<(HttpClient Client, Guid Id)> Person(string email, string role = "viewer")
    {
        await app.AddPerson(email, app.Alpha.OrganizationId!.Value, role);
        return (await app.SignIn(email, "alpha"), await Id(email));
    }

    private static async Task<JsonElement> Of(HttpClient client, Guid id) => (await client.Json("api/people")).EnumerateArray().Single(p => p.GetProperty("id").GetGuid() == id);

    [Fact]
    public async Task A_member_is_given_another_role_suspended_let_in_and_removed()
    {
        var (member, id) = await Person("member@alpha.example");
        using var _ = member;
        Assert.Equal((403, "forbidden"), await (await member.Post("api/imports/" + Guid.NewGuid() + "/start")).Problem());
        Assert.Equal(200, (await Put(app.Admin, $"api/people/{id}", new { role = "marketing_manager" })).Status);
        Assert.Equal((404, "not_found"), await (await member.Post("api/imports/" + Guid.NewGuid() + "/cancel")).Problem());
        Assert.Equal((403, "forbidden"), await Put(app.Admin, $"api/people/{id}", new { role = "super_admin" }));
        Assert.Equal((403, "forbidden"), await Put(member, $"api/people/{id}", new { role = "admin" }));
        Assert.Equal((404, "not_found"), await Put(app.Stranger, $"api/people/{id}", new { role = "viewer" }));
        // The next request of a session that is open already finds the door shut.
        Assert.Equal(200, (await Put(app.Admin, $"api/people/{id}", new { status = "suspended" })).Status);
        Assert.Equal((404, "organization_not_found"), await (await member.GetAsync(new Uri("api/customers", UriKind.Relative), Ct)).Problem());
        Assert.Equal(200, (await Put(app.Admin, $"api/people/{id}", new { status = "active" })).Status);
        await member.Json("api/customers");
        Assert.Equal(204, (await Delete(app.Admin, $"api/people/{id}")).Status);
        Assert.Equal((401, "not_signed_in"), await (await member.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem());
        // The trail tells of each step, and holds no secret.
        var trail = await app.Db.List<string>($"select a.activity_type from platform.activity_logs a where a.resource_type = 'platform_user' and a.resource_id = {id.ToString()} order by a.occurred_at", Ct);
        Assert.Equal(["update", "update", "update", "delete"], trail);
    }

    [Fact]
    public async Task What_is_secret_is_in_no_log_and_not_in_the_trail()
    {
        const string password = "very secret pass phrase";
        var sent = await Read(await app.Admin.Post("api/people", new { email = "quiet@invited.example", role = "viewer" }));
        var invitation = (await app.Post.To("quiet@invited.example")).Token;
        using var quiet = app.Client("alpha");
        await Read(await quiet.Post("api/session/invitation/accept", new { token = invitation, name = "Quiet", password }));
        await quiet.Post("api/session/forgotten", new { email = "quiet@invited.example" });
        var reset = (await app.Post.To("quiet@invited.example", after: 1)).Token;
        var started = await Read(await quiet.Post("api/session/two-step", new { password }));
        var secret = started.GetProperty("secret").GetString()!;
        var codes = await Read(await quiet.Post("api/session/two-step/confirm", new { code = Now(Unbase32(secret)) }));
        var secrets = new List<string> { password, TestApp.Password, invitation, reset, secret, PeopleApp.ClientSecret, "secret-access-token" };
        secrets.AddRange(codes.GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()!));
        var written = string.Join('\n', app.Log) + string.Join('\n', await app.Service.List<string>($"select a::text from platform.activity_logs a", Ct));
        Assert.Contains("platform_user", written, StringComparison.Ordinal);
        Assert.All(secrets, s => Assert.DoesNotContain(s, written, StringComparison.Ordinal));
        // Answers about people hold none of it either.
        var answers = (await app.Admin.Json("api/people")).GetRawText() + (await quiet.Json("api/session")).GetRawText() + (await quiet.Json("api/session/sessions")).GetRawText() + (await quiet.Json("api/session/two-step")).GetRawText();
        Assert.All(secrets, s => Assert.DoesNotContain(s, answers, StringComparison.Ordinal));
        Assert.DoesNotMatch("(?i)(hash|secret\"|token)", answers);
        Assert.Equal("active", (await Of(app.Admin, sent.GetProperty("id").GetGuid())).GetProperty("status").GetString());
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Clientele.Platform.Sessions;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

/// <summary>How people come, prove who they are, and go: over HTTP, with a real mail server and another service to sign in by.</summary>
public sealed class PeopleTests(PeopleApp app) : IClassFixture<PeopleApp>
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

    // ----- invitations

    [Fact]
    public async Task An_invited_person_gets_a_mail_chooses_a_password_and_works()
    {
        var sent = await Read(await app.Admin.Post("api/people", new { email = "ann@invited.example", role = "viewer", language = "fr" }));
        Assert.True(sent.GetProperty("mailed").GetBoolean());
        Assert.Equal(JsonValueKind.Null, sent.GetProperty("link").ValueKind);
        var letter = await app.Post.To("ann@invited.example");
        Assert.Contains("http://clientele.test/invitation#", letter.Text, StringComparison.Ordinal);
        Assert.Contains("vous invite", letter.Text, StringComparison.Ordinal);
        using var ann = app.Client("alpha");
        var seen = await Read(await ann.Post("api/session/invitation", new { token = letter.Token }));
        Assert.Equal(("alpha", "ann@invited.example", "admin", false), (seen.GetProperty("slug").GetString(), seen.GetProperty("email").GetString(), seen.GetProperty("inviter").GetString(), seen.GetProperty("hasAccount").GetBoolean()));
        Assert.Equal((400, "validation_failed"), await (await ann.Post("api/session/invitation/accept", new { token = letter.Token, name = "Ann", password = "short" })).Problem());
        var session = await Read(await ann.Post("api/session/invitation/accept", new { token = letter.Token, name = "Ann", password = New }));
        Assert.Equal(("Ann", true), (session.GetProperty("user").GetProperty("name").GetString(), session.GetProperty("user").GetProperty("emailVerified").GetBoolean()));
        await ann.Json("api/customers");
        // Once.
        using var again = app.Client("alpha");
        Assert.Equal((409, "link_over"), await (await again.Post("api/session/invitation/accept", new { token = letter.Token, name = "Eve", password = New })).Problem());
        var listed = await Of(app.Admin, sent.GetProperty("id").GetGuid());
        Assert.Equal(("active", "viewer", "admin"), (listed.GetProperty("status").GetString(), listed.GetProperty("role").GetString(), listed.GetProperty("invitedBy").GetString()));
        Assert.DoesNotContain("invited.example", (await app.Stranger.Json("api/people")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resent_invitation_ends_the_one_before_and_a_withdrawn_one_ends()
    {
        var id = (await Read(await app.Admin.Post("api/people", new { email = "bob@invited.example", role = "viewer" }))).GetProperty("id").GetGuid();
        var first = await app.Post.To("bob@invited.example");
        await Read(await app.Admin.Post($"api/people/{id}/invitation"));
        var second = await app.Post.To("bob@invited.example", after: 1);
        using var bob = app.Client("alpha");
        Assert.Equal((409, "link_over"), await (await bob.Post("api/session/invitation", new { token = first.Token })).Problem());
        await Read(await bob.Post("api/session/invitation", new { token = second.Token }));
        Assert.Equal((404, "not_found"), await (await app.Stranger.Post($"api/people/{id}/invitation")).Problem());
        Assert.Equal((404, "not_found"), await Delete(app.Stranger, $"api/people/{id}"));
        Assert.Equal(204, (await Delete(app.Admin, $"api/people/{id}")).Status);
        Assert.Equal((409, "link_over"), await (await bob.Post("api/session/invitation/accept", new { token = second.Token, name = "Bob", password = New })).Problem());
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.platform_users u where u.id = {id})", Ct));
        Assert.Equal((409, "already_exists"), await (await app.Admin.Post("api/people", new { email = "viewer@alpha.example", role = "viewer" })).Problem());
    }

    [Fact]
    public async Task A_mail_that_does_not_leave_is_shown_as_a_link_that_proves_no_address()
    {
        app.Post.Refuses = true;
        JsonElement sent;
        try { sent = await Read(await app.Admin.Post("api/people", new { email = "shown@invited.example", role = "viewer" })); }
        finally { app.Post.Refuses = false; }
        Assert.False(sent.GetProperty("mailed").GetBoolean());
        var token = sent.GetProperty("link").GetString()!.Split('#')[1];
        using var shown = app.Client("alpha");
        var session = await Read(await shown.Post("api/session/invitation/accept", new { token, name = "Shown", password = New }));
        Assert.False(session.GetProperty("user").GetProperty("emailVerified").GetBoolean());
        // Later they prove it.
        Assert.Equal(204, (await (await shown.Post("api/session/verification")).Problem()).Status);
        var proof = (await app.Post.To("shown@invited.example")).Token;
        using var anywhere = app.Client("alpha");
        Assert.Equal((401, "not_signed_in"), await (await anywhere.Post("api/session/verify", new { token = proof })).Problem());
        Assert.Equal((409, "link_over"), await (await app.Viewer.Post("api/session/verify", new { token = proof })).Problem());
        Assert.Equal(204, (await (await shown.Post("api/session/verify", new { token = proof })).Problem()).Status);
        Assert.Equal((409, "link_over"), await (await shown.Post("api/session/verify", new { token = proof })).Problem());
        Assert.True((await shown.Json("api/session")).GetProperty("user").GetProperty("emailVerified").GetBoolean());
        Assert.Equal((409, "wrong_state"), await (await shown.Post("api/session/verification")).Problem());
    }

    [Fact]
    public async Task An_account_that_was_there_is_not_opened_by_the_link_but_by_its_owner()
    {
        await app.AddPerson("works@beta.example", app.Beta.OrganizationId!.Value, "viewer");
        var sent = await Read(await app.Admin.Post("api/people", new { email = "works@beta.example", role = "data_analyst" }));
        var token = (await app.Post.To("works@beta.example")).Token;
        var id = sent.GetProperty("id").GetGuid();
        // Until then alpha knows the address it typed, and no more.
        Assert.Equal(JsonValueKind.Null, (await Of(app.Admin, id)).GetProperty("name").ValueKind);
        Assert.Equal("works@beta.example", (await Of(app.Admin, id)).GetProperty("email").GetString());
        using var somebody = app.Client("alpha");
        Assert.Equal((403, "sign_in_to_accept"), await (await somebody.Post("api/session/invitation/accept", new { token, name = "Mine", password = New })).Problem());
        Assert.Equal((403, "sign_in_to_accept"), await (await app.Viewer.Post("api/session/invitation/accept", new { token })).Problem());
        using var owner = await app.SignIn("works@beta.example", "beta");
        var session = await Read(await owner.Post("api/session/invitation/accept", new { token }));
        Assert.Equal(["alpha", "beta"], session.GetProperty("organizations").EnumerateArray().Select(o => o.GetProperty("slug").GetString()).Order());
        Assert.Equal("works", (await Of(app.Admin, id)).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("nobody", "viewer", "email")]
    [InlineData("Ann <ann@x.example>", "viewer", "email")]
    [InlineData("new@x.example", "emperor", "role")]
    [InlineData("new@x.example", null, "role")]
    public async Task A_wrong_invitation_is_refused_by_field(string email, string? role, string field)
    {
        using var answer = await app.Admin.Post("api/people", new { email, role });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True(JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct)).GetProperty("errors").TryGetProperty(field, out _));
    }

    // ----- members

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

    // ----- forgotten passwords

    [Fact]
    public async Task A_forgotten_password_is_chosen_anew_once_and_ends_every_session()
    {
        var (open, _) = await Person("forgot@alpha.example");
        using var __ = open;
        using var client = app.Client("alpha");
        Assert.Equal(204, (await (await client.Post("api/session/forgotten", new { email = "Forgot@alpha.example" })).Problem()).Status);
        var token = (await app.Post.To("forgot@alpha.example")).Token;
        // Only its hash is kept.
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.platform_users u where u.email = 'forgot@alpha.example' and encode(u.password_reset_hash, 'escape') like '%' || {token} || '%')", Ct));
        Assert.Equal((400, "validation_failed"), await (await client.Post("api/session/reset", new { token, password = "short" })).Problem());
        Assert.Equal((409, "link_over"), await (await client.Post("api/session/reset", new { token = token + "x", password = New })).Problem());
        Assert.Equal(204, (await (await client.Post("api/session/reset", new { token, password = New })).Problem()).Status);
        Assert.Equal((409, "link_over"), await (await client.Post("api/session/reset", new { token, password = New + "2" })).Problem());
        Assert.Equal((401, "not_signed_in"), await (await open.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem());
        Assert.Equal((401, "invalid_credentials"), await (await client.Post("api/session", new { email = "forgot@alpha.example", password = TestApp.Password })).Problem());
        Assert.Equal(200, (await (await client.Post("api/session", new { email = "forgot@alpha.example", password = New })).Problem()).Status);
    }

    [Fact]
    public async Task Whether_somebody_has_an_address_is_not_told_by_asking_for_a_password()
    {
        var (open, _) = await Person("known@alpha.example");
        open.Dispose();
        using var client = app.Client("alpha");
        var answers = new List<string>();
        // The last asks within the minute: no second mail, and the same answer.
        foreach (var email in (string[])["known@alpha.example", "unknown@alpha.example", "known@alpha.example"])
        {
            using var answer = await client.Post("api/session/forgotten", new { email });
            answers.Add($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Ct)} {string.Join(',', answer.Headers.Where(h => h.Key != "Date").Select(h => $"{h.Key}={string.Join(',', h.Value)}"))}");
        }
        Assert.Single(answers.Distinct());
        await app.Post.To("known@alpha.example");
        // What was asked for after has been done when a later mail has come.
        await client.Post("api/session/forgotten", new { email = "viewer@alpha.example" });
        await app.Post.To("viewer@alpha.example");
        Assert.Single(app.Post.Letters, l => l.To == "known@alpha.example");
        Assert.DoesNotContain(app.Post.Letters, l => l.To == "unknown@alpha.example");
    }

    // ----- two steps

    private async Task<(byte[] Secret, string[] Codes)> TurnOn(HttpClient client)
    {
        Assert.Equal((400, "wrong_password"), await (await client.Post("api/session/two-step", new { password = "wrong" })).Problem());
        var started = await Read(await client.Post("api/session/two-step", new { password = TestApp.Password }));
        var secret = Unbase32(started.GetProperty("secret").GetString()!);
        Assert.Contains("otpauth://totp/Clientele%3A", started.GetProperty("address").GetString(), StringComparison.Ordinal);
        Assert.Equal((400, "validation_failed"), await (await client.Post("api/session/two-step/confirm", new { code = "12345" })).Problem());
        var codes = await Read(await client.Post("api/session/two-step/confirm", new { code = Now(secret) }));
        return (secret, [.. codes.GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()!)]);
    }

    private string Now(byte[] secret, int steps = 0) => Totp.Code(secret, Totp.StepOf(app.Time.GetUtcNow()) + steps);

    private static byte[] Unbase32(string text)
    {
        var bits = string.Concat(text.Select(c => Convert.ToString("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(c, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2))];
    }

    private async Task<string> Challenge(HttpClient client, string email)
    {
        using var answer = await client.Post("api/session", new { email, password = TestApp.Password });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.DoesNotContain("Set-Cookie", answer.Headers.Select(h => h.Key));
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct)).GetProperty("challenge").GetString()!;
    }

    [Fact]
    public async Task With_two_steps_the_password_alone_opens_nothing()
    {
        var (own, id) = await Person("steps@alpha.example");
        using var _ = own;
        await app.Service.Run($"insert into platform.organization_members (organization_id, user_id, role) values ({app.Beta.OrganizationId}, {id}, 'viewer')", Ct);
        using var elsewhere = await app.SignIn("steps@alpha.example", "alpha");
        var (secret, codes) = await TurnOn(own);
        Assert.Equal(SecondFactor.RecoveryCodes, codes.Distinct().Count());
        // Sessions opened without the second step end; the one that turned it on goes on.
        Assert.Equal(401, (await (await elsewhere.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem()).Status);
        Assert.Equal(10, (await own.Json("api/session/two-step")).GetProperty("recoveryCodesLeft").GetInt32());
        // Kept encrypted, and the codes as hashes.
        Assert.False(await app.Service.One<bool>($"select position({secret} in u.totp_secret) > 0 from platform.platform_users u where u.id = {id}", Ct));

        using var client = app.Client("alpha");
        var challenge = await Challenge(client, "steps@alpha.example");
        Assert.Equal((401, "not_signed_in"), await (await client.GetAsync(new Uri("api/session", UriKind.Relative), Ct)).Problem());
        Assert.Equal((401, "wrong_code"), await (await client.Post("api/session/second-factor", new { challenge, code = "000000" })).Problem());
        // The code that turned it on was used.
        Assert.Equal((401, "wrong_code"), await (await client.Post("api/session/second-factor", new { challenge, code = Now(secret) })).Problem());
        Assert.Equal((401, "challenge_over"), await (await client.Post("api/session/second-factor", new { challenge = "made up", code = Now(secret, 1) })).Problem());
        await Read(await client.Post("api/session/second-factor", new { challenge, code = Now(secret, 1) }));
        await client.Json("api/customers");
        Assert.Equal((401, "challenge_over"), await (await client.Post("api/session/second-factor", new { challenge, code = codes[0] })).Problem());

        // A recovery code stands in once.
        using var lost = app.Client("alpha");
        await Read(await lost.Post("api/session/second-factor", new { challenge = await Challenge(lost, "steps@alpha.example"), code = codes[3].ToUpperInvariant() }));
        Assert.Equal(9, (await lost.Json("api/session/two-step")).GetProperty("recoveryCodesLeft").GetInt32());
        using var thief = app.Client("alpha");
        Assert.Equal((401, "wrong_code"), await (await thief.Post("api/session/second-factor", new { challenge = await Challenge(thief, "steps@alpha.example"), code = codes[3] })).Problem());

        Assert.Equal((400, "wrong_password"), await (await lost.Post("api/session/two-step/off", new { password = "wrong" })).Problem());
        await Read(await lost.Post("api/session/two-step/off", new { password = TestApp.Password }));
        using var plain = await app.SignIn("steps@alpha.example", "alpha");
        Assert.True((await Of(app.Admin, id)).GetProperty("secondFactor").ValueKind == JsonValueKind.False);

        // Every organization they work for can read what they did to their account, and from where; nobody else's trail has it.
        using (var ended = await plain.DeleteAsync(new Uri("api/session/sessions", UriKind.Relative), Ct)) ended.EnsureSuccessStatusCode();
        Assert.Equal(204, (await Put(plain, "api/session/password", new { currentPassword = TestApp.Password, newPassword = "another long pass phrase" })).Status);
        foreach (var organization in (Guid?[])[app.Alpha.OrganizationId, app.Beta.OrganizationId])
            Assert.Equal(["two_step_on", "use_recovery_code", "two_step_off", "end_sessions", "change_password"], await app.Service.List<string>($"""
                select a.activity_type from platform.activity_logs a
                where a.organization_id = {organization} and a.resource_type = 'account' and a.actor = {id} and a.user_email = 'steps@alpha.example' and a.ip_address is not null
                order by a.position
                """, Ct));
        Assert.Equal(10, await app.Service.One<long>($"select count(*) from platform.activity_logs a where a.resource_type = 'account' and a.actor = {id}", Ct));
    }

    [Fact]
    public async Task Guessing_the_second_step_is_locked_however_many_challenges_are_asked_for()
    {
        var (own, id) = await Person("guessed@alpha.example");
        using var _ = own;
        var (secret, _) = await TurnOn(own);
        using var client = app.Client("alpha");
        for (var i = 0; i < 5; i++)
            Assert.Equal((401, "wrong_code"), await (await client.Post("api/session/second-factor", new { challenge = await Challenge(client, "guessed@alpha.example"), code = "000000" })).Problem());
        // The lock that was set is made longer, so that a slow machine does not outlast it.
        Assert.Equal(1, await app.Service.Run($"""
            update platform.sign_in_attempts a set locked_until = a.locked_until + interval '10 minutes'
            where a.address_hash = sha256(convert_to('second factor ' || {id}::text, 'UTF8')) and a.attempts = 5 and a.locked_until > a.last_attempt
            """, Ct));
        foreach (var code in (string[])["000000", Now(secret, 1)])
            Assert.Equal((429, "too_many_attempts"), await (await client.Post("api/session/second-factor", new { challenge = await Challenge(client, "guessed@alpha.example"), code })).Problem());
    }

    // ----- brute force

    [Fact]
    public async Task Many_guesses_at_once_are_no_more_tries_than_one_after_the_other()
    {
        await app.AddPerson("target@alpha.example", app.Alpha.OrganizationId!.Value, "viewer");
        // The next failure makes a long wait, so that a slow machine does not outlast it.
        await app.Service.Run($"insert into platform.sign_in_attempts (address_hash, attempts) values (sha256(convert_to('target@alpha.example', 'UTF8')), 20)", Ct);
        using var client = app.Client("alpha");
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(async n => (await (await client.Post("api/session", new { email = "target@alpha.example", password = $"guess {n}" })).Problem()).Code));
        Assert.Equal(1, outcomes.Count(o => o == "invalid_credentials"));
        Assert.Equal(11, outcomes.Count(o => o == "too_many_attempts"));
    }

    private sealed record Wait(TimeSpan? Waits);

    [Fact]
    public async Task Each_failure_waits_twice_as_long_up_to_a_quarter_of_an_hour_and_old_ones_are_forgotten()
    {
        var subject = System.Security.Cryptography.SHA256.HashData("waits"u8);
        var seconds = new List<int>();
        for (var n = 0; n < 17; n++)
        {
            Assert.Null((await app.Service.One<Wait>($"select t.waits from platform.take_attempt({subject}, 5, interval '1 day') t", Ct)).Waits);
            seconds.Add(await app.Service.One<int>($"select coalesce(round(extract(epoch from a.locked_until - now())), 0)::integer from platform.sign_in_attempts a where a.address_hash = {subject}", Ct));
            await app.Service.Run($"update platform.sign_in_attempts a set locked_until = now() - interval '1 second' where a.address_hash = {subject}", Ct);
        }
        Assert.Equal([0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900], seconds);
        await app.Service.Run($"update platform.sign_in_attempts a set last_attempt = now() - interval '2 days' where a.address_hash = {subject}", Ct);
        await app.Service.One<Wait>($"select t.waits from platform.take_attempt({subject}, 5, interval '1 day') t", Ct);
        Assert.Equal(1, await app.Service.One<int>($"select a.attempts from platform.sign_in_attempts a where a.address_hash = {subject}", Ct));
    }

    // ----- sessions

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

    // ----- roles

    [Fact]
    public async Task A_role_of_ones_own_may_what_its_rows_say_on_every_way()
    {
        var role = new { role = "shop_floor", name = "Shop floor", beside = "viewer", permissions = new[] { new { permission = "analytics", resource = "*", action = "read" } } };
        Assert.Equal((403, "forbidden"), await (await app.Admin.Post("api/roles", role)).Problem());
        await Read(await app.Super.Post("api/roles", role));
        Assert.Equal((409, "already_exists"), await (await app.Super.Post("api/roles", role)).Problem());
        Assert.DoesNotContain("shop_floor", (await app.Stranger.Json("api/roles")).GetRawText(), StringComparison.Ordinal);
        var (clerk, id) = await Person("clerk@alpha.example", "shop_floor");
        using var _ = clerk;

        // The endpoint, the Data API and the console's session say the same.
        async Task<(int, int, bool, bool)> Sees()
        {
            var endpoint = (await (await clerk.GetAsync(new Uri("api/customers", UriKind.Relative), Ct)).Problem()).Status;
            using var request = new HttpRequestMessage(HttpMethod.Get, "rest/v1/customers?limit=1");
            request.Headers.Add("Accept-Profile", "cdp");
            var data = (int)(await clerk.SendAsync(request, Ct)).StatusCode;
            var listed = (await clerk.Json("api/data")).GetRawText().Contains("\"customers\"", StringComparison.Ordinal);
            var told = (await clerk.Json("api/session")).GetProperty("organizations")[0].GetProperty("permissions").EnumerateArray().Any(p => p.GetString() == "customer_data:customers:read");
            return (endpoint, data, listed && told, told);
        }
        Assert.Equal((403, 403, false, false), await Sees());
        Assert.Equal(200, (await Put(app.Super, "api/roles/shop_floor", new { permissions = new[] { new { permission = "customer_data", resource = "customers", action = "read" } } })).Status);
        Assert.Equal((200, 200, true, true), await Sees());

        Assert.Equal((409, "in_use"), await Delete(app.Super, "api/roles/shop_floor"));
        Assert.Equal((409, "wrong_state"), await Delete(app.Super, "api/roles/viewer"));
        Assert.Equal((409, "wrong_state"), await Put(app.Super, "api/roles/super_admin", new { permissions = Array.Empty<object>() }));
        Assert.Equal((400, "validation_failed"), await Put(app.Super, "api/roles/shop_floor", new { permissions = new[] { new { permission = "platform_management", resource = "*", action = "*" } } }));
        Assert.Equal((404, "not_found"), await Put(app.Super, "api/roles/no_such_role", new { name = "X" }));
        Assert.Equal(200, (await Put(app.Admin, $"api/people/{id}", new { role = "viewer" })).Status);
        Assert.Equal(204, (await Delete(app.Super, "api/roles/shop_floor")).Status);
    }

    [Fact]
    public async Task Why_somebody_may_do_something_is_told()
    {
        var (viewer, id) = await Person("why@alpha.example");
        using var _ = viewer;
        var yes = await app.Admin.Json($"api/people/{id}/may?permission=customer_data&resource=customers&action=read");
        Assert.Equal((true, "granted"), (yes.GetProperty("allowed").GetBoolean(), yes.GetProperty("why").GetString()));
        Assert.Equal("*", Assert.Single(yes.GetProperty("rows").EnumerateArray()).GetProperty("resource").GetString());
        var no = await app.Admin.Json($"api/people/{id}/may?permission=customer_data&resource=customers&action=delete");
        Assert.Equal((false, "not_granted"), (no.GetProperty("allowed").GetBoolean(), no.GetProperty("why").GetString()));
        Assert.Single(no.GetProperty("near").EnumerateArray());
        Assert.Equal(["super_admin", "admin"], no.GetProperty("roles").EnumerateArray().Select(r => r.GetString()));
        var super = await app.Admin.Json($"api/people/{await Id("super@alpha.example")}/may?permission=anything&resource=at_all&action=execute");
        Assert.Equal((true, "super_admin"), (super.GetProperty("allowed").GetBoolean(), super.GetProperty("why").GetString()));
        Assert.Equal("super_admin_only", (await app.Admin.Json($"api/people/{await Id("admin@alpha.example")}/may?permission=platform_management&resource=roles&action=update")).GetProperty("why").GetString());
        await Put(app.Admin, $"api/people/{id}", new { status = "suspended" });
        Assert.Equal("not_active", (await app.Admin.Json($"api/people/{id}/may?permission=customer_data&resource=customers&action=read")).GetProperty("why").GetString());
        Assert.Equal((404, "not_found"), await (await app.Stranger.GetAsync(new Uri($"api/people/{id}/may?permission=a&resource=b&action=read", UriKind.Relative), Ct)).Problem());
    }

    // ----- organizations

    [Fact]
    public async Task An_organization_is_founded_handed_over_closed_reopened_and_after_thirty_days_gone()
    {
        Assert.Equal((403, "forbidden"), await (await app.Viewer.Post("api/session/organizations", new { name = "Viewer's own" })).Problem());
        var session = await Read(await app.Super.Post("api/session/organizations", new { name = "Été & Fils" }));
        Assert.Contains(session.GetProperty("organizations").EnumerateArray(), o => o.GetProperty("slug").GetString() == "ete-fils" && o.GetProperty("role").GetString() == "super_admin");
        Assert.Equal((409, "already_exists"), await (await app.Super.Post("api/session/organizations", new { name = "Ete Fils" })).Problem());
        var organization = await app.Service.One<Guid>($"select o.id from platform.organizations o where o.slug = 'ete-fils'", Ct);
        await app.AddPerson("heir@fils.example", organization, "viewer");
        using var heir = await app.SignIn("heir@fils.example", "ete-fils");
        using var founder = await app.SignIn("super@alpha.example", "ete-fils");
        var workspace = await Read(await founder.Post("api/workspaces", new { name = "Second shop", slug = "second" }));
        Assert.Equal((409, "already_exists"), await (await founder.Post("api/workspaces", new { name = "Again", slug = "second" })).Problem());
        Assert.Equal(200, (await Put(founder, $"api/workspaces/{workspace.GetProperty("id").GetGuid()}", new { name = "Renamed" })).Status);
        Assert.Equal((404, "not_found"), await Put(app.Stranger, $"api/workspaces/{workspace.GetProperty("id").GetGuid()}", new { name = "Mine" }));

        Assert.Equal((403, "forbidden"), await (await heir.Post("api/organization/transfer", new { to = await Id("heir@fils.example") })).Problem());
        Assert.Equal((400, "validation_failed"), await (await founder.Post("api/organization/transfer", new { to = await Id("viewer@alpha.example") })).Problem());
        Assert.Equal(204, (await (await founder.Post("api/organization/transfer", new { to = await Id("heir@fils.example") })).Problem()).Status);
        Assert.Equal((403, "forbidden"), await (await founder.Post("api/organization/close", new { name = "Été & Fils" })).Problem());
        await app.For(new Tenancy.Tenant(organization, null, Tenancy.Access.System)).One<Guid>($"select log.append('page_viewed', null, '{Data.Sql.Raw("{}")}', message_id => 'one')", Ct);

        Assert.Equal((400, "validation_failed"), await (await heir.Post("api/organization/close", new { name = "Ete" })).Problem());
        await Read(await heir.Post("api/organization/close", new { name = "Été & Fils" }));
        Assert.Equal((403, "organization_closed"), await (await heir.GetAsync(new Uri("api/customers", UriKind.Relative), Ct)).Problem());
        Assert.NotEqual(JsonValueKind.Null, (await heir.Json("api/organization")).GetProperty("deletedAfter").ValueKind);
        Assert.Equal((403, "forbidden"), await (await founder.Post("api/organization/reopen")).Problem());
        Assert.Equal(204, (await (await heir.Post("api/organization/reopen")).Problem()).Status);
        await heir.Json("api/customers");
        await Read(await heir.Post("api/organization/close", new { name = "Été & Fils" }));

        var system = app.For(new Tenancy.Tenant(organization, null, Tenancy.Access.System));
        await system.Run($"insert into customers.customers (customer_id) select 'c' || n from generate_series(1, 5) n", Ct);
        await system.Run($"insert into growth.points_entries (customer_id, amount, idempotency_key) select c.id, 5, c.customer_id from customers.customers c where c.customer_id = 'c3'", Ct);
        await system.Run($"insert into customers.addresses (customer_id, city) select c.id, 'Dakar' from customers.customers c", Ct);

        // Not a day too early.
        await app.Service.Run($"update platform.organizations o set closed_at = now() - interval '29 days' where o.id = {organization}", Ct);
        Assert.False(await app.Service.One<bool>($"select platform.empty_organization({organization})", Ct));
        Assert.False(await app.Service.One<bool>($"select platform.delete_organization({organization})", Ct));
        Assert.True(await app.Service.One<bool>($"select exists (select from platform.organizations o where o.id = {organization})", Ct));
        await app.Service.Run($"update platform.organizations o set closed_at = now() - interval '31 days' where o.id = {organization}", Ct);
        // A few rows at a time, whatever refers to them; the trail is told nothing of it.
        var (steps, trail) = (0, await app.Service.One<long>($"select count(*) from platform.activity_logs a where a.organization_id = {organization}", Ct));
        while (await app.Service.One<bool>($"select platform.empty_organization({organization}, 2)", Ct)) steps++;
        Assert.InRange(steps, 5, 60); // addresses take three, customers two
        // A ledger is only added to, so it stays to the end, with whom it is about.
        Assert.Equal((1, 1, 1, trail), (await system.One<int>($"select count(*)::int from customers.customers", Ct), await system.One<int>($"select count(*)::int from growth.points_entries", Ct),
            await system.One<int>($"select count(*)::int from log.events e where e.event_type = 'page_viewed'", Ct), await app.Service.One<long>($"select count(*) from platform.activity_logs a where a.organization_id = {organization}", Ct)));
        Assert.True(await app.Service.One<bool>($"select exists (select from platform.organizations o where o.id = {organization})", Ct));
        var rounds = 0;
        while (await app.Service.One<bool>($"select platform.delete_organization({organization}, 1)", Ct)) rounds++;
        Assert.InRange(rounds, 1, 20); // an event each
        foreach (var table in await app.Service.List<string>($"""
            select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
            where c.relkind in ('r', 'p') and not c.relispartition
            """, Ct))
            Assert.False(await app.Service.One<bool>($"select exists (select from {Data.Sql.Raw(table)} t where t.organization_id = {organization})", Ct), table);
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.organizations o where o.id = {organization})", Ct));
        Assert.False(await app.Service.One<bool>($"select exists (select from platform.platform_users u where u.email = 'heir@fils.example')", Ct));
        Assert.True(await app.Service.One<bool>($"select exists (select from platform.platform_users u where u.email = 'super@alpha.example')", Ct));
        await app.Stranger.Json("api/organization");
    }

    // ----- another service

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

    // ----- secrets

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

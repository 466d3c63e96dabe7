using System.Net;
using System.Text.Json;
using Clientele.Platform.Sessions;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

public sealed partial class PeopleTests
{
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
}

using Clientele.Testing;

namespace Clientele.Platform.Tests;

public sealed partial class PeopleTests
{
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
}

using System.Net;
using System.Text.Json;
using Clientele.Testing;

namespace Clientele.Platform.Tests;

public sealed partial class PeopleTests
{
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
}

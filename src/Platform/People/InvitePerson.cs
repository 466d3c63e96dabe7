using System.Net.Mail;
using Clientele.Platform.Data;
using Clientele.Platform.Mail;
using Clientele.Platform.Problems;
using Clientele.Platform.Sessions;
using Clientele.Platform.Web;

namespace Clientele.Platform.People;

/// <summary>POST /api/people and POST /api/people/{id}/invitation: by mail where the server sends mail, else by a link to pass on.</summary>
internal static class InvitePerson
{
    /// <param name="Language"><c>en</c> or <c>fr</c>: of the mail, and of the console until they choose; null: the inviter's.</param>
    public sealed record Request(string? Email, string? Role, string? Name = null, string? Language = null);

    /// <param name="Mailed">The link went to the address.</param>
    /// <param name="Link">To pass on, when it did not. It opens the invitation for whoever has it, is shown once and kept nowhere.</param>
    public sealed record View(Guid Id, bool Mailed, string? Link, DateTimeOffset Expires);

    private sealed record Words(string Organization, string Inviter, string Language, string? Email);

    public static async Task<View> Handle(Request request, Caller caller, Db db, PlatformOptions options, Mailer mailer, CancellationToken ct)
    {
        var email = request.Email?.Trim() ?? string.Empty;
        if (email.Length is < 3 or > 255 || !MailAddress.TryCreate(email, out var parsed) || parsed.Address != email) throw Problem.Invalid("email", "Type an e-mail address, such as ann@example.com.");
        if (request.Name is { } name && name.Trim().Length is 0 or > 255) throw Problem.Invalid("name", "The name has 1 to 255 characters.");
        if (request.Language is not (null or "en" or "fr")) throw Problem.Invalid("language", "The language is en or fr.");
        await RequireRole(request.Role, db, ct);
        var id = await db.InTransaction(async t =>
        {
            var language = request.Language ?? await t.One<string>($"select u.language from platform.platform_users u where u.id = {caller.UserId}", ct);
            // The entry below says it with the address, in place of the table's own.
            await t.Run($"select set_config('clientele.told', 'on', true)", ct);
            var invited = await t.One<Guid>($"""
                insert into platform.members (email, name, role, language) values ({email}, {request.Name?.Trim() ?? email.Split('@')[0]}, {request.Role}, {language}) returning id
                """, ct);
            await t.One<Guid>($"select platform.audit('create', 'platform_user', {invited}::text, 'Invited somebody', new_values => jsonb_build_object('email', {email}, 'role', {request.Role}))", ct);
            return invited;
        }, ct);
        return await Send(id, caller, db, options, mailer, ct);
    }

    /// <summary>A new link; the one before opens nothing any more.</summary>
    public static async Task<View> Resend(Guid id, Caller caller, Db db, PlatformOptions options, Mailer mailer, CancellationToken ct)
    {
        if (await db.Find<Guid?>($"select m.id from platform.members m where m.id = {id}", ct) is null) throw Problem.NotFound("person");
        return await Send(id, caller, db, options, mailer, ct);
    }

    /// <summary>Refuses a role the organization does not have.</summary>
    public static async Task RequireRole(string? role, Db db, CancellationToken ct)
    {
        if (role is null || !await db.One<bool>($"select exists (select from platform.organization_roles r where r.organization_id = platform.organization() and r.role = {role})", ct))
            throw Problem.Invalid("role", "Choose one of the organization's roles; GET /api/roles lists them.");
    }

    private static async Task<View> Send(Guid id, Caller caller, Db db, PlatformOptions options, Mailer mailer, CancellationToken ct)
    {
        var (token, hash) = Tokens.Make();
        var link = options.Link($"/invitation#{token}");
        var expires = await db.One<DateTimeOffset>($"select platform.renew_invitation({id}, {hash}, {mailer.IsConfigured})", ct);
        if (!mailer.IsConfigured) return new View(id, false, link, expires);
        var words = await db.One<Words>($"""
            select o.name as organization, u.name as inviter, coalesce(m.language, u.language) as language, m.email
            from platform.organizations o
            join platform.platform_users u on u.id = {caller.UserId}
            join platform.members m on m.id = {id}
            where o.id = platform.organization()
            """, ct);
        var letter = Letters.Invitation(words.Language, words.Organization, words.Inviter, link);
        if (await mailer.Send(words.Email!, letter.Subject, letter.Text, ct)) return new View(id, true, null, expires);
        // The mail did not leave. The link is shown instead, and so proves nothing about the address.
        expires = await db.One<DateTimeOffset>($"select platform.renew_invitation({id}, {hash}, false)", ct);
        return new View(id, false, link, expires);
    }
}

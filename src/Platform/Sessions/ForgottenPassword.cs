using Clientele.Platform.Data;
using Clientele.Platform.Mail;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>POST /api/session/forgotten, /reset, /verification and /verify: what a mail proves.</summary>
internal static class ForgottenPassword
{
    public sealed record AddressRequest(string? Email);

    public sealed record ResetRequest(string? Token, string? Password);

    public sealed record TokenRequest(string? Token);

    /// <param name="Mail">Whether this server sends mail: without it nobody can prove an address.</param>
    /// <param name="OAuth">The name of the service people may also sign in by; null: none.</param>
    public sealed record WaysView(bool Mail, string? OAuth);

    private sealed record Reader(Guid Id, string Email, string Language);

    public static WaysView Ways(PlatformOptions options, Mailer mailer) => new(mailer.IsConfigured, options.OAuth?.Name);

    /// <summary>Answers before it looks whether anybody has the address: neither what it says nor how long it takes tells.</summary>
    public static async Task<IResult> Ask(AddressRequest request, HttpContext context, PlatformOptions options, Databases databases, Mailer mailer, CancellationToken ct)
    {
        if (!mailer.IsConfigured) throw new Problem(409, "no_mail", "This server sends no mail. Ask an administrator of your organization to invite you anew.");
        if (request.Email is not { Length: >= 3 and <= 255 } email) throw Problem.Invalid("email", "Type the e-mail address you sign in with.");
        await Attempts.TakeFromNetwork(new Db(databases.Service, Tenant.None), Attempts.OfNetwork(context.Connection.RemoteIpAddress), ct);
        if (!mailer.Later(later => Prepare(email.Trim(), options, databases, mailer, later)))
            throw new Problem(503, "busy", "Too much mail waits to be sent. Try again in a minute.") { RetryAfter = TimeSpan.FromMinutes(1) };
        return Results.NoContent();
    }

    /// <summary>Chooses the password, once, and ends all sessions of the person.</summary>
    public static async Task<IResult> Reset(ResetRequest request, HttpContext context, Databases databases, CancellationToken ct)
    {
        var service = OwnTrail.Service(databases, context, null);
        var token = Tokens.HashOf(request.Token);
        var person = await service.Find<Reader>($"select u.id, u.email, u.language from platform.platform_users u where u.password_reset_hash = {token} and u.password_reset_expires > now() and u.status = 'active'", ct)
            ?? throw Over();
        Passwords.Check(request.Password, "password", person.Email);
        var hash = await Passwords.HashInTurn(request.Password!, ct);
        await service.InTransaction(async t =>
        {
            // The token came by mail, so the address is theirs. An account whose address nobody had proved was perhaps another's until now.
            await AccountOwner.Proved(t, person.Id, ct);
            if (await t.Run($"""
                update platform.platform_users u
                set password_hash = {hash}, must_change_password = false, password_reset_hash = null, password_reset_expires = null, email_verified = true
                where u.id = {person.Id} and u.password_reset_hash = {token}
                """, ct) == 0) throw Over();
            await t.Run($"update platform.platform_user_sessions s set ended_at = now(), logout_reason = 'security_logout' where s.user_id = {person.Id} and s.ended_at is null", ct);
            await t.Run($"delete from platform.sign_in_challenges c where c.user_id = {person.Id}", ct);
            await t.Run($"delete from platform.sign_in_attempts a where a.address_hash = {Attempts.OfAddress(person.Email)}", ct);
            await OwnTrail.Tell(t, person.Id, "change_password", "Chose a new password by a link that came by mail; every session ended", ct);
        }, ct);
        return Results.NoContent();
    }

    /// <summary>Sends the person a link that proves their address.</summary>
    public static async Task<IResult> SendVerification(Caller caller, PlatformOptions options, Databases databases, Mailer mailer, CancellationToken ct)
    {
        if (!mailer.IsConfigured) throw new Problem(409, "no_mail", "This server sends no mail, so an address cannot be confirmed. Its operator can set it up.");
        var service = new Db(databases.Service, Tenant.None);
        var (token, hash) = Tokens.Make();
        var person = await service.Find<Reader>($"""
            update platform.platform_users u set email_verification_hash = {hash} where u.id = {caller.UserId} and not u.email_verified returning u.id, u.email, u.language
            """, ct) ?? throw new Problem(409, "wrong_state", "Your address is confirmed already.");
        var letter = Letters.Verification(person.Language, options.Link($"/verify#{token}"));
        if (!await mailer.Send(person.Email, letter.Subject, letter.Text, ct)) throw new Problem(503, "mail_not_sent", "The mail server took no mail. Try again later.") { RetryAfter = TimeSpan.FromMinutes(5) };
        return Results.NoContent();
    }

    /// <summary>By whoever is signed in to that account: a stranger who opens the link of somebody else's account proves nothing of theirs.</summary>
    public static async Task<IResult> Verify(TokenRequest request, Caller caller, Databases databases, CancellationToken ct)
    {
        var done = await new Db(databases.Service, Tenant.None).Run($"""
            update platform.platform_users u set email_verified = true, email_verification_hash = null
            where u.id = {caller.UserId} and u.email_verification_hash = {Tokens.HashOf(request.Token)}
            """, ct);
        return done == 1 ? Results.NoContent() : throw new Problem(409, "link_over", "This link was used already, a newer one was sent, or it is another account's.");
    }

    private static Problem Over() => new(409, "link_over", "This link was used already, or is older than an hour. Ask for another one.");

    // At most one mail a minute to an address, whoever asks.
    private static async Task Prepare(string email, PlatformOptions options, Databases databases, Mailer mailer, CancellationToken ct)
    {
        var (token, hash) = Tokens.Make();
        var person = await new Db(databases.Service, Tenant.None).Find<Reader>($"""
            update platform.platform_users u
            set password_reset_hash = {hash}, password_reset_expires = now() + interval '1 hour'
            where lower(u.email) = lower({email}) and u.status = 'active' and (u.password_reset_expires is null or u.password_reset_expires < now() + interval '59 minutes')
            returning u.id, u.email, u.language
            """, ct);
        if (person is null) return;
        var letter = Letters.Reset(person.Language, options.Link($"/reset#{token}"));
        await mailer.Send(person.Email, letter.Subject, letter.Text, ct);
    }
}

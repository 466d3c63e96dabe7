using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>GET, DELETE /api/session and what a person sets for themselves.</summary>
internal static class ManageSession
{
    public sealed record PasswordRequest(string? CurrentPassword, string? NewPassword);

    public sealed record PreferencesRequest(string? Language, string? Theme, string? Name = null);

    private sealed record Credentials(string Email, string? PasswordHash);

    public static Task<SessionView> Get(Caller caller, Databases databases, CancellationToken ct) =>
        SessionView.Of(new Db(databases.Service, Tenant.None), caller.UserId, ct);

    public static async Task<IResult> SignOut(Caller caller, Databases databases, HttpContext context, CancellationToken ct)
    {
        await new Db(databases.Service, Tenant.None).Run($"""
            update platform.platform_user_sessions s
            set ended_at = now(), logout_reason = 'user_logout'
            where s.id = {caller.SessionId} and s.ended_at is null
            """, ct);
        context.Response.Cookies.Delete(Authentication.Cookie);
        return Results.NoContent();
    }

    /// <summary>Sets a password and ends the person's other sessions.</summary>
    public static async Task<IResult> ChangePassword(PasswordRequest request, Caller caller, Databases databases, HttpContext context, CancellationToken ct)
    {
        var service = OwnTrail.Service(databases, context, caller.SessionId);
        var credentials = await service.One<Credentials>($"select u.email, u.password_hash from platform.platform_users u where u.id = {caller.UserId}", ct);
        await OwnPassword.Require(service, credentials.Email, credentials.PasswordHash, request.CurrentPassword, "currentPassword", ct);
        Passwords.Check(request.NewPassword, "newPassword", credentials.Email, request.CurrentPassword);
        var hash = await Passwords.HashInTurn(request.NewPassword!, ct);
        await service.InTransaction(async t =>
        {
            await t.Run($"""
                update platform.platform_users u
                set password_hash = {hash}, must_change_password = false, password_reset_hash = null, password_reset_expires = null
                where u.id = {caller.UserId}
                """, ct);
            await t.Run($"""
                update platform.platform_user_sessions s
                set ended_at = now(), logout_reason = 'security_logout'
                where s.user_id = {caller.UserId} and s.id <> {caller.SessionId} and s.ended_at is null
                """, ct);
            await t.Run($"delete from platform.sign_in_challenges c where c.user_id = {caller.UserId}", ct);
            await OwnTrail.Tell(t, caller.UserId, "change_password", "Changed the password; every other session ended", ct);
        }, ct);
        return Results.NoContent();
    }

    public static async Task<SessionView> SetPreferences(PreferencesRequest request, Caller caller, Databases databases, CancellationToken ct)
    {
        if (request.Language is not (null or "en" or "fr")) throw Problem.Invalid("language", "The language is en or fr.");
        if (request.Theme is not (null or "light" or "dark" or "auto")) throw Problem.Invalid("theme", "The theme is light, dark or auto.");
        if (request.Name is { } name && name.Trim().Length is 0 or > 255) throw Problem.Invalid("name", "The name has 1 to 255 characters.");
        var service = new Db(databases.Service, Tenant.None);
        await service.Run($"""
            update platform.platform_users u
            set language = coalesce({request.Language}, u.language), theme = coalesce({request.Theme}, u.theme), name = coalesce({request.Name?.Trim()}, u.name)
            where u.id = {caller.UserId}
            """, ct);
        return await SessionView.Of(service, caller.UserId, ct);
    }
}

using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Sessions;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.People;

/// <summary>POST /api/session/invitation and /api/session/invitation/accept</summary>
internal static class AcceptInvitation
{
    public sealed record LookRequest(string? Token);

    /// <param name="Name">And password: of somebody who has no account yet; others sign in first and send neither.</param>
    public sealed record Request(string? Token, string? Name = null, string? Password = null);

    /// <param name="HasAccount">They sign in to accept, as this address; else they choose a password.</param>
    public sealed record View(string Organization, string Slug, string Email, string? Inviter, string Role, bool HasAccount, DateTimeOffset Expires);

    private sealed record Invitation(Guid UserId, string Organization, string Slug, string Email, string? Inviter, string Role, bool HasAccount, DateTimeOffset Expires);

    public static async Task<View> Look(LookRequest request, HttpContext context, Databases databases, CancellationToken ct)
    {
        var found = await Find(new Db(databases.Service, Tenant.None), Tokens.HashOf(request.Token), context, ct);
        return new View(found.Organization, found.Slug, found.Email, found.Inviter, found.Role, found.HasAccount, found.Expires);
    }

    /// <summary>Makes the person a member; a new one is signed in.</summary>
    public static async Task<SessionView> Handle(Request request, Caller caller, HttpContext context, Databases databases, SessionDoor door, CancellationToken ct)
    {
        var service = new Db(databases.Service, Tenant.None);
        var token = Tokens.HashOf(request.Token);
        var found = await Find(service, token, context, ct);
        if (found.HasAccount)
        {
            // The link alone must not open an account that was there before: its inviter may have seen it.
            if (!caller.SignedIn || caller.UserId != found.UserId)
                throw new Problem(403, "sign_in_to_accept", $"Sign in as {found.Email} first, then open the invitation again.");
            await service.One<Guid>($"select platform.accept_invitation({token})", ct);
            return await SessionView.Of(service, found.UserId, ct);
        }
        if (request.Name?.Trim() is not { Length: > 0 and <= 255 } name) throw Problem.Invalid("name", "The name has 1 to 255 characters.");
        Passwords.Check(request.Password, "password", found.Email);
        var hash = await Passwords.HashInTurn(request.Password!, ct);
        await service.InTransaction(async t =>
        {
            await t.One<Guid>($"select platform.accept_invitation({token})", ct);
            await t.Run($"update platform.platform_users u set name = {name}, password_hash = {hash}, must_change_password = false where u.id = {found.UserId}", ct);
        }, ct);
        await door.Open(found.UserId, context, ct);
        return await SessionView.Of(service, found.UserId, ct);
    }

    private static async Task<Invitation> Find(Db service, byte[] token, HttpContext context, CancellationToken ct)
    {
        var found = await service.Find<Invitation>($"""
            select m.user_id, o.name as organization, o.slug, u.email, i.name as inviter, coalesce(r.name, r.description) as role, u.status <> 'pending_invitation' as has_account, m.invitation_expires as expires
            from platform.organization_members m
            join platform.organizations o on o.id = m.organization_id and o.closed_at is null
            join platform.organization_roles r on r.organization_id = m.organization_id and r.role = m.role
            join platform.platform_users u on u.id = m.user_id
            left join platform.platform_users i on i.id = m.invited_by
            where m.invitation_hash = {token} and m.status = 'pending_invitation' and m.invitation_expires > now()
            """, ct);
        if (found is not null) return found;
        await Attempts.TakeFromNetwork(service, Attempts.OfNetwork(context.Connection.RemoteIpAddress), ct);
        throw new Problem(409, "link_over", "This invitation was accepted, withdrawn or replaced, or is older than a week. Ask for another one.");
    }
}

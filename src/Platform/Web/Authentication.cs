using System.Security.Cryptography;
using System.Text;
using Clientele.Platform.Data;
using Clientele.Platform.Permissions;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Web;

/// <summary>Marks an endpoint under /api that needs no session.</summary>
public sealed class Anonymous;

/// <summary>Marks an endpoint elsewhere that takes a session, when no key comes with the request, and looks after the rest itself.</summary>
public sealed class SessionOrKey;

/// <summary>Marks an endpoint under /api that needs a session but no organization.</summary>
public sealed class WithoutOrganization;

/// <summary>Marks an endpoint that also answers those who have not chosen a password of their own yet.</summary>
public sealed class EvenWithOneTimePassword;

/// <summary>Marks an endpoint that also answers for an organization that was closed.</summary>
public sealed class EvenWhenClosed;

/// <summary>
/// Who asks: the session cookie, the organization named by the <c>Clientele-Organization</c> header and, when one of its
/// workspaces is meant, that of the <c>Clientele-Workspace</c> header, in one query.
/// Every endpoint under /api passes here; only those marked otherwise go on without a session or an organization.
/// </summary>
public sealed class Authentication(RequestDelegate next, Databases databases)
{
    public const string Cookie = "clientele_session";
    public const string OrganizationHeader = "Clientele-Organization";
    public const string WorkspaceHeader = "Clientele-Workspace";
    public const string ConsoleHeader = "X-Clientele";

    private readonly Db db = new(databases.Service, Tenant.None);

    private sealed record Row(Guid SessionId, Guid UserId, bool MustChangePassword, Guid? OrganizationId, string? Role, bool IsAdministrator, string[] Granted, Guid? WorkspaceId, bool IsClosed);

    public async Task Invoke(HttpContext context, Caller caller)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        // Routes are found whatever the case of the address, so their door must be too.
        if (!context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) || metadata is null)
        {
            var headers = context.Request.Headers;
            if (metadata?.GetMetadata<SessionOrKey>() is not null && headers.Authorization.Count == 0 && !headers.ContainsKey("apikey") && context.Request.Cookies.ContainsKey(Cookie))
            {
                RefuseForgery(context.Request);
                if (await Identify(context, caller)) throw Closed();
            }
            await next(context);
            return;
        }
        RefuseForgery(context.Request);
        var closed = await Identify(context, caller);
        if (metadata.GetMetadata<Anonymous>() is null) Authorise(context, caller, metadata);
        if (closed && metadata.GetMetadata<WithoutOrganization>() is null && metadata.GetMetadata<EvenWhenClosed>() is null) throw Closed();
        if (metadata.GetMetadata<Requirement>() is { } requirement) caller.Require(requirement.Act);
        await next(context);
    }

    private static Problem Closed() =>
        new(403, "organization_closed", "This organization was closed. A super administrator may reopen it within 30 days.");

    /// <summary>What is kept of a session's token.</summary>
    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <returns>Whether the organization was closed.</returns>
    private async Task<bool> Identify(HttpContext context, Caller caller)
    {
        if (context.Request.Cookies[Cookie] is not { Length: > 0 and <= 200 } token) return false;
        var slug = context.Request.Headers[OrganizationHeader].ToString();
        var workspace = context.Request.Headers[WorkspaceHeader].ToString();
        var row = await db.Find<Row>($"""
            with session as (
                -- At most one write a minute.
                update platform.platform_user_sessions s
                set last_activity = now()
                where s.token_hash = {Hash(token)} and s.ended_at is null and s.expires_at > now() and s.last_activity < now() - interval '1 minute'
            )
            select s.id as session_id, u.id as user_id, u.must_change_password, m.organization_id, m.role, r.access is not distinct from 'admin' as is_administrator,
                   array(select p.permission || ':' || p.resource || ':' || p.action from platform.role_permissions p
                         where p.organization_id = m.organization_id and p.role = m.role and p.is_active) as granted,
                   w.id as workspace_id, m.organization_id is not null and o.closed_at is not null as is_closed
            from platform.platform_user_sessions s
            join platform.platform_users u on u.id = s.user_id and u.status = 'active'
            left join platform.organizations o on o.slug = {slug}
            left join platform.organization_members m on m.organization_id = o.id and m.user_id = u.id and m.status = 'active'
            left join platform.organization_roles r on r.organization_id = m.organization_id and r.role = m.role
            left join platform.workspaces w on w.organization_id = m.organization_id and w.slug = {workspace} and w.closed_at is null
            where s.token_hash = {Hash(token)} and s.ended_at is null and s.expires_at > now()
            """, context.RequestAborted);
        if (row is null) return false;
        (caller.SignedIn, caller.SessionId, caller.UserId) = (true, row.SessionId, row.UserId);
        (caller.MustChangePassword, caller.OrganizationId, caller.Role) = (row.MustChangePassword, row.OrganizationId, row.Role);
        (caller.IsAdministrator, caller.Granted, caller.WorkspaceId) = (row.IsAdministrator, row.Granted, row.WorkspaceId);
        if (row.OrganizationId is not null && workspace.Length > 0 && row.WorkspaceId is null)
            throw new Problem(404, "workspace_not_found", $"There is no open workspace of this word here. Choose another, or leave the {WorkspaceHeader} header out.");
        return row.IsClosed;
    }

    private static void Authorise(HttpContext context, Caller caller, EndpointMetadataCollection metadata)
    {
        if (!caller.SignedIn) throw new Problem(401, "not_signed_in", "Sign in first; the session may have ended.");
        if (metadata.GetMetadata<WithoutOrganization>() is null)
        {
            if (string.IsNullOrEmpty(context.Request.Headers[OrganizationHeader]))
                throw new Problem(400, "organization_missing", $"Say which organization you mean in the {OrganizationHeader} header.");
            if (caller.OrganizationId is null)
                throw new Problem(404, "organization_not_found", "There is no such organization, or you are not a member of it.");
        }
        if (caller.MustChangePassword && metadata.GetMetadata<EvenWithOneTimePassword>() is null)
            throw new Problem(403, "password_change_required", "Choose a password of your own first; the one-time password opens nothing else.");
    }

    // A foreign page can make a browser send our cookie, but not a header of ours: that needs a CORS permission we never give.
    private static void RefuseForgery(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)) return;
        if (!request.Headers.ContainsKey(ConsoleHeader))
            throw new Problem(403, "header_missing", $"Send the header {ConsoleHeader} with every request that changes something.");
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority == request.Host.Value))
            throw new Problem(403, "foreign_origin", "Requests from another site's page are refused.");
    }
}

using Clientele.Platform.Data;

namespace Clientele.Platform.Sessions;

/// <summary>Who is signed in, and where they may go.</summary>
public sealed record SessionView(UserView User, IReadOnlyList<OrganizationView> Organizations, string Version)
{
    internal static async Task<SessionView> Of(Db service, Guid userId, CancellationToken ct)
    {
        var user = await service.One<UserView>($"""
            select u.id, u.email, u.name, u.language, u.theme, u.timezone as time_zone, u.must_change_password, u.email_verified
            from platform.platform_users u
            where u.id = {userId}
            """, ct);
        var organizations = await service.List<OrganizationView>($"""
            select o.id, o.slug, o.name, m.role, r.name as role_name, o.time_zone, o.currency, o.closed_at,
                   m.role = 'super_admin' and exists (select from platform.installation i where i.operated_by = o.id) as is_operator,
                   array(select p.permission || ':' || p.resource || ':' || p.action from platform.role_permissions p
                         where p.organization_id = m.organization_id and p.role = m.role and p.is_active order by 1) as permissions
            from platform.organization_members m
            join platform.organizations o on o.id = m.organization_id
            join platform.organization_roles r on r.organization_id = m.organization_id and r.role = m.role
            where m.user_id = {userId} and m.status = 'active'
            order by o.closed_at is not null, o.is_demo desc, o.created_at
            """, ct);
        return new SessionView(user, organizations, typeof(SessionView).Assembly.GetName().Version!.ToString(3));
    }
}

public sealed record UserView(Guid Id, string Email, string Name, string Language, string Theme, string TimeZone, bool MustChangePassword, bool EmailVerified);

/// <param name="RoleName">Of a role of the organization's own.</param>
/// <param name="ClosedAt">When it was closed; null: it is open.</param>
/// <param name="IsOperator">Whether one runs the whole installation from here: as a super administrator of the organization it began with.</param>
/// <param name="Permissions">What the role may do, as <c>permission:resource:action</c>, with <c>*</c> for every one; the super administrator may everything.</param>
public sealed record OrganizationView(Guid Id, string Slug, string Name, string Role, string? RoleName, string TimeZone, string Currency, DateTimeOffset? ClosedAt, bool IsOperator, string[] Permissions);

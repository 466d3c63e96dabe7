using Clientele.Platform.Data;

namespace Clientele.Platform.Sessions;

/// <summary>Who is signed in, and where they may go.</summary>
public sealed record SessionView(UserView User, IReadOnlyList<OrganizationView> Organizations, string Version)
{
    internal static async Task<SessionView> Of(Db service, Guid userId, CancellationToken ct)
    {
        var user = await service.One<UserView>($"""
            select u.id, u.email, u.name, u.language, u.theme, u.timezone as time_zone, u.must_change_password
            from platform.platform_users u
            where u.id = {userId}
            """, ct);
        var organizations = await service.List<OrganizationView>($"""
            select o.id, o.slug, o.name, m.role, o.time_zone, o.currency
            from platform.organization_members m
            join platform.organizations o on o.id = m.organization_id
            where m.user_id = {userId} and m.status = 'active'
            order by o.is_demo desc, o.created_at
            """, ct);
        return new SessionView(user, organizations, typeof(SessionView).Assembly.GetName().Version!.ToString(3));
    }
}

public sealed record UserView(Guid Id, string Email, string Name, string Language, string Theme, string TimeZone, bool MustChangePassword);

public sealed record OrganizationView(Guid Id, string Slug, string Name, string Role, string TimeZone, string Currency);

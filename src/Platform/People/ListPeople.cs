using Clientele.Platform.Data;

namespace Clientele.Platform.People;

/// <summary>GET /api/people: who works in the organization, and who was invited.</summary>
internal static class ListPeople
{
    /// <param name="Name">Null of somebody invited who has an account elsewhere, until they accept.</param>
    /// <param name="SecondFactor">Their sign-in needs two steps.</param>
    public sealed record View(Guid Id, string? Email, string? Name, string Role, string Status, bool? EmailVerified, bool SecondFactor, DateTimeOffset? LastLogin,
        string? InvitedBy, DateTimeOffset? InvitationExpires, DateTimeOffset CreatedAt);

    public static async Task<IReadOnlyList<View>> Handle(Db db, CancellationToken ct) => await db.List<View>(Select($"order by m.status = 'pending_invitation', lower(coalesce(m.name, m.email)), m.id"), ct);

    public static Sql Select(Sql rest) => $"""
        select m.id, m.email, m.name, m.role, m.status, m.email_verified, m.totp_enabled_at is not null as second_factor, m.last_login,
               (select i.name from platform.platform_users i where i.id = m.invited_by) as invited_by, m.invitation_expires, m.created_at
        from platform.members m
        {rest}
        """;
}

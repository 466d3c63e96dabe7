using Clientele.Platform.Data;

namespace Clientele.Platform.Sessions;

/// <summary>Somebody proved that an account's address is theirs.</summary>
internal static class AccountOwner
{
    /// <summary>
    /// An account whose address nobody had proved may have been made by another, as by an inviter who opened the shown link
    /// themselves: their password, second step and sessions end now.
    /// </summary>
    public static async Task Proved(Transaction t, Guid person, CancellationToken ct)
    {
        if (await t.Run($"""
            update platform.platform_users u
            set email_verified = true, password_hash = null, totp_enabled_at = null, totp_secret = null, totp_last_step = null
            where u.id = {person} and not u.email_verified
            """, ct) == 0) return;
        await t.Run($"delete from platform.recovery_codes c where c.user_id = {person}", ct);
        await t.Run($"delete from platform.sign_in_challenges c where c.user_id = {person}", ct);
        await t.Run($"update platform.platform_user_sessions s set ended_at = now(), logout_reason = 'security_logout' where s.user_id = {person} and s.ended_at is null", ct);
    }
}

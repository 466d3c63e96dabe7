using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>GET, DELETE /api/session/sessions: a person's own signed-in browsers.</summary>
internal static class OwnSessions
{
    /// <param name="IsSuspicious">Opened with a device and from a place not seen before.</param>
    /// <param name="Flags">Why: <c>new_device</c>, <c>new_address</c>, <c>new_country</c>.</param>
    public sealed record View(Guid Id, bool IsCurrent, string? DeviceType, string? Browser, string? Os, string? Address, string? Country, string? City, bool IsSuspicious, string[] Flags,
        DateTimeOffset CreatedAt, DateTimeOffset LastActivity, DateTimeOffset ExpiresAt);

    public static async Task<IReadOnlyList<View>> List(Caller caller, Databases databases, CancellationToken ct) => await new Db(databases.Service, Tenant.None).List<View>($"""
        select s.id, s.id = {caller.SessionId} as is_current, s.device_type, s.browser, s.os, host(s.ip_address) as address, s.country, s.city, s.is_suspicious,
               array(select k from jsonb_object_keys(s.security_flags) k order by k) as flags, s.created_at, s.last_activity, s.expires_at
        from platform.platform_user_sessions s
        where s.user_id = {caller.UserId} and s.ended_at is null and s.expires_at > now()
        order by s.id = {caller.SessionId} desc, s.last_activity desc
        limit 200
        """, ct);

    public static async Task<IResult> End(Guid id, Caller caller, Databases databases, HttpContext context, CancellationToken ct)
    {
        var ended = await OwnTrail.Service(databases, context, caller.SessionId).InTransaction(async t =>
        {
            var ended = await t.Run($"""
                update platform.platform_user_sessions s set ended_at = now(), logout_reason = 'user_logout'
                where s.id = {id} and s.user_id = {caller.UserId} and s.ended_at is null
                """, ct);
            if (ended == 1) await OwnTrail.Tell(t, caller.UserId, "end_sessions", "Ended a session", ct);
            return ended;
        }, ct);
        return ended == 1 ? Results.NoContent() : throw Problem.NotFound("session");
    }

    /// <summary>All but the one that asks.</summary>
    public static async Task<IResult> EndOthers(Caller caller, Databases databases, HttpContext context, CancellationToken ct)
    {
        await OwnTrail.Service(databases, context, caller.SessionId).InTransaction(async t =>
        {
            var ended = await t.Run($"""
                update platform.platform_user_sessions s set ended_at = now(), logout_reason = 'user_logout'
                where s.user_id = {caller.UserId} and s.id <> {caller.SessionId} and s.ended_at is null
                """, ct);
            if (ended > 0) await OwnTrail.Tell(t, caller.UserId, "end_sessions", $"Ended {ended} other sessions", ct);
        }, ct);
        return Results.NoContent();
    }
}

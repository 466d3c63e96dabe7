using System.Buffers.Text;
using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>POST /api/session</summary>
internal static class SignIn
{
    private static readonly SemaphoreSlim hashing = new(Math.Max(1, Environment.ProcessorCount / 2));

    public sealed record Request(string? Email, string? Password);

    private sealed record Person(Guid Id, string? PasswordHash);

    private sealed record Attempts(int Count, bool Locked);

    /// <summary>The same answer, after the same work, for an unknown address and a wrong password.</summary>
    public static async Task<SessionView> Handle(Request request, HttpContext context, Databases databases, TimeProvider clock, CancellationToken ct)
    {
        var service = new Db(databases.Service, Tenant.None);
        var address = Authentication.Hash((request.Email ?? string.Empty).Trim().ToLowerInvariant());
        var attempts = await service.Find<Attempts>($"""
            select a.attempts as count, coalesce(a.locked_until > now(), false) as locked from platform.sign_in_attempts a where a.address_hash = {address}
            """, ct);
        if (attempts is { Locked: true })
            throw new Problem(429, "too_many_attempts", "Too many wrong passwords. Wait a little and try again.") { RetryAfter = Delay(attempts.Count) };
        var person = await service.Find<Person>($"""
            select u.id, u.password_hash
            from platform.platform_users u
            where lower(u.email) = lower({request.Email ?? string.Empty}) and u.status = 'active'
            """, ct);
        var password = request.Password ?? string.Empty;
        // A password's hash is slow by design; strangers must not be able to keep all cores at it.
        await hashing.WaitAsync(ct);
        bool right;
        try { right = password.Length <= Passwords.Longest & Passwords.Verify(person?.PasswordHash, password[..Math.Min(password.Length, Passwords.Longest)]); }
        finally { hashing.Release(); }
        if (!right)
        {
            await CountFailure(service, address, ct);
            throw new Problem(401, "invalid_credentials", "This e-mail address and password do not belong together. Check both.");
        }
        await service.Run($"delete from platform.sign_in_attempts a where a.address_hash = {address}", ct);
        await Open(service, person!.Id, context, clock, ct);
        return await SessionView.Of(service, person.Id, ct);
    }

    private static async Task Open(Db service, Guid userId, HttpContext context, TimeProvider clock, CancellationToken ct)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var expires = clock.GetUtcNow() + await service.One<TimeSpan>($"select platform.session_lifetime({userId})", ct);
        var agent = context.Request.Headers.UserAgent.ToString();
        await service.InTransaction(async t =>
        {
            await t.Run($"""
                insert into platform.platform_user_sessions (user_id, token_hash, ip_address, user_agent, expires_at)
                values ({userId}, {Authentication.Hash(token)}, {context.Connection.RemoteIpAddress}, {agent[..Math.Min(agent.Length, 500)]}, {expires})
                """, ct);
            await t.Run($"""
                update platform.platform_users u
                set last_login = now()
                where u.id = {userId}
                """, ct);
        }, ct);
        context.Response.Cookies.Append(Authentication.Cookie, token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            // A proxy that is not declared as trusted hides that the browser speaks TLS; the base URL tells.
            Secure = context.Request.IsHttps || Environment.GetEnvironmentVariable("CLIENTELE_BASE_URL")?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true,
            Path = "/",
            Expires = expires,
            IsEssential = true,
        });
    }

    // Five tries are free; then the wait doubles from two seconds up to a quarter of an hour.
    private static TimeSpan Delay(int attempts) => TimeSpan.FromSeconds(Math.Min(900, Math.Pow(2, Math.Clamp(attempts - 4, 1, 20))));

    private static Task<long> CountFailure(Db service, byte[] address, CancellationToken ct) => service.Run($"""
        insert into platform.sign_in_attempts as a (address_hash) values ({address})
        on conflict (address_hash) do update
        set attempts = least(a.attempts + 1, 1000), last_attempt = now(),
            locked_until = case when a.attempts + 1 >= 5
                then now() + make_interval(secs => least(900, power(2, greatest(1, least(a.attempts + 1, 20) - 4)))) end
        """, ct);
}

using System.Net;
using Clientele.Platform.Data;
using Clientele.Platform.Mail;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Sessions;

/// <summary>The password was right; a code of the authenticator app, or a recovery code, is awaited.</summary>
/// <param name="Challenge">Goes back with the code to <c>POST /api/session/second-factor</c>.</param>
public sealed record ChallengeView(string Challenge, DateTimeOffset ExpiresAt);

/// <summary>Opens sessions, however somebody proved who they are: a new token each time, never one the browser brought.</summary>
internal sealed class SessionDoor(Databases databases, PlatformOptions options, Mailer mailer)
{
    private readonly Db service = new(databases.Service, Tenant.None);

    private sealed record Known(bool Before, bool Device, bool Address, bool Country, string Email, string Language);

    private sealed record Opened(Guid Id, DateTimeOffset ExpiresAt);

    public async Task<ChallengeView> Challenge(Guid person, CancellationToken ct)
    {
        var (token, hash) = Tokens.Make();
        var expires = await service.One<DateTimeOffset>($"insert into platform.sign_in_challenges (token_hash, user_id) values ({hash}, {person}) returning expires_at", ct);
        return new ChallengeView(token, expires);
    }

    public async Task Open(Guid person, HttpContext context, CancellationToken ct)
    {
        var (token, hash) = Tokens.Make();
        var agent = context.Request.Headers.UserAgent.ToString();
        agent = agent[..Math.Min(agent.Length, 500)];
        var (device, address) = (Device.Of(agent), context.Connection.RemoteIpAddress);
        if (address is { IsIPv4MappedToIPv6: true }) address = address.MapToIPv4();
        var (country, city) = (Header(context, options.CountryHeader, 50), Header(context, options.CityHeader, 100));
        var known = await Know(person, device, address, country, ct);
        var flags = new List<string>();
        if (known is { Before: true, Device: false }) flags.Add("new_device");
        if (known is { Before: true, Address: false }) flags.Add("new_address");
        if (known is { Before: true, Country: false } && country is not null) flags.Add("new_country");
        // People change their browser or their place; who changes both at once may be somebody else.
        var suspicious = flags.Contains("new_device") && flags.Count > 1;
        var opened = await service.InTransaction(async t =>
        {
            if (context.Request.Cookies[Authentication.Cookie] is { Length: > 0 and <= 200 } old)
                await t.Run($"update platform.platform_user_sessions s set ended_at = now(), logout_reason = 'security_logout' where s.token_hash = {Authentication.Hash(old)} and s.ended_at is null", ct);
            await t.Run($"update platform.platform_users u set last_login = now() where u.id = {person}", ct);
            return await t.One<Opened>($"""
                insert into platform.platform_user_sessions (user_id, token_hash, ip_address, user_agent, device_type, browser, os, country, city, is_suspicious, security_flags, expires_at)
                values ({person}, {hash}, {address}, {agent}, {device.Type}, {device.Browser}, {device.System}, {country}, {city}, {suspicious},
                        coalesce((select jsonb_object_agg(f, true) from unnest({flags.ToArray()}) as f), '{Sql.Raw("{}")}'), now() + platform.session_lifetime({person}))
                returning id, expires_at
                """, ct);
        }, ct);
        context.Response.Cookies.Append(Authentication.Cookie, token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            // A proxy that is not declared as trusted hides that the browser speaks TLS; the base URL tells.
            Secure = context.Request.IsHttps || options.BaseUrl.Scheme == "https",
            Path = "/",
            Expires = opened.ExpiresAt,
            IsEssential = true,
        });
        if (!suspicious) return;
        var letter = Letters.NewPlace(known.Language, device.Words, string.Join(", ", ((string?[])[address?.ToString(), city, country]).Where(w => w is not null)), options.Link("/account"));
        mailer.Later(later => mailer.Send(known.Email, letter.Subject, letter.Text, later));
    }

    // Addresses of one neighbourhood (/24, /48) are one place.
    private Task<Known> Know(Guid person, Device device, IPAddress? address, string? country, CancellationToken ct) => service.One<Known>($"""
        select count(s.id) > 0 as before,
               coalesce(bool_or(s.browser is not distinct from {device.Browser} and s.os is not distinct from {device.System}), false) as device,
               coalesce(bool_or(s.ip_address is not distinct from {address} or {address} << set_masklen(s.ip_address, case family(s.ip_address) when 4 then 24 else 48 end)), false) as address,
               coalesce(bool_or(s.country is null or s.country = {country}), false) as country,
               u.email, u.language
        from platform.platform_users u
        left join platform.platform_user_sessions s on s.user_id = u.id
        where u.id = {person}
        group by u.id
        """, ct);

    private static string? Header(HttpContext context, string? name, int longest) =>
        name is not null && context.Request.Headers[name].ToString() is { Length: > 0 } value ? value[..Math.Min(value.Length, longest)] : null;
}

using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Keys;

/// <summary>A key as the API shows it: never its secret.</summary>
/// <param name="Kind"><c>write</c>: public, it may only send events; <c>secret</c>.</param>
/// <param name="PublicKey">A write key; null for a secret one.</param>
/// <param name="Hint">How a secret key begins.</param>
/// <param name="Scopes">resource:action; none: everything its kind may.</param>
/// <param name="AllowedOrigins">None: any.</param>
/// <param name="AllowedAddresses">Networks; none: any.</param>
/// <param name="LastUsedAt">To the minute.</param>
/// <param name="Replaces">The key it came after in a rotation.</param>
/// <param name="State"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="Requests">Of the last 30 days, to some seconds; so are the errors (answers from 400 on).</param>
public sealed record KeyView(
    Guid Id, string Kind, string Name, string? PublicKey, string? Hint, Guid WorkspaceId, string Workspace, string[] Scopes, string[] AllowedOrigins, string[] AllowedAddresses,
    DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt, Guid? Replaces, string State, long Requests, long Errors)
{
    internal static Task<List<KeyView>> List(Db db, Sql which, CancellationToken ct) => db.List<KeyView>($"""
        select k.id, k.kind, k.name, k.public_key, k.key_hint as hint, k.workspace_id, w.name as workspace, k.scopes, k.allowed_origins, k.allowed_addresses::text[] as allowed_addresses,
               k.created_at, u.name as created_by, k.expires_at, k.last_used_at, k.revoked_at, k.replaces,
               case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired' else 'active' end as state,
               coalesce(m.requests, 0)::bigint as requests, coalesce(m.errors, 0)::bigint as errors
        from platform.api_keys k
        join platform.workspaces w on w.organization_id = k.organization_id and w.id = k.workspace_id
        left join platform.platform_users u on u.id = k.created_by
        left join lateral (
            select sum(a.request_count) as requests, sum(a.error_count) as errors from platform.api_usage_metrics a
            where a.organization_id = k.organization_id and a.api_key_id = k.id and a.metric_date > (now() at time zone 'UTC')::date - 30
        ) m on true
        where k.organization_id = platform.organization() and {which}
        order by k.revoked_at is not null, k.created_at desc, k.id
        """, ct);

    internal static async Task<KeyView> Of(Db db, Guid id, CancellationToken ct) => await List(db, $"k.id = {id}", ct) is [var key] ? key : throw Problem.NotFound("key");
}

/// <summary>What is checked of a key before the database is asked.</summary>
internal static class KeyRules
{
    public static void Check(string? name, string[]? scopes, string[]? origins, string[]? addresses, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (name is not null && (name.Trim().Length is 0 or > 200 || name.Contains('\0', StringComparison.Ordinal))) throw Problem.Invalid("name", "The name has 1 to 200 characters.");
        if (scopes is { Length: > 100 } || scopes?.Any(s => s is null || !System.Text.RegularExpressions.Regex.IsMatch(s, @"^[a-z][a-z0-9_.]*:([a-z]+|\*)\z")) == true)
            throw Problem.Invalid("scopes", "A scope is resource:action in small letters, such as events:write, data:read or data:*; at most 100.");
        if (origins is { Length: > 100 } || origins?.Any(o => o is null || o.Length > 300 || !Uri.TryCreate(o, UriKind.Absolute, out var u) || u.Scheme is not ("http" or "https") || u.GetLeftPart(UriPartial.Authority) != o) == true)
            throw Problem.Invalid("allowedOrigins", "An origin is scheme and host, as https://shop.example.com, without a path; at most 100.");
        if (addresses is { Length: > 100 } || addresses?.Any(a => a is null || !(System.Net.IPNetwork.TryParse(a, out _) || System.Net.IPAddress.TryParse(a, out _))) == true)
            throw Problem.Invalid("allowedAddresses", "An address is one such as 203.0.113.7, or a network such as 10.0.0.0/8; at most 100.");
        if (expiresAt <= now) throw Problem.Invalid("expiresAt", "A key expires in the future.");
    }
}

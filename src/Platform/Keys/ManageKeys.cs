using System.Security.Cryptography;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Keys;

/// <summary>/api/keys: who may call the interfaces of an organization.</summary>
internal static class ManageKeys
{
    public sealed record ListView(IReadOnlyList<KeyView> Items);

    /// <param name="Secret">The key itself, shown this once; of a write key it is the public key.</param>
    public sealed record Issued(KeyView Key, string Secret);

    /// <param name="Kind"><c>write</c> or <c>secret</c>.</param>
    /// <param name="WorkspaceId">When left out: the one the caller works in, or else the first.</param>
    /// <param name="Scopes">resource:action; none: everything its kind may.</param>
    /// <param name="AllowedOrigins">Web origins it is taken from; none: any.</param>
    /// <param name="AllowedAddresses">Addresses and networks it is taken from; none: any.</param>
    /// <param name="ExpiresAt">Null: never.</param>
    public sealed record Creation(string? Kind, string? Name, Guid? WorkspaceId, string[]? Scopes, string[]? AllowedOrigins, string[]? AllowedAddresses, DateTimeOffset? ExpiresAt);

    /// <summary>What is left out stays.</summary>
    public sealed record Change(string? Name, string[]? AllowedOrigins, string[]? AllowedAddresses, DateTimeOffset? ExpiresAt);

    /// <param name="OverlapHours">So long the old key stays valid, from a quarter of an hour to 90 days; a day when left out.</param>
    public sealed record Rotation(double? OverlapHours);

    private sealed record Made(Guid Id, string Secret);

    public static async Task<ListView> List(Db db, CancellationToken ct)
    {
        return new ListView(await KeyView.List(db, $"true", ct));
    }

    public static async Task<IResult> Create(Creation request, Db db, TimeProvider clock, CancellationToken ct)
    {
        if (request.Kind is not ("write" or "secret")) throw Problem.Invalid("kind", "A key is a write key, which may stand in web pages, or a secret one.");
        if (request.Name is null) throw Problem.Invalid("name", "Give the key a name people know it by.");
        KeyRules.Check(request.Name, request.Scopes, request.AllowedOrigins, request.AllowedAddresses, request.ExpiresAt, clock.GetUtcNow());
        if (request is { Kind: "write", Scopes.Length: > 0 }) throw Problem.Invalid("scopes", "A write key may send events and nothing else: it has no scopes.");
        var workspace = await db.Find<Guid?>($"""
            select w.id from platform.workspaces w where w.organization_id = platform.organization() and w.closed_at is null and w.id = coalesce({request.WorkspaceId}::uuid, platform.workspace(), w.id)
            order by w.created_at limit 1
            """, ct) ?? throw Problem.Invalid("workspaceId", "There is no such open workspace here.");
        var made = await db.InTransaction(async t =>
        {
            var key = request.Kind == "secret"
                ? await t.One<Made>($"""
                    select k.id, k.secret from platform.issue_api_key({request.Name.Trim()}, {workspace}, {request.Scopes ?? []}, {request.ExpiresAt}, {request.AllowedOrigins ?? []}) k
                    """, ct)
                : await NewWriteKey(t, request.Name.Trim(), workspace, request.AllowedOrigins ?? [], request.ExpiresAt, null, ct);
            await t.Run($"update platform.api_keys k set allowed_addresses = {request.AllowedAddresses ?? []}::text[]::cidr[] where k.organization_id = platform.organization() and k.id = {key.Id}", ct);
            return key;
        }, ct);
        return Results.Created($"/api/keys/{made.Id}", new Issued(await KeyView.Of(db, made.Id, ct), made.Secret));
    }

    public static async Task<KeyView> Put(Guid id, Change request, Db db, TimeProvider clock, CancellationToken ct)
    {
        await Valid(db, id, ct);
        KeyRules.Check(request.Name, null, request.AllowedOrigins, request.AllowedAddresses, request.ExpiresAt, clock.GetUtcNow());
        await db.Run($"""
            update platform.api_keys k
            set name = coalesce({request.Name?.Trim()}, k.name), allowed_origins = coalesce({request.AllowedOrigins}, k.allowed_origins),
                allowed_addresses = coalesce({request.AllowedAddresses}::text[]::cidr[], k.allowed_addresses), expires_at = coalesce({request.ExpiresAt}, k.expires_at)
            where k.organization_id = platform.organization() and k.id = {id}
            """, ct);
        return await KeyView.Of(db, id, ct);
    }

    public static async Task<IResult> Rotate(Guid id, Rotation request, Db db, CancellationToken ct)
    {
        var old = await Valid(db, id, ct);
        if (request.OverlapHours is < 0.25 or > 90 * 24 || request.OverlapHours is double.NaN) throw Problem.Invalid("overlapHours", "The old key stays valid for a quarter of an hour to 90 days.");
        var overlap = TimeSpan.FromHours(request.OverlapHours ?? 24);
        var made = await db.InTransaction(async t =>
        {
            if (old.Kind == "secret") return await t.One<Made>($"select k.id, k.secret from platform.rotate_api_key({id}, {overlap}) k", ct);
            await t.Run($"update platform.api_keys k set expires_at = least(k.expires_at, now() + {overlap}) where k.organization_id = platform.organization() and k.id = {id}", ct);
            // Whoever was let in until some day is not let in for longer by a rotation.
            var next = await NewWriteKey(t, old.Name, old.WorkspaceId, old.AllowedOrigins, old.ExpiresAt, id, ct);
            await t.Run($"update platform.api_keys k set allowed_addresses = {old.AllowedAddresses}::text[]::cidr[] where k.organization_id = platform.organization() and k.id = {next.Id}", ct);
            return next;
        }, ct);
        return Results.Created($"/api/keys/{made.Id}", new Issued(await KeyView.Of(db, made.Id, ct), made.Secret));
    }

    public static async Task<KeyView> Revoke(Guid id, Db db, CancellationToken ct)
    {
        await KeyView.Of(db, id, ct);
        await db.Run($"update platform.api_keys k set revoked_at = now() where k.organization_id = platform.organization() and k.id = {id} and k.revoked_at is null", ct);
        return await KeyView.Of(db, id, ct);
    }

    private static async Task<KeyView> Valid(Db db, Guid id, CancellationToken ct)
    {
        var key = await KeyView.Of(db, id, ct);
        return key.State == "active" ? key : throw new Problem(409, "wrong_state", "This key is not valid any more. Issue another one.");
    }

    private static async Task<Made> NewWriteKey(Transaction t, string name, Guid workspace, string[] origins, DateTimeOffset? expiresAt, Guid? replaces, CancellationToken ct)
    {
        var key = "wk_" + RandomNumberGenerator.GetHexString(32, lowercase: true);
        var id = await t.One<Guid>($"""
            insert into platform.api_keys (workspace_id, kind, name, public_key, allowed_origins, expires_at, replaces, created_by)
            values ({workspace}, 'write', {name}, {key}, {origins}, {expiresAt}, {replaces}, platform.actor()) returning id
            """, ct);
        return new Made(id, key);
    }
}

using System.Collections.Concurrent;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.DataApi.Rest;

/// <param name="Blueprint">Of the key's workspace.</param>
/// <param name="StatementTimeoutMs">Its own limits, like the next two; null: those of every key.</param>
internal sealed record FoundKey(
    Guid OrganizationId, Guid Id, Guid WorkspaceId, string[] Scopes, string[] AllowedOrigins, string[] AllowedAddresses, string? Blueprint,
    int? StatementTimeoutMs, long? MaxRows, long? MaxCost);

/// <summary>Recognizes secret keys. What was found is believed for a few seconds: so long does a revoked one still open.</summary>
internal sealed class Keys(Databases databases, TimeProvider clock)
{
    private static readonly TimeSpan believed = TimeSpan.FromSeconds(5);
    private const int Most = 10_000;

    private readonly Db db = new(databases.Service, Tenant.None);
    private readonly ConcurrentDictionary<string, (FoundKey? Key, long At)> known = new();
    private readonly ConcurrentDictionary<(Guid Organization, Guid? Workspace), (string? Blueprint, long At)> blueprints = new();

    public async ValueTask<FoundKey?> Find(string secret, CancellationToken ct)
    {
        if (secret.Length is 0 or > 200) return null;
        var hash = Convert.ToHexString(Authentication.Hash(secret));
        if (known.TryGetValue(hash, out var found) && clock.GetElapsedTime(found.At) < believed) return found.Key;
        var key = await db.Find<FoundKey>($"""
            select k.organization_id, k.id, k.workspace_id, k.scopes, k.allowed_origins, w.blueprint,
                   own.allowed_addresses::text[] as allowed_addresses, own.statement_timeout_ms, own.max_rows, own.max_cost
            from platform.find_api_key({secret}) k
            join platform.api_keys own on own.organization_id = k.organization_id and own.id = k.id
            join platform.workspaces w on w.organization_id = k.organization_id and w.id = k.workspace_id
            """, ct);
        // Guesses must not fill the memory.
        if (known.Count >= Most) known.Clear();
        known[hash] = (key, clock.GetTimestamp());
        return key;
    }

    /// <summary>The blueprint of a workspace; when none is meant or it has none, that of the organization's first that has one.</summary>
    public async ValueTask<string?> BlueprintOf(Guid organization, Guid? workspace, CancellationToken ct)
    {
        if (blueprints.TryGetValue((organization, workspace), out var found) && clock.GetElapsedTime(found.At) < believed) return found.Blueprint;
        var blueprint = await db.Find<string>($"""
            select w.blueprint from platform.workspaces w
            where w.organization_id = {organization} and w.blueprint is not null
            order by (w.id = {workspace}) desc nulls last, w.created_at, w.id limit 1
            """, ct);
        if (blueprints.Count >= Most) blueprints.Clear();
        blueprints[(organization, workspace)] = (blueprint, clock.GetTimestamp());
        return blueprint;
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Tenancy;
using Npgsql;

namespace Clientele.Events.Collection;

/// <summary>
/// Finds whose a key is. Answers are remembered for a few seconds, so a key that was revoked, or a setting that was
/// changed, holds everywhere soon after; a key nobody knows is remembered too, so that guessing costs the database little.
/// </summary>
internal sealed class Sources(Databases databases, TimeProvider clock)
{
    private const int Remembered = 10_000;
    private static readonly TimeSpan fresh = TimeSpan.FromSeconds(10);

    private sealed record Known(Source? Source, DateTimeOffset Until);

    private sealed record Row(Guid OrganizationId, Guid WorkspaceId, Guid Id, string Name, string[] AllowedOrigins, string[] AllowedAddresses, string Currency, bool Trusted, JsonElement Settings);

    private readonly ConcurrentDictionary<string, Known> known = new(StringComparer.Ordinal);
    private readonly Db db = new(databases.Service, Tenant.None);

    /// <summary>The source of a valid key; null when there is none.</summary>
    public ValueTask<Source?> Find(string key, CancellationToken ct)
    {
        if (key.Length is 0 or > 200 || key.Contains('\0', StringComparison.Ordinal)) return new ValueTask<Source?>((Source?)null);
        return known.TryGetValue(key, out var found) && found.Until > clock.GetUtcNow() ? new ValueTask<Source?>(found.Source) : Look(key, found, ct);
    }

    private async ValueTask<Source?> Look(string key, Known? before, CancellationToken ct)
    {
        Row? row;
        try
        {
            row = await db.Find<Row>($"""
                select k.organization_id, k.workspace_id, k.id, k.name, k.allowed_origins, k.allowed_addresses::text[] as allowed_addresses, o.currency, k.public_key is distinct from {key} as trusted, (
                    select jsonb_object_agg(d.setting_key, coalesce(v.setting_value, d.default_value))
                    from platform.setting_definitions d
                    left join platform.setting_values v on v.organization_id = k.organization_id and v.setting_key = d.setting_key and v.environment = d.environment
                    where d.setting_key like 'collection.%'
                ) as settings
                from platform.api_keys k
                join platform.organizations o on o.id = k.organization_id
                join platform.workspaces w on w.organization_id = k.organization_id and w.id = k.workspace_id
                where (k.public_key = {key} or k.key_hash = sha256(convert_to({key}, 'UTF8')) and (k.scopes = array[]::text[] or k.scopes && array['events:write', 'events:*']))
                and k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) and o.closed_at is null and w.closed_at is null
                """, ct);
        }
        catch (NpgsqlException) when (before?.Source is not null)
        {
            // The database is away: whose the key was, still stands; writing will say the rest.
            return before.Source;
        }
        var source = row is null ? null : new Source(row.OrganizationId, row.WorkspaceId, row.Id, key, row.Name, row.AllowedOrigins, row.AllowedAddresses, row.Currency, row.Trusted, CollectionSettings.Of(row.Settings));
        if (known.Count > Remembered) known.Clear();
        known[key] = new Known(source, clock.GetUtcNow() + fresh);
        return source;
    }

    /// <summary>What an import's lines come in with: no key, the organization's settings.</summary>
    public static async Task<Source> OfImport(Transaction t, Guid workspace, CancellationToken ct)
    {
        var row = await t.One<Organization>($"""
            select o.currency, (select jsonb_object_agg(s.setting_key, s.setting_value) from platform.settings s where s.setting_key like 'collection.%' and s.environment = 'production') as settings
            from platform.organizations o where o.id = platform.organization()
            """, ct);
        return new Source(t.Tenant.OrganizationId!.Value, workspace, Guid.Empty, string.Empty, "Import", [], [], row.Currency, true, CollectionSettings.Of(row.Settings));
    }

    private sealed record Organization(string Currency, JsonElement Settings);

    /// <summary>Forgets what is remembered, for tests that change a setting.</summary>
    public void Forget() => known.Clear();
}

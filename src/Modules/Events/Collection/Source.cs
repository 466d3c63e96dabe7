using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>A write key, whose it is, and what its organization wants of collection.</summary>
/// <param name="Trusted">It is a secret, or a file that a member brought: what comes with it may change what is known of people.</param>
internal sealed record Source(Guid OrganizationId, Guid WorkspaceId, Guid KeyId, string PublicKey, string Name, string[] AllowedOrigins, string[] AllowedAddresses, string Currency, bool Trusted, CollectionSettings Settings)
{
    /// <summary>Whether a page of this origin may send with this key.</summary>
    public bool Takes(string? origin) => string.IsNullOrEmpty(origin) || AllowedOrigins.Length == 0 || Array.Exists(AllowedOrigins, o => string.Equals(o, origin, StringComparison.OrdinalIgnoreCase));
}

internal enum IpPolicy { Keep, Truncate, Drop }

/// <summary>The settings <c>collection.*</c> of one organization.</summary>
internal sealed record CollectionSettings(
    int MaxEventBytes, int MaxBatchBytes, int MaxBatchEvents, IpPolicy Ip, bool StripRefused, string ConsentCategory, IReadOnlySet<string> BlockedIds, int MaxExternalIds, int MaxBrowsers)
{
    public static CollectionSettings Of(JsonElement settings) => new(
        Number(settings, "collection.max_event_kb") * 1024,
        Number(settings, "collection.max_batch_kb") * 1024,
        Number(settings, "collection.max_batch_events"),
        Word(settings, "collection.ip_address") switch { "truncate" => IpPolicy.Truncate, "drop" => IpPolicy.Drop, _ => IpPolicy.Keep },
        Word(settings, "collection.refused") == "strip",
        Word(settings, "collection.consent_category"),
        settings.GetProperty("collection.blocked_ids").EnumerateArray().Where(i => i.ValueKind == JsonValueKind.String).Select(i => i.GetString()!.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal),
        Number(settings, "collection.max_external_ids"),
        Number(settings, "collection.max_browsers"));

    private static int Number(JsonElement settings, string key) => (int)settings.GetProperty(key).GetDecimal();

    private static string Word(JsonElement settings, string key) => settings.GetProperty(key).GetString()!;

    /// <summary>An id that names somebody; null for those many different people go by.</summary>
    public string? Id(string? id)
    {
        id = id?.Trim();
        if (string.IsNullOrEmpty(id) || BlockedIds.Contains(id.ToLowerInvariant()) || !id.AsSpan().ContainsAnyExcept('0', '-')) return null;
        // As long as customers.customer_id takes; a longer one is as good by its hash.
        return id.Length <= 100 ? id : Hashed(id);
    }

    public static string Hashed(string id) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    public IPAddress? Address(IPAddress? address)
    {
        if (address is null || Ip == IpPolicy.Drop) return null;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (Ip == IpPolicy.Keep) return address;
        // The last byte of IPv4, and all but the site's own 48 bits of IPv6.
        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, bytes.Length == 4 ? 3 : 6, bytes.Length == 4 ? 1 : 10);
        return new IPAddress(bytes);
    }
}

/// <summary>What the request itself tells of its events.</summary>
/// <param name="Browser">A page sent it: its connection is the person's own.</param>
internal sealed record Arrival(Source Source, DateTimeOffset At, IPAddress? Remote, string? UserAgent, bool Browser, Hints Hints, string? Country, string? City)
{
    public Guid? BatchId { get; init; }
    public string DataSource { get; init; } = "api";
}

/// <summary>Client hints of a browser.</summary>
internal sealed record Hints(string? Platform, string? PlatformVersion, bool? Mobile)
{
    public static Hints None { get; } = new(null, null, null);
}

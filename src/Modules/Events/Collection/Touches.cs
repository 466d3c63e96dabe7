using System.Text.Json;

namespace Clientele.Events.Collection;

/// <summary>Where a visit came from: a campaign's tags, or a page of somebody else's.</summary>
internal static class Touches
{
    private static readonly string[] searchEngines = ["google.", "bing.", "duckduckgo.", "yahoo.", "yandex.", "baidu.", "ecosia.", "qwant.", "search.brave."];
    private static readonly string[] networks = ["facebook.", "instagram.", "t.co", "twitter.", "x.com", "linkedin.", "lnkd.in", "pinterest.", "reddit.", "youtube.", "tiktok.", "threads.", "snapchat.", "whatsapp."];

    /// <returns>JSON of channel, source, medium, campaign, term, content and referrer; null when it came from nowhere else.</returns>
    public static string? Of(string? source, string? medium, string? campaign, string? term, string? content, string? referrer, string? page)
    {
        var host = Host(referrer);
        if (host is not null && host == Host(page)) host = null;
        if (source is null && medium is null && campaign is null && host is null) return null;
        var touch = new Dictionary<string, string>(StringComparer.Ordinal) { ["channel"] = Channel(source, medium, host) };
        void Add(string name, string? value) { if (!string.IsNullOrEmpty(value)) touch[name] = value; }
        Add("source", source ?? host);
        Add("medium", medium);
        Add("campaign", campaign);
        Add("term", term);
        Add("content", content);
        Add("referrer", host is null ? null : referrer);
        return JsonSerializer.Serialize(touch);
    }

    private static string Channel(string? source, string? medium, string? host) => (medium ?? string.Empty).ToLowerInvariant() switch
    {
        "email" or "e-mail" or "newsletter" => "email",
        "sms" or "whatsapp" or "push" => medium!.ToLowerInvariant(),
        "cpc" or "ppc" or "paid" or "paidsearch" or "cpm" or "display" or "banner" or "paid_social" or "paidsocial" => "paid",
        "social" or "social-media" or "sm" => "social",
        "affiliate" or "affiliates" => "affiliate",
        "organic" => "search",
        "referral" => "referral",
        "" when host is not null && Array.Exists(searchEngines, e => host.StartsWith(e, StringComparison.Ordinal) || host.Contains("." + e, StringComparison.Ordinal)) => "search",
        "" when host is not null && Array.Exists(networks, n => host == n || host.StartsWith(n, StringComparison.Ordinal) || host.Contains("." + n, StringComparison.Ordinal)) => "social",
        "" when source is null => "referral",
        _ => "campaign",
    };

    private static string? Host(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? (uri!.Host.StartsWith("www.", StringComparison.OrdinalIgnoreCase) ? uri.Host[4..] : uri.Host).ToLowerInvariant() : null;
}

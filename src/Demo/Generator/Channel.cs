namespace Clientele.Demo.Generator;

/// <summary>How somebody came: the channel, and what the address carried.</summary>
internal sealed record Channel(string Name, double Weight, string? Source, string? Medium, string? Referrer, bool HasCampaign = false)
{
    private static readonly Channel search = new("Organic search", 30, "google", "organic", "https://www.google.com/");
    private static readonly Channel direct = new("Direct", 16, null, null, null);
    private static readonly Channel newsletter = new("E-mail", 0, "newsletter", "email", null, true);

    /// <summary>Where newcomers come from.</summary>
    public static Weighted<Channel> First { get; } = new(
    [
        search, direct,
        new("Organic search", 3, "bing", "organic", "https://www.bing.com/"),
        new("Organic search", 2, "ecosia", "organic", "https://www.ecosia.org/"),
        new("Paid search", 17, "google", "cpc", "https://www.google.com/", true),
        new("Paid social", 9, "instagram", "paid_social", "https://l.instagram.com/", true),
        new("Paid social", 6, "facebook", "paid_social", "https://l.facebook.com/", true),
        new("Social", 6, "instagram", "social", "https://l.instagram.com/"),
        new("Social", 4, "pinterest", "social", "https://www.pinterest.com/"),
        new("Referral", 4, "lindens-blog.example.org", "referral", "https://lindens-blog.example.org/"),
        new("Affiliate", 3, "nicefinds", "affiliate", "https://nicefinds.example.net/", true),
    ], c => c.Weight);

    /// <summary>How somebody who has been there comes back.</summary>
    public static Channel Again(Dice dice, Channel first, bool readsMail) => dice.Share() switch
    {
        < 0.45 => direct,
        < 0.70 when readsMail => newsletter,
        < 0.85 => search,
        _ => first,
    };

    /// <summary>The campaign that ran at the time; null on channels without.</summary>
    public string? Campaign(int month, bool blackFriday) => !HasCampaign ? null : (blackFriday, month) switch
    {
        (true, _) => "black_friday",
        (_, 12) => "christmas",
        (_, 7 or 8) => "summer_sale",
        (_, >= 3 and <= 5) => "spring_table",
        _ => Medium == "cpc" ? "brand" : "evergreen",
    };
}

/// <summary>What somebody looks at the shop with.</summary>
internal sealed record Device(string Type, string Browser, string Os, double Weight, string UserAgent)
{
    public static Weighted<Device> All { get; } = new(
    [
        new("mobile", "Safari", "iOS", 28, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"),
        new("mobile", "Chrome", "Android", 29, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"),
        new("mobile", "Samsung Internet", "Android", 4, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"),
        new("desktop", "Chrome", "Windows", 16, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"),
        new("desktop", "Edge", "Windows", 6, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"),
        new("desktop", "Safari", "macOS", 7, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"),
        new("desktop", "Firefox", "Linux", 3, "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"),
        new("tablet", "Safari", "iPadOS", 5, "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"),
    ], d => d.Weight);
}

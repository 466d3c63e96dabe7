using System.Collections.Concurrent;
using System.Globalization;

namespace Clientele.Events.Collection;

/// <param name="Device"><c>desktop</c>, <c>mobile</c>, <c>tablet</c>, <c>tv</c> or <c>bot</c>.</param>
internal sealed record Agent(string? Device, string? Browser, string? Os)
{
    public static Agent Unknown { get; } = new(null, null, null);
}

/// <summary>
/// Browser, system and kind of device from a User-Agent header, by a table: the first mark that stands in it. Versions are
/// the major ones: the rest has been frozen by the browsers' makers.
/// </summary>
internal static class UserAgents
{
    private const int Remembered = 4096;

    // Order matters: nearly everybody also claims to be Chrome, Safari and Mozilla.
    private static readonly (string Mark, string Name)[] browsers =
    [
        ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"), ("OPiOS/", "Opera"), ("Opera Mini/", "Opera Mini"), ("SamsungBrowser/", "Samsung Internet"),
        ("YaBrowser/", "Yandex"), ("Vivaldi/", "Vivaldi"), ("UCBrowser/", "UC Browser"), ("MiuiBrowser/", "Miui Browser"), ("DuckDuckGo/", "DuckDuckGo"), ("Whale/", "Whale"),
        ("Silk/", "Silk"), ("Instagram ", "Instagram"), ("FBAV/", "Facebook"), ("GSA/", "Google app"), ("FxiOS/", "Firefox"), ("Focus/", "Firefox Focus"), ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome"), ("HeadlessChrome/", "Headless Chrome"), ("Chromium/", "Chromium"), ("Chrome/", "Chrome"), ("MSIE ", "Internet Explorer"), ("Trident/", "Internet Explorer"),
        ("Version/", "Safari"),
    ];

    private static readonly (string Mark, string Name)[] systems =
    [
        ("Windows Phone", "Windows Phone"), ("Windows NT 10.0", "Windows 10"), ("Windows NT 6.3", "Windows 8.1"), ("Windows NT 6.2", "Windows 8"), ("Windows NT 6.1", "Windows 7"), ("Windows", "Windows"),
        ("iPhone", "iOS"), ("iPad", "iPadOS"), ("iPod", "iOS"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Tizen", "Tizen"), ("Web0S", "webOS"), ("KAIOS", "KaiOS"),
        ("Mac OS X", "macOS"), ("Macintosh", "macOS"), ("Linux", "Linux"), ("FreeBSD", "FreeBSD"),
    ];

    private static readonly string[] robots =
    [
        "bot", "crawl", "spider", "slurp", "headless", "lighthouse", "pagespeed", "preview", "facebookexternalhit", "curl/", "wget/", "python-", "java/", "go-http-client", "okhttp/",
        "libwww", "scrapy", "phantomjs", "selenium", "puppeteer", "playwright", "monitor", "pingdom", "uptime", "validator", "archiver", "feedfetcher", "mediapartners", "node-fetch", "axios/", "undici",
    ];

    // Programs with browsers' words in them.
    private static readonly string[] noRobots = ["cubot"];

    private static readonly ConcurrentDictionary<string, Agent> known = new(StringComparer.Ordinal);

    public static Agent Of(string? header)
    {
        if (string.IsNullOrEmpty(header)) return Agent.Unknown;
        if (known.TryGetValue(header, out var agent)) return agent;
        if (known.Count > Remembered) known.Clear();
        return known[header] = Parse(header.Length <= 1000 ? header : header[..1000]);
    }

    private static Agent Parse(string header)
    {
        var lower = header.ToLowerInvariant();
        foreach (var word in noRobots) lower = lower.Replace(word, string.Empty, StringComparison.Ordinal);
        var robot = Array.Exists(robots, r => lower.Contains(r, StringComparison.Ordinal));
        var os = Find(systems, header, withVersion: false);
        return new Agent(robot ? "bot" : Device(header, os), Find(browsers, header, withVersion: true), os is "iOS" or "iPadOS" ? os + Version(header, "OS ") : os is "Android" ? os + Version(header, "Android ") : os);
    }

    private static string? Device(string header, string? os) => header switch
    {
        _ when header.Contains("TV", StringComparison.Ordinal) || os is "Tizen" or "webOS" || header.Contains("AFT", StringComparison.Ordinal) && header.Contains("Silk/", StringComparison.Ordinal) => "tv",
        _ when os is "iPadOS" || header.Contains("Tablet", StringComparison.Ordinal) || os is "Android" && !header.Contains("Mobile", StringComparison.Ordinal) => "tablet",
        _ when header.Contains("Mobi", StringComparison.Ordinal) || os is "iOS" or "Windows Phone" or "KaiOS" => "mobile",
        _ when os is not null => "desktop",
        _ => null,
    };

    private static string? Find((string Mark, string Name)[] table, string header, bool withVersion)
    {
        foreach (var (mark, name) in table)
        {
            var at = header.IndexOf(mark, StringComparison.Ordinal);
            if (at < 0) continue;
            if (name == "Safari" && !header.Contains("Safari/", StringComparison.Ordinal)) continue;
            if (!withVersion) return name;
            // Internet Explorer 11 hides its number behind that of its engine.
            return name + (mark == "Trident/" ? Version(header, "rv:") : Version(header, mark));
        }
        return null;
    }

    private static string Version(string header, string mark)
    {
        var at = header.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0) return string.Empty;
        var digits = header.AsSpan(at + mark.Length);
        var length = 0;
        while (length < digits.Length && length < 6 && char.IsAsciiDigit(digits[length])) length++;
        return length == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" {digits[..length]}");
    }

    /// <summary>Client hints tell what the header no longer does: Windows 11, the system of a reduced header.</summary>
    public static Agent With(Agent agent, string? platform, string? platformVersion, bool? mobile)
    {
        if (agent.Device == "bot") return agent;
        var os = platform switch
        {
            null or "" or "Unknown" => agent.Os,
            "Windows" => int.TryParse(platformVersion?.Split('.')[0], CultureInfo.InvariantCulture, out var version) && version >= 13 ? "Windows 11" : agent.Os ?? "Windows",
            "macOS" => "macOS",
            "Android" => agent.Os is { } known && known.StartsWith("Android", StringComparison.Ordinal) ? known : "Android",
            "Chrome OS" => "ChromeOS",
            _ => platform.Length <= 50 ? platform : agent.Os,
        };
        return agent with { Os = os, Device = agent.Device ?? (mobile is { } m ? (m ? "mobile" : "desktop") : null) };
    }
}

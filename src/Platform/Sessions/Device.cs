namespace Clientele.Platform.Sessions;

/// <summary>What a User-Agent header says of a device, coarsely: enough for people to know their own.</summary>
internal sealed record Device(string Type, string? Browser, string? System)
{
    // In this order: most browsers also call themselves others.
    private static readonly (string Mark, string Name)[] browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];

    private static readonly (string Mark, string Name)[] systems =
        [("iPhone", "iOS"), ("iPad", "iPadOS"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

    public static Device Of(string agent)
    {
        string? Named((string Mark, string Name)[] names) => Array.Find(names, n => agent.Contains(n.Mark, StringComparison.Ordinal)).Name;
        var tablet = agent.Contains("iPad", StringComparison.Ordinal) || (agent.Contains("Android", StringComparison.Ordinal) && !agent.Contains("Mobile", StringComparison.Ordinal));
        var type = tablet ? "tablet" : agent.Contains("Mobi", StringComparison.Ordinal) ? "mobile" : agent.Contains("Mozilla/", StringComparison.Ordinal) ? "desktop" : "other";
        return new Device(type, Named(browsers), Named(systems));
    }

    /// <summary>"Firefox, Linux".</summary>
    public string Words => string.Join(", ", ((string?[])[Browser, System]).Where(w => w is not null)) is { Length: > 0 } words ? words : Type;
}

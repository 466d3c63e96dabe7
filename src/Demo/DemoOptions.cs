namespace Clientele.Demo;

/// <summary>Which shop to tell of: the same options tell the same year, event for event.</summary>
/// <param name="Size">About how many events the year has.</param>
/// <param name="End">The year's last moment; the newest events lie just before it.</param>
public sealed record DemoOptions(long Size, long Seed, DateTimeOffset End)
{
    /// <summary>A small shop's year; it loads in a few seconds.</summary>
    public const long DefaultSize = 150_000;

    public const long LargestSize = 100_000_000;
}

/// <summary>How far a load is.</summary>
/// <param name="Share">From 0 to 1.</param>
public sealed record DemoProgress(long Events, double Share);

/// <summary>What a load left: the whole shop, not only what this call added.</summary>
/// <param name="AlreadyThere">The shop was complete before the call.</param>
/// <param name="Events">Events of the shop's year, the facts of its orders among them.</param>
public sealed record DemoResult(bool AlreadyThere, long Events);

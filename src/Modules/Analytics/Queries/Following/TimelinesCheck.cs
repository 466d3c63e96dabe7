using System.Globalization;
using Clientele.Platform.Health;

namespace Clientele.Analytics.Queries.Following;

/// <summary>Does this node answer from its timelines, and how fresh are they? Without them questions are answered in SQL, which takes longer.</summary>
internal static class TimelinesCheck
{
    /// <summary>An event is to be seen within five seconds; from here on somebody should look.</summary>
    private const double LateSeconds = 30;

    public static HealthCheck Of(TimelinesNode node) => new("analytics", "timelines", TimeSpan.FromSeconds(2), _ => Task.FromResult(Find(node.Status))) { OfEachNode = true };

    public static Finding Find(TimelinesStatus status)
    {
        var data = new { builtShare = Math.Round(status.State == "following" ? 1 : status.Progress, 3), lagSeconds = Math.Round(status.LagSeconds, 1) };
        return status switch
        {
            { Problem: { } reason } => Finding.Degraded("timelines_failed", $"The timelines do not follow the log: {reason}", new { data.builtShare, data.lagSeconds, reason }),
            { State: "building" } => Finding.Degraded("timelines_building", string.Create(CultureInfo.InvariantCulture, $"The timelines are being built: {status.Progress:P0} is done. Until then questions are answered in SQL."), data),
            { State: "following", LagSeconds: < LateSeconds } => Finding.Well(data),
            { State: "following" } => Finding.Degraded("timelines_behind", string.Create(CultureInfo.InvariantCulture, $"The timelines are {status.LagSeconds:0} s behind the log."), data),
            _ => Finding.Degraded("timelines_waiting", "The timelines wait for the database or for their folder.", data),
        };
    }
}

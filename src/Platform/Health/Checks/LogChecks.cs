using System.Globalization;
using Clientele.Platform.Log;

namespace Clientele.Platform.Health.Checks;

/// <summary>The log's watermark, and each consumer of it. What they call degraded, <c>/health/ready</c> calls so too.</summary>
internal static class LogChecks
{
    /// <summary>From this age on, a held watermark is a warning: write transactions are to take a second at most.</summary>
    private const double WatermarkWarning = 10;

    /// <summary>A consumer that is so far behind shows people what is no longer so.</summary>
    private const double ConsumerWarning = 60;

    public static HealthCheck Watermark(LogHealth log) => new("log", "watermark", TimeSpan.FromSeconds(5), async ct => Find(log.WatermarkAgeSeconds, await log.Blocker(ct)));

    public static HealthCheck Consumer(LogHealth log, string name) => new("log", $"consumer {name}", TimeSpan.FromSeconds(10),
        async ct => await log.Consumers(name, ct) is [var consumer] ? Find(consumer) : new Finding(HealthStatus.Degraded, "It has not begun yet."));

    public static Finding Find(double age, LogBlocker? blocker)
    {
        var data = new { ageSeconds = Math.Round(age, 1), blocker?.Pid, blocker?.ApplicationName };
        if (age < WatermarkWarning) return Finding.Well(data);
        var who = blocker is { } b
            ? $" by process {b.Pid} ({b.ApplicationName}, {b.State}, since {b.StartedAt:u}). End it with select pg_terminate_backend({b.Pid})."
            : " by a transaction this login may not see. Look in pg_stat_activity and pg_prepared_xacts as an administrator.";
        return new Finding(HealthStatus.Degraded, $"Held for {age.ToString("0", CultureInfo.InvariantCulture)} s{who} Until then no consumer of the log goes on.", data);
    }

    public static Finding Find(ConsumerStatus c) => new(
        c.Problem is null && c.LagSeconds < ConsumerWarning ? HealthStatus.Healthy : HealthStatus.Degraded,
        c.Problem ?? (c.LagSeconds < ConsumerWarning ? null : string.Create(CultureInfo.InvariantCulture, $"{c.LagEvents} events, {c.LagSeconds:0.0} s behind.")),
        new { lagEvents = c.LagEvents, lagSeconds = Math.Round(c.LagSeconds, 1), eventsRead = c.EventsRead });
}

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
        async ct => await log.Consumers(name, ct) is [var consumer] ? Find(consumer) : NotBegun);

    public static Finding NotBegun { get; } = Finding.Degraded("consumer_not_begun", "It has not begun yet.");

    public static Finding Find(double age, LogBlocker? blocker)
    {
        var heldSeconds = Math.Round(age, 1);
        if (age < WatermarkWarning) return Finding.Well(new { heldSeconds });
        var held = $"Held for {age.ToString("0", CultureInfo.InvariantCulture)} s";
        const string Until = "Until then no consumer of the log goes on.";
        return blocker is { } b
            ? Finding.Degraded("watermark_held", $"{held} by process {b.Pid} ({b.ApplicationName}, {b.State}, since {b.StartedAt:u}). End it with select pg_terminate_backend({b.Pid}). {Until}",
                new { heldSeconds, process = b.Pid, application = b.ApplicationName, state = b.State, startedAt = b.StartedAt })
            : Finding.Degraded("watermark_held_unseen", $"{held} by a transaction this login may not see. Look in pg_stat_activity and pg_prepared_xacts as an administrator. {Until}", new { heldSeconds });
    }

    public static Finding Find(ConsumerStatus c)
    {
        var (lagEvents, lagSeconds, eventsRead) = (c.LagEvents, Math.Round(c.LagSeconds, 1), c.EventsRead);
        return c.Problem is { } reason ? Finding.Degraded("consumer_failed", reason, new { lagEvents, lagSeconds, eventsRead, reason })
            : c.LagSeconds < ConsumerWarning ? Finding.Well(new { lagEvents, lagSeconds, eventsRead })
            : Finding.Degraded("consumer_behind", string.Create(CultureInfo.InvariantCulture, $"{lagEvents} events, {c.LagSeconds:0.0} s behind."), new { lagEvents, lagSeconds, eventsRead });
    }
}

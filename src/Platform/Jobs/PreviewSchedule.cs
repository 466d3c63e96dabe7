using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Jobs;

/// <summary>GET /api/jobs/schedule?cron=…&amp;timeZone=…: when a schedule would come true, before it is kept.</summary>
internal static class PreviewSchedule
{
    public sealed record View(IReadOnlyList<DateTimeOffset> Next);

    public static async Task<View> Handle(string cron, string? timeZone, Db db, CancellationToken ct)
    {
        await Check(db, cron, timeZone ?? "UTC", ct);
        return new View(await Next(db, cron, timeZone ?? "UTC", ct));
    }

    /// <summary>The next five times of a schedule that is right.</summary>
    internal static Task<List<DateTimeOffset>> Next(Db db, string cron, string zone, CancellationToken ct) => db.List<DateTimeOffset>($"""
        with recursive times (n, at) as (
            select 1, platform.next_run({cron}, {zone}, now())
            union all
            select t.n + 1, platform.next_run({cron}, {zone}, t.at) from times t where t.n < 5
        )
        select t.at from times t order by t.n
        """, ct);

    /// <exception cref="Problem">Either is wrong.</exception>
    internal static async Task Check(Db db, string? cron, string? zone, CancellationToken ct)
    {
        if (cron is not null && (cron.Length > 100 || cron.Contains('\0', StringComparison.Ordinal) || !await db.One<bool>($"select platform.is_cron({cron})", ct)))
            throw Problem.Invalid("cronExpression", "A cron expression has five fields that come true at some time: minute, hour, day of the month, month, day of the week. For example 0 2 * * * for two at night.");
        if (zone is not null && (zone.Length > 100 || zone.Contains('\0', StringComparison.Ordinal) || !await db.One<bool>($"select platform.is_time_zone({zone})", ct)))
            throw Problem.Invalid("timeZone", "The time zone is an IANA name such as Europe/London.");
    }
}

using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Jobs;

/// <summary>GET /api/jobs/runs/{run}: a run and what it told.</summary>
internal static class GetRun
{
    /// <param name="Log">The first lines after the one asked for, at most 1,000.</param>
    public sealed record View(RunView Run, IReadOnlyList<Line> Log);

    /// <param name="Number">Ask for what comes after it with <c>after</c>.</param>
    /// <param name="Level"><c>info</c>, <c>warning</c> or <c>error</c>.</param>
    public sealed record Line(long Number, DateTimeOffset At, string Level, string Message);

    public static async Task<View> Handle(Guid run, long? after, Db db, CancellationToken ct)
    {
        var found = await RunView.List(db, $"r.id = {run}", 1, ct) is [var one] ? one : throw Problem.NotFound("run");
        return new View(found, await db.List<Line>($"""
            select l.line as number, l.logged_at as at, l.level, l.message from platform.job_logs l
            where l.organization_id = platform.organization() and l.run_id = {run} and l.line > {after ?? 0}
            order by l.line limit 1000
            """, ct));
    }
}

using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Platform.Jobs;

/// <summary>GET /api/jobs/{id}/runs: newest first.</summary>
internal static class ListRuns
{
    /// <param name="Before">Where the next page begins; null: this was the last.</param>
    public sealed record Page(IReadOnlyList<RunView> Items, string? Before);

    public static async Task<Page> Handle(Guid id, string? status, int? limit, string? before, Db db, IEnumerable<JobHandler> handlers, CancellationToken ct)
    {
        if (status is not (null or "running" or "success" or "failed" or "timeout" or "cancelled" or "skipped"))
            throw Problem.Invalid("status", "A run is running, or ended as success, failed, timeout, cancelled or skipped.");
        if (limit is < 1 or > 200) throw Problem.Invalid("limit", "A page has 1 to 200 runs.");
        await JobView.Of(db, handlers, id, ct);
        Sql place = $"true";
        if (before is not null)
        {
            var (time, run) = Cursor.Read(before);
            place = $"(r.started_at, r.id) < ({time}, {run})";
        }
        var most = limit ?? 50;
        var runs = await RunView.List(db, $"r.job_id = {id} and ({status}::text is null or r.status = {status}) and {place}", most, ct);
        return new Page(runs, runs.Count < most ? null : Cursor.Write(runs[^1].StartedAt, runs[^1].Id));
    }
}

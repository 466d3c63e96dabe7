using Clientele.Platform.Data;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Jobs;

/// <summary>POST /api/jobs/{id}/run: runs it as soon as a worker is free, also while it is switched off.</summary>
internal static class RunJob
{
    public static async Task<IResult> Handle(Guid id, Db db, IEnumerable<JobHandler> handlers, CancellationToken ct)
    {
        await db.Run($"select platform.run_job({id})", ct);
        return Results.Accepted($"/api/jobs/{id}", await JobView.Of(db, handlers, id, ct));
    }
}

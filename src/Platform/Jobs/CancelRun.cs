using Clientele.Platform.Data;
using Microsoft.AspNetCore.Http;

namespace Clientele.Platform.Jobs;

/// <summary>POST /api/jobs/runs/{run}/cancel: its worker stops it within seconds.</summary>
internal static class CancelRun
{
    public static async Task<IResult> Handle(Guid run, Db db, CancellationToken ct)
    {
        await db.Run($"select platform.cancel_run({run})", ct);
        return Results.Accepted($"/api/jobs/runs/{run}", (await RunView.List(db, $"r.id = {run}", 1, ct))[0]);
    }
}

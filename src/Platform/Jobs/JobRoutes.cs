using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Clientele.Platform.Jobs;

/// <summary>/api/jobs</summary>
internal static class JobRoutes
{
    public static void Map(RouteGroupBuilder jobs)
    {
        jobs.MapGet("/", ListJobs.Handle);
        jobs.MapGet("/schedule", PreviewSchedule.Handle);
        jobs.MapGet("/{id:guid}", GetJob.Handle);
        jobs.MapPut("/{id:guid}", ChangeJob.Handle);
        jobs.MapPost("/{id:guid}/run", RunJob.Handle).Produces<JobView>(StatusCodes.Status202Accepted);
        jobs.MapGet("/{id:guid}/runs", ListRuns.Handle);
        jobs.MapGet("/runs/{run:guid}", GetRun.Handle);
        jobs.MapPost("/runs/{run:guid}/cancel", CancelRun.Handle).Produces<RunView>(StatusCodes.Status202Accepted);
    }
}

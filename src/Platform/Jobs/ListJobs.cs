using Clientele.Platform.Data;

namespace Clientele.Platform.Jobs;

/// <summary>GET /api/jobs</summary>
internal static class ListJobs
{
    public sealed record ListView(IReadOnlyList<JobView> Items);

    public static async Task<ListView> Handle(Db db, IEnumerable<JobHandler> handlers, CancellationToken ct)
    {
        return new ListView(await JobView.List(db, handlers, $"true", ct));
    }
}

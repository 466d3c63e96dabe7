using Clientele.Platform.Data;
using Clientele.Platform.Web;

namespace Clientele.Platform.Jobs;

/// <summary>GET /api/jobs</summary>
internal static class ListJobs
{
    public sealed record ListView(IReadOnlyList<JobView> Items);

    public static async Task<ListView> Handle(Caller caller, Db db, IEnumerable<JobHandler> handlers, CancellationToken ct)
    {
        caller.Require(Can.Administer);
        return new ListView(await JobView.List(db, handlers, $"true", ct));
    }
}

using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Platform.Health.Errors;

/// <summary>GET /api/errors/{id}: a group with the newest of its occurrences.</summary>
internal static class GetError
{
    /// <param name="Samples">Newest first, ten at most; the platform keeps five of its own. What products wrote is shown to their organizations only.</param>
    public sealed record View(ErrorView Error, IReadOnlyList<Sample> Samples);

    /// <param name="Request">The code that the answer showed, also the id of its trace.</param>
    /// <param name="Context">Route, method, node, logger… of the platform's own errors; what a product wrote of its own.</param>
    public sealed record Sample(DateTimeOffset At, string Message, string? Stack, string? Request, JsonElement Context);

    public static async Task<View> Handle(Guid id, string? scope, Caller caller, Databases databases, Db db, CancellationToken ct)
    {
        var (reader, all) = await ErrorScope.Of(scope, caller, databases, db, ct);
        return new View(await Find(reader, all, id, ct), await reader.List<Sample>($"""
            select l.created_at as at, l.error_message as message, l.stack_trace as stack, l.request_id as request, l.context
            from platform.error_logs l
            where l.group_id = {id} and (l.own or not {all}) and ({all} or l.organization_id = platform.organization())
            union all
            select s.at, s.message, s.stack, s.request, s.context
            from platform.error_groups g
            cross join lateral jsonb_to_recordset(g.samples) as s (at timestamptz, message text, stack text, request text, context jsonb)
            where g.id = {id} and {all}
            order by at desc
            limit 10
            """, ct));
    }

    internal static async Task<ErrorView> Find(Db db, bool all, Guid id, CancellationToken ct) =>
        await ErrorView.List(db, all, $"g.id = {id}", 1, ct) is [var error] ? error : throw Problem.NotFound("error");
}

using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Platform.Health.Errors;

/// <summary>PUT /api/errors/{id}: resolves, ignores or opens a group.</summary>
internal static class ChangeError
{
    /// <param name="State"><c>open</c>; <c>resolved</c>: open again when it comes back; <c>ignored</c>: counted and left alone.</param>
    public sealed record Request(string? State);

    public static async Task<ErrorView> Handle(Guid id, string? scope, Request request, Caller caller, Databases databases, Db db, CancellationToken ct)
    {
        if (request.State is not ("open" or "resolved" or "ignored")) throw Problem.Invalid("state", "An error becomes open, resolved or ignored.");
        var (reader, all) = await ErrorScope.Of(scope, caller, databases, db, ct);
        await GetError.Find(reader, all, id, ct);
        await reader.Run($"""
            update platform.error_groups g set state = {request.State}, changed_at = now(), changed_by = {caller.UserId}
            where g.id = {id} and g.state <> {request.State} and ({all} or g.about = platform.organization())
            """, ct);
        return await GetError.Find(reader, all, id, ct);
    }
}

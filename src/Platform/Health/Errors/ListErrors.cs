using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Platform.Health.Errors;

/// <summary>GET /api/errors: groups, those seen last first.</summary>
internal static class ListErrors
{
    /// <param name="Before">Where the next page begins; null: this was the last.</param>
    /// <param name="IsOperator">Whether the caller may ask for the whole installation's.</param>
    public sealed record Page(IReadOnlyList<ErrorView> Items, string? Before, bool IsOperator);

    public static async Task<Page> Handle(
        string? scope, string? state, string? severity, string? source, string? text, int? limit, string? before, Caller caller, Databases databases, Db db, CancellationToken ct)
    {
        if (state is not (null or "open" or "resolved" or "ignored")) throw Problem.Invalid("state", "An error is open, resolved or ignored.");
        if (severity is not (null or "error" or "critical")) throw Problem.Invalid("severity", "The severity is error or critical.");
        if (limit is < 1 or > 200) throw Problem.Invalid("limit", "A page has 1 to 200 errors.");
        if (text?.Length > 200 || source?.Length > 100 || $"{text}{source}".Contains('\0', StringComparison.Ordinal)) throw Problem.Invalid("text", "Search for 200 characters at most.");
        var (reader, all) = await ErrorScope.Of(scope, caller, databases, db, ct);
        Sql place = $"true";
        if (before is not null)
        {
            var (time, id) = Cursor.Read(before);
            place = $"(g.last_seen, g.id) < ({time}, {id})";
        }
        // What people quote is the code of an answer: the request's.
        Sql found = string.IsNullOrWhiteSpace(text) ? $"true" : (Sql)$"""
            (position(lower({text.Trim()}) in lower(concat_ws(' ', g.error_type, case when g.own or not {all} then g.message end, g.place))) > 0
             or exists (select from platform.error_logs l where l.group_id = g.id and l.organization_id = g.about and (l.own or not {all}) and l.request_id = {text.Trim()})
             or exists (select from jsonb_array_elements(g.samples) as s where s ->> 'request' = {text.Trim()}))
            """;
        var most = limit ?? 50;
        var items = await ErrorView.List(reader, all,
            $"({state}::text is null or g.state = {state}) and ({severity}::text is null or g.severity = {severity}) and ({source}::text is null or g.source = {source}) and {place} and {found}", most, ct);
        return new Page(items, items.Count < most ? null : Cursor.Write(items[^1].LastSeen, items[^1].Id), all || await Operators.Include(caller, databases, ct));
    }
}

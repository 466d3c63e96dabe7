using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Web;

namespace Clientele.Platform.Audit;

/// <summary>GET /api/audit: the audit trail, newest first.</summary>
internal static class ListAudit
{
    /// <param name="Before">Where the next page begins; null: this was the last.</param>
    public sealed record Page(IReadOnlyList<AuditView> Items, string? Before);

    public static async Task<Page> Handle(
        string? actor, string? action, string? @object, string? objectId, DateTimeOffset? from, DateTimeOffset? to, string? severity, string? text, int? limit, string? before,
        Db db, CancellationToken ct)
    {
        if (limit is < 1 or > 200) throw Problem.Invalid("limit", "A page has 1 to 200 entries.");
        var most = limit ?? 50;
        var filter = new AuditFilter(actor, action, @object, objectId, from, to, severity, text);
        var items = await AuditView.List(db, $"{filter.Where()} and {AuditFilter.Before(before)}", most, ct);
        return new Page(items, items.Count < most ? null : Cursor.Write(items[^1].At, items[^1].Id));
    }
}

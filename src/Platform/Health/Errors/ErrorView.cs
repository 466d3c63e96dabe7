using Clientele.Platform.Data;

namespace Clientele.Platform.Health.Errors;

/// <summary>Errors that are the same one.</summary>
/// <param name="Organization">The word of the organization it happened in; null: in none. Always null in a list of one's own.</param>
/// <param name="Source">The module: <c>commerce</c>; <c>framework</c> when none of ours.</param>
/// <param name="Type">Of the exception, or the name of the log's message.</param>
/// <param name="Message">Without numbers, ids and names: they are not kept. Empty for operators when a product wrote it: its words are its organization's.</param>
/// <param name="Place">The innermost methods of ours, one a line.</param>
/// <param name="Severity"><c>error</c> or <c>critical</c>.</param>
/// <param name="State"><c>open</c>, <c>resolved</c> (open again when it comes back) or <c>ignored</c>.</param>
/// <param name="Reopened">How often it came back after it was resolved.</param>
public sealed record ErrorView(
    Guid Id, string? Organization, string Source, string Type, string Message, string? Place, string Severity, long Occurrences, DateTimeOffset FirstSeen, DateTimeOffset LastSeen,
    string State, long Reopened, DateTimeOffset? ChangedAt, string? ChangedBy)
{
    /// <param name="db">Of the organization, or the service's for all of them.</param>
    /// <param name="which">A condition on <c>g</c>.</param>
    internal static Task<List<ErrorView>> List(Db db, bool all, Sql which, int limit, CancellationToken ct) => db.List<ErrorView>($"""
        select g.id, case when {all} then o.slug end as organization, g.source, g.error_type as type, case when g.own or not {all} then g.message else '' end as message, g.place, g.severity, g.occurrences, g.first_seen, g.last_seen,
               g.state, g.reopened, g.changed_at, u.name as changed_by
        from platform.error_groups g
        left join platform.organizations o on o.id = g.about
        left join platform.platform_users u on u.id = g.changed_by
        where ({all} or g.about = platform.organization()) and {which}
        order by g.last_seen desc, g.id desc
        limit {limit}
        """, ct);
}

using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.Platform.Health;

/// <summary>GET /api/health/check?service=…&amp;name=…: how long a check took over time, and each change of its status.</summary>
internal static class GetCheck
{
    private const int Pieces = 96;

    /// <param name="Points">Of the period's ninety-sixth parts those in which it was looked at, oldest first.</param>
    /// <param name="Changes">Newest first, at most 50.</param>
    public sealed record View(string Service, string Name, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<Point> Points, IReadOnlyList<Change> Changes);

    /// <param name="AverageMs">Null where the checks do not say how long they took.</param>
    /// <param name="Bad">Looks that found it degraded or unhealthy.</param>
    public sealed record Point(DateTimeOffset At, double? AverageMs, int? MostMs, long Looks, long Bad);

    /// <param name="From">Null: the first look of all.</param>
    /// <param name="Code">Which fault it was; null when there was none, to whom details are not told, and of an organization's own probes.</param>
    /// <param name="Detail">The fault in English.</param>
    /// <param name="Data">Figures, and all that the sentence names.</param>
    public sealed record Change(DateTimeOffset At, string? From, string To, string? Code, string? Detail, JsonElement? Data);

    public static async Task<View> Handle(string service, string name, int? hours, bool? ofOrganization, Caller caller, Databases databases, Db db, TimeProvider clock, CancellationToken ct)
    {
        if (hours is < 1 or > 720) throw Problem.Invalid("hours", "The history reaches back 1 to 720 hours.");
        if (service.Contains('\0', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal)) throw Problem.NotFound("check");
        var own = ofOrganization is true;
        var (now, whole) = (clock.GetUtcNow(), own || await Operators.Include(caller, databases, ct));
        var from = now.AddHours(-(hours ?? 24));
        var reader = own ? db : new Db(databases.Service, Tenant.None);
        Sql results = own ? (Sql)$"platform.system_health_checks h where h.organization_id = platform.organization()" : $"platform.health_results h where (h.node is null or {whole})";
        results = $"{results} and h.service_name = {service} and h.check_name = {name} and h.checked_at > {from}";
        Sql code = own ? (Sql)$"null::text" : $"h.code";
        var points = await reader.List<Point>($"""
            select to_timestamp(extract(epoch from {from}) + (p.piece - 1) * extract(epoch from {now - from}) / {Pieces}) as at,
                   p.average_ms, p.most_ms, p.looks, p.bad
            from (
                select width_bucket(extract(epoch from h.checked_at), extract(epoch from {from}), extract(epoch from {now}), {Pieces}) as piece,
                       avg(h.response_time_ms)::double precision as average_ms, max(h.response_time_ms) as most_ms, count(*) as looks, count(*) filter (where h.status <> 'healthy') as bad
                from {results}
                group by 1
            ) as p
            order by p.piece
            """, ct);
        if (points.Count == 0) throw Problem.NotFound("check");
        var changes = await reader.List<Change>($"""
            select l.checked_at as at, l.before as from, l.status as to, l.code, l.error_message as detail, l.check_data as data
            from (select h.checked_at, h.status, {code} as code, h.error_message, h.check_data, lag(h.status) over (order by h.checked_at) as before from {results}) as l
            where l.before is distinct from l.status
            order by l.checked_at desc
            limit 50
            """, ct);
        return new View(service, name, from, now, points, whole ? changes : [.. changes.Select(c => c with { Code = null, Detail = null, Data = null })]);
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using Clientele.Platform.Data;
using Clientele.Platform.Problems;
using Clientele.Platform.Tenancy;
using Clientele.Platform.Web;

namespace Clientele.Platform.Health;

/// <summary>
/// GET /api/health: each check with its history. What is wrong with the installation, and with which node, is told to operators; others
/// see that something is, and of single nodes nothing. An organization's own probes are shown to its administrators whole.
/// </summary>
internal static class GetHealth
{
    private const int Pieces = 60;

    /// <summary>An organization may write probes under as many names as it likes; a page is read by people.</summary>
    private const int MostOwn = 200;

    /// <param name="Status">The worst of those that still report; one that fell silent within the hour counts as degraded. Null when nothing was looked at yet.</param>
    /// <param name="IsOperator">Whether the caller sees details of the installation.</param>
    /// <param name="Nodes">For operators.</param>
    /// <param name="From">When the first piece of each history begins.</param>
    public sealed record View(string? Status, bool IsOperator, DateTimeOffset From, DateTimeOffset To, IReadOnlyList<CheckView> Checks, IReadOnlyList<NodeView> Nodes);

    /// <param name="OfOrganization">It is the organization's own; otherwise the installation's.</param>
    /// <param name="Status"><c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>; <c>silent</c> when nothing was heard for ten minutes.</param>
    /// <param name="Code">Which fault it is; null when there is none, to whom details are not told, and of an organization's own probes.</param>
    /// <param name="Detail">The fault in English.</param>
    /// <param name="Data">Figures, and all that the sentence names.</param>
    /// <param name="ResponseMs">How long the newest look took.</param>
    /// <param name="Uptime">The share of looks that did not find it unhealthy, from 0 to 1.</param>
    /// <param name="ChangedAt">When its status last became another; null: not within the period.</param>
    /// <param name="Changes">How often it did.</param>
    /// <param name="History">The worst status of each sixtieth of the period, oldest first; null where nothing was looked at.</param>
    public sealed record CheckView(
        bool OfOrganization, string Service, string Name, string Status, string? Code, string? Detail, JsonElement? Data, int? ResponseMs, DateTimeOffset CheckedAt,
        double Uptime, DateTimeOffset? ChangedAt, long Changes, IReadOnlyList<string?> History);

    public sealed record NodeView(string Name, string Version, DateTimeOffset StartedAt, DateTimeOffset SeenAt, JsonElement Facts);

    internal sealed record Row(
        string Service, string Name, string Status, string? Code, string? Detail, JsonElement? Data, int? ResponseMs, DateTimeOffset CheckedAt,
        double Uptime, DateTimeOffset? ChangedAt, long Changes, int[] Pieces, int[] Worst);

    private static readonly string[] words = ["healthy", "degraded", "unhealthy"];

    public static async Task<View> Handle(int? hours, Caller caller, Databases databases, Db db, LongHistory past, TimeProvider clock, CancellationToken ct)
    {
        if (hours is < 1 or > 720) throw Problem.Invalid("hours", "The history reaches back 1 to 720 hours.");
        var now = clock.GetUtcNow();
        var from = now.AddHours(-(hours ?? 24));
        var mayAll = await Operators.Include(caller, databases, ct);
        var service = new Db(databases.Service, Tenant.None);
        // Of a node that has gone nobody need know how it is.
        Sql present = $"(h.node is null or {mayAll} and exists (select from platform.nodes n where n.name = h.node and n.seen_at > {now.AddHours(-1)}))";
        var installation = await past.Of(hours ?? 24, mayAll, now, () => Read(service, $"platform.health_results h where h.checked_at > {from} and {present}", $"h.code", from, now, int.MaxValue, ct));
        var own = await Read(db, $"platform.system_health_checks h where h.organization_id = platform.organization() and h.checked_at > {from}", $"null::text", from, now, MostOwn, ct);
        var nodes = !mayAll ? [] : await service.List<NodeView>($"""
            select n.name, n.version, n.started_at, n.seen_at, n.facts from platform.nodes n where n.seen_at > {now.AddHours(-1)} order by n.name, n.started_at
            """, ct);
        List<CheckView> checks = [.. installation.Select(r => ViewOf(r, false, mayAll, now)), .. own.Select(r => ViewOf(r, true, true, now))];
        // Silence is no good sign, until it has lasted so long that it will be on purpose.
        var worst = checks.Select(c => c.Status != "silent" ? Array.IndexOf(words, c.Status) : c.CheckedAt > now.AddHours(-1) ? 1 : -1).DefaultIfEmpty(-1).Max();
        return new View(worst < 0 ? null : words[worst], mayAll, from, now, checks, nodes);
    }

    private static CheckView ViewOf(Row r, bool own, bool whole, DateTimeOffset now)
    {
        var history = new string?[Pieces];
        foreach (var (piece, worst) in r.Pieces.Zip(r.Worst)) history[Math.Clamp(piece - 1, 0, Pieces - 1)] = words[worst];
        // An organization's own probes come as often as they come.
        var status = !own && r.CheckedAt < now.AddMinutes(-10) ? "silent" : r.Status;
        return new CheckView(own, r.Service, r.Name, status, whole ? r.Code : null, whole ? r.Detail : null, whole ? r.Data : null, r.ResponseMs, r.CheckedAt, r.Uptime, r.ChangedAt, r.Changes, history);
    }

    private static Task<List<Row>> Read(Db db, Sql results, Sql code, DateTimeOffset from, DateTimeOffset to, int most, CancellationToken ct) => db.List<Row>($"""
        with looks as (
            select h.service_name, h.check_name, h.checked_at, h.status,
                   array_position(array['healthy', 'degraded', 'unhealthy'], h.status) - 1 as badness,
                   lag(h.status) over (partition by h.service_name, h.check_name order by h.checked_at) as before,
                   width_bucket(extract(epoch from h.checked_at), extract(epoch from {from}), extract(epoch from {to}), {Pieces}) as piece
            from {results}
        ), pieces as (
            select l.service_name, l.check_name, array_agg(l.piece order by l.piece) as pieces, array_agg(l.worst order by l.piece) as worst
            from (select x.service_name, x.check_name, x.piece, max(x.badness) as worst from looks x group by 1, 2, 3) as l
            group by 1, 2
        ), sums as (
            select l.service_name, l.check_name, max(l.checked_at) as newest,
                   avg((l.badness < 2)::integer)::double precision as uptime,
                   max(l.checked_at) filter (where l.status <> l.before) as changed_at, count(*) filter (where l.status <> l.before) as changes
            from looks l
            group by 1, 2
        )
        select s.service_name as service, s.check_name as name, n.status, n.code, n.error_message as detail, n.check_data as data, n.response_time_ms as response_ms, s.newest as checked_at,
               s.uptime, s.changed_at, s.changes, p.pieces, p.worst
        from sums s
        join pieces p on p.service_name = s.service_name and p.check_name = s.check_name
        cross join lateral (
            select h.status, {code} as code, h.error_message, h.check_data, h.response_time_ms
            from {results} and h.service_name = s.service_name and h.check_name = s.check_name and h.checked_at = s.newest
            limit 1
        ) as n
        order by s.service_name, s.check_name
        limit {most}
        """, ct);

    /// <summary>A month of looks takes a moment to add up, and hardly changes: for longer than a day it is done once a minute.</summary>
    internal sealed class LongHistory
    {
        private readonly ConcurrentDictionary<(int Hours, bool Whole), (DateTimeOffset At, List<Row> Rows)> known = new();

        public async Task<List<Row>> Of(int hours, bool whole, DateTimeOffset now, Func<Task<List<Row>>> read)
        {
            if (hours <= 24) return await read();
            if (known.TryGetValue((hours, whole), out var found) && found.At > now.AddMinutes(-1)) return found.Rows;
            foreach (var (key, old) in known) if (old.At < now.AddMinutes(-1)) known.TryRemove(key, out _);
            var rows = await read();
            known[(hours, whole)] = (now, rows);
            return rows;
        }
    }
}

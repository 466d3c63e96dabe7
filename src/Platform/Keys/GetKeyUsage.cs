using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Platform.Keys;

/// <summary>GET /api/keys/{id}/usage: what a key asked for, by day and by endpoint.</summary>
internal static class GetKeyUsage
{
    /// <param name="Days">Every day (UTC) of the period, oldest first.</param>
    /// <param name="Endpoints">The most used first.</param>
    public sealed record View(IReadOnlyList<Day> Days, IReadOnlyList<Endpoint> Endpoints);

    public sealed record Day(DateOnly Date, long Requests, long Errors, long BytesSent);

    /// <param name="MeanMs">How long an answer took on average.</param>
    /// <param name="MaxMs">And at most.</param>
    /// <param name="BytesSent">In the bodies of answers, before they are compressed.</param>
    public sealed record Endpoint(string Method, string Path, long Requests, long Errors, double MeanMs, long MaxMs, long BytesSent);

    public static async Task<View> Handle(Guid id, int? days, Db db, CancellationToken ct)
    {
        if (days is < 1 or > 366) throw Problem.Invalid("days", "The period has 1 to 366 days.");
        await KeyView.Of(db, id, ct);
        var back = (days ?? 30) - 1;
        var each = await db.List<Day>($"""
            select d::date as date, coalesce(sum(m.request_count), 0)::bigint as requests, coalesce(sum(m.error_count), 0)::bigint as errors,
                   coalesce(sum(m.bytes_sent), 0)::bigint as bytes_sent
            from generate_series((now() at time zone 'UTC')::date - {back}, (now() at time zone 'UTC')::date, interval '1 day') as d
            left join platform.api_usage_metrics m on m.organization_id = platform.organization() and m.api_key_id = {id} and m.metric_date = d::date
            group by d order by d
            """, ct);
        var endpoints = await db.List<Endpoint>($"""
            select m.http_method as method, m.api_endpoint as path, sum(m.request_count)::bigint as requests, sum(m.error_count)::bigint as errors,
                   (sum(m.total_time_ms) / nullif(sum(m.request_count), 0))::double precision as mean_ms, max(m.max_time_ms) as max_ms,
                   sum(m.bytes_sent)::bigint as bytes_sent
            from platform.api_usage_metrics m
            where m.organization_id = platform.organization() and m.api_key_id = {id} and m.metric_date >= (now() at time zone 'UTC')::date - {back} and m.request_count > 0
            group by 1, 2 order by 3 desc, 2 limit 50
            """, ct);
        return new View(each, endpoints);
    }
}

using Clientele.Platform.Data;
using Clientele.Timelines.Questions;
using Clientele.Timelines.Store;
using static Clientele.Analytics.Queries.Reference.Conditions;

namespace Clientele.Analytics.Queries.Reference;

/// <summary>
/// Questions in SQL over the log, written for clarity: what Timelines answers must be what this answers. Slow on purpose nowhere, fast
/// by design neither. Every statement returns rows (line, a, b, group1, group2, count, amount).
/// </summary>
internal static class ReferenceSql
{
    /// <summary>A decimal divided by this has no zeros at its end.</summary>
    private const decimal Unscaled = 1.0000000000000000000000000000m;

    private sealed record Row(int Line, int A, int B, string? Group1, string? Group2, long Count, decimal? Amount);

    /// <summary>The statements that answer a question.</summary>
    public static IReadOnlyList<Sql> Of(Question q) => q.Kind switch
    {
        QuestionKind.Trend => [.. q.Series.Select((s, i) => Trend(q, s, i))],
        QuestionKind.Funnel => [FunnelSql.Of(q)],
        QuestionKind.Retention => [Retention(q)],
        QuestionKind.Lifecycle => [Lifecycle(q)],
        QuestionKind.Stickiness => [Stickiness(q)],
        QuestionKind.Paths => [Paths(q)],
        QuestionKind.Segment => [SegmentSql.Of(q)],
        _ => [Timeline(q)],
    };

    /// <exception cref="TooManyCellsException">The answer has more numbers than an answer of Timelines may have.</exception>
    public static async Task<Dictionary<CellKey, Cell>> Ask(Db db, Question q, CancellationToken ct, StoreSizes? sizes = null)
    {
        var most = (sizes ?? new StoreSizes()).MostNumbers;
        var cells = new Dictionary<CellKey, Cell>();
        foreach (var statement in Of(q))
        {
            var rows = await db.List<Row>($"select * from ({statement}) as answer limit {most + 1L - cells.Count}", ct);
            if (rows.Count + cells.Count > most) throw new TooManyCellsException();
            foreach (var row in rows)
                if (row.Count > 0 || q.Kind == QuestionKind.Segment) cells.Add(new CellKey(row.Line, row.A, row.B, row.Group1, row.Group2), new Cell(row.Count, row.Amount / Unscaled)); // 1.50 and 1.5 are one number, and are written alike
        }
        return cells;
    }

    private static Sql Trend(Question q, Series series, int line)
    {
        var x = series.Of is { } of ? Number(of) : (Sql)$"null::numeric";
        Sql amount = series.Measure switch
        {
            Measure.Events or Measure.Customers => $"null::numeric",
            Measure.Sum or Measure.Average => $"sum(e.x)",
            Measure.Minimum => $"min(e.x)",
            Measure.Maximum => $"max(e.x)",
            var p => $"percentile_disc({Timelines.Scan.Percentile.Of(p) / 100.0}) within group (order by e.x)",
        };
        Sql count = series.Measure switch { Measure.Events => $"count(*)", Measure.Customers => $"count(distinct e.person)", _ => $"count(e.x)" };
        return $"""
            with {Facts(q)}, matching as (
                select f.person, {Period(q, new Calendar(q))} as period, {Groups(q)}, {x} as x
                from events f
                where {InRange(q)} and {Selects(series)}
            )
            select {line} as line, case when grouping(e.period) = 1 then -1 else e.period end as a, 0 as b, e.group1, e.group2, {count} as count, {amount} as amount
            from matching e
            group by grouping sets ((e.period, e.group1, e.group2), (e.group1, e.group2))
            """;
    }

    private static Sql Retention(Question q)
    {
        var calendar = new Calendar(q, 0, q.Periods - 1);
        // The first beginning ever, or the first of each period: of those at one instant, the first in the log.
        Sql period = Period(q, calendar);
        Sql first = q.First
            ? (Sql)$"select distinct on (f.person) f.*, {InRange(q)} as counts from events f where f.person is not null and {Selects(q.Start!)} and {UpToEnd(q)} order by f.person, f.occurred_at, f.profile, f.epoch, f.writer, f.position"
            : $"select distinct on (f.person, f.period) f.* from (select f.*, true as counts, {period} as period from events f where f.person is not null and {Selects(q.Start!)} and {InRange(q)}) f order by f.person, f.period, f.occurred_at, f.profile, f.epoch, f.writer, f.position";
        Sql stayed = q.Unbounded ? (Sql)$"k.k <= r.k" : $"k.k = r.k";
        Sql amount = q.Revenue ? (Sql)$"coalesce(sum(r.event_value) filter (where r.k is not null), 0)" : $"null::numeric";
        return $"""
            with {Facts(q)}, begun as (
                {first}
            ), cohorts as (
                select f.person, f.occurred_at, {period} as cohort, {Groups(q)} from begun f where f.counts
            ), returns as (
                select c.person, c.cohort, c.group1, c.group2, {period} - c.cohort as k, f.event_value
                from cohorts c
                join events f on f.person = c.person and f.occurred_at >= c.occurred_at and {Selects(q.Return!)}
            )
            select 0 as line, c.cohort as a, -1 as b, c.group1, c.group2, count(*) as count, null::numeric as amount
            from cohorts c
            group by c.cohort, c.group1, c.group2
            union all
            select 0, r.cohort, k.k, r.group1, r.group2, count(distinct r.person), {amount}
            from returns r
            join generate_series(0, {q.Periods - 1}) as k (k) on {stayed} and r.k < {q.Periods}
            group by r.cohort, k.k, r.group1, r.group2
            """;
    }

    private static Sql Lifecycle(Question q)
    {
        var calendar = new Calendar(q, 1);
        return $"""
            with {Facts(q)}, active as (
                -- A null period is one before all that are looked at.
                select distinct f.person, {Period(q, calendar)} as period
                from events f
                where f.person is not null and {UpToEnd(q)} and {Selects(q.Activity!)}
            ), placed as (
                select a.person, a.period, lag(a.period) over w as before, lead(a.period) over w as next,
                       exists (select from active e where e.person = a.person and e.period is null) as earlier
                from active a where a.period is not null
                window w as (partition by a.person order by a.period)
            ), statuses as (
                select p.period, case when p.before = p.period - 1 then 1 when p.before is not null or p.earlier then 2 else 0 end as status from placed p
                union all
                select p.period + 1, 3 from placed p where p.next is distinct from p.period + 1
            )
            select 0 as line, s.period - 1 as a, s.status as b, null::text as group1, null::text as group2, count(*) as count, null::numeric as amount
            from statuses s
            where s.period between 1 and {calendar.Count - 1}
            group by s.period, s.status
            """;
    }

    private static Sql Stickiness(Question q) => $"""
        with {Facts(q)}, days as (
            select f.person, count(distinct {Period(q, new Calendar(q))}) as periods
            from events f
            where f.person is not null and {InRange(q)} and {Selects(q.Activity!)}
            group by f.person
        )
        select 0 as line, d.periods::integer as a, 0 as b, null::text as group1, null::text as group2, count(*) as count, null::numeric as amount from days d group by d.periods
        """;

    private static Sql Paths(Question q)
    {
        Sql begins = q.Start is { } start ? Selects(start) : (Sql)$"true";
        Sql gap = q.GapSeconds is { } seconds ? (Sql)$"make_interval(secs => {seconds})" : $"interval '100 years'";
        return $"""
            with {Facts(q)}, activity as (
                select f.person, f.event_type, f.occurred_at, {begins} as begins,
                       row_number() over (partition by f.person order by f.occurred_at, f.profile, f.epoch, f.writer, f.position) as place
                from events f
                where f.person is not null and {InRange(q)} and {Selects(q.Activity!)}
            ), path as (
                select a.*, a.occurred_at - lag(a.occurred_at) over w > {gap} as paused, a.event_type is distinct from lag(a.event_type) over w as moved
                from activity a
                where a.place >= (select min(b.place) from activity b where b.person = a.person and b.begins)
                window w as (partition by a.person order by a.place)
            ), unbroken as (
                select p.*, sum(coalesce(p.paused, false)::integer) over (partition by p.person order by p.place) as pauses from path p
            ), stops as (
                select u.person, u.event_type, row_number() over (partition by u.person order by u.place) as stop from unbroken u where u.pauses = 0 and u.moved
            )
            select 0 as line, (s.stop - 1)::integer as a, 0 as b, s.event_type as group1, n.event_type as group2, count(*) as count, null::numeric as amount
            from stops s
            left join stops n on n.person = s.person and n.stop = s.stop + 1
            where s.stop <= {q.Depth}
            group by s.stop, s.event_type, n.event_type
            """;
    }

    /// <summary>A person's events, newest first, as rows of a different shape.</summary>
    internal static Sql Timeline(Question q) => $"""
        with {Facts(q)}
        select f.event_type as type, f.occurred_at, f.profile, f.event_value as value
        from events f
        where f.person = customers.person({q.Customer}) and {InRange(q)}
        order by f.occurred_at desc, f.profile desc
        limit {q.Limit}
        """;
}

using Clientele.Platform.Data;
using Clientele.Timelines.Questions;
using static Clientele.Analytics.Queries.Reference.Conditions;

namespace Clientele.Analytics.Queries.Reference;

/// <summary>Funnels in SQL. Of each step, who came to it when, and from which latest begin: the next step joins to that.</summary>
internal static class FunnelSql
{
    public static Sql Of(Question q)
    {
        var last = q.Steps.Count;
        Sql flags = $"{Flags("s", q.Steps)}{Flags("x", q.Exclusions)}";
        Sql begins = q.Order == StepOrder.Any ? (Sql)$"({Sql.Join(" or ", Enumerable.Range(1, last).Select(k => Name("e.s", k)))})" : $"e.s1";
        return $"""
            with {Facts(q)}, steps as materialized (
                select f.person, f.occurred_at, f.profile, f.epoch, f.writer, f.position, {InRange(q)} as begins{flags}, {Groups(q)}
                from events f
                where f.person is not null and (f.occurred_at at time zone {q.TimeZone})::date >= {q.From}
            ), groups as (
                -- The group of a person is that of the first event with which they may begin.
                select distinct on (e.person) e.person, e.group1, e.group2
                from steps e where e.begins and {begins}
                order by e.person, e.occurred_at, e.profile, e.epoch, e.writer, e.position
            ), {Reached(q)}
            select 0 as line, r.step - 1 as a, b.b, g.group1, g.group2, count(*) as count,
                   case b.b when 1 then sum(extract(epoch from r.took)) when 2 then extract(epoch from percentile_disc(0.5) within group (order by r.took)) end as amount
            from reached r
            join groups g using (person)
            join generate_series(0, 2) as b (b) on b.b = 0 or r.took is not null and r.step > 1
            group by r.step, b.b, g.group1, g.group2
            """;
    }

    private static Sql Name(string letter, int k) => Sql.Composed(letter + k.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static Sql Flags(string letter, IReadOnlyList<Selector> selectors) =>
        Sql.Join(string.Empty, selectors.Select((s, i) => (Sql)$", {Selects(s)} as {Name(letter, i + 1)}"));

    private static Sql Reached(Question q) =>
        q.Order == StepOrder.Any ? AnyOrder(q) : q.Order == StepOrder.Strict || q.Modes.Count > 0 ? Modes(q) : Ordered(q);

    private static Sql Ordered(Question q)
    {
        Sql all = $"""
            l1 as (
                select distinct e.person, e.occurred_at as at, e.occurred_at as start from steps e where e.s1 and e.begins
            )
            """;
        for (var k = 2; k <= q.Steps.Count; k++)
        {
            var from = Enumerable.Range(1, k - 1).Last(j => !q.Steps[j - 1].Optional);
            var excluded = q.Exclusions.Select((x, i) => (x, Number: i + 1)).Where(x => from >= x.x.After && k <= x.x.Before)
                .Select(x => (Sql)$" and not exists (select from steps x where x.person = e.person and x.{Name("x", x.Number)} and x.occurred_at >= l.at and x.occurred_at < e.occurred_at)");
            all = $"""
                {all}, {Name("l", k)} as (
                    select e.person, e.occurred_at as at, max(l.start) as start
                    from steps e
                    join {Name("l", from)} l on l.person = e.person and l.at <= e.occurred_at and e.occurred_at - l.start <= make_interval(secs => {q.WindowSeconds})
                    where e.{Name("s", k)}{Sql.Join(string.Empty, excluded)}
                    group by e.person, e.occurred_at
                )
                """;
        }
        var first = Enumerable.Range(1, q.Steps.Count).Select(k => (Sql)$"(select distinct on (l.person) l.person, {k} as step, l.at - l.start as took from {Name("l", k)} l order by l.person, l.at)");
        return $"{all}, reached as ({Sql.Join(" union all ", first)})";
    }

    private static Sql AnyOrder(Question q)
    {
        var steps = Enumerable.Range(1, q.Steps.Count).ToList();
        Sql any = Sql.Join(" or ", steps.Select(k => Name("b.s", k)));
        Sql distinct = Sql.Join(" + ", steps.Select(k => (Sql)$"bool_or(e.{Name("s", k)})::integer"));
        return $"""
            windows as (
                -- Beginning at any step: how many different ones lie within the window?
                select b.person, b.occurred_at, {distinct} as depth
                from steps b
                join steps e on e.person = b.person and e.occurred_at >= b.occurred_at and e.occurred_at - b.occurred_at <= make_interval(secs => {q.WindowSeconds})
                where b.begins and ({any})
                group by b.person, b.occurred_at
            ), depths as (
                select w.person, max(w.depth) as depth from windows w group by w.person
            ), reached as (
                select d.person, k as step, null::interval as took from depths d cross join generate_series(1, d.depth) as k
            )
            """;
    }

    private static Sql Modes(Question q)
    {
        var modes = q.Modes.Select(m => Words.Of(m)).Concat(q.Order == StepOrder.Strict ? ["strict_order"] : []).Distinct().ToArray();
        var until = DateTimeOffset.FromUnixTimeSeconds(new Calendar(q).To + q.WindowSeconds + 1);
        // An event that may not begin is no first step.
        Sql entries = Sql.Join(" union all ", Enumerable.Range(1, q.Steps.Count).Select(k => (Sql)$"""
            select n.person, n.occurred_at, {k} as step, n.number from numbered n where n.{Name("s", k)}{(k == 1 ? (Sql)$" and n.begins" : Sql.Empty)}
            """));
        Sql none = $"not ({Sql.Join(" or ", Enumerable.Range(1, q.Steps.Count).Select(k => k == 1 ? (Sql)$"n.s1 and n.begins" : Name("n.s", k)))})";
        Sql others = modes.Contains("strict_order") ? $" union all select n.person, n.occurred_at, 0, n.number from numbered n where {none}" : Sql.Empty;
        return $"""
            numbered as (
                select e.*, row_number() over (partition by e.person order by e.occurred_at, e.profile, e.epoch, e.writer, e.position)::integer as number from steps e
                where e.occurred_at < {until} -- later ones are in nobody's window
            ), entries as (
                {entries}{others}
            ), depths as (
                select e.person, analytics.funnel_depth(array_agg(e.occurred_at order by e.occurred_at, e.step, e.number), array_agg(e.step order by e.occurred_at, e.step, e.number),
                    array_agg(e.number order by e.occurred_at, e.step, e.number), {q.Steps.Count}, {q.WindowSeconds}, {modes}) as depth
                from entries e group by e.person
            ), reached as (
                select d.person, k as step, null::interval as took from depths d join groups g using (person) cross join generate_series(1, d.depth) as k
            )
            """;
    }
}

using Clientele.Platform.Data;
using Clientele.Timelines.Questions;
using static Clientele.Analytics.Queries.Reference.Conditions;

namespace Clientele.Analytics.Queries.Reference;

/// <summary>Segments in SQL: a common table a rule about events, and the tree over them, for everybody who is known.</summary>
internal static class SegmentSql
{
    public static Sql Of(Question q)
    {
        var tables = new List<Sql>();
        var joins = new List<Sql>();
        var condition = Holds(q, q.Where!, tables, joins);
        return $"""
            with {Facts(q)}{Sql.Join(string.Empty, tables)}, people as (
                select p.id, a.country as a_country, a.state as a_state, a.city as a_city, a.gender as a_gender, a.timezone as a_timezone,
                       a.customer_type as a_customer_type, a.customer_status as a_customer_status, a.lifecycle_stage as a_lifecycle_stage,
                       a.acquisition_channel as a_acquisition_channel, a.acquisition_campaign as a_acquisition_campaign,
                       a.acquisition_source as a_acquisition_source, a.data_source as a_data_source, a.custom_attributes as a_custom
                from analytics.people p
                join customers.customers a on a.organization_id = p.organization_id and a.id = p.id
                where p.organization_id = platform.organization()
            )
            select 0 as line, 0 as a, 0 as b, null::text as group1, null::text as group2, count(*) as count, null::numeric as amount
            from people f{Sql.Join(string.Empty, joins)}
            where {condition} {All(q.Filters.Where(c => c.Attribute is not null))}
            """;
    }

    private static Sql Holds(Question q, Rule rule, List<Sql> tables, List<Sql> joins) => rule.Kind switch
    {
        RuleKind.All => $"({Sql.Join(" and ", rule.Rules.Select(r => Holds(q, r, tables, joins)))})",
        RuleKind.Any => $"({Sql.Join(" or ", rule.Rules.Select(r => Holds(q, r, tables, joins)))})",
        RuleKind.Not => $"not {Holds(q, rule.Rules[0], tables, joins)}",
        RuleKind.Attribute => $"coalesce({Conditions.Holds(rule.Condition!)}, false)",
        _ => OfEvents(q, rule, tables, joins),
    };

    private static Sql OfEvents(Question q, Rule rule, List<Sql> tables, List<Sql> joins)
    {
        var number = tables.Count + 1;
        var name = Sql.Composed("rule" + number.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var from = rule.Days is { } days ? q.To.AddDays(1 - days) : q.From;
        Sql within = $"(f.occurred_at at time zone {q.TimeZone})::date >= {from} and {UpToEnd(q)}";
        joins.Add($" left join {name} on {name}.person = f.id");
        if (rule.Kind == RuleKind.Sequence)
        {
            tables.Add($", {name} as ({Sequence(q, rule, within)})");
            return $"({name}.person is not null)";
        }
        var x = rule.Of is { } of ? Number(of) : (Sql)$"null::numeric";
        // First and last look at all time.
        Sql range = rule.Kind is RuleKind.First or RuleKind.Last ? UpToEnd(q) : within;
        tables.Add($"""
            , {name} as (
                select f.person, count(*) as events, count({x}) as numbers, coalesce(sum({x}), 0) as total,
                       (min(f.occurred_at) at time zone {q.TimeZone})::date as first, (max(f.occurred_at) at time zone {q.TimeZone})::date as last
                from events f where f.person is not null and {range} and {Selects(rule.Events!)} group by f.person
            )
            """);
        var sign = Sign(rule.Operator);
        return rule.Kind switch
        {
            RuleKind.Count => $"(coalesce({name}.events, 0) {sign} {rule.Value})",
            RuleKind.Sum => $"(coalesce({name}.total, 0) {sign} {rule.Value})",
            RuleKind.Average => $"(coalesce({name}.numbers, 0) > 0 and {name}.total {sign} {rule.Value} * {name}.numbers)",
            RuleKind.First => $"coalesce({name}.first >= {from}, false)",
            _ => $"coalesce({name}.last >= {from}, false)",
        };
    }

    private static Sql Sequence(Question q, Rule rule, Sql within)
    {
        Sql steps = $"select f.person, f.occurred_at as at, f.occurred_at as start from events f where f.person is not null and {within} and {Selects(rule.Steps[0])}";
        for (var k = 1; k < rule.Steps.Count; k++)
        {
            steps = $"""
                select f.person, f.occurred_at as at, max(l.start) as start
                from events f
                join ({steps}) l on l.person = f.person and l.at <= f.occurred_at and f.occurred_at - l.start <= make_interval(secs => {rule.WindowSeconds})
                where {within} and {Selects(rule.Steps[k])}
                group by f.person, f.occurred_at
                """;
        }
        return $"select distinct s.person from ({steps}) s";
    }
}

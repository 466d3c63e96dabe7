using Clientele.Platform.Data;
using Clientele.Timelines.Questions;

namespace Clientele.Analytics.Queries.Reference;

/// <summary>The parts of a question as SQL over <c>f</c>, an event, and <c>a</c>, the row of its person in customers.</summary>
internal static class Conditions
{
    /// <summary>
    /// Events with their person, as they are now: facts(person, profile, …), each joined to the person's attributes, if all the question's
    /// filters hold.
    /// </summary>
    public static Sql Facts(Question q) => $"""
        facts as (
            select coalesce(m.person_id, e.customer_id) as person, e.customer_id as profile, e.event_type, e.occurred_at, e.event_value, e.properties,
                   e.country, e.city, e.device_type, e.browser, e.os, e.utm_source, e.utm_medium, e.utm_campaign, e.currency, e.data_source,
                   e.epoch, e.writer, e.position
            from log.facts e
            left join customers.person_map m on m.organization_id = e.organization_id and m.profile_id = e.customer_id
            where e.organization_id = platform.organization()
            -- What the platform tells about somebody is not something they did.
            and e.event_category is distinct from 'control' and e.event_category is distinct from 'state'
        ), filtered as (
            select f.*, a.id as customer, a.country as a_country, a.state as a_state, a.city as a_city, a.gender as a_gender, a.timezone as a_timezone,
                   a.customer_type as a_customer_type, a.customer_status as a_customer_status, a.lifecycle_stage as a_lifecycle_stage,
                   a.acquisition_channel as a_acquisition_channel, a.acquisition_campaign as a_acquisition_campaign,
                   a.acquisition_source as a_acquisition_source, a.data_source as a_data_source, a.custom_attributes as a_custom
            from facts f
            left join customers.customers a on a.organization_id = platform.organization() and a.id = f.person
        ), events as materialized (
            select f.* from filtered f where true {All(q.Filters)}
        )
        """;

    /// <summary>In the days of the question, in its zone.</summary>
    public static Sql InRange(Question q) => $"(f.occurred_at at time zone {q.TimeZone})::date between {q.From} and {q.To}";

    /// <summary>Not after the last day.</summary>
    public static Sql UpToEnd(Question q) => $"(f.occurred_at at time zone {q.TimeZone})::date <= {q.To}";

    /// <summary>The number of the period an event lies in, from 0; null outside.</summary>
    public static Sql Period(Question q, Calendar calendar) => q.Interval == Interval.Hour
        // Hours are counted from midnight, so that a day of 25 hours has 25.
        ? (Sql)$"nullif(width_bucket(extract(epoch from f.occurred_at), {calendar.Starts.ToArray().Select(s => (decimal)s).ToArray()}), 0) - 1"
        : $"array_position({calendar.Days.ToArray()}, date_trunc({Words.Of(q.Interval)}, f.occurred_at at time zone {q.TimeZone})::date) - 1";

    public static Sql Selects(Selector selector)
    {
        Sql type = selector.Event is { } name ? (Sql)$"f.event_type = {name}" : $"true";
        return $"coalesce({type}{All(selector.Filters)}, false)";
    }

    public static Sql All(IEnumerable<Condition> conditions) => Sql.Join(string.Empty, conditions.Select(c => (Sql)$" and coalesce({Holds(c)}, false)"));

    /// <summary>What a question groups by: two texts, null where there is no second or first.</summary>
    public static Sql Groups(Question q)
    {
        Sql none = $"null::text";
        return $"{(q.Breakdown.Count > 0 ? Text(q.Breakdown[0]) : none)} as group1, {(q.Breakdown.Count > 1 ? Text(q.Breakdown[1]) : none)} as group2";
    }

    public static Sql Number(Operand of) => of.Field == "value" ? (Sql)$"f.event_value" : $"analytics.number_of({Text(of)})";

    public static Sql Holds(Condition c)
    {
        var numbers = c.Values.Select(v => Numbers.Read(v) is var n and not Numbers.None ? Numbers.ToDecimal(n) : 0).ToArray();
        if (c.Field == "value") return Compare(c.Operator, $"f.event_value", numbers);
        var texts = c.Values.Select(v => Cut(v)).ToArray();
        var x = Text(c.Of);
        return c.Operator switch
        {
            Comparison.Equal or Comparison.In => $"{x} = any ({texts})",
            Comparison.NotEqual or Comparison.NotIn => $"({x} is null or {x} <> all ({texts}))",
            Comparison.Contains => $"strpos({x}, {c.Values[0]}) > 0",
            Comparison.NotContains => $"({x} is null or strpos({x}, {c.Values[0]}) = 0)",
            Comparison.StartsWith => $"starts_with({x}, {c.Values[0]})",
            Comparison.Exists => $"{x} is not null",
            Comparison.NotExists => $"{x} is null",
            _ => Compare(c.Operator, $"analytics.number_of({x})", numbers),
        };
    }

    private static Sql Compare(Comparison comparison, Sql x, decimal[] with) => comparison switch
    {
        Comparison.Equal or Comparison.In => $"{x} = any ({with})",
        Comparison.NotEqual or Comparison.NotIn => $"({x} is null or {x} <> all ({with}))",
        Comparison.Exists => $"{x} is not null",
        Comparison.NotExists => $"{x} is null",
        _ => $"{x} {Sign(comparison)} {with[0]}",
    };

    public static Sql Sign(Comparison comparison) => comparison switch
    {
        Comparison.Equal => Sql.Raw("="),
        Comparison.NotEqual => Sql.Raw("<>"),
        Comparison.Greater => Sql.Raw(">"),
        Comparison.GreaterOrEqual => Sql.Raw(">="),
        Comparison.Less => Sql.Raw("<"),
        _ => Sql.Raw("<="),
    };

    /// <summary>A value as text, its first 200 characters; lists and objects are none.</summary>
    public static Sql Text(Operand of)
    {
        if (of.Property is { } property) return Json(Sql.Raw("f.properties"), property);
        if (of.Field is { } field) return $"left(f.{Sql.Composed(Names.Fields.First(n => n == field))}, 200)";
        if (of.Attribute!.StartsWith(Names.Custom, StringComparison.Ordinal)) return Json(Sql.Raw("f.a_custom"), of.Attribute[Names.Custom.Length..]);
        return $"left(f.a_{Sql.Composed(Names.Attributes.First(n => n == of.Attribute))}, 200)";
    }

    private static Sql Json(Sql column, string key) => $"left(case when jsonb_typeof({column} -> {key}) in ('string', 'number', 'boolean') then {column} ->> {key} end, 200)";

    private static string Cut(string text)
    {
        var runes = text.EnumerateRunes().Take(200).ToArray();
        return string.Concat(runes.Select(r => r.ToString()));
    }
}

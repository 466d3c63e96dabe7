using Clientele.Platform.Data;
using Clientele.Platform.Problems;

namespace Clientele.Commerce.Overview;

/// <summary>GET /api/overview</summary>
internal static class GetOverview
{
    private const int LongestRange = 3660;

    private sealed record Scope(string TimeZone, string Currency, DateOnly Today, DateOnly? First, DateOnly? Last);

    private sealed record Period(DateOnly From, DateOnly To)
    {
        public int Days => To.DayNumber - From.DayNumber + 1;

        public RangeView View => new(From, To, Days);
    }

    public static async Task<OverviewView> Handle(DateOnly? from, DateOnly? to, string? interval, string? country, Db db, CancellationToken ct)
    {
        var scope = await FindScope(db, ct);
        var range = RangeOf(from, to, scope);
        var previous = new Period(range.From.AddDays(-range.Days), range.From.AddDays(-1));
        var step = IntervalOf(interval, range);
        country = string.IsNullOrEmpty(country) ? null : country;

        // Four questions at once: each its own connection.
        var figures = FindFigures(db, scope, range, previous, country, ct);
        var series = FindSeries(db, scope, range, previous, step, country, ct);
        var countries = FindCountries(db, scope, range, ct);
        var products = FindProducts(db, scope, range, country, ct);
        await Task.WhenAll(figures, series, countries, products);
        var points = await series;
        return new OverviewView(
            range.View, previous.View, step, scope.TimeZone, scope.Currency,
            scope.First is null ? null : new DataRangeView(scope.First.Value, scope.Last!.Value),
            (await figures)[0], (await figures)[1], points.Where(p => !p.Previous).Select(ToPoint).ToList(),
            points.Where(p => p.Previous).Select(ToPoint).ToList(), await countries, await products);
    }

    public static Task<List<string>> Countries(Db db, CancellationToken ct) => db.List<string>($"""
        select distinct o.shipping_country from commerce.customer_orders o
        where o.organization_id = platform.organization() and o.shipping_country is not null
        order by 1
        """, ct);

    private static Task<Scope> FindScope(Db db, CancellationToken ct) => db.One<Scope>($"""
        select o.time_zone, o.currency, (now() at time zone o.time_zone)::date as today,
               (first.ordered_at at time zone o.time_zone)::date as first, (last.ordered_at at time zone o.time_zone)::date as last
        from platform.organizations o
        left join lateral (
            select c.ordered_at from commerce.customer_orders c where c.organization_id = o.id order by c.ordered_at limit 1) as first on true
        left join lateral (
            select c.ordered_at from commerce.customer_orders c where c.organization_id = o.id order by c.ordered_at desc limit 1) as last on true
        where o.id = platform.organization()
        """, ct);

    // Without a range: the last 30 days that have something to show.
    private static Period RangeOf(DateOnly? from, DateOnly? to, Scope scope)
    {
        var latest = scope.Last is { } last && last < scope.Today.AddDays(-30) ? last : scope.Today;
        var end = to ?? (from is { } start ? Max(start, latest) : latest);
        var begin = from ?? end.AddDays(-29);
        if (begin > end) throw Problem.Invalid("from", "The range begins after it ends. Swap from and to.");
        if (begin.Year < 1900 || end.Year > 2200) throw Problem.Invalid("from", "The range lies between the years 1900 and 2200.");
        if (end.DayNumber - begin.DayNumber >= LongestRange) throw Problem.Invalid("from", "The range is longer than ten years. Choose a shorter one.");
        return new Period(begin, end);
    }

    private static DateOnly Max(DateOnly a, DateOnly b) => a > b ? a : b;

    private static string IntervalOf(string? interval, Period range) => interval switch
    {
        null or "" => range.Days switch { <= 62 => "day", <= 366 => "week", _ => "month" },
        "day" when range.Days > 1100 => throw Problem.Invalid("interval", "So many days make too many points. Choose week or month."),
        "day" or "week" or "month" => interval,
        _ => throw Problem.Invalid("interval", "The interval is day, week or month."),
    };

    // Local midnights as instants: PostgreSQL knows the zone's changes.
    private static Sql Between(string column, Scope scope, Period period) => $"""
        {Sql.Composed(column)} >= ({period.From}::date::timestamp at time zone {scope.TimeZone})
        and {Sql.Composed(column)} < (({period.To}::date + 1)::timestamp at time zone {scope.TimeZone})
        """;

    private static Sql From(string? country) => country is null ? Sql.Empty : (Sql)$"and o.shipping_country = {country}";

    private static async Task<List<Figures>> FindFigures(Db db, Scope scope, Period range, Period previous, string? country, CancellationToken ct)
    {
        Sql Of(Period period) => $"""
            (with document as materialized (
                select o.kind, o.order_status, o.base_total, o.customer_id
                from commerce.customer_orders o
                where o.organization_id = platform.organization() and {Between("o.ordered_at", scope, period)} {From(country)}
            ), sale as (
                select d.customer_id, count(*) as orders, sum(d.base_total) as revenue
                from document d where commerce.counts_as_sale(d.kind, d.order_status)
                group by d.customer_id
            ), total as (
                select coalesce(sum(s.revenue), 0) as revenue, coalesce(sum(s.orders), 0)::bigint as orders,
                       count(s.customer_id) as customers, count(s.customer_id) filter (where s.orders >= 2) as repeaters
                from sale s
            ), back as (
                select coalesce(sum(d.base_total) filter (where d.kind = 'refund'), 0) as refunds, count(*) filter (where d.kind = 'refund') as refund_count,
                       coalesce(sum(d.base_total) filter (where d.kind = 'adjustment'), 0) as adjustments, count(*) filter (where d.kind = 'adjustment') as adjustment_count
                from document d
            )
            select t.revenue, t.orders, t.customers, round(t.revenue / nullif(t.orders, 0), 2) as average_order_value,
                   round(t.repeaters::numeric / nullif(t.customers, 0), 6) as repeat_rate,
                   b.refunds, b.refund_count, b.adjustments, b.adjustment_count
            from total t cross join back b)
            """;
        return await db.List<Figures>($"{Of(range)} union all {Of(previous)}", ct);
    }

    private sealed record PeriodPoint(bool Previous, DateOnly Date, bool Partial, decimal Revenue, long Orders, long Customers, decimal? AverageOrderValue, decimal? RepeatRate);

    private static Point ToPoint(PeriodPoint p) => new(p.Date, p.Partial, p.Revenue, p.Orders, p.Customers, p.AverageOrderValue, p.RepeatRate);

    private static async Task<List<PeriodPoint>> FindSeries(Db db, Scope scope, Period range, Period previous, string step, string? country, CancellationToken ct)
    {
        Sql Of(Period period, bool isPrevious) => $"""
            (with sale as (
                select date_trunc({step}, o.ordered_at at time zone {scope.TimeZone})::date as bucket, o.customer_id, count(*) as orders, sum(o.base_total) as revenue
                from commerce.customer_orders o
                where o.organization_id = platform.organization() and {Between("o.ordered_at", scope, period)} {From(country)}
                and commerce.counts_as_sale(o.kind, o.order_status)
                group by 1, 2
            ), bucket as (
                select b::date as date, (b + ('1 ' || {step})::interval)::date as next
                from generate_series(date_trunc({step}, {period.From}::date::timestamp), {period.To}::date::timestamp, ('1 ' || {step})::interval) as b
            )
            select {isPrevious} as previous, b.date,
                   b.date < {period.From}::date or b.next - 1 > {period.To}::date or {scope.Today}::date between b.date and b.next - 1 as partial,
                   coalesce(sum(s.revenue), 0) as revenue, coalesce(sum(s.orders), 0)::bigint as orders, count(s.customer_id) as customers,
                   round(sum(s.revenue) / nullif(sum(s.orders), 0), 2) as average_order_value,
                   round(count(s.customer_id) filter (where s.orders >= 2)::numeric / nullif(count(s.customer_id), 0), 6) as repeat_rate
            from bucket b
            left join sale s on s.bucket = b.date
            group by b.date, b.next)
            """;
        return await db.List<PeriodPoint>($"{Of(range, false)} union all {Of(previous, true)} order by 1, 2", ct);
    }

    private static Task<List<CountryShare>> FindCountries(Db db, Scope scope, Period range, CancellationToken ct) => db.List<CountryShare>($"""
        with sale as materialized (
            select o.shipping_country as country, o.customer_id, o.base_total
            from commerce.customer_orders o
            where o.organization_id = platform.organization() and {Between("o.ordered_at", scope, range)}
            and commerce.counts_as_sale(o.kind, o.order_status)
        ), ranked as (
            select s.country, row_number() over (order by sum(s.base_total) desc, s.country) as place
            from sale s where s.country is not null group by s.country
        )
        select r.country, sum(s.base_total) as revenue, count(*) as orders, count(distinct s.customer_id) as customers,
               coalesce(round(sum(s.base_total) / nullif((select sum(a.base_total) from sale a), 0), 6), 0) as share
        from sale s
        left join ranked r on r.country = s.country and r.place <= 12
        group by r.country, r.place
        order by r.place nulls last
        """, ct);

    // Whole UTC months inside the range from the monthly sums, what sticks out at both ends from the lines.
    private static Task<List<TopProduct>> FindProducts(Db db, Scope scope, Period range, string? country, CancellationToken ct)
    {
        var ofMonth = country is null ? Sql.Empty : (Sql)$"and m.country = {country}";
        var ofLine = country is null ? Sql.Empty : (Sql)$"and i.sold_country = {country}";
        return db.List<TopProduct>($"""
            with span as materialized (
                select f.low, f.high, date_trunc('month', f.low at time zone 'UTC' + interval '1 month' - interval '1 microsecond') as first, date_trunc('month', f.high at time zone 'UTC') as last
                from (select {range.From}::date::timestamp at time zone {scope.TimeZone} as low, ({range.To}::date + 1)::timestamp at time zone {scope.TimeZone} as high) as f
            ), cut as materialized (
                select s.low, case when s.first < s.last then s.first at time zone 'UTC' else s.high end as low_end,
                       case when s.first < s.last then s.last at time zone 'UTC' else s.high end as high_start, s.high, s.first::date as first, s.last::date as last
                from span s
            ), sold as (
                select m.product_id, m.quantity, m.revenue
                from commerce.product_months m
                where m.organization_id = platform.organization() and m.month >= (select c.first from cut c) and m.month < (select c.last from cut c) {ofMonth}
                union all
                select i.product_id, i.quantity, i.base_total
                from commerce.customer_order_items i
                where i.organization_id = platform.organization() and i.sold_at >= (select c.low from cut c) and i.sold_at < (select c.low_end from cut c) {ofLine}
                union all
                select i.product_id, i.quantity, i.base_total
                from commerce.customer_order_items i
                where i.organization_id = platform.organization() and i.sold_at >= (select c.high_start from cut c) and i.sold_at < (select c.high from cut c) {ofLine}
            ), ranked as materialized (
                select s.product_id, sum(s.quantity)::bigint as quantity, sum(s.revenue) as revenue
                from sold s
                group by s.product_id
                having sum(s.quantity) <> 0
                order by sum(s.revenue) desc, s.product_id
                limit 10
            ), detail as (
                select i.product_id, count(distinct i.order_id) as orders, max(i.sold_at) as last_sold
                from commerce.customer_order_items i
                where i.organization_id = platform.organization() and i.product_id = any(array(select r.product_id from ranked r))
                and i.sold_at >= (select c.low from cut c) and i.sold_at < (select c.high from cut c) {ofLine}
                group by i.product_id
            )
            select r.product_id, coalesce(n.product_name, r.product_id) as name, r.quantity, r.revenue, coalesce(d.orders, 0) as orders
            from ranked r
            left join detail d on d.product_id = r.product_id
            left join lateral (
                -- What it was last called.
                select i.product_name from commerce.customer_order_items i
                where i.organization_id = platform.organization() and i.product_id = r.product_id and i.sold_at = d.last_sold
                limit 1
            ) as n on true
            order by r.revenue desc, r.product_id
            """, ct);
    }
}

-- The figures of a day, kept so that tomorrow's can be compared with them.

create or replace function analytics.record_metrics(metrics text[], day date default null) returns integer
    language plpgsql
    -- Everybody is counted: a nested loop over stale statistics takes hours.
    set enable_nestloop = off
    as $$
declare
    organization uuid := platform.organization();
    zone         text := analytics.zone();
    of_day       date := coalesce(day, analytics.today() - 1);
    ends         timestamptz := (of_day + 1)::timestamp at time zone zone;
    unknown      text := (select string_agg(m, ', ') from unnest(metrics) m where m <> all ('{total_customers,daily_revenue,retention_rates}'));
    written      integer;
begin
    if organization is null then
        raise exception 'analytics.record_metrics: no organization is set for this transaction' using errcode = 'insufficient_privilege';
    elsif unknown is not null then
        raise exception 'There is no metric %. There are: total_customers, daily_revenue, retention_rates.', unknown using errcode = 'check_violation';
    end if;
    with figures as (
        select 'total_customers' as metric, count(*)::numeric as value, count(*) as counted
        from analytics.people p
        where p.organization_id = organization and p.first_seen_at < ends and (p.churned_at is null or p.churned_at >= ends)
        union all
        select 'daily_revenue', coalesce(sum(a.event_value), 0), count(*)
        from analytics.activity a
        where a.organization_id = organization and a.event_type = 'order_completed' and a.occurred_at >= of_day::timestamp at time zone zone and a.occurred_at < ends
        union all
        -- Of those who did something in the thirty days before the last thirty, the share that did again. Nobody: no rate.
        select 'retention_rates', avg(case when w.again then 1 else 0 end)::numeric, count(*)
        from (
            select bool_or(a.occurred_at >= ends - interval '30 days') as again
            from analytics.activity a
            where a.organization_id = organization and a.occurred_at >= ends - interval '60 days' and a.occurred_at < ends
            group by a.customer_id
            having bool_or(a.occurred_at < ends - interval '30 days')
        ) w
    )
    insert into analytics.business_metrics as b (organization_id, metric_date, metric_type, metric_value, metric_count, previous_period_value)
    select organization, of_day, f.metric, f.value, f.counted,
           (select y.metric_value from analytics.business_metrics y
            where y.organization_id = organization and y.metric_type = f.metric and y.metric_date = of_day - 1 and y.dimensions = '{}')
    from figures f
    where f.metric = any (metrics) and f.value is not null
    order by f.metric
    on conflict (organization_id, metric_date, metric_type, dimensions) do update
        set metric_value = excluded.metric_value, metric_count = excluded.metric_count, previous_period_value = excluded.previous_period_value;
    get diagnostics written = row_count;
    return written;
end
$$;
comment on function analytics.record_metrics(text[], date) is
    'Works out figures of a day (yesterday by default, in the organization''s zone) and keeps them in analytics.business_metrics: total_customers at its end, daily_revenue of completed orders, retention_rates over thirty days as a fraction. Returns how many.';

-- Cohorts: who began in which period, and how many of them were active in each period after it.

create or replace function analytics.period_start(period text, day date) returns date
    language sql immutable parallel safe
    as $$ select date_trunc(case period when 'daily' then 'day' when 'weekly' then 'week' when 'monthly' then 'month' else 'quarter' end, day::timestamp)::date $$;
comment on function analytics.period_start(text, date) is 'The first day of the period a day is in; weeks begin on Monday.';

create or replace function analytics.period_after(period text, first_day date, periods integer) returns date
    language sql immutable parallel safe
    as $$
        select (first_day::timestamp + case period when 'daily' then make_interval(days => periods) when 'weekly' then make_interval(days => 7 * periods)
                                                   when 'monthly' then make_interval(months => periods) else make_interval(months => 3 * periods) end)::date
    $$;
comment on function analytics.period_after(text, date, integer) is 'The first day of the period so many periods later.';

create or replace function analytics.periods_between(period text, first_day date, day date) returns integer
    language sql immutable parallel safe
    as $$
        -- Whole periods of the calendar: months are of different length, so days do not divide into them.
        select case period when 'daily' then day - first_day
                           when 'weekly' then (analytics.period_start('weekly', day) - analytics.period_start('weekly', first_day)) / 7
                           when 'monthly' then ((extract(year from day) - extract(year from first_day)) * 12 + extract(month from day) - extract(month from first_day))::integer
                           else ((extract(year from day) - extract(year from first_day)) * 4 + extract(quarter from day) - extract(quarter from first_day))::integer end
    $$;
comment on function analytics.periods_between(text, date, date) is 'How many periods of the calendar lie between the one of the first day and the one of the other.';

create or replace function analytics.period_name(period text, first_day date) returns text
    language sql immutable parallel safe
    as $$
        select case period when 'daily' then to_char(first_day, 'YYYY-MM-DD') when 'weekly' then to_char(first_day, 'IYYY-"W"IW')
                           when 'monthly' then to_char(first_day, 'YYYY-MM') else to_char(first_day, 'YYYY-"Q"Q') end
    $$;
comment on function analytics.period_name(text, date) is '2024-01-15, 2024-W03, 2024-01 or 2024-Q1.';

create or replace function analytics.words(list jsonb) returns text[]
    language sql immutable parallel safe
    as $$ select case jsonb_typeof(list) when 'array' then array(select jsonb_array_elements_text(list)) when 'null' then null else array[list #>> '{}'] end $$;
comment on function analytics.words(jsonb) is 'A list of words, or one word, as an array.';

create or replace function analytics.check_cohort() returns trigger
    language plpgsql
    as $$
declare
    unknown text;
    most    bigint := coalesce((platform.setting('cohort.max_retention_periods'))::numeric::bigint, 24);
begin
    if new.retention_periods > most then
        raise exception 'A cohort is followed for at most % periods.', most using errcode = 'CL003';
    end if;
    if new.date_field not in ('first_seen_at', 'activated_at', 'first_order_date') then
        raise exception 'A cohort cannot be placed by "%". Use first_seen_at, activated_at or first_order_date.', new.date_field using errcode = 'check_violation';
    end if;
    select k into unknown from jsonb_object_keys(new.inclusion_criteria) k
    where k not in ('customer_type', 'customer_status', 'lifecycle_stage', 'acquisition_channel', 'country', 'min_order_value', 'has_made_purchase', 'custom_attributes', 'event_type', 'min_events') limit 1;
    if unknown is not null then
        raise exception 'inclusion_criteria has no "%". It has customer_type, customer_status, lifecycle_stage, acquisition_channel, country, min_order_value, has_made_purchase, custom_attributes; for behaviour event_type and min_events.', unknown
            using errcode = 'check_violation';
    end if;
    if jsonb_typeof(coalesce(new.inclusion_criteria -> 'min_order_value', '0')) <> 'number' or jsonb_typeof(coalesce(new.inclusion_criteria -> 'min_events', '1')) <> 'number'
       or jsonb_typeof(coalesce(new.inclusion_criteria -> 'has_made_purchase', 'true')) <> 'boolean' or jsonb_typeof(coalesce(new.inclusion_criteria -> 'custom_attributes', '{}')) <> 'object' then
        raise exception 'In inclusion_criteria min_order_value and min_events are numbers, has_made_purchase is true or false, custom_attributes an object of lists.' using errcode = 'check_violation';
    end if;
    if (new.cohort_type = 'behavior_based') <> (new.inclusion_criteria ? 'event_type') then
        raise exception 'A cohort of behaviour, and no other, names an event_type in inclusion_criteria.' using errcode = 'check_violation';
    end if;
    select k into unknown from jsonb_object_keys(coalesce(new.success_criteria, '{}')) k where k not in ('event_type', 'min_events', 'min_value', 'time_window_days') limit 1;
    if unknown is not null then
        raise exception 'success_criteria has no "%". It has event_type, min_events, min_value and time_window_days.', unknown using errcode = 'check_violation';
    end if;
    if jsonb_path_exists(coalesce(new.success_criteria, '{}'), '$.keyvalue() ? (@.key != "event_type" && @.value.type() != "number")') then
        raise exception 'In success_criteria min_events, min_value and time_window_days are numbers.' using errcode = 'check_violation';
    end if;
    return new;
end
$$;
comment on function analytics.check_cohort() is 'Trigger: a cohort asks only for what there is.';
create or replace trigger check_cohort before insert or update of cohort_type, date_field, retention_periods, inclusion_criteria, success_criteria on analytics.cohorts
    for each row execute function analytics.check_cohort();

create or replace function analytics.refresh_cohort(cohort uuid, as_of timestamptz default now()) returns bigint
    language plpgsql
    as $$
declare
    organization uuid := platform.organization();
    zone         text := analytics.zone();
    began        timestamptz := clock_timestamp();
    definition   analytics.cohorts;
    included     jsonb;
    success_type text;
    ids          uuid[];
    starts       date[];
    people       bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('analytics.cohorts/' || cohort, 0));
    select c.* into definition from analytics.cohorts c where c.organization_id = organization and c.id = cohort;
    if not found then
        raise exception 'There is no cohort %.', cohort using errcode = 'no_data_found';
    end if;
    included := definition.inclusion_criteria;
    success_type := nullif(coalesce(definition.success_criteria ->> 'event_type', definition.success_event), 'any_activity');

    if definition.cohort_type <> 'custom' then
        with purchases as materialized (
            select a.customer_id, min(a.occurred_at) as first_at, max(a.event_value) as largest
            from analytics.activity a
            where a.organization_id = organization and a.event_type = 'order_completed' and a.occurred_at <= as_of
            and (definition.date_field = 'first_order_date' or included ?| array['min_order_value', 'has_made_purchase'])
            group by a.customer_id
        ), behaved as materialized (
            select a.customer_id, analytics.period_start(definition.time_period, (a.occurred_at at time zone zone)::date) as first_day
            from analytics.activity a
            where a.organization_id = organization and a.event_type = included ->> 'event_type' and a.occurred_at <= as_of
            and (definition.start_date is null or (a.occurred_at at time zone zone)::date >= definition.start_date)
            and (definition.end_date is null or (a.occurred_at at time zone zone)::date <= definition.end_date)
            group by 1, 2
            having count(*) >= coalesce((included ->> 'min_events')::numeric, 1)
        ), placed as (
            select p.id, coalesce(b.first_day, analytics.period_start(definition.time_period, d.day)) as first_day
            from analytics.people p
            left join purchases o on o.customer_id = p.id
            left join behaved b on b.customer_id = p.id
            cross join lateral (
                select ((case definition.date_field when 'first_seen_at' then p.first_seen_at when 'activated_at' then p.activated_at when 'first_order_date' then o.first_at end)
                        at time zone zone)::date as day
            ) as d
            where p.organization_id = organization
            and case when definition.cohort_type = 'behavior_based' then b.customer_id is not null
                     else d.day is not null and d.day <= (as_of at time zone zone)::date
                          and (definition.start_date is null or d.day >= definition.start_date) and (definition.end_date is null or d.day <= definition.end_date) end
            and (not included ? 'customer_type' or p.customer_type = any(analytics.words(included -> 'customer_type')))
            and (not included ? 'customer_status' or p.customer_status = any(analytics.words(included -> 'customer_status')))
            and (not included ? 'lifecycle_stage' or p.lifecycle_stage = any(analytics.words(included -> 'lifecycle_stage')))
            and (not included ? 'acquisition_channel' or p.acquisition_channel = any(analytics.words(included -> 'acquisition_channel')))
            and (not included ? 'country' or p.country = any(analytics.words(included -> 'country')))
            and (not included ? 'has_made_purchase' or (o.customer_id is not null) = (included ->> 'has_made_purchase')::boolean)
            and (not included ? 'min_order_value' or o.largest >= (included ->> 'min_order_value')::numeric)
            and not exists (select from jsonb_each(coalesce(included -> 'custom_attributes', '{}')) as w (key, allowed)
                            where not coalesce(p.custom_attributes ->> w.key = any(analytics.words(w.allowed)), false))
        )
        select coalesce(array_agg(p.id), '{}'), coalesce(array_agg(p.first_day), '{}') into ids, starts from placed p;

        -- Who stays in their period keeps the row, and with it what they were when they joined.
        delete from analytics.cohort_memberships m
        where m.organization_id = organization and m.cohort_id = cohort
        and not exists (select from unnest(ids, starts) as w (id, first_day)
                        where w.id = m.customer_id and w.first_day = m.period_start_date
                        and analytics.period_name(definition.time_period, w.first_day) = m.cohort_period);
        insert into analytics.cohort_memberships (organization_id, cohort_id, customer_id, cohort_period, period_start_date, period_end_date, customer_attributes_snapshot)
        select organization, cohort, p.id, analytics.period_name(definition.time_period, w.first_day), w.first_day, analytics.period_after(definition.time_period, w.first_day, 1),
               jsonb_build_object('customer_type', p.customer_type, 'customer_status', p.customer_status, 'lifecycle_stage', p.lifecycle_stage, 'country', p.country,
                                  'acquisition_channel', p.acquisition_channel, 'engagement_score', p.engagement_score)
        from unnest(ids, starts) as w (id, first_day)
        join analytics.people p on p.organization_id = organization and p.id = w.id
        on conflict do nothing;
    end if;

    delete from analytics.cohort_retention_data r where r.organization_id = organization and r.cohort_id = cohort;
    with members as materialized (
        select m.customer_id, m.cohort_period, m.period_start_date
        from analytics.cohort_memberships m
        where m.organization_id = organization and m.cohort_id = cohort and m.period_start_date <= (as_of at time zone zone)::date
    ), sizes as (
        select m.cohort_period, m.period_start_date, count(*) as size from members m group by m.cohort_period, m.period_start_date
    ), grid as (
        -- Every period that has begun, whether or not anybody did anything in it.
        select s.cohort_period, s.period_start_date, s.size, n as place, analytics.period_after(definition.time_period, s.period_start_date, n) as begins
        from sizes s
        cross join generate_series(0, definition.retention_periods) as n
        where analytics.period_after(definition.time_period, s.period_start_date, n) <= (as_of at time zone zone)::date
    ), deeds as (
        select m.cohort_period, m.period_start_date, m.customer_id, t.place,
               count(*) as events, count(distinct a.session_id) as sessions,
               count(*) filter (where a.event_type = 'order_completed') as orders,
               coalesce(sum(a.event_value) filter (where a.event_type = 'order_completed'), 0) as revenue,
               count(*) filter (
                   where (success_type is null or a.event_type = success_type)
                   and (not coalesce(definition.success_criteria, '{}') ? 'min_value' or a.event_value >= (definition.success_criteria ->> 'min_value')::numeric)
                   and (not coalesce(definition.success_criteria, '{}') ? 'time_window_days'
                        or t.day - analytics.period_after(definition.time_period, m.period_start_date, t.place) < (definition.success_criteria ->> 'time_window_days')::numeric)
               ) >= coalesce((definition.success_criteria ->> 'min_events')::numeric, 1) as stayed
        from members m
        join analytics.activity a on a.organization_id = organization and a.customer_id = m.customer_id and a.occurred_at <= as_of
        cross join lateral (
            select (a.occurred_at at time zone zone)::date as day, analytics.periods_between(definition.time_period, m.period_start_date, (a.occurred_at at time zone zone)::date) as place
        ) as t
        where a.occurred_at >= (select min(x.period_start_date) from members x)::timestamp at time zone zone
        and t.place between 0 and definition.retention_periods
        group by m.cohort_period, m.period_start_date, m.customer_id, t.place
    ), unbroken as (
        -- Active in the 1st, 2nd … period without a gap: the period's number is its place among the active ones.
        select u.cohort_period, u.period_start_date, u.place, count(*) as customers
        from (
            select d.cohort_period, d.period_start_date, d.place,
                   row_number() over (partition by d.cohort_period, d.period_start_date, d.customer_id order by d.place) as nth
            from deeds d
            where d.stayed and d.place > 0
        ) as u
        where u.place = u.nth
        group by u.cohort_period, u.period_start_date, u.place
    ), sums as (
        select d.cohort_period, d.period_start_date, d.place, count(*) filter (where d.stayed) as active,
               sum(d.events) as events, sum(d.sessions) as sessions, sum(d.orders) as orders, sum(d.revenue) as revenue
        from deeds d
        group by d.cohort_period, d.period_start_date, d.place
    )
    insert into analytics.cohort_retention_data (
        organization_id, cohort_id, cohort_period, analysis_period, analysis_date, cohort_size, active_customers, retention_rate, cumulative_retention_rate,
        period_revenue, cumulative_revenue, average_revenue_per_user, total_orders, total_sessions, total_events)
    select organization, cohort, g.cohort_period, g.place, g.begins, g.size, a.active, round(a.active::numeric / g.size, 8),
           round(case g.place when 0 then g.size else coalesce(u.customers, 0) end::numeric / g.size, 8),
           coalesce(s.revenue, 0), sum(coalesce(s.revenue, 0)) over (partition by g.cohort_period, g.period_start_date order by g.place), round(coalesce(s.revenue, 0) / g.size, 2),
           coalesce(s.orders, 0), coalesce(s.sessions, 0), coalesce(s.events, 0)
    from grid g
    left join sums s using (cohort_period, period_start_date, place)
    left join unbroken u using (cohort_period, period_start_date, place)
    cross join lateral (select case g.place when 0 then g.size else coalesce(s.active, 0) end as active) as a;

    update analytics.cohorts c
    set total_customers = (select count(distinct m.customer_id) from analytics.cohort_memberships m where m.organization_id = organization and m.cohort_id = cohort),
        cohort_periods_data = (
            select coalesce(jsonb_agg(jsonb_build_object('period', r.cohort_period, 'size', r.size, 'retention', r.rates) order by r.first_day), '[]')
            from (
                select d.cohort_period, min(d.analysis_date) as first_day, max(d.cohort_size) as size, jsonb_agg(d.retention_rate order by d.analysis_period) as rates
                from analytics.cohort_retention_data d
                where d.organization_id = organization and d.cohort_id = cohort
                group by d.cohort_period
            ) as r
        ),
        last_refreshed_at = as_of, last_calculation_duration = clock_timestamp() - began
    where c.organization_id = organization and c.id = cohort
    returning c.total_customers into people;
    return people;
end
$$;
comment on function analytics.refresh_cohort(uuid, timestamptz) is
    'Works out who is in which period of a cohort, and what became of them in each period since, up to as_of, in the organization''s zone. Returns how many customers the cohort has.';

create or replace function analytics.refresh_due_cohorts(as_of timestamptz default now(), most integer default 20) returns integer
    language plpgsql
    as $$
declare
    due  record;
    done integer := 0;
begin
    for due in
        select c.id from analytics.cohorts c
        where c.organization_id = platform.organization() and c.auto_refresh and c.is_active
        and (c.last_refreshed_at is null
             or c.last_refreshed_at <= as_of - case c.refresh_frequency when 'hourly' then interval '1 hour' when 'daily' then interval '1 day' else interval '7 days' end)
        order by c.last_refreshed_at nulls first
        limit most
        for update skip locked
    loop
        perform analytics.refresh_cohort(due.id, as_of);
        done := done + 1;
    end loop;
    return done;
end
$$;
comment on function analytics.refresh_due_cohorts(timestamptz, integer) is 'Refreshes the organization''s cohorts whose time has come, so many at most; returns how many. For the job.';

-- cdp: its summaries, and its sample queries as functions. Days and months are those of the organization's zone; amounts
-- are in its currency, of delivered orders; customers are people: a merged profile is not counted beside who it is. What is
-- called a rate is a fraction of 1, what is called a percentage is one. "as_of" is the last day that counts, all of it.
--
-- Rates of campaigns, everywhere the same: delivered of sent, opened and clicked of delivered (people, not openings and
-- clicks), converted of sent.

-- ---------------------------------------------------------------------------------------------------------
-- Summaries. campaign_performance_summary is in messaging.sql.

drop view if exists cdp.customer_summary;
create view cdp.customer_summary with (security_invoker = true) as
    select p.id, p.customer_id, p.email, p.name, p.customer_type, p.customer_status, p.lifecycle_stage,
           coalesce(t.total_orders, 0) as total_orders, coalesce(t.total_revenue, 0) as total_revenue, coalesce(t.lifetime_value, 0) as lifetime_value,
           p.engagement_score, p.churn_risk_score, p.first_seen_at, p.last_seen_at,
           greatest(d.today - (p.last_seen_at at time zone d.zone)::date, 0) as days_since_last_seen,
           exists (
               select from analytics.activity a
               where a.organization_id = p.organization_id and a.customer_id = p.id and a.occurred_at > (d.today - 7)::timestamp at time zone d.zone
           ) as active_last_7_days,
           exists (
               select from commerce.customer_orders o
               where o.organization_id = p.organization_id and o.customer_id = p.id and o.ordered_at > (d.today - 30)::timestamp at time zone d.zone
               and commerce.is_delivered(o.kind, o.order_status)
           ) as purchased_last_30_days
    from analytics.people p
    join platform.organizations g on g.id = p.organization_id
    cross join lateral (select g.time_zone::text as zone, (now() at time zone g.time_zone)::date as today) as d
    left join commerce.customer_totals t on t.organization_id = p.organization_id and t.customer_id = p.id;
comment on view cdp.customer_summary is 'A customer at a glance: what they bought (delivered orders), when they were seen, whether they are active.';
grant select on cdp.customer_summary to clientele_app, clientele_service, clientele_readonly;

drop view if exists cdp.daily_metrics_summary;
create or replace function cdp.daily_metrics(as_of date default analytics.today(), days integer default 90)
    returns table (metric_date date, daily_active_customers bigint, total_events bigint, purchases bigint, daily_revenue numeric, new_signups bigint)
    language sql stable
    as $$
        with span as (
            select g.id as organization, g.time_zone::text as zone,
                   (as_of - days)::timestamp at time zone g.time_zone as begins, (as_of + 1)::timestamp at time zone g.time_zone as ends
            from platform.organizations g
            where g.id = (select platform.organization())
        ), acted as (
            select (a.occurred_at at time zone s.zone)::date as day, count(distinct a.customer_id) as customers, count(*) as events
            from span s
            join analytics.activity a on a.organization_id = s.organization and a.occurred_at >= s.begins and a.occurred_at < s.ends
            group by 1
        ), bought as (
            select (o.ordered_at at time zone s.zone)::date as day, count(*) as orders, sum(o.base_total) as revenue
            from span s
            join commerce.customer_orders o on o.organization_id = s.organization and o.ordered_at >= s.begins and o.ordered_at < s.ends
                and commerce.is_delivered(o.kind, o.order_status)
            group by 1
        ), came as (
            select (p.first_seen_at at time zone s.zone)::date as day, count(*) as customers
            from span s
            join analytics.people p on p.organization_id = s.organization and p.first_seen_at >= s.begins and p.first_seen_at < s.ends
            group by 1
        )
        select d.day::date, coalesce(a.customers, 0), coalesce(a.events, 0), coalesce(b.orders, 0), coalesce(b.revenue, 0), coalesce(n.customers, 0)
        from span
        cross join generate_series(as_of::timestamp, (as_of - days)::timestamp, interval '-1 day') as d (day)
        left join acted a on a.day = d.day::date
        left join bought b on b.day = d.day::date
        left join came n on n.day = d.day::date
    $$;
comment on function cdp.daily_metrics(date, integer) is 'Active customers, events, delivered orders and their revenue, and new customers, of each day up to as_of, days without any included.';

create view cdp.daily_metrics_summary with (security_invoker = true) as
    select m.metric_date, m.daily_active_customers, m.total_events, m.purchases, m.daily_revenue, m.new_signups
    from cdp.daily_metrics() as m;
comment on view cdp.daily_metrics_summary is 'The last 90 days and today, a row each. Order it where it is read.';
grant select on cdp.daily_metrics_summary to clientele_app, clientele_service, clientele_readonly;

create or replace function cdp.calculate_engagement_score(customer_uuid uuid) returns integer
    language sql stable
    as $$ select analytics.engagement_score(customer_uuid) $$;
comment on function cdp.calculate_engagement_score(uuid) is 'The engagement score of a customer now, from 0 to 100; null when there is none of this id. See analytics.engagement_score; refresh_scores writes it for all.';

create or replace function cdp.refresh_segment_memberships(segment_uuid uuid) returns integer
    language sql
    as $$ select analytics.refresh_segment(segment_uuid)::integer $$;
comment on function cdp.refresh_segment_memberships(uuid) is 'Works out who belongs to a segment now; returns how many. See analytics.refresh_segment.';

-- ---------------------------------------------------------------------------------------------------------
-- Key figures

create or replace function cdp.total_customers(as_of date default analytics.today())
    returns table (current_total bigint, previous_total bigint, change bigint, percentage_change numeric)
    language sql stable
    as $$
        with moments as materialized (
            select (as_of + 1)::timestamp at time zone (select analytics.zone()) as now_, (as_of - 29)::timestamp at time zone (select analytics.zone()) as before
        ), totals as (
            -- Who has churned was a customer until then. Whoever is suspended or inactive is not counted: since when is not known.
            select count(*) filter (where p.first_seen_at < m.now_ and (p.customer_status = 'active' or p.churned_at >= m.now_)) as now_,
                   count(*) filter (where p.first_seen_at < m.before and (p.customer_status = 'active' or p.churned_at >= m.before)) as before
            from moments m
            cross join analytics.people p
            where p.organization_id = (select platform.organization()) and p.customer_status in ('active', 'churned')
        )
        select t.now_, t.before, t.now_ - t.before, coalesce(round((t.now_ - t.before)::numeric / nullif(t.before, 0) * 100, 2), 0)
        from totals t
    $$;
comment on function cdp.total_customers(date) is 'Customers at the end of a day and at the end of the day 30 days before, by when they came and when they churned.';

create or replace function cdp.monthly_revenue(months integer default 12, as_of date default analytics.today())
    returns table (month date, revenue numeric, orders bigint, avg_order_value numeric, unique_customers bigint)
    language sql stable
    as $$
        with span as (
            select (select analytics.zone()) as zone, date_trunc('month', as_of::timestamp) - make_interval(months => months - 1) as begins
        )
        select m.begins::date, coalesce(sum(o.base_total), 0), count(o.id), round(avg(o.base_total), 2), count(distinct o.customer_id)
        from span s
        cross join generate_series(s.begins, as_of::timestamp, interval '1 month') as m (begins)
        left join commerce.customer_orders o
            on o.organization_id = (select platform.organization()) and commerce.is_delivered(o.kind, o.order_status)
            and o.ordered_at >= m.begins at time zone s.zone
            and o.ordered_at < least(m.begins + interval '1 month', as_of::timestamp + interval '1 day') at time zone s.zone
        group by m.begins
        order by m.begins
    $$;
comment on function cdp.monthly_revenue(integer, date) is 'Delivered orders by month: so many whole months, the last one up to as_of, months without orders included.';

create or replace function cdp.lifecycle_distribution()
    returns table (lifecycle_stage text, customer_count bigint, percentage numeric, avg_revenue numeric, avg_engagement numeric)
    language sql stable
    as $$
        select p.lifecycle_stage, count(*), round(count(*) / sum(count(*)) over () * 100, 2), round(avg(coalesce(t.total_revenue, 0)), 2), round(avg(p.engagement_score), 2)
        from analytics.people p
        left join commerce.customer_totals t on t.organization_id = p.organization_id and t.customer_id = p.id
        where p.organization_id = (select platform.organization()) and p.customer_status = 'active'
        group by p.lifecycle_stage
        order by count(*) desc, p.lifecycle_stage
    $$;
comment on function cdp.lifecycle_distribution() is 'Active customers by stage, with what they bought on average.';

create or replace function cdp.top_campaigns(days integer default 30, as_of date default analytics.today())
    returns table (name text, campaign_type text, total_sent bigint, total_opened bigint, total_clicked bigint, total_converted bigint,
                   total_revenue_attributed numeric, open_rate numeric, click_rate numeric, conversion_rate numeric)
    language sql stable
    as $$
        with span as (
            select (as_of - days)::timestamp at time zone (select analytics.zone()) as begins, (as_of + 1)::timestamp at time zone (select analytics.zone()) as ends
        ), results as (
            select s.campaign_id,
                   count(*) filter (where s.sent_at >= w.begins and s.sent_at < w.ends) as sent,
                   count(*) filter (where s.opened_at >= w.begins and s.opened_at < w.ends) as opened,
                   count(*) filter (where s.first_click_at >= w.begins and s.first_click_at < w.ends) as clicked,
                   count(*) filter (where s.converted_at >= w.begins and s.converted_at < w.ends) as converted,
                   coalesce(sum(s.conversion_value) filter (where s.converted_at >= w.begins and s.converted_at < w.ends), 0) as revenue,
                   -- A rate is one of the same messages: of those delivered, or sent, in this time, whatever came of them up to its end.
                   count(*) filter (where s.delivered_at >= w.begins and s.delivered_at < w.ends) as delivered,
                   count(*) filter (where s.delivered_at >= w.begins and s.delivered_at < w.ends and s.opened_at < w.ends) as delivered_opened,
                   count(*) filter (where s.delivered_at >= w.begins and s.delivered_at < w.ends and s.first_click_at < w.ends) as delivered_clicked,
                   count(*) filter (where s.sent_at >= w.begins and s.sent_at < w.ends and s.converted_at < w.ends) as sent_converted
            from span w
            cross join messaging.campaign_sends s
            where s.organization_id = (select platform.organization())
            and (s.sent_at between w.begins and w.ends or s.delivered_at between w.begins and w.ends or s.opened_at between w.begins and w.ends
                 or s.first_click_at between w.begins and w.ends or s.converted_at between w.begins and w.ends)
            group by s.campaign_id
        )
        select c.name, c.campaign_type, r.sent, r.opened, r.clicked, r.converted, r.revenue,
               messaging.share(r.delivered_opened, r.delivered), messaging.share(r.delivered_clicked, r.delivered), messaging.share(r.sent_converted, r.sent)
        from results r
        join messaging.campaigns c on c.organization_id = (select platform.organization()) and c.id = r.campaign_id
        where c.status in ('active', 'completed') and r.sent + r.opened + r.clicked + r.converted > 0
        order by r.revenue desc, c.name
        limit 10
    $$;
comment on function cdp.top_campaigns(integer, date) is 'The ten campaigns that brought most in the last days, by when it came, whenever they began. Rates are null where nothing was sent in that time.';

-- ---------------------------------------------------------------------------------------------------------
-- Cohorts

create or replace function cdp.retention_cohorts(since date, as_of date default analytics.today())
    returns table (cohort_month date, cohort_size bigint, period_number integer, retained_customers bigint, retention_rate numeric)
    language sql stable
    as $$
        with zone as (
            select z.name, since::timestamp at time zone z.name as begins, (as_of + 1)::timestamp at time zone z.name as ends from (select analytics.zone()) as z (name)
        ), members as materialized (
            select p.id, date_trunc('month', p.first_seen_at at time zone z.name)::date as cohort_month
            from zone z
            join analytics.people p on p.organization_id = (select platform.organization()) and p.first_seen_at >= z.begins and p.first_seen_at < z.ends
        ), active as (
            select distinct m.id, m.cohort_month, analytics.periods_between('monthly', m.cohort_month, (a.occurred_at at time zone z.name)::date) as period_number
            from zone z
            join analytics.activity a on a.organization_id = (select platform.organization()) and a.occurred_at >= z.begins and a.occurred_at < z.ends
            join members m on m.id = a.customer_id
        ), sizes as (
            select m.cohort_month, count(*) as cohort_size from members m group by m.cohort_month
        )
        select s.cohort_month, s.cohort_size, n.period_number, r.customers, round(r.customers::numeric / s.cohort_size, 8)
        from sizes s
        cross join lateral generate_series(0, analytics.periods_between('monthly', s.cohort_month, as_of)) as n (period_number)
        -- Who came in a month was active in it.
        cross join lateral (
            select case n.period_number when 0 then s.cohort_size
                   else (select count(*) from active a where a.cohort_month = s.cohort_month and a.period_number = n.period_number) end as customers
        ) as r
        order by s.cohort_month, n.period_number
    $$;
comment on function cdp.retention_cohorts(date, date) is 'Of the customers who came in each month since a day, how many were active in each month after, up to as_of: every month has a row. The size is of all who came, active or not.';

create or replace function cdp.revenue_cohorts(since date, as_of date default analytics.today())
    returns table (cohort_month date, period_number integer, active_customers bigint, total_revenue numeric, avg_revenue_per_customer numeric, cumulative_revenue numeric)
    language sql stable
    as $$
        with zone as (
            select z.name, since::timestamp at time zone z.name as begins, (as_of + 1)::timestamp at time zone z.name as ends from (select analytics.zone()) as z (name)
        ), members as materialized (
            select p.id, date_trunc('month', p.first_seen_at at time zone z.name)::date as cohort_month
            from zone z
            join analytics.people p on p.organization_id = (select platform.organization()) and p.first_seen_at >= z.begins and p.first_seen_at < z.ends
        ), bought as (
            select m.cohort_month, t.period_number, count(distinct m.id) as customers, sum(o.base_total) as revenue
            from zone z
            join commerce.customer_orders o on o.organization_id = (select platform.organization()) and commerce.is_delivered(o.kind, o.order_status)
                and o.ordered_at >= z.begins and o.ordered_at < z.ends
            join members m on m.id = o.customer_id
            cross join lateral (select analytics.periods_between('monthly', m.cohort_month, (o.ordered_at at time zone z.name)::date) as period_number) as t
            group by m.cohort_month, t.period_number
        )
        select s.cohort_month, n.period_number, coalesce(b.customers, 0), coalesce(b.revenue, 0), round(b.revenue / b.customers, 2),
               sum(coalesce(b.revenue, 0)) over (partition by s.cohort_month order by n.period_number)
        from (select distinct m.cohort_month from members m) as s
        cross join lateral generate_series(0, analytics.periods_between('monthly', s.cohort_month, as_of)) as n (period_number)
        left join bought b on b.cohort_month = s.cohort_month and b.period_number = n.period_number
        order by s.cohort_month, n.period_number
    $$;
comment on function cdp.revenue_cohorts(date, date) is 'What the customers who came in each month since a day bought (delivered orders) in each month after. The average is per customer who bought in that month, null where none did.';

-- ---------------------------------------------------------------------------------------------------------
-- Who to look after

create or replace function cdp.high_value_customers(as_of date default analytics.today())
    returns table (id uuid, customer_id text, name text, email text, total_revenue numeric, lifetime_value numeric, total_orders bigint, last_seen_at timestamptz, engagement_score integer)
    language sql stable
    as $$
        select p.id, p.customer_id, p.name, p.email, t.total_revenue, t.lifetime_value, t.total_orders, p.last_seen_at, p.engagement_score::integer
        from analytics.people p
        join commerce.customer_totals t on t.organization_id = p.organization_id and t.customer_id = p.id
        where p.organization_id = (select platform.organization()) and p.customer_status = 'active'
        and t.total_revenue >= 1000
        and p.last_seen_at >= (as_of - 30)::timestamp at time zone (select analytics.zone())
        and p.engagement_score >= 70
        order by t.total_revenue desc, p.customer_id
    $$;
comment on function cdp.high_value_customers(date) is 'Active customers who bought for 1000 or more, were seen in the last 30 days and score 70 or more.';

create or replace function cdp.at_risk_customers(as_of date default analytics.today())
    returns table (id uuid, customer_id text, name text, email text, total_revenue numeric, last_seen_at timestamptz, engagement_score integer, churn_risk_score integer,
                   days_since_last_seen integer)
    language sql stable
    as $$
        select p.id, p.customer_id, p.name, p.email, t.total_revenue, p.last_seen_at, p.engagement_score::integer, p.churn_risk_score::integer,
               greatest(as_of - analytics.today(p.last_seen_at), 0)
        from analytics.people p
        join commerce.customer_totals t on t.organization_id = p.organization_id and t.customer_id = p.id
        where p.organization_id = (select platform.organization()) and p.customer_status = 'active'
        and t.total_revenue >= 500
        and (p.churn_risk_score >= 70 or p.last_seen_at < (as_of - 14)::timestamp at time zone (select analytics.zone()) or p.engagement_score < 30)
        order by p.churn_risk_score desc, t.total_revenue desc, p.customer_id
    $$;
comment on function cdp.at_risk_customers(date) is 'Active customers who bought for 500 or more and are likely to leave: a churn risk of 70 or more, unseen for 14 days, or an engagement below 30. Scores are those of the last analytics.refresh_scores.';

create or replace function cdp.onboarding_customers(as_of date default analytics.today())
    returns table (id uuid, customer_id text, name text, email text, first_seen_at timestamptz, total_orders bigint, lifecycle_stage text, total_events bigint)
    language sql stable
    as $$
        select p.id, p.customer_id, p.name, p.email, p.first_seen_at, coalesce(t.total_orders, 0), p.lifecycle_stage, e.total_events
        from analytics.people p
        cross join lateral (select count(*) as total_events from analytics.activity a where a.organization_id = p.organization_id and a.customer_id = p.id) as e
        left join commerce.customer_totals t on t.organization_id = p.organization_id and t.customer_id = p.id
        where p.organization_id = (select platform.organization()) and p.lifecycle_stage = 'new'
        and p.first_seen_at >= (as_of - 7)::timestamp at time zone (select analytics.zone())
        and p.first_seen_at < (as_of + 1)::timestamp at time zone (select analytics.zone())
        and e.total_events < 5
        order by p.first_seen_at desc, p.customer_id
    $$;
comment on function cdp.onboarding_customers(date) is 'Who came in the last 7 days, is still new, and did fewer than 5 things.';

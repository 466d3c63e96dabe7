-- Scores of customers, from 0 to 100.
--
-- Engagement: recency (last seen within 1 day 40, 7 days 30, 30 days 20, 90 days 10) + events of the last 30 days
-- (50 or more 30, 20: 20, 5: 10, 1: 5) + orders of the last 30 days (5 or more 30, 2: 20, 1: 10).
--
-- Churn risk: how long nobody saw them (up to 7 days 0, 14: 20, 30: 40, 90: 60, longer 80), 20 more when the last
-- 30 days brought less than half of the events of the 30 before, 20 less when they ordered in the last 30 days; 100 for
-- whoever has churned.
--
-- Days are those of the organization's zone. Orders are the log's order_completed facts. A time in the future is today.

create or replace function analytics.engagement_points(days_unseen integer, events bigint, orders bigint) returns smallint
    language sql immutable parallel safe
    as $$
        select (case when days_unseen <= 1 then 40 when days_unseen <= 7 then 30 when days_unseen <= 30 then 20 when days_unseen <= 90 then 10 else 0 end
              + case when events >= 50 then 30 when events >= 20 then 20 when events >= 5 then 10 when events >= 1 then 5 else 0 end
              + case when orders >= 5 then 30 when orders >= 2 then 20 when orders >= 1 then 10 else 0 end)::smallint
    $$;
comment on function analytics.engagement_points(integer, bigint, bigint) is 'The engagement score of somebody not seen for so many days, with so many events and orders in the last 30.';

create or replace function analytics.churn_points(days_unseen integer, events bigint, events_before bigint, orders bigint, churned boolean) returns smallint
    language sql immutable parallel safe
    as $$
        select case when churned then 100 else
            greatest(least(case when days_unseen <= 7 then 0 when days_unseen <= 14 then 20 when days_unseen <= 30 then 40 when days_unseen <= 90 then 60 else 80 end
                         + case when events * 2 < events_before then 20 else 0 end
                         - case when orders > 0 then 20 else 0 end, 100), 0)
        end::smallint
    $$;
comment on function analytics.churn_points(integer, bigint, bigint, bigint, boolean) is 'The churn-risk score; "events" are those of the last 30 days, "events_before" those of the 30 days before.';

create or replace function analytics.engagement_score(customer uuid, as_of timestamptz default now()) returns integer
    language sql stable
    as $$
        select analytics.engagement_points(greatest(analytics.today(as_of) - analytics.today(p.last_seen_at), 0), r.events, r.orders)::integer
        from analytics.people p
        cross join lateral (
            select count(*) as events, count(*) filter (where a.event_type = 'order_completed') as orders
            from analytics.activity a
            where a.organization_id = p.organization_id and a.customer_id = p.id
            and a.occurred_at > as_of - interval '30 days' and a.occurred_at <= as_of
        ) as r
        where p.organization_id = (select platform.organization())
        and p.id = coalesce((select m.person_id from customers.person_map m
                             where m.organization_id = (select platform.organization()) and m.profile_id = customer), customer)
    $$;
comment on function analytics.engagement_score(uuid, timestamptz) is 'The engagement score of one customer at a time, worked out from the log; null when there is no such customer. A merged profile has the score of the person it is.';

create or replace function analytics.refresh_scores(as_of timestamptz default now()) returns bigint
    language plpgsql
    -- Everybody is joined with everybody's counts: where statistics lag behind, a nested loop takes hours.
    set enable_nestloop = off
    as $$
declare
    organization uuid := platform.organization();
    zone         text := analytics.zone();
    changed      bigint;
begin
    if organization is null then
        raise exception 'analytics.refresh_scores: no organization is set for this transaction' using errcode = 'insufficient_privilege';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('analytics.refresh_scores/' || organization, 0));
    with recent as materialized (
        select a.customer_id,
               count(*) filter (where a.occurred_at > as_of - interval '30 days') as events,
               count(*) filter (where a.occurred_at <= as_of - interval '30 days') as events_before,
               count(*) filter (where a.occurred_at > as_of - interval '30 days' and a.event_type = 'order_completed') as orders
        from analytics.activity a
        where a.organization_id = organization and a.occurred_at > as_of - interval '60 days' and a.occurred_at <= as_of
        group by a.customer_id
    ), scored as materialized (
        select p.id, analytics.engagement_points(d.unseen, coalesce(r.events, 0), coalesce(r.orders, 0)) as engagement,
               analytics.churn_points(d.unseen, coalesce(r.events, 0), coalesce(r.events_before, 0), coalesce(r.orders, 0), p.customer_status = 'churned') as churn
        from analytics.people p
        left join recent r on r.customer_id = p.id
        cross join lateral (select greatest((as_of at time zone zone)::date - (p.last_seen_at at time zone zone)::date, 0) as unseen) as d
        where p.organization_id = organization
    )
    update customers.customers c
    set engagement_score = s.engagement, churn_risk_score = s.churn
    from scored s
    where c.organization_id = organization and c.id = s.id
    and (c.engagement_score, c.churn_risk_score) is distinct from (s.engagement, s.churn);
    get diagnostics changed = row_count;
    return changed;
end
$$;
comment on function analytics.refresh_scores(timestamptz) is 'Works out the scores of all customers of the organization and writes those that changed; returns how many.';

-- Who had their first session ever in a week of the quarter, and in which of the twelve weeks from then on they had one.
with firsts as (
    select e.customer_id, min(e.occurred_at) as at
    from log.events e
    where e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'session_started'
    group by e.customer_id
), cohorts as (
    select f.customer_id, f.at, date_trunc('week', f.at at time zone 'UTC')::date as cohort
    from firsts f where f.at >= '2026-04-02Z' and f.at < '2026-07-01Z'
), weeks as (
    select distinct c.customer_id, c.cohort, (date_trunc('week', e.occurred_at at time zone 'UTC')::date - c.cohort) / 7 as period
    from cohorts c
    join log.events e on e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'session_started' and e.customer_id = c.customer_id and e.occurred_at >= c.at
)
select w.cohort, w.period, count(*) as customers
from weeks w where w.period < 12
group by w.cohort, w.period

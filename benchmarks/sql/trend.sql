-- Customers who viewed a product, by day: an index-only scan in the order of customers, so that distinct is a comparison with the row before.
select v.day, count(*) as customers
from (
    select distinct (e.occurred_at at time zone 'UTC')::date as day, e.customer_id
    from log.events e
    where e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'product_viewed'
    and e.occurred_at >= '2026-04-02Z' and e.occurred_at < '2026-07-01Z'
) v
group by v.day

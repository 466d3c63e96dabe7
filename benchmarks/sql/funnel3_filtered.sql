-- Three steps in order within seven days. One sort by customer and time, then window functions instead of joins: the latest begin
-- so far, then the latest begin that reached the second step. Exact, because who began later has longer left.
with steps as (
    select e.customer_id, e.occurred_at as at, e.step,
           max(case when e.step = 1 then e.occurred_at end) over w as begun
    from (
        select e.customer_id, e.occurred_at, 1 as step from log.events e
        where e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'product_viewed' and e.properties ->> 'category' = 'shoes'
        and e.occurred_at >= '2026-04-02Z' and e.occurred_at < '2026-07-01Z'
        union all
        select e.customer_id, e.occurred_at, 2 from log.events e
        where e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'cart_item_added' and e.properties ->> 'category' = 'shoes'
        and e.occurred_at >= '2026-04-02Z' and e.occurred_at < '2026-07-08Z'
        union all
        select e.customer_id, e.occurred_at, 3 from log.events e
        where e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'order_completed'
        and e.occurred_at >= '2026-04-02Z' and e.occurred_at < '2026-07-08Z'
    ) e
    window w as (partition by e.customer_id order by e.occurred_at, e.step)
), second as (
    select s.*, max(case when s.step = 2 and s.at - s.begun <= interval '7 days' then s.begun end) over (partition by s.customer_id order by s.at, s.step) as second
    from steps s
), depth as (
    select s.customer_id, max(case when s.step = 3 and s.at - s.second <= interval '7 days' then 3 when s.second is not null then 2 when s.begun is not null then 1 end) as depth
    from second s group by s.customer_id
)
select k.k as step, count(*) as customers
from depth d cross join generate_series(1, 3) as k (k)
where d.depth >= k.k
group by k.k

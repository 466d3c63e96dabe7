-- Five steps in order within seven days, by the device of the first event that begins. As funnel3, one window a step.
with s1 as (
    select e.customer_id, e.device_type, e.occurred_at as at, e.step,
           max(case when e.step = 1 then e.occurred_at end) over w as b1,
           first_value(case when e.step = 1 then e.device_type end) over (partition by e.customer_id order by (e.step <> 1), e.occurred_at) as device
    from (
        select e.customer_id, e.device_type, e.occurred_at,
               case e.event_type when 'session_started' then 1 when 'product_viewed' then 2 when 'cart_item_added' then 3 when 'checkout_started' then 4 else 5 end as step
        from log.events e
        where e.organization_id = current_setting('bench.organization')::uuid
        and e.event_type in ('session_started', 'product_viewed', 'cart_item_added', 'checkout_started', 'order_completed')
        and e.occurred_at >= '2026-04-02Z' and (e.occurred_at < '2026-07-01Z' or e.occurred_at < '2026-07-08Z' and e.event_type <> 'session_started')
    ) e
    window w as (partition by e.customer_id order by e.occurred_at, e.step)
), s2 as (
    select s.*, max(case when s.step = 2 and s.at - s.b1 <= interval '7 days' then s.b1 end) over (partition by s.customer_id order by s.at, s.step) as b2 from s1 s
), s3 as (
    select s.*, max(case when s.step = 3 and s.at - s.b2 <= interval '7 days' then s.b2 end) over (partition by s.customer_id order by s.at, s.step) as b3 from s2 s
), s4 as (
    select s.*, max(case when s.step = 4 and s.at - s.b3 <= interval '7 days' then s.b3 end) over (partition by s.customer_id order by s.at, s.step) as b4 from s3 s
), depth as (
    select s.customer_id, min(s.device) as device,
           max(case when s.step = 5 and s.at - s.b4 <= interval '7 days' then 5 when s.b4 is not null then 4 when s.b3 is not null then 3 when s.b2 is not null then 2 when s.b1 is not null then 1 end) as depth
    from s4 s group by s.customer_id
)
select d.device, k.k as step, count(*) as customers
from depth d cross join generate_series(1, 5) as k (k)
where d.depth >= k.k
group by d.device, k.k

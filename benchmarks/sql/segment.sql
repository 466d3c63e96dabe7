-- At least three orders and no contact with support in the quarter.
select count(*) as customers
from (
    select e.customer_id from log.events e
    where e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'order_completed' and e.occurred_at >= '2026-04-02Z' and e.occurred_at < '2026-07-01Z'
    group by e.customer_id having count(*) >= 3
    except
    select e.customer_id from log.events e
    where e.organization_id = current_setting('bench.organization')::uuid and e.event_type = 'support_contacted' and e.occurred_at >= '2026-04-02Z' and e.occurred_at < '2026-07-01Z'
) s

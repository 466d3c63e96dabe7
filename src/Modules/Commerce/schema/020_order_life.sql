-- The life of an order, and what its customer bought.

-- Forward jumps are what shops really do: goods handed over at the counter or downloaded go from pending to delivered.
-- A parcel that is refused at the door is cancelled, one that was paid for is refunded. What is delivered cannot be
-- cancelled any more. An order that comes from elsewhere may begin anywhere.
select platform.states('commerce.customer_orders', 'order_status', $$
    pending   > confirmed, shipped, delivered, cancelled
    confirmed > shipped, delivered, cancelled, refunded
    shipped   > delivered, cancelled, refunded
    delivered > refunded
    cancelled
    refunded
$$, told_as => 'order_status_changed', about => 'customer_id');

create function commerce.stamp_order() returns trigger
    language plpgsql
    as $$
declare
    -- An order that arrives in a later state reached it nobody knows when: not before it was placed.
    moment timestamptz := case tg_op when 'INSERT' then new.ordered_at else now() end;
begin
    case new.order_status
        when 'confirmed' then new.confirmed_at := coalesce(new.confirmed_at, moment);
        when 'shipped'   then new.shipped_at   := coalesce(new.shipped_at, moment);
        when 'delivered' then new.delivered_at := coalesce(new.delivered_at, moment);
        when 'cancelled' then new.cancelled_at := coalesce(new.cancelled_at, moment);
    end case;
    return new;
end
$$;
comment on function commerce.stamp_order() is 'Trigger: the time of a state, where the writer did not give it.';
create trigger stamp before insert or update of order_status on commerce.customer_orders
    for each row when (case new.order_status when 'confirmed' then new.confirmed_at is null when 'shipped' then new.shipped_at is null
                                             when 'delivered' then new.delivered_at is null when 'cancelled' then new.cancelled_at is null else false end)
    execute function commerce.stamp_order();

create function commerce.tell_order() returns trigger
    language plpgsql
    as $$
declare
    fact text := commerce.fact_of(new.kind, new.order_status);
begin
    -- At the order's own time, whenever it began to count.
    insert into log.events (organization_id, workspace_id, event_type, event_name, event_category, properties, event_value, currency, customer_id,
                            country, occurred_at, claimed_at, data_source, batch_id)
    select new.organization_id, new.workspace_id, fact, upper(left(fact, 1)) || replace(substr(fact, 2), '_', ' '), 'transaction',
           jsonb_build_object('order_id', new.order_id, 'status', new.order_status)
               || case when count(i.id) > 0 then jsonb_build_object('lines', count(i.id), 'quantity', sum(i.quantity)) else '{}' end,
           new.base_total, o.currency, new.customer_id, new.shipping_country,
           log.moment(new.ordered_at), nullif(new.ordered_at, log.moment(new.ordered_at)), 'platform', new.import_id
    from platform.organizations o
    left join commerce.customer_order_items i on i.organization_id = o.id and i.order_id = new.id
    where o.id = new.organization_id
    group by o.currency;
    return null;
end
$$;
comment on function commerce.tell_order() is 'Trigger: tells the log of a new order whose writer does not, and of one that was told as placed and now counts as a sale.';
create trigger told after insert on commerce.customer_orders
    for each row when (new.event_id is null) execute function commerce.tell_order();
create trigger sale_told after update of order_status on commerce.customer_orders
    for each row when (commerce.counts_as_sale(new.kind, new.order_status) and not commerce.counts_as_sale(old.kind, old.order_status))
    execute function commerce.tell_order();

select customers.reference('commerce.customer_orders', 'customer_id', on_merge => 'move', on_erase => 'keep',
    personal => '{shipping_state,shipping_city,billing_state,billing_city,notes,custom_fields}');

-- ---------------------------------------------------------------------------------------------------------
-- What each customer bought: orders that were delivered, changed in the transaction that changes them.

create table commerce.customer_totals (
    organization_id     uuid not null,
    customer_id         uuid not null,
    total_orders        bigint not null,
    -- Sums have no limit of their own: one customer's must never refuse an order.
    total_revenue       numeric not null,
    lifetime_value      numeric not null,
    average_order_value numeric generated always as (round(total_revenue / nullif(total_orders, 0), 2)) stored,
    first_order_at      timestamptz,
    last_order_at       timestamptz,
    last_calculated_at  timestamptz not null default now(),
    primary key (organization_id, customer_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
);
comment on table commerce.customer_totals is 'What a customer bought: delivered orders, in the organization''s currency, changed in the transaction that changes the orders. Nobody without such an order or a refund need have a row. See commerce.totals_drift.';
comment on column commerce.customer_totals.total_revenue is 'Of delivered orders.';
comment on column commerce.customer_totals.lifetime_value is 'total_revenue less what was refunded of it.';
comment on column commerce.customer_totals.first_order_at is 'When the first of the delivered orders was placed.';
comment on column commerce.customer_totals.last_calculated_at is 'When one of the orders that count last changed.';
create index customer_totals_revenue on commerce.customer_totals (organization_id, total_revenue desc, customer_id);
create index customer_totals_value on commerce.customer_totals (organization_id, lifetime_value desc, customer_id);
select platform.protect('commerce.customer_totals', 'organization');
revoke insert, update, delete on commerce.customer_totals from clientele_app;
-- Only the triggers write, as the owner; they look at the orders as the owner, too.
create policy owner on commerce.customer_totals to clientele_owner using (true) with check (true);
create policy owner on commerce.customer_orders to clientele_owner using (true) with check (true);
select customers.reference('commerce.customer_totals', 'customer_id', on_merge => 'derived', on_erase => 'keep');

create function commerce.is_delivered(kind text, order_status text) returns boolean
    language sql immutable parallel safe
    as $$ select kind = 'order' and order_status = 'delivered' $$;
comment on function commerce.is_delivered(text, text) is 'Does the document count in commerce.customer_totals?';

create function commerce.worth(kind text, order_status text, base_total numeric, refunded_total numeric, refunds_order uuid) returns numeric
    language sql immutable parallel safe
    as $$
        select case when kind = 'order' and order_status = 'delivered' then base_total + refunded_total
                    -- A refund that names its order has been taken off there, where an order wholly refunded no longer counts.
                    when kind = 'refund' and refunds_order is null and order_status not in ('pending', 'cancelled') then base_total
                    else 0 end
    $$;
comment on function commerce.worth(text, text, numeric, numeric, uuid) is 'What a document adds to its customer''s lifetime value.';

create function commerce.change_totals(
    organizations uuid[], people uuid[], orders bigint[], revenue numeric[], worth numeric[],
    earliest timestamptz[], latest timestamptz[], gone_earliest timestamptz[], gone_latest timestamptz[]
) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    -- By key: two writers of the same customers wait for each other and never deadlock.
    insert into commerce.customer_totals as t (organization_id, customer_id, total_orders, total_revenue, lifetime_value, first_order_at, last_order_at)
    select c.organization_id, c.customer_id, c.orders, c.revenue, c.worth, c.earliest, c.latest
    from unnest(organizations, people, orders, revenue, worth, earliest, latest) as c (organization_id, customer_id, orders, revenue, worth, earliest, latest)
    order by c.organization_id, c.customer_id
    on conflict (organization_id, customer_id) do update set
        total_orders = t.total_orders + excluded.total_orders,
        total_revenue = t.total_revenue + excluded.total_revenue,
        lifetime_value = t.lifetime_value + excluded.lifetime_value,
        first_order_at = least(t.first_order_at, excluded.first_order_at),
        last_order_at = greatest(t.last_order_at, excluded.last_order_at),
        last_calculated_at = now();

    -- Only when the first or the last order may have gone. The rows are locked by now, so this sees what others did before.
    if array_remove(gone_earliest, null) = '{}' then
        return;
    end if;
    update commerce.customer_totals t
    set first_order_at = x.earliest, last_order_at = x.latest
    from (
        select g.organization_id, g.customer_id
        from unnest(organizations, people, gone_earliest, gone_latest) as g (organization_id, customer_id, earliest, latest)
        join commerce.customer_totals c on c.organization_id = g.organization_id and c.customer_id = g.customer_id
        where g.earliest <= c.first_order_at or g.latest >= c.last_order_at
    ) as g
    cross join lateral (
        select min(o.ordered_at), max(o.ordered_at) from commerce.customer_orders o
        where o.organization_id = g.organization_id and o.customer_id = g.customer_id and commerce.is_delivered(o.kind, o.order_status)
    ) as x (earliest, latest)
    where t.organization_id = g.organization_id and t.customer_id = g.customer_id;
end
$$;
comment on function commerce.change_totals(uuid[], uuid[], bigint[], numeric[], numeric[], timestamptz[], timestamptz[], timestamptz[], timestamptz[]) is
    'Adds to the totals of customers, named in the order of their keys; where delivered orders have gone, looks for the first and last again.';
revoke execute on function commerce.change_totals(uuid[], uuid[], bigint[], numeric[], numeric[], timestamptz[], timestamptz[], timestamptz[], timestamptz[]) from public;

create function commerce.taken_off(order_status text, base_total numeric) returns numeric
    language sql immutable parallel safe
    as $$ select case when order_status in ('pending', 'cancelled') then 0 else base_total end $$;
comment on function commerce.taken_off(text, numeric) is 'What a refund takes off the order it names: nothing while it is pending, or when it was cancelled.';

create function commerce.take_off_orders(organizations uuid[], ids uuid[], totals numeric[]) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    -- By tenant and id: an id alone could be an order of somebody else's.
    perform from commerce.customer_orders o where (o.organization_id, o.id) in (select * from unnest(organizations, ids)) and o.kind = 'order'
    order by o.organization_id, o.id for no key update;
    update commerce.customer_orders o
    set refunded_total = o.refunded_total + r.total
    from unnest(organizations, ids, totals) as r (organization_id, id, total)
    where o.organization_id = r.organization_id and o.id = r.id and o.kind = 'order' and r.total <> 0;
end
$$;
comment on function commerce.take_off_orders(uuid[], uuid[], numeric[]) is 'Keeps customer_orders.refunded_total; that change is counted like any other.';
revoke execute on function commerce.take_off_orders(uuid[], uuid[], numeric[]) from public;

create function commerce.count_orders() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    -- Rates belong to foreign currencies: a sum in one never passes for a sum in the organization's own.
    if exists (select from new_rows n join platform.organizations o on o.id = n.organization_id where n.exchange_rate = 1 and n.currency <> o.currency) then
        raise exception 'An order in another currency than the organization''s needs exchange_rate: what one unit is in the organization''s currency.' using errcode = 'check_violation';
    end if;

    perform commerce.change_totals(array_agg(c.organization_id), array_agg(c.customer_id), array_agg(c.orders), array_agg(c.revenue), array_agg(c.worth),
                                   array_agg(c.earliest), array_agg(c.latest), '{}', '{}')
    from (
        select d.organization_id, d.customer_id, count(*) filter (where d.delivered) as orders, coalesce(sum(d.base_total) filter (where d.delivered), 0) as revenue,
               sum(d.worth) as worth, min(d.ordered_at) filter (where d.delivered) as earliest, max(d.ordered_at) filter (where d.delivered) as latest
        from (
            select n.organization_id, n.customer_id, n.ordered_at, n.base_total, commerce.is_delivered(n.kind, n.order_status) as delivered,
                   commerce.worth(n.kind, n.order_status, n.base_total, n.refunded_total, n.refunds_order) as worth
            from new_rows n
        ) as d
        where d.customer_id is not null and (d.delivered or d.worth <> 0)
        group by d.organization_id, d.customer_id
        order by d.organization_id, d.customer_id
    ) as c
    having count(*) > 0;

    perform commerce.take_off_orders(array_agg(r.organization_id), array_agg(r.refunds_order), array_agg(r.total))
    from (select n.organization_id, n.refunds_order, sum(commerce.taken_off(n.order_status, n.base_total)) as total from new_rows n
          where n.refunds_order is not null group by n.organization_id, n.refunds_order) as r
    having count(*) > 0;
    return null;
end
$$;
comment on function commerce.count_orders() is 'Trigger: new orders in commerce.customer_totals.';
create trigger totals_inserted after insert on commerce.customer_orders
    referencing new table as new_rows for each statement execute function commerce.count_orders();

create function commerce.recount_orders() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    if exists (
        select from new_rows n
        join platform.organizations g on g.id = n.organization_id
        join old_rows o on o.organization_id = n.organization_id and o.id = n.id
        where n.exchange_rate = 1 and n.currency <> g.currency and (o.exchange_rate, o.currency) <> (n.exchange_rate, n.currency)
    ) then
        raise exception 'An order in another currency than the organization''s needs exchange_rate: what one unit is in the organization''s currency.' using errcode = 'check_violation';
    end if;

    -- What is as it was, notes having been written, is on both sides and falls out.
    perform commerce.change_totals(array_agg(c.organization_id), array_agg(c.customer_id), array_agg(c.orders), array_agg(c.revenue), array_agg(c.worth),
                                   array_agg(c.earliest), array_agg(c.latest), array_agg(c.gone_earliest), array_agg(c.gone_latest))
    from (
        with before as (
            select o.organization_id, o.customer_id, o.ordered_at, o.base_total, commerce.is_delivered(o.kind, o.order_status) as delivered,
                   commerce.worth(o.kind, o.order_status, o.base_total, o.refunded_total, o.refunds_order) as worth
            from old_rows o
        ), after as (
            select n.organization_id, n.customer_id, n.ordered_at, n.base_total, commerce.is_delivered(n.kind, n.order_status) as delivered,
                   commerce.worth(n.kind, n.order_status, n.base_total, n.refunded_total, n.refunds_order) as worth
            from new_rows n
        ), change as (
            select 1 as sign, a.* from (select * from after except all select * from before) as a
            union all
            select -1, b.* from (select * from before except all select * from after) as b
        )
        select d.organization_id, d.customer_id, coalesce(sum(d.sign) filter (where d.delivered), 0) as orders,
               coalesce(sum(d.sign * d.base_total) filter (where d.delivered), 0) as revenue, sum(d.sign * d.worth) as worth,
               min(d.ordered_at) filter (where d.delivered and d.sign = 1) as earliest, max(d.ordered_at) filter (where d.delivered and d.sign = 1) as latest,
               min(d.ordered_at) filter (where d.delivered and d.sign = -1) as gone_earliest, max(d.ordered_at) filter (where d.delivered and d.sign = -1) as gone_latest
        from change d
        where d.customer_id is not null and (d.delivered or d.worth <> 0)
        group by d.organization_id, d.customer_id
        order by d.organization_id, d.customer_id
    ) as c
    having count(*) > 0;

    perform commerce.take_off_orders(array_agg(r.organization_id), array_agg(r.refunds_order), array_agg(r.total))
    from (
        select d.organization_id, d.refunds_order, sum(d.total) as total
        from (
            select n.organization_id, n.refunds_order, commerce.taken_off(n.order_status, n.base_total) from new_rows n where n.refunds_order is not null
            union all
            select o.organization_id, o.refunds_order, -commerce.taken_off(o.order_status, o.base_total) from old_rows o where o.refunds_order is not null
        ) as d (organization_id, refunds_order, total)
        group by d.organization_id, d.refunds_order
        having sum(d.total) <> 0
    ) as r
    having count(*) > 0;
    return null;
end
$$;
comment on function commerce.recount_orders() is 'Trigger: changed orders in commerce.customer_totals.';
create trigger totals_updated after update on commerce.customer_orders
    referencing old table as old_rows new table as new_rows for each statement execute function commerce.recount_orders();

create function commerce.uncount_orders() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    perform commerce.change_totals(array_agg(c.organization_id), array_agg(c.customer_id), array_agg(-c.orders), array_agg(-c.revenue), array_agg(-c.worth),
                                   '{}', '{}', array_agg(c.earliest), array_agg(c.latest))
    from (
        select d.organization_id, d.customer_id, count(*) filter (where d.delivered) as orders, coalesce(sum(d.base_total) filter (where d.delivered), 0) as revenue,
               sum(d.worth) as worth, min(d.ordered_at) filter (where d.delivered) as earliest, max(d.ordered_at) filter (where d.delivered) as latest
        from (
            select o.organization_id, o.customer_id, o.ordered_at, o.base_total, commerce.is_delivered(o.kind, o.order_status) as delivered,
                   commerce.worth(o.kind, o.order_status, o.base_total, o.refunded_total, o.refunds_order) as worth
            from old_rows o
        ) as d
        where d.customer_id is not null and (d.delivered or d.worth <> 0)
        and exists (select from platform.organizations g where g.id = d.organization_id) -- not while the organization itself goes
        group by d.organization_id, d.customer_id
        order by d.organization_id, d.customer_id
    ) as c
    having count(*) > 0;

    perform commerce.take_off_orders(array_agg(r.organization_id), array_agg(r.refunds_order), array_agg(r.total))
    from (select o.organization_id, o.refunds_order, -sum(commerce.taken_off(o.order_status, o.base_total)) as total from old_rows o
          where o.refunds_order is not null group by o.organization_id, o.refunds_order) as r
    having count(*) > 0;
    return null;
end
$$;
comment on function commerce.uncount_orders() is 'Trigger: orders that are gone in commerce.customer_totals.';
create trigger totals_deleted after delete on commerce.customer_orders
    referencing old table as old_rows for each statement execute function commerce.uncount_orders();

create function commerce.totals_drift() returns table (customer_id uuid, orders numeric, revenue numeric, worth numeric, wrong_times boolean)
    language sql stable
    as $$
        select coalesce(t.customer_id, c.customer_id), coalesce(t.total_orders, 0) - coalesce(c.orders, 0), coalesce(t.total_revenue, 0) - coalesce(c.revenue, 0),
               coalesce(t.lifetime_value, 0) - coalesce(c.worth, 0), (t.first_order_at, t.last_order_at) is distinct from (c.earliest, c.latest)
        from (select * from commerce.customer_totals t where t.organization_id = (select platform.organization())) as t
        full join (
            -- Told from the documents alone, without refunded_total.
            select o.customer_id, count(*) filter (where commerce.is_delivered(o.kind, o.order_status)) as orders,
                   coalesce(sum(o.base_total) filter (where commerce.is_delivered(o.kind, o.order_status)), 0) as revenue,
                   sum(commerce.worth(o.kind, o.order_status, o.base_total, coalesce(r.total, 0), o.refunds_order)) as worth,
                   min(o.ordered_at) filter (where commerce.is_delivered(o.kind, o.order_status)) as earliest,
                   max(o.ordered_at) filter (where commerce.is_delivered(o.kind, o.order_status)) as latest
            from commerce.customer_orders o
            left join (
                select f.refunds_order, sum(commerce.taken_off(f.order_status, f.base_total)) as total from commerce.customer_orders f
                where f.organization_id = (select platform.organization()) and f.refunds_order is not null
                group by f.refunds_order
            ) as r on r.refunds_order = o.id
            where o.organization_id = (select platform.organization()) and o.customer_id is not null
            group by o.customer_id
        ) as c on c.customer_id = t.customer_id
        where (coalesce(t.total_orders, 0), coalesce(t.total_revenue, 0), coalesce(t.lifetime_value, 0)) <> (coalesce(c.orders, 0), coalesce(c.revenue, 0), coalesce(c.worth, 0))
        or (t.first_order_at, t.last_order_at) is distinct from (c.earliest, c.latest)
    $$;
comment on function commerce.totals_drift() is 'Where commerce.customer_totals differs from a count of the orders, for the transaction''s organization: nothing, or there is a bug.';

-- What the triggers keep is theirs.
revoke insert, update on commerce.customer_orders from clientele_app;
do $$
declare
    columns text := (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                     where a.attrelid = 'commerce.customer_orders'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attname <> 'refunded_total');
begin
    execute format('grant insert (%1$s), update (%1$s) on commerce.customer_orders to clientele_app', columns);
end
$$;

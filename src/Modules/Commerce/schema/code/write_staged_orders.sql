-- The writing half of an orders import: the next orders with all their lines, their customers and their facts,
-- in the caller's transaction.

create or replace function commerce.write_staged_orders(
    import uuid, workspace uuid, file uuid, after text, most integer,
    out last text, out lines bigint, out duplicates bigint, out rejects jsonb,
    out orders bigint, out refunds bigint, out adjustments bigint, out customers_created bigint
)
    language plpgsql
    -- The staging table has no statistics worth the name, and guesses of one row make nested loops of thousands.
    set enable_nestloop = off
    as $$
#variable_conflict use_column
declare
    organization uuid := platform.organization();
    base_currency text := (select o.currency from platform.organizations o where o.id = organization);
    numbers text[];
    taken text[];
    impossible text[];
begin
    -- One writer of a workspace's orders at a time: two that meet the same numbers would refuse each other.
    perform pg_advisory_xact_lock(hashtext('commerce.customer_orders'), hashtext(workspace::text));

    -- Whole orders, by number: some shops' lines of one order stand far apart. Every statement below names the range of
    -- numbers, not the list: a range is walked in the primary key whatever the planner believes about a table that
    -- was filled a moment ago.
    numbers := array(
        select distinct s.order_number from commerce.staged_order_lines s
        where s.organization_id = organization and s.import_id = import and s.order_number > coalesce(after, '')
        order by s.order_number limit most
    );
    last := numbers[cardinality(numbers)];
    lines := 0; duplicates := 0; rejects := '[]'; orders := 0; refunds := 0; adjustments := 0; customers_created := 0;
    if last is null then
        return;
    end if;

    -- An order number that is there already: its lines are the same lines of the same file (a repeated import), or they
    -- would change a document somebody else brought, which an import never does.
    taken := array(
        select o.order_id from commerce.customer_orders o
        where o.organization_id = organization and o.workspace_id = workspace and o.order_id = any(numbers)
    );
    select count(*) filter (where i.id is not null),
           coalesce(jsonb_agg(jsonb_build_object('line', s.line, 'number', s.order_number) order by s.line) filter (where i.id is null), '[]')
    into duplicates, rejects
    from commerce.staged_order_lines s
    left join commerce.customer_order_items i
        on i.organization_id = s.organization_id and i.source_file = file and i.source_line = s.line
    where s.organization_id = organization and s.import_id = import and s.order_number > coalesce(after, '') and s.order_number <= last
    and s.order_number = any(taken);

    -- What adds up to a sum that its kind cannot have is refused line by line, with the others written all the same.
    with document as (
        select s.order_number, (array_agg(s.kind order by s.line))[1] as kind, sum(round(s.unit_price * s.quantity, 2)) as total,
               max(s.exchange_rate) as rate
        from commerce.staged_order_lines s
        where s.organization_id = organization and s.import_id = import
        and s.order_number > coalesce(after, '') and s.order_number <= last and s.order_number <> all(taken)
        group by s.order_number
    ), refused as (
        select d.order_number, d.kind, d.total from document d
        where (d.kind = 'order' and d.total < 0) or (d.kind = 'refund' and d.total > 0) or abs(d.total) * greatest(d.rate, 1) >= 1e12
    )
    select coalesce((select array_agg(r.order_number) from refused r), '{}'),
           rejects || coalesce((
               select jsonb_agg(jsonb_build_object('line', s.line, 'number', s.order_number, 'kind', r.kind, 'total', r.total) order by s.line)
               from refused r
               join commerce.staged_order_lines s
                   on s.organization_id = organization and s.import_id = import and s.order_number = r.order_number), '[]')
    into impossible, rejects;

    if exists (
        select from commerce.staged_order_lines s
        where s.organization_id = organization and s.import_id = import
        and s.order_number > coalesce(after, '') and s.order_number <= last and s.exchange_rate = 1 and s.currency <> base_currency
    ) then
        raise exception 'The organization''s currency has changed to % since this import started.', base_currency using errcode = 'check_violation';
    end if;

    with fresh as materialized (
        select s.*, coalesce(s.customer_id, lower(s.customer_email)) as person
        from commerce.staged_order_lines s
        where s.organization_id = organization and s.import_id = import
        and s.order_number > coalesce(after, '') and s.order_number <= last and s.order_number <> all(taken || impossible)
    ), met as (
        -- Each person once, as they were at the first of these orders.
        select distinct on (f.person) f.person, f.ordered_at, f.customer_name, f.customer_email, f.country
        from fresh f
        where f.person is not null
        order by f.person, f.ordered_at, f.line
    ), person as materialized (
        select e.customer_id, e.id, e.created
        from (select array_agg(m.person) as ids, array_agg(m.ordered_at) as seen, array_agg(m.customer_name) as names,
                     array_agg(m.customer_email) as emails, array_agg(m.country) as countries from met m) as a
        cross join lateral customers.ensure(a.ids, a.seen, a.names, a.emails, a.countries, 'import', import) as e
    ), document as materialized (
        select gen_random_uuid() as id, gen_random_uuid() as event_id, f.order_number, min(f.ordered_at) as ordered_at,
               -- What the first line of an order says holds for the order.
               (array_agg(f.kind order by f.line))[1] as kind,
               (array_agg(f.person order by f.line) filter (where f.person is not null))[1] as person,
               (array_agg(f.country order by f.line) filter (where f.country is not null))[1] as country,
               (array_agg(f.order_status order by f.line))[1] as order_status,
               (array_agg(f.currency order by f.line))[1] as currency,
               (array_agg(f.exchange_rate order by f.line))[1] as exchange_rate,
               sum(round(f.unit_price * f.quantity, 2)) as total,
               count(*) as lines, sum(f.quantity) as quantity
        from fresh f
        group by f.order_number
    ), written as (
        insert into commerce.customer_orders (
            organization_id, id, workspace_id, order_id, kind, customer_id, order_status, order_total, subtotal, currency, exchange_rate,
            ordered_at, delivered_at, shipping_country, order_source, import_id, event_id)
        select organization, d.id, workspace, d.order_number, d.kind, p.id, d.order_status, d.total, d.total, d.currency, d.exchange_rate,
               d.ordered_at, case when d.order_status = 'delivered' then d.ordered_at end, d.country, 'import', import, d.event_id
        from document d
        left join person p on p.customer_id = d.person
        returning id, order_id, kind, customer_id, order_status, base_total, ordered_at, shipping_country
    ), items as (
        insert into commerce.customer_order_items (
            organization_id, order_id, line_type, product_id, product_name, unit_price, quantity, total_price, sold_at, sold_country, base_total,
            source_file, source_line)
        select organization, d.id, l.line_type, f.product_id, coalesce(f.product_name, f.product_id), f.unit_price, f.quantity,
               round(f.unit_price * f.quantity, 2),
               case when l.line_type = 'sale' and commerce.counts_as_sale(d.kind, d.order_status) then d.ordered_at end,
               case when l.line_type = 'sale' and commerce.counts_as_sale(d.kind, d.order_status) then d.country end,
               round(round(f.unit_price * f.quantity, 2) * d.exchange_rate, 2), file, f.line
        from fresh f
        join document d on d.order_number = f.order_number
        cross join lateral (
            select commerce.line_type(d.kind, f.quantity, f.unit_price) as line_type
        ) as l
    ), facts as (
        insert into log.events (
            organization_id, id, workspace_id, event_type, event_name, event_category, properties, event_value, currency, customer_id,
            country, occurred_at, claimed_at, data_source, batch_id)
        select organization, d.event_id, workspace, n.event_type, n.event_name, 'transaction',
               jsonb_build_object('order_id', w.order_id, 'status', w.order_status, 'lines', d.lines, 'quantity', d.quantity),
               w.base_total, base_currency, w.customer_id, w.shipping_country,
               log.moment(w.ordered_at), nullif(w.ordered_at, log.moment(w.ordered_at)), 'import', import
        from written w
        join document d on d.id = w.id
        cross join lateral (
            select commerce.fact_of(w.kind, w.order_status) as event_type
        ) as t1
        cross join lateral (
            select t1.event_type, upper(left(t1.event_type, 1)) || replace(substr(t1.event_type, 2), '_', ' ')
        ) as n (event_type, event_name)
    )
    select count(*) filter (where w.kind = 'order'), count(*) filter (where w.kind = 'refund'), count(*) filter (where w.kind = 'adjustment'),
           (select count(*) from person p where p.created)
    into orders, refunds, adjustments, customers_created
    from written w;

    delete from commerce.staged_order_lines s
    where s.organization_id = organization and s.import_id = import and s.order_number > coalesce(after, '') and s.order_number <= last;
    get diagnostics lines = row_count;
end
$$;
comment on function commerce.write_staged_orders(uuid, uuid, uuid, text, integer) is
    'Writes the next staged orders of an import (after the given order number) and takes their lines off the staging table. Lines whose order exists already are counted as duplicates or named as rejects.';

-- Name: commerce; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA commerce;

-- Name: SCHEMA commerce; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA commerce IS 'Orders, refunds, adjustments and their lines; the sales overview.';

-- Name: customers; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA customers;

-- Name: SCHEMA customers; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA customers IS 'End customers: profiles, search, and figures derived from the log.';

-- Name: events; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA events;

-- Name: SCHEMA events; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA events IS 'Reading the log: newest events and a customer''s timeline.';

-- Name: log; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA log;

-- Name: SCHEMA log; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA log IS 'The log of facts, its watermark and its consumers.';

-- Name: platform; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA platform;

-- Name: SCHEMA platform; Type: COMMENT; Schema: -; Owner: -

COMMENT ON SCHEMA platform IS 'Organizations, staff, sessions, keys, settings, imports; the mechanisms every module stands on.';

-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: -

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

-- Name: count_products(); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.count_products() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    -- Each statement changes its rows once, in the order of their key: two imports wait for each other and never deadlock.
    if tg_op = 'INSERT' then
        insert into commerce.product_months as m (organization_id, month, country, product_id, quantity, revenue)
        select n.organization_id, date_trunc('month', n.sold_at at time zone 'UTC')::date, coalesce(n.sold_country, ''), n.product_id, sum(n.quantity), sum(n.base_total)
        from new_rows n
        where n.sold_at is not null
        group by 1, 2, 3, 4
        order by 1, 2, 3, 4
        on conflict (organization_id, month, country, product_id) do update
            set quantity = m.quantity + excluded.quantity, revenue = m.revenue + excluded.revenue;
    elsif tg_op = 'DELETE' then
        insert into commerce.product_months as m (organization_id, month, country, product_id, quantity, revenue)
        select o.organization_id, date_trunc('month', o.sold_at at time zone 'UTC')::date, coalesce(o.sold_country, ''), o.product_id, -sum(o.quantity), -sum(o.base_total)
        from old_rows o
        where o.sold_at is not null
        and exists (select from platform.organizations g where g.id = o.organization_id) -- not while the organization itself goes
        group by 1, 2, 3, 4
        order by 1, 2, 3, 4
        on conflict (organization_id, month, country, product_id) do update
            set quantity = m.quantity + excluded.quantity, revenue = m.revenue + excluded.revenue;
    else
        insert into commerce.product_months as m (organization_id, month, country, product_id, quantity, revenue)
        select c.organization_id, date_trunc('month', c.sold_at at time zone 'UTC')::date, coalesce(c.sold_country, ''), c.product_id, sum(c.quantity), sum(c.base_total)
        from (
            select n.organization_id, n.sold_at, n.sold_country, n.product_id, n.quantity, n.base_total from new_rows n
            union all
            select o.organization_id, o.sold_at, o.sold_country, o.product_id, -o.quantity, -o.base_total from old_rows o
        ) as c
        where c.sold_at is not null
        group by 1, 2, 3, 4
        having sum(c.quantity) <> 0 or sum(c.base_total) <> 0
        order by 1, 2, 3, 4
        on conflict (organization_id, month, country, product_id) do update
            set quantity = m.quantity + excluded.quantity, revenue = m.revenue + excluded.revenue;
    end if;
    return null;
end
$$;

-- Name: FUNCTION count_products(); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.count_products() IS 'Trigger: keeps commerce.product_months.';

-- Name: counts_as_sale(text, text); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.counts_as_sale(kind text, order_status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select kind = 'order' and order_status in ('confirmed', 'shipped', 'delivered', 'refunded') $$;

-- Name: FUNCTION counts_as_sale(kind text, order_status text); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.counts_as_sale(kind text, order_status text) IS 'Is this document revenue? An order that is confirmed or further on; a refunded order too, its refund being a document of its own.';

-- Name: fact_of(text, text); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.fact_of(kind text, order_status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        select case when kind = 'refund' then 'order_refunded'
                    when kind = 'adjustment' then 'order_adjusted'
                    when commerce.counts_as_sale(kind, order_status) then 'order_completed'
                    else 'order_placed' end
    $$;

-- Name: FUNCTION fact_of(kind text, order_status text); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.fact_of(kind text, order_status text) IS 'The type of the event a new document is told to the log with.';

-- Name: fill_item(); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.fill_item() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    parent commerce.customer_orders;
begin
    select o.* into parent from commerce.customer_orders o where o.organization_id = new.organization_id and o.id = new.order_id;
    new.base_total := coalesce(new.base_total, round(new.total_price * parent.exchange_rate, 2));
    if new.line_type = 'sale' and commerce.counts_as_sale(parent.kind, parent.order_status) then
        new.sold_at := parent.ordered_at;
        new.sold_country := parent.shipping_country;
    end if;
    return new;
end
$$;

-- Name: FUNCTION fill_item(); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.fill_item() IS 'Trigger: a line written without them gets its order''s time and rate. Bulk writers give both.';

-- Name: line_type(text, numeric, numeric); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.line_type(kind text, quantity numeric, unit_price numeric) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        select case when kind = 'refund' then 'refund'
                    when kind = 'adjustment' or quantity < 0 or unit_price < 0 then 'adjustment'
                    else 'sale' end
    $$;

-- Name: FUNCTION line_type(kind text, quantity numeric, unit_price numeric); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.line_type(kind text, quantity numeric, unit_price numeric) IS 'What a line of a document is: what takes away inside an order is an adjustment.';

-- Name: product_drift(); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.product_drift() RETURNS TABLE(month date, country text, product_id text, quantity numeric, revenue numeric)
    LANGUAGE sql STABLE
    AS $$
        select d.month, d.country, d.product_id, sum(d.quantity), sum(d.revenue)
        from (
            select m.month, m.country, m.product_id, m.quantity::numeric, m.revenue from commerce.product_months m
            where m.organization_id = (select platform.organization())
            union all
            select date_trunc('month', i.sold_at at time zone 'UTC')::date, coalesce(i.sold_country, ''), i.product_id, -i.quantity, -i.base_total
            from commerce.customer_order_items i
            where i.organization_id = (select platform.organization()) and i.sold_at is not null
        ) as d
        group by d.month, d.country, d.product_id
        having sum(d.quantity) <> 0 or sum(d.revenue) <> 0
    $$;

-- Name: FUNCTION product_drift(); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.product_drift() IS 'Where commerce.product_months differs from a count of the lines, for the transaction''s organization: nothing, or there is a bug.';

-- Name: set_sold_at(); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.set_sold_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update commerce.customer_order_items i
    set sold_at = case when commerce.counts_as_sale(new.kind, new.order_status) then new.ordered_at end,
        sold_country = case when commerce.counts_as_sale(new.kind, new.order_status) then new.shipping_country end
    where i.organization_id = new.organization_id and i.order_id = new.id and i.line_type = 'sale';
    return null;
end
$$;

-- Name: FUNCTION set_sold_at(); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.set_sold_at() IS 'Trigger: an order that begins or ceases to count takes its lines with it.';

-- Name: undo_imported_orders(uuid, integer); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.undo_imported_orders(import uuid, most integer) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
    organization uuid := platform.organization();
    ids uuid[];
    taken bigint;
begin
    ids := array(
        select o.id from commerce.customer_orders o
        where o.organization_id = organization and o.import_id = import
        limit most
    );
    -- The lines by themselves, not by cascade, which would run the triggers once per order.
    delete from commerce.customer_order_items i where i.organization_id = organization and i.order_id = any(ids);
    get diagnostics taken = row_count;
    delete from commerce.customer_orders o where o.organization_id = organization and o.id = any(ids);
    if cardinality(ids) > 0 then
        return greatest(taken, 1);
    end if;
    -- The orders are gone; the customers the import created go too, but for those who ordered elsewhere.
    ids := array(select customers.imported_by(import, most));
    if cardinality(ids) = 0 then
        return 0;
    end if;
    perform customers.remove_imported(import, ids, coalesce(array_agg(k.customer_id), '{}'), coalesce(array_agg(k.import_id), '{}'))
    from (
        select distinct on (o.customer_id) o.customer_id, o.import_id
        from commerce.customer_orders o
        where o.organization_id = organization and o.customer_id = any(ids)
        order by o.customer_id, o.import_id nulls first
    ) as k;
    return 1;
end
$$;

-- Name: FUNCTION undo_imported_orders(import uuid, most integer); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.undo_imported_orders(import uuid, most integer) IS 'Takes back the next documents of an import; returns how many lines went, 1 for a step that dealt with customers, and 0 when all is gone.';

-- Name: write_staged_orders(uuid, uuid, uuid, text, integer); Type: FUNCTION; Schema: commerce; Owner: -

CREATE FUNCTION commerce.write_staged_orders(import uuid, workspace uuid, file uuid, after text, most integer, OUT last text, OUT lines bigint, OUT duplicates bigint, OUT rejects jsonb, OUT orders bigint, OUT refunds bigint, OUT adjustments bigint, OUT customers_created bigint) RETURNS record
    LANGUAGE plpgsql
    SET enable_nestloop TO 'off'
    AS $$
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
        select gen_random_uuid() as id, f.order_number, min(f.ordered_at) as ordered_at,
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
            ordered_at, delivered_at, shipping_country, order_source, import_id)
        select organization, d.id, workspace, d.order_number, d.kind, p.id, d.order_status, d.total, d.total, d.currency, d.exchange_rate,
               d.ordered_at, case when d.order_status = 'delivered' then d.ordered_at end, d.country, 'import', import
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
        select organization, gen_random_uuid(), workspace, n.event_type, n.event_name, 'transaction',
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

-- Name: FUNCTION write_staged_orders(import uuid, workspace uuid, file uuid, after text, most integer, OUT last text, OUT lines bigint, OUT duplicates bigint, OUT rejects jsonb, OUT orders bigint, OUT refunds bigint, OUT adjustments bigint, OUT customers_created bigint); Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON FUNCTION commerce.write_staged_orders(import uuid, workspace uuid, file uuid, after text, most integer, OUT last text, OUT lines bigint, OUT duplicates bigint, OUT rejects jsonb, OUT orders bigint, OUT refunds bigint, OUT adjustments bigint, OUT customers_created bigint) IS 'Writes the next staged orders of an import (after the given order number) and takes their lines off the staging table. Lines whose order exists already are counted as duplicates or named as rejects.';

-- Name: ensure(text[], timestamp with time zone[], text[], text[], text[], text, uuid); Type: FUNCTION; Schema: customers; Owner: -

CREATE FUNCTION customers.ensure(customer_ids text[], seen timestamp with time zone[], names text[], emails text[], countries text[], source text, import uuid) RETURNS TABLE(customer_id text, id uuid, created boolean)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
    organization uuid := platform.organization();
    made uuid[];
begin
    with wanted as (
        select distinct on (w.customer_id) w.*
        from unnest(customer_ids, seen, names, emails, countries) as w (customer_id, seen, name, email, country)
        where w.customer_id is not null
        order by w.customer_id, w.seen
    ), inserted as (
        insert into customers.customers (organization_id, customer_id, first_seen_at, name, email, country, data_source, import_id, imported_at)
        select organization, w.customer_id, w.seen, w.name, w.email, w.country, source, import, case when import is not null then now() end
        from wanted w
        order by w.customer_id -- one order for all writers: no deadlock
        on conflict (organization_id, customer_id) do nothing
        returning id
    )
    select coalesce(array_agg(i.id), '{}') into made from inserted i;
    -- A second statement, and so a second snapshot: it sees those whom another writer made at the same moment.
    return query
        select c.customer_id, c.id, c.id = any(made)
        from customers.customers c
        where c.organization_id = organization and c.customer_id = any(customer_ids);
end
$$;

-- Name: FUNCTION ensure(customer_ids text[], seen timestamp with time zone[], names text[], emails text[], countries text[], source text, import uuid); Type: COMMENT; Schema: customers; Owner: -

COMMENT ON FUNCTION customers.ensure(customer_ids text[], seen timestamp with time zone[], names text[], emails text[], countries text[], source text, import uuid) IS 'The customers of the given client ids, made where they are missing, with what is known of them at first sight. For the transaction''s organization.';

-- Name: imported_by(uuid, integer); Type: FUNCTION; Schema: customers; Owner: -

CREATE FUNCTION customers.imported_by(import uuid, most integer) RETURNS SETOF uuid
    LANGUAGE sql STABLE
    AS $$
        select c.id from customers.customers c
        where c.organization_id = (select platform.organization()) and c.import_id = import
        limit most
    $$;

-- Name: FUNCTION imported_by(import uuid, most integer); Type: COMMENT; Schema: customers; Owner: -

COMMENT ON FUNCTION customers.imported_by(import uuid, most integer) IS 'Some of the customers an import created, as many as named at most.';

-- Name: names(uuid[]); Type: FUNCTION; Schema: customers; Owner: -

CREATE FUNCTION customers.names(ids uuid[]) RETURNS TABLE(id uuid, name text, customer_id text, email text)
    LANGUAGE sql STABLE
    AS $$
        select c.id, c.name, c.customer_id, c.email
        from customers.customers c
        where c.organization_id = (select platform.organization()) and c.id = any(ids)
    $$;

-- Name: FUNCTION names(ids uuid[]); Type: COMMENT; Schema: customers; Owner: -

COMMENT ON FUNCTION customers.names(ids uuid[]) IS 'What to call the customers of the given ids.';

-- Name: remove_imported(uuid, uuid[], uuid[], uuid[]); Type: FUNCTION; Schema: customers; Owner: -

CREATE FUNCTION customers.remove_imported(import uuid, candidates uuid[], referenced uuid[], heirs uuid[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    -- Whom another import refers to is now that import's: should it be undone too, they go with it.
    update customers.customers c
    set import_id = r.heir
    from unnest(referenced, heirs) as r (id, heir)
    where c.organization_id = platform.organization() and c.id = r.id;

    delete from customers.customers c
    where c.organization_id = platform.organization() and c.id = any(candidates) and c.import_id = import
    and not exists (
        select from log.facts e
        where e.organization_id = c.organization_id and e.customer_id = c.id and e.batch_id is distinct from import
    );

    -- Who has a life of events from elsewhere stays, as nobody's import.
    update customers.customers c
    set import_id = null
    where c.organization_id = platform.organization() and c.id = any(candidates) and c.import_id = import;
end
$$;

-- Name: FUNCTION remove_imported(import uuid, candidates uuid[], referenced uuid[], heirs uuid[]); Type: COMMENT; Schema: customers; Owner: -

COMMENT ON FUNCTION customers.remove_imported(import uuid, candidates uuid[], referenced uuid[], heirs uuid[]) IS 'Removes those of the candidates an import created whom nothing else has come to know. "referenced" stay, each handed over to the import that refers to it (heirs, null for none).';

-- Name: search(text, integer); Type: FUNCTION; Schema: customers; Owner: -

CREATE FUNCTION customers.search(query text, most integer DEFAULT 200) RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
        select c.id
        from customers.customers c
        where c.organization_id = (select platform.tenant('key'))
        and c.search_text like '%' || replace(replace(replace(lower(query), '\', '\\'), '%', '\%'), '_', '\_') || '%'
        order by c.search_text, c.id
        limit most
    $$;

-- Name: FUNCTION search(query text, most integer); Type: COMMENT; Schema: customers; Owner: -

COMMENT ON FUNCTION customers.search(query text, most integer) IS 'Ids of the customers whose name, address, phone or id contains the words. Runs as the search role, so that the trigram index serves it under row-level security.';

-- Name: append(text, uuid, jsonb, timestamp with time zone, text, text, text, numeric, text, uuid, uuid, text); Type: FUNCTION; Schema: log; Owner: -

CREATE FUNCTION log.append(event_type text, customer_id uuid DEFAULT NULL::uuid, properties jsonb DEFAULT '{}'::jsonb, occurred_at timestamp with time zone DEFAULT now(), message_id text DEFAULT NULL::text, event_name text DEFAULT NULL::text, event_category text DEFAULT NULL::text, event_value numeric DEFAULT NULL::numeric, currency text DEFAULT NULL::text, workspace_id uuid DEFAULT NULL::uuid, batch_id uuid DEFAULT NULL::uuid, data_source text DEFAULT 'platform'::text) RETURNS uuid
    LANGUAGE plpgsql
    AS $$
declare
    event_id uuid;
begin
    if platform.organization() is null then
        raise exception 'log.append: no organization is set for this transaction' using errcode = 'insufficient_privilege';
    end if;
    if append.message_id is not null then
        insert into log.message_ids (organization_id, message_id)
        values (platform.organization(), append.message_id) on conflict do nothing;
        if not found then
            return null;
        end if;
    end if;
    insert into log.events (organization_id, workspace_id, event_type, event_name, event_category, properties, event_value,
                            currency, customer_id, occurred_at, claimed_at, data_source, batch_id)
    values (platform.organization(), append.workspace_id, append.event_type, coalesce(append.event_name, append.event_type),
            append.event_category, append.properties, append.event_value, append.currency, append.customer_id,
            log.moment(append.occurred_at), nullif(append.occurred_at, log.moment(append.occurred_at)),
            append.data_source, append.batch_id)
    returning id into event_id;
    return event_id;
end
$$;

-- Name: FUNCTION append(event_type text, customer_id uuid, properties jsonb, occurred_at timestamp with time zone, message_id text, event_name text, event_category text, event_value numeric, currency text, workspace_id uuid, batch_id uuid, data_source text); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.append(event_type text, customer_id uuid, properties jsonb, occurred_at timestamp with time zone, message_id text, event_name text, event_category text, event_value numeric, currency text, workspace_id uuid, batch_id uuid, data_source text) IS 'Appends one fact for the transaction''s organization; returns its id, or null when the message id was already taken.';

-- Name: blocker(); Type: FUNCTION; Schema: log; Owner: -

CREATE FUNCTION log.blocker() RETURNS TABLE(pid integer, application_name text, state text, started_at timestamp with time zone, query text)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        -- Without pg_read_all_stats another role's backend_xid reads as null; then nobody is named, and the age
        -- of the watermark, which needs no privilege, still tells that somebody is there.
        select a.pid, a.application_name, a.state, a.xact_start, left(a.query, 200)
        from pg_stat_activity a
        where a.backend_xid is not null
        order by age(a.backend_xid) desc
        limit 1
    $$;

-- Name: FUNCTION blocker(); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.blocker() IS 'The oldest transaction that has written: what the watermark waits for.';

-- Name: identity(); Type: FUNCTION; Schema: log; Owner: -

CREATE FUNCTION log.identity() RETURNS text
    LANGUAGE sql STABLE
    AS $$
        select concat_ws('/', s.system_identifier, c.timeline_id, d.oid, 'log.events'::regclass::oid)
        from pg_control_system() s, pg_control_checkpoint() c, pg_database d
        where d.datname = current_database()
    $$;

-- Name: FUNCTION identity(); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.identity() IS 'Which life of which server this log is in: system identifier, timeline, database and table.';

-- Name: FUNCTION make_partitions(ahead integer); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.make_partitions(ahead integer) IS 'Makes the monthly partitions up to so many months ahead; returns how many it made. Ingest never runs DDL.';

-- Name: moment(timestamp with time zone); Type: FUNCTION; Schema: log; Owner: -

CREATE FUNCTION log.moment(claimed timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select case when claimed > now() + interval '1 day' then now() else claimed end $$;

-- Name: FUNCTION moment(claimed timestamp with time zone); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.moment(claimed timestamp with time zone) IS 'The time an event is recorded with: the claimed one, or now when that lies more than a day in the future.';

-- Name: purge_message_ids(interval, integer); Type: FUNCTION; Schema: log; Owner: -

CREATE FUNCTION log.purge_message_ids(keep interval DEFAULT '8 days'::interval, batch integer DEFAULT 10000) RETURNS integer
    LANGUAGE sql
    AS $$
        with old as (
            select m.organization_id, m.message_id from log.message_ids m
            where m.received_at < now() - keep limit batch for update skip locked
        ), gone as (
            delete from log.message_ids m using old
            where m.organization_id = old.organization_id and m.message_id = old.message_id
            returning 1
        )
        select count(*)::integer from gone
    $$;

-- Name: FUNCTION purge_message_ids(keep interval, batch integer); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.purge_message_ids(keep interval, batch integer) IS 'Forgets message ids older than the interval, so many at a time; returns how many.';

-- Name: verify_epoch(); Type: FUNCTION; Schema: log; Owner: -

CREATE FUNCTION log.verify_epoch() RETURNS smallint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
    here log.state;
begin
    select s.* into here from log.state s for update;
    if here.identity <> log.identity() then
        here.epoch := here.epoch + 1;
        update log.state set epoch = here.epoch, identity = log.identity(), since = now();
        -- A constant default costs nothing per row; looking the epoch up would.
        execute format('alter table log.events alter column epoch set default %s', here.epoch);
    end if;
    return here.epoch;
end
$$;

-- Name: FUNCTION verify_epoch(); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.verify_epoch() IS 'Run at start: when the log has moved to another server, timeline, database or table, raises the epoch. Returns it.';

-- Name: watermark(); Type: FUNCTION; Schema: log; Owner: -

CREATE FUNCTION log.watermark() RETURNS xid8
    LANGUAGE sql STABLE
    AS $$ select pg_snapshot_xmin(pg_current_snapshot()) $$;

-- Name: FUNCTION watermark(); Type: COMMENT; Schema: log; Owner: -

COMMENT ON FUNCTION log.watermark() IS 'The oldest transaction still running: rows of older writers are complete, none can appear below it any more.';

-- Name: actor(); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.actor() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select nullif(current_setting('clientele.actor_id', true), '')::uuid $$;

-- Name: FUNCTION actor(); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.actor() IS 'The platform user of this transaction; null for keys, visitors and the platform itself.';

-- Name: check_import_state(); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.check_import_state() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
    if not exists (select from platform.import_transitions t where t.from_state = old.state and t.to_state = new.state) then
        raise exception 'An import cannot go from % to %.', old.state, new.state using errcode = 'check_violation';
    end if;
    return new;
end
$$;

-- Name: FUNCTION check_import_state(); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.check_import_state() IS 'Trigger: refuses a change of state that is not in platform.import_transitions.';

-- Name: check_time_zone(); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.check_time_zone() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    -- A check constraint may not look into a catalogue.
    if not exists (select from pg_timezone_names z where z.name = new.time_zone) then
        raise exception 'There is no time zone "%". Use an IANA name such as Europe/London.', new.time_zone using errcode = 'check_violation';
    end if;
    return new;
end
$$;

-- Name: FUNCTION check_time_zone(); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.check_time_zone() IS 'Trigger: refuses a time zone PostgreSQL does not know.';

-- Name: organization(); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.organization() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select platform.tenant('visitor') $$;

-- Name: FUNCTION organization(); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.organization() IS 'The organization of this transaction; null when none is set.';

-- Name: owned_by_search(regprocedure); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.owned_by_search(routine regprocedure) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    home text := (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = routine);
begin
    -- A new owner must be able to create in the schema, at the moment it becomes the owner.
    execute format('grant usage, create on schema %I to clientele_search', home);
    execute format('alter function %s owner to clientele_search', routine);
    execute format('revoke create on schema %I from clientele_search', home);
    execute format('revoke execute on function %s from public', routine);
    execute format('grant execute on function %s to clientele_app, clientele_service', routine);
end
$$;

-- Name: FUNCTION owned_by_search(routine regprocedure); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.owned_by_search(routine regprocedure) IS 'Gives a security definer search function to clientele_search; see platform.searchable.';

-- Name: protect(regclass, text, name); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.protect(relation regclass, class text, own_column name DEFAULT NULL::name) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
    -- Each predicate compares the leading key column with a value computed once per query.
    organization text := 'organization_id = (select platform.tenant(''key''))';
    member       text := 'organization_id = (select platform.tenant(''member''))';
    admin        text := 'organization_id = (select platform.tenant(''admin''))';
    own          text := format('organization_id = (select platform.tenant(''member'')) and %I = (select platform.actor())', coalesce(own_column, 'id'));
    readers      text;
    writers      text;
begin
    case class
        when 'organization' then readers := organization;
        when 'member'       then readers := member;
        when 'admin'        then readers := admin;
        when 'own'          then readers := own;
        when 'own_or_admin' then readers := format('(%s) or (%s)', own, admin);
        when 'visitor'      then readers :=
            'organization_id = (select platform.tenant(''visitor'')) and ((select platform.tenant(''key'')) is not null or workspace_id = (select platform.workspace()))';
        when 'public'       then readers := 'true';
        when 'service'      then null;
        when 'custom'       then null;
        else raise exception 'platform.protect: unknown access class "%"', class;
    end case;
    writers := case class when 'public' then null else readers end;

    insert into platform.table_access (relation, class, own_column) values (relation::text, class, own_column);

    execute format('alter table %s enable row level security', relation);
    execute format('alter table %s force row level security', relation);
    execute format('revoke all on %s from public', relation);
    execute format('create policy service on %s to clientele_service using (true) with check (true)', relation);
    execute format('grant select, insert, update, delete on %s to clientele_service', relation);

    if writers is not null then
        execute format('create policy %I on %s to clientele_app using (%s) with check (%s)', class, relation, writers, writers);
        execute format('grant select, insert, update, delete on %s to clientele_app', relation);
    elsif readers is not null then
        execute format('create policy %I on %s for select to clientele_app using (%s)', class, relation, readers);
        execute format('grant select on %s to clientele_app', relation);
    end if;
    -- Questions in SQL run as the read-only role; what only administrators or one person may see is not for it.
    if class in ('organization', 'member', 'public') then
        execute format('create policy readonly on %s for select to clientele_readonly using (%s)', relation, readers);
        execute format('grant select on %s to clientele_readonly', relation);
    end if;
end
$$;

-- Name: FUNCTION protect(relation regclass, class text, own_column name); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.protect(relation regclass, class text, own_column name) IS 'Puts a table under forced row-level security with the policies and grants of its access class: organization, member, visitor, service, admin, own, own_or_admin, public. "custom" leaves the policies to the lines that follow.';

-- Name: searchable(regclass); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.searchable(relation regclass) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
    execute format('create policy search on %s for select to clientele_search using (true)', relation);
    execute format('grant select on %s to clientele_search', relation);
end
$$;

-- Name: FUNCTION searchable(relation regclass); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.searchable(relation regclass) IS 'Lets functions owned by clientele_search read a table. Row-level security keeps indexes from serving operators that are not leakproof (like, trigrams), so such searches go through a function of that role which names the organization itself.';

-- Name: tenant(text); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.tenant(minimum text) RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        select case
            when array_position(array['visitor', 'key', 'member', 'admin', 'system'], current_setting('clientele.access', true))
              >= array_position(array['visitor', 'key', 'member', 'admin', 'system'], minimum)
            then nullif(current_setting('clientele.organization_id', true), '')::uuid
        end
    $$;

-- Name: FUNCTION tenant(minimum text); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.tenant(minimum text) IS 'The organization of this transaction when its access is at least the one named, else null. Policies compare organization_id with it, as a sub-select, so that it is computed once per query.';

-- Name: touch(); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    new.updated_at := now();
    return new;
end
$$;

-- Name: FUNCTION touch(); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.touch() IS 'Trigger: keeps updated_at.';

-- Name: workspace(); Type: FUNCTION; Schema: platform; Owner: -

CREATE FUNCTION platform.workspace() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ select nullif(current_setting('clientele.workspace_id', true), '')::uuid $$;

-- Name: FUNCTION workspace(); Type: COMMENT; Schema: platform; Owner: -

COMMENT ON FUNCTION platform.workspace() IS 'The workspace of this transaction, set for visitors.';

-- Name: customer_order_items; Type: TABLE; Schema: commerce; Owner: -

CREATE TABLE commerce.customer_order_items (
    organization_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    order_id uuid NOT NULL,
    line_type text DEFAULT 'sale'::text NOT NULL,
    product_id text NOT NULL,
    product_name text NOT NULL,
    product_category text,
    product_subcategory text,
    product_sku text,
    product_brand text,
    unit_price numeric(18,6) NOT NULL,
    quantity integer NOT NULL,
    total_price numeric(14,2) NOT NULL,
    discount_amount numeric(14,2) DEFAULT 0 NOT NULL,
    product_attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    sold_at timestamp with time zone,
    sold_country text,
    base_total numeric(14,2) NOT NULL,
    source_file uuid,
    source_line bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT customer_order_items_discount_amount_check CHECK ((discount_amount >= (0)::numeric)),
    CONSTRAINT customer_order_items_line_type_check CHECK ((line_type = ANY (ARRAY['sale'::text, 'refund'::text, 'adjustment'::text]))),
    CONSTRAINT customer_order_items_product_attributes_check CHECK ((jsonb_typeof(product_attributes) = 'object'::text)),
    CONSTRAINT customer_order_items_product_brand_check CHECK ((length(product_brand) <= 100)),
    CONSTRAINT customer_order_items_product_category_check CHECK ((length(product_category) <= 100)),
    CONSTRAINT customer_order_items_product_id_check CHECK (((length(product_id) >= 1) AND (length(product_id) <= 100))),
    CONSTRAINT customer_order_items_product_name_check CHECK ((length(product_name) <= 500)),
    CONSTRAINT customer_order_items_product_sku_check CHECK ((length(product_sku) <= 100)),
    CONSTRAINT customer_order_items_product_subcategory_check CHECK ((length(product_subcategory) <= 100)),
    CONSTRAINT customer_order_items_quantity_check CHECK ((quantity <> 0)),
    CONSTRAINT customer_order_items_sold_country_check CHECK ((length(sold_country) <= 50)),
    CONSTRAINT customer_order_items_source_line_check CHECK ((source_line > 0)),
    CONSTRAINT sale_is_positive CHECK (((line_type <> 'sale'::text) OR ((quantity > 0) AND (unit_price >= (0)::numeric)))),
    CONSTRAINT sold_is_sale CHECK ((((sold_at IS NULL) OR (line_type = 'sale'::text)) AND ((sold_country IS NULL) OR (sold_at IS NOT NULL)))),
    CONSTRAINT source_is_whole CHECK (((source_file IS NULL) = (source_line IS NULL))),
    CONSTRAINT total_is_product CHECK ((total_price = (round((unit_price * (quantity)::numeric), 2) - discount_amount)))
);

ALTER TABLE ONLY commerce.customer_order_items FORCE ROW LEVEL SECURITY;

-- Name: TABLE customer_order_items; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON TABLE commerce.customer_order_items IS 'Lines of sales documents.';

-- Name: COLUMN customer_order_items.line_type; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_order_items.line_type IS 'sale; refund (goods back); adjustment (stock written off inside an order, a bad debt).';

-- Name: COLUMN customer_order_items.sold_at; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_order_items.sold_at IS 'The order''s time while it counts as a sale (see commerce.counts_as_sale), else null; kept by trigger, so that products can be ranked from one index.';

-- Name: COLUMN customer_order_items.sold_country; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_order_items.sold_country IS 'The order''s country, while it counts as a sale.';

-- Name: COLUMN customer_order_items.base_total; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_order_items.base_total IS 'In the organization''s currency.';

-- Name: COLUMN customer_order_items.source_file; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_order_items.source_file IS 'The file it came from (first half of the SHA-256 of its text); with the line''s number the identity of the line.';

-- Name: customer_orders; Type: TABLE; Schema: commerce; Owner: -

CREATE TABLE commerce.customer_orders (
    organization_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    order_id text NOT NULL,
    kind text DEFAULT 'order'::text NOT NULL,
    refunds_order uuid,
    customer_id uuid,
    order_status text NOT NULL,
    order_total numeric(14,2) NOT NULL,
    currency text NOT NULL,
    exchange_rate numeric(18,8) DEFAULT 1 NOT NULL,
    base_total numeric(14,2) GENERATED ALWAYS AS (round((order_total * exchange_rate), 2)) STORED NOT NULL,
    subtotal numeric(14,2) NOT NULL,
    tax_amount numeric(14,2) DEFAULT 0 NOT NULL,
    shipping_amount numeric(14,2) DEFAULT 0 NOT NULL,
    discount_amount numeric(14,2) DEFAULT 0 NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    shipped_at timestamp with time zone,
    delivered_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    shipping_country text,
    shipping_state text,
    shipping_city text,
    billing_country text,
    billing_state text,
    billing_city text,
    acquisition_channel text,
    promotion_code text,
    payment_method text,
    payment_status text,
    is_subscription boolean DEFAULT false NOT NULL,
    subscription_id text,
    order_source text,
    notes text,
    custom_fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    import_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT customer_orders_acquisition_channel_check CHECK ((length(acquisition_channel) <= 100)),
    CONSTRAINT customer_orders_billing_city_check CHECK ((length(billing_city) <= 100)),
    CONSTRAINT customer_orders_billing_country_check CHECK ((length(billing_country) <= 50)),
    CONSTRAINT customer_orders_billing_state_check CHECK ((length(billing_state) <= 50)),
    CONSTRAINT customer_orders_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT customer_orders_custom_fields_check CHECK ((jsonb_typeof(custom_fields) = 'object'::text)),
    CONSTRAINT customer_orders_exchange_rate_check CHECK ((exchange_rate > (0)::numeric)),
    CONSTRAINT customer_orders_kind_check CHECK ((kind = ANY (ARRAY['order'::text, 'refund'::text, 'adjustment'::text]))),
    CONSTRAINT customer_orders_order_id_check CHECK (((length(order_id) >= 1) AND (length(order_id) <= 100))),
    CONSTRAINT customer_orders_order_source_check CHECK ((length(order_source) <= 50)),
    CONSTRAINT customer_orders_order_status_check CHECK ((order_status = ANY (ARRAY['pending'::text, 'confirmed'::text, 'shipped'::text, 'delivered'::text, 'cancelled'::text, 'refunded'::text]))),
    CONSTRAINT customer_orders_payment_method_check CHECK ((length(payment_method) <= 50)),
    CONSTRAINT customer_orders_payment_status_check CHECK ((length(payment_status) <= 50)),
    CONSTRAINT customer_orders_promotion_code_check CHECK ((length(promotion_code) <= 50)),
    CONSTRAINT customer_orders_shipping_city_check CHECK ((length(shipping_city) <= 100)),
    CONSTRAINT customer_orders_shipping_country_check CHECK ((length(shipping_country) <= 50)),
    CONSTRAINT customer_orders_shipping_state_check CHECK ((length(shipping_state) <= 50)),
    CONSTRAINT customer_orders_subscription_id_check CHECK ((length(subscription_id) <= 100)),
    CONSTRAINT refunds_an_order CHECK (((refunds_order IS NULL) OR (kind = 'refund'::text))),
    CONSTRAINT sign_of_kind CHECK (
CASE kind
    WHEN 'order'::text THEN (order_total >= (0)::numeric)
    WHEN 'refund'::text THEN (order_total <= (0)::numeric)
    ELSE true
END),
    CONSTRAINT total_is_sum CHECK ((order_total = (((subtotal + tax_amount) + shipping_amount) - discount_amount)))
);

ALTER TABLE ONLY commerce.customer_orders FORCE ROW LEVEL SECURITY;

-- Name: TABLE customer_orders; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON TABLE commerce.customer_orders IS 'Sales documents: orders, refunds and adjustments. Without a customer: an anonymous order.';

-- Name: COLUMN customer_orders.order_id; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_orders.order_id IS 'The number the shop gave it; unique in its workspace.';

-- Name: COLUMN customer_orders.refunds_order; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_orders.refunds_order IS 'The order a refund refunds, where it is known.';

-- Name: COLUMN customer_orders.order_total; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_orders.order_total IS 'Signed: an order is not negative, a refund not positive. In "currency".';

-- Name: COLUMN customer_orders.exchange_rate; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_orders.exchange_rate IS 'One unit of "currency" in the organization''s currency, fixed when the order came in.';

-- Name: COLUMN customer_orders.base_total; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_orders.base_total IS 'In the organization''s currency: what reports sum.';

-- Name: COLUMN customer_orders.import_id; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.customer_orders.import_id IS 'The import that brought it; an undo takes it back.';

-- Name: product_months; Type: TABLE; Schema: commerce; Owner: -

CREATE TABLE commerce.product_months (
    organization_id uuid NOT NULL,
    month date NOT NULL,
    country text DEFAULT ''::text NOT NULL,
    product_id text NOT NULL,
    quantity bigint NOT NULL,
    revenue numeric NOT NULL,
    CONSTRAINT product_months_month_check CHECK ((EXTRACT(day FROM month) = (1)::numeric))
);

ALTER TABLE ONLY commerce.product_months FORCE ROW LEVEL SECURITY;

-- Name: TABLE product_months; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON TABLE commerce.product_months IS 'Pieces and revenue of each product by UTC month and country, changed in the transaction that changes the lines; see commerce.product_drift.';

-- Name: COLUMN product_months.country; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.product_months.country IS 'Empty: the orders name none.';

-- Name: COLUMN product_months.revenue; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON COLUMN commerce.product_months.revenue IS 'In the organization''s currency.';

-- Name: staged_order_lines; Type: TABLE; Schema: commerce; Owner: -

CREATE TABLE commerce.staged_order_lines (
    organization_id uuid NOT NULL,
    import_id uuid NOT NULL,
    order_number text NOT NULL,
    line bigint NOT NULL,
    kind text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    product_id text NOT NULL,
    product_name text,
    quantity integer NOT NULL,
    unit_price numeric(18,6) NOT NULL,
    customer_id text,
    customer_name text,
    customer_email text,
    country text,
    order_status text NOT NULL,
    currency text NOT NULL,
    exchange_rate numeric(18,8) NOT NULL
);

ALTER TABLE ONLY commerce.staged_order_lines FORCE ROW LEVEL SECURITY;

-- Name: TABLE staged_order_lines; Type: COMMENT; Schema: commerce; Owner: -

COMMENT ON TABLE commerce.staged_order_lines IS 'Lines of an import that were read and not yet written; ordered so that an order''s lines stand together.';

-- Name: customer_figures; Type: TABLE; Schema: customers; Owner: -

CREATE TABLE customers.customer_figures (
    organization_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    total_orders bigint DEFAULT 0 NOT NULL,
    total_revenue numeric DEFAULT 0 NOT NULL,
    average_order_value numeric GENERATED ALWAYS AS (round((total_revenue / (NULLIF(total_orders, 0))::numeric), 2)) STORED,
    total_refunds numeric DEFAULT 0 NOT NULL,
    total_sessions bigint DEFAULT 0 NOT NULL,
    total_page_views bigint DEFAULT 0 NOT NULL,
    first_order_at timestamp with time zone,
    last_order_at timestamp with time zone,
    last_seen_at timestamp with time zone NOT NULL
);

ALTER TABLE ONLY customers.customer_figures FORCE ROW LEVEL SECURITY;

-- Name: TABLE customer_figures; Type: COMMENT; Schema: customers; Owner: -

COMMENT ON TABLE customers.customer_figures IS 'What the log says about a customer, kept by the consumer customers.figures with its checkpoint; can be thrown away and rebuilt.';

-- Name: COLUMN customer_figures.total_revenue; Type: COMMENT; Schema: customers; Owner: -

COMMENT ON COLUMN customers.customer_figures.total_revenue IS 'Of completed orders, in the organization''s currency; refunds are counted beside it, not taken off.';

-- Name: customers; Type: TABLE; Schema: customers; Owner: -

CREATE TABLE customers.customers (
    organization_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    customer_id text NOT NULL,
    email text,
    phone text,
    name text,
    date_of_birth date,
    gender text,
    country text,
    state text,
    city text,
    postal_code text,
    timezone text,
    customer_type text DEFAULT 'regular'::text NOT NULL,
    customer_status text DEFAULT 'active'::text NOT NULL,
    lifecycle_stage text DEFAULT 'new'::text NOT NULL,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    activated_at timestamp with time zone,
    churned_at timestamp with time zone,
    acquisition_channel text,
    acquisition_campaign text,
    acquisition_source text,
    referrer_url text,
    utm_parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    engagement_score smallint DEFAULT 0 NOT NULL,
    churn_risk_score smallint DEFAULT 0 NOT NULL,
    custom_attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    data_source text DEFAULT 'api'::text NOT NULL,
    external_ids jsonb DEFAULT '{}'::jsonb NOT NULL,
    import_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    imported_at timestamp with time zone,
    search_text text GENERATED ALWAYS AS (lower(((((((COALESCE(name, ''::text) || ' '::text) || COALESCE(email, ''::text)) || ' '::text) || customer_id) || ' '::text) || COALESCE(phone, ''::text)))) STORED,
    CONSTRAINT customers_acquisition_campaign_check CHECK ((length(acquisition_campaign) <= 100)),
    CONSTRAINT customers_acquisition_channel_check CHECK ((length(acquisition_channel) <= 100)),
    CONSTRAINT customers_acquisition_source_check CHECK ((length(acquisition_source) <= 100)),
    CONSTRAINT customers_churn_risk_score_check CHECK (((churn_risk_score >= 0) AND (churn_risk_score <= 100))),
    CONSTRAINT customers_city_check CHECK ((length(city) <= 100)),
    CONSTRAINT customers_country_check CHECK ((length(country) <= 50)),
    CONSTRAINT customers_custom_attributes_check CHECK ((jsonb_typeof(custom_attributes) = 'object'::text)),
    CONSTRAINT customers_customer_id_check CHECK (((length(customer_id) >= 1) AND (length(customer_id) <= 100))),
    CONSTRAINT customers_customer_status_check CHECK ((customer_status = ANY (ARRAY['active'::text, 'inactive'::text, 'churned'::text, 'suspended'::text]))),
    CONSTRAINT customers_customer_type_check CHECK ((customer_type = ANY (ARRAY['premium'::text, 'regular'::text, 'enterprise'::text, 'trial'::text]))),
    CONSTRAINT customers_data_source_check CHECK ((length(data_source) <= 50)),
    CONSTRAINT customers_email_check CHECK ((length(email) <= 255)),
    CONSTRAINT customers_engagement_score_check CHECK (((engagement_score >= 0) AND (engagement_score <= 100))),
    CONSTRAINT customers_external_ids_check CHECK ((jsonb_typeof(external_ids) = 'object'::text)),
    CONSTRAINT customers_gender_check CHECK ((length(gender) <= 20)),
    CONSTRAINT customers_lifecycle_stage_check CHECK ((lifecycle_stage = ANY (ARRAY['new'::text, 'activated'::text, 'engaged'::text, 'at_risk'::text, 'churned'::text, 'reactivated'::text]))),
    CONSTRAINT customers_name_check CHECK ((length(name) <= 255)),
    CONSTRAINT customers_phone_check CHECK ((length(phone) <= 20)),
    CONSTRAINT customers_postal_code_check CHECK ((length(postal_code) <= 20)),
    CONSTRAINT customers_state_check CHECK ((length(state) <= 50)),
    CONSTRAINT customers_timezone_check CHECK ((length(timezone) <= 50)),
    CONSTRAINT customers_utm_parameters_check CHECK ((jsonb_typeof(utm_parameters) = 'object'::text))
);

ALTER TABLE ONLY customers.customers FORCE ROW LEVEL SECURITY;

-- Name: TABLE customers; Type: COMMENT; Schema: customers; Owner: -

COMMENT ON TABLE customers.customers IS 'An end customer: shopper, patient, donor, seeker, visitor.';

-- Name: COLUMN customers.customer_id; Type: COMMENT; Schema: customers; Owner: -

COMMENT ON COLUMN customers.customers.customer_id IS 'The id in the client''s own system; for somebody without one, their e-mail address or anonymous id.';

-- Name: COLUMN customers.import_id; Type: COMMENT; Schema: customers; Owner: -

COMMENT ON COLUMN customers.customers.import_id IS 'The import that created the row; an undo removes it if nothing else has come to refer to it.';

-- Name: COLUMN customers.search_text; Type: COMMENT; Schema: customers; Owner: -

COMMENT ON COLUMN customers.customers.search_text IS 'What the search box looks in, lower-case.';

-- Name: consumers; Type: TABLE; Schema: log; Owner: -

CREATE TABLE log.consumers (
    name text NOT NULL,
    built_in smallint NOT NULL,
    epoch smallint DEFAULT 0 NOT NULL,
    writer xid8 DEFAULT '0'::xid8 NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    events_read bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    problem text,
    CONSTRAINT consumers_name_check CHECK ((name ~ '^[a-z][a-z0-9_.]{0,99}$'::text))
);

ALTER TABLE ONLY log.consumers FORCE ROW LEVEL SECURITY;

-- Name: TABLE consumers; Type: COMMENT; Schema: log; Owner: -

COMMENT ON TABLE log.consumers IS 'The checkpoint of each consumer: everything up to (epoch, writer, position) is done. Committed with what the consumer derived.';

-- Name: COLUMN consumers.built_in; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.consumers.built_in IS 'The epoch of the log in which its derived state was begun; when the log is in another one, the consumer rebuilds.';

-- Name: COLUMN consumers.problem; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.consumers.problem IS 'Why its last batch failed; null when it went well.';

-- Name: position; Type: SEQUENCE; Schema: log; Owner: -

CREATE SEQUENCE log."position"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 32;

-- Name: SEQUENCE "position"; Type: COMMENT; Schema: log; Owner: -

COMMENT ON SEQUENCE log."position" IS 'Positions of events. Cached by session: a tie-breaker inside a transaction, not an order of commits.';

-- Name: events; Type: TABLE; Schema: log; Owner: -

CREATE TABLE log.events (
    organization_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid,
    event_type text NOT NULL,
    event_name text NOT NULL,
    event_category text,
    properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    event_value numeric(14,2),
    currency text,
    customer_id uuid,
    session_id text,
    page_url text,
    page_title text,
    referrer_url text,
    ip_address inet,
    user_agent text,
    device_type text,
    browser text,
    os text,
    screen_resolution text,
    country text,
    city text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_term text,
    utm_content text,
    occurred_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    claimed_at timestamp with time zone,
    data_source text DEFAULT 'api'::text NOT NULL,
    source_system text,
    batch_id uuid,
    epoch smallint DEFAULT 2 NOT NULL,
    writer xid8 DEFAULT pg_current_xact_id() NOT NULL,
    "position" bigint DEFAULT nextval('log."position"'::regclass) NOT NULL,
    CONSTRAINT events_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT events_data_source_check CHECK ((length(data_source) <= 50)),
    CONSTRAINT events_event_category_check CHECK ((length(event_category) <= 50)),
    CONSTRAINT events_event_name_check CHECK (((length(event_name) >= 1) AND (length(event_name) <= 200))),
    CONSTRAINT events_event_type_check CHECK ((event_type ~ '^[a-z$][a-z0-9_]{0,99}$'::text)),
    CONSTRAINT events_properties_check CHECK ((jsonb_typeof(properties) = 'object'::text))
)
PARTITION BY RANGE (occurred_at);

ALTER TABLE ONLY log.events FORCE ROW LEVEL SECURITY;

-- Name: TABLE events; Type: COMMENT; Schema: log; Owner: -

COMMENT ON TABLE log.events IS 'Every fact. Only grows; never updated or deleted from by the application.';

-- Name: COLUMN events.event_type; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.events.event_type IS 'What happened, one word of the organization''s catalogue: order_completed.';

-- Name: COLUMN events.customer_id; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.events.customer_id IS 'The profile the event was recorded with. A merge changes the person map, never this.';

-- Name: COLUMN events.claimed_at; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.events.claimed_at IS 'The time the sender claimed, when it lay more than a day in the future and was replaced by the time of arrival.';

-- Name: COLUMN events.batch_id; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.events.batch_id IS 'The import that brought it. An undone import is named in log.undone_batches.';

-- Name: COLUMN events.epoch; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.events.epoch IS 'The life of the server in which it was written.';

-- Name: COLUMN events.writer; Type: COMMENT; Schema: log; Owner: -

COMMENT ON COLUMN log.events.writer IS 'The transaction that wrote it.';

-- Name: undone_batches; Type: TABLE; Schema: log; Owner: -

CREATE TABLE log.undone_batches (
    organization_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    undone_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY log.undone_batches FORCE ROW LEVEL SECURITY;

-- Name: TABLE undone_batches; Type: COMMENT; Schema: log; Owner: -

COMMENT ON TABLE log.undone_batches IS 'Imports that were undone: their events stay in the log and count no more.';

-- Name: facts; Type: VIEW; Schema: log; Owner: -

CREATE VIEW log.facts WITH (security_invoker='true') AS
 SELECT e.organization_id,
    e.id,
    e.workspace_id,
    e.event_type,
    e.event_name,
    e.event_category,
    e.properties,
    e.event_value,
    e.currency,
    e.customer_id,
    e.session_id,
    e.page_url,
    e.page_title,
    e.referrer_url,
    e.ip_address,
    e.user_agent,
    e.device_type,
    e.browser,
    e.os,
    e.screen_resolution,
    e.country,
    e.city,
    e.utm_source,
    e.utm_medium,
    e.utm_campaign,
    e.utm_term,
    e.utm_content,
    e.occurred_at,
    e.received_at,
    e.claimed_at,
    e.data_source,
    e.source_system,
    e.batch_id,
    e.epoch,
    e.writer,
    e."position"
   FROM log.events e
  WHERE (NOT (EXISTS ( SELECT
           FROM log.undone_batches u
          WHERE ((u.organization_id = e.organization_id) AND (u.batch_id = e.batch_id)))));

-- Name: VIEW facts; Type: COMMENT; Schema: log; Owner: -

COMMENT ON VIEW log.facts IS 'The events that count: without those of undone imports.';

-- Name: message_ids; Type: TABLE; Schema: log; Owner: -

CREATE TABLE log.message_ids (
    organization_id uuid NOT NULL,
    message_id text NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_ids_message_id_check CHECK (((length(message_id) >= 1) AND (length(message_id) <= 200)))
);

ALTER TABLE ONLY log.message_ids FORCE ROW LEVEL SECURITY;

-- Name: TABLE message_ids; Type: COMMENT; Schema: log; Owner: -

COMMENT ON TABLE log.message_ids IS 'Message ids already taken, for at least seven days; purged in batches.';

-- Name: state; Type: TABLE; Schema: log; Owner: -

CREATE TABLE log.state (
    only_row boolean DEFAULT true NOT NULL,
    epoch smallint NOT NULL,
    identity text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT state_only_row_check CHECK (only_row)
);

ALTER TABLE ONLY log.state FORCE ROW LEVEL SECURITY;

-- Name: TABLE state; Type: COMMENT; Schema: log; Owner: -

COMMENT ON TABLE log.state IS 'One row: the epoch of the log and the server it is valid on.';

-- Name: api_keys; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.api_keys (
    organization_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    public_key text,
    key_hash bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_check CHECK (
CASE kind
    WHEN 'write'::text THEN ((public_key IS NOT NULL) AND (key_hash IS NULL))
    ELSE ((public_key IS NULL) AND (key_hash IS NOT NULL))
END),
    CONSTRAINT api_keys_key_hash_check CHECK ((length(key_hash) = 32)),
    CONSTRAINT api_keys_kind_check CHECK ((kind = ANY (ARRAY['write'::text, 'secret'::text]))),
    CONSTRAINT api_keys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200)))
);

ALTER TABLE ONLY platform.api_keys FORCE ROW LEVEL SECURITY;

-- Name: TABLE api_keys; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.api_keys IS 'Keys of programs. A write key is public by nature (it stands in web pages) and kept as it is; of a secret key only the SHA-256.';

-- Name: import_pieces; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.import_pieces (
    organization_id uuid NOT NULL,
    import_id uuid NOT NULL,
    number integer NOT NULL,
    content bytea NOT NULL,
    CONSTRAINT import_pieces_number_check CHECK ((number >= 0))
);
ALTER TABLE ONLY platform.import_pieces ALTER COLUMN content SET STORAGE EXTERNAL;

ALTER TABLE ONLY platform.import_pieces FORCE ROW LEVEL SECURITY;

-- Name: TABLE import_pieces; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.import_pieces IS 'The file, gzipped, in pieces of a megabyte; deleted when the import is done with.';

-- Name: import_rejects; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.import_rejects (
    organization_id uuid NOT NULL,
    import_id uuid NOT NULL,
    line bigint NOT NULL,
    reason text NOT NULL,
    fields text[] NOT NULL,
    CONSTRAINT import_rejects_line_check CHECK ((line > 0))
);

ALTER TABLE ONLY platform.import_rejects FORCE ROW LEVEL SECURITY;

-- Name: TABLE import_rejects; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.import_rejects IS 'Lines that could not be read, as they stood in the file, with the reason.';

-- Name: import_transitions; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.import_transitions (
    from_state text NOT NULL,
    to_state text NOT NULL
);

ALTER TABLE ONLY platform.import_transitions FORCE ROW LEVEL SECURITY;

-- Name: TABLE import_transitions; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.import_transitions IS 'Which state of an import may follow which.';

-- Name: imports; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.imports (
    organization_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    workspace_id uuid NOT NULL,
    kind text NOT NULL,
    file_name text NOT NULL,
    file_size bigint DEFAULT 0 NOT NULL,
    sha256 bytea,
    lines bigint DEFAULT 0 NOT NULL,
    not_utf8_at bigint,
    mapping jsonb,
    state text DEFAULT 'receiving'::text NOT NULL,
    lines_read bigint DEFAULT 0 NOT NULL,
    accepted bigint DEFAULT 0 NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    duplicates bigint DEFAULT 0 NOT NULL,
    staged bigint DEFAULT 0 NOT NULL,
    written bigint DEFAULT 0 NOT NULL,
    write_cursor text,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    problem text,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    worker uuid,
    leased_until timestamp with time zone,
    CONSTRAINT imports_accepted_check CHECK ((accepted >= 0)),
    CONSTRAINT imports_check CHECK (((state = ANY (ARRAY['receiving'::text, 'uploaded'::text, 'undone'::text, 'failed'::text, 'cancelled'::text])) OR (mapping IS NOT NULL))),
    CONSTRAINT imports_duplicates_check CHECK ((duplicates >= 0)),
    CONSTRAINT imports_file_name_check CHECK (((length(file_name) >= 1) AND (length(file_name) <= 255))),
    CONSTRAINT imports_file_size_check CHECK ((file_size >= 0)),
    CONSTRAINT imports_kind_check CHECK ((kind ~ '^[a-z_]{1,40}$'::text)),
    CONSTRAINT imports_lines_check CHECK ((lines >= 0)),
    CONSTRAINT imports_lines_read_check CHECK ((lines_read >= 0)),
    CONSTRAINT imports_rejected_check CHECK ((rejected >= 0)),
    CONSTRAINT imports_sha256_check CHECK ((length(sha256) = 32)),
    CONSTRAINT imports_staged_check CHECK ((staged >= 0)),
    CONSTRAINT imports_state_check CHECK ((state = ANY (ARRAY['receiving'::text, 'uploaded'::text, 'queued'::text, 'reading'::text, 'writing'::text, 'completed'::text, 'cancelling'::text, 'cancelled'::text, 'failed'::text, 'undoing'::text, 'undone'::text]))),
    CONSTRAINT imports_written_check CHECK ((written >= 0))
);

ALTER TABLE ONLY platform.imports FORCE ROW LEVEL SECURITY;

-- Name: TABLE imports; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.imports IS 'A file on its way into a module''s tables, and what became of it.';

-- Name: COLUMN imports.sha256; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.sha256 IS 'Of the file''s uncompressed text. With a line''s number it is the identity of that line.';

-- Name: COLUMN imports.lines; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.lines IS 'Lines of the file without its header; once all are read, records (a quoted field may hold a line end).';

-- Name: COLUMN imports.not_utf8_at; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.not_utf8_at IS 'The first line that is not UTF-8, if there is one.';

-- Name: COLUMN imports.duplicates; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.duplicates IS 'Lines of this file that an earlier import had already brought.';

-- Name: COLUMN imports.staged; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.staged IS 'Lines handed to the importer by reading.';

-- Name: COLUMN imports.written; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.written IS 'Of these, lines the importer has dealt with.';

-- Name: COLUMN imports.write_cursor; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.write_cursor IS 'Where the importer goes on; its own word.';

-- Name: COLUMN imports.counts; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.imports.counts IS 'What was made: orders, refunds, customers…';

-- Name: organization_members; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.organization_members (
    organization_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organization_members_role_check CHECK ((role = ANY (ARRAY['super_admin'::text, 'admin'::text, 'marketing_manager'::text, 'data_analyst'::text, 'viewer'::text])))
);

ALTER TABLE ONLY platform.organization_members FORCE ROW LEVEL SECURITY;

-- Name: TABLE organization_members; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.organization_members IS 'Who works in which organization, in which role.';

-- Name: organizations; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.organizations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    currency text DEFAULT 'EUR'::text NOT NULL,
    is_demo boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organizations_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT organizations_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT organizations_slug_check CHECK ((slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'::text))
);

ALTER TABLE ONLY platform.organizations FORCE ROW LEVEL SECURITY;

-- Name: TABLE organizations; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.organizations IS 'The tenant. Its time zone and currency are the ones every report is in.';

-- Name: COLUMN organizations.slug; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.organizations.slug IS 'The word in the console''s address.';

-- Name: COLUMN organizations.time_zone; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.organizations.time_zone IS 'IANA name, e.g. Europe/London.';

-- Name: COLUMN organizations.currency; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.organizations.currency IS 'ISO 4217 code. Amounts in another currency carry the rate they were converted with.';

-- Name: platform_user_sessions; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.platform_user_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    ip_address inet,
    user_agent text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_activity timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    logout_reason text,
    CONSTRAINT platform_user_sessions_check CHECK ((expires_at > created_at)),
    CONSTRAINT platform_user_sessions_check1 CHECK (((ended_at IS NULL) = (logout_reason IS NULL))),
    CONSTRAINT platform_user_sessions_logout_reason_check CHECK ((logout_reason = ANY (ARRAY['user_logout'::text, 'session_expired'::text, 'admin_revoked'::text, 'security_logout'::text]))),
    CONSTRAINT platform_user_sessions_token_hash_check CHECK ((length(token_hash) = 32))
);

ALTER TABLE ONLY platform.platform_user_sessions FORCE ROW LEVEL SECURITY;

-- Name: TABLE platform_user_sessions; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.platform_user_sessions IS 'A signed-in browser. Only the SHA-256 of its token is kept.';

-- Name: platform_users; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.platform_users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    email text NOT NULL,
    password_hash text,
    must_change_password boolean DEFAULT false NOT NULL,
    name text NOT NULL,
    avatar_url text,
    status text DEFAULT 'active'::text NOT NULL,
    email_verified boolean DEFAULT false NOT NULL,
    last_login timestamp with time zone,
    timezone text,
    language text DEFAULT 'en'::text NOT NULL,
    theme text DEFAULT 'auto'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT platform_users_email_check CHECK ((((length(email) >= 3) AND (length(email) <= 255)) AND (email ~~ '%_@_%'::text))),
    CONSTRAINT platform_users_language_check CHECK ((language = ANY (ARRAY['en'::text, 'fr'::text]))),
    CONSTRAINT platform_users_name_check CHECK (((length(name) >= 1) AND (length(name) <= 255))),
    CONSTRAINT platform_users_status_check CHECK ((status = ANY (ARRAY['active'::text, 'inactive'::text, 'suspended'::text, 'pending_invitation'::text]))),
    CONSTRAINT platform_users_theme_check CHECK ((theme = ANY (ARRAY['light'::text, 'dark'::text, 'auto'::text])))
);

ALTER TABLE ONLY platform.platform_users FORCE ROW LEVEL SECURITY;

-- Name: TABLE platform_users; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.platform_users IS 'Staff who sign in to the console. A person may be a member of several organizations.';

-- Name: COLUMN platform_users.password_hash; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.platform_users.password_hash IS 'PBKDF2-HMAC-SHA512 with its own salt and iteration count; null until a password is set.';

-- Name: COLUMN platform_users.must_change_password; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON COLUMN platform.platform_users.must_change_password IS 'True while the password is the one-time one.';

-- Name: schema_migrations; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.schema_migrations (
    module text NOT NULL,
    file text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL,
    duration_ms integer NOT NULL
);

-- Name: TABLE schema_migrations; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.schema_migrations IS 'The schema files applied to this database.';

-- Name: sign_in_attempts; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.sign_in_attempts (
    address_hash bytea NOT NULL,
    attempts integer DEFAULT 1 NOT NULL,
    last_attempt timestamp with time zone DEFAULT now() NOT NULL,
    locked_until timestamp with time zone,
    CONSTRAINT sign_in_attempts_address_hash_check CHECK ((length(address_hash) = 32)),
    CONSTRAINT sign_in_attempts_attempts_check CHECK ((attempts > 0))
);

ALTER TABLE ONLY platform.sign_in_attempts FORCE ROW LEVEL SECURITY;

-- Name: TABLE sign_in_attempts; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.sign_in_attempts IS 'Wrong passwords by address, whether or not somebody has that address: who is locked out tells nothing about who exists. Forgotten after a day, or by the right password.';

-- Name: table_access; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.table_access (
    relation text NOT NULL,
    class text NOT NULL,
    own_column text,
    CONSTRAINT table_access_check CHECK (((class = ANY (ARRAY['own'::text, 'own_or_admin'::text])) = (own_column IS NOT NULL))),
    CONSTRAINT table_access_class_check CHECK ((class = ANY (ARRAY['organization'::text, 'member'::text, 'visitor'::text, 'service'::text, 'admin'::text, 'own'::text, 'own_or_admin'::text, 'public'::text, 'custom'::text])))
);

ALTER TABLE ONLY platform.table_access FORCE ROW LEVEL SECURITY;

-- Name: TABLE table_access; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.table_access IS 'The access class of every table, as declared with platform.protect; tests and the Data API read it.';

-- Name: workspaces; Type: TABLE; Schema: platform; Owner: -

CREATE TABLE platform.workspaces (
    organization_id uuid NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workspaces_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT workspaces_slug_check CHECK ((slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'::text))
);

ALTER TABLE ONLY platform.workspaces FORCE ROW LEVEL SECURITY;

-- Name: TABLE workspaces; Type: COMMENT; Schema: platform; Owner: -

COMMENT ON TABLE platform.workspaces IS 'A shop, a site or an app of an organization; what the assistant document calls a customer_config.';

-- Name: customer_order_items customer_order_items_pkey; Type: CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.customer_order_items
    ADD CONSTRAINT customer_order_items_pkey PRIMARY KEY (organization_id, id);

-- Name: customer_orders customer_orders_organization_id_workspace_id_order_id_key; Type: CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.customer_orders
    ADD CONSTRAINT customer_orders_organization_id_workspace_id_order_id_key UNIQUE (organization_id, workspace_id, order_id);

-- Name: customer_orders customer_orders_pkey; Type: CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.customer_orders
    ADD CONSTRAINT customer_orders_pkey PRIMARY KEY (organization_id, id);

-- Name: product_months product_months_pkey; Type: CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.product_months
    ADD CONSTRAINT product_months_pkey PRIMARY KEY (organization_id, month, country, product_id);

-- Name: staged_order_lines staged_order_lines_pkey; Type: CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.staged_order_lines
    ADD CONSTRAINT staged_order_lines_pkey PRIMARY KEY (organization_id, import_id, order_number, line);

-- Name: customer_figures customer_figures_pkey; Type: CONSTRAINT; Schema: customers; Owner: -

ALTER TABLE ONLY customers.customer_figures
    ADD CONSTRAINT customer_figures_pkey PRIMARY KEY (organization_id, customer_id);

-- Name: customers customers_organization_id_customer_id_key; Type: CONSTRAINT; Schema: customers; Owner: -

ALTER TABLE ONLY customers.customers
    ADD CONSTRAINT customers_organization_id_customer_id_key UNIQUE (organization_id, customer_id);

-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: customers; Owner: -

ALTER TABLE ONLY customers.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (organization_id, id);

-- Name: consumers consumers_pkey; Type: CONSTRAINT; Schema: log; Owner: -

ALTER TABLE ONLY log.consumers
    ADD CONSTRAINT consumers_pkey PRIMARY KEY (name);

-- Name: events events_pkey; Type: CONSTRAINT; Schema: log; Owner: -

ALTER TABLE ONLY log.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (organization_id, id, occurred_at);

-- Name: message_ids message_ids_pkey; Type: CONSTRAINT; Schema: log; Owner: -

ALTER TABLE ONLY log.message_ids
    ADD CONSTRAINT message_ids_pkey PRIMARY KEY (organization_id, message_id);

-- Name: state state_pkey; Type: CONSTRAINT; Schema: log; Owner: -

ALTER TABLE ONLY log.state
    ADD CONSTRAINT state_pkey PRIMARY KEY (only_row);

-- Name: undone_batches undone_batches_pkey; Type: CONSTRAINT; Schema: log; Owner: -

ALTER TABLE ONLY log.undone_batches
    ADD CONSTRAINT undone_batches_pkey PRIMARY KEY (organization_id, batch_id);

-- Name: api_keys api_keys_key_hash_key; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash);

-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (organization_id, id);

-- Name: api_keys api_keys_public_key_key; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_public_key_key UNIQUE (public_key);

-- Name: import_pieces import_pieces_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.import_pieces
    ADD CONSTRAINT import_pieces_pkey PRIMARY KEY (organization_id, import_id, number);

-- Name: import_rejects import_rejects_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.import_rejects
    ADD CONSTRAINT import_rejects_pkey PRIMARY KEY (organization_id, import_id, line);

-- Name: import_transitions import_transitions_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.import_transitions
    ADD CONSTRAINT import_transitions_pkey PRIMARY KEY (from_state, to_state);

-- Name: imports imports_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (organization_id, id);

-- Name: organization_members organization_members_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.organization_members
    ADD CONSTRAINT organization_members_pkey PRIMARY KEY (organization_id, user_id);

-- Name: organizations organizations_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

-- Name: organizations organizations_slug_key; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.organizations
    ADD CONSTRAINT organizations_slug_key UNIQUE (slug);

-- Name: platform_user_sessions platform_user_sessions_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.platform_user_sessions
    ADD CONSTRAINT platform_user_sessions_pkey PRIMARY KEY (id);

-- Name: platform_user_sessions platform_user_sessions_token_hash_key; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.platform_user_sessions
    ADD CONSTRAINT platform_user_sessions_token_hash_key UNIQUE (token_hash);

-- Name: platform_users platform_users_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.platform_users
    ADD CONSTRAINT platform_users_pkey PRIMARY KEY (id);

-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (module, file);

-- Name: sign_in_attempts sign_in_attempts_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.sign_in_attempts
    ADD CONSTRAINT sign_in_attempts_pkey PRIMARY KEY (address_hash);

-- Name: table_access table_access_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.table_access
    ADD CONSTRAINT table_access_pkey PRIMARY KEY (relation);

-- Name: workspaces workspaces_organization_id_slug_key; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.workspaces
    ADD CONSTRAINT workspaces_organization_id_slug_key UNIQUE (organization_id, slug);

-- Name: workspaces workspaces_pkey; Type: CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.workspaces
    ADD CONSTRAINT workspaces_pkey PRIMARY KEY (organization_id, id);

-- Name: customer_order_items_order; Type: INDEX; Schema: commerce; Owner: -

CREATE INDEX customer_order_items_order ON commerce.customer_order_items USING btree (organization_id, order_id);

-- Name: customer_order_items_product; Type: INDEX; Schema: commerce; Owner: -

CREATE INDEX customer_order_items_product ON commerce.customer_order_items USING btree (organization_id, product_id, sold_at) INCLUDE (order_id, sold_country) WHERE (sold_at IS NOT NULL);

-- Name: customer_order_items_sold; Type: INDEX; Schema: commerce; Owner: -

CREATE INDEX customer_order_items_sold ON commerce.customer_order_items USING btree (organization_id, sold_at) INCLUDE (product_id, quantity, base_total, sold_country) WHERE (sold_at IS NOT NULL);

-- Name: customer_order_items_source; Type: INDEX; Schema: commerce; Owner: -

CREATE UNIQUE INDEX customer_order_items_source ON commerce.customer_order_items USING btree (organization_id, source_file, source_line) WHERE (source_file IS NOT NULL);

-- Name: customer_orders_customer; Type: INDEX; Schema: commerce; Owner: -

CREATE INDEX customer_orders_customer ON commerce.customer_orders USING btree (organization_id, customer_id, ordered_at DESC) WHERE (customer_id IS NOT NULL);

-- Name: customer_orders_import; Type: INDEX; Schema: commerce; Owner: -

CREATE INDEX customer_orders_import ON commerce.customer_orders USING btree (organization_id, import_id) WHERE (import_id IS NOT NULL);

-- Name: customer_orders_refunds; Type: INDEX; Schema: commerce; Owner: -

CREATE INDEX customer_orders_refunds ON commerce.customer_orders USING btree (organization_id, refunds_order) WHERE (refunds_order IS NOT NULL);

-- Name: customer_orders_time; Type: INDEX; Schema: commerce; Owner: -

CREATE INDEX customer_orders_time ON commerce.customer_orders USING btree (organization_id, ordered_at DESC) INCLUDE (kind, order_status, base_total, customer_id, shipping_country);

-- Name: customer_figures_orders; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customer_figures_orders ON customers.customer_figures USING btree (organization_id, total_orders DESC, customer_id);

-- Name: customer_figures_revenue; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customer_figures_revenue ON customers.customer_figures USING btree (organization_id, total_revenue DESC, customer_id);

-- Name: customer_figures_seen; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customer_figures_seen ON customers.customer_figures USING btree (organization_id, last_seen_at DESC, customer_id);

-- Name: customers_country; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customers_country ON customers.customers USING btree (organization_id, country);

-- Name: customers_import; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customers_import ON customers.customers USING btree (organization_id, import_id) WHERE (import_id IS NOT NULL);

-- Name: customers_name; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customers_name ON customers.customers USING btree (organization_id, name, id);

-- Name: customers_newest; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customers_newest ON customers.customers USING btree (organization_id, first_seen_at DESC, id);

-- Name: customers_search; Type: INDEX; Schema: customers; Owner: -

CREATE INDEX customers_search ON customers.customers USING gin (search_text public.gin_trgm_ops);

-- Name: events_order; Type: INDEX; Schema: log; Owner: -

CREATE INDEX events_order ON ONLY log.events USING btree (epoch, writer, "position");

-- Name: events_batch; Type: INDEX; Schema: log; Owner: -

CREATE INDEX events_batch ON ONLY log.events USING btree (organization_id, batch_id) WHERE (batch_id IS NOT NULL);

-- Name: events_customer; Type: INDEX; Schema: log; Owner: -

CREATE INDEX events_customer ON ONLY log.events USING btree (organization_id, customer_id, occurred_at DESC) WHERE (customer_id IS NOT NULL);

-- Name: events_type; Type: INDEX; Schema: log; Owner: -

CREATE INDEX events_type ON ONLY log.events USING btree (organization_id, event_type, occurred_at DESC);

-- Name: events_time; Type: INDEX; Schema: log; Owner: -

CREATE INDEX events_time ON ONLY log.events USING btree (organization_id, occurred_at DESC);

-- Name: message_ids_age; Type: INDEX; Schema: log; Owner: -

CREATE INDEX message_ids_age ON log.message_ids USING btree (received_at);

-- Name: api_keys_workspace; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX api_keys_workspace ON platform.api_keys USING btree (organization_id, workspace_id);

-- Name: imports_created_by; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX imports_created_by ON platform.imports USING btree (created_by);

-- Name: imports_newest; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX imports_newest ON platform.imports USING btree (organization_id, created_at DESC);

-- Name: imports_work; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX imports_work ON platform.imports USING btree (leased_until) WHERE (state = ANY (ARRAY['queued'::text, 'reading'::text, 'writing'::text, 'cancelling'::text, 'undoing'::text]));

-- Name: imports_workspace; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX imports_workspace ON platform.imports USING btree (organization_id, workspace_id);

-- Name: organization_members_user; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX organization_members_user ON platform.organization_members USING btree (user_id);

-- Name: platform_user_sessions_expiry; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX platform_user_sessions_expiry ON platform.platform_user_sessions USING btree (expires_at) WHERE (ended_at IS NULL);

-- Name: platform_user_sessions_user; Type: INDEX; Schema: platform; Owner: -

CREATE INDEX platform_user_sessions_user ON platform.platform_user_sessions USING btree (user_id);

-- Name: platform_users_email; Type: INDEX; Schema: platform; Owner: -

CREATE UNIQUE INDEX platform_users_email ON platform.platform_users USING btree (lower(email));

-- Name: customer_order_items count_deleted; Type: TRIGGER; Schema: commerce; Owner: -

CREATE TRIGGER count_deleted AFTER DELETE ON commerce.customer_order_items REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION commerce.count_products();

-- Name: customer_order_items count_inserted; Type: TRIGGER; Schema: commerce; Owner: -

CREATE TRIGGER count_inserted AFTER INSERT ON commerce.customer_order_items REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION commerce.count_products();

-- Name: customer_order_items count_updated; Type: TRIGGER; Schema: commerce; Owner: -

CREATE TRIGGER count_updated AFTER UPDATE ON commerce.customer_order_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION commerce.count_products();

-- Name: customer_order_items fill; Type: TRIGGER; Schema: commerce; Owner: -

CREATE TRIGGER fill BEFORE INSERT ON commerce.customer_order_items FOR EACH ROW WHEN ((new.base_total IS NULL)) EXECUTE FUNCTION commerce.fill_item();

-- Name: customer_orders sold_at; Type: TRIGGER; Schema: commerce; Owner: -

CREATE TRIGGER sold_at AFTER UPDATE OF order_status, ordered_at, kind, shipping_country ON commerce.customer_orders FOR EACH ROW WHEN (((old.order_status IS DISTINCT FROM new.order_status) OR (old.ordered_at IS DISTINCT FROM new.ordered_at) OR (old.kind IS DISTINCT FROM new.kind) OR (old.shipping_country IS DISTINCT FROM new.shipping_country))) EXECUTE FUNCTION commerce.set_sold_at();

-- Name: customer_orders touch; Type: TRIGGER; Schema: commerce; Owner: -

CREATE TRIGGER touch BEFORE UPDATE ON commerce.customer_orders FOR EACH ROW EXECUTE FUNCTION platform.touch();

-- Name: customers touch; Type: TRIGGER; Schema: customers; Owner: -

CREATE TRIGGER touch BEFORE UPDATE ON customers.customers FOR EACH ROW EXECUTE FUNCTION platform.touch();

-- Name: imports state; Type: TRIGGER; Schema: platform; Owner: -

CREATE TRIGGER state BEFORE UPDATE OF state ON platform.imports FOR EACH ROW WHEN ((old.state IS DISTINCT FROM new.state)) EXECUTE FUNCTION platform.check_import_state();

-- Name: organizations time_zone; Type: TRIGGER; Schema: platform; Owner: -

CREATE TRIGGER time_zone BEFORE INSERT OR UPDATE OF time_zone ON platform.organizations FOR EACH ROW WHEN ((new.time_zone <> 'UTC'::text)) EXECUTE FUNCTION platform.check_time_zone();

-- Name: imports touch; Type: TRIGGER; Schema: platform; Owner: -

CREATE TRIGGER touch BEFORE UPDATE ON platform.imports FOR EACH ROW EXECUTE FUNCTION platform.touch();

-- Name: organizations touch; Type: TRIGGER; Schema: platform; Owner: -

CREATE TRIGGER touch BEFORE UPDATE ON platform.organizations FOR EACH ROW EXECUTE FUNCTION platform.touch();

-- Name: platform_users touch; Type: TRIGGER; Schema: platform; Owner: -

CREATE TRIGGER touch BEFORE UPDATE ON platform.platform_users FOR EACH ROW EXECUTE FUNCTION platform.touch();

-- Name: workspaces touch; Type: TRIGGER; Schema: platform; Owner: -

CREATE TRIGGER touch BEFORE UPDATE ON platform.workspaces FOR EACH ROW EXECUTE FUNCTION platform.touch();

-- Name: customer_order_items customer_order_items_organization_id_order_id_fkey; Type: FK CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.customer_order_items
    ADD CONSTRAINT customer_order_items_organization_id_order_id_fkey FOREIGN KEY (organization_id, order_id) REFERENCES commerce.customer_orders(organization_id, id) ON DELETE CASCADE;

-- Name: customer_orders customer_orders_organization_id_customer_id_fkey; Type: FK CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.customer_orders
    ADD CONSTRAINT customer_orders_organization_id_customer_id_fkey FOREIGN KEY (organization_id, customer_id) REFERENCES customers.customers(organization_id, id);

-- Name: customer_orders customer_orders_organization_id_refunds_order_fkey; Type: FK CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.customer_orders
    ADD CONSTRAINT customer_orders_organization_id_refunds_order_fkey FOREIGN KEY (organization_id, refunds_order) REFERENCES commerce.customer_orders(organization_id, id) ON DELETE SET NULL (refunds_order);

-- Name: customer_orders customer_orders_organization_id_workspace_id_fkey; Type: FK CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.customer_orders
    ADD CONSTRAINT customer_orders_organization_id_workspace_id_fkey FOREIGN KEY (organization_id, workspace_id) REFERENCES platform.workspaces(organization_id, id) ON DELETE CASCADE;

-- Name: product_months product_months_organization_id_fkey; Type: FK CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.product_months
    ADD CONSTRAINT product_months_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: staged_order_lines staged_order_lines_organization_id_import_id_fkey; Type: FK CONSTRAINT; Schema: commerce; Owner: -

ALTER TABLE ONLY commerce.staged_order_lines
    ADD CONSTRAINT staged_order_lines_organization_id_import_id_fkey FOREIGN KEY (organization_id, import_id) REFERENCES platform.imports(organization_id, id) ON DELETE CASCADE;

-- Name: customer_figures customer_figures_organization_id_customer_id_fkey; Type: FK CONSTRAINT; Schema: customers; Owner: -

ALTER TABLE ONLY customers.customer_figures
    ADD CONSTRAINT customer_figures_organization_id_customer_id_fkey FOREIGN KEY (organization_id, customer_id) REFERENCES customers.customers(organization_id, id) ON DELETE CASCADE;

-- Name: customers customers_organization_id_fkey; Type: FK CONSTRAINT; Schema: customers; Owner: -

ALTER TABLE ONLY customers.customers
    ADD CONSTRAINT customers_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: api_keys api_keys_organization_id_workspace_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_organization_id_workspace_id_fkey FOREIGN KEY (organization_id, workspace_id) REFERENCES platform.workspaces(organization_id, id) ON DELETE CASCADE;

-- Name: import_pieces import_pieces_organization_id_import_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.import_pieces
    ADD CONSTRAINT import_pieces_organization_id_import_id_fkey FOREIGN KEY (organization_id, import_id) REFERENCES platform.imports(organization_id, id) ON DELETE CASCADE;

-- Name: import_rejects import_rejects_organization_id_import_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.import_rejects
    ADD CONSTRAINT import_rejects_organization_id_import_id_fkey FOREIGN KEY (organization_id, import_id) REFERENCES platform.imports(organization_id, id) ON DELETE CASCADE;

-- Name: imports imports_created_by_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.imports
    ADD CONSTRAINT imports_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.platform_users(id) ON DELETE SET NULL;

-- Name: imports imports_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.imports
    ADD CONSTRAINT imports_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: imports imports_organization_id_workspace_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.imports
    ADD CONSTRAINT imports_organization_id_workspace_id_fkey FOREIGN KEY (organization_id, workspace_id) REFERENCES platform.workspaces(organization_id, id) ON DELETE CASCADE;

-- Name: organization_members organization_members_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.organization_members
    ADD CONSTRAINT organization_members_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: organization_members organization_members_user_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.organization_members
    ADD CONSTRAINT organization_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.platform_users(id) ON DELETE CASCADE;

-- Name: platform_user_sessions platform_user_sessions_user_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.platform_user_sessions
    ADD CONSTRAINT platform_user_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.platform_users(id) ON DELETE CASCADE;

-- Name: workspaces workspaces_organization_id_fkey; Type: FK CONSTRAINT; Schema: platform; Owner: -

ALTER TABLE ONLY platform.workspaces
    ADD CONSTRAINT workspaces_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES platform.organizations(id) ON DELETE CASCADE;

-- Name: customer_order_items; Type: ROW SECURITY; Schema: commerce; Owner: -

ALTER TABLE commerce.customer_order_items ENABLE ROW LEVEL SECURITY;

-- Name: customer_orders; Type: ROW SECURITY; Schema: commerce; Owner: -

ALTER TABLE commerce.customer_orders ENABLE ROW LEVEL SECURITY;

-- Name: staged_order_lines member; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY member ON commerce.staged_order_lines TO clientele_app USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: customer_order_items organization; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY organization ON commerce.customer_order_items TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: customer_orders organization; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY organization ON commerce.customer_orders TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: product_months organization; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY organization ON commerce.product_months TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: product_months owner; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY owner ON commerce.product_months TO clientele_owner USING (true) WITH CHECK (true);

-- Name: product_months; Type: ROW SECURITY; Schema: commerce; Owner: -

ALTER TABLE commerce.product_months ENABLE ROW LEVEL SECURITY;

-- Name: customer_order_items readonly; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY readonly ON commerce.customer_order_items FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: customer_orders readonly; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY readonly ON commerce.customer_orders FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: product_months readonly; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY readonly ON commerce.product_months FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: staged_order_lines readonly; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY readonly ON commerce.staged_order_lines FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: customer_order_items service; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY service ON commerce.customer_order_items TO clientele_service USING (true) WITH CHECK (true);

-- Name: customer_orders service; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY service ON commerce.customer_orders TO clientele_service USING (true) WITH CHECK (true);

-- Name: product_months service; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY service ON commerce.product_months TO clientele_service USING (true) WITH CHECK (true);

-- Name: staged_order_lines service; Type: POLICY; Schema: commerce; Owner: -

CREATE POLICY service ON commerce.staged_order_lines TO clientele_service USING (true) WITH CHECK (true);

-- Name: staged_order_lines; Type: ROW SECURITY; Schema: commerce; Owner: -

ALTER TABLE commerce.staged_order_lines ENABLE ROW LEVEL SECURITY;

-- Name: customer_figures; Type: ROW SECURITY; Schema: customers; Owner: -

ALTER TABLE customers.customer_figures ENABLE ROW LEVEL SECURITY;

-- Name: customers; Type: ROW SECURITY; Schema: customers; Owner: -

ALTER TABLE customers.customers ENABLE ROW LEVEL SECURITY;

-- Name: customer_figures organization; Type: POLICY; Schema: customers; Owner: -

CREATE POLICY organization ON customers.customer_figures TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: customers organization; Type: POLICY; Schema: customers; Owner: -

CREATE POLICY organization ON customers.customers TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: customer_figures readonly; Type: POLICY; Schema: customers; Owner: -

CREATE POLICY readonly ON customers.customer_figures FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: customers readonly; Type: POLICY; Schema: customers; Owner: -

CREATE POLICY readonly ON customers.customers FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: customers search; Type: POLICY; Schema: customers; Owner: -

CREATE POLICY search ON customers.customers FOR SELECT TO clientele_search USING (true);

-- Name: customer_figures service; Type: POLICY; Schema: customers; Owner: -

CREATE POLICY service ON customers.customer_figures TO clientele_service USING (true) WITH CHECK (true);

-- Name: customers service; Type: POLICY; Schema: customers; Owner: -

CREATE POLICY service ON customers.customers TO clientele_service USING (true) WITH CHECK (true);

-- Name: consumers; Type: ROW SECURITY; Schema: log; Owner: -

ALTER TABLE log.consumers ENABLE ROW LEVEL SECURITY;

-- Name: events; Type: ROW SECURITY; Schema: log; Owner: -

ALTER TABLE log.events ENABLE ROW LEVEL SECURITY;

-- Name: message_ids; Type: ROW SECURITY; Schema: log; Owner: -

ALTER TABLE log.message_ids ENABLE ROW LEVEL SECURITY;

-- Name: events organization; Type: POLICY; Schema: log; Owner: -

CREATE POLICY organization ON log.events TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: message_ids organization; Type: POLICY; Schema: log; Owner: -

CREATE POLICY organization ON log.message_ids TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: undone_batches organization; Type: POLICY; Schema: log; Owner: -

CREATE POLICY organization ON log.undone_batches TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: state owner; Type: POLICY; Schema: log; Owner: -

CREATE POLICY owner ON log.state TO clientele_owner USING (true) WITH CHECK (true);

-- Name: events readonly; Type: POLICY; Schema: log; Owner: -

CREATE POLICY readonly ON log.events FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: message_ids readonly; Type: POLICY; Schema: log; Owner: -

CREATE POLICY readonly ON log.message_ids FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: undone_batches readonly; Type: POLICY; Schema: log; Owner: -

CREATE POLICY readonly ON log.undone_batches FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: consumers service; Type: POLICY; Schema: log; Owner: -

CREATE POLICY service ON log.consumers TO clientele_service USING (true) WITH CHECK (true);

-- Name: events service; Type: POLICY; Schema: log; Owner: -

CREATE POLICY service ON log.events TO clientele_service USING (true) WITH CHECK (true);

-- Name: message_ids service; Type: POLICY; Schema: log; Owner: -

CREATE POLICY service ON log.message_ids TO clientele_service USING (true) WITH CHECK (true);

-- Name: state service; Type: POLICY; Schema: log; Owner: -

CREATE POLICY service ON log.state TO clientele_service USING (true) WITH CHECK (true);

-- Name: undone_batches service; Type: POLICY; Schema: log; Owner: -

CREATE POLICY service ON log.undone_batches TO clientele_service USING (true) WITH CHECK (true);

-- Name: state; Type: ROW SECURITY; Schema: log; Owner: -

ALTER TABLE log.state ENABLE ROW LEVEL SECURITY;

-- Name: undone_batches; Type: ROW SECURITY; Schema: log; Owner: -

ALTER TABLE log.undone_batches ENABLE ROW LEVEL SECURITY;

-- Name: api_keys admin; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY admin ON platform.api_keys TO clientele_app USING ((organization_id = ( SELECT platform.tenant('admin'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('admin'::text) AS tenant)));

-- Name: organizations admin; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY admin ON platform.organizations FOR UPDATE TO clientele_app USING ((id = ( SELECT platform.tenant('admin'::text) AS tenant))) WITH CHECK ((id = ( SELECT platform.tenant('admin'::text) AS tenant)));

-- Name: api_keys; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.api_keys ENABLE ROW LEVEL SECURITY;

-- Name: platform_users colleagues; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY colleagues ON platform.platform_users FOR SELECT TO clientele_app USING ((EXISTS ( SELECT
   FROM platform.organization_members m
  WHERE ((m.organization_id = ( SELECT platform.tenant('member'::text) AS tenant)) AND (m.user_id = platform_users.id)))));

-- Name: import_pieces; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.import_pieces ENABLE ROW LEVEL SECURITY;

-- Name: import_rejects; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.import_rejects ENABLE ROW LEVEL SECURITY;

-- Name: import_transitions; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.import_transitions ENABLE ROW LEVEL SECURITY;

-- Name: imports; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.imports ENABLE ROW LEVEL SECURITY;

-- Name: import_pieces member; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY member ON platform.import_pieces TO clientele_app USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: import_rejects member; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY member ON platform.import_rejects TO clientele_app USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: imports member; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY member ON platform.imports TO clientele_app USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: organization_members member; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY member ON platform.organization_members TO clientele_app USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: organizations organization; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY organization ON platform.organizations FOR SELECT TO clientele_app, clientele_readonly USING ((id = ( SELECT platform.organization() AS organization)));

-- Name: workspaces organization; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY organization ON platform.workspaces TO clientele_app USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant))) WITH CHECK ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: organization_members; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.organization_members ENABLE ROW LEVEL SECURITY;

-- Name: organizations; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.organizations ENABLE ROW LEVEL SECURITY;

-- Name: import_transitions owner; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY owner ON platform.import_transitions FOR SELECT TO clientele_owner USING (true);

-- Name: organizations owner; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY owner ON platform.organizations FOR SELECT TO clientele_owner USING (true);

-- Name: table_access owner; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY owner ON platform.table_access TO clientele_owner USING (true) WITH CHECK (true);

-- Name: platform_user_sessions; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.platform_user_sessions ENABLE ROW LEVEL SECURITY;

-- Name: platform_users; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.platform_users ENABLE ROW LEVEL SECURITY;

-- Name: import_transitions public; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY public ON platform.import_transitions FOR SELECT TO clientele_app USING (true);

-- Name: table_access public; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY public ON platform.table_access FOR SELECT TO clientele_app USING (true);

-- Name: import_pieces readonly; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY readonly ON platform.import_pieces FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: import_rejects readonly; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY readonly ON platform.import_rejects FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: import_transitions readonly; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY readonly ON platform.import_transitions FOR SELECT TO clientele_readonly USING (true);

-- Name: imports readonly; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY readonly ON platform.imports FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: organization_members readonly; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY readonly ON platform.organization_members FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('member'::text) AS tenant)));

-- Name: table_access readonly; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY readonly ON platform.table_access FOR SELECT TO clientele_readonly USING (true);

-- Name: workspaces readonly; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY readonly ON platform.workspaces FOR SELECT TO clientele_readonly USING ((organization_id = ( SELECT platform.tenant('key'::text) AS tenant)));

-- Name: api_keys service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.api_keys TO clientele_service USING (true) WITH CHECK (true);

-- Name: import_pieces service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.import_pieces TO clientele_service USING (true) WITH CHECK (true);

-- Name: import_rejects service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.import_rejects TO clientele_service USING (true) WITH CHECK (true);

-- Name: import_transitions service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.import_transitions TO clientele_service USING (true) WITH CHECK (true);

-- Name: imports service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.imports TO clientele_service USING (true) WITH CHECK (true);

-- Name: organization_members service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.organization_members TO clientele_service USING (true) WITH CHECK (true);

-- Name: organizations service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.organizations TO clientele_service USING (true) WITH CHECK (true);

-- Name: platform_user_sessions service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.platform_user_sessions TO clientele_service USING (true) WITH CHECK (true);

-- Name: platform_users service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.platform_users TO clientele_service USING (true) WITH CHECK (true);

-- Name: sign_in_attempts service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.sign_in_attempts TO clientele_service USING (true) WITH CHECK (true);

-- Name: table_access service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.table_access TO clientele_service USING (true) WITH CHECK (true);

-- Name: workspaces service; Type: POLICY; Schema: platform; Owner: -

CREATE POLICY service ON platform.workspaces TO clientele_service USING (true) WITH CHECK (true);

-- Name: sign_in_attempts; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.sign_in_attempts ENABLE ROW LEVEL SECURITY;

-- Name: table_access; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.table_access ENABLE ROW LEVEL SECURITY;

-- Name: workspaces; Type: ROW SECURITY; Schema: platform; Owner: -

ALTER TABLE platform.workspaces ENABLE ROW LEVEL SECURITY;

-- Name: SCHEMA commerce; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA commerce TO clientele_app;
GRANT USAGE ON SCHEMA commerce TO clientele_service;
GRANT USAGE ON SCHEMA commerce TO clientele_search;
GRANT USAGE ON SCHEMA commerce TO clientele_readonly;

-- Name: SCHEMA customers; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA customers TO clientele_app;
GRANT USAGE ON SCHEMA customers TO clientele_service;
GRANT USAGE ON SCHEMA customers TO clientele_search;
GRANT USAGE ON SCHEMA customers TO clientele_readonly;

-- Name: SCHEMA events; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA events TO clientele_app;
GRANT USAGE ON SCHEMA events TO clientele_service;
GRANT USAGE ON SCHEMA events TO clientele_search;
GRANT USAGE ON SCHEMA events TO clientele_readonly;

-- Name: SCHEMA log; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA log TO clientele_app;
GRANT USAGE ON SCHEMA log TO clientele_service;
GRANT USAGE ON SCHEMA log TO clientele_search;
GRANT USAGE ON SCHEMA log TO clientele_readonly;

-- Name: SCHEMA platform; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA platform TO clientele_app;
GRANT USAGE ON SCHEMA platform TO clientele_service;
GRANT USAGE ON SCHEMA platform TO clientele_search;
GRANT USAGE ON SCHEMA platform TO clientele_readonly;

-- Name: FUNCTION search(query text, most integer); Type: ACL; Schema: customers; Owner: -

REVOKE ALL ON FUNCTION customers.search(query text, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION customers.search(query text, most integer) TO clientele_app;
GRANT ALL ON FUNCTION customers.search(query text, most integer) TO clientele_service;

-- Name: FUNCTION blocker(); Type: ACL; Schema: log; Owner: -

REVOKE ALL ON FUNCTION log.blocker() FROM PUBLIC;
GRANT ALL ON FUNCTION log.blocker() TO clientele_service;

-- Name: FUNCTION make_partitions(ahead integer); Type: ACL; Schema: log; Owner: -

REVOKE ALL ON FUNCTION log.make_partitions(ahead integer) FROM PUBLIC;
GRANT ALL ON FUNCTION log.make_partitions(ahead integer) TO clientele_service;

-- Name: FUNCTION verify_epoch(); Type: ACL; Schema: log; Owner: -

REVOKE ALL ON FUNCTION log.verify_epoch() FROM PUBLIC;
GRANT ALL ON FUNCTION log.verify_epoch() TO clientele_service;

-- Name: FUNCTION owned_by_search(routine regprocedure); Type: ACL; Schema: platform; Owner: -

REVOKE ALL ON FUNCTION platform.owned_by_search(routine regprocedure) FROM PUBLIC;

-- Name: FUNCTION protect(relation regclass, class text, own_column name); Type: ACL; Schema: platform; Owner: -

REVOKE ALL ON FUNCTION platform.protect(relation regclass, class text, own_column name) FROM PUBLIC;

-- Name: FUNCTION searchable(relation regclass); Type: ACL; Schema: platform; Owner: -

REVOKE ALL ON FUNCTION platform.searchable(relation regclass) FROM PUBLIC;

-- Name: TABLE customer_order_items; Type: ACL; Schema: commerce; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE commerce.customer_order_items TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE commerce.customer_order_items TO clientele_app;
GRANT SELECT ON TABLE commerce.customer_order_items TO clientele_readonly;

-- Name: TABLE customer_orders; Type: ACL; Schema: commerce; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE commerce.customer_orders TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE commerce.customer_orders TO clientele_app;
GRANT SELECT ON TABLE commerce.customer_orders TO clientele_readonly;

-- Name: TABLE product_months; Type: ACL; Schema: commerce; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE commerce.product_months TO clientele_service;
GRANT SELECT ON TABLE commerce.product_months TO clientele_app;
GRANT SELECT ON TABLE commerce.product_months TO clientele_readonly;

-- Name: TABLE staged_order_lines; Type: ACL; Schema: commerce; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE commerce.staged_order_lines TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE commerce.staged_order_lines TO clientele_app;
GRANT SELECT ON TABLE commerce.staged_order_lines TO clientele_readonly;

-- Name: TABLE customer_figures; Type: ACL; Schema: customers; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.customer_figures TO clientele_service;
GRANT SELECT ON TABLE customers.customer_figures TO clientele_app;
GRANT SELECT ON TABLE customers.customer_figures TO clientele_readonly;

-- Name: TABLE customers; Type: ACL; Schema: customers; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.customers TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE customers.customers TO clientele_app;
GRANT SELECT ON TABLE customers.customers TO clientele_readonly;
GRANT SELECT ON TABLE customers.customers TO clientele_search;

-- Name: TABLE consumers; Type: ACL; Schema: log; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE log.consumers TO clientele_service;

-- Name: SEQUENCE "position"; Type: ACL; Schema: log; Owner: -

GRANT USAGE ON SEQUENCE log."position" TO clientele_app;
GRANT USAGE ON SEQUENCE log."position" TO clientele_service;

-- Name: TABLE events; Type: ACL; Schema: log; Owner: -

GRANT SELECT ON TABLE log.events TO clientele_service;
GRANT SELECT ON TABLE log.events TO clientele_app;
GRANT SELECT ON TABLE log.events TO clientele_readonly;

-- Name: COLUMN events.organization_id; Type: ACL; Schema: log; Owner: -

GRANT INSERT(organization_id) ON TABLE log.events TO clientele_app;
GRANT INSERT(organization_id) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.id; Type: ACL; Schema: log; Owner: -

GRANT INSERT(id) ON TABLE log.events TO clientele_app;
GRANT INSERT(id) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.workspace_id; Type: ACL; Schema: log; Owner: -

GRANT INSERT(workspace_id) ON TABLE log.events TO clientele_app;
GRANT INSERT(workspace_id) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.event_type; Type: ACL; Schema: log; Owner: -

GRANT INSERT(event_type) ON TABLE log.events TO clientele_app;
GRANT INSERT(event_type) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.event_name; Type: ACL; Schema: log; Owner: -

GRANT INSERT(event_name) ON TABLE log.events TO clientele_app;
GRANT INSERT(event_name) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.event_category; Type: ACL; Schema: log; Owner: -

GRANT INSERT(event_category) ON TABLE log.events TO clientele_app;
GRANT INSERT(event_category) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.properties; Type: ACL; Schema: log; Owner: -

GRANT INSERT(properties) ON TABLE log.events TO clientele_app;
GRANT INSERT(properties) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.event_value; Type: ACL; Schema: log; Owner: -

GRANT INSERT(event_value) ON TABLE log.events TO clientele_app;
GRANT INSERT(event_value) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.currency; Type: ACL; Schema: log; Owner: -

GRANT INSERT(currency) ON TABLE log.events TO clientele_app;
GRANT INSERT(currency) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.customer_id; Type: ACL; Schema: log; Owner: -

GRANT INSERT(customer_id) ON TABLE log.events TO clientele_app;
GRANT INSERT(customer_id) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.session_id; Type: ACL; Schema: log; Owner: -

GRANT INSERT(session_id) ON TABLE log.events TO clientele_app;
GRANT INSERT(session_id) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.page_url; Type: ACL; Schema: log; Owner: -

GRANT INSERT(page_url) ON TABLE log.events TO clientele_app;
GRANT INSERT(page_url) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.page_title; Type: ACL; Schema: log; Owner: -

GRANT INSERT(page_title) ON TABLE log.events TO clientele_app;
GRANT INSERT(page_title) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.referrer_url; Type: ACL; Schema: log; Owner: -

GRANT INSERT(referrer_url) ON TABLE log.events TO clientele_app;
GRANT INSERT(referrer_url) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.ip_address; Type: ACL; Schema: log; Owner: -

GRANT INSERT(ip_address) ON TABLE log.events TO clientele_app;
GRANT INSERT(ip_address) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.user_agent; Type: ACL; Schema: log; Owner: -

GRANT INSERT(user_agent) ON TABLE log.events TO clientele_app;
GRANT INSERT(user_agent) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.device_type; Type: ACL; Schema: log; Owner: -

GRANT INSERT(device_type) ON TABLE log.events TO clientele_app;
GRANT INSERT(device_type) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.browser; Type: ACL; Schema: log; Owner: -

GRANT INSERT(browser) ON TABLE log.events TO clientele_app;
GRANT INSERT(browser) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.os; Type: ACL; Schema: log; Owner: -

GRANT INSERT(os) ON TABLE log.events TO clientele_app;
GRANT INSERT(os) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.screen_resolution; Type: ACL; Schema: log; Owner: -

GRANT INSERT(screen_resolution) ON TABLE log.events TO clientele_app;
GRANT INSERT(screen_resolution) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.country; Type: ACL; Schema: log; Owner: -

GRANT INSERT(country) ON TABLE log.events TO clientele_app;
GRANT INSERT(country) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.city; Type: ACL; Schema: log; Owner: -

GRANT INSERT(city) ON TABLE log.events TO clientele_app;
GRANT INSERT(city) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.utm_source; Type: ACL; Schema: log; Owner: -

GRANT INSERT(utm_source) ON TABLE log.events TO clientele_app;
GRANT INSERT(utm_source) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.utm_medium; Type: ACL; Schema: log; Owner: -

GRANT INSERT(utm_medium) ON TABLE log.events TO clientele_app;
GRANT INSERT(utm_medium) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.utm_campaign; Type: ACL; Schema: log; Owner: -

GRANT INSERT(utm_campaign) ON TABLE log.events TO clientele_app;
GRANT INSERT(utm_campaign) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.utm_term; Type: ACL; Schema: log; Owner: -

GRANT INSERT(utm_term) ON TABLE log.events TO clientele_app;
GRANT INSERT(utm_term) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.utm_content; Type: ACL; Schema: log; Owner: -

GRANT INSERT(utm_content) ON TABLE log.events TO clientele_app;
GRANT INSERT(utm_content) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.occurred_at; Type: ACL; Schema: log; Owner: -

GRANT INSERT(occurred_at) ON TABLE log.events TO clientele_app;
GRANT INSERT(occurred_at) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.claimed_at; Type: ACL; Schema: log; Owner: -

GRANT INSERT(claimed_at) ON TABLE log.events TO clientele_app;
GRANT INSERT(claimed_at) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.data_source; Type: ACL; Schema: log; Owner: -

GRANT INSERT(data_source) ON TABLE log.events TO clientele_app;
GRANT INSERT(data_source) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.source_system; Type: ACL; Schema: log; Owner: -

GRANT INSERT(source_system) ON TABLE log.events TO clientele_app;
GRANT INSERT(source_system) ON TABLE log.events TO clientele_service;

-- Name: COLUMN events.batch_id; Type: ACL; Schema: log; Owner: -

GRANT INSERT(batch_id) ON TABLE log.events TO clientele_app;
GRANT INSERT(batch_id) ON TABLE log.events TO clientele_service;

-- Name: TABLE undone_batches; Type: ACL; Schema: log; Owner: -

GRANT SELECT,INSERT ON TABLE log.undone_batches TO clientele_service;
GRANT SELECT,INSERT ON TABLE log.undone_batches TO clientele_app;
GRANT SELECT ON TABLE log.undone_batches TO clientele_readonly;

-- Name: TABLE facts; Type: ACL; Schema: log; Owner: -

GRANT SELECT ON TABLE log.facts TO clientele_app;
GRANT SELECT ON TABLE log.facts TO clientele_service;
GRANT SELECT ON TABLE log.facts TO clientele_readonly;

-- Name: TABLE message_ids; Type: ACL; Schema: log; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE log.message_ids TO clientele_service;
GRANT SELECT,INSERT ON TABLE log.message_ids TO clientele_app;
GRANT SELECT ON TABLE log.message_ids TO clientele_readonly;

-- Name: TABLE state; Type: ACL; Schema: log; Owner: -

GRANT SELECT ON TABLE log.state TO clientele_service;

-- Name: TABLE api_keys; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.api_keys TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.api_keys TO clientele_app;

-- Name: TABLE import_pieces; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.import_pieces TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.import_pieces TO clientele_app;
GRANT SELECT ON TABLE platform.import_pieces TO clientele_readonly;

-- Name: TABLE import_rejects; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.import_rejects TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.import_rejects TO clientele_app;
GRANT SELECT ON TABLE platform.import_rejects TO clientele_readonly;

-- Name: TABLE import_transitions; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.import_transitions TO clientele_service;
GRANT SELECT ON TABLE platform.import_transitions TO clientele_app;
GRANT SELECT ON TABLE platform.import_transitions TO clientele_readonly;

-- Name: TABLE imports; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.imports TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.imports TO clientele_app;
GRANT SELECT ON TABLE platform.imports TO clientele_readonly;

-- Name: TABLE organization_members; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.organization_members TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.organization_members TO clientele_app;
GRANT SELECT ON TABLE platform.organization_members TO clientele_readonly;

-- Name: TABLE organizations; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.organizations TO clientele_service;
GRANT SELECT ON TABLE platform.organizations TO clientele_app;
GRANT SELECT ON TABLE platform.organizations TO clientele_readonly;

-- Name: COLUMN organizations.name; Type: ACL; Schema: platform; Owner: -

GRANT UPDATE(name) ON TABLE platform.organizations TO clientele_app;

-- Name: COLUMN organizations.time_zone; Type: ACL; Schema: platform; Owner: -

GRANT UPDATE(time_zone) ON TABLE platform.organizations TO clientele_app;

-- Name: COLUMN organizations.currency; Type: ACL; Schema: platform; Owner: -

GRANT UPDATE(currency) ON TABLE platform.organizations TO clientele_app;

-- Name: TABLE platform_user_sessions; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.platform_user_sessions TO clientele_service;

-- Name: TABLE platform_users; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.platform_users TO clientele_service;

-- Name: COLUMN platform_users.id; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(id) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.email; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(email) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.name; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(name) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.avatar_url; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(avatar_url) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.status; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(status) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.email_verified; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(email_verified) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.last_login; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(last_login) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.timezone; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(timezone) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.language; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(language) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.theme; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(theme) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.created_at; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(created_at) ON TABLE platform.platform_users TO clientele_app;

-- Name: COLUMN platform_users.updated_at; Type: ACL; Schema: platform; Owner: -

GRANT SELECT(updated_at) ON TABLE platform.platform_users TO clientele_app;

-- Name: TABLE sign_in_attempts; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.sign_in_attempts TO clientele_service;

-- Name: TABLE table_access; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.table_access TO clientele_service;
GRANT SELECT ON TABLE platform.table_access TO clientele_app;
GRANT SELECT ON TABLE platform.table_access TO clientele_readonly;

-- Name: TABLE workspaces; Type: ACL; Schema: platform; Owner: -

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.workspaces TO clientele_service;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.workspaces TO clientele_app;
GRANT SELECT ON TABLE platform.workspaces TO clientele_readonly;

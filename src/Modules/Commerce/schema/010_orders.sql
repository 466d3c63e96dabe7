-- Commerce: orders and their lines.
--
-- One table holds every sales document: orders, refunds (credit notes) and adjustments. A refund may name the order it
-- refunds; from an old shop's export it often cannot. Amounts are signed as the document says them: an order adds, a
-- refund takes away.

comment on schema commerce is 'Orders, refunds, adjustments and their lines; what customers bought; promotions; carts; the sales overview.';
grant usage on schema commerce to clientele_app, clientele_service, clientele_search, clientele_readonly;

create function commerce.workspace() returns uuid
    language plpgsql stable
    as $$
declare
    named uuid := platform.workspace();
begin
    if named is null then
        select case when count(*) = 1 then (array_agg(w.id))[1] end into named from platform.workspaces w where w.organization_id = platform.organization() and w.closed_at is null;
    end if;
    if named is null then
        raise exception 'The organization has several workspaces: say in workspace_id which one this belongs to.' using errcode = 'check_violation';
    end if;
    return named;
end
$$;
comment on function commerce.workspace() is 'Whose an order is when nobody says: the transaction''s workspace, or the organization''s only one.';

create function commerce.currency() returns text
    language sql stable
    as $$ select o.currency from platform.organizations o where o.id = platform.organization() $$;
comment on function commerce.currency() is 'The organization''s currency: what an amount is in when nobody says.';

create table commerce.customer_orders (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid not null default commerce.workspace(),
    order_id            text not null check (length(order_id) between 1 and 100),
    kind                text not null default 'order' check (kind in ('order', 'refund', 'adjustment')),
    refunds_order       uuid,
    customer_id         uuid,

    order_status        text not null,
    order_total         platform.money not null,
    currency            platform.currency not null default commerce.currency(),
    exchange_rate       numeric(18, 8) not null default 1 check (exchange_rate > 0),
    base_total          numeric(14, 2) not null generated always as (round(order_total * exchange_rate, 2)) stored,
    refunded_total      platform.money not null default 0,

    subtotal            platform.money not null,
    tax_amount          platform.money not null default 0,
    shipping_amount     platform.money not null default 0,
    discount_amount     platform.money not null default 0,

    ordered_at          timestamptz not null,
    confirmed_at        timestamptz,
    shipped_at          timestamptz,
    delivered_at        timestamptz,
    cancelled_at        timestamptz,

    shipping_country    text check (length(shipping_country) <= 50),
    shipping_state      text check (length(shipping_state) <= 50),
    shipping_city       text check (length(shipping_city) <= 100),
    billing_country     text check (length(billing_country) <= 50),
    billing_state       text check (length(billing_state) <= 50),
    billing_city        text check (length(billing_city) <= 100),

    acquisition_channel text check (length(acquisition_channel) <= 100),
    campaign_id         uuid,
    promotion_code      text check (length(promotion_code) <= 100),
    payment_method      text check (length(payment_method) <= 50),
    payment_status      text check (length(payment_status) <= 50),
    is_subscription     boolean not null default false,
    subscription_id     text check (length(subscription_id) <= 100),
    order_source        text check (order_source in ('website', 'mobile_app', 'phone', 'store', 'api', 'import', 'demo')),
    notes               text,
    custom_fields       jsonb not null default '{}' check (jsonb_typeof(custom_fields) = 'object'),
    import_id           uuid,
    event_id            uuid,

    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),

    primary key (organization_id, id),
    unique (organization_id, workspace_id, order_id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, refunds_order) references commerce.customer_orders (organization_id, id) on delete set null (refunds_order),
    foreign key (organization_id, campaign_id) references messaging.campaigns (organization_id, id) on delete set null (campaign_id),
    constraint total_is_sum check (order_total = subtotal + tax_amount + shipping_amount - discount_amount),
    constraint sign_of_kind check (case kind when 'order' then order_total >= 0 when 'refund' then order_total <= 0 else true end),
    constraint parts_of_an_order check (kind <> 'order' or (subtotal >= 0 and tax_amount >= 0 and shipping_amount >= 0 and discount_amount >= 0)),
    constraint refunds_an_order check (refunds_order is null or kind = 'refund'),
    constraint only_orders_are_refunded check (refunded_total <= 0 and (kind = 'order' or refunded_total = 0)),
    constraint subscription_is_one check (is_subscription or subscription_id is null)
);
comment on table commerce.customer_orders is 'Sales documents: orders, refunds and adjustments. Without a customer: an anonymous order.';
comment on column commerce.customer_orders.order_id is 'The number the shop gave it; unique in its workspace.';
comment on column commerce.customer_orders.refunds_order is 'The order a refund refunds, where it is known.';
comment on column commerce.customer_orders.order_total is 'Signed: an order is not negative, a refund not positive. In "currency".';
comment on column commerce.customer_orders.exchange_rate is 'One unit of "currency" in the organization''s currency, fixed when the order came in.';
comment on column commerce.customer_orders.base_total is 'In the organization''s currency: what reports sum.';
comment on column commerce.customer_orders.refunded_total is 'What the refunds that name this order took back, not positive, in the organization''s currency; kept by trigger.';
comment on column commerce.customer_orders.order_status is 'Where the order stands; see platform.transitions. An import may bring it at any state.';
comment on column commerce.customer_orders.campaign_id is 'The campaign that brought the order.';
comment on column commerce.customer_orders.promotion_code is 'The code as it was given to the shop, ours or not. The promotion that was redeemed is in commerce.promotion_redemptions.';
comment on column commerce.customer_orders.event_id is 'The event that tells the log of it, where the writer appends that; of an order without one the table tells the log itself.';
comment on column commerce.customer_orders.import_id is 'The import that brought it; an undo takes it back.';

-- Reports walk one organization's documents by time; everything they sum is in the index.
create index customer_orders_time on commerce.customer_orders (organization_id, ordered_at desc)
    include (kind, order_status, base_total, customer_id, shipping_country);
create index customer_orders_customer on commerce.customer_orders (organization_id, customer_id, ordered_at desc) where customer_id is not null;
create index customer_orders_refunds on commerce.customer_orders (organization_id, refunds_order) where refunds_order is not null;
create index customer_orders_campaign on commerce.customer_orders (organization_id, campaign_id) where campaign_id is not null;
create index customer_orders_import on commerce.customer_orders (organization_id, import_id) where import_id is not null;

create table commerce.customer_order_items (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    order_id            uuid not null,
    line_type           text not null default 'sale' check (line_type in ('sale', 'refund', 'adjustment')),
    product_id          text not null check (length(product_id) between 1 and 100),
    product_name        text not null check (length(product_name) <= 500),
    product_category    text check (length(product_category) <= 100),
    product_subcategory text check (length(product_subcategory) <= 100),
    product_sku         text check (length(product_sku) <= 100),
    product_brand       text check (length(product_brand) <= 100),

    unit_price          platform.unit_price not null,
    quantity            integer not null check (quantity <> 0),
    total_price         platform.money not null,
    discount_amount     platform.money not null default 0 check (discount_amount >= 0),
    product_attributes  jsonb not null default '{}' check (jsonb_typeof(product_attributes) = 'object'),

    sold_at             timestamptz,
    sold_country        text check (length(sold_country) <= 50),
    base_total          numeric(14, 2) not null,

    source_file         uuid,
    source_line         bigint check (source_line > 0),
    created_at          timestamptz not null default now(),

    primary key (organization_id, id),
    foreign key (organization_id, order_id) references commerce.customer_orders (organization_id, id) on delete cascade,
    constraint total_is_product check (total_price = round(unit_price * quantity, 2) - discount_amount),
    constraint sale_is_positive check (line_type <> 'sale' or (quantity > 0 and unit_price >= 0)),
    constraint sold_is_sale check ((sold_at is null or line_type = 'sale') and (sold_country is null or sold_at is not null)),
    constraint source_is_whole check ((source_file is null) = (source_line is null))
);
comment on table commerce.customer_order_items is 'Lines of sales documents.';
comment on column commerce.customer_order_items.line_type is 'sale; refund (goods back); adjustment (stock written off inside an order, a bad debt).';
comment on column commerce.customer_order_items.sold_at is 'The order''s time while it counts as a sale (see commerce.counts_as_sale), else null; kept by trigger, so that products can be ranked from one index.';
comment on column commerce.customer_order_items.sold_country is 'The order''s country, while it counts as a sale.';
comment on column commerce.customer_order_items.base_total is 'In the organization''s currency.';
comment on column commerce.customer_order_items.source_file is 'The file it came from (first half of the SHA-256 of its text); with the line''s number the identity of the line.';
create index customer_order_items_order on commerce.customer_order_items (organization_id, order_id);
create index customer_order_items_sold on commerce.customer_order_items (organization_id, sold_at) include (product_id, quantity, base_total, sold_country) where sold_at is not null;
create index customer_order_items_product on commerce.customer_order_items (organization_id, product_id, sold_at) include (order_id, sold_country) where sold_at is not null;
create unique index customer_order_items_source on commerce.customer_order_items (organization_id, source_file, source_line) where source_file is not null;

-- ---------------------------------------------------------------------------------------------------------
-- What counts as a sale: one definition.

create function commerce.counts_as_sale(kind text, order_status text) returns boolean
    language sql immutable parallel safe
    as $$ select kind = 'order' and order_status in ('confirmed', 'shipped', 'delivered', 'refunded') $$;
comment on function commerce.counts_as_sale(text, text) is
    'Is this document revenue? An order that is confirmed or further on; a refunded order too, its refund being a document of its own.';

create function commerce.line_type(kind text, quantity numeric, unit_price numeric) returns text
    language sql immutable parallel safe
    as $$
        select case when kind = 'refund' then 'refund'
                    when kind = 'adjustment' or quantity < 0 or unit_price < 0 then 'adjustment'
                    else 'sale' end
    $$;
comment on function commerce.line_type(text, numeric, numeric) is 'What a line of a document is: what takes away inside an order is an adjustment.';

create function commerce.fact_of(kind text, order_status text) returns text
    language sql immutable parallel safe
    as $$
        select case when kind = 'refund' then 'order_refunded'
                    when kind = 'adjustment' then 'order_adjusted'
                    when commerce.counts_as_sale(kind, order_status) then 'order_completed'
                    else 'order_placed' end
    $$;
comment on function commerce.fact_of(text, text) is 'The type of the event a new document is told to the log with.';

create function commerce.set_sold_at() returns trigger
    language plpgsql
    as $$
begin
    update commerce.customer_order_items i
    set sold_at = case when commerce.counts_as_sale(new.kind, new.order_status) then new.ordered_at end,
        sold_country = case when commerce.counts_as_sale(new.kind, new.order_status) then new.shipping_country end
    where i.organization_id = new.organization_id and i.order_id = new.id and i.line_type = 'sale';
    return null;
end
$$;
comment on function commerce.set_sold_at() is 'Trigger: an order that begins or ceases to count takes its lines with it.';
create trigger sold_at after update of order_status, ordered_at, kind, shipping_country on commerce.customer_orders
    for each row when (old.order_status is distinct from new.order_status or old.ordered_at is distinct from new.ordered_at or old.kind is distinct from new.kind
          or old.shipping_country is distinct from new.shipping_country)
    execute function commerce.set_sold_at();

create function commerce.fill_item() returns trigger
    language plpgsql
    as $$
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
comment on function commerce.fill_item() is 'Trigger: a line written without them gets its order''s time and rate. Bulk writers give both.';
create trigger fill before insert on commerce.customer_order_items
    for each row when (new.base_total is null) execute function commerce.fill_item();

-- ---------------------------------------------------------------------------------------------------------
-- What sold, by month: a year's ranking reads some thousand rows of this and the lines of at most two cut months.
-- Months are those of UTC, whatever zone a report is in: the reports cut them where their own days begin.

create table commerce.product_months (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    month           date not null check (extract(day from month) = 1),
    country         text not null default '',
    product_id      text not null,
    quantity        bigint not null,
    revenue         numeric not null,
    primary key (organization_id, month, country, product_id)
);
comment on table commerce.product_months is 'Pieces and revenue of each product by UTC month and country, changed in the transaction that changes the lines; see commerce.product_drift.';
comment on column commerce.product_months.country is 'Empty: the orders name none.';
comment on column commerce.product_months.revenue is 'In the organization''s currency.';

create function commerce.count_products() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
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
comment on function commerce.count_products() is 'Trigger: keeps commerce.product_months.';
create trigger count_inserted after insert on commerce.customer_order_items
    referencing new table as new_rows for each statement execute function commerce.count_products();
create trigger count_updated after update on commerce.customer_order_items
    referencing old table as old_rows new table as new_rows for each statement execute function commerce.count_products();
create trigger count_deleted after delete on commerce.customer_order_items
    referencing old table as old_rows for each statement execute function commerce.count_products();

create function commerce.product_drift() returns table (month date, country text, product_id text, quantity numeric, revenue numeric)
    language sql stable
    as $$
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
comment on function commerce.product_drift() is 'Where commerce.product_months differs from a count of the lines, for the transaction''s organization: nothing, or there is a bug.';

-- ---------------------------------------------------------------------------------------------------------
-- Lines of a file on their way in.

create table commerce.staged_order_lines (
    organization_id uuid not null,
    import_id       uuid not null,
    order_number    text not null,
    line            bigint not null,
    kind            text not null,
    ordered_at      timestamptz not null,
    product_id      text not null,
    product_name    text,
    quantity        integer not null,
    unit_price      numeric(18, 6) not null,
    customer_id     text,
    customer_name   text,
    customer_email  text,
    country         text,
    order_status    text not null,
    currency        text not null,
    exchange_rate   numeric(18, 8) not null,
    primary key (organization_id, import_id, order_number, line),
    foreign key (organization_id, import_id) references platform.imports (organization_id, id) on delete cascade
);
comment on table commerce.staged_order_lines is 'Lines of an import that were read and not yet written; ordered so that an order''s lines stand together.';

select platform.protect('commerce.customer_orders', 'organization');
select platform.protect('commerce.customer_order_items', 'organization');
select platform.protect('commerce.product_months', 'organization');
-- Only the trigger writes, as the owner.
revoke insert, update, delete on commerce.product_months from clientele_app;
create policy owner on commerce.product_months to clientele_owner using (true) with check (true);
select platform.protect('commerce.staged_order_lines', 'member');

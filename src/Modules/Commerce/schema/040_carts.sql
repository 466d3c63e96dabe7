-- Carts: what is put into them and taken out, session by session; carts left behind; the day's figures.

create table commerce.cart_operations (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    workspace_id    uuid not null default commerce.workspace(),
    session_id      text not null check (length(session_id) between 1 and 200),
    operation_type  text not null check (operation_type in ('add', 'remove', 'update', 'clear')),
    product_id      text check (length(product_id) between 1 and 100),
    quantity        integer check (quantity >= 0),
    price           platform.unit_price check (price >= 0),
    metadata        jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    happened_at     timestamptz not null default now(),
    place           bigint generated always as identity,
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    constraint names_its_product check (case operation_type when 'clear' then product_id is null and quantity is null
                                                            else product_id is not null and quantity is not null end),
    constraint moves_something check (operation_type not in ('add', 'remove') or quantity > 0)
);
comment on table commerce.cart_operations is 'Each change of a cart, in order.';
comment on column commerce.cart_operations.quantity is 'Pieces added or removed; for "update" the pieces there are now.';
comment on column commerce.cart_operations.price is 'Of one piece, in the organization''s currency.';
comment on column commerce.cart_operations.place is 'Order of arrival, for operations of one moment.';
create index cart_operations_session on commerce.cart_operations (organization_id, workspace_id, session_id, happened_at, place);
create index cart_operations_time on commerce.cart_operations (organization_id, workspace_id, happened_at desc);
select platform.protect('commerce.cart_operations', 'organization');
select platform.only_added_to('commerce.cart_operations');

create table commerce.cart_session_metrics (
    organization_id  uuid not null,
    id               uuid not null default gen_random_uuid(),
    workspace_id     uuid not null default commerce.workspace(),
    session_id       text not null check (length(session_id) between 1 and 200),
    started_at       timestamptz not null default now(),
    last_activity_at timestamptz not null default now(),
    total_operations bigint not null default 0 check (total_operations >= 0),
    items_added      bigint not null default 0 check (items_added >= 0),
    items_removed    bigint not null default 0 check (items_removed >= 0),
    final_cart_value numeric not null default 0 check (final_cart_value >= 0),
    abandoned        boolean not null default false,
    converted        boolean not null default false,
    conversion_value platform.money check (conversion_value >= 0),
    duration_seconds bigint not null generated always as (extract(epoch from last_activity_at - started_at)) stored,
    primary key (organization_id, id),
    unique (organization_id, workspace_id, session_id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    constraint goes_forward check (last_activity_at >= started_at),
    constraint bought_or_left check (not (abandoned and converted)),
    constraint value_of_conversion check (converted or conversion_value is null)
);
comment on table commerce.cart_session_metrics is 'A cart''s session: counted from commerce.cart_operations as they come in; whether it was bought or left behind is told by who knows.';
comment on column commerce.cart_session_metrics.items_added is 'Pieces.';
comment on column commerce.cart_session_metrics.final_cart_value is 'What is in the cart after the last operation, in the organization''s currency.';
create index cart_session_metrics_time on commerce.cart_session_metrics (organization_id, workspace_id, started_at desc);
select platform.protect('commerce.cart_session_metrics', 'organization');

create function commerce.cart_contents(workspace uuid, session text) returns table (product_id text, quantity bigint, price numeric)
    language sql stable
    as $$
        with operation as (
            select o.operation_type, o.product_id, o.quantity, o.price, row_number() over (order by o.happened_at, o.place) as step
            from commerce.cart_operations o
            where o.organization_id = (select platform.organization()) and o.workspace_id = workspace and o.session_id = session
        ), since as (
            -- After the last time it was emptied; and of each product after it was last set.
            select o.*, max(o.step) filter (where o.operation_type = 'update') over (partition by o.product_id) as set_at
            from operation o
            where o.step > coalesce((select max(e.step) from operation e where e.operation_type = 'clear'), 0)
        )
        select s.product_id, greatest(sum(case s.operation_type when 'remove' then -s.quantity else s.quantity end), 0),
               coalesce((array_agg(s.price order by s.step desc) filter (where s.price is not null))[1], 0)
        from since s
        where s.step >= coalesce(s.set_at, 0)
        group by s.product_id
        having sum(case s.operation_type when 'remove' then -s.quantity else s.quantity end) > 0
    $$;
comment on function commerce.cart_contents(uuid, text) is 'What is in a session''s cart, told from its operations: pieces, and the last price of one.';

create function commerce.count_cart() returns trigger
    language plpgsql
    as $$
begin
    insert into commerce.cart_session_metrics as m (organization_id, workspace_id, session_id, started_at, last_activity_at, total_operations, items_added, items_removed)
    select n.organization_id, n.workspace_id, n.session_id, min(n.happened_at), max(n.happened_at), count(*),
           coalesce(sum(n.quantity) filter (where n.operation_type = 'add'), 0), coalesce(sum(n.quantity) filter (where n.operation_type = 'remove'), 0)
    from new_rows n
    group by 1, 2, 3
    order by 1, 2, 3
    on conflict (organization_id, workspace_id, session_id) do update set
        started_at = least(m.started_at, excluded.started_at),
        last_activity_at = greatest(m.last_activity_at, excluded.last_activity_at),
        total_operations = m.total_operations + excluded.total_operations,
        items_added = m.items_added + excluded.items_added,
        items_removed = m.items_removed + excluded.items_removed;
    -- The sessions are locked by now: what is in them is told from all that was written.
    update commerce.cart_session_metrics m
    set final_cart_value = coalesce((select round(sum(c.quantity * c.price), 2) from commerce.cart_contents(m.workspace_id, m.session_id) as c), 0)
    where (m.organization_id, m.workspace_id, m.session_id) in (select n.organization_id, n.workspace_id, n.session_id from new_rows n);
    return null;
end
$$;
comment on function commerce.count_cart() is 'Trigger: keeps commerce.cart_session_metrics.';
create trigger count after insert on commerce.cart_operations
    referencing new table as new_rows for each statement execute function commerce.count_cart();

create table commerce.cart_abandonments (
    organization_id        uuid not null references platform.organizations (id) on delete cascade,
    id                     uuid not null default gen_random_uuid(),
    workspace_id           uuid not null default commerce.workspace(),
    session_id             text not null check (length(session_id) between 1 and 200),
    customer_id            uuid,
    cart_data              jsonb not null check (jsonb_typeof(cart_data) in ('object', 'array')),
    abandoned_at           timestamptz not null default now(),
    recovered_at           timestamptz,
    recovery_email_sent_at timestamptz,
    total_value            platform.money not null check (total_value >= 0),
    created_at             timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    constraint comes_after check (recovered_at >= abandoned_at and recovery_email_sent_at >= abandoned_at)
);
comment on table commerce.cart_abandonments is 'Carts left behind, with what was in them.';
comment on column commerce.cart_abandonments.customer_id is 'Whose cart, where it is known; who is not cannot be written to.';
comment on column commerce.cart_abandonments.recovery_email_sent_at is 'When the one mail about it went out.';
comment on column commerce.cart_abandonments.total_value is 'In the organization''s currency.';
-- A session can leave another cart behind only after the first was recovered.
create unique index cart_abandonments_open on commerce.cart_abandonments (organization_id, workspace_id, session_id) where recovered_at is null;
create index cart_abandonments_time on commerce.cart_abandonments (organization_id, workspace_id, abandoned_at desc);
create index cart_abandonments_due on commerce.cart_abandonments (organization_id, abandoned_at) where recovered_at is null and recovery_email_sent_at is null;
create index cart_abandonments_customer on commerce.cart_abandonments (organization_id, customer_id) where customer_id is not null;
select platform.protect('commerce.cart_abandonments', 'organization');
select customers.reference('commerce.cart_abandonments', 'customer_id', on_merge => 'move', on_erase => 'delete');

create table commerce.cart_analytics_daily (
    organization_id       uuid not null,
    id                    uuid not null default gen_random_uuid(),
    workspace_id          uuid not null default commerce.workspace(),
    date                  date not null,
    total_carts           bigint not null default 0 check (total_carts >= 0),
    abandoned_carts       bigint not null default 0 check (abandoned_carts >= 0),
    recovered_carts       bigint not null default 0 check (recovered_carts >= 0),
    abandonment_rate      numeric(9, 8) not null generated always as (coalesce(abandoned_carts::numeric / nullif(total_carts, 0), 0)) stored,
    recovery_rate         numeric(9, 8) not null generated always as (coalesce(recovered_carts::numeric / nullif(abandoned_carts, 0), 0)) stored,
    total_value_abandoned numeric not null default 0 check (total_value_abandoned >= 0),
    total_value_recovered numeric not null default 0 check (total_value_recovered >= 0),
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, workspace_id, date),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    constraint parts_of_the_whole check (abandoned_carts <= total_carts and recovered_carts <= abandoned_carts and total_value_recovered <= total_value_abandoned)
);
comment on table commerce.cart_analytics_daily is 'Carts by the day they were begun, in the organization''s zone; worked out by commerce.roll_up_carts, which can be run again at any time.';
comment on column commerce.cart_analytics_daily.abandonment_rate is 'Abandoned carts of all, a fraction.';
comment on column commerce.cart_analytics_daily.recovery_rate is 'Recovered carts of the abandoned, a fraction.';
comment on column commerce.cart_analytics_daily.total_value_abandoned is 'In the organization''s currency; what was recovered of it is in it.';
create index cart_analytics_daily_date on commerce.cart_analytics_daily (organization_id, date desc);
select platform.protect('commerce.cart_analytics_daily', 'organization');

create function commerce.roll_up_carts(day date) returns bigint
    language plpgsql
    as $$
declare
    zone   text := (select o.time_zone from platform.organizations o where o.id = platform.organization());
    began  timestamptz := day::timestamp at time zone zone;
    ended  timestamptz := (day + 1)::timestamp at time zone zone;
    ups    bigint;
begin
    insert into commerce.cart_analytics_daily as d (workspace_id, date, total_carts, abandoned_carts, recovered_carts, total_value_abandoned, total_value_recovered)
    select m.workspace_id, day, count(*), count(a.abandoned), count(a.abandoned) filter (where a.recovered > 0), coalesce(sum(a.value), 0), coalesce(sum(a.recovered_value), 0)
    from commerce.cart_session_metrics m
    left join lateral (
        -- A session may have left more than one cart behind: it is one cart that was, and it is recovered when the last one was.
        select true as abandoned, count(*) filter (where x.recovered_at is not null) * (count(*) = count(x.recovered_at))::integer as recovered,
               sum(x.total_value) as value, coalesce(sum(x.total_value) filter (where x.recovered_at is not null), 0) as recovered_value
        from commerce.cart_abandonments x
        where x.organization_id = m.organization_id and x.workspace_id = m.workspace_id and x.session_id = m.session_id
        having count(*) > 0
    ) as a on true
    where m.organization_id = platform.organization() and m.started_at >= began and m.started_at < ended
    group by m.workspace_id
    order by m.workspace_id
    on conflict (organization_id, workspace_id, date) do update set
        total_carts = excluded.total_carts, abandoned_carts = excluded.abandoned_carts, recovered_carts = excluded.recovered_carts,
        total_value_abandoned = excluded.total_value_abandoned, total_value_recovered = excluded.total_value_recovered;
    get diagnostics ups = row_count;
    return ups;
end
$$;
comment on function commerce.roll_up_carts(date) is 'Works out a day''s cart figures anew, for each workspace that had carts; returns how many had.';

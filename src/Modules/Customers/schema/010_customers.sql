-- Customers: who they are. What was counted about them (orders, revenue, visits) is derived from the log and lives
-- in a table of its own, so that counting does not rewrite the wide row with its many indexes.

comment on schema customers is 'End customers: profiles, search, and figures derived from the log.';
grant usage on schema customers to clientele_app, clientele_service, clientele_search, clientele_readonly;

create table customers.customers (
    organization_id      uuid not null references platform.organizations (id) on delete cascade,
    id                   uuid not null default gen_random_uuid(),
    customer_id          text not null check (length(customer_id) between 1 and 100),
    email                text check (length(email) <= 255),
    phone                text check (length(phone) <= 20),
    name                 text check (length(name) <= 255),

    date_of_birth        date,
    gender               text check (length(gender) <= 20),

    country              text check (length(country) <= 50),
    state                text check (length(state) <= 50),
    city                 text check (length(city) <= 100),
    postal_code          text check (length(postal_code) <= 20),
    timezone             text check (length(timezone) <= 50),

    customer_type        text not null default 'regular' check (customer_type in ('premium', 'regular', 'enterprise', 'trial')),
    customer_status      text not null default 'active' check (customer_status in ('active', 'inactive', 'churned', 'suspended')),
    lifecycle_stage      text not null default 'new' check (lifecycle_stage in ('new', 'activated', 'engaged', 'at_risk', 'churned', 'reactivated')),

    first_seen_at        timestamptz not null default now(),
    activated_at         timestamptz,
    churned_at           timestamptz,

    acquisition_channel  text check (length(acquisition_channel) <= 100),
    acquisition_campaign text check (length(acquisition_campaign) <= 100),
    acquisition_source   text check (length(acquisition_source) <= 100),
    referrer_url         text,
    utm_parameters       jsonb not null default '{}' check (jsonb_typeof(utm_parameters) = 'object'),

    engagement_score     smallint not null default 0 check (engagement_score between 0 and 100),
    churn_risk_score     smallint not null default 0 check (churn_risk_score between 0 and 100),

    custom_attributes    jsonb not null default '{}' check (jsonb_typeof(custom_attributes) = 'object'),
    tags                 text[] not null default '{}',

    data_source          text not null default 'api' check (length(data_source) <= 50),
    external_ids         jsonb not null default '{}' check (jsonb_typeof(external_ids) = 'object'),
    import_id            uuid,

    -- Whom readers of events ask: person_id follows customers.person_map, which holds the merges (020_references.sql).
    merged_into          uuid,
    person_id            uuid not null generated always as (coalesce(merged_into, id)) stored,

    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    imported_at          timestamptz,

    search_text          text generated always as
                             (lower(coalesce(name, '') || ' ' || coalesce(email, '') || ' ' || customer_id || ' ' || coalesce(phone, ''))) stored,

    primary key (organization_id, id),
    unique (organization_id, customer_id)
);
comment on table customers.customers is 'An end customer: shopper, patient, donor, seeker, visitor.';
comment on column customers.customers.customer_id is 'The id in the client''s own system; for somebody without one, their e-mail address or anonymous id.';
comment on column customers.customers.import_id is 'The import that created the row; an undo removes it if nothing else has come to refer to it.';
comment on column customers.customers.merged_into is 'The person this profile is part of now; null while it is its own. Written by the trigger on customers.person_map alone.';
comment on column customers.customers.person_id is 'The person this profile is: another one after a merge, otherwise itself. One join over it resolves the profiles of events, in either direction by an index.';
comment on column customers.customers.search_text is 'What the search box looks in, lower-case.';

create index customers_newest on customers.customers (organization_id, first_seen_at desc, id);
create index customers_name on customers.customers (organization_id, coalesce(name, customer_id), id);
create index customers_country on customers.customers (organization_id, country);
create index customers_person on customers.customers (organization_id, person_id);
create index customers_import on customers.customers (organization_id, import_id) where import_id is not null;
create index customers_search on customers.customers using gin (search_text gin_trgm_ops);

create table customers.customer_figures (
    organization_id     uuid not null,
    customer_id         uuid not null,
    total_orders        bigint not null default 0,
    -- Sums have no limit of their own: one customer's must never stop the counting of all.
    total_revenue       numeric not null default 0,
    average_order_value numeric generated always as (round(total_revenue / nullif(total_orders, 0), 2)) stored,
    total_refunds       numeric not null default 0,
    total_sessions      bigint not null default 0,
    total_page_views    bigint not null default 0,
    first_order_at      timestamptz,
    last_order_at       timestamptz,
    last_seen_at        timestamptz not null,
    primary key (organization_id, customer_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
) with (fillfactor = 80);
comment on table customers.customer_figures is 'What the log says about a customer, kept by the consumer customers.figures with its checkpoint; can be thrown away and rebuilt. Every customer has a row, so that lists sorted by a figure walk its index.';
comment on column customers.customer_figures.last_seen_at is 'To the minute; until they did something, when they were first seen.';
comment on column customers.customer_figures.total_revenue is 'Of completed orders, in the organization''s currency; refunds are counted beside it, not taken off.';
create index customer_figures_revenue on customers.customer_figures (organization_id, total_revenue desc, customer_id);
create index customer_figures_orders on customers.customer_figures (organization_id, total_orders desc, customer_id);
create index customer_figures_seen on customers.customer_figures (organization_id, last_seen_at desc, customer_id);

create function customers.begin_figures() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    -- Each row's foreign key is checked by a plan the session may have made while the table had one page.
    perform customers.keep_statistics();
    insert into customers.customer_figures (organization_id, customer_id, last_seen_at)
    select n.organization_id, n.id, n.first_seen_at from new_rows n
    on conflict do nothing;
    return null;
end
$$;
comment on function customers.begin_figures() is 'Trigger: a new customer has figures, all of them zero.';
create trigger begin_figures after insert on customers.customers referencing new table as new_rows for each statement execute function customers.begin_figures();

select platform.protect('customers.customers', 'organization');
select platform.searchable('customers.customers');
select platform.protect('customers.customer_figures', 'organization');
revoke insert, update, delete on customers.customer_figures from clientele_app;
-- Only the consumer and the trigger write, the latter as the owner.
create policy owner on customers.customer_figures to clientele_owner using (true) with check (true);

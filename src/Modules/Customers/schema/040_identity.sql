-- Who an event is about, when it comes from an SDK: ids a person goes by, the groups they belong to, and whether they
-- want to be watched at all.
--
-- A profile is found by its customer_id (the user id of the client's own system) or by one of the ids in
-- customers.identities. A visitor nobody knows yet is a customer too, marked anonymous, with the anonymous id as
-- customer_id; when they say who they are, the profile takes the user id or is merged into the one that has it.

alter table customers.customers
    add column anonymous  boolean not null default false,
    add column last_touch jsonb not null default '{}' check (jsonb_typeof(last_touch) = 'object');
comment on column customers.customers.anonymous is 'A visitor who has not said who they are; customer_id is then the id their browser made up.';
comment on column customers.customers.last_touch is 'Where the latest visit from outside came from: channel, source, medium, campaign, term, content, referrer, at. The first is in acquisition_* and utm_parameters.';

create table customers.identities (
    organization_id uuid not null,
    kind            text not null check (kind ~ '^[a-z][a-z0-9_.]{0,49}$'),
    value           text not null check (length(value) between 1 and 200),
    customer_id     uuid not null,
    first_seen_at   timestamptz not null default now(),
    primary key (organization_id, kind, value),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
);
comment on table customers.identities is 'Ids a profile goes by besides its customer_id: anonymous_id of a browser, and what SDKs call external ids (ios.idfa, ga_client_id). Each belongs to one profile for good; who that is now is in the person map.';
create index identities_customer on customers.identities (organization_id, customer_id, kind);
select platform.protect('customers.identities', 'organization');
select customers.reference('customers.identities', 'customer_id', on_merge => 'keep', on_erase => 'delete');

create table customers.groups (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    group_type      text not null default 'account' check (length(group_type) between 1 and 100),
    group_key       text not null check (length(group_key) between 1 and 500),
    name            text check (length(name) <= 255),
    traits          jsonb not null default '{}' check (jsonb_typeof(traits) = 'object'),
    first_seen_at   timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, group_type, group_key)
);
comment on table customers.groups is 'Accounts: the companies, teams or households customers belong to, as SDKs tell of them.';
comment on column customers.groups.group_key is 'The id in the client''s own system.';
select platform.protect('customers.groups', 'organization');

create table customers.group_members (
    organization_id uuid not null,
    group_id        uuid not null,
    customer_id     uuid not null,
    joined_at       timestamptz not null default now(),
    primary key (organization_id, group_id, customer_id),
    foreign key (organization_id, group_id) references customers.groups (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
);
comment on table customers.group_members is 'Who belongs to a group, by the profile it was told of; who that is now is in the person map.';
create index group_members_customer on customers.group_members (organization_id, customer_id);
select platform.protect('customers.group_members', 'organization');
select customers.reference('customers.group_members', 'customer_id', on_merge => 'keep', on_erase => 'delete');

create table customers.tracking_refusals (
    organization_id uuid not null,
    customer_id     uuid not null,
    refused_at      timestamptz not null default now(),
    primary key (organization_id, customer_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
);
comment on table customers.tracking_refusals is 'Profiles of people who do not want their behaviour collected. What becomes of their events is the setting collection.refused.';
select platform.protect('customers.tracking_refusals', 'organization');
select customers.reference('customers.tracking_refusals', 'customer_id', on_merge => 'keep', on_erase => 'delete');

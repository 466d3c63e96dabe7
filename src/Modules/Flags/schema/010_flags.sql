-- Flags: what is switched on for whom, how far a rollout has come, and experiments.
--
-- One table of flags serves every document: a row with a workspace is that workspace's override, a row without is the
-- whole organization's. What is drawn by lot (a rollout, a variant) is drawn from a hash of the key and the person,
-- so that the same person gets the same answer on every node, for ever.

comment on schema flags is 'Feature flags, their history and rollouts; A/B tests and who is in which variant.';
grant usage on schema flags to clientele_app, clientele_service, clientele_readonly;

create table flags.feature_flags (
    organization_id          uuid not null references platform.organizations (id) on delete cascade,
    id                       uuid not null default gen_random_uuid(),
    workspace_id             uuid,
    flag_key                 text not null check (length(flag_key) between 1 and 100),
    environment              text not null default 'production' check (environment in ('development', 'staging', 'production')),
    name                     text not null default '' check (length(name) <= 255),
    description              text,

    is_enabled               boolean not null default false,
    flag_type                text not null default 'boolean' check (flag_type in ('boolean', 'string', 'number', 'json')),
    flag_value               jsonb,
    configuration            jsonb check (jsonb_typeof(configuration) = 'object'),
    rollout_percentage       integer not null default 100 check (rollout_percentage between 0 and 100),
    target_user_groups       text[],
    target_regions           text[],

    enabled_at               timestamptz,
    disabled_at              timestamptz,
    created_by_user_id       uuid default platform.actor() references platform.platform_users (id) on delete set null,
    last_modified_by_user_id uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at               timestamptz not null default now(),
    updated_at               timestamptz not null default now(),

    primary key (organization_id, id),
    constraint flag_of_environment unique nulls not distinct (organization_id, workspace_id, flag_key, environment),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    constraint value_is_of_type check (flag_value is null or flag_type = 'json' or jsonb_typeof(flag_value) = flag_type)
);
comment on table flags.feature_flags is 'A switch in one environment. With a workspace: that workspace''s override; without: the whole organization''s.';
comment on column flags.feature_flags.flag_value is 'What the flag says while it is on, of the type flag_type names; null: a flag that is just on.';
comment on column flags.feature_flags.configuration is 'Settings of the feature itself.';
comment on column flags.feature_flags.rollout_percentage is 'Percent, 0 to 100, of people it is on for; an active row of feature_rollouts goes before it.';
comment on column flags.feature_flags.target_user_groups is 'Only for people of these groups; null or empty: for everybody.';
comment on column flags.feature_flags.target_regions is 'Only in these regions; null or empty: everywhere.';
comment on column flags.feature_flags.enabled_at is 'When it was last switched on; kept by trigger.';
comment on column flags.feature_flags.disabled_at is 'When it was last switched off; kept by trigger.';
create index feature_flags_key on flags.feature_flags (organization_id, flag_key, environment);
create index feature_flags_created_by on flags.feature_flags (created_by_user_id) where created_by_user_id is not null;
create index feature_flags_modified_by on flags.feature_flags (last_modified_by_user_id) where last_modified_by_user_id is not null;
select platform.protect('flags.feature_flags', 'organization');

create table flags.feature_flag_changes (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    workspace_id    uuid,
    flag_id         uuid,
    flag_key        text not null,
    environment     text not null,
    changed_by      uuid references platform.platform_users (id) on delete set null,
    change_type     text not null check (change_type in ('enabled', 'disabled', 'config_updated')),
    old_value       jsonb,
    new_value       jsonb,
    reason          text,
    changed_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, flag_id) references flags.feature_flags (organization_id, id) on delete set null (flag_id)
);
comment on table flags.feature_flag_changes is 'Who switched or changed which flag, when and why: written by the table of flags itself, only ever added to.';
comment on column flags.feature_flag_changes.workspace_id is 'The workspace whose override it was; null: the organization''s flag.';
comment on column flags.feature_flag_changes.flag_id is 'Null once the flag was deleted; its key stays.';
comment on column flags.feature_flag_changes.old_value is 'What was changed, as it was before; null: the flag was made.';
comment on column flags.feature_flag_changes.new_value is 'As it is since; null: the flag was deleted.';
comment on column flags.feature_flag_changes.reason is 'What the transaction gave as clientele.reason.';
create index feature_flag_changes_flag on flags.feature_flag_changes (organization_id, flag_id, changed_at desc);
create index feature_flag_changes_by on flags.feature_flag_changes (changed_by) where changed_by is not null;
select platform.protect('flags.feature_flag_changes', 'member');
select platform.only_added_to('flags.feature_flag_changes');
-- Only the trigger of the flags writes it, whoever changes a flag: so it runs as the owner.
revoke insert on flags.feature_flag_changes from clientele_app;
create policy owner on flags.feature_flag_changes for insert to clientele_owner with check (true);

create table flags.feature_rollouts (
    organization_id    uuid not null references platform.organizations (id) on delete cascade,
    id                 uuid not null default gen_random_uuid(),
    flag_key           text not null check (length(flag_key) between 1 and 100),
    rollout_percentage integer not null default 0 check (rollout_percentage between 0 and 100),
    target_audience    jsonb not null default '{}' check (jsonb_typeof(target_audience) = 'object'),
    start_date         date not null default current_date,
    end_date           date,
    status             text not null default 'planned',
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (organization_id, id),
    constraint ends_after_start check (end_date >= start_date)
);
comment on table flags.feature_rollouts is 'A flag going out step by step. One is active for a flag at a time.';
comment on column flags.feature_rollouts.rollout_percentage is 'Percent, 0 to 100, of people who have it now.';
comment on column flags.feature_rollouts.target_audience is 'Who is considered at all; empty: everybody.';
create unique index feature_rollouts_active on flags.feature_rollouts (organization_id, flag_key) where status = 'active';
create index feature_rollouts_flag on flags.feature_rollouts (organization_id, flag_key, status);
select platform.protect('flags.feature_rollouts', 'admin');
select platform.states('flags.feature_rollouts', 'status', $$
    planned > active, completed
    active > paused, completed
    paused > active, completed
    completed
$$, initial => '{planned}', told_as => 'feature_rollout_changed');

-- ---------------------------------------------------------------------------------------------------------
-- A/B tests

create table flags.ab_tests (
    organization_id   uuid not null references platform.organizations (id) on delete cascade,
    id                uuid not null default gen_random_uuid(),
    kind              text not null default 'feature' check (kind in ('feature', 'price')),
    test_name         text not null check (length(test_name) between 1 and 100),
    description       text,
    primary_metric    text not null check (length(primary_metric) between 1 and 100),
    secondary_metrics text[],
    start_date        date not null,
    end_date          date,
    status            text not null default 'draft',
    results           jsonb,
    winner_variant    text check (length(winner_variant) <= 50),
    confidence_level  platform.rate,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, test_name),
    constraint ends_after_start check (end_date >= start_date)
);
comment on table flags.ab_tests is 'An experiment: which of its variants does best by the primary metric.';
comment on column flags.ab_tests.kind is 'price: the variants are prices, and what counts is the revenue of each.';
comment on column flags.ab_tests.winner_variant is 'The key of one of its variants.';
comment on column flags.ab_tests.confidence_level is 'How sure the winner is, from 0 to 1.';
select platform.protect('flags.ab_tests', 'organization');
select platform.states('flags.ab_tests', 'status', $$
    draft > running
    running > paused, completed
    paused > running, completed
    completed
$$, initial => '{draft}', told_as => 'ab_test_changed');

create table flags.ab_test_variants (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    test_id         uuid not null,
    variant         text not null check (length(variant) between 1 and 50),
    traffic_share   platform.rate not null,
    configuration   jsonb not null default '{}' check (jsonb_typeof(configuration) = 'object'),
    created_at      timestamptz not null default now(),
    primary key (organization_id, test_id, variant),
    foreign key (organization_id, test_id) references flags.ab_tests (organization_id, id) on delete cascade
);
comment on table flags.ab_test_variants is 'The variants of a test and the share of people each gets. They stand still once the test has begun.';
comment on column flags.ab_test_variants.traffic_share is 'From 0 to 1. The shares of a test add up to 1, or to less: whoever is left over is not in the test.';
comment on column flags.ab_test_variants.configuration is 'What is different in this variant: a text, a colour, a price.';
select platform.protect('flags.ab_test_variants', 'organization');

create table flags.ab_test_assignments (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    test_id         uuid not null,
    customer_id     uuid,
    anonymous_id    text check (length(anonymous_id) between 1 and 100),
    variant         text not null,
    assigned_at     timestamptz not null default now(),
    converted_at    timestamptz,
    revenue         platform.money not null default 0 check (revenue >= 0),
    ip_address      inet,
    user_agent      text,
    primary key (organization_id, id),
    foreign key (organization_id, test_id, variant) references flags.ab_test_variants (organization_id, test_id, variant),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    constraint somebody check (num_nonnulls(customer_id, anonymous_id) >= 1),
    constraint converts_after_assignment check (converted_at >= assigned_at)
);
comment on table flags.ab_test_assignments is 'Who is in which variant of a test, for good: one row for a person, one for an anonymous id.';
comment on column flags.ab_test_assignments.revenue is 'What this person brought since, in the organization''s currency.';
create unique index ab_test_assignments_customer on flags.ab_test_assignments (organization_id, test_id, customer_id) where customer_id is not null;
create unique index ab_test_assignments_anonymous on flags.ab_test_assignments (organization_id, test_id, anonymous_id) where anonymous_id is not null;
create index ab_test_assignments_variant on flags.ab_test_assignments (organization_id, test_id, variant);
create index ab_test_assignments_person on flags.ab_test_assignments (organization_id, customer_id) where customer_id is not null;
select platform.protect('flags.ab_test_assignments', 'organization');
select customers.reference('flags.ab_test_assignments', 'customer_id', on_merge => 'move', on_erase => 'keep', personal => '{anonymous_id, ip_address, user_agent}');

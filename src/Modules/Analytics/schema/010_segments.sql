-- Analytics: who belongs together (segments), who came at the same time and stayed (cohorts), and what staff look at
-- (dashboards, KPIs). All of it is derived from customers and the log and can be worked out anew at any time; the
-- tables keep the definitions, the last result, and what only history knows (since when somebody belongs to a segment).

comment on schema analytics is 'Segments, cohorts, dashboards, KPIs; scores of customers.';
grant usage on schema analytics to clientele_app, clientele_service, clientele_search, clientele_readonly;

-- ---------------------------------------------------------------------------------------------------------
-- Segments

create table analytics.segments (
    organization_id          uuid not null references platform.organizations (id) on delete cascade,
    id                       uuid not null default gen_random_uuid(),
    name                     text not null check (length(name) between 1 and 255),
    description              text,

    segment_type             text not null default 'dynamic' check (segment_type in ('dynamic', 'static', 'calculated')),
    criteria                 jsonb not null check (jsonb_typeof(criteria) = 'object'),
    sql_query                text,
    query_parameters         jsonb,

    customer_count           bigint not null default 0 check (customer_count >= 0),
    last_customer_count      bigint not null default 0 check (last_customer_count >= 0),
    customer_count_change    bigint not null generated always as (customer_count - last_customer_count) stored,
    average_ltv              platform.money not null default 0,
    average_order_value      platform.money not null default 0,
    average_engagement_score numeric(5, 2) not null default 0 check (average_engagement_score between 0 and 100),
    churn_rate               platform.rate not null default 0,

    auto_refresh             boolean not null default true,
    refresh_frequency        text not null default 'daily' check (refresh_frequency in ('real_time', 'hourly', 'daily', 'weekly')),
    last_refreshed_at        timestamptz,
    next_refresh_at          timestamptz default now(),
    refresh_duration         interval,

    is_active                boolean not null default true,

    created_at               timestamptz not null default now(),
    updated_at               timestamptz not null default now(),
    created_by               uuid default platform.actor() references platform.platform_users (id) on delete set null,
    updated_by               uuid references platform.platform_users (id) on delete set null,

    primary key (organization_id, id),
    constraint parameters_are_object check (query_parameters is null or jsonb_typeof(query_parameters) = 'object')
);
comment on table analytics.segments is 'Groups of customers: by criteria (dynamic), by hand (static), or worked out elsewhere (calculated).';
comment on column analytics.segments.criteria is 'A tree: {"conditions": [{"field", "operator", "value", "type"}], "logic": "AND" or "OR", "nested_conditions": [trees]}. Checked when written; see analytics.matching. Without a condition: everybody.';
comment on column analytics.segments.sql_query is 'A question in SQL, kept for whoever works the segment out with rights of their own. Never run by the platform.';
comment on column analytics.segments.last_customer_count is 'The count before the last refresh.';
comment on column analytics.segments.average_ltv is 'Mean over members of revenue less refunds, in the organization''s currency.';
comment on column analytics.segments.average_order_value is 'Revenue of all members over their orders.';
comment on column analytics.segments.churn_rate is 'Share of members whose status is churned.';
comment on column analytics.segments.next_refresh_at is 'When the next refresh is due; a new segment at once, one that is not refreshed by itself never.';
create index segments_due on analytics.segments (next_refresh_at) where auto_refresh and is_active;
create index segments_type on analytics.segments (organization_id, segment_type, name);
create index segments_created_by on analytics.segments (created_by) where created_by is not null;
create index segments_updated_by on analytics.segments (updated_by) where updated_by is not null;
select platform.protect('analytics.segments', 'organization');

create table analytics.segment_memberships (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    segment_id          uuid not null,
    customer_id         uuid not null,
    added_at            timestamptz not null default now(),
    first_qualified_at  timestamptz not null default now(),
    qualification_score numeric(8, 4),
    is_active           boolean not null default true,
    removed_at          timestamptz,
    primary key (organization_id, id),
    unique (organization_id, segment_id, customer_id),
    foreign key (organization_id, segment_id) references analytics.segments (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade,
    constraint removed_has_time check (is_active = (removed_at is null))
);
comment on table analytics.segment_memberships is 'Who is, and who was, in a segment. Who leaves stays as a row that is not active, so that a return is known as one.';
comment on column analytics.segment_memberships.added_at is 'When the present stay began, or the last one.';
comment on column analytics.segment_memberships.first_qualified_at is 'When the first stay began; kept through leaving and coming back.';
comment on column analytics.segment_memberships.qualification_score is 'How strongly they match, for segments worked out elsewhere; null where belonging is yes or no.';
create index segment_memberships_active on analytics.segment_memberships (organization_id, segment_id, added_at) include (customer_id) where is_active;
create index segment_memberships_customer on analytics.segment_memberships (organization_id, customer_id, segment_id) include (is_active);
select platform.protect('analytics.segment_memberships', 'organization');
select customers.reference('analytics.segment_memberships', 'customer_id', on_merge => 'move', on_erase => 'delete');

create function analytics.set_removed_at() returns trigger
    language plpgsql
    as $$
begin
    new.removed_at := case when not new.is_active then coalesce(new.removed_at, now()) end;
    return new;
end
$$;
comment on function analytics.set_removed_at() is 'Trigger: who leaves a segment has a time of leaving, who is in it has none.';
create trigger removed_at before insert or update of is_active, removed_at on analytics.segment_memberships
    for each row when (new.is_active = (new.removed_at is not null)) execute function analytics.set_removed_at();

-- ---------------------------------------------------------------------------------------------------------
-- Cohorts

create table analytics.cohorts (
    organization_id           uuid not null references platform.organizations (id) on delete cascade,
    id                        uuid not null default gen_random_uuid(),
    name                      text not null check (length(name) between 1 and 255),
    description               text,

    cohort_type               text not null default 'time_based' check (cohort_type in ('time_based', 'behavior_based', 'attribute_based', 'custom')),
    time_period               text not null default 'monthly' check (time_period in ('daily', 'weekly', 'monthly', 'quarterly')),
    date_field                text not null default 'first_seen_at' check (length(date_field) <= 100),
    start_date                date,
    end_date                  date,
    inclusion_criteria        jsonb not null check (jsonb_typeof(inclusion_criteria) = 'object'),

    retention_periods         integer not null default 12 check (retention_periods between 1 and 1000),
    success_event             text not null default 'any_activity' check (length(success_event) between 1 and 100),
    success_criteria          jsonb check (jsonb_typeof(success_criteria) = 'object'),

    total_customers           bigint not null default 0 check (total_customers >= 0),
    cohort_periods_data       jsonb,

    is_active                 boolean not null default true,
    auto_refresh              boolean not null default true,
    refresh_frequency         text not null default 'daily' check (refresh_frequency in ('hourly', 'daily', 'weekly')),
    last_refreshed_at         timestamptz,
    last_calculation_duration interval,

    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now(),
    created_by                uuid default platform.actor() references platform.platform_users (id) on delete set null,
    updated_by                uuid references platform.platform_users (id) on delete set null,

    primary key (organization_id, id),
    constraint dates_in_order check (end_date >= start_date)
);
comment on table analytics.cohorts is 'Customers by the period in which they began, to see how many of them stay.';
comment on column analytics.cohorts.cohort_type is 'time_based and attribute_based: everybody who matches, in the period of their date_field. behavior_based: in each period in which they did the event of inclusion_criteria. custom: memberships are written by others.';
comment on column analytics.cohorts.date_field is 'What places a customer in a period: first_seen_at, activated_at, first_order_date (of their first completed order); see analytics.check_cohort.';
comment on column analytics.cohorts.end_date is 'The last day, inclusive.';
comment on column analytics.cohorts.inclusion_criteria is 'Lists of customer_type, customer_status, lifecycle_stage, acquisition_channel, country; has_made_purchase, min_order_value (one order of at least that), custom_attributes {name: [values]}; for behaviour event_type and min_events in a period.';
comment on column analytics.cohorts.retention_periods is 'How many periods after the one of joining are followed; at most as many as the setting cohort.max_retention_periods.';
comment on column analytics.cohorts.success_event is 'What counts as having stayed: any_activity, or a type of event.';
comment on column analytics.cohorts.success_criteria is 'event_type (instead of success_event), min_events, min_value (of each event), time_window_days (from the beginning of the period).';
comment on column analytics.cohorts.cohort_periods_data is 'The table as drawn: [{"period", "size", "retention": [shares by period]}].';
create index cohorts_due on analytics.cohorts (last_refreshed_at) where auto_refresh and is_active;
create index cohorts_created_by on analytics.cohorts (created_by) where created_by is not null;
create index cohorts_updated_by on analytics.cohorts (updated_by) where updated_by is not null;
select platform.protect('analytics.cohorts', 'organization');

create table analytics.cohort_memberships (
    organization_id              uuid not null,
    id                           uuid not null default gen_random_uuid(),
    cohort_id                    uuid not null,
    customer_id                  uuid not null,
    cohort_period                text not null check (length(cohort_period) between 1 and 50),
    period_start_date            date not null,
    period_end_date              date not null,
    joined_cohort_at             timestamptz not null default now(),
    customer_attributes_snapshot jsonb check (jsonb_typeof(customer_attributes_snapshot) = 'object'),
    only_one                     boolean not null default true,
    primary key (organization_id, id),
    unique (organization_id, cohort_id, customer_id, cohort_period),
    foreign key (organization_id, cohort_id) references analytics.cohorts (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade,
    constraint period_has_length check (period_end_date > period_start_date)
);
comment on table analytics.cohort_memberships is 'Which customer is in which period of a cohort.';
comment on column analytics.cohort_memberships.cohort_period is '2024-01-15, 2024-W03 (ISO week), 2024-01 or 2024-Q1, in the organization''s zone.';
comment on column analytics.cohort_memberships.period_end_date is 'The first day after the period.';
comment on column analytics.cohort_memberships.only_one is 'A customer is in one period of the cohort; false where the cohort is of behaviour, in which somebody appears again and again. Set by trigger.';
create unique index cohort_memberships_only_one on analytics.cohort_memberships (organization_id, cohort_id, customer_id) where only_one;
create index cohort_memberships_period on analytics.cohort_memberships (organization_id, cohort_id, period_start_date) include (customer_id);
create index cohort_memberships_customer on analytics.cohort_memberships (organization_id, customer_id);
select platform.protect('analytics.cohort_memberships', 'organization');
select customers.reference('analytics.cohort_memberships', 'customer_id', on_merge => 'move', on_erase => 'delete');

create function analytics.set_only_one() returns trigger
    language plpgsql
    as $$
begin
    new.only_one := not exists (
        select from analytics.cohorts c
        where c.organization_id = new.organization_id and c.id = new.cohort_id and c.cohort_type = 'behavior_based'
    );
    return new;
end
$$;
comment on function analytics.set_only_one() is 'Trigger: whether a customer may be in several periods, by the kind of the cohort.';
create trigger only_one before insert or update of cohort_id, only_one on analytics.cohort_memberships
    for each row execute function analytics.set_only_one();

create table analytics.cohort_retention_data (
    organization_id           uuid not null,
    id                        uuid not null default gen_random_uuid(),
    cohort_id                 uuid not null,
    cohort_period             text not null check (length(cohort_period) between 1 and 50),
    analysis_period           integer not null check (analysis_period >= 0),
    analysis_date             date not null,
    cohort_size               bigint not null check (cohort_size > 0),
    active_customers          bigint not null check (active_customers >= 0),
    retention_rate            platform.rate not null,
    cumulative_retention_rate platform.rate not null,
    period_revenue            platform.money not null default 0,
    cumulative_revenue        platform.money not null default 0,
    average_revenue_per_user  platform.money not null default 0,
    total_orders              bigint not null default 0 check (total_orders >= 0),
    total_sessions            bigint not null default 0 check (total_sessions >= 0),
    total_events              bigint not null default 0 check (total_events >= 0),
    calculated_at             timestamptz not null default now(),
    calculation_version       integer not null default 1 check (calculation_version > 0),
    primary key (organization_id, id),
    unique (organization_id, cohort_id, cohort_period, analysis_period),
    foreign key (organization_id, cohort_id) references analytics.cohorts (organization_id, id) on delete cascade,
    constraint active_within_size check (active_customers <= cohort_size)
);
comment on table analytics.cohort_retention_data is 'How many of each period of a cohort stayed, and what they brought, period by period; written by analytics.refresh_cohort.';
comment on column analytics.cohort_retention_data.analysis_period is 'Whole periods since joining; 0 is the period of joining itself, in which everybody is active by definition.';
comment on column analytics.cohort_retention_data.analysis_date is 'The first day of the analysis period.';
comment on column analytics.cohort_retention_data.cohort_size is 'Members of the period, whether or not they ever did anything.';
comment on column analytics.cohort_retention_data.retention_rate is 'active_customers over cohort_size.';
comment on column analytics.cohort_retention_data.cumulative_retention_rate is 'Share that was active in every period up to this one.';
comment on column analytics.cohort_retention_data.period_revenue is 'Of completed orders in the period, in the organization''s currency.';
comment on column analytics.cohort_retention_data.average_revenue_per_user is 'period_revenue over cohort_size.';
comment on column analytics.cohort_retention_data.calculation_version is 'Goes up when the rules of the calculation change.';
select platform.protect('analytics.cohort_retention_data', 'organization');

-- Notes on charts, goals, funnels of one's own, and figures worked out by day.

create table analytics.chart_annotations (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    workspace_id    uuid not null,
    chart_type      text not null check (chart_type in ('revenue', 'conversations', 'conversion_rate')),
    date            date not null,
    annotation_text text not null check (length(btrim(annotation_text)) > 0),
    annotation_type text not null check (annotation_type in ('event', 'milestone', 'anomaly')),
    created_by      uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade
);
comment on table analytics.chart_annotations is 'Notes pinned to a day of a chart.';
create index chart_annotations_place on analytics.chart_annotations (organization_id, workspace_id, chart_type, date);
create index chart_annotations_created_by on analytics.chart_annotations (created_by) where created_by is not null;
select platform.protect('analytics.chart_annotations', 'member');

create table analytics.metric_goals (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    metric_name     text not null check (length(metric_name) between 1 and 200),
    target_value    numeric not null,
    current_value   numeric,
    time_period     text not null check (time_period in ('daily', 'weekly', 'monthly', 'quarterly')),
    start_date      date not null,
    end_date        date not null,
    status          text not null default 'active',
    created_by      uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    constraint dates_in_order check (end_date >= start_date)
);
comment on table analytics.metric_goals is 'What an organization wants a figure to reach by a day.';
comment on column analytics.metric_goals.end_date is 'The last day, inclusive.';
create index metric_goals_ending on analytics.metric_goals (organization_id, status, end_date desc);
create index metric_goals_metric on analytics.metric_goals (organization_id, metric_name);
create index metric_goals_created_by on analytics.metric_goals (created_by) where created_by is not null;
select platform.protect('analytics.metric_goals', 'member');
select platform.states('analytics.metric_goals', 'status', $$
    active > achieved, missed, abandoned
    missed > achieved
    achieved
    abandoned
$$);

create table analytics.custom_funnels (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    workspace_id    uuid not null,
    name            text not null check (length(name) between 1 and 255),
    description     text,
    stages          jsonb not null check (jsonb_typeof(stages) = 'array' and jsonb_array_length(stages) > 0 and not jsonb_path_exists(stages, '$[*] ? (!exists(@.name))')),
    active          boolean not null default true,
    created_by      uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade
);
comment on table analytics.custom_funnels is 'Funnels of a workspace''s own, their stages in order.';
comment on column analytics.custom_funnels.stages is 'Each with name, conditions, duration_threshold.';
create index custom_funnels_workspace on analytics.custom_funnels (organization_id, workspace_id, active);
create index custom_funnels_created_by on analytics.custom_funnels (created_by) where created_by is not null;
select platform.protect('analytics.custom_funnels', 'organization');

create table analytics.business_metrics (
    organization_id          uuid not null references platform.organizations (id) on delete cascade,
    id                       uuid not null default gen_random_uuid(),
    metric_date              date not null,
    metric_type              text not null check (length(metric_type) between 1 and 50),
    metric_value             numeric(24, 4) not null,
    metric_count             bigint check (metric_count >= 0),
    dimensions               jsonb not null default '{}' check (jsonb_typeof(dimensions) = 'object' and length(dimensions::text) <= 1000),
    previous_period_value    numeric(24, 4),
    period_over_period_change numeric generated always as (round((metric_value - previous_period_value) / nullif(abs(previous_period_value), 0), 4)) stored,
    created_at               timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, metric_date, metric_type, dimensions)
);
comment on table analytics.business_metrics is 'Figures of the business by day, whole or by dimension.';
comment on column analytics.business_metrics.dimensions is 'What the figure is of, {"region": "Dakar"}; empty: of everything.';
comment on column analytics.business_metrics.period_over_period_change is 'Growth as a fraction of the period before, 0.25 being a quarter more; null where that was nothing.';
create index business_metrics_type on analytics.business_metrics (organization_id, metric_type, metric_date desc);
select platform.protect('analytics.business_metrics', 'organization');

create table analytics.funnel_analytics (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    funnel_name     text not null check (length(funnel_name) between 1 and 100),
    step_number     integer not null check (step_number > 0),
    step_name       text not null check (length(step_name) between 1 and 100),
    period_start    date not null,
    period_end      date not null,
    users_entered   bigint not null default 0 check (users_entered >= 0),
    users_completed bigint not null default 0 check (users_completed >= 0),
    completion_rate platform.rate generated always as (round(users_completed::numeric / nullif(users_entered, 0), 8)) stored,
    segment_filters jsonb not null default '{}' check (jsonb_typeof(segment_filters) = 'object' and length(segment_filters::text) <= 1000),
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, funnel_name, step_number, period_start, period_end, segment_filters),
    constraint period_in_order check (period_end >= period_start),
    constraint completed_had_entered check (users_completed <= users_entered)
);
comment on table analytics.funnel_analytics is 'How many entered and completed each step of a funnel in a period.';
comment on column analytics.funnel_analytics.completion_rate is 'users_completed over users_entered; null where nobody entered.';
comment on column analytics.funnel_analytics.segment_filters is 'Of whom; empty: of everybody.';
select platform.protect('analytics.funnel_analytics', 'organization');

-- Dashboards and KPIs. A dashboard is its owner's; staff see those without an owner, public ones, and those shared with
-- their role. What it shows is in its tiles, a row each.

create table analytics.dashboard_configurations (
    organization_id   uuid not null references platform.organizations (id) on delete cascade,
    id                uuid not null default gen_random_uuid(),
    user_id           uuid references platform.platform_users (id) on delete cascade,
    name              text not null check (length(name) between 1 and 255),
    description       text,
    is_default        boolean not null default false,
    is_template       boolean not null default false,
    layout_config     jsonb not null check (jsonb_typeof(layout_config) = 'object'),
    is_public         boolean not null default false,
    shared_with_roles text[] not null default '{}'
                          check (shared_with_roles <@ array['super_admin', 'admin', 'marketing_manager', 'data_analyst', 'viewer']),
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    last_viewed_at    timestamptz,
    view_count        bigint not null default 0 check (view_count >= 0),
    primary key (organization_id, id),
    constraint grid_has_columns check (jsonb_typeof(coalesce(layout_config -> 'grid_columns', '12')) = 'number' and (coalesce(layout_config ->> 'grid_columns', '12'))::numeric between 1 and 100)
);
comment on table analytics.dashboard_configurations is 'Dashboards: personal ones, those of the whole organization (without a user) and templates that new users get a copy of.';
comment on column analytics.dashboard_configurations.is_default is 'The one shown first; one at most per user.';
comment on column analytics.dashboard_configurations.layout_config is 'The grid: grid_columns (12 when left out), grid_rows. Tiles are rows of dashboard_tiles; a list of them in here is kept and not drawn.';
comment on column analytics.dashboard_configurations.view_count is 'Counted by analytics.view_dashboard.';
create unique index dashboard_configurations_default on analytics.dashboard_configurations (organization_id, user_id) nulls not distinct where is_default;
create index dashboard_configurations_user on analytics.dashboard_configurations (user_id) where user_id is not null;
create index dashboard_configurations_name on analytics.dashboard_configurations (organization_id, name);

select platform.protect('analytics.dashboard_configurations', 'custom');
create policy seen_by on analytics.dashboard_configurations for select to clientele_app using (
    organization_id = (select platform.tenant('member'))
    and (user_id is null or user_id = (select platform.actor()) or is_public
         or shared_with_roles && array(select m.role from platform.organization_members m
                                       where m.organization_id = (select platform.tenant('member')) and m.user_id = (select platform.actor())))
);
create policy own on analytics.dashboard_configurations to clientele_app
    using (organization_id = (select platform.tenant('member')) and user_id = (select platform.actor()))
    with check (organization_id = (select platform.tenant('member')) and user_id = (select platform.actor()));
create policy admin on analytics.dashboard_configurations to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
-- A view is counted by whoever looks, who may not change the dashboard; see analytics.view_dashboard.
create policy owner on analytics.dashboard_configurations to clientele_owner
    using (organization_id = (select platform.tenant('member'))) with check (organization_id = (select platform.tenant('member')));
grant select, insert, update, delete on analytics.dashboard_configurations to clientele_app;

create table analytics.dashboard_tiles (
    organization_id          uuid not null,
    id                       uuid not null default gen_random_uuid(),
    dashboard_id             uuid not null,
    title                    text not null check (length(title) between 1 and 255),
    tile_type                text not null check (tile_type in
                                 ('metric_card', 'line_chart', 'bar_chart', 'pie_chart', 'area_chart', 'funnel_chart', 'table', 'list',
                                  'map', 'gauge', 'progress', 'cohort_table', 'retention_curve', 'customer_timeline')),
    position_x               integer not null check (position_x between 0 and 99),
    position_y               integer not null check (position_y between 0 and 9999),
    width                    integer not null check (width between 1 and 100),
    height                   integer not null check (height between 1 and 100),

    data_source_type         text not null check (data_source_type in ('internal', 'custom_query', 'external_api')),
    data_config              jsonb not null check (jsonb_typeof(data_config) = 'object'),
    display_config           jsonb not null default '{}' check (jsonb_typeof(display_config) = 'object'),

    auto_refresh             boolean not null default true,
    refresh_interval_seconds integer not null default 300 check (refresh_interval_seconds between 1 and 31536000),
    last_refreshed_at        timestamptz,
    last_refresh_duration    interval,
    cache_enabled            boolean not null default true,
    cache_duration_seconds   integer not null default 300 check (cache_duration_seconds between 0 and 31536000),
    cached_data              jsonb,
    cached_at                timestamptz,

    is_active                boolean not null default true,
    has_error                boolean not null default false,
    last_error               text,
    next_refresh_at          timestamptz generated always as (case when auto_refresh and is_active then coalesce(
                                 (last_refreshed_at at time zone 'UTC' + make_interval(secs => refresh_interval_seconds)) at time zone 'UTC', '-infinity') end) stored,

    created_at               timestamptz not null default now(),
    updated_at               timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, dashboard_id) references analytics.dashboard_configurations (organization_id, id) on delete cascade,
    constraint query_has_sql check (data_source_type <> 'custom_query' or length(btrim(coalesce(data_config ->> 'sql', data_config ->> 'query', ''))) > 0),
    constraint error_is_told check (not has_error or last_error is not null)
);
comment on table analytics.dashboard_tiles is 'What a dashboard shows: as many tiles as the setting platform.max_dashboard_tiles allows, none reaching over the edge of the grid.';
comment on column analytics.dashboard_tiles.position_x is 'Columns from the left edge, from 0.';
comment on column analytics.dashboard_tiles.data_config is 'What is shown: for a metric card metric, filters, comparison, format; for a chart axes, date_range, granularity; for custom_query sql and parameters. SQL in here runs, if at all, as the read-only role outside the application''s sessions.';
comment on column analytics.dashboard_tiles.next_refresh_at is 'last_refreshed_at and the interval; -infinity before the first time, null where nothing refreshes by itself.';
create index dashboard_tiles_dashboard on analytics.dashboard_tiles (organization_id, dashboard_id, position_y, position_x);
create index dashboard_tiles_due on analytics.dashboard_tiles (next_refresh_at) where auto_refresh and is_active;

select platform.protect('analytics.dashboard_tiles', 'custom');
-- Whoever sees the dashboard sees its tiles; whoever may change it changes them.
create policy seen_by on analytics.dashboard_tiles for select to clientele_app using (
    organization_id = (select platform.tenant('member'))
    and exists (select from analytics.dashboard_configurations d where d.organization_id = dashboard_tiles.organization_id and d.id = dashboard_tiles.dashboard_id)
);
create policy own on analytics.dashboard_tiles to clientele_app
    using (organization_id = (select platform.tenant('member')) and exists (
        select from analytics.dashboard_configurations d
        where d.organization_id = dashboard_tiles.organization_id and d.id = dashboard_tiles.dashboard_id and d.user_id = (select platform.actor())))
    with check (organization_id = (select platform.tenant('member')) and exists (
        select from analytics.dashboard_configurations d
        where d.organization_id = dashboard_tiles.organization_id and d.id = dashboard_tiles.dashboard_id and d.user_id = (select platform.actor())));
create policy admin on analytics.dashboard_tiles to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
grant select, insert, update, delete on analytics.dashboard_tiles to clientele_app;

create table analytics.kpi_definitions (
    organization_id          uuid not null references platform.organizations (id) on delete cascade,
    id                       uuid not null default gen_random_uuid(),
    name                     text not null check (length(name) between 1 and 255),
    display_name             text not null check (length(display_name) between 1 and 255),
    description              text,
    category                 text not null check (category in ('revenue', 'engagement', 'retention', 'acquisition')),
    calculation_method       text not null check (calculation_method in ('sum', 'count', 'average', 'percentage', 'ratio', 'custom_sql')),
    base_table               text check (base_table ~ '^[a-z_][a-z0-9_.]{0,99}$'),
    calculation_field        text check (calculation_field ~ '^[a-z_][a-z0-9_]{0,99}$'),
    calculation_sql          text,
    filters                  jsonb not null default '{}' check (jsonb_typeof(filters) = 'object'),
    time_dimension           text not null default 'created_at' check (time_dimension ~ '^[a-z_][a-z0-9_]{0,99}$'),
    supports_time_comparison boolean not null default true,
    default_time_range       text not null default '30d' check (default_time_range ~ '^[1-9][0-9]{0,3}[hdwmy]$'),
    format_type              text not null default 'number' check (format_type in ('number', 'currency', 'percentage', 'duration')),
    decimal_places           integer not null default 0 check (decimal_places between 0 and 10),
    prefix                   text check (length(prefix) <= 10),
    suffix                   text check (length(suffix) <= 10),
    target_value             numeric(15, 4),
    target_direction         text check (target_direction in ('up', 'down', 'neutral')),
    is_active                boolean not null default true,
    created_at               timestamptz not null default now(),
    updated_at               timestamptz not null default now(),
    created_by               uuid default platform.actor() references platform.platform_users (id) on delete set null,
    primary key (organization_id, id),
    unique (organization_id, name),
    constraint sql_is_given check (calculation_method <> 'custom_sql' or length(btrim(coalesce(calculation_sql, ''))) > 0)
);
comment on table analytics.kpi_definitions is 'Key figures: how each is worked out, shown and aimed at.';
comment on column analytics.kpi_definitions.calculation_sql is 'For custom_sql. Never run in the application''s sessions.';
comment on column analytics.kpi_definitions.time_dimension is 'The column that says when a row counts.';
comment on column analytics.kpi_definitions.default_time_range is 'A number and h, d, w, m or y.';
comment on column analytics.kpi_definitions.target_direction is 'Which way is better.';
create index kpi_definitions_category on analytics.kpi_definitions (organization_id, category, name);
create index kpi_definitions_created_by on analytics.kpi_definitions (created_by) where created_by is not null;
select platform.protect('analytics.kpi_definitions', 'member');

-- Ways in and out: connections to other systems, and how often keys may call.

create function platform.holds_secret(config jsonb) returns boolean
    language sql immutable parallel safe
    as $$
        select jsonb_path_exists(config, '$.** ? (@.type() == "object").keyvalue() ? (@.key like_regex "(passw(or)?d|passphrase|secret|token|api_?key|private_?key|credentials?)$" flag "i")')
    $$;
comment on function platform.holds_secret(jsonb) is 'Does a configuration hold, at any depth, a key that names a secret?';

create table platform.data_connections (
    organization_id        uuid not null references platform.organizations (id) on delete cascade,
    id                     uuid not null default gen_random_uuid(),
    name                   text not null check (length(name) between 1 and 255),
    description            text,
    connection_type        text not null check (connection_type in ('postgresql', 'mysql', 'snowflake', 'redshift', 'bigquery', 'clickhouse', 'mongodb',
                                                                    'api_rest', 'api_graphql', 'webhook')),
    provider               text check (length(provider) <= 100),

    connection_config      jsonb not null default '{}',
    auth_type              text not null default 'password' check (auth_type in ('password', 'api_key', 'oauth', 'service_account')),
    auth_config            jsonb not null default '{}',
    secrets                bytea,
    has_secrets            boolean not null generated always as (secrets is not null) stored,

    sync_enabled           boolean not null default false,
    sync_frequency         text check (sync_frequency in ('real_time', 'hourly', 'daily', 'weekly')),
    sync_tables            text[] not null default '{}',
    last_sync_at           timestamptz,
    next_sync_at           timestamptz,

    status                 text not null default 'inactive',
    last_test_at           timestamptz,
    last_test_success      boolean,
    last_error             text,

    average_response_time  integer check (average_response_time >= 0),
    total_queries_executed bigint not null default 0 check (total_queries_executed >= 0),
    total_rows_synced      bigint not null default 0 check (total_rows_synced >= 0),

    created_at             timestamptz not null default now(),
    updated_at             timestamptz not null default now(),
    created_by             uuid references platform.platform_users (id) on delete set null,
    updated_by             uuid references platform.platform_users (id) on delete set null,

    primary key (organization_id, id),
    constraint config_is_open check (jsonb_typeof(connection_config) = 'object' and not platform.holds_secret(connection_config)),
    constraint auth_config_is_open check (jsonb_typeof(auth_config) = 'object' and not platform.holds_secret(auth_config)),
    constraint sync_has_frequency check (not sync_enabled or sync_frequency is not null),
    constraint test_is_whole check ((last_test_at is null) = (last_test_success is null))
);
comment on table platform.data_connections is 'Connections to databases, interfaces and services outside.';
comment on column platform.data_connections.provider is 'The service behind it: agora, prokerala, wave…';
comment on column platform.data_connections.connection_config is 'host, port, database, username, ssl_mode, connection_timeout, query_timeout (seconds). No secret: a key that names one is refused.';
comment on column platform.data_connections.secrets is 'Password, tokens and keys, encrypted by the server. No request can read them back.';
comment on column platform.data_connections.average_response_time is 'Milliseconds.';
create index data_connections_type on platform.data_connections (organization_id, connection_type);
create index data_connections_due on platform.data_connections (next_sync_at) where sync_enabled;
create index data_connections_created_by on platform.data_connections (created_by);
create index data_connections_updated_by on platform.data_connections (updated_by);

create function platform.sign() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'INSERT' then
        new.created_by := coalesce(new.created_by, platform.actor());
    else
        new.updated_by := coalesce(platform.actor(), new.updated_by);
    end if;
    return new;
end
$$;
comment on function platform.sign() is 'Trigger: keeps created_by and updated_by.';
create trigger sign before insert or update of name, description, connection_type, provider, connection_config, auth_type, auth_config, secrets, sync_enabled, sync_frequency, sync_tables, status
    on platform.data_connections for each row execute function platform.sign();

create function platform.schedule_sync() returns trigger
    language plpgsql
    as $$
begin
    -- Real time: the connection tells by itself, and is looked after every minute.
    new.next_sync_at := case when new.sync_enabled then
        coalesce(new.last_sync_at, now()) + case when new.last_sync_at is null then interval '0'
            else case new.sync_frequency when 'real_time' then interval '1 minute' when 'hourly' then interval '1 hour' when 'daily' then interval '1 day' else interval '7 days' end end end;
    return new;
end
$$;
comment on function platform.schedule_sync() is 'Trigger: works out when a connection is synchronized next; at once the first time.';
create trigger schedule_sync before insert or update of sync_enabled, sync_frequency, last_sync_at on platform.data_connections
    for each row execute function platform.schedule_sync();

select platform.states('platform.data_connections', 'status', $$
    inactive > testing, active
    testing  > active, inactive, error
    active   > inactive, testing, error
    error    > inactive, testing, active
$$);

select platform.protect('platform.data_connections', 'custom');
create policy reader on platform.data_connections for select to clientele_app using (organization_id = (select platform.tenant('member')));
create policy admin on platform.data_connections to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
grant insert, update, delete on platform.data_connections to clientele_app;
grant select (organization_id, id, name, description, connection_type, provider, connection_config, auth_type, auth_config, has_secrets, sync_enabled, sync_frequency, sync_tables,
              last_sync_at, next_sync_at, status, last_test_at, last_test_success, last_error, average_response_time, total_queries_executed, total_rows_synced,
              created_at, updated_at, created_by, updated_by)
    on platform.data_connections to clientele_app;

-- ---------------------------------------------------------------------------------------------------------
-- How often keys may call

create table platform.rate_limits (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    name            text not null check (length(name) between 1 and 100),
    api_key_id      uuid,
    route           text not null default '*' check (route ~ '^(\*|/[^ *]*\*?)$'),
    counted_by      text not null default 'organization' check (counted_by in ('organization', 'key', 'caller')),
    max_requests    bigint not null check (max_requests >= 0),
    window_seconds  integer not null check (window_seconds between 1 and 86400),
    is_active       boolean not null default true,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique nulls not distinct (organization_id, api_key_id, route, counted_by, window_seconds),
    foreign key (organization_id, api_key_id) references platform.api_keys (organization_id, id) on delete cascade
);
comment on table platform.rate_limits is 'How many requests are answered in a window of time. All that apply to a request must have room; see platform.count_request.';
comment on column platform.rate_limits.api_key_id is 'For one key only; null: for all.';
comment on column platform.rate_limits.route is 'A path, with a star at its end for all that begin so.';
comment on column platform.rate_limits.counted_by is 'organization: all requests together; key: each key by itself; caller: each address or visitor by itself.';
comment on column platform.rate_limits.max_requests is 'So many at once, and so many in each window on the long run: a bucket of so many tokens that fills up again within the window.';

create table platform.rate_limit_buckets (
    organization_id uuid not null,
    rate_limit_id   uuid not null,
    subject         text not null check (length(subject) <= 200),
    tokens          double precision not null check (tokens >= 0),
    filled_at       timestamptz not null,
    primary key (organization_id, rate_limit_id, subject),
    foreign key (organization_id, rate_limit_id) references platform.rate_limits (organization_id, id) on delete cascade
);
comment on table platform.rate_limit_buckets is 'What is left of each limit, for all nodes together; forgotten when it has long been full again.';
comment on column platform.rate_limit_buckets.filled_at is 'When so many tokens were in it; since then it has been filling.';
create index rate_limit_buckets_age on platform.rate_limit_buckets (filled_at);

select platform.protect('platform.rate_limits', 'admin');
select platform.protect('platform.rate_limit_buckets', 'admin');

create table platform.api_usage_metrics (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    metric_date     date not null,
    api_endpoint    text not null check (length(api_endpoint) between 1 and 255),
    http_method     text not null check (length(http_method) between 1 and 10),
    api_key_id      uuid,
    request_count   bigint not null default 0 check (request_count >= 0),
    error_count     bigint not null default 0 check (error_count between 0 and request_count),
    total_time_ms   bigint not null default 0 check (total_time_ms >= 0),
    max_time_ms     bigint not null default 0 check (max_time_ms >= 0),
    bytes_sent      bigint not null default 0 check (bytes_sent >= 0),
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique nulls not distinct (organization_id, metric_date, api_endpoint, http_method, api_key_id),
    foreign key (organization_id, api_key_id) references platform.api_keys (organization_id, id) on delete set null (api_key_id)
);
comment on table platform.api_usage_metrics is 'Calls of the interfaces by day (UTC), endpoint, method and key.';
comment on column platform.api_usage_metrics.api_endpoint is 'The route''s pattern, not the address asked for.';
create index api_usage_metrics_key on platform.api_usage_metrics (organization_id, api_key_id) where api_key_id is not null;
select platform.protect('platform.api_usage_metrics', 'admin');

select platform.audited('platform.data_connections', 'connection',
    '{name, description, connection_type, provider, connection_config, auth_type, auth_config, secrets, sync_enabled, sync_frequency, sync_tables}', 'name', hidden => '{secrets}');
select platform.audited('platform.rate_limits', 'rate_limit', '{name, api_key_id, route, counted_by, max_requests, window_seconds, is_active}', 'name');

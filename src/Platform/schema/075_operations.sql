-- How the platform is doing: errors, alerts, breakers, health; and the schema files applied.

-- ---------------------------------------------------------------------------------------------------------
-- Errors

create table platform.error_groups (
    id          uuid primary key default gen_random_uuid(),
    about       uuid references platform.organizations (id) on delete cascade,
    own         boolean not null,
    fingerprint text not null check (fingerprint ~ '^[0-9a-f]{32}$'),
    source      text not null check (length(source) between 1 and 100),
    error_type  text not null check (length(error_type) between 1 and 200),
    message     text not null check (length(message) <= 1000),
    place       text check (length(place) <= 1000),
    severity    text not null check (severity in ('error', 'critical')),
    occurrences bigint not null check (occurrences > 0),
    first_seen  timestamptz not null,
    last_seen   timestamptz not null,
    state       text not null default 'open' check (state in ('open', 'resolved', 'ignored')),
    reopened    bigint not null default 0 check (reopened >= 0),
    changed_at  timestamptz,
    changed_by  uuid references platform.platform_users (id) on delete set null,
    samples     jsonb not null default '[]' check (jsonb_typeof(samples) = 'array'),
    unique nulls not distinct (about, fingerprint),
    check (last_seen >= first_seen)
);
comment on table platform.error_groups is 'Errors that are the same one: of one type, from one place, saying the same but for numbers and names.';
comment on column platform.error_groups.about is 'The organization it happened in; null: in none, as in a consumer of the log. Only operators of the installation see those.';
comment on column platform.error_groups.own is 'The platform''s own errors, scrubbed; otherwise a product''s, in the product''s words, which are nobody''s but the organization''s.';
comment on column platform.error_groups.place is 'The innermost methods of ours on the way to it.';
comment on column platform.error_groups.message is 'Without what differs from one occurrence to the next, which may be personal.';
comment on column platform.error_groups.reopened is 'How often it came back after somebody had resolved it.';
comment on column platform.error_groups.samples is 'Of those in no organization: the newest few. An organization''s are in platform.error_logs.';
create index error_groups_newest on platform.error_groups (last_seen desc);
create index error_groups_changed_by on platform.error_groups (changed_by) where changed_by is not null;
select platform.protect('platform.error_groups', 'custom');
-- Errors of no organization are reached by no request: null equals nothing.
create policy admin on platform.error_groups to clientele_app using (about = (select platform.tenant('admin'))) with check (about = (select platform.tenant('admin')));
grant select, update (state, changed_at, changed_by) on platform.error_groups to clientele_app;
-- platform.note_error runs as the owner.
create policy owner on platform.error_groups to clientele_owner using (true) with check (true);

create function platform.note_error(
    about uuid, own boolean, fingerprint text, source text, error_type text, message text, place text, severity text, times bigint, first_at timestamptz, last_at timestamptz
) returns uuid
    language sql
    as $$
        insert into platform.error_groups as g (about, own, fingerprint, source, error_type, message, place, severity, occurrences, first_seen, last_seen)
        values (note_error.about, note_error.own, note_error.fingerprint, note_error.source, note_error.error_type, note_error.message, note_error.place, note_error.severity,
                note_error.times, note_error.first_at, note_error.last_at)
        on conflict (about, fingerprint) do update
        set occurrences = g.occurrences + excluded.occurrences,
            first_seen = least(g.first_seen, excluded.first_seen),
            last_seen = greatest(g.last_seen, excluded.last_seen),
            severity = case when 'critical' in (g.severity, excluded.severity) then 'critical' else 'error' end,
            -- What happened before it was resolved may only be told now; what is ignored stays so.
            state = case when g.state = 'resolved' and excluded.last_seen > g.changed_at then 'open' else g.state end,
            reopened = g.reopened + (g.state = 'resolved' and excluded.last_seen > g.changed_at)::integer,
            changed_at = case when g.state = 'resolved' and excluded.last_seen > g.changed_at then excluded.last_seen else g.changed_at end,
            changed_by = case when g.state = 'resolved' and excluded.last_seen > g.changed_at then null else g.changed_by end
        returning g.id
    $$;
comment on function platform.note_error(uuid, boolean, text, text, text, text, text, text, bigint, timestamptz, timestamptz) is
    'Counts an error to its group and returns that; one that was resolved is open again.';
revoke execute on function platform.note_error(uuid, boolean, text, text, text, text, text, text, bigint, timestamptz, timestamptz) from public;
grant execute on function platform.note_error(uuid, boolean, text, text, text, text, text, text, bigint, timestamptz, timestamptz) to clientele_service;

create table platform.error_logs (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    source          text not null default 'platform' check (length(source) between 1 and 100),
    error_type      text not null check (length(error_type) between 1 and 200),
    error_message   text not null,
    stack_trace     text,
    context         jsonb not null default '{}' check (jsonb_typeof(context) = 'object'),
    user_id         uuid references platform.platform_users (id) on delete set null,
    workspace_id    uuid,
    request_id      text check (length(request_id) <= 255),
    severity        text not null default 'error' check (severity in ('debug', 'info', 'warning', 'error', 'critical')),
    group_id        uuid references platform.error_groups (id) on delete set null,
    own             boolean not null default false,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade
);
comment on column platform.error_logs.group_id is 'With which others it is the same error; null for what is no error, is not counted yet, or is older than 90 days. Of the platform''s own errors the newest few are kept for each group, of others all.';
comment on column platform.error_logs.own is 'The platform''s own, scrubbed; only record_errors says so. Operators of the installation read these, and no product''s.';
comment on table platform.error_logs is 'What went wrong, and what else the platform has to say about itself.';
comment on column platform.error_logs.source is 'The part that says so: a module, a service.';
create index error_logs_newest on platform.error_logs (organization_id, created_at desc);
create index error_logs_type on platform.error_logs (organization_id, error_type, created_at desc);
create index error_logs_workspace on platform.error_logs (organization_id, workspace_id) where workspace_id is not null;
create index error_logs_user on platform.error_logs (user_id) where user_id is not null;
create index error_logs_group on platform.error_logs (group_id, created_at desc) where group_id is not null;
-- Those that are yet to be counted to a group.
create index error_logs_ungrouped on platform.error_logs (created_at) where group_id is null and severity in ('error', 'critical');
create index error_logs_context on platform.error_logs using gin (context jsonb_path_ops);
select platform.protect('platform.error_logs', 'admin');
select platform.searchable('platform.error_logs');
-- Which group an error is of, and whose words it is in, is worked out and not said.
revoke insert, update on platform.error_logs from clientele_app;
grant insert (organization_id, id, source, error_type, error_message, stack_trace, context, user_id, workspace_id, request_id, severity, created_at),
      update (id, source, error_type, error_message, stack_trace, context, user_id, workspace_id, request_id, severity, created_at)
    on platform.error_logs to clientele_app;
create function platform.find_errors(context jsonb, most integer default 100) returns setof platform.error_logs
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
        select e.* from platform.error_logs e
        where e.organization_id = platform.tenant('admin') and e.context @> find_errors.context
        order by e.created_at desc
        limit least(find_errors.most, 1000)
    $$;
comment on function platform.find_errors(jsonb, integer) is 'The newest errors whose context contains this, for administrators.';
select platform.owned_by_search('platform.find_errors(jsonb, integer)');

-- ---------------------------------------------------------------------------------------------------------
-- Alerts

create table platform.alert_thresholds (
    organization_id       uuid not null references platform.organizations (id) on delete cascade,
    id                    uuid not null default gen_random_uuid(),
    metric_name           text not null check (length(metric_name) between 1 and 200),
    comparison            text not null check (comparison in ('greater_than', 'less_than', 'equals')),
    threshold_value       numeric not null,
    severity              text not null default 'warning' check (severity in ('info', 'warning', 'error', 'critical')),
    notification_channels text[] not null default '{}',
    active                boolean not null default true,
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, metric_name, comparison, threshold_value)
);
comment on table platform.alert_thresholds is 'Limits of the platform''s own metrics; passing one raises an alert.';

create table platform.alert_history (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    threshold_id    uuid,
    alert_type      text not null check (length(alert_type) between 1 and 200),
    severity        text not null check (severity in ('info', 'warning', 'error', 'critical')),
    message         text not null,
    metadata        jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    resolved        boolean not null default false,
    resolved_at     timestamptz,
    resolved_by     uuid references platform.platform_users (id) on delete set null,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, threshold_id) references platform.alert_thresholds (organization_id, id) on delete set null (threshold_id),
    check (resolved = (resolved_at is not null)),
    check (resolved or resolved_by is null)
);
comment on table platform.alert_history is 'Alerts, and who dealt with them when.';
comment on column platform.alert_history.threshold_id is 'The limit that raised it; null when something else did.';
create index alert_history_type on platform.alert_history (organization_id, alert_type, created_at desc);
create index alert_history_open on platform.alert_history (organization_id, severity, created_at desc) where not resolved;
-- A limit that stays passed is one alert, not one a minute.
create unique index alert_history_once on platform.alert_history (organization_id, threshold_id) where not resolved and threshold_id is not null;
create index alert_history_threshold on platform.alert_history (organization_id, threshold_id) where threshold_id is not null;
create index alert_history_resolved_by on platform.alert_history (resolved_by) where resolved_by is not null;

create function platform.resolve_alert() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'UPDATE' and old.resolved and not new.resolved then
        raise exception 'An alert that was resolved stays so; if it is back, it is another alert.' using errcode = 'CL001', table = tg_table_name;
    end if;
    new.resolved := new.resolved or new.resolved_at is not null;
    if new.resolved then
        new.resolved_at := coalesce(new.resolved_at, now());
        new.resolved_by := coalesce(new.resolved_by, platform.actor());
    end if;
    return new;
end
$$;
comment on function platform.resolve_alert() is 'Trigger: an alert that is resolved says when and by whom.';
create trigger resolve_inserted before insert on platform.alert_history for each row execute function platform.resolve_alert();
create trigger resolve_updated before update of resolved, resolved_at on platform.alert_history for each row execute function platform.resolve_alert();

select platform.protect('platform.alert_thresholds', 'admin');
select platform.protect('platform.alert_history', 'admin');

create function platform.measure(metric_name text, value numeric, at jsonb default '{}') returns bigint
    language sql
    as $$
        with passed as (
            select t.organization_id, t.id, t.metric_name, t.severity, t.comparison, t.threshold_value, t.notification_channels
            from platform.alert_thresholds t
            where t.organization_id = platform.organization() and t.metric_name = measure.metric_name and t.active
            and case t.comparison when 'greater_than' then measure.value > t.threshold_value
                                  when 'less_than' then measure.value < t.threshold_value
                                  else measure.value = t.threshold_value end
        ), raised as (
            insert into platform.alert_history (organization_id, threshold_id, alert_type, severity, message, metadata)
            select p.organization_id, p.id, p.metric_name, p.severity,
                   format('%s is %s, which is %s %s.', p.metric_name, measure.value, replace(p.comparison, '_', ' '), p.threshold_value),
                   measure.at || jsonb_build_object('value', measure.value, 'threshold', p.threshold_value, 'channels', p.notification_channels)
            from passed p
            on conflict (organization_id, threshold_id) where not resolved and threshold_id is not null do nothing
            returning 1
        )
        select count(*) from raised
    $$;
comment on function platform.measure(text, numeric, jsonb) is 'Holds a measured value against the limits of its metric; returns how many alerts it raised. None while one of the same limit is open.';

-- ---------------------------------------------------------------------------------------------------------
-- Breakers and health

create table platform.circuit_breaker_telemetry (
    organization_id  uuid not null references platform.organizations (id) on delete cascade,
    id               uuid not null default gen_random_uuid(),
    service_name     text not null check (length(service_name) between 1 and 100),
    state            text not null default 'closed',
    failure_count    bigint not null default 0 check (failure_count >= 0),
    success_count    bigint not null default 0 check (success_count >= 0),
    last_failure_at  timestamptz,
    last_success_at  timestamptz,
    state_changed_at timestamptz not null default now(),
    created_at       timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, service_name)
);
comment on table platform.circuit_breaker_telemetry is 'The breaker before each service outside: closed lets calls through, open keeps them back, half_open tries one. Its past is in the log.';
comment on column platform.circuit_breaker_telemetry.failure_count is 'Since the state changed, like success_count.';

create function platform.turn_breaker() returns trigger
    language plpgsql
    as $$
begin
    new.state_changed_at := now();
    new.failure_count := 0;
    new.success_count := 0;
    return new;
end
$$;
comment on function platform.turn_breaker() is 'Trigger: a breaker that changes counts anew.';
create trigger turn before update of state on platform.circuit_breaker_telemetry
    for each row when (old.state is distinct from new.state) execute function platform.turn_breaker();

select platform.protect('platform.circuit_breaker_telemetry', 'service');
select platform.states('platform.circuit_breaker_telemetry', 'state', $$
    closed    > open
    open      > half_open
    half_open > closed, open
$$, told_as => 'circuit_breaker_changed');

create function platform.record_call(service text, succeeded boolean, opens_after integer default 5) returns text
    language sql
    as $$
        insert into platform.circuit_breaker_telemetry as c (organization_id, service_name, failure_count, success_count, last_failure_at, last_success_at, state)
        values (platform.organization(), record_call.service, (not record_call.succeeded)::integer, record_call.succeeded::integer,
                case when not record_call.succeeded then now() end, case when record_call.succeeded then now() end,
                case when not record_call.succeeded and record_call.opens_after <= 1 then 'open' else 'closed' end)
        on conflict (organization_id, service_name) do update
        set -- Failures in a row count; a success between them forgives.
            failure_count = case when record_call.succeeded then 0 else c.failure_count + 1 end,
            success_count = c.success_count + record_call.succeeded::integer,
            last_failure_at = case when record_call.succeeded then c.last_failure_at else now() end,
            last_success_at = case when record_call.succeeded then now() else c.last_success_at end,
            state = case when c.state = 'half_open' then case when record_call.succeeded then 'closed' else 'open' end
                         when c.state = 'closed' and not record_call.succeeded and c.failure_count + 1 >= record_call.opens_after then 'open'
                         else c.state end
        returning c.state
    $$;
comment on function platform.record_call(text, boolean, integer) is 'Tells a breaker how a call went; returns its state. So many failures in a row open it; the trial of a half-open one closes or opens it.';

create function platform.may_call(service text, wait interval default '30 seconds') returns boolean
    language plpgsql
    as $$
declare
    state text;
begin
    -- Of many who ask when the wait is over, one makes the trial.
    update platform.circuit_breaker_telemetry c set state = 'half_open'
    where c.organization_id = platform.organization() and c.service_name = may_call.service and c.state = 'open' and c.state_changed_at <= now() - may_call.wait;
    if found then
        return true;
    end if;
    select c.state into state from platform.circuit_breaker_telemetry c where c.organization_id = platform.organization() and c.service_name = may_call.service;
    return coalesce(state, 'closed') = 'closed';
end
$$;
comment on function platform.may_call(text, interval) is 'Does the breaker let a call through? After the wait, an open one lets one through to try.';
revoke execute on function platform.record_call(text, boolean, integer) from public;
revoke execute on function platform.may_call(text, interval) from public;
grant execute on function platform.record_call(text, boolean, integer) to clientele_service;
grant execute on function platform.may_call(text, interval) to clientele_service;

create table platform.system_health_checks (
    organization_id  uuid not null references platform.organizations (id) on delete cascade,
    id               uuid not null default gen_random_uuid(),
    service_name     text not null check (length(service_name) between 1 and 100),
    check_name       text not null check (length(check_name) between 1 and 100),
    status           text not null check (status in ('healthy', 'degraded', 'unhealthy')),
    response_time_ms integer check (response_time_ms >= 0),
    check_data       jsonb not null default '{}' check (jsonb_typeof(check_data) = 'object'),
    error_message    text,
    checked_at       timestamptz not null default now(),
    primary key (organization_id, id)
);
comment on table platform.system_health_checks is 'What each probe of each service found.';
create index system_health_checks_newest on platform.system_health_checks (organization_id, service_name, check_name, checked_at desc);
create index system_health_checks_age on platform.system_health_checks (organization_id, checked_at desc);
select platform.protect('platform.system_health_checks', 'admin');

create function platform.tell_health() returns trigger
    language plpgsql
    as $$
declare
    before text;
begin
    select h.status into before
    from platform.system_health_checks h
    where h.organization_id = new.organization_id and h.service_name = new.service_name and h.check_name = new.check_name and h.id <> new.id
    order by h.checked_at desc
    limit 1;
    if new.status <> coalesce(before, 'healthy') then
        insert into platform.alert_history (organization_id, alert_type, severity, message, metadata)
        values (new.organization_id, 'health_changed', case new.status when 'unhealthy' then 'critical' when 'degraded' then 'warning' else 'info' end,
                format('%s: %s is %s.', new.service_name, new.check_name, new.status),
                jsonb_build_object('service', new.service_name, 'check', new.check_name, 'from', before, 'to', new.status, 'error', new.error_message));
    end if;
    return null;
end
$$;
comment on function platform.tell_health() is 'Trigger: a probe that finds something else than the one before raises an alert.';
create trigger tell after insert on platform.system_health_checks for each row execute function platform.tell_health();

-- ---------------------------------------------------------------------------------------------------------
-- The installation: its nodes, what it depends on, and how its tables grow. Of no organization: operators read it through the API.

create table platform.nodes (
    id          uuid primary key,
    name        text not null check (length(name) between 1 and 200),
    version     text not null check (length(version) <= 100),
    started_at  timestamptz not null,
    seen_at     timestamptz not null,
    recorded_at timestamptz,
    facts       jsonb not null default '{}' check (jsonb_typeof(facts) = 'object')
);
comment on table platform.nodes is 'The running servers. Each says every minute that it is there, which also proves that the database takes writes.';
comment on column platform.nodes.recorded_at is 'When this one last looked at what all nodes depend on; one of them does.';
select platform.protect('platform.nodes', 'service');

create table platform.installation (
    only_one    boolean primary key default true check (only_one),
    id          uuid not null default gen_random_uuid(),
    operated_by uuid references platform.organizations (id) on delete set null
);
comment on table platform.installation is 'Which organization runs the installation: the first there was. Null when that was deleted; then nobody does until somebody with access to the database says who.';
comment on column platform.installation.id is 'Stands in each node''s data folder too: a server refuses a folder of another installation.';
create index installation_operated_by on platform.installation (operated_by) where operated_by is not null;
select platform.protect('platform.installation', 'service');
create policy owner on platform.installation to clientele_owner using (true) with check (true);

create function platform.found_installation() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    insert into platform.installation (operated_by)
    select o.id from founded o order by o.created_at, o.id limit 1
    on conflict do nothing;
    return null;
end
$$;
comment on function platform.found_installation() is 'Trigger: the first organization runs the installation.';
create trigger found_installation after insert on platform.organizations
    referencing new table as founded for each statement execute function platform.found_installation();

create table platform.health_results (
    service_name     text not null check (length(service_name) between 1 and 100),
    check_name       text not null check (length(check_name) between 1 and 300),
    status           text not null check (status in ('healthy', 'degraded', 'unhealthy')),
    response_time_ms integer not null check (response_time_ms >= 0),
    check_data       jsonb not null default '{}' check (jsonb_typeof(check_data) = 'object'),
    code             text check (length(code) between 1 and 100),
    error_message    text check (length(error_message) <= 2000),
    node             text check (length(node) <= 100),
    checked_at       timestamptz not null,
    primary key (service_name, check_name, checked_at)
);
comment on table platform.health_results is 'What was found each minute of what the installation depends on; kept for 30 days. An organization''s own probes are in platform.system_health_checks.';
comment on column platform.health_results.code is 'Which fault it is, which stays when the sentence in error_message changes; null: none. What the sentence names is in check_data.';
comment on column platform.health_results.node is 'Which node it is about; null: what all of them depend on.';
create index health_results_age on platform.health_results (checked_at);
select platform.protect('platform.health_results', 'service');

create table platform.database_sizes (
    relation text not null,
    day      date not null,
    bytes    bigint not null check (bytes >= 0),
    rows     bigint not null check (rows >= 0),
    primary key (relation, day)
);
comment on table platform.database_sizes is 'How large the database (its relation is empty) and its largest tables were, day by day; kept for 400 days.';
comment on column platform.database_sizes.rows is 'As PostgreSQL estimates them.';
select platform.protect('platform.database_sizes', 'service');

-- ---------------------------------------------------------------------------------------------------------
-- Schema files. The migrator makes this table before the first file runs; a database whose files are applied by hand
-- gets it here.

create table if not exists platform.schema_migrations (
    module       text not null,
    file         text not null,
    checksum     text not null,
    applied_at   timestamptz not null default now(),
    duration_ms  integer not null,
    primary key (module, file)
);
comment on table platform.schema_migrations is 'The schema files applied to this database.';
select platform.protect('platform.schema_migrations', 'custom');
create policy owner on platform.schema_migrations to clientele_owner using (true) with check (true);
create policy admin on platform.schema_migrations for select to clientele_app using ((select platform.tenant('admin')) is not null);
revoke insert, update, delete on platform.schema_migrations from clientele_service;
grant select on platform.schema_migrations to clientele_app;

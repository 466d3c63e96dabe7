-- The audit trail: who did or read what, when, from where. One table for every document that keeps one; only ever
-- added to, in monthly partitions. Entries are written without waiting for one another; what is below the watermark is
-- sealed afterwards, block by block, each with the hash of the one before (audit_seals, code/seals.sql, decision 15).

create sequence platform.activity_position;

create table platform.activity_logs (
    organization_id    uuid not null references platform.organizations (id) on delete cascade,
    id                 uuid not null default gen_random_uuid(),

    actor              uuid,
    api_key_id         uuid,
    actor_type         text not null default 'user' check (actor_type in ('user', 'system', 'api')),
    user_id            uuid references platform.platform_users (id) on delete set null,
    user_name          text check (length(user_name) <= 255),
    user_email         text check (length(user_email) <= 255),
    user_role          text check (length(user_role) <= 50),

    activity_type      text not null check (activity_type ~ '^[a-z][a-z0-9_.]{0,99}$'),
    resource_type      text not null check (resource_type ~ '^[a-z][a-z0-9_.]{0,99}$'),
    resource_id        text check (length(resource_id) <= 255),
    resource_name      text check (length(resource_name) <= 255),
    action_description text not null default '',
    reason             text,

    old_values         jsonb,
    new_values         jsonb,
    changed_fields     text[],

    subject_id         uuid,
    regulation         text check (regulation in ('hipaa', 'gdpr', 'fda', 'other')),
    data_categories    text[] not null default '{}',

    ip_address         inet,
    user_agent         text,
    session_id         uuid,
    request_id         text check (length(request_id) <= 255),
    api_endpoint       text check (length(api_endpoint) <= 255),
    http_method        text check (length(http_method) <= 10),
    response_status    integer check (response_status between 100 and 599),
    processing_time_ms integer check (processing_time_ms >= 0),

    severity           text not null default 'info' check (severity in ('debug', 'info', 'warning', 'error', 'critical')),
    tags               text[] not null default '{}',
    additional_context jsonb not null default '{}' check (jsonb_typeof(additional_context) = 'object'),

    occurred_at        timestamptz not null default now(),
    hour_of_day        integer not null generated always as (extract(hour from occurred_at at time zone 'UTC')::integer) stored,
    day_of_week        integer not null generated always as (extract(dow from occurred_at at time zone 'UTC')::integer) stored,

    -- what the seal is about
    salt               bytea,
    personal_digest    bytea,
    epoch              smallint not null default 1,
    writer             xid8 not null default pg_current_xact_id(),
    position           bigint not null default nextval('platform.activity_position'),

    constraint user_is_actor check (user_id = actor),
    primary key (organization_id, id, occurred_at)
) partition by range (occurred_at);
comment on table platform.activity_logs is 'The audit trail of staff, keys and the platform itself. Only ever added to.';
comment on column platform.activity_logs.actor is 'The member of staff. Stays when the account goes, when user_id is emptied.';
comment on column platform.activity_logs.api_key_id is 'The key, when a program acted. No foreign key: the trail stays when the key goes.';
comment on column platform.activity_logs.personal_digest is 'SHA-256 of salt, old_values, new_values and resource_name. An erasure empties those four, and the digest, which nobody can guess from then on, keeps the seal whole.';
comment on column platform.activity_logs.epoch is 'The life of the server in which it was written; with writer and position the order in which entries are sealed.';
comment on column platform.activity_logs.user_name is 'As it was then, like address and role: the trail outlives the account.';
comment on column platform.activity_logs.activity_type is 'create, update, delete, read, login, logout, export, import, or a word of the product: user_suspended.';
comment on column platform.activity_logs.resource_type is 'customer, campaign, segment, dashboard, connection, pot…';
comment on column platform.activity_logs.subject_id is 'The customer whose data it was about. No foreign key: the trail stays when the customer goes.';
comment on column platform.activity_logs.regulation is 'The rules for which the entry must be kept; null for everyday entries.';
comment on column platform.activity_logs.data_categories is 'What kind of data was seen or changed: health, contact, payment…';
comment on column platform.activity_logs.hour_of_day is '0 to 23, UTC.';
comment on column platform.activity_logs.day_of_week is '0 (Sunday) to 6, UTC.';

create index activity_logs_newest on platform.activity_logs (organization_id, occurred_at desc);
create index activity_logs_order on platform.activity_logs (organization_id, epoch, writer, position);
create index activity_logs_user on platform.activity_logs (user_id, resource_type, occurred_at desc) where user_id is not null;
create index activity_logs_activity on platform.activity_logs (organization_id, activity_type, occurred_at desc);
create index activity_logs_resource on platform.activity_logs (organization_id, resource_type, resource_id, occurred_at desc);
create index activity_logs_subject on platform.activity_logs (organization_id, subject_id, occurred_at desc) where subject_id is not null;
create index activity_logs_serious on platform.activity_logs (organization_id, severity, occurred_at desc) where severity in ('warning', 'error', 'critical');
create index activity_logs_session on platform.activity_logs (session_id) where session_id is not null;

select platform.protect('platform.activity_logs', 'custom');
select platform.only_added_to('platform.activity_logs', blankable => '{old_values, new_values, resource_name, salt}');
revoke update (old_values, new_values, resource_name, salt) on platform.activity_logs from clientele_app;
create policy admin on platform.activity_logs for select to clientele_app using (organization_id = (select platform.tenant('admin')));
-- A member adds what they did themselves; what others did, only the platform can know.
create policy author on platform.activity_logs for insert to clientele_app
    with check (organization_id = (select platform.tenant('member'))
                and (user_id is not distinct from (select platform.actor()) or (select platform.tenant('system')) is not null));
grant select on platform.activity_logs to clientele_app;
-- Nobody chooses what the seal is about.
do $$
declare
    columns text := (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                     where a.attrelid = 'platform.activity_logs'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                       and a.attname not in ('actor', 'salt', 'personal_digest', 'epoch', 'writer', 'position'));
begin
    execute format('grant insert (%s) on platform.activity_logs to clientele_app', columns);
end
$$;
grant usage on sequence platform.activity_position to clientele_app, clientele_service;
create policy owner on platform.activity_logs for insert to clientele_owner with check (true);
-- Blanking is for platform.forget alone, which runs as the owner.
create policy forgetting on platform.activity_logs to clientele_owner using (organization_id = (select platform.tenant('admin')));

select platform.partitioned('platform.activity_logs', ahead => 3, past => 1);

create function platform.personal_digest(salt bytea, old_values jsonb, new_values jsonb, resource_name text) returns bytea
    language sql immutable parallel safe
    as $$ select sha256(salt || convert_to(jsonb_build_array(old_values, new_values, resource_name)::text, 'UTF8')) $$;
comment on function platform.personal_digest(bytea, jsonb, jsonb, text) is 'What is left of the personal part of an entry of the audit trail when it is erased.';

create function platform.sign_activity() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    person  record;
    request jsonb := nullif(current_setting('clientele.request', true), '')::jsonb;
    -- The platform itself: acting for one organization, or for all of them.
    trusted boolean := platform.tenant('system') is not null or platform.organization() is null;
begin
    if not trusted then
        if new.user_id is distinct from platform.actor() and new.user_id is not null or new.actor_type = 'system' then
            raise exception 'An entry of the audit trail is written in one''s own name.' using errcode = 'insufficient_privilege';
        end if;
        -- A row cannot leave its partition any more.
        if date_trunc('month', new.occurred_at at time zone 'UTC') is distinct from date_trunc('month', now() at time zone 'UTC') then
            raise exception 'An entry of the audit trail is of the moment it is written. Leave the time out.' using errcode = 'insufficient_privilege';
        end if;
        new.actor_type := case when platform.actor() is not null then 'user' else 'api' end;
        new.user_id := platform.actor();
        new.user_name := null;
        new.user_email := null;
        new.user_role := null;
        new.occurred_at := now();
    elsif new.actor_type = 'user' then
        new.user_id := coalesce(new.user_id, platform.actor());
    end if;
    if request is not null and (not trusted or new.request_id is null) then
        new.request_id := request ->> 'id';
        new.ip_address := (request ->> 'ip')::inet;
        new.user_agent := request ->> 'agent';
        new.http_method := request ->> 'method';
        new.api_endpoint := left(request ->> 'endpoint', 255);
        new.session_id := (request ->> 'session')::uuid;
        new.api_key_id := (request ->> 'key')::uuid;
    elsif not trusted then
        new.api_key_id := null;
    end if;
    new.actor := new.user_id;
    if new.user_id is not null and new.user_name is null then
        select u.name, u.email, m.role into person
        from platform.platform_users u
        left join platform.organization_members m on m.user_id = u.id and m.organization_id = new.organization_id
        where u.id = new.user_id;
        new.user_name := person.name;
        new.user_email := person.email;
        new.user_role := coalesce(new.user_role, person.role);
    end if;
    if new.changed_fields is null and new.old_values is not null and new.new_values is not null then
        new.changed_fields := array(
            select k from jsonb_object_keys(new.old_values || new.new_values) as k
            where new.old_values -> k is distinct from new.new_values -> k order by k);
    end if;
    new.salt := uuid_send(gen_random_uuid());
    new.personal_digest := platform.personal_digest(new.salt, new.old_values, new.new_values, new.resource_name);
    new.writer := pg_current_xact_id();
    return new;
end
$$;
comment on function platform.sign_activity() is 'Trigger: copies who the actor was at the time, and names the fields that changed. Only the platform itself says who and when; of anybody else it is known.';
create trigger sign before insert on platform.activity_logs for each row execute function platform.sign_activity();

create function platform.audit(
    activity_type text, resource_type text, resource_id text default null, description text default '', reason text default null,
    old_values jsonb default null, new_values jsonb default null, severity text default 'info',
    subject_id uuid default null, regulation text default null, context jsonb default '{}'
) returns uuid
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    entry uuid := gen_random_uuid();
begin
    if platform.tenant('key') is null then
        raise exception 'Visitors do not write the audit trail.' using errcode = 'insufficient_privilege';
    end if;
    insert into platform.activity_logs (organization_id, id, actor_type, user_id, activity_type, resource_type, resource_id, action_description, reason,
                                        old_values, new_values, severity, subject_id, regulation, additional_context)
    values (platform.tenant('key'), entry,
            case when platform.actor() is not null then 'user' when platform.tenant('system') is not null then 'system' else 'api' end, platform.actor(),
            audit.activity_type, audit.resource_type, audit.resource_id, audit.description, audit.reason,
            audit.old_values, audit.new_values, audit.severity, audit.subject_id, audit.regulation, audit.context);
    return entry;
end
$$;
comment on function platform.audit(text, text, text, text, text, jsonb, jsonb, text, uuid, text, jsonb) is
    'Adds an entry to the audit trail, in the name of whoever the transaction acts for; returns its id. Also for keys, which cannot write the trail themselves.';
revoke execute on function platform.audit(text, text, text, text, text, jsonb, jsonb, text, uuid, text, jsonb) from public;
grant execute on function platform.audit(text, text, text, text, text, jsonb, jsonb, text, uuid, text, jsonb) to clientele_app, clientele_service;

-- ---------------------------------------------------------------------------------------------------------
-- Changes of configuration write their entries themselves, whichever way they come.

create function platform.record_change() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    resource     text := tg_argv[0];
    watched      text[] := tg_argv[1]::text[];
    named        text := nullif(tg_argv[2], '');
    hidden       text[] := tg_argv[3]::text[];
    before       jsonb := to_jsonb(old);
    after        jsonb := to_jsonb(new);
    either       jsonb := coalesce(after, before);
    organization uuid := coalesce(either ->> 'organization_id', either ->> 'id')::uuid;
    was          jsonb;
    becomes      jsonb;
begin
    -- The Data API has said it already, in the statement that writes; some acts say it in words of their own, once for all they
    -- change. A key that is sealed anew is no change.
    if current_setting('clientele.through', true) = 'data_api' or current_setting('clientele.told', true) = 'on' or current_setting('clientele.resealing', true) = 'on'
       -- Neither what an organization begins with, nor what goes with it.
       or not exists (select from platform.organizations o where o.id = organization and o.created_at < now()) then
        return null;
    end if;
    select jsonb_object_agg(c, case when c = any (hidden) then '"(hidden)"' else before -> c end) filter (where before is not null),
           jsonb_object_agg(c, case when c = any (hidden) then '"(hidden, changed)"' else after -> c end) filter (where after is not null)
    into was, becomes
    from unnest(watched) as c
    where before -> c is distinct from after -> c and (coalesce(before -> c, 'null') <> 'null' or coalesce(after -> c, 'null') <> 'null');
    if was is null and becomes is null then
        return null;
    end if;
    insert into platform.activity_logs (organization_id, actor_type, user_id, activity_type, resource_type, resource_id, resource_name, reason, old_values, new_values, severity)
    values (organization, case when platform.actor() is not null then 'user' when platform.tenant('system') is not null or platform.organization() is null then 'system' else 'api' end,
            platform.actor(), case tg_op when 'INSERT' then 'create' when 'DELETE' then 'delete' else 'update' end, resource,
            coalesce(either ->> 'id', either ->> 'user_id'), left(either ->> named, 255),
            coalesce(nullif(current_setting('clientele.reason', true), ''), after ->> 'change_reason'), was, becomes, tg_argv[4]);
    return null;
end
$$;
comment on function platform.record_change() is 'Trigger of platform.audited: an entry of the audit trail with the fields that changed.';

create function platform.audited(relation regclass, resource text, watched name[], named name default null, hidden name[] default '{}', severity text default 'info') returns void
    language plpgsql
    as $$
begin
    execute format('create trigger audited after insert or delete or update of %s on %s for each row execute function platform.record_change(%L, %L, %L, %L, %L)',
        (select string_agg(quote_ident(w), ', ') from unnest(watched) as w), relation, resource, watched, coalesce(named, ''), hidden, severity);
end
$$;
comment on function platform.audited(regclass, text, name[], name, name[], text) is
    'Lets every change of a table''s configuration leave an entry in the audit trail, whichever way it comes: the fields "watched", from what to what; of those "hidden" only that they changed. "named": the column people know it by.';
revoke execute on function platform.audited(regclass, text, name[], name, name[], text) from public;

select platform.audited('platform.organizations', 'organization', '{name, slug, time_zone, currency}', 'name');
select platform.audited('platform.workspaces', 'workspace', '{name, slug, closed_at}', 'name');
select platform.audited('platform.organization_members', 'member', '{user_id, role, status}', severity => 'warning');
select platform.audited('platform.organization_roles', 'role', '{role, rank, access, name, description}', 'role', severity => 'warning');
select platform.audited('platform.role_permissions', 'permission', '{role, permission, resource, action, is_active}', 'role', severity => 'warning');
select platform.audited('platform.api_keys', 'api_key', '{name, kind, workspace_id, key_hint, scopes, allowed_origins, allowed_addresses, statement_timeout_ms, max_rows, max_cost, replaces, expires_at, revoked_at}',
    'name', severity => 'warning');
select platform.audited('platform.setting_values', 'setting', '{setting_key, environment, setting_value, secret, is_sensitive, data_type, validation_rules, description, requires_restart}', 'setting_key', hidden => '{secret}');
select platform.audited('platform.scheduled_jobs', 'job', '{job_name, job_type, cron_expression, frequency, timezone, job_config, timeout_seconds, max_retries, missed_runs, is_enabled}', 'job_name');

-- ---------------------------------------------------------------------------------------------------------
-- Tables about people: reading them leaves an entry, where a server stands between reader and table.

create table platform.sensitive_relations (
    relation text primary key
);
comment on table platform.sensitive_relations is 'Tables that hold data about people, as declared with platform.sensitive. The Data API writes an entry of the audit trail when they, or views of a blueprint over them, are read.';
select platform.protect('platform.sensitive_relations', 'public');
create policy owner on platform.sensitive_relations to clientele_owner using (true) with check (true);

create function platform.sensitive(relation regclass) returns void
    language sql
    as $$ insert into platform.sensitive_relations (relation) values (sensitive.relation::text) on conflict do nothing $$;
comment on function platform.sensitive(regclass) is 'Declares a table to hold data about people.';
revoke execute on function platform.sensitive(regclass) from public;

-- ---------------------------------------------------------------------------------------------------------
-- Seals

create table platform.audit_seals (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    block           bigint not null check (block > 0),
    entry_ids       uuid[] not null check (cardinality(entry_ids) between 1 and 1000),
    digests         bytea[] not null,
    epoch           smallint not null,
    writer          xid8 not null,
    position        bigint not null,
    previous        bytea not null check (length(previous) = 32),
    hash            bytea not null check (length(hash) = 32),
    key_id          text not null check (length(key_id) <= 50),
    signature       bytea not null check (length(signature) = 32),
    sealed_at       timestamptz not null,
    primary key (organization_id, block),
    check (cardinality(entry_ids) = cardinality(digests))
);
comment on table platform.audit_seals is 'The chain of an organization''s audit trail: each block names its entries with a digest of each, and carries the hash of the block before. See clientele audit verify.';
comment on column platform.audit_seals.epoch is 'With writer and position: the place of its last entry; the next block begins after it.';
comment on column platform.audit_seals.previous is 'Hash of the block before; 32 zero bytes for the first.';
comment on column platform.audit_seals.signature is 'HMAC-SHA-256 of the hash with a key of the server''s ring, which is not in the database: whoever can write the database alone cannot forge the chain.';
select platform.protect('platform.audit_seals', 'admin');
revoke insert, update, delete on platform.audit_seals from clientele_app;
select platform.only_added_to('platform.audit_seals');

-- The audit trail: who did or read what, when, from where. One table for every document that keeps one; only ever
-- added to, in monthly partitions.

create table platform.activity_logs (
    organization_id    uuid not null references platform.organizations (id) on delete cascade,
    id                 uuid not null default gen_random_uuid(),

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

    primary key (organization_id, id, occurred_at)
) partition by range (occurred_at);
comment on table platform.activity_logs is 'The audit trail of staff, keys and the platform itself. Only ever added to.';
comment on column platform.activity_logs.user_name is 'As it was then, like address and role: the trail outlives the account.';
comment on column platform.activity_logs.activity_type is 'create, update, delete, read, login, logout, export, import, or a word of the product: user_suspended.';
comment on column platform.activity_logs.resource_type is 'customer, campaign, segment, dashboard, connection, pot…';
comment on column platform.activity_logs.subject_id is 'The customer whose data it was about. No foreign key: the trail stays when the customer goes.';
comment on column platform.activity_logs.regulation is 'The rules for which the entry must be kept; null for everyday entries.';
comment on column platform.activity_logs.data_categories is 'What kind of data was seen or changed: health, contact, payment…';
comment on column platform.activity_logs.hour_of_day is '0 to 23, UTC.';
comment on column platform.activity_logs.day_of_week is '0 (Sunday) to 6, UTC.';

create index activity_logs_newest on platform.activity_logs (organization_id, occurred_at desc);
create index activity_logs_user on platform.activity_logs (user_id, resource_type, occurred_at desc) where user_id is not null;
create index activity_logs_activity on platform.activity_logs (organization_id, activity_type, occurred_at desc);
create index activity_logs_resource on platform.activity_logs (organization_id, resource_type, resource_id, occurred_at desc);
create index activity_logs_subject on platform.activity_logs (organization_id, subject_id, occurred_at desc) where subject_id is not null;
create index activity_logs_serious on platform.activity_logs (organization_id, severity, occurred_at desc) where severity in ('warning', 'error', 'critical');
create index activity_logs_session on platform.activity_logs (session_id) where session_id is not null;

select platform.protect('platform.activity_logs', 'custom');
select platform.only_added_to('platform.activity_logs', blankable => '{old_values, new_values, resource_name}');
revoke update (old_values, new_values, resource_name) on platform.activity_logs from clientele_app;
create policy admin on platform.activity_logs for select to clientele_app using (organization_id = (select platform.tenant('admin')));
-- A member adds what they did themselves; what others did, only the platform can know.
create policy author on platform.activity_logs for insert to clientele_app
    with check (organization_id = (select platform.tenant('member'))
                and (user_id is not distinct from (select platform.actor()) or (select platform.tenant('system')) is not null));
grant select, insert on platform.activity_logs to clientele_app;
create policy owner on platform.activity_logs for insert to clientele_owner with check (true);
-- Blanking is for platform.forget alone, which runs as the owner.
create policy forgetting on platform.activity_logs to clientele_owner using (organization_id = (select platform.tenant('admin')));

select platform.partitioned('platform.activity_logs', ahead => 3, past => 1);

create function platform.sign_activity() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    person  record;
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

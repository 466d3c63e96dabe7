-- Platform: tenancy, row-level security in one line per table, and who works here.
--
-- Every tenant table starts its primary key with organization_id, so that a foreign key between tenant
-- tables names the tenant too (PostgreSQL checks foreign keys without row-level security: a key on id alone
-- could point into another organization) and so that tables can be distributed by it one day.

-- ---------------------------------------------------------------------------------------------------------
-- Organizations and workspaces

create table platform.organizations (
    id          uuid primary key default gen_random_uuid(),
    slug        text not null unique check (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
    name        text not null check (length(name) between 1 and 200),
    time_zone   text not null default 'UTC',
    currency    text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
    is_demo     boolean not null default false,
    closed_at   timestamptz,
    closed_by   uuid,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
comment on table platform.organizations is 'The tenant. Its time zone and currency are the ones every report is in.';
comment on column platform.organizations.slug is 'The word in the console''s address.';
comment on column platform.organizations.time_zone is 'IANA name, e.g. Europe/London.';
comment on column platform.organizations.closed_at is 'When it was given up: closed to everybody but its super administrators, who may reopen it for 30 days; then it is deleted.';
comment on column platform.organizations.currency is 'ISO 4217 code. Amounts in another currency carry the rate they were converted with.';

create function platform.check_time_zone() returns trigger
    language plpgsql
    as $$
begin
    -- A check constraint may not look into a catalogue.
    if not exists (select from pg_timezone_names z where z.name = new.time_zone) then
        raise exception 'There is no time zone "%". Use an IANA name such as Europe/London.', new.time_zone using errcode = 'check_violation';
    end if;
    return new;
end
$$;
comment on function platform.check_time_zone() is 'Trigger: refuses a time zone PostgreSQL does not know.';
create trigger time_zone before insert or update of time_zone on platform.organizations
    for each row when (new.time_zone <> 'UTC') execute function platform.check_time_zone();

create table platform.workspaces (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    slug            text not null check (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
    name            text not null check (length(name) between 1 and 200),
    closed_at       timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, slug)
);
comment on column platform.workspaces.closed_at is
    'When it was given up: from then on its keys open nothing and nothing new belongs to it. It may be reopened for 30 days; then its keys are deleted. What was collected and sold in it stays: customers belong to the organization.';
comment on table platform.workspaces is 'A shop, a site or an app of an organization; what the assistant document calls a customer_config.';

-- ---------------------------------------------------------------------------------------------------------
-- Staff

create table platform.roles (
    role        text primary key check (role ~ '^[a-z][a-z0-9_]{0,49}$'),
    rank        smallint not null unique check (rank > 0),
    description text not null
);
comment on table platform.roles is 'The roles a member of staff can have. What a role may do stands in platform.role_permissions.';
comment on column platform.roles.rank is '1 is the highest.';
insert into platform.roles (role, rank, description) values
    ('super_admin', 1, 'May do everything in the organization'),
    ('admin', 2, 'Runs the organization: staff, customers, campaigns, dashboards'),
    ('marketing_manager', 3, 'Campaigns, segments, promotions'),
    ('data_analyst', 4, 'Analytics and cohorts'),
    ('viewer', 5, 'Reads');

create table platform.organization_roles (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    role            text not null check (role ~ '^[a-z][a-z0-9_]{0,49}$'),
    rank            smallint not null check (rank > 0),
    access          text not null default 'member' check (access in ('member', 'admin')),
    name            text check (length(name) between 1 and 100),
    description     text not null check (length(description) <= 500),
    is_custom       boolean not null default true,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, role),
    constraint custom_ranks_lower check (not is_custom or rank > 1)
);
comment on table platform.organization_roles is 'The roles of one organization: the five every organization has, and those it made itself. What a role may do stands in platform.role_permissions.';
comment on column platform.organization_roles.rank is '1 is the highest. Nobody gives or touches a role above their own; a role of the organization''s own ranks beside one of the five.';
comment on column platform.organization_roles.access is 'Which tables it reaches: those of members, or those of administrators too.';
comment on column platform.organization_roles.name is 'What people call it; null for the five, which the console names.';

create function platform.give_roles() returns trigger
    language plpgsql
    as $$
begin
    insert into platform.organization_roles (organization_id, role, rank, access, description, is_custom)
    select new.id, r.role, r.rank, case when r.rank <= 2 then 'admin' else 'member' end, r.description, false from platform.roles r;
    return null;
end
$$;
comment on function platform.give_roles() is 'Trigger: a new organization gets the five roles.';
-- Before the permissions, which name them: triggers fire in the order of their names.
create trigger a_give_roles after insert on platform.organizations for each row execute function platform.give_roles();

create table platform.platform_users (
    id                      uuid primary key default gen_random_uuid(),
    email                   platform.email_address not null,
    password_hash           text,
    must_change_password    boolean not null default false,
    name                    text not null check (length(name) between 1 and 255),
    avatar_url              text,
    status                  text not null default 'active',

    email_verified          boolean not null default false,
    email_verification_hash bytea unique check (length(email_verification_hash) = 32),
    password_reset_hash     bytea unique check (length(password_reset_hash) = 32),
    password_reset_expires  timestamptz,
    last_login              timestamptz,

    totp_secret             bytea,
    totp_enabled_at         timestamptz,
    totp_last_step          bigint,

    timezone                platform.time_zone not null default 'UTC',
    language                text not null default 'en' check (language in ('en', 'fr')),
    theme                   text not null default 'auto' check (theme in ('light', 'dark', 'auto')),
    dashboard_config        jsonb not null default '{}' check (jsonb_typeof(dashboard_config) = 'object'),
    notification_preferences jsonb not null default '{"email_campaigns": true, "email_alerts": true, "browser_notifications": true}'
                                check (jsonb_typeof(notification_preferences) = 'object'),

    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    created_by              uuid references platform.platform_users (id) on delete set null,
    updated_by              uuid references platform.platform_users (id) on delete set null,
    check ((password_reset_hash is null) = (password_reset_expires is null)),
    check (totp_enabled_at is null or totp_secret is not null)
);
comment on table platform.platform_users is 'Staff who sign in to the console. A person may be a member of several organizations; role and standing there are in organization_members.';
comment on column platform.platform_users.status is 'Of the account, everywhere. Its standing in one organization is organization_members.status.';
comment on column platform.platform_users.password_hash is 'PBKDF2-HMAC-SHA512 with its own salt and iteration count; null until a password is set.';
comment on column platform.platform_users.must_change_password is 'True while the password is the one-time one.';
comment on column platform.platform_users.email_verification_hash is 'SHA-256 of the token in the mail that proves the address.';
comment on column platform.platform_users.password_reset_hash is 'SHA-256 of the token in the mail that lets its reader choose a password.';
comment on column platform.platform_users.totp_secret is 'The secret shared with an authenticator app, encrypted by the server.';
comment on column platform.platform_users.totp_enabled_at is 'Since when a sign-in needs a second factor; null: it does not, even while a secret waits to be confirmed.';
comment on column platform.platform_users.totp_last_step is 'The newest half minute a code was taken for: none is taken twice.';
comment on column platform.platform_users.notification_preferences is 'What the person wants to be told: email_campaigns, email_alerts, browser_notifications.';
create unique index platform_users_email on platform.platform_users (lower(email));
create index platform_users_created_by on platform.platform_users (created_by);
create index platform_users_updated_by on platform.platform_users (updated_by);

create table platform.sign_in_attempts (
    address_hash    bytea primary key check (length(address_hash) = 32),
    attempts        integer not null default 1 check (attempts > 0),
    last_attempt    timestamptz not null default now(),
    locked_until    timestamptz
);
comment on table platform.sign_in_attempts is 'Tries to sign in that did not succeed, by e-mail address, whether or not somebody has it (who is locked out tells nothing about who exists), by network address, and by person for the second factor. Forgotten after a day, or by success.';
comment on column platform.sign_in_attempts.address_hash is 'SHA-256 of the e-mail address in lower case; of "from " and the network address; of "second factor " and the person.';

create table platform.organization_members (
    organization_id         uuid not null references platform.organizations (id) on delete cascade,
    user_id                 uuid not null references platform.platform_users (id) on delete cascade,
    role                    text not null,
    status                  text not null default 'active',
    invited_by              uuid references platform.platform_users (id) on delete set null,
    invitation_hash         bytea unique check (length(invitation_hash) = 32),
    invitation_expires      timestamptz,
    invitation_email        platform.email_address,
    invitation_mailed       boolean not null default false,
    invitation_accepted_at  timestamptz,
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    primary key (organization_id, user_id),
    foreign key (organization_id, role) references platform.organization_roles (organization_id, role),
    check (invitation_hash is null or (status = 'pending_invitation' and invitation_expires is not null))
);
comment on table platform.organization_members is 'Who works in which organization, in which role, and how they came.';
comment on column platform.organization_members.invitation_email is 'Whom the inviter meant; the account behind it may be a stranger''s.';
comment on column platform.organization_members.invitation_mailed is 'The link went to the address by mail and was shown to nobody, so whoever has it owns the address.';
comment on column platform.organization_members.invitation_hash is 'SHA-256 of the token in the invitation; gone once it was accepted.';
create index organization_members_user on platform.organization_members (user_id);
create index organization_members_role on platform.organization_members (organization_id, role);
create index organization_members_invited_by on platform.organization_members (invited_by);

create table platform.platform_user_sessions (
    id                  uuid primary key default gen_random_uuid(),
    user_id             uuid not null references platform.platform_users (id) on delete cascade,
    token_hash          bytea not null unique check (length(token_hash) = 32),
    refresh_token_hash  bytea unique check (length(refresh_token_hash) = 32),

    ip_address          inet,
    user_agent          text,
    device_type         text check (length(device_type) <= 50),
    browser             text check (length(browser) <= 100),
    os                  text check (length(os) <= 100),
    country             text check (length(country) <= 50),
    city                text check (length(city) <= 100),

    admin_level         text not null default 'regular' check (admin_level in ('regular', 'super', 'partner', 'sponsor')),
    permissions_granted text[] not null default '{}',
    is_suspicious       boolean not null default false,
    security_flags      jsonb not null default '{}' check (jsonb_typeof(security_flags) = 'object'),

    created_at          timestamptz not null default now(),
    last_activity       timestamptz not null default now(),
    expires_at          timestamptz not null,
    ended_at            timestamptz,
    logout_reason       text check (logout_reason in ('user_logout', 'session_expired', 'admin_revoked', 'security_logout')),
    check (expires_at > created_at),
    check ((ended_at is null) = (logout_reason is null))
);
comment on table platform.platform_user_sessions is 'A signed-in browser. Only the SHA-256 of its tokens is kept. It is active while it has not ended and not expired; nothing has to switch it off.';
comment on column platform.platform_user_sessions.country is 'Where the IP address seems to be.';
comment on column platform.platform_user_sessions.admin_level is 'What kind of access it was opened for.';
comment on column platform.platform_user_sessions.permissions_granted is 'Permissions of this session alone, beside those of the role.';
comment on column platform.platform_user_sessions.security_flags is 'Why it looks suspicious: new_country, impossible_travel…';
create index platform_user_sessions_user on platform.platform_user_sessions (user_id);
create index platform_user_sessions_expiry on platform.platform_user_sessions (expires_at) where ended_at is null;

create function platform.end_session() returns trigger
    language plpgsql
    as $$
begin
    if old.ended_at is not null then
        raise exception 'This session has ended and stays so. Sign in again.' using errcode = 'CL001', table = tg_table_name;
    end if;
    -- Whoever gives only one of the two means the other.
    new.ended_at := coalesce(new.ended_at, now());
    new.logout_reason := coalesce(new.logout_reason, case
        when new.expires_at <= now() then 'session_expired'
        when new.user_id = platform.actor() then 'user_logout'
        else 'admin_revoked' end);
    return new;
end
$$;
comment on function platform.end_session() is 'Trigger: ends a session once and for all, with a time and a reason.';
create trigger end_session before update of ended_at, logout_reason on platform.platform_user_sessions
    for each row when (old.ended_at is distinct from new.ended_at or old.logout_reason is distinct from new.logout_reason)
    execute function platform.end_session();

-- ---------------------------------------------------------------------------------------------------------
-- Keys

create table platform.api_keys (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    workspace_id    uuid not null,
    kind            text not null check (kind in ('write', 'secret')),
    name            text not null check (length(name) between 1 and 200),
    public_key      text unique,
    key_hash        bytea unique check (length(key_hash) = 32),
    key_hint        text check (length(key_hint) <= 12),
    scopes          text[] not null default '{}' check (array_to_string(scopes, ' ', '?') ~ '^([a-z][a-z0-9_.]*:[a-z*]+( |$))*$'),
    allowed_origins text[] not null default '{}' check (array_to_string(allowed_origins, ' ', '?') ~ '^(https?://[^ /]+( |$))*$'),
    allowed_addresses cidr[] not null default '{}',
    statement_timeout_ms integer check (statement_timeout_ms between 1 and 120000),
    max_rows        bigint check (max_rows between 1 and 100000),
    max_cost        bigint check (max_cost between 1 and 1000000000),
    replaces        uuid,
    created_by      uuid references platform.platform_users (id) on delete set null,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    expires_at      timestamptz,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, replaces) references platform.api_keys (organization_id, id) on delete set null (replaces),
    check (case kind when 'write' then public_key is not null and key_hash is null
                     else public_key is null and key_hash is not null end),
    check (expires_at > created_at)
);
comment on table platform.api_keys is 'Keys of programs. A write key is public by nature (it stands in web pages) and kept as it is; of a secret key only the SHA-256.';
comment on column platform.api_keys.key_hint is 'How a secret key begins, so that people tell their keys apart.';
comment on column platform.api_keys.scopes is 'What it may be used for, as resource:action ("events:write", "customers:*"); empty: everything its kind may.';
comment on column platform.api_keys.allowed_origins is 'Web origins a write key is taken from; empty: any.';
comment on column platform.api_keys.allowed_addresses is 'Networks a key is taken from; empty: any.';
comment on column platform.api_keys.statement_timeout_ms is 'How long a statement of the Data API may take, in milliseconds; null: 10 seconds.';
comment on column platform.api_keys.max_rows is 'The most rows of a page of the Data API, at each level; null: 10,000.';
comment on column platform.api_keys.max_cost is 'The planner''s cost above which the Data API refuses to read; null: 5,000,000.';
comment on column platform.api_keys.replaces is 'The key it came after in a rotation.';
comment on column platform.api_keys.last_used_at is 'To the minute.';
create index api_keys_workspace on platform.api_keys (organization_id, workspace_id);
create index api_keys_replaces on platform.api_keys (organization_id, replaces) where replaces is not null;
create index api_keys_created_by on platform.api_keys (created_by);

create function platform.stay_revoked() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'This key was revoked and stays so. Issue another one.' using errcode = 'CL001', table = tg_table_name;
end
$$;
comment on function platform.stay_revoked() is 'Trigger: a revoked key is never valid again.';
create trigger stay_revoked before update of revoked_at on platform.api_keys
    for each row when (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at) execute function platform.stay_revoked();

-- ---------------------------------------------------------------------------------------------------------
-- Access

-- A key reads its workspaces. What deletes one deletes its keys and orders too: no request does.
select platform.protect('platform.workspaces', 'custom');
create policy organization on platform.workspaces for select to clientele_app, clientele_readonly
    using (organization_id = (select platform.tenant('key')));
create policy founder on platform.workspaces for insert to clientele_app with check (organization_id = (select platform.tenant('admin')));
create policy admin on platform.workspaces for update to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
grant select on platform.workspaces to clientele_app, clientele_readonly;
grant insert, update on platform.workspaces to clientele_app;
select platform.protect('platform.roles', 'public');
create policy owner on platform.roles to clientele_owner using (true) with check (true);
select platform.protect('platform.organization_roles', 'custom');
create policy reader on platform.organization_roles for select to clientele_app, clientele_readonly using (organization_id = (select platform.tenant('key')));
create policy owner on platform.organization_roles to clientele_owner using (true) with check (true);
grant select on platform.organization_roles to clientele_app, clientele_readonly;
select platform.protect('platform.platform_user_sessions', 'service');
create policy owner on platform.platform_user_sessions to clientele_owner using (true) with check (true);
select platform.protect('platform.sign_in_attempts', 'service');
create policy owner on platform.sign_in_attempts for select to clientele_owner using (true);
select platform.protect('platform.table_access', 'public');
-- Later migrations declare their tables as the owner, who is under the policies too.
create policy owner on platform.table_access to clientele_owner using (true) with check (true);
select platform.protect('platform.transitions', 'public');
create policy owner on platform.transitions to clientele_owner using (true) with check (true);
select platform.protect('platform.partitioned_tables', 'service');
create policy owner on platform.partitioned_tables to clientele_owner using (true) with check (true);

select platform.protect('platform.api_keys', 'admin');
-- What proves who somebody is never leaves through the application role: it is granted the other columns.
revoke select on platform.api_keys from clientele_app;
grant select (organization_id, id, workspace_id, kind, name, public_key, key_hint, scopes, allowed_origins, allowed_addresses, statement_timeout_ms, max_rows, max_cost,
              replaces, created_by, created_at, updated_at, expires_at, last_used_at, revoked_at)
    on platform.api_keys to clientele_app;
-- What was issued stays what it is; other rights need another key. Its limits may be changed.
revoke update on platform.api_keys from clientele_app;
grant update (name, allowed_origins, allowed_addresses, statement_timeout_ms, max_rows, max_cost, expires_at, revoked_at) on platform.api_keys to clientele_app;

select platform.protect('platform.organizations', 'custom');
create policy organization on platform.organizations for select to clientele_app, clientele_readonly
    using (id = (select platform.organization()));
-- Triggers that run as the owner look whether the organization is still there.
create policy owner on platform.organizations for select to clientele_owner using (true);
-- platform.delete_organization runs as the owner.
create policy deletes on platform.organizations for delete to clientele_owner using (true);
create policy admin on platform.organizations for update to clientele_app
    using (id = (select platform.tenant('admin'))) with check (id = (select platform.tenant('admin')));
grant select on platform.organizations to clientele_app, clientele_readonly;
grant update (name, time_zone, currency) on platform.organizations to clientele_app;

-- Members see one another. They are written by platform.write_member alone, which knows who may make whom what.
select platform.protect('platform.organization_members', 'custom');
create policy member on platform.organization_members for select to clientele_app, clientele_readonly
    using (organization_id = (select platform.tenant('member')));
create policy owner on platform.organization_members to clientele_owner using (true) with check (true);
grant select (organization_id, user_id, role, status, invited_by, invitation_expires, invitation_email, invitation_accepted_at, created_at, updated_at)
    on platform.organization_members to clientele_app, clientele_readonly;

select platform.protect('platform.platform_users', 'custom');
-- An account that was there before is a stranger's until its owner accepts the invitation.
create policy colleagues on platform.platform_users for select to clientele_app
    using (exists (select from platform.organization_members m
                   where m.organization_id = (select platform.tenant('member')) and m.user_id = platform_users.id
                   and (m.status <> 'pending_invitation' or platform_users.status = 'pending_invitation')));
create policy owner on platform.platform_users to clientele_owner using (true) with check (true);
grant select (id, email, name, avatar_url, status, email_verified, password_reset_expires, last_login, totp_enabled_at, timezone, language, theme,
              dashboard_config, notification_preferences, created_at, updated_at, created_by, updated_by)
    on platform.platform_users to clientele_app;

select platform.states('platform.platform_users', 'status', $$
    pending_invitation > active, inactive
    active             > inactive, suspended
    inactive           > active
    suspended          > active, inactive
$$);
select platform.states('platform.organization_members', 'status', $$
    pending_invitation > active, inactive
    active             > inactive, suspended
    inactive           > active, pending_invitation
    suspended          > active, inactive
$$);

-- ---------------------------------------------------------------------------------------------------------
-- Limits

create table platform.usage_counters (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    limit_name      text not null check (limit_name ~ '^[a-z][a-z0-9_.]{0,99}$'),
    subject         text not null default '' check (length(subject) <= 200),
    period          date not null default '-infinity',
    used            bigint not null check (used >= 0),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, limit_name, subject, period)
);
comment on table platform.usage_counters is 'How much of a limit is used up, changed by platform.take in the transaction of what it counts.';
comment on column platform.usage_counters.subject is 'Whom the limit is for: a sponsor, a key, a promotion; empty for the whole organization.';
comment on column platform.usage_counters.period is 'The day a daily limit counts for, in the zone of whoever set the limit; -infinity: for ever.';
create index usage_counters_age on platform.usage_counters (period) where period > '-infinity';
select platform.protect('platform.usage_counters', 'organization');
-- Counted by the two functions below alone.
revoke insert, update, delete on platform.usage_counters from clientele_app;
create policy owner on platform.usage_counters to clientele_owner using (true) with check (true);

create function platform.take(limit_name text, subject text, most bigint, amount bigint default 1, period date default '-infinity') returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    organization uuid := platform.tenant('key');
    total        bigint;
begin
    if organization is null then
        raise exception 'No organization is set for this transaction.' using errcode = 'insufficient_privilege';
    end if;
    if take.amount is null or take.amount <= 0 then
        raise exception 'What is taken of a limit is more than nothing. To give back there is platform.give_back.' using errcode = 'check_violation';
    end if;
    -- The row is locked until the transaction ends, so of many who take the last one, one gets it; who rolls back gives it back.
    insert into platform.usage_counters as c (organization_id, limit_name, subject, period, used)
    select organization, take.limit_name, take.subject, take.period, take.amount where take.amount <= take.most
    on conflict on constraint usage_counters_pkey do update set used = c.used + excluded.used where c.used <= take.most - excluded.used
    returning c.used into total;
    if total is null then
        raise exception 'The limit of % is reached (%).', take.most, replace(replace(take.limit_name, '_', ' '), '.', ', ') using errcode = 'CL003';
    end if;
    return total;
end
$$;
comment on function platform.take(text, text, bigint, bigint, date) is
    'Takes an amount of a limit for the transaction''s organization and returns how much is used now, so which one of the day this is; raises CL003 when it does not fit. Whatever it counts is written in the same transaction. Triggers call it with the rights of whoever writes, so requests may execute it; the Data API must not offer it.';
revoke execute on function platform.take(text, text, bigint, bigint, date) from public;
grant execute on function platform.take(text, text, bigint, bigint, date) to clientele_app, clientele_service;

create function platform.give_back(limit_name text, subject text, amount bigint default 1, period date default '-infinity') returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    if give_back.amount is null or give_back.amount <= 0 then
        raise exception 'What is given back of a limit is more than nothing. To take there is platform.take.' using errcode = 'check_violation';
    end if;
    update platform.usage_counters c set used = greatest(c.used - give_back.amount, 0)
    where c.organization_id = platform.tenant('key') and c.limit_name = give_back.limit_name
    and c.subject = give_back.subject and c.period = give_back.period;
end
$$;
comment on function platform.give_back(text, text, bigint, date) is
    'Gives back what was taken of a limit, when what it counted is taken back; never more than is used. Like platform.take for triggers; the Data API must not offer it.';
revoke execute on function platform.give_back(text, text, bigint, date) from public;
grant execute on function platform.give_back(text, text, bigint, date) to clientele_app, clientele_service;

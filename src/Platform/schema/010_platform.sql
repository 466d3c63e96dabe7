-- Platform: tenancy, row-level security in one line per table, and who works here.
--
-- Every tenant table starts its primary key with organization_id, so that a foreign key between tenant
-- tables names the tenant too (PostgreSQL checks foreign keys without row-level security: a key on id alone
-- could point into another organization) and so that tables can be distributed by it one day.

create extension if not exists pg_trgm with schema public;

comment on schema platform is 'Organizations, staff, sessions, keys, settings, imports; the mechanisms every module stands on.';

grant usage on schema platform to clientele_app, clientele_service, clientele_search, clientele_readonly;

-- ---------------------------------------------------------------------------------------------------------
-- Who is asking: settings local to the transaction, put there by the server (see Tenant.cs).

create function platform.tenant(minimum text) returns uuid
    language sql stable parallel safe
    as $$
        select case
            when array_position(array['visitor', 'key', 'member', 'admin', 'system'], current_setting('clientele.access', true))
              >= array_position(array['visitor', 'key', 'member', 'admin', 'system'], minimum)
            then nullif(current_setting('clientele.organization_id', true), '')::uuid
        end
    $$;
comment on function platform.tenant(text) is
    'The organization of this transaction when its access is at least the one named, else null. Policies compare organization_id with it, as a sub-select, so that it is computed once per query.';

create function platform.organization() returns uuid
    language sql stable parallel safe
    as $$ select platform.tenant('visitor') $$;
comment on function platform.organization() is 'The organization of this transaction; null when none is set.';

create function platform.actor() returns uuid
    language sql stable parallel safe
    as $$ select nullif(current_setting('clientele.actor_id', true), '')::uuid $$;
comment on function platform.actor() is 'The platform user of this transaction; null for keys, visitors and the platform itself.';

create function platform.workspace() returns uuid
    language sql stable parallel safe
    as $$ select nullif(current_setting('clientele.workspace_id', true), '')::uuid $$;
comment on function platform.workspace() is 'The workspace of this transaction, set for visitors.';

-- ---------------------------------------------------------------------------------------------------------
-- Access classes: one line per table.

create table platform.table_access (
    relation    text primary key,
    class       text not null check (class in
                    ('organization', 'member', 'visitor', 'service', 'admin', 'own', 'own_or_admin', 'public', 'custom')),
    own_column  text,
    check ((class in ('own', 'own_or_admin')) = (own_column is not null))
);
comment on table platform.table_access is 'The access class of every table, as declared with platform.protect; tests and the Data API read it.';

create function platform.protect(relation regclass, class text, own_column name default null) returns void
    language plpgsql
    as $protect$
declare
    -- Each predicate compares the leading key column with a value computed once per query.
    organization text := 'organization_id = (select platform.tenant(''key''))';
    member       text := 'organization_id = (select platform.tenant(''member''))';
    admin        text := 'organization_id = (select platform.tenant(''admin''))';
    own          text := format('organization_id = (select platform.tenant(''member'')) and %I = (select platform.actor())', coalesce(own_column, 'id'));
    readers      text;
    writers      text;
begin
    case class
        when 'organization' then readers := organization;
        when 'member'       then readers := member;
        when 'admin'        then readers := admin;
        when 'own'          then readers := own;
        when 'own_or_admin' then readers := format('(%s) or (%s)', own, admin);
        when 'visitor'      then readers :=
            'organization_id = (select platform.tenant(''visitor'')) and ((select platform.tenant(''key'')) is not null or workspace_id = (select platform.workspace()))';
        when 'public'       then readers := 'true';
        when 'service'      then null;
        when 'custom'       then null;
        else raise exception 'platform.protect: unknown access class "%"', class;
    end case;
    writers := case class when 'public' then null else readers end;

    insert into platform.table_access (relation, class, own_column) values (relation::text, class, own_column);

    execute format('alter table %s enable row level security', relation);
    execute format('alter table %s force row level security', relation);
    execute format('revoke all on %s from public', relation);
    execute format('create policy service on %s to clientele_service using (true) with check (true)', relation);
    execute format('grant select, insert, update, delete on %s to clientele_service', relation);

    if writers is not null then
        execute format('create policy %I on %s to clientele_app using (%s) with check (%s)', class, relation, writers, writers);
        execute format('grant select, insert, update, delete on %s to clientele_app', relation);
    elsif readers is not null then
        execute format('create policy %I on %s for select to clientele_app using (%s)', class, relation, readers);
        execute format('grant select on %s to clientele_app', relation);
    end if;
    -- Questions in SQL run as the read-only role; what only administrators or one person may see is not for it.
    if class in ('organization', 'member', 'public') then
        execute format('create policy readonly on %s for select to clientele_readonly using (%s)', relation, readers);
        execute format('grant select on %s to clientele_readonly', relation);
    end if;
end
$protect$;
comment on function platform.protect(regclass, text, name) is
    'Puts a table under forced row-level security with the policies and grants of its access class: organization, member, visitor, service, admin, own, own_or_admin, public. "custom" leaves the policies to the lines that follow.';
revoke execute on function platform.protect(regclass, text, name) from public;

create function platform.searchable(relation regclass) returns void
    language plpgsql
    as $$
begin
    execute format('create policy search on %s for select to clientele_search using (true)', relation);
    execute format('grant select on %s to clientele_search', relation);
end
$$;
comment on function platform.searchable(regclass) is
    'Lets functions owned by clientele_search read a table. Row-level security keeps indexes from serving operators that are not leakproof (like, trigrams), so such searches go through a function of that role which names the organization itself.';
revoke execute on function platform.searchable(regclass) from public;

create function platform.owned_by_search(routine regprocedure) returns void
    language plpgsql
    as $$
declare
    home text := (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = routine);
begin
    -- A new owner must be able to create in the schema, at the moment it becomes the owner.
    execute format('grant usage, create on schema %I to clientele_search', home);
    execute format('alter function %s owner to clientele_search', routine);
    execute format('revoke create on schema %I from clientele_search', home);
    execute format('revoke execute on function %s from public', routine);
    execute format('grant execute on function %s to clientele_app, clientele_service', routine);
end
$$;
comment on function platform.owned_by_search(regprocedure) is 'Gives a security definer search function to clientele_search; see platform.searchable.';
revoke execute on function platform.owned_by_search(regprocedure) from public;

create function platform.touch() returns trigger
    language plpgsql
    as $$
begin
    new.updated_at := now();
    return new;
end
$$;
comment on function platform.touch() is 'Trigger: keeps updated_at.';

-- ---------------------------------------------------------------------------------------------------------
-- Organizations and workspaces

create table platform.organizations (
    id          uuid primary key default gen_random_uuid(),
    slug        text not null unique check (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
    name        text not null check (length(name) between 1 and 200),
    time_zone   text not null default 'UTC',
    currency    text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
    is_demo     boolean not null default false,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
comment on table platform.organizations is 'The tenant. Its time zone and currency are the ones every report is in.';
comment on column platform.organizations.slug is 'The word in the console''s address.';
comment on column platform.organizations.time_zone is 'IANA name, e.g. Europe/London.';
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
create trigger touch before update on platform.organizations for each row execute function platform.touch();

create table platform.workspaces (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    slug            text not null check (slug ~ '^[a-z0-9](-?[a-z0-9]){0,62}$'),
    name            text not null check (length(name) between 1 and 200),
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, slug)
);
comment on table platform.workspaces is 'A shop, a site or an app of an organization; what the assistant document calls a customer_config.';
create trigger touch before update on platform.workspaces for each row execute function platform.touch();

-- ---------------------------------------------------------------------------------------------------------
-- Staff

create table platform.platform_users (
    id                  uuid primary key default gen_random_uuid(),
    email               text not null check (length(email) between 3 and 255 and email like '%_@_%'),
    password_hash       text,
    must_change_password boolean not null default false,
    name                text not null check (length(name) between 1 and 255),
    avatar_url          text,
    status              text not null default 'active' check (status in ('active', 'inactive', 'suspended', 'pending_invitation')),
    email_verified      boolean not null default false,
    last_login          timestamptz,
    timezone            text,
    language            text not null default 'en' check (language in ('en', 'fr')),
    theme               text not null default 'auto' check (theme in ('light', 'dark', 'auto')),
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now()
);
comment on table platform.platform_users is 'Staff who sign in to the console. A person may be a member of several organizations.';
comment on column platform.platform_users.password_hash is 'PBKDF2-HMAC-SHA512 with its own salt and iteration count; null until a password is set.';
comment on column platform.platform_users.must_change_password is 'True while the password is the one-time one.';
create unique index platform_users_email on platform.platform_users (lower(email));
create trigger touch before update on platform.platform_users for each row execute function platform.touch();

create table platform.sign_in_attempts (
    address_hash    bytea primary key check (length(address_hash) = 32),
    attempts        integer not null default 1 check (attempts > 0),
    last_attempt    timestamptz not null default now(),
    locked_until    timestamptz
);
comment on table platform.sign_in_attempts is 'Wrong passwords by address, whether or not somebody has that address: who is locked out tells nothing about who exists. Forgotten after a day, or by the right password.';

create table platform.organization_members (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    user_id         uuid not null references platform.platform_users (id) on delete cascade,
    role            text not null check (role in ('super_admin', 'admin', 'marketing_manager', 'data_analyst', 'viewer')),
    created_at      timestamptz not null default now(),
    primary key (organization_id, user_id)
);
comment on table platform.organization_members is 'Who works in which organization, in which role.';
create index organization_members_user on platform.organization_members (user_id);

create table platform.platform_user_sessions (
    id              uuid primary key default gen_random_uuid(),
    user_id         uuid not null references platform.platform_users (id) on delete cascade,
    token_hash      bytea not null unique check (length(token_hash) = 32),
    ip_address      inet,
    user_agent      text,
    created_at      timestamptz not null default now(),
    last_activity   timestamptz not null default now(),
    expires_at      timestamptz not null,
    ended_at        timestamptz,
    logout_reason   text check (logout_reason in ('user_logout', 'session_expired', 'admin_revoked', 'security_logout')),
    check (expires_at > created_at),
    check ((ended_at is null) = (logout_reason is null))
);
comment on table platform.platform_user_sessions is 'A signed-in browser. Only the SHA-256 of its token is kept.';
create index platform_user_sessions_user on platform.platform_user_sessions (user_id);
create index platform_user_sessions_expiry on platform.platform_user_sessions (expires_at) where ended_at is null;

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
    created_at      timestamptz not null default now(),
    revoked_at      timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    check (case kind when 'write' then public_key is not null and key_hash is null
                     else public_key is null and key_hash is not null end)
);
comment on table platform.api_keys is 'Keys of programs. A write key is public by nature (it stands in web pages) and kept as it is; of a secret key only the SHA-256.';
create index api_keys_workspace on platform.api_keys (organization_id, workspace_id);

-- ---------------------------------------------------------------------------------------------------------
-- Access

select platform.protect('platform.workspaces', 'organization');
select platform.protect('platform.api_keys', 'admin');
select platform.protect('platform.organization_members', 'member');
select platform.protect('platform.platform_user_sessions', 'service');
select platform.protect('platform.sign_in_attempts', 'service');
select platform.protect('platform.table_access', 'public');
-- Later migrations declare their tables as the owner, who is under the policies too.
create policy owner on platform.table_access to clientele_owner using (true) with check (true);

select platform.protect('platform.organizations', 'custom');
create policy organization on platform.organizations for select to clientele_app, clientele_readonly
    using (id = (select platform.organization()));
-- Triggers that run as the owner look whether the organization is still there.
create policy owner on platform.organizations for select to clientele_owner using (true);
create policy admin on platform.organizations for update to clientele_app
    using (id = (select platform.tenant('admin'))) with check (id = (select platform.tenant('admin')));
grant select on platform.organizations to clientele_app, clientele_readonly;
grant update (name, time_zone, currency) on platform.organizations to clientele_app;

select platform.protect('platform.platform_users', 'custom');
create policy colleagues on platform.platform_users for select to clientele_app
    using (exists (select from platform.organization_members m
                   where m.organization_id = (select platform.tenant('member')) and m.user_id = platform_users.id));
-- What proves who somebody is never leaves through the application role.
grant select (id, email, name, avatar_url, status, email_verified, last_login, timezone, language, theme, created_at, updated_at)
    on platform.platform_users to clientele_app;

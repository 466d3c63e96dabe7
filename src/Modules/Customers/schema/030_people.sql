-- People with an account: how they sign in, what they tell about themselves, their addresses, devices and sessions.
--
-- A person is a row of customers.customers, with or without an account. Name and birth date are there, once.

create table customers.accounts (
    organization_id     uuid not null,
    customer_id         uuid not null default gen_random_uuid(),
    email               platform.email_address,
    phone               text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    auth_provider       text not null default 'phone' check (auth_provider in ('phone', 'email', 'google', 'facebook')),
    provider_account_id text check (length(provider_account_id) <= 255),
    password_hash       text,
    roles               text[] not null default '{user}' check (roles <@ '{user,admin,super_admin,partner}' and cardinality(roles) > 0),
    is_active           boolean not null default true,
    last_login_at       timestamptz,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, customer_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade,
    constraint reachable check (email is not null or phone is not null),
    -- One account per outside identity; those who sign in by phone or password have none.
    unique (organization_id, auth_provider, provider_account_id)
);
comment on table customers.accounts is 'How a customer signs in. A new account without a customer makes one.';
comment on column customers.accounts.phone is 'E.164: a plus sign and digits, +221771234567.';
comment on column customers.accounts.provider_account_id is 'Who they are at the outside provider (its "sub").';
comment on column customers.accounts.password_hash is 'PBKDF2-HMAC-SHA512 with its own salt; null when they sign in otherwise.';
comment on column customers.accounts.roles is 'What they may do in the product: user, partner, admin, super_admin; several at once.';
create unique index accounts_email on customers.accounts (organization_id, lower(email));
create unique index accounts_phone on customers.accounts (organization_id, phone);
create index accounts_roles on customers.accounts using gin (roles);
select platform.protect('customers.accounts', 'organization');
-- What proves who somebody is leaves only through the service role.
revoke select on customers.accounts from clientele_app, clientele_readonly;
revoke insert, update on customers.accounts from clientele_app;
grant insert (organization_id, customer_id, email, phone, auth_provider, provider_account_id, roles, is_active, last_login_at, created_at, updated_at),
      update (email, phone, auth_provider, provider_account_id, roles, is_active, last_login_at, updated_at)
    on customers.accounts to clientele_app;
grant select (organization_id, customer_id, email, phone, auth_provider, provider_account_id, roles, is_active, last_login_at, created_at, updated_at)
    on customers.accounts to clientele_app, clientele_readonly;
select customers.reference('customers.accounts', 'customer_id', on_merge => 'keep', on_erase => 'delete');

create function customers.begin_account() returns trigger
    language plpgsql
    as $$
begin
    insert into customers.customers (organization_id, id, customer_id, email, phone)
    values (new.organization_id, new.customer_id, coalesce(new.email, new.phone, new.customer_id::text), new.email, new.phone)
    on conflict do nothing;
    return new;
end
$$;
comment on function customers.begin_account() is 'Trigger: who opens an account and is no customer yet, becomes one.';
create trigger begin before insert on customers.accounts for each row execute function customers.begin_account();

create function customers.check_roles() returns trigger
    language plpgsql
    as $$
begin
    if platform.tenant('admin') is null and current_user = 'clientele_app' then
        raise exception 'Only an administrator may give roles to a customer.' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
comment on function customers.check_roles() is 'Trigger: other roles than "user" are given by administrators.';
create trigger roles_inserted before insert on customers.accounts for each row when (new.roles <> '{user}') execute function customers.check_roles();
create trigger roles_updated before update of roles on customers.accounts for each row when (old.roles is distinct from new.roles) execute function customers.check_roles();

create table customers.account_sessions (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    token_hash      text not null check (token_hash ~ '^[0-9a-f]{64}$'),
    device_info     jsonb not null default '{}' check (jsonb_typeof(device_info) = 'object'),
    ip_address      inet,
    expires_at      timestamptz not null,
    is_revoked      boolean not null default false,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (token_hash),
    foreign key (organization_id, customer_id) references customers.accounts (organization_id, customer_id) on delete cascade,
    constraint ends_after_it_begins check (expires_at > created_at)
);
comment on table customers.account_sessions is 'A customer''s signed-in device, kept for at most 90 days.';
comment on column customers.account_sessions.token_hash is 'SHA-256 of the token, hexadecimal. The token itself is nowhere.';
create index account_sessions_customer on customers.account_sessions (organization_id, customer_id);
create index account_sessions_age on customers.account_sessions (created_at);
select platform.protect('customers.account_sessions', 'custom');
create policy system on customers.account_sessions to clientele_app
    using (organization_id = (select platform.tenant('system'))) with check (organization_id = (select platform.tenant('system')));
grant select, insert, update, delete on customers.account_sessions to clientele_app;
select customers.reference('customers.account_sessions', 'customer_id', on_merge => 'keep', on_erase => 'delete');

create table customers.password_resets (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    token_hash      text not null check (token_hash ~ '^[0-9a-f]{64}$'),
    expires_at      timestamptz not null,
    used_at         timestamptz,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (token_hash),
    foreign key (organization_id, customer_id) references customers.accounts (organization_id, customer_id) on delete cascade,
    constraint used_in_time check (used_at < expires_at)
);
comment on table customers.password_resets is 'Single-use tokens for a new password.';
comment on column customers.password_resets.token_hash is 'SHA-256 of the token, hexadecimal.';
create index password_resets_customer on customers.password_resets (organization_id, customer_id);
select platform.protect('customers.password_resets', 'custom');
create policy system on customers.password_resets to clientele_app
    using (organization_id = (select platform.tenant('system'))) with check (organization_id = (select platform.tenant('system')));
grant select, insert, update, delete on customers.password_resets to clientele_app;
select customers.reference('customers.password_resets', 'customer_id', on_merge => 'keep', on_erase => 'delete');

-- ---------------------------------------------------------------------------------------------------------
-- Profiles and guardians

create table customers.profiles (
    organization_id           uuid not null,
    customer_id               uuid not null,
    locale                    text not null default 'fr-SN' check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    timezone                  platform.time_zone not null default 'Africa/Dakar',
    avatar_url                text check (length(avatar_url) <= 500),
    bio                       text,

    guardian_id               uuid,
    relationship_type         text check (relationship_type in ('parent', 'guardian', 'sibling')),

    id_type                   text check (id_type in ('passport', 'national_id', 'birth_certificate')),
    id_country                text check (id_country ~ '^[A-Z]{3}$'),
    id_hash                   bytea check (length(id_hash) = 32),
    id_media_url              text check (length(id_media_url) <= 500),
    id_verified_at            timestamptz,
    id_verified_by            uuid references platform.platform_users (id) on delete set null,

    is_profile_public         boolean not null default true,
    allow_contact_by_sponsors boolean not null default true,
    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now(),
    primary key (organization_id, customer_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade,
    foreign key (organization_id, guardian_id) references customers.customers (organization_id, id),
    constraint another_guards check (guardian_id <> customer_id),
    constraint guardian_is_something check ((guardian_id is null) = (relationship_type is null))
);
comment on table customers.profiles is 'What people with an account tell about themselves; who is under age has a guardian.';
comment on column customers.profiles.id_country is 'ISO 3166-1 alpha-3.';
comment on column customers.profiles.id_hash is 'SHA-256 of organization, type, country and number of the identity document: enough to find it used twice. The number is not kept.';
comment on column customers.profiles.id_media_url is 'Link into encrypted storage.';
create index profiles_guardian on customers.profiles (organization_id, guardian_id) where guardian_id is not null;
create index profiles_id_verified_by on customers.profiles (id_verified_by);
create unique index profiles_identity on customers.profiles (organization_id, id_hash);
select platform.protect('customers.profiles', 'organization');
select customers.reference('customers.profiles', 'customer_id', on_merge => 'keep', on_erase => 'delete');
-- A right to be forgotten waits for nobody. The ward's profile then names a pseudonym without a birth date, which is no guardian: the next
-- change of it asks for another.
select customers.reference('customers.profiles', 'guardian_id', on_merge => 'keep', on_erase => 'keep');

alter table customers.customers add constraint born_in_the_past check (date_of_birth <= (created_at at time zone 'UTC')::date + 1);

create function customers.age(born date, zone text default 'UTC', at timestamptz default now()) returns integer
    language sql stable parallel safe
    as $$ select extract(year from age((at at time zone zone)::date, born))::integer $$;
comment on function customers.age(date, text, timestamptz) is 'Full years since a birth date, by the date in a zone. Somebody born on 29 February is a year older on 1 March.';

create function customers.age_group(born date) returns text
    language sql stable parallel safe
    -- One expression that names its argument once: PostgreSQL puts it in place of the call.
    as $$
        select (array['under-18', '18-24', '25-34', '35-44', '45-54', '55-64', '65+'])
            [1 + width_bucket(extract(year from age((now() at time zone 'UTC')::date, born)), array[18, 25, 35, 45, 55, 65]::numeric[])]
    $$;
comment on function customers.age_group(date) is 'under-18, 18-24, 25-34, 35-44, 45-54, 55-64, 65+; by today''s date in UTC.';

create function customers.check_guardian() returns trigger
    language plpgsql
    as $$
declare
    zone     text;
    born     date;
    guardian customers.customers;
    profile  customers.profiles;
begin
    if tg_table_name = 'customers' then
        select * into profile from customers.profiles p where p.organization_id = new.organization_id and p.customer_id = new.id;
        if profile.customer_id is null then
            return null;
        end if;
    else
        profile := new;
    end if;
    zone := profile.timezone;
    select c.date_of_birth into born from customers.customers c where c.organization_id = profile.organization_id and c.id = profile.customer_id;
    if customers.age(born, zone) < 18 and profile.guardian_id is null then
        raise exception 'Who is under 18 needs a guardian: give guardian and relationship.' using errcode = 'check_violation', constraint = 'minor_has_guardian';
    end if;
    if profile.guardian_id is not null then
        select * into guardian from customers.customers c where c.organization_id = profile.organization_id and c.id = profile.guardian_id;
        if coalesce(customers.age(guardian.date_of_birth, zone), 0) < 18 then
            raise exception 'A guardian is of age: the one named is under 18, or has no birth date.' using errcode = 'check_violation', constraint = 'guardian_is_adult';
        end if;
    end if;
    return null;
end
$$;
comment on function customers.check_guardian() is 'Trigger: who is under 18, by the date where they live, has a guardian who is not. Looked at when something changes; the rule only loosens with time.';
create constraint trigger guardian after insert or update of guardian_id, relationship_type on customers.profiles
    deferrable initially immediate for each row execute function customers.check_guardian();
create constraint trigger guardian after update of date_of_birth on customers.customers
    deferrable initially immediate for each row when (old.date_of_birth is distinct from new.date_of_birth and new.date_of_birth is not null) execute function customers.check_guardian();

-- ---------------------------------------------------------------------------------------------------------
-- Addresses, devices, visits

create table customers.addresses (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    type            text not null default 'primary' check (type in ('primary', 'billing', 'delivery')),
    street_address  text,
    city            text check (length(city) <= 100),
    region          text check (length(region) <= 100),
    country         text not null default 'SEN' check (country ~ '^[A-Z]{3}$'),
    postal_code     text check (length(postal_code) <= 10),
    is_default      boolean not null default false,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
);
comment on table customers.addresses is 'Postal addresses of a customer; one of them the default.';
comment on column customers.addresses.country is 'ISO 3166-1 alpha-3.';
comment on column customers.addresses.region is 'In Senegal: Dakar, Thiès, Saint-Louis…';
create index addresses_customer on customers.addresses (organization_id, customer_id);
create unique index addresses_default on customers.addresses (organization_id, customer_id) where is_default;
select platform.protect('customers.addresses', 'organization');
select customers.reference('customers.addresses', 'customer_id', on_merge => 'move', on_erase => 'delete');

create table customers.devices (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    device_id       text not null check (length(device_id) between 1 and 200),
    platform        text not null check (platform in ('ios', 'android', 'web', 'desktop', 'other')),
    name            text check (length(name) <= 200),
    model           text check (length(model) <= 100),
    os_version      text check (length(os_version) <= 50),
    app_version     text check (length(app_version) <= 50),
    push_token      text check (length(push_token) <= 4096),
    is_trusted      boolean not null default false,
    first_seen_at   timestamptz not null default now(),
    last_seen_at    timestamptz not null default now(),
    signed_out_at   timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, customer_id, device_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade,
    constraint seen_in_order check (last_seen_at >= first_seen_at)
);
comment on table customers.devices is 'Phones and browsers a customer uses; where push messages go.';
comment on column customers.devices.device_id is 'The installation''s own id, as the app or SDK reports it.';
select platform.protect('customers.devices', 'organization');
select customers.reference('customers.devices', 'customer_id', on_merge => 'move', on_erase => 'delete');

create table customers.visits (
    organization_id  uuid not null,
    id               uuid not null default gen_random_uuid(),
    workspace_id     uuid not null default platform.workspace(),
    session_id       text not null check (length(session_id) between 1 and 255),
    user_identifier  text not null check (length(user_identifier) between 1 and 255),
    customer_id      uuid,
    started_at       timestamptz not null default now(),
    last_activity_at timestamptz not null default now(),
    ip_address       text,
    user_agent       text,
    metadata         jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    expires_at       timestamptz not null default now() + interval '30 minutes',
    primary key (organization_id, id),
    -- Two sites may well give out the same session id.
    unique (organization_id, workspace_id, session_id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete set null (customer_id),
    constraint active_after_start check (last_activity_at >= started_at)
);
comment on table customers.visits is 'A visitor''s session on a site or in an app, known or not.';
comment on column customers.visits.user_identifier is 'Mail address or anonymous id, whichever the visitor is known by.';
comment on column customers.visits.ip_address is 'As recorded: whole, truncated, or absent, by the organization''s setting.';
comment on column customers.visits.expires_at is 'When it ends unless something happens: activity moves it.';
create index visits_recent on customers.visits (organization_id, workspace_id, last_activity_at desc);
create index visits_customer on customers.visits (organization_id, customer_id) where customer_id is not null;
create index visits_end on customers.visits (expires_at);
select platform.protect('customers.visits', 'organization');
select customers.reference('customers.visits', 'customer_id', on_merge => 'move', on_erase => 'delete');

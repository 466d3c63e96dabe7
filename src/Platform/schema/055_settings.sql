-- Settings. A catalogue says which settings there are, of what type and with which default; an organization keeps only
-- the values it chose itself, and may add settings of its own. platform.settings shows both (code/settings.sql).

create function platform.setting_fault(value jsonb, data_type text, rules jsonb) returns text
    language plpgsql immutable parallel safe
    as $$
declare
    rule    text;
    wanted  jsonb;
begin
    if jsonb_typeof(rules) <> 'object' then
        return 'The validation rules are a JSON object.';
    end if;
    if value is null or value = 'null' then
        return 'A setting has a value; delete it to return to the default.';
    end if;
    if data_type <> 'json' and jsonb_typeof(value) <> data_type then
        return format('The value is a JSON %s, and must be %s %s.', jsonb_typeof(value), case when data_type in ('array', 'object') then 'an' else 'a' end, data_type);
    end if;
    for rule, wanted in select r.key, r.value from jsonb_each(rules) r loop
        case rule
            when 'min_value', 'max_value' then
                if jsonb_typeof(wanted) <> 'number' or data_type <> 'number' then
                    return format('The rule %s is a number, for settings that are numbers.', rule);
                elsif rule = 'min_value' and value::numeric < wanted::numeric then
                    return format('The value is at least %s.', wanted);
                elsif rule = 'max_value' and value::numeric > wanted::numeric then
                    return format('The value is at most %s.', wanted);
                end if;
            when 'allowed_values' then
                if jsonb_typeof(wanted) <> 'array' then
                    return 'The rule allowed_values is an array.';
                elsif not exists (select from jsonb_array_elements(wanted) a where a.value = setting_fault.value) then
                    return format('The value is one of %s.', wanted);
                end if;
            when 'regex_pattern' then
                if jsonb_typeof(wanted) <> 'string' or data_type <> 'string' then
                    return 'The rule regex_pattern is a string, for settings that are strings.';
                end if;
                begin
                    if value #>> '{}' !~ (wanted #>> '{}') then
                        return format('The value does not match %s.', wanted #>> '{}');
                    end if;
                exception when invalid_regular_expression then
                    return format('%s is no regular expression.', wanted #>> '{}');
                end;
            else
                return format('There is no validation rule "%s": there are min_value, max_value, allowed_values and regex_pattern.', rule);
        end case;
    end loop;
    return null;
end
$$;
comment on function platform.setting_fault(jsonb, text, jsonb) is 'What is wrong with a setting''s value under its type and rules; null when nothing is.';

create table platform.setting_definitions (
    setting_key       text not null primary key check (setting_key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$' and length(setting_key) <= 200),
    id                uuid not null unique default gen_random_uuid(),
    environment       text not null default 'production' check (environment = 'production'),
    default_value     jsonb not null,
    category          text not null check (category ~ '^[a-z][a-z0-9_]{0,99}$'),
    setting_type      text not null default 'config' check (setting_type in ('config', 'feature_flag', 'limit', 'secret')),
    data_type         text not null default 'string' check (data_type in ('string', 'number', 'boolean', 'json', 'object', 'array')),
    validation_rules  jsonb not null default '{}',
    description       text not null,
    documentation_url text,
    requires_restart  boolean not null default false,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    constraint default_is_valid check (platform.setting_fault(default_value, data_type, validation_rules) is null)
);
comment on table platform.setting_definitions is 'The catalogue of settings and their defaults, the same for every organization.';
comment on column platform.setting_definitions.environment is 'Defaults are those of production.';
comment on column platform.setting_definitions.data_type is '"json" is any JSON, "object" a JSON object.';

insert into platform.setting_definitions (setting_key, default_value, category, setting_type, data_type, validation_rules, description) values
    ('platform.max_dashboard_tiles', '50', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 1000}', 'Maximum number of tiles per dashboard'),
    ('platform.max_segments_per_user', '100', 'limits', 'limit', 'number', '{"min_value": 0, "max_value": 10000}', 'Maximum segments a user can create'),
    ('platform.session_timeout_hours', '24', 'security', 'limit', 'number', '{"min_value": 1, "max_value": 2160}', 'Hours after which a member of staff signs in again'),
    ('email.default_sender_name', '"CDP Platform"', 'email', 'config', 'string', '{}', 'Default sender name for system emails'),
    ('features.advanced_analytics', 'true', 'features', 'feature_flag', 'boolean', '{}', 'Enable advanced analytics features'),
    ('features.external_integrations', 'true', 'features', 'feature_flag', 'boolean', '{}', 'Enable external data connections'),
    ('campaign.max_recipients', '100000', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 10000000}', 'Maximum recipients per campaign'),
    ('cohort.max_retention_periods', '24', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 120}', 'Maximum retention periods to calculate');

create table platform.setting_values (
    organization_id   uuid not null references platform.organizations (id) on delete cascade,
    id                uuid not null default gen_random_uuid(),
    setting_key       text not null check (setting_key ~ '^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$' and length(setting_key) <= 200),
    environment       text not null default 'production' check (environment ~ '^[a-z][a-z0-9_-]{0,49}$'),
    setting_value     jsonb,
    secret            bytea,
    category          text not null default 'general' check (category ~ '^[a-z][a-z0-9_]{0,99}$'),
    setting_type      text not null default 'config' check (setting_type in ('config', 'feature_flag', 'limit', 'secret')),
    data_type         text not null default 'string' check (data_type in ('string', 'number', 'boolean', 'json', 'object', 'array')),
    is_sensitive      boolean not null default false,
    is_encrypted      boolean not null generated always as (secret is not null) stored,
    validation_rules  jsonb not null default '{}',
    description       text,
    documentation_url text,
    requires_restart  boolean not null default false,
    last_changed_by   uuid references platform.platform_users (id) on delete set null,
    change_reason     text,
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, setting_key, environment),
    constraint secret_is_hidden check (case when is_sensitive then setting_value is null and secret is not null
                                            else setting_value is not null and secret is null end),
    constraint secret_is_sensitive check (setting_type <> 'secret' or is_sensitive)
);
comment on table platform.setting_values is 'What an organization set: its own value of a catalogued setting, or a setting of its own.';
comment on column platform.setting_values.secret is 'The value of a sensitive setting, encrypted by the server. No request can read it back.';
comment on column platform.setting_values.category is 'security, email, integrations, features, limits, system…';
comment on column platform.setting_values.change_reason is 'Why it was last changed; every change is in platform.setting_changes.';
create index setting_values_changed_by on platform.setting_values (last_changed_by);

create function platform.check_setting() returns trigger
    language plpgsql
    as $$
declare
    catalogued platform.setting_definitions := (select d from platform.setting_definitions d where d.setting_key = new.setting_key);
    fault      text;
begin
    -- Encrypted with another key: the same value, changed by nobody.
    if current_setting('clientele.resealing', true) = 'on' then
        return new;
    end if;
    if catalogued.setting_key is not null then
        new.category := catalogued.category;
        new.setting_type := catalogued.setting_type;
        new.data_type := catalogued.data_type;
        new.validation_rules := catalogued.validation_rules;
        new.description := catalogued.description;
        new.documentation_url := catalogued.documentation_url;
        new.requires_restart := catalogued.requires_restart;
    end if;
    if new.is_sensitive and new.setting_value is not null then
        raise exception 'The setting "%" is sensitive: its value is kept encrypted, so it cannot be written in clear.', new.setting_key using errcode = 'check_violation';
    elsif not new.is_sensitive then
        new.secret := null;
        fault := platform.setting_fault(new.setting_value, new.data_type, new.validation_rules);
        if fault is not null then
            raise exception 'The setting "%" cannot be that. %', new.setting_key, fault using errcode = 'check_violation';
        end if;
    end if;
    new.last_changed_by := platform.actor();
    return new;
end
$$;
comment on function platform.check_setting() is 'Trigger: holds a setting to its type and rules, those of the catalogue where it is catalogued.';
-- Not when only the reference to a deleted member of staff is emptied.
create trigger check_setting before insert or update of setting_key, environment, setting_value, secret, category, setting_type, data_type, is_sensitive, validation_rules, description, change_reason
    on platform.setting_values for each row execute function platform.check_setting();

create table platform.setting_changes (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    setting_key     text not null,
    environment     text not null,
    old_value       jsonb,
    new_value       jsonb,
    is_sensitive    boolean not null,
    changed_by      uuid references platform.platform_users (id) on delete set null,
    change_reason   text,
    changed_at      timestamptz not null default now(),
    primary key (organization_id, id)
);
comment on table platform.setting_changes is 'Every change of a setting: from what to what, by whom, why.';
comment on column platform.setting_changes.old_value is 'Null: the default applied before, or it is sensitive.';
comment on column platform.setting_changes.new_value is 'Null: the default applies again, or it is sensitive.';
create index setting_changes_setting on platform.setting_changes (organization_id, setting_key, changed_at desc);
create index setting_changes_changed_by on platform.setting_changes (changed_by);

create function platform.record_setting() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    row_is platform.setting_values := coalesce(new, old);
begin
    -- Not while the organization itself goes.
    if exists (select from platform.organizations o where o.id = row_is.organization_id) then
        insert into platform.setting_changes (organization_id, setting_key, environment, old_value, new_value, is_sensitive, changed_by, change_reason)
        values (row_is.organization_id, row_is.setting_key, row_is.environment, old.setting_value, new.setting_value, row_is.is_sensitive,
                platform.actor(), case when tg_op = 'DELETE' then nullif(current_setting('clientele.reason', true), '') else new.change_reason end);
    end if;
    return null;
end
$$;
comment on function platform.record_setting() is 'Trigger: keeps platform.setting_changes.';
create trigger record_inserted after insert or delete on platform.setting_values for each row execute function platform.record_setting();
create trigger record_updated after update on platform.setting_values
    for each row when ((old.setting_value is distinct from new.setting_value or old.secret is distinct from new.secret) and current_setting('clientele.resealing', true) is distinct from 'on')
    execute function platform.record_setting();

select platform.protect('platform.setting_definitions', 'public');
create policy owner on platform.setting_definitions to clientele_owner using (true) with check (true);

select platform.protect('platform.setting_values', 'custom');
-- A limit holds for programs too.
create policy reader on platform.setting_values for select to clientele_app, clientele_readonly using (organization_id = (select platform.tenant('key')));
create policy admin on platform.setting_values to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
grant insert, update, delete on platform.setting_values to clientele_app;
grant select (organization_id, id, setting_key, environment, setting_value, category, setting_type, data_type, is_sensitive, is_encrypted, validation_rules,
              description, documentation_url, requires_restart, last_changed_by, change_reason, created_at, updated_at)
    on platform.setting_values to clientele_app, clientele_readonly;

select platform.protect('platform.setting_changes', 'admin');
select platform.only_added_to('platform.setting_changes');
-- Written by the trigger alone.
revoke insert on platform.setting_changes from clientele_app;
create policy owner on platform.setting_changes for insert to clientele_owner with check (true);

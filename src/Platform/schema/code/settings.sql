-- Settings as they are in force: the organization's own values, and the catalogue's defaults for the rest.

create or replace view platform.settings with (security_invoker = true) as
    select coalesce(v.id, d.id) as id,
           coalesce(v.setting_key, d.setting_key) as setting_key,
           case when v.id is null then d.default_value else v.setting_value end as setting_value,
           coalesce(c.category, v.category) as category,
           coalesce(c.setting_type, v.setting_type) as setting_type,
           coalesce(c.data_type, v.data_type) as data_type,
           coalesce(v.is_encrypted, false) as is_encrypted,
           coalesce(v.is_sensitive, false) as is_sensitive,
           coalesce(c.validation_rules, v.validation_rules) as validation_rules,
           coalesce(v.environment, d.environment) as environment,
           coalesce(c.description, v.description) as description,
           coalesce(c.documentation_url, v.documentation_url) as documentation_url,
           coalesce(c.requires_restart, v.requires_restart) as requires_restart,
           v.last_changed_by,
           v.change_reason,
           coalesce(v.created_at, d.created_at) as created_at,
           coalesce(v.updated_at, d.updated_at) as updated_at,
           v.id is null as is_default
    from platform.setting_values v
    full join platform.setting_definitions d on d.setting_key = v.setting_key and d.environment = v.environment
    left join platform.setting_definitions c on c.setting_key = coalesce(v.setting_key, d.setting_key);
comment on view platform.settings is
    'The settings in force. Writing a default''s value makes it the organization''s own; deleting that returns to the default. "on conflict" is refused here.';
comment on column platform.settings.setting_value is 'Null for sensitive settings: their value is never shown.';
comment on column platform.settings.is_default is 'The organization has no value of its own.';
grant select, insert, update, delete on platform.settings to clientele_app, clientele_service;
grant select on platform.settings to clientele_readonly;

create or replace function platform.write_setting() returns trigger
    language plpgsql
    as $$
declare
    written uuid;
begin
    if tg_op = 'DELETE' then
        delete from platform.setting_values v where v.organization_id = platform.organization() and v.id = old.id;
        if not found and old.is_default then
            raise exception 'The setting "%" has its default, which cannot be deleted. Give it another value instead.', old.setting_key using errcode = 'CL006';
        end if;
        return case when found then old end;
    end if;

    if tg_op = 'UPDATE' and not old.is_default then
        update platform.setting_values v
        set setting_key = new.setting_key, environment = new.environment, setting_value = new.setting_value, is_sensitive = new.is_sensitive,
            category = new.category, setting_type = new.setting_type, data_type = new.data_type, validation_rules = new.validation_rules,
            description = new.description, documentation_url = new.documentation_url, requires_restart = new.requires_restart,
            change_reason = new.change_reason
        where v.organization_id = platform.organization() and v.id = old.id
        returning v.id into written;
        if written is null then
            return null;
        end if;
    else
        if tg_op = 'UPDATE' and (new.setting_key, new.environment) is distinct from (old.setting_key, old.environment) then
            raise exception 'The setting "%" has its default, which keeps its name. Insert the other one instead.', old.setting_key using errcode = 'CL006';
        end if;
        insert into platform.setting_values as v (organization_id, setting_key, environment, setting_value, is_sensitive, category, setting_type, data_type,
                                                  validation_rules, description, documentation_url, requires_restart, change_reason)
        values (platform.organization(), new.setting_key, coalesce(new.environment, 'production'), new.setting_value, coalesce(new.is_sensitive, false),
                coalesce(new.category, 'general'), coalesce(new.setting_type, 'config'), coalesce(new.data_type, 'string'),
                coalesce(new.validation_rules, '{}'), new.description, new.documentation_url, coalesce(new.requires_restart, false), new.change_reason)
        returning v.id into written;
    end if;
    select s.* into new from platform.settings s where s.id = written;
    return new;
end
$$;
comment on function platform.write_setting() is 'Trigger of platform.settings: writes the organization''s own value.';
create or replace trigger write_setting instead of insert or update or delete on platform.settings for each row execute function platform.write_setting();

create or replace function platform.setting(key text, environment text default 'production') returns jsonb
    language sql stable
    as $$
        select coalesce(
            (select v.setting_value from platform.setting_values v
             where v.organization_id = platform.organization() and v.setting_key = setting.key and v.environment = setting.environment),
            (select d.default_value from platform.setting_definitions d where d.setting_key = setting.key))
    $$;
comment on function platform.setting(text, text) is 'The value in force of a setting for the transaction''s organization; null for one that is sensitive or unknown.';

create or replace function platform.keep_secret(key text, ciphertext bytea, environment text default 'production', reason text default null) returns void
    language sql
    as $$
        insert into platform.setting_values (organization_id, setting_key, environment, is_sensitive, secret, setting_type, change_reason)
        values (platform.organization(), keep_secret.key, keep_secret.environment, true, keep_secret.ciphertext, 'secret', keep_secret.reason)
        on conflict (organization_id, setting_key, environment) do update
        set is_sensitive = true, setting_value = null, secret = keep_secret.ciphertext, change_reason = keep_secret.reason
    $$;
comment on function platform.keep_secret(text, bytea, text, text) is 'Keeps the encrypted value of a sensitive setting, in place of what was there.';

create or replace function platform.session_lifetime(person uuid) returns interval
    language sql stable
    as $$
        select make_interval(hours => least(2160, coalesce(min(coalesce(v.setting_value, d.default_value)::numeric), 24))::integer)
        from platform.organization_members m
        cross join platform.setting_definitions d
        left join platform.setting_values v on v.organization_id = m.organization_id and v.setting_key = d.setting_key and v.environment = d.environment
        where m.user_id = session_lifetime.person and m.status = 'active' and d.setting_key = 'platform.session_timeout_hours'
    $$;
comment on function platform.session_lifetime(uuid) is
    'How long a person''s new session lasts: the shortest of their organizations'' platform.session_timeout_hours. For the service role, which sees all of them.';
revoke execute on function platform.session_lifetime(uuid) from public;
grant execute on function platform.session_lifetime(uuid) to clientele_service;

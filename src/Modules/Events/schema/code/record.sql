-- Recording an event through a view: one trigger function for all of them.

create or replace function events.record() returns trigger
    language plpgsql
    as $$
declare
    spec       jsonb := tg_argv[0]::jsonb;
    given      jsonb;
    envelope   jsonb;
    body       jsonb;
    whole      jsonb;
    schema     jsonb;
    kind       events.event_types;
    wanted     text;
    wrong      text[];
    profile    uuid;
    person     uuid;
    message    text;
    written    log.events;
    shown      jsonb;
begin
    if tg_op <> 'INSERT' then
        raise exception 'Events are never changed or removed: %.% shows what happened. Record another event that sets right what is wrong.', tg_table_schema, tg_table_name
            using errcode = 'CL004', schema = tg_table_schema, table = tg_table_name;
    end if;
    if platform.organization() is null then
        raise exception 'No organization is set for this transaction.' using errcode = 'insufficient_privilege';
    end if;
    given := jsonb_strip_nulls(to_jsonb(new) - coalesce(spec ->> 'payload', ''));
    -- Inside a JSON column null is a value.
    given := given || (select coalesce(jsonb_object_agg(g.key, g.value), '{}') from jsonb_each(to_jsonb(new)) as g where given ? g.key);

    select array_agg(d) into wrong from jsonb_object_keys(spec -> 'derived') as d where given ? d;
    if wrong is not null then
        raise exception '% of %.% cannot be written: it is worked out. Leave it out.', array_to_string(wrong, ', '), tg_table_schema, tg_table_name using errcode = 'CL006';
    end if;

    select coalesce(jsonb_object_agg(c.value #>> '{}', given -> c.key), '{}') into envelope
    from jsonb_each(spec -> 'columns') as c where given ? c.key;
    select coalesce(jsonb_object_agg(p, given -> p), '{}') into body
    from jsonb_array_elements_text(spec -> 'properties') as p where given ? p;
    if spec ? 'payload' then
        body := coalesce(nullif(to_jsonb(new) -> (spec ->> 'payload'), 'null'), '{}') || body;
        if jsonb_typeof(body) <> 'object' then
            raise exception '% must be an object', spec ->> 'payload' using errcode = 'check_violation';
        end if;
    end if;

    -- Which type?
    wanted := envelope ->> 'event_type';
    if spec ->> 'action' is not null then
        select t.* into kind from events.event_types t
        where t.blueprint = spec ->> 'blueprint' and t.view_name = tg_table_name and t.action = given ->> (spec ->> 'action');
        if kind.event_type is null and (given ? (spec ->> 'action') or wanted is null) then
            wrong := array[format('%s must be one of %s', spec ->> 'action', (select string_agg(t.action, ', ' order by t.action) from events.event_types t
                where t.blueprint = spec ->> 'blueprint' and t.view_name = tg_table_name))];
        elsif kind.event_type <> wanted then
            wrong := array[format('event_type must be %s where %s is %s', kind.event_type, spec ->> 'action', kind.action)];
        end if;
        wanted := coalesce(kind.event_type, wanted);
    elsif jsonb_array_length(nullif(spec -> 'types', 'null')) = 1 then
        wanted := spec -> 'types' ->> 0;
    end if;
    if wrong is null and wanted is null then
        wrong := array['event_type is required'];
    end if;
    if wrong is null and kind.event_type is null then
        select t.* into kind from events.event_types t where t.event_type = wanted and t.blueprint in (spec ->> 'blueprint', 'platform') order by t.blueprint = 'platform' limit 1;
    end if;
    if wrong is null and jsonb_typeof(spec -> 'types') = 'array' and not spec -> 'types' ? wanted then
        wrong := array[format('event_type must be one of %s', (select string_agg(t, ', ') from jsonb_array_elements_text(spec -> 'types') as t))];
    end if;

    -- Is it what its schema asks for? A property that is a column of the log is held against its rule like the others.
    if wrong is null then
        schema := events.schema_of(wanted, spec ->> 'blueprint');
        if schema is null and spec -> 'open' is distinct from 'true' then
            wrong := array[format('event_type %s is not in the catalogue of %s, and the organization has no active schema of it', wanted, spec ->> 'blueprint')];
        end if;
    end if;
    if wrong is null and schema is not null then
        select body || coalesce(jsonb_object_agg(p.key, coalesce(body -> p.key, envelope -> (p.value ->> 'x-column'))), '{}') into whole
        from jsonb_each(schema -> 'properties') as p
        where p.value ? 'x-column' and (body ? p.key or envelope ? (p.value ->> 'x-column'));
        wrong := nullif(events.problems(schema, whole), '{}');
        select envelope || coalesce(jsonb_object_agg(p.value ->> 'x-column', whole -> p.key), '{}'), body - coalesce(array_agg(p.key), '{}') into envelope, body
        from jsonb_each(schema -> 'properties') as p
        where p.value ? 'x-column' and whole ? p.key;
    end if;
    -- And what the view's document asks of its columns, whatever the type.
    if wrong is null and spec ? 'rules' then
        wrong := nullif(events.problems(spec -> 'rules', given), '{}');
    end if;
    if wrong is null and spec -> 'needs_category' = 'true' and not envelope ? 'event_category' and kind.category is null then
        wrong := array['event_category is required'];
    end if;
    profile := coalesce(envelope ->> 'profile_id', envelope ->> 'customer_id')::uuid;
    if wrong is null and (envelope ->> 'event_category' in ('control', 'state') or kind.category in ('control', 'state')) then
        wrong := array['only the platform itself records events of the category ' || coalesce(kind.category, envelope ->> 'event_category')];
    end if;
    if wrong is null and profile is null and (kind.needs_customer or spec -> 'needs_customer' = 'true') then
        wrong := array['customer_id is required'];
    end if;
    if wrong is not null then
        raise exception '%: %.', tg_table_name, array_to_string(wrong, '; ') using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name;
    end if;

    -- About whom? The log has no foreign keys, so whoever writes to it looks.
    if profile is not null then
        select coalesce(m.person_id, c.id) into person
        from customers.customers c
        left join customers.person_map m on m.organization_id = c.organization_id and m.profile_id = c.id
        where c.organization_id = platform.organization() and c.id = profile;
        if person is null then
            raise exception 'There is no customer %.', profile using errcode = 'foreign_key_violation', schema = tg_table_schema, table = tg_table_name;
        elsif (envelope ->> 'customer_id')::uuid not in (profile, person) then
            raise exception 'The profile % is the customer %, not %.', profile, person, envelope ->> 'customer_id' using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name;
        end if;
    end if;

    -- Was it here before?
    message := coalesce(envelope ->> 'message_id', envelope ->> 'id');
    if message is not null then
        insert into log.message_ids (organization_id, message_id) values (platform.organization(), message) on conflict do nothing;
        if not found or (envelope ? 'id' and exists (select from log.events e where e.organization_id = platform.organization() and e.id = (envelope ->> 'id')::uuid)) then
            return null;
        end if;
    end if;

    insert into log.events (
        organization_id, id, workspace_id, event_type, event_name, event_category, properties, event_value, currency, customer_id, session_id,
        page_url, page_title, referrer_url, ip_address, user_agent, device_type, browser, os, screen_resolution, country, city,
        utm_source, utm_medium, utm_campaign, utm_term, utm_content, occurred_at, claimed_at, data_source, source_system, batch_id)
    select platform.organization(), coalesce(r.id, gen_random_uuid()), coalesce(r.workspace_id, platform.workspace()), wanted, coalesce(r.event_name, kind.title, wanted),
           coalesce(r.event_category, kind.category), body, r.event_value, r.currency, profile, r.session_id,
           r.page_url, r.page_title, r.referrer_url, r.ip_address, r.user_agent, r.device_type, r.browser, r.os, r.screen_resolution, r.country, r.city,
           r.utm_source, r.utm_medium, r.utm_campaign, r.utm_term, r.utm_content,
           log.moment(coalesce(r.occurred_at, now())), nullif(r.occurred_at, log.moment(r.occurred_at)), coalesce(r.data_source, 'api'), r.source_system, r.batch_id
    from jsonb_populate_record(null::log.events, envelope - array['customer_id', 'profile_id', 'message_id', 'event_type', 'properties']) as r
    returning * into written;

    -- What "returning" gives is what reading would.
    shown := to_jsonb(written) || jsonb_build_object('customer_id', person, 'profile_id', profile, 'message_id', null);
    select jsonb_object_agg(c.key, shown -> (c.value #>> '{}')) into given from jsonb_each(spec -> 'columns') as c;
    if spec ->> 'action' is not null then
        given := given || jsonb_build_object(spec ->> 'action', kind.action);
    end if;
    if spec ? 'payload' then
        given := given || jsonb_build_object(spec ->> 'payload', body - array(select jsonb_array_elements_text(spec -> 'properties')));
    end if;
    execute format('select to_jsonb(d) from (select %s from (select ($1).*) as f) as d', (select string_agg(format('%s as %I', d.value #>> '{}', d.key), ', ') from jsonb_each(spec -> 'derived') as d))
        into whole using written;
    return jsonb_populate_record(new, given || whole);
end
$$;
comment on function events.record() is
    'Trigger of the views of the log. Insert: finds the type, holds the properties against its schema (23514 lists what is wrong), appends to the log of the transaction''s organization, once for each id or message id. Update and delete are refused (CL004).';

create or replace view events.personal_properties with (security_invoker = true) as
    select distinct t.event_type, p.key as property, p.value ->> 'x-column' as log_column
    from events.event_types t
    cross join lateral jsonb_each(t.schema -> 'properties') as p
    where p.value -> 'x-personal' = 'true';
comment on view events.personal_properties is 'Which properties of which events are personal by any catalogue. An erasure empties all properties, these among them.';
comment on column events.personal_properties.log_column is 'The column of the log that holds it; null where it is in the properties.';
grant select on events.personal_properties to clientele_app, clientele_service;

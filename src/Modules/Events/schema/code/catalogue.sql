-- The catalogue and its views. A blueprint's data file is a list of typed tables as its document has them, each with the
-- types of events it shows; events.install writes them to events.event_types and makes the views.
--
--   {"view": "cart_events", "title": "Cart", "category": "commerce", "about": "customer", "needs_customer": false,
--    "description": "…",
--    "action": {"column": "action", "description": "…"},                         when it shows several types
--    "types": [{"type": "product_added", "title": "Product added", "action": "added", "required": ["product_id"]}, …],
--    "required": [required by all types], "properties": {JSON Schemas by name, in the order they are shown}}
--
-- Without "view" the types are known and held against their schema, and have no view of their own.

-- A function's parameters may have other names than the version before had.
drop function if exists events.install(text, json);
drop function if exists events.typed_view(text, text, text[]);
drop function if exists events.log_view(text, text, text, jsonb);

create function events.install(blueprint text, catalogue json) returns void
    language plpgsql
    as $install$
declare
    entry      json;
    properties jsonb;
    fields     text[];
    required   jsonb;
    wrong      text[];
    gone       record;
    shown      text[] := array(select t.event_type from events.event_types t where t.blueprint = install.blueprint and t.view_name = t.event_type);
begin
    for gone in select distinct t.view_name from events.event_types t where t.blueprint = install.blueprint and t.view_name is not null loop
        execute format('drop view if exists %I.%I', install.blueprint, gone.view_name);
    end loop;
    delete from events.event_types t where t.blueprint = install.blueprint;

    for entry in select e from json_array_elements(catalogue) as e loop
        properties := entry -> 'properties';
        required := coalesce((entry ->> 'required')::jsonb, '[]');
        select coalesce(array_agg(p.key order by p.ordinality), '{}') into fields from json_object_keys(entry -> 'properties') with ordinality as p (key);
        if fields && array['id', 'workspace_id', 'event_type', 'customer_id', 'profile_id', 'session_id', 'occurred_at', 'recorded_at', 'message_id', entry -> 'action' ->> 'column'] then
            raise exception 'events.install: a property of % has the name of a column every event has', coalesce(entry ->> 'view', entry ->> 'title');
        end if;
        -- The types of one table differ only in what they require.
        wrong := events.schema_problems(jsonb_build_object('type', 'object', 'properties', properties, 'required', required))
            || array(select 'the required property ' || r.name || ' is not described'
                     from (select jsonb_array_elements_text(required) as name
                           union select json_array_elements_text(k -> 'required') from json_array_elements(entry -> 'types') as k) r
                     where r.name <> all (fields))
            || array(select p.key || ': a column of the log is text, an address or a number'
                     from jsonb_each(properties) as p where p.value ->> 'x-column' not in (
                         'event_value', 'currency', 'page_url', 'page_title', 'referrer_url', 'ip_address', 'user_agent', 'device_type', 'browser', 'os',
                         'screen_resolution', 'country', 'city', 'utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'source_system'));
        if cardinality(wrong) > 0 then
            raise exception 'events.install: %, %: %', install.blueprint, coalesce(entry ->> 'view', entry ->> 'title'), array_to_string(wrong, '; ');
        end if;
        insert into events.event_types (blueprint, event_type, title, category, description, about, needs_customer, schema, fields, view_name, action_column, action)
        select install.blueprint, k ->> 'type', coalesce(k ->> 'title', entry ->> 'title'), entry ->> 'category', entry ->> 'description', entry ->> 'about',
               coalesce((entry ->> 'needs_customer')::boolean, false),
               jsonb_build_object(
                   '$schema', 'https://json-schema.org/draft/2020-12/schema',
                   'title', coalesce(k ->> 'title', entry ->> 'title'),
                   'description', entry ->> 'description',
                   'type', 'object',
                   'properties', properties,
                   'required', required || coalesce((k ->> 'required')::jsonb, '[]')),
               fields, entry ->> 'view', entry -> 'action' ->> 'column', k ->> 'action'
        from json_array_elements(entry -> 'types') as k;
        if entry ->> 'view' is not null then
            perform events.typed_view(entry ->> 'view', install.blueprint, array(select k ->> 'type' from json_array_elements(entry -> 'types') as k));
            if entry ->> 'action' is not null then
                execute format('comment on column %I.%I.%I is %L', install.blueprint, entry ->> 'view', entry -> 'action' ->> 'column', format('%s One of: %s.',
                    entry -> 'action' ->> 'description', (select string_agg(k ->> 'action', ', ') from json_array_elements(entry -> 'types') as k)));
            end if;
        end if;
    end loop;
    -- Views that applying the blueprint made are made again.
    perform events.show_type(install.blueprint, t.event_type) from events.event_types t
    where t.blueprint = install.blueprint and t.event_type = any (shown) and t.view_name is null;
end
$install$;
comment on function events.install(text, json) is 'Makes a blueprint''s catalogue what its data file says: the types, and a typed view for each table of the document.';
revoke execute on function events.install(text, json) from public;

create or replace function events.says(property jsonb) returns text
    language sql immutable
    as $$
        select concat_ws(' ',
            property ->> 'description',
            'Unit: ' || (property ->> 'x-unit') || '.',
            case when property ? 'minimum' and property ? 'maximum' then format('%s to %s.', property ->> 'minimum', property ->> 'maximum')
                 when property ? 'minimum' then format('At least %s.', property ->> 'minimum')
                 when property ? 'exclusiveMinimum' and property ? 'maximum' then format('More than %s, at most %s.', property ->> 'exclusiveMinimum', property ->> 'maximum')
                 when property ? 'exclusiveMinimum' then format('More than %s.', property ->> 'exclusiveMinimum')
                 when property ? 'maximum' then format('At most %s.', property ->> 'maximum') end,
            'One of: ' || (select string_agg(e, ', ') from jsonb_array_elements_text(property -> 'enum') as e) || '.',
            case when property -> 'x-personal' = 'true' then 'Personal.' end)
    $$;
comment on function events.says(jsonb) is 'What a property''s schema says of it, for the comment of its column.';

create function events.typed_view(view_name text, blueprint text, types text[]) returns void
    language plpgsql
    as $typed$
declare
    one       events.event_types;
    field     text;
    rule      jsonb;
    source    text;
    reader    text;
    discriminator text;
    columns   text[] := array['f.id'];
    comments  jsonb := '{}';
    mapping   jsonb := '{}';
    names     text[] := '{}';
    seen      text[] := '{}';
begin
    if exists (select from unnest(types) as t where not exists (select from events.event_types e where e.blueprint = typed_view.blueprint and e.event_type = t)) then
        raise exception 'events.typed_view: % shows types that are not in the catalogue of %', view_name, blueprint;
    end if;
    select e.action_column into discriminator from events.event_types e where e.blueprint = typed_view.blueprint and e.event_type = types[1];
    if cardinality(types) > 1 then
        columns := columns || 'f.event_type'::text;
    end if;
    if discriminator is not null then
        columns := columns || (select format('case f.event_type %s end as %I', string_agg(format('when %L then %L', e.event_type, e.action), ' '), discriminator)
                               from events.event_types e where e.blueprint = typed_view.blueprint and e.event_type = any (types));
    end if;
    columns := columns || array['f.customer_id', 'f.profile_id', 'f.session_id', 'f.occurred_at'];

    for one in select e.* from events.event_types e where e.blueprint = typed_view.blueprint and e.event_type = any (types) order by array_position(types, e.event_type) loop
        foreach field in array one.fields loop
            continue when field = any (seen);
            seen := seen || field;
            rule := one.schema -> 'properties' -> field;
            source := rule ->> 'x-column';
            reader := case rule ->> 'type'
                when 'string' then case rule ->> 'format' when 'date-time' then 'as_moment' when 'date' then 'as_date' when 'uuid' then 'as_uuid' else 'as_text' end
                when 'integer' then 'as_integer' when 'number' then 'as_number' when 'boolean' then 'as_boolean' when 'array' then 'as_array' when 'object' then 'as_object' end;
            if reader is null then
                raise exception 'events.typed_view: % of % has no type a column could have', field, view_name;
            end if;
            columns := columns || case when source is not null then format('f.%I as %I', source, field) else format('events.%I(f.properties -> %L) as %I', reader, field, field) end;
            if source is not null then
                mapping := mapping || jsonb_build_object(field, source);
            else
                names := names || field;
            end if;
            comments := comments || jsonb_build_object(field, events.says(rule));
        end loop;
    end loop;

    perform events.log_view(format('%s.%s', blueprint, view_name),
        array_to_string(columns || array['f.workspace_id', 'f.received_at as recorded_at', 'null::text as message_id'], ', ')
            || case when cardinality(types) = 1 then format(' from events.facts f where f.event_type = %L', types[1])
                    else format(' from events.facts f where f.event_type = any (%L::text[])', types) end,
        (select string_agg(distinct e.description, ' ') || format(' Event%s: %s.', case when cardinality(types) > 1 then 's' else '' end, array_to_string(types, ', '))
         from events.event_types e where e.blueprint = typed_view.blueprint and e.event_type = any (types)),
        jsonb_build_object('blueprint', blueprint, 'types', types, 'action', discriminator, 'properties', names, 'derived', '{"recorded_at": "f.received_at"}'::jsonb,
            'columns', mapping || '{"id": "id", "workspace_id": "workspace_id", "customer_id": "customer_id", "profile_id": "profile_id", "session_id": "session_id", "occurred_at": "occurred_at", "message_id": "message_id"}'
                || case when cardinality(types) > 1 then '{"event_type": "event_type"}'::jsonb else '{}' end));
    execute coalesce((select string_agg(format('comment on column %I.%I.%I is %L;', blueprint, view_name, c.key, c.value), '') from jsonb_each_text(comments) as c), '');
end
$typed$;
comment on function events.typed_view(text, text, text[]) is
    'Makes a view of the events of these types with a typed column for each property of their schemas. A value of another type reads as null. Inserting records an event; update and delete are refused.';
revoke execute on function events.typed_view(text, text, text[]) from public;

-- Not made with the schema but when a blueprint is applied: most who run one product never see the others' hundred and fifty.
create or replace function events.show_type(name text, kind text) returns void
    language plpgsql
    as $$
begin
    perform events.typed_view(kind, name, array[kind]);
    update events.event_types t set view_name = kind where t.blueprint = name and t.event_type = kind;
end
$$;
comment on function events.show_type(text, text) is 'Makes the typed view of a type that no table of its document shows; it is called like the type.';
revoke execute on function events.show_type(text, text) from public;

-- What every event has, said once for all views. A view of the whole log may call the columns otherwise.
create or replace function events.column_says(log_column text) returns text
    language sql immutable
    as $$
        select case log_column
            when 'id' then 'The event. Inserting an id that is there already adds nothing.'
            when 'workspace_id' then 'The shop, site or app it happened in.'
            when 'event_type' then 'What happened, one word of the catalogue.'
            when 'event_name' then 'What happened, in words for people.'
            when 'event_category' then 'The group of the catalogue it belongs to.'
            when 'properties' then 'What else is known of it: the body of the event.'
            when 'event_value' then 'Money, in the currency beside it.'
            when 'currency' then 'ISO 4217 code.'
            when 'customer_id' then 'The person it is about, after merges.'
            when 'profile_id' then 'The profile it was recorded with, for ever.'
            when 'session_id' then 'The visit it belongs to.'
            when 'page_url' then 'The page it happened on.'
            when 'page_title' then 'Title of that page.'
            when 'referrer_url' then 'The page that led there.'
            when 'ip_address' then 'The address it came from. Personal.'
            when 'user_agent' then 'The browser or app, as it names itself. Personal.'
            when 'device_type' then 'desktop, mobile, tablet.'
            when 'browser' then 'Browser.'
            when 'os' then 'Operating system.'
            when 'screen_resolution' then 'Width and height in pixels, 1920x1080.'
            when 'country' then 'Country it came from.'
            when 'city' then 'City it came from.'
            when 'utm_source' then 'The campaign tag utm_source: who sent the visitor.'
            when 'utm_medium' then 'The campaign tag utm_medium: by what kind of link.'
            when 'utm_campaign' then 'The campaign tag utm_campaign.'
            when 'utm_term' then 'The campaign tag utm_term: words searched for.'
            when 'utm_content' then 'The campaign tag utm_content: which of several links.'
            when 'occurred_at' then 'When it happened. More than a day in the future is replaced by the time of arrival.'
            when 'received_at' then 'When it was recorded.'
            when 'data_source' then 'Where it came from: api, import, demo, platform.'
            when 'source_system' then 'The system that told of it.'
            when 'batch_id' then 'The import or batch operation that brought it.'
            when 'message_id' then 'Written only: the sender''s own id. A second event with the same one adds nothing. Reads as null.'
        end
    $$;
comment on function events.column_says(text) is 'What a column of the log means, for the comments of its views.';

create function events.log_view(target text, body text, about text, recording jsonb) returns void
    language plpgsql
    as $log$
declare
    home   text := split_part(target, '.', 1);
    called text := split_part(target, '.', 2);
begin
    execute format('drop view if exists %I.%I', home, called);
    execute format('create view %I.%I with (security_invoker = true) as select %s', home, called, body);
    execute concat(
        format('comment on view %I.%I is %L;', home, called, about),
        (select string_agg(format('comment on column %I.%I.%I is %L;', home, called, m.key, events.column_says(regexp_replace(m.value, '^f\.', ''))), '')
         from jsonb_each_text((recording -> 'columns') || (recording -> 'derived')) as m));
    execute format('grant select on %I.%I to clientele_app, clientele_service, clientele_readonly', home, called);
    -- The Data API offers it from now on.
    notify clientele_catalogue;
    -- Update and delete are granted so that whoever tries is told why not.
    execute format('grant insert, update, delete on %I.%I to clientele_app, clientele_service', home, called);
    execute format('create trigger record instead of insert or update or delete on %I.%I for each row execute function events.record(%L)', home, called, recording);
end
$log$;
comment on function events.log_view(text, text, text, jsonb) is
    'Makes a view of the log that events are recorded through. "body": what follows select, over events.facts f. "recording", for events.record: blueprint; types, null for any; action, the column that stands for the type; columns, the log''s column for each of the view''s; properties, columns that are a property of the same name; payload, the column that holds all other properties; derived, expressions over f that cannot be written; open, whether types that no catalogue knows are taken; rules, a JSON Schema of the view''s own columns; needs_customer; needs_category.';
revoke execute on function events.log_view(text, text, text, jsonb) from public;

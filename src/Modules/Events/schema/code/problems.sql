-- JSON Schema, as far as events need it: what is wrong with a value, in words that name the place and the rule. Keywords
-- it does not know are refused when a schema is registered (events.schema_problems), so that no rule is silently ignored.

create or replace function events.problems(schema jsonb, properties jsonb, path text default '') returns text[]
    language plpgsql stable parallel safe
    as $$
declare
    given  alias for properties;
    place  text := coalesce(nullif(path, ''), 'the properties');
    kind   text := jsonb_typeof(given);
    found  text[] := '{}';
    number numeric;
    word   text;
    part   record;
begin
    if jsonb_typeof(schema) = 'boolean' then
        return case when schema = 'true' then found else array[place || ' is not allowed'] end;
    end if;
    if kind = 'number' then number := given::numeric; end if;
    if kind = 'string' then word := given #>> '{}'; end if;

    -- In parentheses: plpgsql would take the "then" of a bare case for its own.
    if schema ? 'type' and not ((case jsonb_typeof(schema -> 'type') when 'array' then schema -> 'type' else jsonb_build_array(schema -> 'type') end)
        ?| array[kind, (case when number % 1 = 0 then 'integer' else kind end)])
    then
        return array[format('%s must be %s, not %s', place,
            replace(btrim(replace(schema ->> 'type', '"', ''), '[]'), ',', ' or'), kind)];
    end if;
    if schema ? 'enum' and not exists (select from jsonb_array_elements(schema -> 'enum') as a (allowed) where a.allowed = given) then
        found := found || format('%s must be one of %s', place, (select string_agg(a.allowed #>> '{}', ', ') from jsonb_array_elements(schema -> 'enum') as a (allowed)));
    end if;
    if schema ? 'const' and schema -> 'const' <> given then
        found := found || format('%s must be %s', place, schema ->> 'const');
    end if;

    case kind
    when 'number' then
        if number < (schema ->> 'minimum')::numeric then
            found := found || format('%s must be at least %s', place, schema ->> 'minimum');
        end if;
        if number > (schema ->> 'maximum')::numeric then
            found := found || format('%s must be at most %s', place, schema ->> 'maximum');
        end if;
        if number <= (schema ->> 'exclusiveMinimum')::numeric then
            found := found || format('%s must be more than %s', place, schema ->> 'exclusiveMinimum');
        end if;
        if number >= (schema ->> 'exclusiveMaximum')::numeric then
            found := found || format('%s must be less than %s', place, schema ->> 'exclusiveMaximum');
        end if;
        if number % (schema ->> 'multipleOf')::numeric <> 0 then
            found := found || format('%s must be a multiple of %s', place, schema ->> 'multipleOf');
        end if;
    when 'string' then
        if length(word) < (schema ->> 'minLength')::numeric then
            found := found || format('%s must have at least %s characters', place, schema ->> 'minLength');
        end if;
        if length(word) > (schema ->> 'maxLength')::numeric then
            found := found || format('%s must have at most %s characters', place, schema ->> 'maxLength');
        end if;
        if word !~ (schema ->> 'pattern') then
            found := found || format('%s must match %s', place, schema ->> 'pattern');
        end if;
        if not (case schema ->> 'format'
            when 'date-time' then events.is_moment(word)
            when 'date' then events.is_date(word)
            when 'uuid' then events.is_uuid(word)
            when 'email' then word ~ '^[^\s@.]+(\.[^\s@.]+)*@[^\s@=.]+(\.[^\s@=.]+)*$'
            when 'uri' then word ~ '^[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~!#$&''()*+,/:;=?@\[\]-]|%[0-9A-Fa-f]{2})+$'
            else true end)
        then
            found := found || format('%s must be %s', place, case schema ->> 'format'
                when 'date-time' then 'a time with its offset, as in 2026-03-01T12:00:00Z'
                when 'date' then 'a day, as in 2026-03-01'
                when 'uuid' then 'a UUID' when 'email' then 'an e-mail address' else 'a URI' end);
        end if;
    when 'array' then
        if jsonb_array_length(given) < (schema ->> 'minItems')::numeric then
            found := found || format('%s must have at least %s items', place, schema ->> 'minItems');
        end if;
        if jsonb_array_length(given) > (schema ->> 'maxItems')::numeric then
            found := found || format('%s must have at most %s items', place, schema ->> 'maxItems');
        end if;
        if schema ? 'items' then
            for part in select i.value, i.ordinality - 1 as index from jsonb_array_elements(given) with ordinality as i loop
                found := found || events.problems(schema -> 'items', part.value, format('%s[%s]', path, part.index));
            end loop;
        end if;
    when 'object' then
        for part in select r.name from jsonb_array_elements_text(schema -> 'required') as r (name) where not given ? r.name loop
            found := found || format('%s is required', concat_ws('.', nullif(path, ''), part.name));
        end loop;
        for part in select m.key, m.value, schema -> 'properties' -> m.key as rule from jsonb_each(given) as m loop
            if part.rule is not null then
                found := found || events.problems(part.rule, part.value, concat_ws('.', nullif(path, ''), part.key));
            elsif schema -> 'additionalProperties' = 'false' then
                found := found || format('%s is not known', concat_ws('.', nullif(path, ''), part.key));
            elsif schema ? 'additionalProperties' then
                found := found || events.problems(schema -> 'additionalProperties', part.value, concat_ws('.', nullif(path, ''), part.key));
            end if;
        end loop;
    else null;
    end case;
    return found;
end
$$;
comment on function events.problems(jsonb, jsonb, text) is
    'What is wrong with properties by a JSON Schema, each problem with the path of the property and the rule; empty when nothing is. Knows: type, enum, const, minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern, format (date-time, date, uuid, email, uri), items, minItems, maxItems, properties, required, additionalProperties.';

create or replace function events.schema_problems(schema jsonb, path text default '') returns text[]
    language plpgsql stable
    as $$
declare
    place text := coalesce(nullif(path, ''), 'the schema');
    found text[] := '{}';
    part  record;
begin
    if jsonb_typeof(schema) = 'boolean' then
        return found;
    elsif jsonb_typeof(schema) is distinct from 'object' then
        return array[place || ' must be an object'];
    end if;
    for part in select k.key, k.value, jsonb_typeof(k.value) as kind from jsonb_each(schema) as k loop
        if part.key in ('title', 'description', 'default', 'examples', 'deprecated', '$schema', '$id', '$comment') or part.key like 'x-%' then
            continue;
        elsif part.key = 'type' then
            if not jsonb_build_array(part.value) <@ '["object", "array", "string", "number", "integer", "boolean", "null"]'
               and not (part.kind = 'array' and part.value <@ '["object", "array", "string", "number", "integer", "boolean", "null"]') then
                found := found || format('%s: %s is no type', place, part.value);
            end if;
        elsif part.key in ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum') then
            if part.kind <> 'number' then found := found || format('%s: %s must be a number', place, part.key); end if;
        elsif part.key = 'multipleOf' then
            if part.kind <> 'number' or part.value <= '0' then found := found || format('%s: multipleOf must be a number above 0', place); end if;
        elsif part.key in ('minLength', 'maxLength', 'minItems', 'maxItems') then
            if part.kind <> 'number' or part.value < '0' then found := found || format('%s: %s must be a number, 0 or more', place, part.key); end if;
        elsif part.key = 'enum' then
            if part.kind <> 'array' or part.value = '[]' then found := found || format('%s: enum must list values', place); end if;
        elsif part.key = 'const' then
            continue;
        elsif part.key = 'pattern' then
            begin
                perform '' ~ (part.value #>> '{}');
            exception when invalid_regular_expression then
                found := found || format('%s: %s is no regular expression', place, part.value);
            end;
        elsif part.key = 'format' then
            if not part.value <@ '["date-time", "date", "uuid", "email", "uri"]' then found := found || format('%s: the format %s is not known', place, part.value); end if;
        elsif part.key = 'required' then
            if part.kind <> 'array' or exists (select from jsonb_array_elements(case part.kind when 'array' then part.value else '[]' end) as r where jsonb_typeof(r) <> 'string') then
                found := found || format('%s: required must list names', place);
            end if;
        elsif part.key in ('items', 'additionalProperties') then
            found := found || events.schema_problems(part.value, concat_ws('.', nullif(path, ''), part.key));
        elsif part.key = 'properties' then
            if part.kind <> 'object' then
                found := found || format('%s: properties must be an object', place);
            else
                found := found || array(
                    select p from jsonb_each(part.value) as m, unnest(events.schema_problems(m.value, concat_ws('.', nullif(path, ''), m.key))) as p);
            end if;
        else
            found := found || format('%s: the keyword %s is not known here', place, part.key);
        end if;
    end loop;
    return found;
end
$$;
comment on function events.schema_problems(jsonb, text) is 'What is wrong with a JSON Schema; a keyword that events.problems would not heed is a problem.';

create or replace function events.schema_of(event_type text, blueprint text default null) returns jsonb
    language sql stable
    as $$
        select coalesce(
            (select s.schema from events.event_schemas s
             where s.organization_id = platform.organization() and s.event_type = schema_of.event_type and s.status = 'active'),
            (select t.schema from events.event_types t where t.blueprint = schema_of.blueprint and t.event_type = schema_of.event_type),
            (select t.schema from events.event_types t where t.blueprint = 'platform' and t.event_type = schema_of.event_type))
    $$;
comment on function events.schema_of(text, text) is 'The schema events of a type are held against: the organization''s active one, else the blueprint''s, else the platform''s own; null when the type is not known.';

-- ---------------------------------------------------------------------------------------------------------
-- The organization's own schemas

create or replace function events.keep_schema() returns trigger
    language plpgsql
    as $$
declare
    wrong text[] := events.schema_problems(new.schema);
begin
    if cardinality(wrong) > 0 then
        raise exception 'The schema of % cannot be used: %.', new.event_type, array_to_string(wrong, '; ') using errcode = 'check_violation', schema = 'events', table = 'event_schemas', column = 'schema';
    end if;
    if tg_op = 'UPDATE' then
        if old.status <> 'draft' and (old.schema, old.event_type, old.version) is distinct from (new.schema, new.event_type, new.version) then
            raise exception 'Version % of the schema of % is %: register another version instead.', old.version, old.event_type, old.status using errcode = 'CL004', schema = 'events', table = 'event_schemas';
        end if;
        if old.status <> new.status then
            new.activated_at := case new.status when 'active' then now() else new.activated_at end;
            new.retired_at := case new.status when 'retired' then now() else new.retired_at end;
        end if;
    end if;
    return new;
end
$$;
comment on function events.keep_schema() is 'Trigger: a schema must be one, and what was active once is not rewritten.';
create or replace trigger keep_schema before insert or update on events.event_schemas for each row execute function events.keep_schema();

create or replace function events.activate_schema(event_type text, version integer) returns void
    language plpgsql
    as $$
begin
    update events.event_schemas s set status = 'retired'
    where s.organization_id = platform.organization() and s.event_type = activate_schema.event_type and s.status = 'active' and s.version <> activate_schema.version;
    update events.event_schemas s set status = 'active'
    where s.organization_id = platform.organization() and s.event_type = activate_schema.event_type and s.version = activate_schema.version;
    if not found then
        raise exception 'There is no version % of a schema of %.', activate_schema.version, activate_schema.event_type using errcode = 'no_data_found';
    end if;
end
$$;
comment on function events.activate_schema(text, integer) is 'Makes a draft the schema of its type and retires the one before, in one step.';

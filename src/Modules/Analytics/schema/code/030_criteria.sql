-- Criteria: a tree of conditions, made into SQL. Nothing of the caller's becomes SQL but as a literal: a field is a
-- column of analytics.people found in the catalogue, an operator one of a list, a value is quoted. One field is no column:
-- total_events is counted for all at once (e in analytics.matching), and only when somebody asks for it.

create or replace function analytics.condition_sql(condition jsonb, zone text, as_of timestamptz) returns text
    language plpgsql stable
    as $condition$
declare
    field     text := condition ->> 'field';
    operator  text := condition ->> 'operator';
    value     jsonb := condition -> 'value';
    declared  text := condition ->> 'type';
    word      text := condition ->> 'value';
    head      text := split_part(field, '.', 1);
    path      text[] := (string_to_array(field, '.'))[2:];
    sort      text;   -- text, number, time, date, list or flag
    whole     text;   -- the JSON value of a custom attribute
    left_side text;
    cast_to   text;
    unknown   text;
    items     text[];
    span      integer;
begin
    select k into unknown from jsonb_object_keys(condition) k where k not in ('field', 'operator', 'value', 'type') limit 1;
    if unknown is not null then
        raise exception 'A condition has no "%": it has field, operator, value and type.', unknown using errcode = 'check_violation';
    end if;
    if jsonb_typeof(condition -> 'field') is distinct from 'string' or jsonb_typeof(condition -> 'operator') is distinct from 'string' then
        raise exception 'A condition needs a field and an operator, both words: %', left(condition::text, 200) using errcode = 'check_violation';
    end if;
    if declared is not null and declared not in ('string', 'number', 'boolean', 'date', 'datetime', 'string_array', 'number_array') then
        raise exception 'There is no type "%". Use string, number, boolean, date, datetime, string_array or number_array.', declared using errcode = 'check_violation';
    end if;

    select case when t.typname in ('int2', 'int4', 'int8', 'numeric') then 'number' when t.typname = 'timestamptz' then 'time' when t.typname = 'date' then 'date'
                when t.typname = '_text' then 'list' when t.typname = 'jsonb' then 'object' else 'text' end into sort
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    where a.attrelid = 'analytics.people'::regclass and a.attnum > 0 and not a.attisdropped and a.attname = head and a.attname not in ('organization_id', 'id');
    if head = 'total_events' then
        sort := 'number';
    end if;
    if sort is null or (sort <> 'object' and cardinality(path) > 0) then
        raise exception 'There is no field "%". Fields are: %, total_events.', field,
            (select string_agg(a.attname || case when a.atttypid = 'jsonb'::regtype then '.…' else '' end, ', ' order by a.attnum) from pg_attribute a
             where a.attrelid = 'analytics.people'::regclass and a.attnum > 0 and not a.attisdropped and a.attname not in ('organization_id', 'id'))
            using errcode = 'check_violation';
    end if;

    left_side := case head when 'total_events' then 'coalesce(e.total_events, 0)' else format('p.%I', head) end;
    cast_to := case sort when 'number' then 'numeric' when 'time' then 'timestamptz' when 'date' then 'date' else 'text' end;
    if sort = 'object' then
        if cardinality(path) = 0 or '' = any(path) then
            raise exception 'Say which part of "%": %.name', head, head using errcode = 'check_violation';
        end if;
        whole := format('(p.%I #> %L::text[])', head, path::text);
        left_side := format('(p.%I #>> %L::text[])', head, path::text);
        -- What customers' attributes hold is whatever was sent: what is not of the type asked for does not match.
        sort := case when declared in ('number', 'number_array') then 'number' when declared in ('date', 'datetime') then 'date'
                     when declared is null and (jsonb_typeof(value) = 'number' or jsonb_typeof(value -> 0) = 'number') then 'number' else 'text' end;
        if sort = 'number' then
            left_side := format('(case when %1$s ~ ''^[+-]?\d{1,30}(\.\d{1,30})?$'' then %1$s::numeric end)', left_side);
        elsif sort = 'date' then
            left_side := format('(case when %1$s ~ ''^\d{4}-\d\d-\d\d'' then left(%1$s, 10) collate "C" end)', left_side);
        end if;
        cast_to := case sort when 'number' then 'numeric' else 'text' end;
    end if;

    if operator = 'exists' and jsonb_typeof(value) = 'boolean' and value = 'false' then
        operator := 'not_exists';
    end if;
    if not operator = any (array['=', '!=', 'exists', 'not_exists']
            || case sort when 'text' then array['in', 'not_in', 'contains', 'not_contains', 'starts_with', 'ends_with']
                         when 'number' then array['>', '>=', '<', '<=', 'between', 'in', 'not_in']
                         when 'list' then array['in', 'not_in', 'contains', 'not_contains']
                         else array['>', '>=', '<', '<=', 'between', 'within_days', 'not_within_days'] end)
       or (sort = 'list' and operator in ('=', '!=')) then
        raise exception 'The operator "%" does not go with the field "%".', operator, field using errcode = 'check_violation',
            hint = 'Text: = != in not_in contains not_contains starts_with ends_with. Numbers: = != > >= < <= between in not_in. Times: = != > >= < <= between within_days not_within_days. Tags: in not_in contains not_contains. All: exists not_exists.';
    end if;

    if operator in ('exists', 'not_exists') then
        return case when sort = 'list' then format('cardinality(%s) %s 0', left_side, case operator when 'exists' then '>' else '=' end)
                    when whole is not null then format('coalesce(jsonb_typeof(%s), ''null'') %s ''null''', whole, case operator when 'exists' then '<>' else '=' end)
                    else format('%s is %s null', left_side, case operator when 'exists' then 'not' else '' end) end;
    end if;

    -- The value: a list where the operator takes several, else one word.
    if operator in ('in', 'not_in', 'between') then
        if jsonb_typeof(value) is distinct from 'array' or jsonb_array_length(value) = 0 or (operator = 'between' and jsonb_array_length(value) <> 2)
           or jsonb_path_exists(value, '$[*] ? (@.type() == "object" || @.type() == "array" || @.type() == "null")') then
            raise exception 'The operator "%" of the field "%" takes %.', operator, field, case operator when 'between' then 'a list of two values, the least and the greatest' else 'a list of values' end
                using errcode = 'check_violation';
        end if;
        items := array(select v from jsonb_array_elements_text(value) with ordinality as e (v, place) order by e.place);
    else
        if value is null or jsonb_typeof(value) in ('null', 'object', 'array') then
            raise exception 'The operator "%" of the field "%" takes one value; for what is not there use not_exists.', operator, field using errcode = 'check_violation';
        end if;
        items := array[word];
    end if;

    if operator in ('within_days', 'not_within_days') then
        if word !~ '^\d{1,5}$' then
            raise exception 'The operator "%" of the field "%" takes a number of days, not "%".', operator, field, left(word, 100) using errcode = 'check_violation';
        end if;
        span := word::integer;
        return case when sort = 'time' and operator = 'within_days' then format('coalesce(%s >= %L::timestamptz, false)', left_side, as_of - make_interval(days => span))
                    when sort = 'time' then format('coalesce(%s < %L::timestamptz, true)', left_side, as_of - make_interval(days => span))
                    else format('coalesce(%s %s %L::%s, %s)', left_side, case operator when 'within_days' then '>=' else '<' end,
                                to_char((as_of at time zone zone)::date - span, 'YYYY-MM-DD'), cast_to, operator = 'not_within_days') end;
    end if;

    if sort = 'number' then
        select i into unknown from unnest(items) i where i !~ '^[+-]?\d{1,30}(\.\d{1,30})?$' limit 1;
    elsif sort in ('time', 'date') then
        begin
            select i into unknown from unnest(items) i where i !~ '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?\s?(Z|[+-]\d\d(:?\d\d)?)?)?$' or i::timestamptz is null limit 1;
        exception when datetime_field_overflow or invalid_datetime_format then
            unknown := items[1];
        end;
    end if;
    if unknown is not null then
        raise exception 'The field "%" is a %: "%" is none.', field, sort, left(unknown, 100) using errcode = 'check_violation';
    end if;

    if sort = 'time' then
        if items[1] ~ '^\d{4}-\d\d-\d\d$' then
            -- A day is a day of the organization's zone, from its first moment to its last.
            left_side := format('(%s at time zone %L)::date', left_side, zone);
            cast_to := 'date';
        end if;
        if exists (select from unnest(items) i where (i ~ '^\d{4}-\d\d-\d\d$') <> (cast_to = 'date')) then
            raise exception 'The field "%" is compared with two days or two times, not one of each.', field using errcode = 'check_violation';
        end if;
        if cast_to = 'timestamptz' then
            items := array(select case when i ~ '(Z|[+-]\d\d(:?\d\d)?)$' and i ~ ':' then i::timestamptz else i::timestamp at time zone zone end::text
                           from unnest(items) with ordinality as e (i, place) order by e.place);
        end if;
    elsif sort = 'date' then
        items := array(select left(i, 10) from unnest(items) with ordinality as e (i, place) order by e.place);
    end if;

    return case operator
        when '='            then format('%s = %L::%s', left_side, items[1], cast_to)
        when '!='           then format('%s is distinct from %L::%s', left_side, items[1], cast_to)
        when 'between'      then format('%s between %L::%s and %L::%s', left_side, items[1], cast_to, items[2], cast_to)
        when 'in'           then case when sort = 'list' then format('%s && %L::text[]', left_side, items::text)
                                      else format('%s = any (%L::%s[])', left_side, items::text, cast_to) end
        when 'not_in'       then case when sort = 'list' then format('not %s && %L::text[]', left_side, items::text)
                                      else format('coalesce(%s <> all (%L::%s[]), true)', left_side, items::text, cast_to) end
        when 'contains'     then case when sort = 'list' then format('%L = any (%s)', word, left_side)
                                      when whole is not null then format('(case jsonb_typeof(%s) when ''array'' then %1$s @> %L::jsonb else strpos(lower(%s), lower(%L)) > 0 end)', whole, jsonb_build_array(value), left_side, word)
                                      else format('strpos(lower(%s), lower(%L)) > 0', left_side, word) end
        when 'not_contains' then case when sort = 'list' then format('not %L = any (%s)', word, left_side)
                                      when whole is not null then format('coalesce(not (case jsonb_typeof(%s) when ''array'' then %1$s @> %L::jsonb else strpos(lower(%s), lower(%L)) > 0 end), true)', whole, jsonb_build_array(value), left_side, word)
                                      else format('coalesce(strpos(lower(%s), lower(%L)) = 0, true)', left_side, word) end
        when 'starts_with'  then format('starts_with(lower(%s), lower(%L))', left_side, word)
        when 'ends_with'    then format('right(lower(%s), %s) = lower(%L)', left_side, length(word), word)
        else format('%s %s %L::%s', left_side, operator, items[1], cast_to) -- > >= < <=
    end;
end
$condition$;
comment on function analytics.condition_sql(jsonb, text, timestamptz) is 'One condition as SQL over analytics.people p and, for total_events, e. What is null matches no condition but not_exists and those that say not.';

create or replace function analytics.criteria_sql(criteria jsonb, zone text, as_of timestamptz, depth integer default 0) returns text
    language plpgsql stable
    as $$
declare
    logic   text := upper(coalesce(criteria ->> 'logic', 'AND'));
    branch  jsonb;
    unknown text;
    parts   text[] := '{}';
begin
    if jsonb_typeof(criteria) is distinct from 'object' then
        raise exception 'Criteria are an object with conditions, logic and nested_conditions, not %.', left(coalesce(criteria::text, 'nothing'), 100) using errcode = 'check_violation';
    end if;
    select k into unknown from jsonb_object_keys(criteria) k where k not in ('conditions', 'logic', 'nested_conditions') limit 1;
    if unknown is not null then
        raise exception 'Criteria have no "%": they have conditions, logic and nested_conditions.', unknown using errcode = 'check_violation';
    end if;
    if logic not in ('AND', 'OR') then
        raise exception 'The logic "%" is neither AND nor OR.', left(logic, 100) using errcode = 'check_violation';
    end if;
    -- PostgreSQL's own stack ends somewhere: end before, with a sentence.
    if depth > 100 then
        raise exception 'Criteria are nested more than 100 deep. Write them flatter.' using errcode = 'check_violation';
    end if;
    if jsonb_typeof(coalesce(criteria -> 'conditions', '[]')) <> 'array' or jsonb_typeof(coalesce(criteria -> 'nested_conditions', '[]')) <> 'array' then
        raise exception 'conditions and nested_conditions are lists.' using errcode = 'check_violation';
    end if;
    for branch in select b from jsonb_array_elements(coalesce(criteria -> 'conditions', '[]')) b loop
        if jsonb_typeof(branch) <> 'object' then
            raise exception 'A condition is an object with field, operator and value, not %.', left(branch::text, 100) using errcode = 'check_violation';
        end if;
        parts := parts || analytics.condition_sql(branch, zone, as_of);
    end loop;
    for branch in select b from jsonb_array_elements(coalesce(criteria -> 'nested_conditions', '[]')) b loop
        parts := parts || analytics.criteria_sql(branch, zone, as_of, depth + 1);
    end loop;
    if parts = '{}' then
        if depth > 0 then
            raise exception 'A group in nested_conditions is empty. Leave it out.' using errcode = 'check_violation';
        end if;
        return 'true';
    end if;
    return '(' || array_to_string(parts, format(' %s ', lower(logic))) || ')';
end
$$;
comment on function analytics.criteria_sql(jsonb, text, timestamptz, integer) is 'A tree of conditions as SQL over analytics.people p; "true" for an empty one. Raises, naming it, at what it does not know.';

create or replace function analytics.matching(criteria jsonb, as_of timestamptz default now()) returns setof uuid
    language plpgsql stable rows 10000
    as $$
begin
    return query execute format('select p.id from analytics.people p %s where p.organization_id = %L and %s',
        case when jsonb_path_exists(criteria, '$.**.field ? (@ == "total_events")') then format(
            'left join (select a.customer_id, count(*) as total_events from analytics.activity a where a.organization_id = %L group by a.customer_id) as e on e.customer_id = p.id', platform.organization()) end,
        platform.organization(), analytics.criteria_sql(criteria, analytics.zone(), as_of));
end
$$;
comment on function analytics.matching(jsonb, timestamptz) is
    'The customers of the organization who match a tree of conditions {"conditions": [{"field", "operator", "value", "type"}], "logic": "AND" | "OR", "nested_conditions": [trees]}. Days are those of the organization''s zone.';

create or replace function analytics.check_segment() returns trigger
    language plpgsql
    as $$
declare
    most bigint := coalesce((platform.setting('platform.max_segments_per_user'))::numeric::bigint, 100);
begin
    -- What could not be refreshed is refused when it is written, not at night.
    perform analytics.criteria_sql(new.criteria, 'UTC', now());
    if tg_op = 'INSERT' and new.created_by is not null then
        perform pg_advisory_xact_lock(hashtextextended(format('analytics.segments/%s/%s', new.organization_id, new.created_by), 0));
        if (select count(*) from analytics.segments s where s.organization_id = new.organization_id and s.created_by = new.created_by) >= most then
            raise exception 'One user keeps at most % segments. Delete some that are not used.', most using errcode = 'CL003';
        end if;
    end if;
    return new;
end
$$;
comment on function analytics.check_segment() is 'Trigger: criteria that can be run, and no more segments of one user than the setting platform.max_segments_per_user.';
create or replace trigger check_segment before insert or update of criteria on analytics.segments
    for each row execute function analytics.check_segment();

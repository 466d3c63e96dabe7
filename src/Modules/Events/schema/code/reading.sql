-- Reading a property as a type. What an SDK sent may be anything: a value that is not of the type reads as null, and never
-- stops a query. Mostly plain SQL that PostgreSQL inlines; no exception handlers, which parallel plans do not
-- allow.
--
-- Looking a few letters up in a list of constants, which PostgreSQL hashes, costs a tenth of a regular expression over the
-- whole word, and this runs for every row of every view.

create or replace function events.begins_with_date(word text) returns boolean
    language sql immutable parallel safe
    as $$
        select word like '____-__-__%'
           and (substr(word, 1, 2) in ('19', '20', '21') or substr(word, 1, 2) ~ '^[0-9][0-9]$') and substr(word, 1, 4) <> '0000'
           and substr(word, 3, 2) = any ('{00,01,02,03,04,05,06,07,08,09,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,
                40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,
                80,81,82,83,84,85,86,87,88,89,90,91,92,93,94,95,96,97,98,99}')
           and substr(word, 6, 2) = any ('{01,02,03,04,05,06,07,08,09,10,11,12}')
           and substr(word, 9, 2) = any ('{01,02,03,04,05,06,07,08,09,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31}')
           and (substr(word, 9, 2) collate "C" <= '28' or case
                when substr(word, 6, 2) = '02' then substr(word, 9, 2) = '29' and (substr(word, 1, 4)::integer % 400 = 0 or substr(word, 1, 4)::integer % 4 = 0 and substr(word, 3, 2) <> '00')
                when substr(word, 6, 2) in ('04', '06', '09', '11') then substr(word, 9, 2) <> '31'
                else true end)
    $$;
comment on function events.begins_with_date(text) is 'Does the word begin with a day of the calendar, written YYYY-MM-DD?';

create or replace function events.is_date(word text) returns boolean
    language sql immutable parallel safe
    as $$ select length(word) = 10 and events.begins_with_date(word) $$;
comment on function events.is_date(text) is 'Is this a day of the calendar, written YYYY-MM-DD?';

create or replace function events.is_moment(word text) returns boolean
    language sql immutable parallel safe
    as $$
        select word like '____-__-_____:__:__%' and substr(word, 11, 1) in ('T', 't', ' ')
           and substr(word, 12, 2) = any ('{00,01,02,03,04,05,06,07,08,09,10,11,12,13,14,15,16,17,18,19,20,21,22,23}')
           and substr(word, 15, 2) = any ('{00,01,02,03,04,05,06,07,08,09,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,
                40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59}')
           and substr(word, 18, 2) = any ('{00,01,02,03,04,05,06,07,08,09,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,
                40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60}')
           and (substr(word, 20) in ('Z', '+00:00', '.000Z') or substr(word, 20) ~ '^(\.[0-9]+)?([Zz]|[+-](0[0-9]|1[0-5]):[0-5][0-9])$')
           and events.begins_with_date(word)
    $$;
comment on function events.is_moment(text) is 'Is this a moment as RFC 3339 writes it, with its offset? A time without one is no moment: nobody knows whose it is.';

create or replace function events.is_uuid(word text) returns boolean
    language sql immutable parallel safe
    as $$ select translate(lower(word), '123456789abcdef', '000000000000000') = '00000000-0000-0000-0000-000000000000' $$;
comment on function events.is_uuid(text) is 'Is this a UUID, written the usual way?';

create or replace function events.as_text(value jsonb) returns text
    language sql immutable parallel safe
    as $$ select case when jsonb_typeof(value) = 'string' then value #>> '{}' end $$;
comment on function events.as_text(jsonb) is 'A property as text; null when it is none.';

create or replace function events.as_number(value jsonb) returns numeric
    language sql immutable parallel safe
    as $$ select case when jsonb_typeof(value) = 'number' then value::numeric end $$;
comment on function events.as_number(jsonb) is 'A property as a number; null when it is none.';

create or replace function events.as_integer(value jsonb) returns bigint
    language sql immutable parallel safe
    as $$
        select case when jsonb_typeof(value) = 'number' then
            case when value::numeric % 1 = 0 and value::numeric between -9223372036854775808 and 9223372036854775807 then value::numeric::bigint end
        end
    $$;
comment on function events.as_integer(jsonb) is 'A property as a whole number; null when it is none.';

create or replace function events.as_boolean(value jsonb) returns boolean
    language sql immutable parallel safe
    as $$ select case when jsonb_typeof(value) = 'boolean' then value::boolean end $$;
comment on function events.as_boolean(jsonb) is 'A property as true or false; null when it is neither.';

-- These look at the word many times: written in PL/pgSQL they take it out of the JSON once. Stable, as PostgreSQL holds every
-- reading of a time to be.
create or replace function events.as_moment(value jsonb) returns timestamptz
    language plpgsql stable strict parallel safe
    as $$
declare
    word text := value #>> '{}';
begin
    return case when jsonb_typeof(value) = 'string' and events.is_moment(word) then word::timestamptz end;
end
$$;
comment on function events.as_moment(jsonb) is 'A property as a moment; null when it is none.';

create or replace function events.as_date(value jsonb) returns date
    language plpgsql stable strict parallel safe
    as $$
declare
    word text := value #>> '{}';
begin
    return case when jsonb_typeof(value) = 'string' and events.is_date(word) then word::date end;
end
$$;
comment on function events.as_date(jsonb) is 'A property as a day; null when it is none.';

create or replace function events.as_uuid(value jsonb) returns uuid
    language sql immutable parallel safe
    as $$ select case when jsonb_typeof(value) = 'string' then case when events.is_uuid(value #>> '{}') then (value #>> '{}')::uuid end end $$;
comment on function events.as_uuid(jsonb) is 'A property as a UUID; null when it is none.';

create or replace function events.as_array(value jsonb) returns jsonb
    language sql immutable parallel safe
    as $$ select case when jsonb_typeof(value) = 'array' then value end $$;
comment on function events.as_array(jsonb) is 'A property as a JSON array; null when it is none.';

create or replace function events.as_object(value jsonb) returns jsonb
    language sql immutable parallel safe
    as $$ select case when jsonb_typeof(value) = 'object' then value end $$;
comment on function events.as_object(jsonb) is 'A property as a JSON object; null when it is none.';

-- What the reference answers of questions about behaviour (Queries/Reference) need from SQL.

create or replace function analytics.number_of(word text) returns numeric
    language sql immutable parallel safe
    as $$ select case when word ~ '^-?[0-9]{1,12}([.][0-9]+)?$' then round(word::numeric, 6) end $$;
comment on function analytics.number_of(text) is 'A property or attribute as a number, to six decimals: up to twelve digits before the point. Anything else is none.';

create or replace function analytics.funnel_depth(times timestamptz[], steps integer[], events integer[], last integer, window_seconds bigint, modes text[]) returns integer
    language plpgsql immutable
    as $$
declare
    -- Of each step: when the chain began, when its step was, and which events it is made of; several chains only with strict_once.
    begun      jsonb[] := array_fill('[]'::jsonb, array[last]);
    within     interval := make_interval(secs => window_seconds);
    chain      jsonb;
    at         timestamptz;
    step       integer;
begin
    for i in 1 .. coalesce(array_length(times, 1), 0) loop
        at := times[i];
        step := steps[i];
        if step = 0 then
            -- An event that is no step: with strict_order it ends what has begun.
            exit when begun[1] <> '[]';
        elsif step = 1 then
            exit when 'strict_order' = any (modes) and not 'allow_reentry' = any (modes) and last > 1 and begun[2] <> '[]';
            begun[1] := case when 'strict_once' = any (modes) then begun[1] else '[]' end
                || jsonb_build_array(jsonb_build_object('first', at, 'last', at, 'events', jsonb_build_array(events[i])));
        elsif 'strict_deduplication' = any (modes) and begun[step] <> '[]' then
            return steps[i - 1];
        elsif 'strict_order' = any (modes) and begun[1] <> '[]' and begun[step - 1] = '[]' then
            return (select min(k) - 1 from generate_subscripts(begun, 1) as k where begun[k] = '[]');
        else
            for chain in select c from jsonb_array_elements(begun[step - 1]) as c loop
                continue when at - (chain ->> 'first')::timestamptz > within;
                continue when 'strict_increase' = any (modes) and (chain ->> 'last')::timestamptz >= at;
                continue when 'strict_once' = any (modes) and chain -> 'events' @> to_jsonb(events[i]);
                begun[step] := case when 'strict_once' = any (modes) then begun[step] else '[]' end
                    || jsonb_build_array(jsonb_build_object('first', chain -> 'first', 'last', at, 'events', chain -> 'events' || to_jsonb(events[i])));
                if step = last then
                    return last;
                end if;
            end loop;
        end if;
    end loop;
    return coalesce((select max(k) from generate_subscripts(begun, 1) as k where begun[k] <> '[]'), 0);
end
$$;
comment on function analytics.funnel_depth(timestamptz[], integer[], integer[], integer, bigint, text[]) is
    'How many steps a customer reached, by the rules of ClickHouse''s windowFunnel. The arrays are entries in the order of time and step: when, which step (0: none), of which event.';

-- The writing half of an import of customers: the next lines, in the caller's transaction.

create or replace function customers.write_staged_customers(import uuid, after bigint, most integer, out last bigint, out lines bigint, out created bigint, out changed bigint, out rejects bigint[])
    language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    as $$
declare
    organization uuid := platform.organization();
    told         customers.staged_customers[];
    erased       text[];
begin
    -- Of several lines about one person in a group the last counts; groups come in the order of lines.
    told := array(
        select s from customers.staged_customers s
        where s.organization_id = organization and s.import_id = import and s.line > after
        order by s.line limit most
    );
    lines := cardinality(told);
    rejects := '{}'; created := 0; changed := 0;
    if lines = 0 then
        return;
    end if;
    last := told[lines].line;

    erased := array(select customers.suppressed(array(select w.word from unnest(told) t cross join lateral unnest(array[t.customer_id, t.email, t.phone]) as w (word) where w.word is not null)));
    rejects := array(select t.line from unnest(told) t where array[t.customer_id, t.email, t.phone] && erased order by t.line);
    told := array(select t from unnest(told) t where t.line <> all (rejects) order by t.line);

    with made as (
        insert into customers.customers (organization_id, customer_id, first_seen_at, data_source, import_id, imported_at)
        select organization, n.customer_id, coalesce(n.seen, now()), 'import', import, now()
        from (select t.customer_id, min(t.first_seen_at) as seen from unnest(told) t group by t.customer_id) n
        order by n.customer_id -- one order for all writers: no deadlock
        on conflict (organization_id, customer_id) do nothing
        returning 1
    )
    select count(*) into created from made;
    perform customers.name_known(array(select t.customer_id from unnest(told) t));

    select customers.learn(array_agg(n.id), array_agg(n.email), array_agg(n.phone), array_agg(n.name), array_agg(n.date_of_birth), array_agg(n.gender), array_agg(n.country),
                           array_agg(n.state), array_agg(n.city), array_agg(n.postal_code), array_agg(n.timezone), array_agg(n.attributes), trusted => true)
    into changed
    from (
        select distinct on (c.id) c.id, t.email, t.phone, t.name, t.date_of_birth, t.gender, t.country, t.state, t.city, t.postal_code, t.timezone, t.attributes
        from unnest(told) t
        cross join lateral (select o.id from customers.customers o where o.organization_id = organization and o.customer_id = t.customer_id limit 1) c
        order by c.id, t.line desc
    ) n;
    changed := coalesce(changed, 0);

    delete from customers.staged_customers s where s.organization_id = organization and s.import_id = import and s.line > after and s.line <= last;
end
$$;
comment on function customers.write_staged_customers(uuid, bigint, integer) is
    'Writes the next staged customers of an import (after the given line): makes who is missing, tells the others what is new. Lines about people who were erased are named as rejects.';

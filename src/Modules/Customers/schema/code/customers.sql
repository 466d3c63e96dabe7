-- What customers publishes for other modules, and its search.

create or replace function customers.ensure(
    customer_ids text[], seen timestamptz[], names text[], emails text[], countries text[], source text, import uuid
) returns table (customer_id text, id uuid, created boolean)
    language plpgsql
    as $$
#variable_conflict use_column
declare
    organization uuid := platform.organization();
    made uuid[];
begin
    with wanted as (
        select distinct on (w.customer_id) w.*
        from unnest(customer_ids, seen, names, emails, countries) as w (customer_id, seen, name, email, country)
        where w.customer_id is not null
        -- Who was erased stays unknown: what is told of them is nobody's.
        and not customers.is_suppressed(organization, w.customer_id, w.email)
        order by w.customer_id, w.seen
    ), inserted as (
        insert into customers.customers (organization_id, customer_id, first_seen_at, name, email, country, data_source, import_id, imported_at)
        select organization, w.customer_id, w.seen, w.name, w.email, w.country, source, import, case when import is not null then now() end
        from wanted w
        order by w.customer_id -- one order for all writers: no deadlock
        on conflict (organization_id, customer_id) do nothing
        returning id
    )
    select coalesce(array_agg(i.id), '{}') into made from inserted i;
    perform customers.name_known(customer_ids);
    -- A second statement, and so a second snapshot: it sees those whom another writer made at the same moment.
    return query
        select c.customer_id, coalesce(m.person_id, c.id), c.id = any(made)
        from customers.customers c
        left join customers.person_map m on m.organization_id = c.organization_id and m.profile_id = c.id
        where c.organization_id = organization and c.customer_id = any(customer_ids);
end
$$;
comment on function customers.ensure(text[], timestamptz[], text[], text[], text[], text, uuid) is
    'The customers of the given client ids, made where they are missing, with what is known of them at first sight; of a profile that was merged, the person it is now; without those who were erased. For the transaction''s organization.';

create or replace function customers.imported_by(import uuid, most integer) returns setof uuid
    language sql stable
    as $$
        select c.id from customers.customers c
        where c.organization_id = (select platform.organization()) and c.import_id = import
        limit most
    $$;
comment on function customers.imported_by(uuid, integer) is 'Some of the customers an import created, as many as named at most.';

create or replace function customers.remove_imported(import uuid, candidates uuid[], referenced uuid[], heirs uuid[]) returns void
    language plpgsql
    as $$
begin
    -- Whom another import refers to is now that import's: should it be undone too, they go with it.
    update customers.customers c
    set import_id = r.heir
    from unnest(referenced, heirs) as r (id, heir)
    where c.organization_id = platform.organization() and c.id = r.id;

    delete from customers.customers c
    where c.organization_id = platform.organization() and c.id = any(candidates) and c.import_id = import
    and not exists (
        select from log.facts e
        where e.organization_id = c.organization_id and e.customer_id = c.id and e.batch_id is distinct from import
    );

    -- Who has a life of events from elsewhere stays, as nobody's import.
    update customers.customers c
    set import_id = null
    where c.organization_id = platform.organization() and c.id = any(candidates) and c.import_id = import;
end
$$;
comment on function customers.remove_imported(uuid, uuid[], uuid[], uuid[]) is
    'Removes those of the candidates an import created whom nothing else has come to know. "referenced" stay, each handed over to the import that refers to it (heirs, null for none).';

create or replace function customers.search(query text, most integer default 200) returns setof uuid
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
        select c.id
        from customers.customers c
        where c.organization_id = (select platform.tenant('key')) and c.erased_at is null
        and not exists (select from customers.person_map m where m.organization_id = c.organization_id and m.profile_id = c.id)
        and c.search_text like '%' || replace(replace(replace(lower(query), '\', '\\'), '%', '\%'), '_', '\_') || '%'
        order by c.search_text, c.id
        limit most
    $$;
comment on function customers.search(text, integer) is
    'Ids of the customers whose name, address, phone or id contains the words. Runs as the search role, so that the trigram index serves it under row-level security.';
select platform.owned_by_search('customers.search(text, integer)');

create or replace function customers.names(ids uuid[]) returns table (id uuid, name text, customer_id text, email text)
    language sql stable
    as $$
        select c.id, c.name, c.customer_id, c.email
        from customers.customers c
        where c.organization_id = (select platform.organization()) and c.id = any(ids)
    $$;
comment on function customers.names(uuid[]) is 'What to call the customers of the given ids.';

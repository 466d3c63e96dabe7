create or replace function commerce.forget_empty_months() returns void
    language sql security definer set search_path = pg_catalog, pg_temp
    as $$
        -- A sum of nothing is the same as none. One that an import is changing this moment is passed by: waiting for it could deadlock.
        delete from commerce.product_months m
        where m.ctid = any(array(
            select z.ctid from commerce.product_months z
            where z.organization_id = platform.organization() and z.quantity = 0 and z.revenue = 0
            for update skip locked))
    $$;
comment on function commerce.forget_empty_months() is 'Removes the organization''s monthly sums that are nothing. Only the owner writes commerce.product_months.';
revoke execute on function commerce.forget_empty_months() from public;
grant execute on function commerce.forget_empty_months() to clientele_app, clientele_service;

create or replace function commerce.undo_imported_orders(import uuid, most integer) returns bigint
    language plpgsql
    as $$
declare
    organization uuid := platform.organization();
    ids uuid[];
    taken bigint;
begin
    ids := array(
        select o.id from commerce.customer_orders o
        where o.organization_id = organization and o.import_id = import
        limit most
    );
    -- The lines by themselves, not by cascade, which would run the triggers once per order.
    delete from commerce.customer_order_items i where i.organization_id = organization and i.order_id = any(ids);
    get diagnostics taken = row_count;
    delete from commerce.customer_orders o where o.organization_id = organization and o.id = any(ids);
    if cardinality(ids) > 0 then
        return greatest(taken, 1);
    end if;
    -- The orders are gone; the customers the import created go too, but for those who ordered elsewhere.
    ids := array(select customers.imported_by(import, most));
    if cardinality(ids) = 0 then
        perform commerce.forget_empty_months();
        return 0;
    end if;
    perform customers.remove_imported(import, ids, coalesce(array_agg(k.customer_id), '{}'), coalesce(array_agg(k.import_id), '{}'))
    from (
        select distinct on (o.customer_id) o.customer_id, o.import_id
        from commerce.customer_orders o
        where o.organization_id = organization and o.customer_id = any(ids)
        order by o.customer_id, o.import_id nulls first
    ) as k;
    return 1;
end
$$;
comment on function commerce.undo_imported_orders(uuid, integer) is
    'Takes back the next documents of an import; returns how many lines went, 1 for a step that dealt with customers, and 0 when all is gone.';

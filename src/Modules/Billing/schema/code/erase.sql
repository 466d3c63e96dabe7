-- What an erasure clears where no key leads to the customer.

create or replace function billing.erase_refunds(profiles uuid[], words text[]) returns void
    language sql
    as $$
        update billing.refunds r set description = null
        from billing.payments p
        where r.organization_id = platform.organization() and p.organization_id = r.organization_id and p.id = r.payment_id and p.customer_id = any (profiles)
    $$;
comment on function billing.erase_refunds(uuid[], text[]) is 'Empties what was written beside a person''s refunds; the amounts stay.';
select customers.erased_by('billing.erase_refunds');

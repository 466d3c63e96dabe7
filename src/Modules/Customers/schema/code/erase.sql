-- What names a customer in this module without a key to them.

create or replace function customers.erase_visits(profiles uuid[], words text[]) returns void
    language sql
    as $$ delete from customers.visits v where v.organization_id = platform.organization() and lower(v.user_identifier) = any (words) $$;
comment on function customers.erase_visits(uuid[], text[]) is 'Removes visits of a person who was known to the site by an id or address, and not yet as a customer.';
select customers.erased_by('customers.erase_visits');
select customers.erased_by('platform.forget');

-- What names a customer in this module without a key to them.

create or replace function messaging.erase_messages(profiles uuid[], words text[]) returns void
    language sql
    as $$ delete from messaging.messages m where m.organization_id = platform.organization() and m.customer_id is null and lower(m.recipient) = any (words) $$;
comment on function messaging.erase_messages(uuid[], text[]) is 'Removes messages that went to a person''s address without naming them.';
select customers.erased_by('messaging.erase_messages');

-- What names a customer in this module without a key to them.

create or replace function giving.erase_payloads(profiles uuid[], words text[]) returns void
    language sql
    as $$
        update giving.wave_webhook_events e set raw_payload = '{}', processing_error = null
        from giving.donations d
        where e.organization_id = platform.organization() and d.organization_id = e.organization_id and d.id = e.donation_id and d.donor_id = any (profiles)
    $$;
comment on function giving.erase_payloads(uuid[], text[]) is 'Empties what Wave told of a person''s donations; the amounts stand in the donations.';
select customers.erased_by('giving.erase_payloads');

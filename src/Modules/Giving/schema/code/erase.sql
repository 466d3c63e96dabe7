-- What names a customer in this module without a key to them.

create or replace function giving.erase_payloads(profiles uuid[], words text[]) returns void
    language sql
    as $$
        update giving.refunds r set reason_description = null
        from giving.donations d
        where r.organization_id = platform.organization() and d.organization_id = r.organization_id and d.id = r.donation_id and d.donor_id = any (profiles);
        update giving.wave_webhook_events e set raw_payload = '{}', processing_error = null
        from giving.donations d
        where e.organization_id = platform.organization() and d.organization_id = e.organization_id and d.id = e.donation_id and d.donor_id = any (profiles)
    $$;
comment on function giving.erase_payloads(uuid[], text[]) is 'Empties what Wave told of a person''s donations, and what was written beside a refund; the amounts stay.';
select customers.erased_by('giving.erase_payloads');

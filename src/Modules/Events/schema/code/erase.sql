-- What an erasure clears where no key leads to the customer.

create or replace function events.erase_quarantine(profiles uuid[], words text[]) returns void
    language sql
    as $$
        delete from events.quarantined_events q
        where q.organization_id = platform.organization()
          and exists (
              -- Every text anywhere in what was sent, as a whole: a short id is not found inside another word.
              select from jsonb_path_query(q.payload, 'strict $.** ? (@.type() == "string" || @.type() == "number")') as v (value)
              where lower(v.value #>> '{}') = any (words || profiles::text[])
          )
    $$;
comment on function events.erase_quarantine(uuid[], text[]) is 'Removes what was sent about a person and never became an event.';
select customers.erased_by('events.erase_quarantine');

-- What the platform holds of a person without a key that leads to them. An erasure calls it (customers.erased_by).

create or replace function platform.forget_in_trail(subjects uuid[]) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    emptied uuid[];
    part    integer;
begin
    with gone as (
        update platform.activity_logs a set old_values = null, new_values = null, resource_name = null, salt = null
        where a.organization_id = platform.tenant('admin')
          and (a.old_values is not null or a.new_values is not null or a.resource_name is not null)
          and (a.subject_id = any (subjects) or a.resource_id = any (subjects::text[])
               or exists (select from unnest(subjects::text[]) as s where strpos(concat(a.old_values, a.new_values), s) > 0))
        returning a.id
    )
    select array_agg(g.id order by g.id) into emptied from gone g;
    -- The entries stay in their seals by their digests; which were emptied, and by whom, is an entry itself.
    for part in 0 .. coalesce((cardinality(emptied) - 1) / 1000, -1) loop
        perform platform.audit('erase', 'audit_entries', description => 'Values of entries about an erased person were emptied.',
                               context => jsonb_build_object('entries', to_jsonb(emptied[part * 1000 + 1 : part * 1000 + 1000])));
    end loop;
end
$$;
comment on function platform.forget_in_trail(uuid[]) is
    'Empties the values of the audit trail that are about these people; that somebody saw or changed something, and when, stays, and so does the seal: an entry names what was emptied. For administrators. Reads the organization''s whole trail.';

create or replace function platform.forget(subjects uuid[], words text[]) returns void
    language sql
    as $$
        -- Rejected lines wait to be downloaded: those that name the person say only that they were there.
        update platform.import_rejects r set fields = '{(erased)}'
        where r.organization_id = platform.organization()
          and exists (select from unnest(r.fields) as f where lower(f) = any (words));
        select platform.forget_in_trail(subjects);
    $$;
comment on function platform.forget(uuid[], text[]) is
    'Empties the values of the audit trail that are about these people, and the rejected lines of imports that hold one of these words (lower case) as a field. For administrators.';
revoke execute on function platform.forget_in_trail(uuid[]) from public;
grant execute on function platform.forget_in_trail(uuid[]) to clientele_app;

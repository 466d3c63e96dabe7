-- A blueprint's event types become an organization's own, to be changed version by version.

create or replace function events.apply_blueprint(name text) returns bigint
    language plpgsql
    as $$
declare
    organization uuid := platform.tenant('admin');
    made         bigint;
begin
    if organization is null then
        raise exception 'Only an administrator may apply a blueprint.' using errcode = 'insufficient_privilege';
    end if;
    -- A type the organization knows already keeps the schema it has.
    with fresh as (
        insert into events.event_schemas (organization_id, event_type, version, schema, description)
        select organization, t.event_type, 1, t.schema, left(t.title, 2000)
        from events.event_types t
        where t.blueprint = apply_blueprint.name
        and not exists (select from events.event_schemas s where s.organization_id = organization and s.event_type = t.event_type)
        order by t.event_type
        on conflict do nothing
        returning id
    )
    select count(*) into made from fresh;
    update events.event_schemas s set status = 'active', activated_at = now()
    where s.organization_id = organization and s.version = 1 and s.status = 'draft'
    and not exists (select from events.event_schemas o where o.organization_id = s.organization_id and o.event_type = s.event_type and o.id <> s.id)
    and exists (select from events.event_types t where t.blueprint = apply_blueprint.name and t.event_type = s.event_type and t.schema = s.schema);
    return made;
end
$$;
comment on function events.apply_blueprint(text) is 'Registers a blueprint''s event types for the transaction''s organization, as version 1 and active, where it has none of that name; returns how many.';

-- A blueprint's event types become an organization's own, to be changed version by version, and each can be read as a table.

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


-- Views are made by their owner, whoever applies: there are as many as the catalogue has types, and they show each organization its own.
create or replace function events.show_types(name text) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    made bigint;
begin
    if platform.tenant('admin') is null then
        raise exception 'Only an administrator may apply a blueprint.' using errcode = 'insufficient_privilege';
    end if;
    -- Of two who apply at once the second finds the views of the first.
    perform pg_advisory_xact_lock(hashtext('events.show_types'));
    select count(events.show_type(t.blueprint, t.event_type)) into made
    from events.event_types t
    where t.blueprint = show_types.name and t.blueprint <> 'platform' and t.view_name is null
    and to_regclass(format('%I.%I', t.blueprint, t.event_type)) is null;
    return made;
end
$$;
comment on function events.show_types(text) is 'Makes a typed view, called like the type, of each event type of a blueprint that no table of its document shows; returns how many were made.';
revoke execute on function events.show_types(text) from public;
grant execute on function events.show_types(text) to clientele_app, clientele_service;

-- Rules of dashboards that reach over several rows.

create or replace function analytics.check_tile() returns trigger
    language plpgsql
    as $$
declare
    columns integer;
    most    bigint := coalesce((platform.setting('platform.max_dashboard_tiles'))::numeric::bigint, 50);
begin
    -- The dashboard is locked: of many who add the last tile, one does.
    select (coalesce(d.layout_config ->> 'grid_columns', '12'))::numeric::integer into columns
    from analytics.dashboard_configurations d
    where d.organization_id = new.organization_id and d.id = new.dashboard_id
    for no key update;
    if new.position_x + new.width > columns then
        raise exception 'The tile "%" reaches over the edge: it ends at column % of %.', new.title, new.position_x + new.width, columns using errcode = 'check_violation';
    end if;
    if tg_op = 'INSERT' or new.dashboard_id <> old.dashboard_id then
        if (select count(*) from analytics.dashboard_tiles t where t.organization_id = new.organization_id and t.dashboard_id = new.dashboard_id) >= most then
            raise exception 'A dashboard has at most % tiles. Begin another one.', most using errcode = 'CL003';
        end if;
    end if;
    return new;
end
$$;
comment on function analytics.check_tile() is 'Trigger: a tile lies within the grid, and a dashboard has no more than the setting platform.max_dashboard_tiles.';
create or replace trigger check_tile before insert or update of dashboard_id, position_x, width on analytics.dashboard_tiles
    for each row execute function analytics.check_tile();

create or replace function analytics.view_dashboard(dashboard uuid) returns bigint
    language sql security definer set search_path = pg_catalog, pg_temp
    as $$
        update analytics.dashboard_configurations d
        set view_count = d.view_count + 1, last_viewed_at = now()
        where d.organization_id = platform.tenant('member') and d.id = dashboard
        and (d.user_id is null or d.user_id = platform.actor() or d.is_public
             or d.shared_with_roles && array(select m.role from platform.organization_members m where m.organization_id = platform.tenant('member') and m.user_id = platform.actor()))
        returning d.view_count
    $$;
comment on function analytics.view_dashboard(dashboard uuid) is 'Counts that somebody looked at a dashboard; returns how often it was looked at. Runs as the owner, for whoever may see the dashboard may not change it.';
revoke execute on function analytics.view_dashboard(uuid) from public;
grant execute on function analytics.view_dashboard(uuid) to clientele_app, clientele_service;

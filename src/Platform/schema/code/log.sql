-- What readers of the log use: the view without undone imports, and the state of the log for health.

create or replace view log.facts with (security_invoker = true) as
    select e.*
    from log.events e
    where not exists (
        select from log.undone_batches u
        where u.organization_id = e.organization_id and u.batch_id = e.batch_id
    );
comment on view log.facts is 'The events that count: without those of undone imports.';
grant select on log.facts to clientele_app, clientele_service, clientele_readonly;

create or replace function log.watermark() returns xid8
    language sql stable
    as $$ select pg_snapshot_xmin(pg_current_snapshot()) $$;
comment on function log.watermark() is 'The oldest transaction still running: rows of older writers are complete, none can appear below it any more.';

create or replace function log.blocker()
    returns table (pid integer, application_name text, state text, started_at timestamptz, query text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
        -- Without pg_read_all_stats another role's backend_xid reads as null; then nobody is named, and the age
        -- of the watermark, which needs no privilege, still tells that somebody is there.
        select a.pid, a.application_name, a.state, a.xact_start, left(a.query, 200)
        from pg_stat_activity a
        where a.backend_xid is not null
        order by age(a.backend_xid) desc
        limit 1
    $$;
comment on function log.blocker() is 'The oldest transaction that has written: what the watermark waits for.';
revoke execute on function log.blocker() from public;
grant execute on function log.blocker() to clientele_service;

create or replace function log.erase(profiles uuid[]) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    emptied bigint;
begin
    -- What happened, when, and for how much stays; what could tell who it was goes. The one change the log knows.
    update log.events e set
        properties = '{}', context = null, session_id = null, page_url = null, page_title = null, referrer_url = null, ip_address = null, user_agent = null,
        device_type = null, browser = null, os = null, screen_resolution = null, country = null, city = null,
        utm_source = null, utm_medium = null, utm_campaign = null, utm_term = null, utm_content = null
    where e.organization_id = platform.tenant('admin') and e.customer_id = any(profiles)
    and not (e.event_category is not distinct from 'control' and e.event_type in ('customers_merged', 'merge_undone', 'customer_erased') and e.data_source = 'platform');
    get diagnostics emptied = row_count;
    return emptied;
end
$$;
comment on function log.erase(uuid[]) is 'Empties the events of the given profiles of everything personal, for an administrator of the transaction''s organization; returns how many. The caller appends the control row.';
revoke execute on function log.erase(uuid[]) from public;
grant execute on function log.erase(uuid[]) to clientele_app, clientele_service;

create or replace function log.forget_messages(prefix text) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    gone bigint;
begin
    if length(prefix) < 10 then
        raise exception 'A prefix that short may be anybody''s.' using errcode = 'check_violation';
    end if;
    -- The characters after the prefix sort below the last one of all.
    delete from log.message_ids m
    where m.organization_id = platform.tenant('system') and m.message_id >= prefix and m.message_id < prefix || chr(1114111);
    get diagnostics gone = row_count;
    return gone;
end
$$;
comment on function log.forget_messages(text) is 'Lets messages whose ids begin so come again: those of a file whose import was undone. Only the platform itself may.';
revoke execute on function log.forget_messages(text) from public;
grant execute on function log.forget_messages(text) to clientele_app, clientele_service;

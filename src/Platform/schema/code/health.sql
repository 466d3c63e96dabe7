-- Errors as the server tells them, and the sizes of tables.

create or replace function platform.record_errors(errors jsonb) returns void
    language plpgsql
    as $$
declare
    error  record;
    -- Of each group so many occurrences are kept whole.
    most   integer := 5;
    noted  uuid;
    newest timestamptz;
begin
    for error in
        -- In one order, so that two nodes never wait for one another in a circle. An organization may have gone meanwhile.
        select o.id as about, e.*
        from jsonb_to_recordset(errors) as e (
            organization uuid, fingerprint text, source text, error_type text, message text, place text, severity text, times bigint, first_at timestamptz, last_at timestamptz, samples jsonb
        )
        left join platform.organizations o on o.id = e.organization
        order by o.id, e.fingerprint
    loop
        noted := platform.note_error(error.about, true, error.fingerprint, error.source, error.error_type, error.message, error.place, error.severity, error.times, error.first_at, error.last_at);
        if error.about is null then
            update platform.error_groups g
            set samples = (
                select jsonb_agg(s.sample order by s.sample ->> 'at' desc)
                from (select x.value as sample from jsonb_array_elements(g.samples || error.samples) as x order by x.value ->> 'at' desc limit most) as s
            )
            where g.id = noted;
            continue;
        end if;
        -- In a storm one new occurrence a minute is enough.
        select case when count(*) >= most then max(l.created_at) end into newest
        from platform.error_logs l where l.organization_id = error.about and l.group_id = noted and l.own;
        continue when newest > now() - interval '1 minute';
        insert into platform.error_logs (organization_id, source, error_type, error_message, stack_trace, context, request_id, severity, created_at, group_id, own)
        select error.about, error.source, error.error_type, s.message, s.stack, s.context, s.request, error.severity, s.at, noted, true
        from jsonb_to_recordset(error.samples) as s (message text, stack text, context jsonb, request text, at timestamptz);
        delete from platform.error_logs l
        where l.organization_id = error.about
        and l.id in (select x.id from platform.error_logs x where x.organization_id = error.about and x.group_id = noted and x.own order by x.created_at desc, x.id offset most);
    end loop;
end
$$;
comment on function platform.record_errors(jsonb) is 'Adds what a node''s error log gathered: each group with how often it happened and a few occurrences.';
revoke execute on function platform.record_errors(jsonb) from public;
grant execute on function platform.record_errors(jsonb) to clientele_service;

create or replace function platform.group_errors(most integer default 5000) returns bigint
    language plpgsql
    as $$
declare
    same    record;
    noted   uuid;
    counted bigint := 0;
begin
    for same in
        with waiting as materialized (
            select l.organization_id, l.id, l.source, l.error_type, l.severity, least(l.created_at, now()) as at,
                   -- Numbers, ids and what stands in quotes differ from one time to the next.
                   left(regexp_replace(left(l.error_message, 4000), '"[^"]*"|''[^'']*''|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\S+@\S+|\d+', '…', 'g'), 500) as alike
            from platform.error_logs l
            where l.group_id is null and l.severity in ('error', 'critical') and l.created_at > now() - interval '90 days'
            order by l.created_at
            limit most
            for update skip locked
        ), named as (
            select w.*, md5(concat_ws(E'\n', w.source, w.error_type, w.alike)) as fingerprint from waiting w
        ), placed as (
            -- A product whose words are never the same twice has a thousand groups, and one for the rest.
            select n.*, (select count(*) from (select from platform.error_groups g where g.about = n.organization_id and not g.own limit 1000) as few) >= 1000
                        and not exists (select from platform.error_groups g where g.about = n.organization_id and g.fingerprint = n.fingerprint) as beyond
            from named n
        )
        select p.organization_id as about, case when p.beyond then md5('beyond') else p.fingerprint end as print,
               case when p.beyond then 'other' else min(p.source) end as source, case when p.beyond then 'Other' else min(p.error_type) end as error_type,
               case when p.beyond then '' else min(p.alike) end as message, case when bool_or(p.severity = 'critical') then 'critical' else 'error' end as severity,
               count(*) as times, min(p.at) as first_at, max(p.at) as last_at, array_agg(p.id) as ids
        from placed p
        group by p.organization_id, print, p.beyond
        -- In the order of record_errors, so that nobody waits for another in a circle.
        order by p.organization_id, print
    loop
        noted := platform.note_error(same.about, false, same.print, same.source, same.error_type, same.message, null, same.severity, same.times, same.first_at, same.last_at);
        update platform.error_logs l set group_id = noted where l.organization_id = same.about and l.id = any(same.ids);
        counted := counted + same.times;
    end loop;
    return counted;
end
$$;
comment on function platform.group_errors(integer) is 'Counts what products wrote to the error log to groups, so many rows at once; returns how many it was. Whoever writes an error waits for no group.';
revoke execute on function platform.group_errors(integer) from public;
grant execute on function platform.group_errors(integer) to clientele_service;

create or replace view platform.table_sizes with (security_invoker = true) as
    select coalesce(p.root::oid, c.oid)::regclass::text as relation,
           sum(pg_total_relation_size(c.oid))::bigint as bytes,
           sum(pg_indexes_size(c.oid))::bigint as index_bytes,
           sum(greatest(c.reltuples, 0))::bigint as rows,
           sum(s.n_dead_tup)::bigint as dead_rows,
           count(*) as parts,
           -- Of partitions, the one that waits longest.
           min(coalesce(greatest(s.last_vacuum, s.last_autovacuum), '-infinity')) filter (where c.reltuples > 0) as vacuumed_at,
           min(coalesce(greatest(s.last_analyze, s.last_autoanalyze), '-infinity')) filter (where c.reltuples > 0) as analyzed_at
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname !~ '^(pg_|information_schema)'
    left join pg_stat_all_tables s on s.relid = c.oid
    left join lateral pg_partition_root(c.oid) as p (root) on c.relispartition
    where c.relkind in ('r', 'm')
    -- To measure one that is locked would be to wait for it.
    and not exists (select from pg_locks k where k.relation = c.oid and k.mode = 'AccessExclusiveLock' and k.granted)
    group by 1;
comment on view platform.table_sizes is 'Every table with what belongs to it: indexes, oversized values, partitions. One that is locked is left out.';
revoke all on platform.table_sizes from public;
grant select on platform.table_sizes to clientele_service;

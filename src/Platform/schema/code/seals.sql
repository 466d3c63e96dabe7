-- Sealing the audit trail. Entries are written unsealed and in any order; what is below the watermark can get no new
-- neighbours, and is sealed in the order (epoch, writer, position). Hashes are made here, signatures by the server.

create or replace function platform.activity_digest(a platform.activity_logs) returns bytea
    language sql stable parallel safe
    as $$
        -- user_id is not in it: it is emptied when the account goes. The personal part is there by its digest.
        select sha256(convert_to(jsonb_build_array(
            1, a.organization_id, a.id, a.actor, a.api_key_id, a.actor_type, a.user_name, a.user_email, a.user_role,
            a.activity_type, a.resource_type, a.resource_id, a.action_description, a.reason, a.changed_fields,
            a.subject_id, a.regulation, a.data_categories,
            text(a.ip_address), a.user_agent, a.session_id, a.request_id, a.api_endpoint, a.http_method, a.response_status, a.processing_time_ms,
            a.severity, a.tags, a.additional_context, (extract(epoch from a.occurred_at) * 1000000)::bigint,
            a.epoch, a.writer::text, a.position, encode(a.personal_digest, 'hex'))::text, 'UTF8'))
    $$;
comment on function platform.activity_digest(platform.activity_logs) is 'SHA-256 of everything in an entry of the audit trail that is never emptied.';

create or replace function platform.seal_hash(organization uuid, block bigint, sealed_at timestamptz, previous bytea, entry_ids uuid[], digests bytea[]) returns bytea
    language sql stable parallel safe
    as $$
        select sha256(previous || convert_to(concat_ws('/', 'clientele audit', organization, block, (extract(epoch from sealed_at) * 1000000)::bigint), 'UTF8')
                      || (select string_agg(uuid_send(e.id) || e.digest, ''::bytea order by e.n) from unnest(entry_ids, digests) with ordinality as e (id, digest, n)))
    $$;
comment on function platform.seal_hash(uuid, bigint, timestamptz, bytea, uuid[], bytea[]) is 'The hash of a block of the audit trail.';

create or replace function platform.unsealed_trails() returns setof uuid
    language sql stable
    as $$
        select o.id
        from platform.organizations o
        left join lateral (select s.epoch, s.writer, s.position from platform.audit_seals s where s.organization_id = o.id order by s.block desc limit 1) h on true
        where exists (
            select from platform.activity_logs a
            where a.organization_id = o.id and (a.epoch, a.writer, a.position) > (coalesce(h.epoch, 0::smallint), coalesce(h.writer, '0'::xid8), coalesce(h.position, 0))
            and (a.epoch, a.writer) < ((select s.epoch from log.state s), log.watermark()))
    $$;
comment on function platform.unsealed_trails() is 'Organizations with entries of the audit trail that can be sealed.';

create or replace function platform.next_seal(organization uuid, most integer default 1000)
    returns table (block bigint, entry_ids uuid[], digests bytea[], epoch smallint, writer xid8, "position" bigint, previous bytea, hash bytea, sealed_at timestamptz)
    language sql
    as $$
        with head as (
            select s.block, s.epoch, s.writer, s.position, s.hash from platform.audit_seals s where s.organization_id = next_seal.organization order by s.block desc limit 1
        ), due as (
            select a.id, a.epoch, a.writer, a.position, platform.activity_digest(a) as digest
            from platform.activity_logs a
            where a.organization_id = next_seal.organization
            and (a.epoch, a.writer, a.position) > (coalesce((select h.epoch from head h), 0::smallint), coalesce((select h.writer from head h), '0'::xid8), coalesce((select h.position from head h), 0))
            and (a.epoch, a.writer) < ((select s.epoch from log.state s), log.watermark())
            order by a.epoch, a.writer, a.position
            limit next_seal.most
        ), block as (
            select coalesce((select h.block from head h), 0) + 1 as block, coalesce((select h.hash from head h), decode(repeat('00', 32), 'hex')) as previous,
                   array_agg(d.id order by d.epoch, d.writer, d.position) as entry_ids, array_agg(d.digest order by d.epoch, d.writer, d.position) as digests,
                   clock_timestamp() as sealed_at
            from due d
        ), last as (
            select d.epoch, d.writer, d.position from due d order by d.epoch desc, d.writer desc, d.position desc limit 1
        )
        select b.block, b.entry_ids, b.digests, l.epoch, l.writer, l.position, b.previous,
               platform.seal_hash(next_seal.organization, b.block, b.sealed_at, b.previous, b.entry_ids, b.digests), b.sealed_at
        from block b cross join last l
    $$;
comment on function platform.next_seal(uuid, integer) is 'The next block of an organization''s audit trail, unsigned; none when nothing is due.';

revoke execute on function platform.unsealed_trails() from public;
revoke execute on function platform.next_seal(uuid, integer) from public;
grant execute on function platform.unsealed_trails() to clientele_service;
grant execute on function platform.next_seal(uuid, integer) to clientele_service;

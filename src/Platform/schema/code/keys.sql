-- Keys of programs: issuing, rotating, recognizing; and how often they may call.

create or replace function platform.issue_api_key(
    name text, workspace uuid, scopes text[] default '{}', expires_at timestamptz default null, allowed_origins text[] default '{}', replaces uuid default null,
    out id uuid, out secret text
)
    language plpgsql
    as $$
begin
    -- Two random uuids: 244 bits.
    secret := 'sk_' || translate(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '+/=', '-_');
    insert into platform.api_keys as k (organization_id, workspace_id, kind, name, key_hash, key_hint, scopes, expires_at, allowed_origins, replaces, created_by)
    values (platform.organization(), issue_api_key.workspace, 'secret', issue_api_key.name, sha256(convert_to(secret, 'UTF8')), left(secret, 8),
            issue_api_key.scopes, issue_api_key.expires_at, issue_api_key.allowed_origins, issue_api_key.replaces, platform.actor())
    returning k.id into issue_api_key.id;
end
$$;
comment on function platform.issue_api_key(text, uuid, text[], timestamptz, text[], uuid) is 'Makes a secret key and returns it, the only time it is ever seen.';

create or replace function platform.rotate_api_key(key uuid, overlap interval default '1 day', out id uuid, out secret text)
    language plpgsql
    as $$
declare
    old record;
begin
    select k.name, k.workspace_id, k.scopes, k.allowed_origins, k.allowed_addresses, k.expires_at, k.statement_timeout_ms, k.max_rows, k.max_cost into old
    from platform.api_keys k
    where k.organization_id = platform.organization() and k.id = rotate_api_key.key and k.kind = 'secret' and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
    and rotate_api_key.overlap > interval '0'
    for update;
    if not found then
        raise exception 'Only a secret key that is still valid can be rotated.' using errcode = 'CL001', table = 'api_keys';
    end if;
    update platform.api_keys k set expires_at = least(k.expires_at, now() + rotate_api_key.overlap)
    where k.organization_id = platform.organization() and k.id = rotate_api_key.key;
    -- Whoever was let in until some day is not let in for longer by a rotation.
    select i.id, i.secret into rotate_api_key.id, rotate_api_key.secret
    from platform.issue_api_key(old.name, old.workspace_id, old.scopes, old.expires_at, old.allowed_origins, rotate_api_key.key) i;
    update platform.api_keys k set allowed_addresses = old.allowed_addresses, statement_timeout_ms = old.statement_timeout_ms, max_rows = old.max_rows, max_cost = old.max_cost
    where k.organization_id = platform.organization() and k.id = rotate_api_key.id;
end
$$;
comment on function platform.rotate_api_key(uuid, interval) is 'Issues a key with the same rights until the same day; the old one stays valid for the overlap.';

create or replace function platform.find_api_key(secret text)
    returns table (organization_id uuid, id uuid, workspace_id uuid, scopes text[], allowed_origins text[])
    language plpgsql
    as $$
begin
    -- At most one write a minute.
    update platform.api_keys k set last_used_at = now()
    where k.key_hash = sha256(convert_to(find_api_key.secret, 'UTF8')) and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
    and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute');
    return query
        select k.organization_id, k.id, k.workspace_id, k.scopes, k.allowed_origins
        from platform.api_keys k
        join platform.organizations o on o.id = k.organization_id and o.closed_at is null
        join platform.workspaces w on w.organization_id = k.organization_id and w.id = k.workspace_id and w.closed_at is null
        where k.key_hash = sha256(convert_to(find_api_key.secret, 'UTF8')) and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
end
$$;
comment on function platform.find_api_key(text) is 'The valid secret key this is, if any, for the service role.';
revoke execute on function platform.find_api_key(text) from public;
grant execute on function platform.find_api_key(text) to clientele_service;

create or replace function platform.take_tokens(rate_limit uuid, subject text, wanted bigint, out granted bigint, out tokens double precision)
    language plpgsql
    as $$
declare
    rule   platform.rate_limits := (select l from platform.rate_limits l where l.organization_id = platform.organization() and l.id = take_tokens.rate_limit and l.is_active);
    bucket platform.rate_limit_buckets;
begin
    if rule.id is null then
        return;
    end if;
    insert into platform.rate_limit_buckets (organization_id, rate_limit_id, subject, tokens, filled_at)
    values (rule.organization_id, rule.id, take_tokens.subject, rule.max_requests, clock_timestamp())
    on conflict do nothing;
    -- Locked until the transaction ends: of many nodes that ask at once, each sees what the one before has left.
    select b.* into bucket from platform.rate_limit_buckets b
    where b.organization_id = rule.organization_id and b.rate_limit_id = rule.id and b.subject = take_tokens.subject
    for update;
    tokens := least(rule.max_requests, bucket.tokens + greatest(extract(epoch from clock_timestamp() - bucket.filled_at), 0) * rule.max_requests / rule.window_seconds);
    granted := least(greatest(take_tokens.wanted, 0), floor(tokens));
    tokens := tokens - granted;
    update platform.rate_limit_buckets b set tokens = take_tokens.tokens, filled_at = clock_timestamp()
    where b.organization_id = rule.organization_id and b.rate_limit_id = rule.id and b.subject = take_tokens.subject;
end
$$;
comment on function platform.take_tokens(uuid, text, bigint) is 'Takes up to so many tokens out of a limit''s bucket; returns how many it got and how many are left. Null when there is no such limit. Nodes take some at a time and spend them without asking again.';

create or replace function platform.count_request(route text, api_key uuid default null, caller text default '') returns bigint
    language plpgsql
    as $$
declare
    rule  platform.rate_limits;
    spent record;
    room  bigint;
begin
    for rule in
        select l.* from platform.rate_limits l
        where l.organization_id = platform.organization() and l.is_active and (l.api_key_id is null or l.api_key_id = count_request.api_key)
        and (l.route in ('*', count_request.route) or (l.route like '%*' and starts_with(count_request.route, rtrim(l.route, '*'))))
        order by l.id
    loop
        spent := platform.take_tokens(rule.id,
            case rule.counted_by when 'key' then coalesce(count_request.api_key::text, '') when 'caller' then count_request.caller else '' end, 1);
        if spent.granted = 0 then
            raise exception 'Too many requests: % in % seconds are answered. Wait a little and try again.', rule.max_requests, rule.window_seconds
                using errcode = 'CL003', table = 'rate_limits';
        end if;
        room := least(room, floor(spent.tokens)::bigint);
    end loop;
    return room;
end
$$;
comment on function platform.count_request(text, uuid, text) is 'Counts a request against every limit that applies to it; returns how many more the tightest leaves, null when none applies, and raises CL003 when one is used up. For requests that do not come through the server''s own limiter.';

create or replace function platform.purge_rate_limits() returns bigint
    language sql
    as $$
        with gone as (delete from platform.rate_limit_buckets b where b.filled_at < now() - interval '2 days' returning 1)
        select count(*) from gone
    $$;
comment on function platform.purge_rate_limits() is 'Forgets buckets that have long been full again; returns how many.';

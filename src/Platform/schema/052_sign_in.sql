-- What a sign-in needs beside the password: recovery codes of the second factor, and the moment between the two steps.

create table platform.recovery_codes (
    user_id     uuid not null references platform.platform_users (id) on delete cascade,
    code_hash   bytea not null check (length(code_hash) = 32),
    created_at  timestamptz not null default now(),
    primary key (user_id, code_hash)
);
comment on table platform.recovery_codes is 'Codes that stand in for the authenticator app once each: a used one is deleted.';
comment on column platform.recovery_codes.code_hash is 'SHA-256 of the code and its owner. The code has 80 random bits, so no slow hash is needed.';

create table platform.sign_in_challenges (
    token_hash  bytea primary key check (length(token_hash) = 32),
    user_id     uuid not null references platform.platform_users (id) on delete cascade,
    created_at  timestamptz not null default now(),
    expires_at  timestamptz not null default now() + interval '10 minutes'
);
comment on table platform.sign_in_challenges is 'People whose password was right and whose second factor is awaited.';
create index sign_in_challenges_user on platform.sign_in_challenges (user_id);

select platform.protect('platform.recovery_codes', 'service');
select platform.protect('platform.sign_in_challenges', 'service');
create policy owner on platform.recovery_codes to clientele_owner using (true) with check (true);
create policy owner on platform.sign_in_challenges to clientele_owner using (true) with check (true);

create function platform.take_attempt(subject bytea, free integer, memory interval, out waits interval, out attempts integer)
    language plpgsql
    as $$
begin
    -- Counted before it is looked at whether it is right, so that many at once are as many tries as one after the other. Time
    -- forgives a free one after the other, so that a busy office does not add its slips up for ever.
    insert into platform.sign_in_attempts as a (address_hash) values (subject)
    on conflict (address_hash) do update
    set attempts = case when a.last_attempt < now() - memory then 1
                   else least(1 + greatest(a.attempts - floor(extract(epoch from now() - a.last_attempt) / (extract(epoch from memory) / free))::integer, 0), 100000) end,
        last_attempt = now(), locked_until = null
    where a.locked_until is null or a.locked_until <= now()
    returning a.attempts into attempts;
    if attempts is null then
        select greatest(a.locked_until - now(), interval '1 second') into waits from platform.sign_in_attempts a where a.address_hash = subject;
        waits := coalesce(waits, interval '1 second');
    elsif attempts >= free then
        update platform.sign_in_attempts a set locked_until = now() + make_interval(secs => least(900, power(2, least(take_attempt.attempts + 1 - free, 20)))) where a.address_hash = subject;
    end if;
end
$$;
comment on function platform.take_attempt(bytea, integer, interval) is
    'Takes one try to sign in. From the last free one on each makes the next wait: 2 seconds, then twice as long, at most 15 minutes. Tries older than "memory" count no more, and one is forgiven for each so many-th part of it without one. Returns how long to wait when there is no try to be had; success deletes the row.';
revoke execute on function platform.take_attempt(bytea, integer, interval) from public;
grant execute on function platform.take_attempt(bytea, integer, interval) to clientele_service;

-- Referrals: the place in the day, acceptance, expiry.

create or replace function growth.place_invitation() returns trigger
    language plpgsql
    as $$
declare
    day growth.sponsor_daily_limits;
begin
    new.invited_phone := nullif(regexp_replace(new.invited_phone, '[\s().-]', '', 'g'), '');
    new.invited_email := nullif(lower(btrim(new.invited_email)), '');
    if exists (select from customers.customers c where c.organization_id = new.organization_id and c.id = new.sponsor_id
               and (lower(c.email) = new.invited_email or c.phone = new.invited_phone)) or new.sponsored_id = new.sponsor_id then
        raise exception 'Nobody can sponsor themselves. Invite somebody else.' using errcode = 'check_violation', table = tg_table_name;
    end if;
    -- An invitation that has run out does not stand in the way of a new one, though no job has marked it yet.
    update growth.referrals r set status = 'expired'
    where r.organization_id = new.organization_id and r.sponsor_id = new.sponsor_id and r.status = 'sent' and r.expires_at <= now()
    and (r.invited_phone = new.invited_phone or r.invited_email = new.invited_email);

    -- The row of the day is locked until the transaction ends: the limit is exact, and whoever rolls back gives the place back.
    insert into growth.sponsor_daily_limits as l (organization_id, sponsor_id, limit_date, invitations_sent_today)
    values (new.organization_id, new.sponsor_id, growth.today(new.organization_id), 1)
    on conflict (organization_id, sponsor_id, limit_date) do update set invitations_sent_today = l.invitations_sent_today + 1
        where l.invitations_sent_today < l.max_invitations_per_day
    returning l.* into day;
    if day.id is null then
        raise exception 'The invitations of this day are used up (% at most). The next day begins at midnight in the organization''s time zone.',
            (select l.max_invitations_per_day from growth.sponsor_daily_limits l
             where l.organization_id = new.organization_id and l.sponsor_id = new.sponsor_id and l.limit_date = growth.today(new.organization_id))
            using errcode = 'CL003', table = tg_table_name;
    end if;
    new.daily_limit_id := day.id;
    new.invitation_order := day.invitations_sent_today;
    return new;
end
$$;
comment on function growth.place_invitation() is 'Trigger: gives an invitation its place in the sponsor''s day, or refuses it when the day is full.';
create or replace trigger place_invitation before insert on growth.referrals for each row execute function growth.place_invitation();

create or replace function growth.settle_invitation() returns trigger
    language plpgsql
    as $$
begin
    -- Not a check of the table: a merge may find out later that both were one person.
    if new.sponsored_id = new.sponsor_id and old.sponsored_id is null then
        raise exception 'Nobody can sponsor themselves.' using errcode = 'check_violation', table = tg_table_name;
    end if;
    new.invited_email := nullif(lower(btrim(new.invited_email)), '');
    if new.status = 'accepted' and old.status = 'sent' then
        if now() >= old.expires_at then
            raise exception 'The invitation ran out on %. Send a new one.', to_char(old.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') using errcode = 'CL001', table = tg_table_name;
        end if;
        new.accepted_at := coalesce(new.accepted_at, now());
    end if;
    if new.sponsored_id is distinct from old.sponsored_id and old.status = 'accepted' and new.sponsored_id is null then
        raise exception 'An accepted invitation keeps whom it brought.' using errcode = 'check_violation', table = tg_table_name;
    end if;
    if (new.daily_limit_id, new.invitation_order, new.sent_at) is distinct from (old.daily_limit_id, old.invitation_order, old.sent_at) then
        raise exception 'The place of an invitation in its day cannot be changed.' using errcode = 'CL006', table = tg_table_name;
    end if;
    return new;
end
$$;
comment on function growth.settle_invitation() is 'Trigger: an invitation that ran out is not accepted, and none changes its place in the day.';
create or replace trigger settle_invitation before update on growth.referrals for each row execute function growth.settle_invitation();

create or replace function growth.counted_elsewhere() returns trigger
    language plpgsql
    as $$
begin
    raise exception '% cannot be written: the rows it counts do that.', tg_argv[0] using errcode = 'CL006', table = tg_table_name, column = tg_argv[0];
end
$$;
comment on function growth.counted_elsewhere() is 'Trigger: refuses a counter that only other triggers keep.';
-- Inside a trigger of the invitations the depth is not 0.
create or replace trigger counted_begins before insert on growth.sponsor_daily_limits for each row
    when (new.invitations_sent_today <> 0 and pg_trigger_depth() = 0) execute function growth.counted_elsewhere('invitations_sent_today');
create or replace trigger counted_stays before update on growth.sponsor_daily_limits for each row
    when (new.invitations_sent_today <> old.invitations_sent_today and pg_trigger_depth() = 0) execute function growth.counted_elsewhere('invitations_sent_today');

create or replace function growth.keep_sponsor() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'The day of a sponsor stays theirs. Only an administrator who merges customers moves it.' using errcode = 'insufficient_privilege', table = tg_table_name, column = 'sponsor_id';
end
$$;
comment on function growth.keep_sponsor() is 'Trigger: refuses to give a day and what was sent on it to another sponsor.';
create or replace trigger keep_sponsor before update of sponsor_id on growth.sponsor_daily_limits for each row
    when (new.sponsor_id <> old.sponsor_id and platform.tenant('admin') is null) execute function growth.keep_sponsor();

create or replace function growth.accept_referral(code text, customer_id uuid) returns uuid
    language plpgsql
    as $$
declare
    referral uuid;
begin
    update growth.referrals r set status = 'accepted', sponsored_id = accept_referral.customer_id
    where r.organization_id = platform.organization() and r.referral_code = accept_referral.code and r.status = 'sent'
    returning r.id into referral;
    if referral is null then
        raise exception 'No invitation with this code is open.' using errcode = 'CL001';
    end if;
    return referral;
end
$$;
comment on function growth.accept_referral(text, uuid) is 'A customer accepts the invitation with a code; returns it. An invitation is accepted once.';

create or replace function growth.expire_referrals(most integer default 1000) returns bigint
    language sql
    as $$
        with due as (
            select r.organization_id, r.id from growth.referrals r
            where r.status = 'sent' and r.expires_at <= now()
            order by r.expires_at limit most for update skip locked),
        done as (
            update growth.referrals r set status = 'expired' from due d
            where r.organization_id = d.organization_id and r.id = d.id returning 1)
        select count(*) from done
    $$;
comment on function growth.expire_referrals(integer) is 'Marks invitations that ran out; returns how many. For a job.';

-- ---------------------------------------------------------------------------------------------------------
-- What the days of a sponsor say

create or replace function growth.lifetime_invitations(organization_id uuid, sponsor_id uuid, upto date) returns bigint
    language sql stable
    as $$
        select coalesce(sum(l.invitations_sent_today), 0)::bigint from growth.sponsor_daily_limits l
        where l.organization_id = lifetime_invitations.organization_id and l.sponsor_id = lifetime_invitations.sponsor_id and l.limit_date <= lifetime_invitations.upto
    $$;
comment on function growth.lifetime_invitations(uuid, uuid, date) is 'Invitations a sponsor has ever sent, up to a day.';

create or replace function growth.active_days(organization_id uuid, sponsor_id uuid, upto date) returns integer
    language sql stable
    as $$
        -- Days in a row have the same distance from their number, counted back from the last.
        select count(*)::integer
        from (select l.limit_date, row_number() over (order by l.limit_date desc) as back from growth.sponsor_daily_limits l
              where l.organization_id = active_days.organization_id and l.sponsor_id = active_days.sponsor_id
              and l.limit_date <= active_days.upto and l.invitations_sent_today > 0) as d
        where d.limit_date = active_days.upto - (d.back - 1)::integer
    $$;
comment on function growth.active_days(uuid, uuid, date) is 'On how many days in a row, the last being this one, a sponsor has sent invitations.';

create or replace function growth.midnight(organization_id uuid, day date) returns timestamptz
    language sql stable
    as $$ select midnight.day::timestamp at time zone coalesce((select o.time_zone from platform.organizations o where o.id = midnight.organization_id), 'UTC') $$;
comment on function growth.midnight(uuid, date) is 'The moment a day begins for an organization.';

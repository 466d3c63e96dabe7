-- Codes: issued, redeemed once, settled once.

create or replace function giving.verify_partner() returns trigger
    language plpgsql
    as $$
begin
    if new.status = 'active' and old.status = 'pending' then
        new.verified_at := coalesce(new.verified_at, now());
        new.verified_by_user_id := coalesce(new.verified_by_user_id, platform.actor());
    end if;
    return new;
end
$$;
comment on function giving.verify_partner() is 'Trigger: who verified a partner, and when.';
create or replace trigger approve before update of status on giving.partners for each row execute function giving.verify_partner();

create or replace function giving.issue_code() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    pack giving.packs;
    pot  giving.pots;
begin
    -- As the owner it sees every organization: row-level security looks at the row only after this.
    if new.organization_id <> platform.organization() then
        raise exception 'A code is issued in one''s own organization.' using errcode = 'insufficient_privilege', table = tg_table_name;
    end if;
    select p.* into pot from giving.pots p where p.organization_id = new.organization_id and p.id = new.pot_id;
    -- Locks the pack: the last one of it goes to one code.
    update giving.packs p set issued_quantity = p.issued_quantity + 1
    where p.organization_id = new.organization_id and p.id = new.pack_id and (p.total_available_quantity is null or p.issued_quantity < p.total_available_quantity)
    returning p.* into pack;
    if pack.id is null then
        if exists (select from giving.packs p where p.organization_id = new.organization_id and p.id = new.pack_id) then
            raise exception 'Of this pack none is left.' using errcode = 'CL003', table = tg_table_name;
        end if;
        raise exception 'There is no such pack.' using errcode = 'foreign_key_violation', table = tg_table_name;
    end if;
    if not pack.is_active or (now() at time zone pot.time_zone)::date not between coalesce(pack.available_from, '-infinity') and coalesce(pack.available_until, 'infinity') then
        raise exception 'This pack is not on offer now.' using errcode = 'check_violation', table = tg_table_name;
    end if;
    if (select count(*) from giving.qr_codes q join giving.pots o on o.organization_id = q.organization_id and o.id = q.pot_id
        where q.organization_id = new.organization_id and q.pack_id = new.pack_id and o.owner_id = pot.owner_id
        and q.status in ('issued', 'redeemed')) >= pack.max_redemptions_per_user then
        raise exception 'One person may have this pack % times.', pack.max_redemptions_per_user using errcode = 'CL003', table = tg_table_name;
    end if;
    new.price_cfa := coalesce(new.price_cfa, pack.discounted_price_cfa, pack.base_price_cfa);
    new.redeemable_from := coalesce(new.redeemable_from, pot.birthday_date::timestamp at time zone pot.time_zone);
    new.expires_at := coalesce(new.expires_at, (pot.birthday_date + pack.validity_days)::timestamp at time zone pot.time_zone);
    return new;
end
$$;
comment on function giving.issue_code() is 'Trigger: a code takes one of the pack, at its price of now, and is good from the birthday on.';
revoke execute on function giving.issue_code() from public;
create or replace trigger issue before insert on giving.qr_codes for each row execute function giving.issue_code();

create or replace function giving.return_pack() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    update giving.packs p set issued_quantity = p.issued_quantity - 1 where p.organization_id = new.organization_id and p.id = new.pack_id;
    return null;
end
$$;
comment on function giving.return_pack() is 'Trigger: a cancelled code gives its pack back.';
revoke execute on function giving.return_pack() from public;
create or replace trigger return_pack after update of status on giving.qr_codes for each row
    when (new.status = 'cancelled' and old.status <> 'cancelled') execute function giving.return_pack();

create or replace function giving.redeem(code text, venue jsonb default null, ip_address inet default null, user_agent text default null, partner_user uuid default platform.actor(),
                                         out validation_result text, out qr_code_id uuid, out error_message text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    here    uuid := platform.tenant('key');
    -- Only the platform may say who scans; everybody else is who they are.
    scanner uuid := case when platform.tenant('system') is not null then redeem.partner_user else platform.actor() end;
    known   giving.qr_codes;
    partner giving.partners;
begin
    if here is null then
        raise exception 'Codes are redeemed in an organization, with a key or by its members.' using errcode = 'insufficient_privilege';
    end if;
    select q.* into known from giving.qr_codes q where q.organization_id = here and q.code = redeem.code;
    qr_code_id := known.id;
    select a.* into partner from giving.packs p join giving.partners a on a.organization_id = p.organization_id and a.id = p.partner_id
    where p.organization_id = here and p.id = known.pack_id;

    if known.id is null then
        select 'invalid', 'There is no such code.' into validation_result, error_message;
    elsif partner.id is not null and not exists (
        select from giving.partner_users u where u.organization_id = here and u.partner_id = partner.id and u.user_id = scanner) then
        select 'invalid', 'This code is for another partner.' into validation_result, error_message;
    elsif partner.status <> 'active' then
        select 'invalid', format('The partner is %s.', partner.status) into validation_result, error_message;
    else
        -- The condition is looked at again once the row is locked: of many who scan at the same moment one gets it.
        update giving.qr_codes q set status = 'redeemed', redeemed_at = now(), redeemed_by_partner_id = partner.id, redeemed_at_venue = redeem.venue
        where q.organization_id = here and q.id = known.id and q.status = 'issued' and now() >= q.redeemable_from and now() < q.expires_at;
        if found then
            validation_result := 'success';
        else
            select q.* into known from giving.qr_codes q where q.organization_id = here and q.id = known.id;
            select a.result, a.message into validation_result, error_message
            from (values
                (1, known.status = 'redeemed', 'already_used', format('Redeemed on %s.', to_char(known.redeemed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))),
                (2, known.status = 'cancelled', 'invalid', 'The code was cancelled.'),
                (3, known.status = 'expired' or now() >= known.expires_at, 'expired', 'The code has expired.'),
                (4, true, 'invalid', format('The code is good from %s on.', to_char(known.redeemable_from at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')))) as a (place, holds, result, message)
            where a.holds order by a.place limit 1;
        end if;
    end if;
    insert into giving.qr_redemption_logs (organization_id, qr_code_id, scanned_code, partner_user_id, validation_result, error_message, ip_address, user_agent, venue_context)
    values (here, qr_code_id, left(redeem.code, 500), scanner, validation_result, error_message, redeem.ip_address, redeem.user_agent, redeem.venue);
end
$$;
comment on function giving.redeem(text, jsonb, inet, text, uuid) is
    'Somebody of a partner scans a code: success once, in its time, by the partner whose pack it is; else expired, already_used or invalid. Each try is logged. "partner_user" is heard from the platform itself only.';
revoke execute on function giving.redeem(text, jsonb, inet, text, uuid) from public;
grant execute on function giving.redeem(text, jsonb, inet, text, uuid) to clientele_app, clientele_service;

create or replace function giving.expire_codes(most integer default 1000) returns bigint
    language sql
    as $$
        with due as (
            select q.organization_id, q.id from giving.qr_codes q
            where q.status = 'issued' and q.expires_at <= now()
            order by q.expires_at limit most for update skip locked),
        done as (
            update giving.qr_codes q set status = 'expired' from due d
            where q.organization_id = d.organization_id and q.id = d.id returning 1)
        select count(*) from done
    $$;
comment on function giving.expire_codes(integer) is 'Marks codes that ran out; returns how many. For a job.';

create or replace function giving.settle(partner_id uuid, period_start date, period_end date) returns uuid
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    here       uuid := platform.tenant('member');
    partner    giving.partners;
    zone       text := coalesce((select o.time_zone from platform.organizations o where o.id = platform.tenant('member')), 'UTC');
    codes      uuid[];
    revenue    bigint;
    share      bigint;
    settlement uuid;
begin
    if here is null then
        raise exception 'Only members settle with partners.' using errcode = 'insufficient_privilege';
    end if;
    -- One settlement of a partner at a time.
    select a.* into partner from giving.partners a where a.organization_id = here and a.id = settle.partner_id for no key update;
    if partner.id is null then
        raise exception 'There is no such partner.' using errcode = 'foreign_key_violation';
    end if;
    -- What an earlier settlement left, being too little, is paid in this one.
    select coalesce(array_agg(q.id), '{}'), coalesce(sum(q.price_cfa), 0) into codes, revenue
    from giving.qr_codes q
    where q.organization_id = here and q.redeemed_by_partner_id = partner.id and q.status = 'redeemed' and q.settlement_id is null
    and q.redeemed_at < (settle.period_end + 1)::timestamp at time zone zone;
    share := floor(revenue * partner.revenue_split_percentage / 100);
    if codes = '{}' or share < partner.minimum_payout_cfa then
        return null;
    end if;
    insert into giving.partner_settlements (organization_id, partner_id, period_start, period_end, total_redemptions_count, total_revenue_cfa, partner_share_cfa, wolo_commission_cfa)
    values (here, partner.id, settle.period_start, settle.period_end, cardinality(codes), revenue, share, revenue - share)
    returning id into settlement;
    update giving.qr_codes q set settlement_id = settlement where q.organization_id = here and q.id = any(codes);
    return settlement;
end
$$;
comment on function giving.settle(uuid, date, date) is
    'Settles with a partner what was redeemed until the end of a period and not settled before; null, and carried over, when the partner''s share is below the minimum payout.';
revoke execute on function giving.settle(uuid, date, date) from public;
grant execute on function giving.settle(uuid, date, date) to clientele_app, clientele_service;

create or replace function giving.approve_settlement() returns trigger
    language plpgsql
    as $$
begin
    if new.status = 'approved' and old.status <> 'approved' then
        new.approved_at := now();
        new.approved_by_user_id := coalesce(platform.actor(), new.approved_by_user_id);
    elsif new.status = 'paid' and old.status <> 'paid' then
        new.paid_at := coalesce(new.paid_at, now());
    end if;
    if old.status in ('approved', 'paid') and (new.partner_id, new.period_start, new.period_end, new.total_redemptions_count, new.total_revenue_cfa, new.partner_share_cfa)
       is distinct from (old.partner_id, old.period_start, old.period_end, old.total_redemptions_count, old.total_revenue_cfa, old.partner_share_cfa) then
        raise exception 'This settlement is % and stands. Dispute it first.', old.status using errcode = 'CL004', table = tg_table_name;
    end if;
    return new;
end
$$;
comment on function giving.approve_settlement() is 'Trigger: who approved a settlement and when it was paid; its amounts stand from then on.';
create or replace trigger approve before update on giving.partner_settlements for each row execute function giving.approve_settlement();

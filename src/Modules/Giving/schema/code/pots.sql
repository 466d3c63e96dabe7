-- Pots: birthdays, opening, what was raised, donations and refunds.

create or replace function giving.birthday_in(date_of_birth date, year integer) returns date
    language sql immutable parallel safe
    as $$ select (date_of_birth + make_interval(years => year - extract(year from date_of_birth)::integer))::date $$;
comment on function giving.birthday_in(date, integer) is 'The birthday in a year. Born on 29 February: on 28 February where the year has no 29th.';

create or replace function giving.next_birthday(date_of_birth date, today date) returns date
    language sql immutable parallel safe
    as $$
        select case when giving.birthday_in(date_of_birth, extract(year from today)::integer) > today
                    then giving.birthday_in(date_of_birth, extract(year from today)::integer)
                    else giving.birthday_in(date_of_birth, extract(year from today)::integer + 1) end
    $$;
comment on function giving.next_birthday(date, date) is 'The first birthday after a day.';

create or replace function giving.raised(organization_id uuid, pot_id uuid) returns bigint
    language sql stable
    as $$
        select coalesce(sum(d.amount_cfa - d.refunded_cfa), 0)::bigint from giving.donations d
        where d.organization_id = raised.organization_id and d.pot_id = raised.pot_id and d.status in ('succeeded', 'refunded')
    $$;
comment on function giving.raised(uuid, uuid) is 'What a pot has raised, in CFA francs (XOF): donations that succeeded, less what was given back.';

create or replace function giving.schedule_pot() returns trigger
    language plpgsql
    as $$
declare
    born date;
    due  timestamptz;
begin
    if tg_op = 'UPDATE' and (new.birthday_date, new.time_zone) is not distinct from (old.birthday_date, old.time_zone) then
        if new.scheduled_open_at <> old.scheduled_open_at then
            raise exception 'When a pot opens follows from the birthday. Change that.' using errcode = 'CL006', table = tg_table_name, column = 'scheduled_open_at';
        end if;
    else
        if tg_op = 'UPDATE' and old.status <> 'scheduled' then
            raise exception 'The pot is % and keeps its birthday.', old.status using errcode = 'CL001', table = tg_table_name;
        end if;
        select c.date_of_birth into born from customers.customers c where c.organization_id = new.organization_id and c.id = new.owner_id;
        new.birthday_date := coalesce(new.birthday_date, giving.next_birthday(born, (now() at time zone new.time_zone)::date));
        if new.birthday_date <> giving.birthday_in(born, extract(year from new.birthday_date)::integer) then
            raise exception 'The owner''s birthday in that year is %.', giving.birthday_in(born, extract(year from new.birthday_date)::integer)
                using errcode = 'check_violation', table = tg_table_name, column = 'birthday_date';
        end if;
        due := (new.birthday_date - 30)::timestamp at time zone new.time_zone;
        new.scheduled_open_at := greatest(due, now());
        -- Made, or moved, later than thirty days before: open at once.
        new.status := case when due <= now() then 'open' else 'scheduled' end;
    end if;

    if tg_op = 'UPDATE' and new.status <> old.status then
        if new.status = 'open' and now() < new.scheduled_open_at then
            raise exception 'The pot opens on %, thirty days before the birthday.', to_char(new.scheduled_open_at at time zone new.time_zone, 'YYYY-MM-DD')
                using errcode = 'CL001', table = tg_table_name;
        elsif new.status = 'funded' and giving.raised(new.organization_id, new.id) < new.target_amount_cfa then
            raise exception 'The pot has raised % of %.', giving.raised(new.organization_id, new.id), new.target_amount_cfa using errcode = 'CL001', table = tg_table_name;
        end if;
    end if;
    if new.status = 'open' then
        new.actual_opened_at := coalesce(new.actual_opened_at, now());
    elsif new.status = 'closed' then
        new.closed_at := coalesce(new.closed_at, now());
    end if;
    return new;
end
$$;
comment on function giving.schedule_pot() is 'Trigger: when a pot opens follows from the birthday; it is funded when the sum says so.';
create or replace trigger schedule_pot before insert or update on giving.pots for each row execute function giving.schedule_pot();

create or replace function giving.open_pots(most integer default 1000) returns bigint
    language sql
    as $$
        with due as (
            select p.organization_id, p.id from giving.pots p
            where p.status = 'scheduled' and p.scheduled_open_at <= now()
            order by p.scheduled_open_at limit most for update skip locked),
        done as (
            update giving.pots p set status = 'open' from due d
            where p.organization_id = d.organization_id and p.id = d.id returning 1)
        select count(*) from done
    $$;
comment on function giving.open_pots(integer) is 'Opens pots whose time has come; returns how many. For a job.';

create or replace function giving.expire_pots(most integer default 1000) returns bigint
    language sql
    as $$
        with due as (
            select p.organization_id, p.id from giving.pots p
            -- No zone is more than a day from UTC; the exact midnight is the pot's own.
            where p.status = 'open' and p.birthday_date <= (now() at time zone 'UTC')::date + 1
            and now() >= (p.birthday_date + 1)::timestamp at time zone p.time_zone
            order by p.birthday_date limit most for update skip locked),
        done as (
            update giving.pots p set status = 'expired' from due d
            where p.organization_id = d.organization_id and p.id = d.id returning 1)
        select count(*) from done
    $$;
comment on function giving.expire_pots(integer) is 'Expires pots that were not funded by the end of the birthday; returns how many. For a job.';

-- ---------------------------------------------------------------------------------------------------------
-- Donations

create or replace function giving.take_donation() returns trigger
    language plpgsql
    as $$
declare
    pot giving.pots;
begin
    if tg_op = 'INSERT' then
        select p.* into pot from giving.pots p where p.organization_id = new.organization_id and p.id = new.pot_id;
        if pot.status not in ('open', 'funded') then
            raise exception 'The pot is % and takes no donations.', pot.status using errcode = 'CL001', table = tg_table_name;
        elsif new.is_anonymous and not pot.allow_anonymous_donations then
            raise exception 'This pot takes no anonymous donations.' using errcode = 'check_violation', table = tg_table_name, column = 'is_anonymous';
        elsif new.donation_message is not null and not pot.enable_messages then
            raise exception 'This pot takes no messages.' using errcode = 'check_violation', table = tg_table_name, column = 'donation_message';
        elsif new.refunded_cfa <> 0 then
            raise exception 'refunded_cfa cannot be written: a refund does that.' using errcode = 'CL006', table = tg_table_name;
        end if;
        return new;
    end if;
    if old.status not in ('pending', 'processing') and (new.amount_cfa, new.pot_id) is distinct from (old.amount_cfa, old.pot_id) then
        raise exception 'This donation is % and stands. Refund it instead.', old.status using errcode = 'CL004', table = tg_table_name;
    end if;
    -- A refund's trigger is one level above.
    if new.refunded_cfa <> old.refunded_cfa and pg_trigger_depth() < 2 then
        raise exception 'refunded_cfa cannot be written: a refund does that.' using errcode = 'CL006', table = tg_table_name;
    end if;
    if new.status <> old.status then
        case new.status
            when 'succeeded' then new.confirmed_at := coalesce(new.confirmed_at, now()); new.refunded_at := null;
            when 'failed' then new.failed_at := coalesce(new.failed_at, now());
            when 'refunded' then new.refunded_at := coalesce(new.refunded_at, now());
            else null;
        end case;
    end if;
    return new;
end
$$;
comment on function giving.take_donation() is 'Trigger: a donation goes to a pot that is open, on its terms, and stands once it succeeded.';
create or replace trigger settle before insert or update on giving.donations for each row execute function giving.take_donation();

create or replace function giving.fund_pot() returns trigger
    language plpgsql
    as $$
declare
    pot giving.pots;
begin
    -- One at a time: the second of two donations that together reach the target sees the first.
    select p.* into pot from giving.pots p where p.organization_id = new.organization_id and p.id = new.pot_id for no key update;
    if pot.status = 'open' and giving.raised(new.organization_id, new.pot_id) >= pot.target_amount_cfa then
        update giving.pots p set status = 'funded' where p.organization_id = new.organization_id and p.id = new.pot_id;
    end if;
    return null;
end
$$;
comment on function giving.fund_pot() is 'Trigger: the donation that reaches the target makes the pot funded.';
create or replace trigger fund_pot after update of status on giving.donations for each row
    when (new.status = 'succeeded' and old.status in ('pending', 'processing')) execute function giving.fund_pot();

create or replace function giving.take_refund() returns trigger
    language plpgsql
    as $$
declare
    given giving.donations;
begin
    -- The row is locked by the update, and its check holds at whatever level of isolation.
    update giving.donations d set
        refunded_cfa = d.refunded_cfa + new.amount_cfa,
        status = case when d.refunded_cfa + new.amount_cfa = d.amount_cfa then 'refunded' else d.status end
    where d.organization_id = new.organization_id and d.id = new.donation_id and d.status = 'succeeded' and d.refunded_cfa + new.amount_cfa <= d.amount_cfa
    returning d.* into given;
    if given.id is null then
        select d.* into given from giving.donations d where d.organization_id = new.organization_id and d.id = new.donation_id;
        if given.id is null then
            raise exception 'There is no such donation.' using errcode = 'foreign_key_violation', table = tg_table_name;
        elsif given.status not in ('succeeded', 'refunded') then
            raise exception 'The donation is %: only one that succeeded can be refunded.', given.status using errcode = 'CL001', table = tg_table_name;
        end if;
        raise exception 'Of this donation % of % CFA can still be refunded.', given.amount_cfa - given.refunded_cfa, given.amount_cfa using errcode = 'CL003', table = tg_table_name;
    end if;
    return new;
end
$$;
comment on function giving.take_refund() is 'Trigger: a refund takes its part of the donation, or is refused when not so much is left.';
create or replace trigger take_refund before insert on giving.refunds for each row execute function giving.take_refund();

create or replace function giving.settle_refund() returns trigger
    language plpgsql
    as $$
begin
    if (new.donation_id, new.amount_cfa) is distinct from (old.donation_id, old.amount_cfa) then
        raise exception 'A refund stands as it was written. Let it fail and write another.' using errcode = 'CL004', table = tg_table_name;
    end if;
    if new.wave_refund_status = 'done' and old.wave_refund_status = 'pending' then
        new.completed_at := coalesce(new.completed_at, now());
    elsif new.wave_refund_status = 'failed' and old.wave_refund_status = 'pending' then
        update giving.donations d set refunded_cfa = d.refunded_cfa - new.amount_cfa, status = 'succeeded'
        where d.organization_id = new.organization_id and d.id = new.donation_id;
    end if;
    return new;
end
$$;
comment on function giving.settle_refund() is 'Trigger: a refund that failed gives its part of the donation back.';
create or replace trigger settle_refund before update on giving.refunds for each row execute function giving.settle_refund();

create or replace function giving.drift() returns table (organization_id uuid, donation_id uuid, counted bigint, refunded bigint)
    language sql stable
    as $$
        select d.organization_id, d.id, d.refunded_cfa, coalesce(r.total, 0)::bigint
        from giving.donations d
        left join (select f.organization_id, f.donation_id, sum(f.amount_cfa) as total from giving.refunds f where f.wave_refund_status <> 'failed' group by 1, 2) r
            on r.organization_id = d.organization_id and r.donation_id = d.id
        where d.refunded_cfa <> coalesce(r.total, 0)
    $$;
comment on function giving.drift() is 'Donations whose counter of refunds is not the sum of their refunds: none, if all is well. For a job.';

create or replace function giving.receive_wave_event(wave_event_id text, event_type text, payload jsonb) returns text
    language plpgsql
    as $$
declare
    here    uuid := platform.organization();
    known   giving.wave_webhook_events;
    given   giving.donations;
    data    jsonb := coalesce(payload -> 'data', payload);
    next    text := case receive_wave_event.event_type
                        when 'checkout.session.completed' then case data ->> 'payment_status' when 'processing' then 'processing' when 'cancelled' then 'failed' else 'succeeded' end
                        when 'checkout.session.payment_failed' then 'failed' end;
    problem text;
begin
    -- Whoever brings the same event at the same moment waits here, and then finds it done.
    insert into giving.wave_webhook_events as e (organization_id, wave_event_id, event_type, raw_payload)
    values (here, receive_wave_event.wave_event_id, receive_wave_event.event_type, payload)
    on conflict on constraint wave_webhook_events_organization_id_wave_event_id_key do update set retry_count = e.retry_count + 1
    returning e.* into known;
    if known.processed_at is not null then
        return 'repeated';
    end if;

    select d.* into given from giving.donations d
    where d.organization_id = here and (d.id::text = data ->> 'client_reference' or d.wave_transaction_id = data ->> 'transaction_id')
    order by (d.id::text = data ->> 'client_reference') desc nulls last
    limit 1 for update;
    problem := case
        when next is null then null
        when given.id is null then 'No donation has this reference or transaction.'
        when data ->> 'amount' is not null and (data ->> 'amount')::numeric <> given.amount_cfa then format('Wave says %s, the donation is %s.', data ->> 'amount', given.amount_cfa)
    end;
    if problem is not null then
        update giving.wave_webhook_events e set processing_error = problem, donation_id = given.id where e.organization_id = here and e.id = known.id;
        return 'failed';
    end if;
    update giving.wave_webhook_events e set processed_at = now(), processing_error = null, donation_id = given.id where e.organization_id = here and e.id = known.id;
    -- What comes late or in another order does not take back what came of it.
    if next is null or not (given.status = 'pending' or (given.status = 'processing' and next <> 'processing')) then
        return 'nothing to do';
    end if;
    update giving.donations d set
        status = next, wave_notified_at = now(), wave_webhook_data = payload,
        wave_transaction_id = coalesce(d.wave_transaction_id, data ->> 'transaction_id')
    where d.organization_id = here and d.id = given.id;
    return 'done';
end
$$;
comment on function giving.receive_wave_event(text, text, jsonb) is
    'Takes in an event of Wave: stored and acted upon in one transaction, and only once however often it comes. Says "done", "repeated", "nothing to do" (too late, or of no concern) or "failed" (kept with the error, and tried again when it comes again).';

-- ---------------------------------------------------------------------------------------------------------
-- Figures

create or replace view giving.pot_figures with (security_invoker = true) as
    select p.organization_id, p.id as pot_id, p.target_amount_cfa,
           coalesce(d.raised, 0)::bigint as raised_cfa,
           coalesce(d.refunded, 0)::bigint as refunded_cfa,
           coalesce(d.donations, 0) as donation_count,
           coalesce(d.donors, 0) as donor_count,
           coalesce((select sum(c.credits_issued) from growth.points_conversions c
                     where c.organization_id = p.organization_id and c.applied_to_pot_id = p.id), 0)::bigint as credits_cfa,
           least(coalesce(d.raised, 0) / p.target_amount_cfa, 1)::numeric(9, 8) as funded_share
    from giving.pots p
    left join lateral (
        select sum(d.amount_cfa - d.refunded_cfa) as raised, sum(d.refunded_cfa) as refunded, count(*) as donations,
               -- Somebody without an account counts each time.
               count(distinct coalesce(d.donor_id, d.id)) as donors
        from giving.donations d
        where d.organization_id = p.organization_id and d.pot_id = p.id and d.status in ('succeeded', 'refunded')) d on true;
comment on view giving.pot_figures is 'What each pot has raised: donations that succeeded, less refunds. Amounts are in CFA francs (XOF); credits from points stand beside.';
grant select on giving.pot_figures to clientele_app, clientele_service, clientele_readonly;

create or replace function giving.snapshot_pots(day date default null) returns bigint
    language sql
    as $$
        with written as (
            insert into giving.pot_days (organization_id, pot_id, snapshot_date, view_count, share_count)
            select p.organization_id, p.id, coalesce(day, (now() at time zone p.time_zone)::date), p.view_count, p.share_count
            from giving.pots p where p.status in ('open', 'funded')
            on conflict (organization_id, pot_id, snapshot_date) do update set view_count = excluded.view_count, share_count = excluded.share_count
            returning 1)
        select count(*) from written
    $$;
comment on function giving.snapshot_pots(date) is 'Notes how often each pot was seen and shared until now; run it again and the day is written anew. For a job.';

create or replace view giving.pot_day_figures with (security_invoker = true) as
    select s.organization_id, s.id, s.pot_id, s.snapshot_date, s.view_count, s.share_count, s.created_at,
           coalesce(d.given, 0)::bigint - coalesce(d.refunded, 0)::bigint as total_raised_cfa,
           coalesce(d.donors, 0) as donor_count,
           d.donations::numeric / nullif(s.view_count, 0) as conversion_rate
    from giving.pot_days s
    join giving.pots p on p.organization_id = s.organization_id and p.id = s.pot_id
    left join lateral (
        select sum(d.amount_cfa) as given, count(*) as donations, count(distinct coalesce(d.donor_id, d.id)) as donors,
               sum((select sum(r.amount_cfa) from giving.refunds r
                    where r.organization_id = d.organization_id and r.donation_id = d.id and r.wave_refund_status <> 'failed'
                    and r.created_at < (s.snapshot_date + 1)::timestamp at time zone p.time_zone)) as refunded
        from giving.donations d
        where d.organization_id = s.organization_id and d.pot_id = s.pot_id and d.status in ('succeeded', 'refunded')
        and d.confirmed_at < (s.snapshot_date + 1)::timestamp at time zone p.time_zone) d on true;
comment on view giving.pot_day_figures is 'Each pot at the end of each day: seen, shared, and what it had raised by then, summed from donations and refunds so that it cannot drift.';
comment on column giving.pot_day_figures.conversion_rate is 'Donations for each view; may be above 1, and is null without a view.';
grant select on giving.pot_day_figures to clientele_app, clientele_service, clientele_readonly;

create or replace view giving.donation_periods with (security_invoker = true) as
    select f.organization_id, md5(f.organization_id || f.period_type || f.period_start)::uuid as id, f.period_type, f.period_start,
           case f.period_type when 'daily' then f.period_start when 'weekly' then f.period_start + 6
                              else (f.period_start + interval '1 month' - interval '1 day')::date end as period_end,
           sum(f.kept)::bigint as total_amount_cfa,
           count(*) filter (where f.succeeded) as transaction_count,
           count(distinct f.donor) filter (where f.succeeded) as unique_donors,
           coalesce(round(sum(f.kept) / nullif(count(*) filter (where f.succeeded), 0)), 0)::bigint as average_donation_cfa,
           count(*) filter (where f.succeeded)::numeric / nullif(count(*) filter (where f.settled), 0) as success_rate,
           coalesce((select jsonb_object_agg(g.region, g.amount) from (
                select u.region, sum(u.amount) as amount from unnest(array_agg(f.region), array_agg(f.kept)) as u (region, amount)
                where u.amount > 0 group by u.region) g), '{}') as region_breakdown,
           min(f.initiated_at) as created_at
    from (
        select d.organization_id, t.period_type, date_trunc(t.unit, d.initiated_at at time zone p.time_zone)::date as period_start,
               case when d.status in ('succeeded', 'refunded') then d.amount_cfa - d.refunded_cfa else 0 end as kept,
               d.status in ('succeeded', 'refunded') as succeeded, d.status in ('succeeded', 'refunded', 'failed') as settled,
               coalesce(d.donor_id, d.id) as donor, coalesce(c.state, 'unknown') as region, d.initiated_at
        from giving.donations d
        join giving.pots p on p.organization_id = d.organization_id and p.id = d.pot_id
        left join customers.customers c on c.organization_id = d.organization_id and c.id = d.donor_id
        cross join (values ('daily', 'day'), ('weekly', 'week'), ('monthly', 'month')) as t (period_type, unit)) f
    group by f.organization_id, f.period_type, f.period_start;
comment on view giving.donation_periods is 'Donations by day, week (from Monday) and month in which they were begun, by the zone of their pot; amounts less refunds, in CFA francs (XOF).';
comment on column giving.donation_periods.success_rate is 'Of the donations that came to an end, the share that succeeded; from 0 to 1, null while none has.';
comment on column giving.donation_periods.region_breakdown is 'Amount by the donor''s region.';
grant select on giving.donation_periods to clientele_app, clientele_service, clientele_readonly;

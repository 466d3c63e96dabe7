-- Points: from the reason to the account.

create or replace function growth.points_of(ledger growth.points_ledger) returns bigint
    language sql immutable
    as $$
        select case when ledger.points_spent > 0 then -ledger.points_spent
                    else round(ledger.points_earned * ledger.base_multiplier * ledger.sponsor_boost_multiplier)::bigint end
    $$;
comment on function growth.points_of(growth.points_ledger) is 'What a row of the points ledger adds to the account: earned points with their multipliers, or minus what was spent.';

create or replace function growth.prepare_points() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'UPDATE' and old.status <> 'pending'
       and (new.points_earned, new.points_spent, new.base_multiplier, new.sponsor_boost_multiplier, new.event_type, new.referral_id, new.matured_at)
           is distinct from (old.points_earned, old.points_spent, old.base_multiplier, old.sponsor_boost_multiplier, old.event_type, old.referral_id, old.matured_at) then
        raise exception 'These points are % and stand. Write a correction instead.', old.status using errcode = 'CL004', table = tg_table_name;
    end if;
    -- What is spent is spent at once.
    if tg_op = 'INSERT' and new.points_spent > 0 then
        new.status := 'matured';
    end if;
    if new.status = 'matured' and (tg_op = 'INSERT' or old.status <> 'matured') then
        new.matured_at := coalesce(new.matured_at, now());
    end if;
    return new;
end
$$;
comment on function growth.prepare_points() is 'Trigger: points that matured or were revoked stand.';
create or replace trigger prepare_points before insert or update on growth.points_ledger for each row execute function growth.prepare_points();

create or replace function growth.enter_points() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    -- A profile merged meanwhile has moved its waiting points to the survivor, so they mature there.
    if growth.points_of(new) <> 0 then
        insert into growth.points_entries (organization_id, customer_id, points_ledger_id, amount, idempotency_key)
        values (new.organization_id, new.sponsor_id, new.id, growth.points_of(new), 'points/' || new.id);
    end if;
    return null;
end
$$;
comment on function growth.enter_points() is 'Trigger: what matured, or is spent, is entered in the account, once.';
revoke execute on function growth.enter_points() from public;
create or replace trigger enter_points_spent after insert on growth.points_ledger for each row when (new.status = 'matured') execute function growth.enter_points();
create or replace trigger enter_points_matured after update of status on growth.points_ledger for each row
    when (new.status = 'matured' and old.status <> 'matured') execute function growth.enter_points();

create or replace function growth.mature_points(most integer default 1000) returns bigint
    language plpgsql
    as $$
declare
    due  record;
    done bigint := 0;
begin
    for due in
        select l.organization_id, l.id from growth.points_ledger l
        where l.status = 'pending' and l.matures_at <= now()
        order by l.matures_at limit most for update skip locked
    loop
        begin
            update growth.points_ledger l set status = 'matured' where l.organization_id = due.organization_id and l.id = due.id;
            done := done + 1;
        exception when check_violation or numeric_value_out_of_range then
            -- An account that is full stops nobody else's points.
            update growth.points_ledger l set status = 'revoked', description = concat_ws(' ', l.description, '(The account is full.)')
            where l.organization_id = due.organization_id and l.id = due.id;
        end;
    end loop;
    return done;
end
$$;
comment on function growth.mature_points(integer) is 'Matures points whose time has come; returns how many. What does not fit its account is revoked. For a job.';

create or replace function growth.points_balance(customer_id uuid) returns bigint
    language sql stable
    as $$
        select coalesce((select e.balance from growth.points_entries e
                         where e.organization_id = platform.organization() and e.customer_id = points_balance.customer_id
                         order by e.entry desc limit 1), 0)
    $$;
comment on function growth.points_balance(uuid) is 'Points a sponsor can spend.';

create or replace function growth.spend_points() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'UPDATE' then
        if (new.points_converted, new.credits_issued, new.conversion_rate, new.points_ledger_id)
           is distinct from (old.points_converted, old.credits_issued, old.conversion_rate, old.points_ledger_id)
           or (old.applied_to_pot_id is not null and new.applied_to_pot_id is distinct from old.applied_to_pot_id) then
            raise exception 'A conversion stands. Write a correction of the points instead.' using errcode = 'CL004', table = tg_table_name;
        end if;
        return new;
    end if;
    new.credits_issued := coalesce(new.credits_issued, floor(new.points_converted * new.conversion_rate));
    -- The ledger lets one writer at an account at a time, and nobody below zero.
    insert into growth.points_ledger (organization_id, sponsor_id, event_type, points_spent, status, description)
    values (new.organization_id, new.sponsor_id, 'conversion', new.points_converted, 'matured', 'conversion ' || new.id)
    returning id into new.points_ledger_id;
    return new;
end
$$;
comment on function growth.spend_points() is 'Trigger: a conversion takes its points from the account in its own transaction; a written one stands.';
create or replace trigger spend_points before insert or update on growth.points_conversions for each row execute function growth.spend_points();

create or replace function growth.date_reward() returns trigger
    language plpgsql
    as $$
begin
    if new.status = 'granted' then
        new.granted_at := coalesce(new.granted_at, now());
    elsif new.status = 'redeemed' and (tg_op = 'INSERT' or old.status <> 'redeemed') then
        if now() >= new.expires_at then
            raise exception 'The reward ran out.' using errcode = 'CL001', table = tg_table_name;
        end if;
        new.redeemed_at := coalesce(new.redeemed_at, now());
    end if;
    return new;
end
$$;
comment on function growth.date_reward() is 'Trigger: when a reward was granted and redeemed.';
create or replace trigger date_reward before insert or update of status on growth.rewards for each row execute function growth.date_reward();

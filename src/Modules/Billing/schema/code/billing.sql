-- Billing: what a payment, a refund, a subscription and an invoice do when they are written.

create or replace function billing.settle_payment() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'INSERT' then
        if new.credit_package_id is not null and new.credits is null then
            select p.credits + p.bonus_credits into new.credits
            from billing.credit_packages p where p.organization_id = new.organization_id and p.id = new.credit_package_id;
            new.purpose := 'credits';
        end if;
        if new.refunded_amount <> 0 then
            raise exception 'refunded_amount cannot be written: a refund does that.' using errcode = 'CL006', table = tg_table_name;
        end if;
        return new;
    end if;
    if new.status = 'succeeded' and old.status = 'pending' then
        new.succeeded_at := coalesce(new.succeeded_at, now());
    elsif new.status = 'failed' and old.status = 'pending' then
        new.failed_at := coalesce(new.failed_at, now());
    end if;
    if old.status <> 'pending' and (new.amount, new.currency, new.credits) is distinct from (old.amount, old.currency, old.credits) then
        raise exception 'This payment has % and stands. Refund it instead.', old.status using errcode = 'CL004', table = tg_table_name;
    end if;
    -- A refund's trigger is one level above.
    if new.refunded_amount <> old.refunded_amount and pg_trigger_depth() < 2 then
        raise exception 'refunded_amount cannot be written: a refund does that.' using errcode = 'CL006', table = tg_table_name;
    end if;
    return new;
end
$$;
comment on function billing.settle_payment() is 'Trigger: a settled payment stands.';
create or replace trigger settle_payment before insert or update on billing.payments for each row execute function billing.settle_payment();

create or replace function billing.credit_purchase() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    insert into billing.credit_transactions (organization_id, customer_id, amount, reason, payment_id, idempotency_key)
    values (new.organization_id, new.customer_id, new.credits, 'purchase', new.id, 'payment/' || new.id);
    return null;
end
$$;
comment on function billing.credit_purchase() is 'Trigger: a payment for credits that succeeded enters them, once.';
revoke execute on function billing.credit_purchase() from public;
create or replace trigger credit_purchase after update of status on billing.payments for each row
    when (new.status = 'succeeded' and old.status = 'pending' and new.credits is not null) execute function billing.credit_purchase();

create or replace function billing.take_refund() returns trigger
    language plpgsql
    as $$
declare
    paid billing.payments;
begin
    -- The row is locked by the update, and its check holds at whatever level of isolation.
    update billing.payments p set refunded_amount = p.refunded_amount + new.amount
    where p.organization_id = new.organization_id and p.id = new.payment_id and p.status = 'succeeded' and p.refunded_amount + new.amount <= p.amount
    returning p.* into paid;
    if paid.id is null then
        if exists (select from billing.refunds f where f.organization_id = new.organization_id and f.idempotency_key = new.idempotency_key) then
            raise exception 'This refund was written before: its idempotency key "%" is used.', new.idempotency_key using errcode = 'unique_violation', table = tg_table_name;
        end if;
        select p.* into paid from billing.payments p where p.organization_id = new.organization_id and p.id = new.payment_id;
        if paid.id is null then
            raise exception 'There is no such payment.' using errcode = 'foreign_key_violation', table = tg_table_name;
        elsif paid.status <> 'succeeded' then
            raise exception 'The payment is %: only one that succeeded can be refunded.', paid.status using errcode = 'CL001', table = tg_table_name;
        end if;
        raise exception 'Of this payment % of % can still be refunded.', paid.amount - paid.refunded_amount, paid.amount using errcode = 'CL003', table = tg_table_name;
    end if;
    -- Parts add up to the whole: each takes what is due after it, less what was due before.
    new.credits_reversed := coalesce(round(paid.credits * paid.refunded_amount / paid.amount)
                                   - round(paid.credits * (paid.refunded_amount - new.amount) / paid.amount), 0);
    return new;
end
$$;
comment on function billing.take_refund() is 'Trigger: a refund takes its part of the payment, or is refused when not so much is left.';
create or replace trigger take_refund before insert on billing.refunds for each row execute function billing.take_refund();

create or replace function billing.reverse_credits() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    way integer := case when tg_op = 'INSERT' then -1 else 1 end;
begin
    insert into billing.credit_transactions (organization_id, customer_id, amount, reason, payment_id, refund_id, idempotency_key)
    select new.organization_id, p.customer_id, way * new.credits_reversed, case way when -1 then 'refund' else 'correction' end, p.id, new.id,
           case way when -1 then 'refund/' else 'refund failed/' end || new.id
    from billing.payments p where p.organization_id = new.organization_id and p.id = new.payment_id;
    return null;
end
$$;
comment on function billing.reverse_credits() is 'Trigger: takes back the credits of a refund (used ones cannot be), and gives them again when the refund fails.';
revoke execute on function billing.reverse_credits() from public;
create or replace trigger reverse_credits after insert on billing.refunds for each row when (new.credits_reversed > 0) execute function billing.reverse_credits();

create or replace function billing.settle_refund() returns trigger
    language plpgsql
    as $$
begin
    if (new.payment_id, new.amount, new.credits_reversed) is distinct from (old.payment_id, old.amount, old.credits_reversed) then
        raise exception 'A refund stands as it was written. Let it fail and write another.' using errcode = 'CL004', table = tg_table_name;
    end if;
    if new.status = 'succeeded' and old.status = 'pending' then
        new.completed_at := coalesce(new.completed_at, now());
    elsif new.status = 'failed' and old.status = 'pending' then
        update billing.payments p set refunded_amount = p.refunded_amount - new.amount
        where p.organization_id = new.organization_id and p.id = new.payment_id;
    end if;
    return new;
end
$$;
comment on function billing.settle_refund() is 'Trigger: a refund that failed gives its part of the payment back.';
create or replace trigger settle_refund before update on billing.refunds for each row execute function billing.settle_refund();
create or replace trigger restore_credits after update of status on billing.refunds for each row
    when (new.status = 'failed' and old.status = 'pending' and new.credits_reversed > 0) execute function billing.reverse_credits();

create or replace function billing.refund_state(payment billing.payments) returns text
    language sql immutable
    as $$ select case when payment.refunded_amount = 0 then 'none' when payment.refunded_amount < payment.amount then 'partly' else 'wholly' end $$;
comment on function billing.refund_state(billing.payments) is 'Is a payment refunded: none, partly or wholly.';

create or replace function billing.drift() returns table (organization_id uuid, payment_id uuid, counted numeric, refunded numeric)
    language sql stable
    as $$
        select p.organization_id, p.id, p.refunded_amount, coalesce(r.total, 0)
        from billing.payments p
        left join (select f.organization_id, f.payment_id, sum(f.amount) as total from billing.refunds f where f.status <> 'failed' group by 1, 2) r
            on r.organization_id = p.organization_id and r.payment_id = p.id
        where p.refunded_amount <> coalesce(r.total, 0)
    $$;
comment on function billing.drift() is 'Payments whose counter of refunds is not the sum of their refunds: none, if all is well. For a job.';

create or replace function billing.credit_balance(customer_id uuid) returns bigint
    language sql stable
    as $$
        select coalesce((select t.balance from billing.credit_transactions t
                         where t.organization_id = platform.organization() and t.customer_id = credit_balance.customer_id
                         order by t.entry desc limit 1), 0)
    $$;
comment on function billing.credit_balance(uuid) is 'Credits a customer has.';

create or replace function billing.use_credits(customer_id uuid, credits bigint, idempotency_key text, reference text default null) returns bigint
    language plpgsql
    as $$
begin
    if use_credits.credits <= 0 then
        raise exception 'Credits to use are a positive number.' using errcode = 'check_violation';
    end if;
    insert into billing.credit_transactions (organization_id, customer_id, amount, reason, reference, idempotency_key)
    values (platform.organization(), use_credits.customer_id, -use_credits.credits, 'usage', use_credits.reference, use_credits.idempotency_key);
    return billing.credit_balance(use_credits.customer_id);
end
$$;
comment on function billing.use_credits(uuid, bigint, text, text) is 'Uses credits, once for a key, and returns what is left; refused when the balance does not reach.';

-- ---------------------------------------------------------------------------------------------------------
-- Subscriptions and invoices

create or replace function billing.interval_of(billing_interval text) returns interval
    language sql immutable
    as $$ select case billing_interval when 'weekly' then interval '7 days' when 'monthly' then interval '1 month' when 'quarterly' then interval '3 months' else interval '1 year' end $$;
comment on function billing.interval_of(text) is 'How long a billing interval is.';

create or replace function billing.date_subscription() returns trigger
    language plpgsql
    as $$
declare
    plan billing.subscription_plans;
begin
    if tg_op = 'INSERT' and new.current_period_end is null then
        select p.* into plan from billing.subscription_plans p where p.organization_id = new.organization_id and p.id = new.plan_id;
        new.current_period_end := new.current_period_start
            + case when new.status = 'trialing' and plan.trial_days > 0 then make_interval(days => plan.trial_days) else billing.interval_of(plan.billing_interval) end;
    end if;
    if new.status in ('cancelled', 'expired') then
        new.ended_at := coalesce(new.ended_at, now());
    end if;
    return new;
end
$$;
comment on function billing.date_subscription() is 'Trigger: the end of the period paid for, and of the subscription.';
create or replace trigger date_subscription before insert or update on billing.subscriptions for each row execute function billing.date_subscription();

create or replace function billing.record_subscription() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    before   billing.subscriptions;
    kind     text;
    costs    numeric;
    cost     numeric;
begin
    if tg_op = 'UPDATE' then
        before := old;
    end if;
    if tg_op = 'INSERT' then
        kind := 'started';
    elsif new.status <> old.status then
        kind := case new.status when 'active' then case old.status when 'paused' then 'resumed' else 'activated' end else new.status end;
    elsif new.plan_id <> old.plan_id then
        select p.price into cost from billing.subscription_plans p where p.organization_id = new.organization_id and p.id = old.plan_id;
        select p.price into costs from billing.subscription_plans p where p.organization_id = new.organization_id and p.id = new.plan_id;
        kind := case when costs >= cost then 'upgraded' else 'downgraded' end;
    elsif new.current_period_end > old.current_period_end then
        kind := 'renewed';
    else
        return null;
    end if;
    insert into billing.subscription_history (organization_id, subscription_id, change_type, from_plan_id, to_plan_id, from_status, to_status, period_start, period_end, changed_by, reason)
    values (new.organization_id, new.id, kind, before.plan_id, new.plan_id, before.status, new.status, new.current_period_start, new.current_period_end,
            platform.actor(), nullif(current_setting('clientele.reason', true), ''));
    return null;
end
$$;
comment on function billing.record_subscription() is 'Trigger: writes what became of a subscription to its history.';
revoke execute on function billing.record_subscription() from public;
create or replace trigger record_subscription after insert or update on billing.subscriptions for each row execute function billing.record_subscription();

create or replace function billing.settle_invoice() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    if tg_op = 'INSERT' then
        new.number := null;
        return new;
    end if;
    if new.status = 'open' and old.status = 'draft' then
        -- Taken last and kept until the transaction ends: whoever rolls back gives the number back.
        insert into billing.invoice_numbers as n (organization_id, last_number) values (new.organization_id, 1)
        on conflict (organization_id) do update set last_number = n.last_number + 1
        returning n.last_number into new.number;
        new.issued_at := coalesce(new.issued_at, now());
    elsif new.number is distinct from old.number then
        raise exception 'The number of an invoice is given to it.' using errcode = 'CL006', table = tg_table_name;
    elsif old.status <> 'draft' and (new.currency, new.lines, new.subtotal, new.tax_amount, new.total, new.issued_at)
                       is distinct from (old.currency, old.lines, old.subtotal, old.tax_amount, old.total, old.issued_at) then
        raise exception 'The invoice % was issued and stands. Void it and write another.', old.invoice_number using errcode = 'CL004', table = tg_table_name;
    end if;
    if new.status = 'paid' then
        new.paid_at := coalesce(new.paid_at, now());
    end if;
    return new;
end
$$;
comment on function billing.settle_invoice() is 'Trigger: an invoice gets its number when it is issued, and stands from then on.';
revoke execute on function billing.settle_invoice() from public;
create or replace trigger settle_invoice before insert or update on billing.invoices for each row execute function billing.settle_invoice();

-- Promotions: what lowers a price, the codes it goes by, and every use of one.
--
-- A limit is held by the table itself, not by whoever writes to it: commerce.promotion_redemptions takes from it as a
-- row comes in. commerce.redeem and commerce.quote (code/promotions.sql) know the rules about who may use what.

create function commerce.are_tiers(config jsonb) returns boolean
    language plpgsql immutable strict parallel safe
    as $$
declare
    tier     jsonb;
    amount   numeric := -1;
    discount numeric := 0;
begin
    if jsonb_typeof(config) is distinct from 'object' or jsonb_typeof(config -> 'tiers') is distinct from 'array' or jsonb_array_length(config -> 'tiers') not between 1 and 50 then
        return false;
    end if;
    for tier in select t from jsonb_array_elements(config -> 'tiers') as t loop
        if jsonb_typeof(tier -> 'min_amount') is distinct from 'number' or jsonb_typeof(tier -> 'discount') is distinct from 'number'
           or (tier ->> 'min_amount')::numeric <= amount or (tier ->> 'discount')::numeric <= discount or (tier ->> 'discount')::numeric > 1 then
            return false;
        end if;
        amount := (tier ->> 'min_amount')::numeric;
        discount := (tier ->> 'discount')::numeric;
    end loop;
    return true;
end
$$;
comment on function commerce.are_tiers(jsonb) is 'Is this {"tiers": [{"min_amount", "discount"}, …]}, each tier dearer and better than the one before, discounts being fractions?';

create table commerce.promotions (
    organization_id           uuid not null references platform.organizations (id) on delete cascade,
    id                        uuid not null default gen_random_uuid(),
    name                      text not null check (length(name) between 1 and 255),
    description               text,
    code_type                 text not null default 'single' check (code_type in ('single', 'bulk', 'auto_generated')),

    discount_type             text not null check (discount_type in ('percentage', 'fixed_amount', 'free_shipping', 'buy_x_get_y', 'tiered')),
    discount_rate             platform.rate check (discount_rate > 0),
    discount_amount           platform.money check (discount_amount > 0),
    max_discount_amount       platform.money check (max_discount_amount > 0),
    min_order_value           platform.money check (min_order_value >= 0),
    buy_quantity              integer check (buy_quantity between 1 and 10000),
    get_quantity              integer check (get_quantity between 1 and 10000),
    get_discount_rate         platform.rate check (get_discount_rate > 0),
    tier_config               jsonb check (commerce.are_tiers(tier_config)),

    usage_limit_total         bigint check (usage_limit_total > 0),
    usage_limit_per_customer  bigint default 1 check (usage_limit_per_customer > 0),
    valid_from                timestamptz not null,
    valid_until               timestamptz not null,

    applicable_products       text[] not null default '{}',
    applicable_categories     text[] not null default '{}',
    excluded_products         text[] not null default '{}',
    excluded_categories       text[] not null default '{}',
    eligible_customer_types   text[] not null default '{}' check (eligible_customer_types <@ array['premium', 'regular', 'enterprise', 'trial']),
    min_customer_tier         text check (min_customer_tier in ('trial', 'regular', 'premium', 'enterprise')),
    first_time_customers_only boolean not null default false,

    is_active                 boolean not null default true,
    is_public                 boolean not null default true,
    requires_code             boolean not null default true,
    campaign_id               uuid,

    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now(),
    created_by                uuid default platform.actor() references platform.platform_users (id) on delete set null,
    updated_by                uuid references platform.platform_users (id) on delete set null,

    primary key (organization_id, id),
    foreign key (organization_id, campaign_id) references messaging.campaigns (organization_id, id) on delete set null (campaign_id),
    constraint ends_after_it_begins check (valid_until > valid_from),
    constraint discount_of_its_type check (
        (discount_type = 'percentage') = (discount_rate is not null)
        and (discount_type = 'fixed_amount') = (discount_amount is not null)
        and (discount_type = 'buy_x_get_y') = (buy_quantity is not null)
        and (discount_type = 'buy_x_get_y') = (get_quantity is not null)
        and (discount_type = 'buy_x_get_y') = (get_discount_rate is not null)
        and (discount_type = 'tiered') = (tier_config is not null)),
    constraint one_customer_within_all check (usage_limit_per_customer <= usage_limit_total)
);
comment on table commerce.promotions is 'Offers that lower a price, in the organization''s currency. Which customers, products and times they are for; how much they give.';
comment on column commerce.promotions.code_type is 'single: one code for all; bulk: many codes made beforehand; auto_generated: a code is made when somebody is to get one.';
comment on column commerce.promotions.discount_rate is 'Of a percentage: the fraction taken off, 0.125 for 12.5 %.';
comment on column commerce.promotions.discount_amount is 'Of a fixed_amount: what is taken off.';
comment on column commerce.promotions.max_discount_amount is 'The most one order gets, whatever is worked out.';
comment on column commerce.promotions.min_order_value is 'What the order must be worth.';
comment on column commerce.promotions.get_quantity is 'Of buy_x_get_y: for every buy_quantity pieces so many more get get_discount_rate off; the cheapest of each group do.';
comment on column commerce.promotions.tier_config is 'Of tiered: {"tiers": [{"min_amount": 50, "discount": 0.10}, …]}; the dearest tier that is reached holds for all.';
comment on column commerce.promotions.usage_limit_total is 'Null: no limit.';
comment on column commerce.promotions.usage_limit_per_customer is 'Null: no limit.';
comment on column commerce.promotions.valid_until is 'The first moment it no longer holds.';
comment on column commerce.promotions.applicable_products is 'Product ids; empty, with applicable_categories empty too: everything.';
comment on column commerce.promotions.min_customer_tier is 'The least customer_type: trial, regular, premium, enterprise, in this order.';
comment on column commerce.promotions.first_time_customers_only is 'Only who has no other order that was not cancelled.';
comment on column commerce.promotions.is_public is 'May customers be shown it?';
comment on column commerce.promotions.requires_code is 'False: it is applied by itself.';
create index promotions_valid on commerce.promotions (organization_id, valid_until, valid_from) where is_active;
create index promotions_campaign on commerce.promotions (organization_id, campaign_id) where campaign_id is not null;
create index promotions_created_by on commerce.promotions (created_by) where created_by is not null;
create index promotions_updated_by on commerce.promotions (updated_by) where updated_by is not null;
select platform.protect('commerce.promotions', 'organization');

create function commerce.promotion_state(promotion commerce.promotions) returns text
    language sql stable
    as $$
        select case when not promotion.is_active then 'switched_off'
                    when now() < promotion.valid_from then 'coming'
                    when now() >= promotion.valid_until then 'over'
                    else 'running' end
    $$;
comment on function commerce.promotion_state(commerce.promotions) is 'Where a promotion stands: switched_off, coming, running or over. Told from the clock, so it is never out of date.';

create table commerce.promotion_segments (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    promotion_id    uuid not null,
    segment_id      uuid not null,
    primary key (organization_id, promotion_id, segment_id),
    foreign key (organization_id, promotion_id) references commerce.promotions (organization_id, id) on delete cascade,
    foreign key (organization_id, segment_id) references analytics.segments (organization_id, id)
);
comment on table commerce.promotion_segments is 'The segments a promotion is for; none: everybody. A segment cannot be deleted while a promotion is for it, which would open it to all.';
create index promotion_segments_segment on commerce.promotion_segments (organization_id, segment_id);
select platform.protect('commerce.promotion_segments', 'organization');

create table commerce.promotion_codes (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    promotion_id    uuid not null,
    code            text not null check (length(code) between 1 and 100 and code = btrim(code)),
    code_key        text not null generated always as (upper(code)) stored,
    customer_id     uuid,
    usage_limit     bigint check (usage_limit > 0),
    is_active       boolean not null default true,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, code_key),
    foreign key (organization_id, promotion_id) references commerce.promotions (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id)
);
comment on table commerce.promotion_codes is 'What buyers type in: one code of a single promotion, any number of the others.';
comment on column commerce.promotion_codes.code_key is 'What makes a code unique: capitals do not matter.';
comment on column commerce.promotion_codes.customer_id is 'Whom it was given to; null: anybody''s.';
comment on column commerce.promotion_codes.usage_limit is 'How often this code can be used; null: as often as its promotion allows.';
create index promotion_codes_promotion on commerce.promotion_codes (organization_id, promotion_id);
create index promotion_codes_customer on commerce.promotion_codes (organization_id, customer_id) where customer_id is not null;
select platform.protect('commerce.promotion_codes', 'organization');
select customers.reference('commerce.promotion_codes', 'customer_id', on_merge => 'move', on_erase => 'set_null');

create function commerce.refuse_second_code() returns trigger
    language plpgsql
    as $$
declare
    wrong text;
begin
    -- Locked, so that of two writers of a first code the second sees the first.
    perform from commerce.promotions p
    where (p.organization_id, p.id) in (select n.organization_id, n.promotion_id from new_rows n) and p.code_type = 'single'
    order by p.organization_id, p.id for no key update;
    select p.name into wrong
    from commerce.promotions p
    join commerce.promotion_codes c on c.organization_id = p.organization_id and c.promotion_id = p.id
    where (p.organization_id, p.id) in (select n.organization_id, n.promotion_id from new_rows n) and p.code_type = 'single'
    group by p.organization_id, p.id, p.name
    having count(*) > 1
    limit 1;
    if wrong is not null then
        raise exception 'The promotion "%" has its one code. Make its code_type bulk or auto_generated to add others.', wrong using errcode = 'check_violation', table = tg_table_name;
    end if;
    return null;
end
$$;
comment on function commerce.refuse_second_code() is 'Trigger: a promotion of a single code has one.';
create trigger single_code after insert on commerce.promotion_codes
    referencing new table as new_rows for each statement execute function commerce.refuse_second_code();

-- ---------------------------------------------------------------------------------------------------------
-- Uses

create table commerce.promotion_redemptions (
    organization_id      uuid not null references platform.organizations (id) on delete cascade,
    id                   uuid not null default gen_random_uuid(),
    promotion_id         uuid not null,
    code_id              uuid,
    customer_id          uuid not null,
    order_id             uuid,
    redemption_code      text not null check (length(redemption_code) <= 100),
    discount_amount      platform.money not null,
    original_order_value platform.money not null check (original_order_value >= 0),
    final_order_value    platform.money not null,
    redemption_channel   text check (redemption_channel in ('website', 'mobile_app', 'store', 'phone', 'api')),
    redeemed_at          timestamptz not null default now(),
    was_valid            boolean not null default true,
    validation_errors    text[],
    primary key (organization_id, id),
    foreign key (organization_id, promotion_id) references commerce.promotions (organization_id, id),
    foreign key (organization_id, code_id) references commerce.promotion_codes (organization_id, id) on delete set null (code_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, order_id) references commerce.customer_orders (organization_id, id) on delete set null (order_id),
    constraint discount_within_order check (discount_amount between 0 and original_order_value),
    constraint final_is_difference check (final_order_value = original_order_value - discount_amount),
    constraint attempt_gives_nothing check (case when was_valid then validation_errors is null
                                                 else discount_amount = 0 and cardinality(coalesce(validation_errors, '{}')) > 0 end)
);
comment on table commerce.promotion_redemptions is 'Uses of promotions, and attempts that were refused and count for nothing. A promotion that was used cannot be deleted, only switched off.';
comment on column commerce.promotion_redemptions.redemption_code is 'As it was typed in; empty: the promotion was applied by itself.';
comment on column commerce.promotion_redemptions.validation_errors is 'Why an attempt was refused: words of commerce.quote.';
create unique index promotion_redemptions_once on commerce.promotion_redemptions (organization_id, promotion_id, order_id) where was_valid and order_id is not null;
create index promotion_redemptions_order on commerce.promotion_redemptions (organization_id, order_id) where order_id is not null;
create index promotion_redemptions_promotion on commerce.promotion_redemptions (organization_id, promotion_id, customer_id);
create index promotion_redemptions_customer on commerce.promotion_redemptions (organization_id, customer_id, redeemed_at desc);
create index promotion_redemptions_code on commerce.promotion_redemptions (organization_id, code_id) where code_id is not null;
create index promotion_redemptions_time on commerce.promotion_redemptions (organization_id, redeemed_at desc);
select platform.protect('commerce.promotion_redemptions', 'organization');
select customers.reference('commerce.promotion_redemptions', 'customer_id', on_merge => 'move', on_erase => 'keep');

create function commerce.take_of_promotion() returns trigger
    language plpgsql
    as $$
declare
    most      bigint;
    most_each bigint;
    most_code bigint;
    unlimited constant bigint := 9223372036854775807;
begin
    -- In this order for everybody. Without a limit it is counted all the same: a limit set later holds for what was before.
    select p.usage_limit_total, p.usage_limit_per_customer into most, most_each
    from commerce.promotions p where p.organization_id = new.organization_id and p.id = new.promotion_id;
    if tg_op = 'INSERT' then
        perform platform.take('commerce.promotion', new.promotion_id::text, coalesce(most, unlimited));
        if new.code_id is not null then
            select c.usage_limit into most_code from commerce.promotion_codes c where c.organization_id = new.organization_id and c.id = new.code_id;
            perform platform.take('commerce.promotion_code', new.code_id::text, coalesce(most_code, unlimited));
        end if;
        perform platform.take('commerce.promotion_of_customer', new.promotion_id || '/' || new.customer_id, coalesce(most_each, unlimited));
    else
        -- One person's two profiles, found to be one, may have used more than one may.
        perform platform.give_back('commerce.promotion_of_customer', old.promotion_id || '/' || old.customer_id);
        perform platform.take('commerce.promotion_of_customer', new.promotion_id || '/' || new.customer_id, unlimited);
    end if;
    return new;
end
$$;
comment on function commerce.take_of_promotion() is 'Trigger: a use counts against the limits of its promotion, its code and its customer, or is refused (CL003).';
create trigger take before insert on commerce.promotion_redemptions for each row when (new.was_valid) execute function commerce.take_of_promotion();
create trigger take_over before update of customer_id on commerce.promotion_redemptions
    for each row when (new.was_valid and old.was_valid and new.customer_id <> old.customer_id) execute function commerce.take_of_promotion();

create function commerce.give_back_to_promotion() returns trigger
    language plpgsql
    as $$
begin
    perform platform.give_back('commerce.promotion', old.promotion_id::text);
    perform platform.give_back('commerce.promotion_code', old.code_id::text) where old.code_id is not null;
    perform platform.give_back('commerce.promotion_of_customer', old.promotion_id || '/' || old.customer_id);
    return null;
end
$$;
comment on function commerce.give_back_to_promotion() is 'Trigger: a use that is taken back can be made again.';
create trigger give_back_deleted after delete on commerce.promotion_redemptions for each row when (old.was_valid) execute function commerce.give_back_to_promotion();
create trigger give_back_voided after update of was_valid on commerce.promotion_redemptions for each row when (old.was_valid and not new.was_valid) execute function commerce.give_back_to_promotion();

create function commerce.refuse_other_redemption() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'What was redeemed is not changed afterwards: void it (commerce.void_redemption) and redeem again.' using errcode = 'check_violation', table = tg_table_name;
end
$$;
comment on function commerce.refuse_other_redemption() is 'Trigger: of a redemption only the order, the customer, the channel, and from valid to void can change.';
create trigger stays before update on commerce.promotion_redemptions
    for each row when ((new.promotion_id, new.original_order_value, new.redeemed_at) <> (old.promotion_id, old.original_order_value, old.redeemed_at)
                       or (new.code_id is not null and new.code_id is distinct from old.code_id)
                       or (new.was_valid and not old.was_valid) or (new.was_valid and new.discount_amount <> old.discount_amount))
    execute function commerce.refuse_other_redemption();

create table commerce.promotion_totals (
    organization_id uuid not null,
    promotion_id    uuid not null,
    redemptions     bigint not null,
    discount_given  numeric not null,
    revenue         numeric not null,
    primary key (organization_id, promotion_id),
    foreign key (organization_id, promotion_id) references commerce.promotions (organization_id, id) on delete cascade
);
comment on table commerce.promotion_totals is 'How often each promotion was used and what came of it, changed in the transaction of the use. See commerce.promotion_drift.';
comment on column commerce.promotion_totals.revenue is 'What the orders came to after the discount.';
select platform.protect('commerce.promotion_totals', 'organization');
revoke insert, update, delete on commerce.promotion_totals from clientele_app;
-- Only the triggers write, as the owner.
create policy owner on commerce.promotion_totals to clientele_owner using (true) with check (true);

create function commerce.count_redemptions() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    if tg_op = 'INSERT' then
        insert into commerce.promotion_totals as t (organization_id, promotion_id, redemptions, discount_given, revenue)
        select n.organization_id, n.promotion_id, count(*), sum(n.discount_amount), sum(n.final_order_value)
        from new_rows n where n.was_valid
        group by 1, 2 order by 1, 2
        on conflict (organization_id, promotion_id) do update
            set redemptions = t.redemptions + excluded.redemptions, discount_given = t.discount_given + excluded.discount_given, revenue = t.revenue + excluded.revenue;
    elsif tg_op = 'UPDATE' then
        insert into commerce.promotion_totals as t (organization_id, promotion_id, redemptions, discount_given, revenue)
        select c.organization_id, c.promotion_id, sum(c.sign), sum(c.sign * c.discount_amount), sum(c.sign * c.final_order_value)
        from (
            select 1, n.organization_id, n.promotion_id, n.discount_amount, n.final_order_value from new_rows n where n.was_valid
            union all
            select -1, o.organization_id, o.promotion_id, o.discount_amount, o.final_order_value from old_rows o where o.was_valid
        ) as c (sign, organization_id, promotion_id, discount_amount, final_order_value)
        group by 2, 1
        having sum(c.sign) <> 0 or sum(c.sign * c.discount_amount) <> 0 or sum(c.sign * c.final_order_value) <> 0
        order by 1, 2
        on conflict (organization_id, promotion_id) do update
            set redemptions = t.redemptions + excluded.redemptions, discount_given = t.discount_given + excluded.discount_given, revenue = t.revenue + excluded.revenue;
    else
        update commerce.promotion_totals t
        set redemptions = t.redemptions - c.redemptions, discount_given = t.discount_given - c.discount_given, revenue = t.revenue - c.revenue
        from (
            select o.organization_id, o.promotion_id, count(*) as redemptions, sum(o.discount_amount) as discount_given, sum(o.final_order_value) as revenue
            from old_rows o where o.was_valid group by 1, 2 order by 1, 2
        ) as c
        where t.organization_id = c.organization_id and t.promotion_id = c.promotion_id;
    end if;
    return null;
end
$$;
comment on function commerce.count_redemptions() is 'Trigger: keeps commerce.promotion_totals.';
create trigger count_inserted after insert on commerce.promotion_redemptions
    referencing new table as new_rows for each statement execute function commerce.count_redemptions();
create trigger count_updated after update on commerce.promotion_redemptions
    referencing old table as old_rows new table as new_rows for each statement execute function commerce.count_redemptions();
create trigger count_deleted after delete on commerce.promotion_redemptions
    referencing old table as old_rows for each statement execute function commerce.count_redemptions();

create function commerce.promotion_drift() returns table (promotion_id uuid, redemptions numeric, discount_given numeric, revenue numeric, taken numeric)
    language sql stable
    as $$
        select p.id, coalesce(t.redemptions, 0) - c.redemptions, coalesce(t.discount_given, 0) - c.discount_given, coalesce(t.revenue, 0) - c.revenue,
               coalesce(u.used, 0) - c.redemptions
        from commerce.promotions p
        cross join lateral (
            select count(*), coalesce(sum(r.discount_amount), 0), coalesce(sum(r.final_order_value), 0)
            from commerce.promotion_redemptions r
            where r.organization_id = p.organization_id and r.promotion_id = p.id and r.was_valid
        ) as c (redemptions, discount_given, revenue)
        left join commerce.promotion_totals t on t.organization_id = p.organization_id and t.promotion_id = p.id
        left join platform.usage_counters u on u.organization_id = p.organization_id and u.limit_name = 'commerce.promotion' and u.subject = p.id::text and u.period = '-infinity'
        where p.organization_id = (select platform.organization())
        and (coalesce(t.redemptions, 0), coalesce(t.discount_given, 0), coalesce(t.revenue, 0), coalesce(u.used, 0)) <> (c.redemptions, c.discount_given, c.revenue, c.redemptions)
    $$;
comment on function commerce.promotion_drift() is 'Promotions whose totals or taken limits differ from a count of their redemptions, for the transaction''s organization: nothing, or there is a bug.';

-- What a promotion gives, who may use it, and its use.

create or replace function commerce.decimals(currency text) returns integer
    language sql immutable parallel safe
    as $$
        select case when currency in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 0 else 2 end
    $$;
comment on function commerce.decimals(text) is 'To how many decimals an amount of a currency is rounded.';

create or replace function commerce.discount_of(
    promotion commerce.promotions, order_value numeric, shipping numeric default 0, lines jsonb default null, decimals integer default 2
) returns numeric
    language plpgsql immutable parallel safe
    as $$
declare
    goods numeric := order_value - shipping;
    gift  numeric := 0;
    found boolean := true;
begin
    if order_value < 0 or shipping < 0 or goods < 0 then
        raise exception 'An order is worth nothing at least, and its shipping is a part of it.' using errcode = 'check_violation';
    end if;
    if lines is not null then
        select least(goods, sum(round(l.unit_price * l.quantity, decimals))), count(*) > 0 into goods, found
        from commerce.lines_for(promotion, lines) as l;
    end if;
    if not found then
        return 0;
    end if;
    case promotion.discount_type
        when 'percentage' then
            gift := goods * promotion.discount_rate;
        when 'fixed_amount' then
            gift := least(promotion.discount_amount, goods);
        when 'free_shipping' then
            gift := shipping;
        when 'tiered' then
            select goods * (t ->> 'discount')::numeric into gift
            from jsonb_array_elements(promotion.tier_config -> 'tiers') as t
            where (t ->> 'min_amount')::numeric <= goods
            order by (t ->> 'min_amount')::numeric desc
            limit 1;
        when 'buy_x_get_y' then
            -- The pieces in the order of their price, dearest first, in groups of buy + get: the last "get" of a group are
            -- lowered. How many of a line's pieces are, is how many there are up to its last less up to its first.
            select sum(round(n.unit_price * promotion.get_discount_rate * (n.up_to_last - n.up_to_first), decimals)) into gift
            from (
                select p.unit_price, p.upto / g.size * promotion.get_quantity + greatest(p.upto % g.size - promotion.buy_quantity, 0) as up_to_last,
                       (p.upto - p.quantity) / g.size * promotion.get_quantity + greatest((p.upto - p.quantity) % g.size - promotion.buy_quantity, 0) as up_to_first
                from (
                    select l.unit_price, l.quantity, sum(l.quantity) over (order by l.unit_price desc, l.place)::bigint as upto
                    from commerce.lines_for(promotion, lines) as l
                ) as p
                cross join (select promotion.buy_quantity + promotion.get_quantity as size) as g
            ) as n;
    end case;
    gift := least(round(coalesce(gift, 0), decimals), promotion.max_discount_amount, goods + case promotion.discount_type when 'free_shipping' then shipping else 0 end);
    return greatest(gift, 0);
end
$$;
comment on function commerce.discount_of(commerce.promotions, numeric, numeric, jsonb, integer) is
    'What a promotion takes off an order, whoever''s it is. "order_value" is all there is to pay, "shipping" the part of it that is not goods; "lines" is [{"product_id", "category", "unit_price", "quantity"}].';

create or replace function commerce.lines_for(promotion commerce.promotions, lines jsonb) returns table (place bigint, unit_price numeric, quantity bigint)
    language sql immutable parallel safe
    as $$
        select l.place, (l.line ->> 'unit_price')::numeric, (l.line ->> 'quantity')::bigint
        from jsonb_array_elements(lines) with ordinality as l (line, place)
        where (l.line ->> 'quantity')::bigint > 0 and (l.line ->> 'unit_price')::numeric >= 0
        and ((cardinality(promotion.applicable_products) = 0 and cardinality(promotion.applicable_categories) = 0)
             or (l.line ->> 'product_id') = any(promotion.applicable_products) or (l.line ->> 'category') = any(promotion.applicable_categories))
        and coalesce((l.line ->> 'product_id') <> all(promotion.excluded_products), true)
        and coalesce((l.line ->> 'category') <> all(promotion.excluded_categories), true)
    $$;
comment on function commerce.lines_for(commerce.promotions, jsonb) is 'The lines of an order a promotion is for.';

create or replace function commerce.quote(
    code text, customer uuid, order_value numeric, lines jsonb default null, shipping numeric default 0,
    promotion uuid default null, for_order uuid default null, at timestamptz default now(),
    out promotion_id uuid, out code_id uuid, out discount numeric, out final_value numeric, out problems text[]
)
    language plpgsql stable
    as $$
declare
    organization uuid := platform.organization();
    p            commerce.promotions;
    c            commerce.promotion_codes;
    person       record;
    tiers        constant text[] := array['trial', 'regular', 'premium', 'enterprise'];
    segments     uuid[];
begin
    problems := '{}'; discount := 0; final_value := order_value;
    if code is not null then
        select k.* into c from commerce.promotion_codes k where k.organization_id = organization and k.code_key = upper(btrim(quote.code));
    end if;
    select x.* into p from commerce.promotions x
    where x.organization_id = organization and x.id = case when code is null then promotion else c.promotion_id end;
    if p.id is null then
        problems := array['unknown_code'];
        return;
    end if;
    promotion_id := p.id; code_id := c.id;

    select x.customer_type into person from customers.customers x where x.organization_id = organization and x.id = customer;
    if not found then
        problems := array['unknown_customer'];
        return;
    end if;
    segments := array(select s.segment_id from commerce.promotion_segments s where s.organization_id = organization and s.promotion_id = p.id);

    problems := array_remove(array[
        case when not p.is_active then 'switched_off' end,
        case when at < p.valid_from then 'not_yet' end,
        case when at >= p.valid_until then 'over' end,
        case when code is null and p.requires_code then 'code_needed' end,
        case when not c.is_active then 'code_switched_off' end,
        case when c.customer_id <> customer then 'code_of_another_customer' end,
        case when order_value - shipping < p.min_order_value then 'order_too_small' end,
        case when p.eligible_customer_types <> '{}' and person.customer_type <> all(p.eligible_customer_types) then 'customer_type' end,
        case when array_position(tiers, person.customer_type) < array_position(tiers, p.min_customer_tier) then 'customer_tier' end,
        case when segments <> '{}' and not coalesce(analytics.is_member(customer, segments), false) then 'customer_segment' end,
        case when p.first_time_customers_only and exists (
                 select from commerce.customer_orders o
                 where o.organization_id = organization and o.customer_id = customer and o.kind = 'order' and o.order_status <> 'cancelled'
                 and o.id is distinct from for_order) then 'not_the_first_order' end,
        case when lines is null and (p.discount_type = 'buy_x_get_y' or cardinality(p.applicable_products || p.applicable_categories || p.excluded_products || p.excluded_categories) > 0)
             then 'products_needed' end,
        case when lines is not null and not exists (select from commerce.lines_for(p, lines)) then 'no_product_qualifies' end,
        -- As things stand. Who redeems takes from the limits themselves.
        case when p.usage_limit_total <= commerce.taken('commerce.promotion', p.id::text) then 'limit_reached' end,
        case when c.usage_limit <= commerce.taken('commerce.promotion_code', c.id::text) then 'code_used_up' end,
        case when p.usage_limit_per_customer <= commerce.taken('commerce.promotion_of_customer', p.id || '/' || customer) then 'customer_limit_reached' end
    ], null);
    if problems <> '{}' then
        return;
    end if;
    discount := commerce.discount_of(p, order_value, shipping, lines, commerce.decimals(commerce.currency()));
    final_value := order_value - discount;
end
$$;
comment on function commerce.quote(text, uuid, numeric, jsonb, numeric, uuid, uuid, timestamptz) is
    'What a code (or, with code null, a promotion that needs none) would take off an order, and every reason why it would not: a word each in "problems". Changes nothing.';

create or replace function commerce.taken(limit_name text, subject text) returns bigint
    language sql stable
    as $$
        select coalesce((select u.used from platform.usage_counters u
                         where u.organization_id = platform.organization() and u.limit_name = taken.limit_name and u.subject = taken.subject and u.period = '-infinity'), 0)
    $$;
comment on function commerce.taken(text, text) is 'How much of a limit of promotions is used up.';

create or replace function commerce.reason(problem text) returns text
    language sql immutable parallel safe
    as $$
        select case problem
            when 'unknown_code' then 'there is no such code'
            when 'unknown_customer' then 'there is no such customer'
            when 'switched_off' then 'the promotion is switched off'
            when 'not_yet' then 'the promotion has not begun'
            when 'over' then 'the promotion is over'
            when 'code_needed' then 'it needs a code'
            when 'code_switched_off' then 'the code is switched off'
            when 'code_of_another_customer' then 'the code was given to somebody else'
            when 'order_too_small' then 'the order is not worth enough'
            when 'customer_type' then 'it is not for customers of this type'
            when 'customer_tier' then 'it is for customers of a higher tier'
            when 'customer_segment' then 'it is for customers of other segments'
            when 'not_the_first_order' then 'it is for a first order'
            when 'products_needed' then 'it depends on the products: name them in lines'
            when 'no_product_qualifies' then 'it is not for these products'
            when 'limit_reached' then 'it has been used as often as it can be'
            when 'code_used_up' then 'the code has been used as often as it can be'
            when 'customer_limit_reached' then 'the customer has used it as often as they may'
            when 'order_of_another_customer' then 'the order is not this customer''s'
            else problem end
    $$;
comment on function commerce.reason(text) is 'A problem of commerce.quote in words.';

create or replace function commerce.redeem(
    code text, customer uuid, order_id uuid, order_value numeric, lines jsonb default null, shipping numeric default 0,
    channel text default null, promotion uuid default null, keep_attempt boolean default false,
    out redemption_id uuid, out promotion_id uuid, out was_valid boolean, out discount numeric, out final_value numeric, out problems text[]
)
    language plpgsql
    as $$
declare
    organization uuid := platform.organization();
    q            record;
    earlier      record;
begin
    select * into q from commerce.quote(code, customer, order_value, lines, shipping, promotion, order_id);
    promotion_id := q.promotion_id; discount := q.discount; final_value := q.final_value; problems := q.problems;

    if order_id is not null and promotion_id is not null then
        -- Asked again, as after a lost answer: the same answer.
        select r.id, r.discount_amount, r.final_order_value into earlier
        from commerce.promotion_redemptions r
        where r.organization_id = organization and r.order_id = redeem.order_id and r.promotion_id = q.promotion_id and r.customer_id = customer and r.was_valid;
        if found then
            redemption_id := earlier.id; was_valid := true; discount := earlier.discount_amount; final_value := earlier.final_order_value; problems := '{}';
            return;
        end if;
        if not exists (select from commerce.customer_orders o
                       where o.organization_id = organization and o.id = redeem.order_id and o.kind = 'order' and coalesce(o.customer_id, customer) = customer) then
            problems := problems || 'order_of_another_customer'::text;
        end if;
    end if;

    if problems = '{}' then
        begin
            insert into commerce.promotion_redemptions (
                promotion_id, code_id, customer_id, order_id, redemption_code, discount_amount, original_order_value, final_order_value, redemption_channel)
            values (q.promotion_id, q.code_id, customer, redeem.order_id, coalesce(btrim(code), ''), q.discount, order_value, q.final_value, channel)
            returning id into redemption_id;
        exception when sqlstate 'CL003' then
            -- Somebody else took the last one since the quote.
            problems := (select x.problems from commerce.quote(code, customer, order_value, lines, shipping, promotion, redeem.order_id) as x);
            if problems = '{}' then
                problems := array['limit_reached'];
            end if;
        end;
    end if;

    was_valid := problems = '{}';
    if was_valid then
        perform log.append('promotion_redeemed', customer, jsonb_build_object('promotion_id', q.promotion_id, 'redemption_id', redemption_id, 'code', btrim(code)),
                           event_name => 'Promotion redeemed', event_category => 'transaction', event_value => q.discount, currency => commerce.currency());
        return;
    end if;
    discount := 0; final_value := order_value;
    if not keep_attempt then
        raise exception 'The promotion % cannot be used: %.', coalesce('of the code "' || code || '"', 'without a code'),
              (select string_agg(commerce.reason(w), '; ' order by n) from unnest(problems) with ordinality as u (w, n))
            using errcode = case when problems && array['limit_reached', 'code_used_up', 'customer_limit_reached'] then 'CL003' else '23514' end,
                  detail = array_to_string(problems, ', ');
    end if;
    -- An attempt that names nothing we know cannot be kept with it.
    if promotion_id is not null and not problems && array['unknown_customer'] then
        insert into commerce.promotion_redemptions (
            promotion_id, code_id, customer_id, order_id, redemption_code, discount_amount, original_order_value, final_order_value, redemption_channel, was_valid, validation_errors)
        values (q.promotion_id, q.code_id, customer, case when not problems && array['order_of_another_customer'] then redeem.order_id end,
                coalesce(btrim(code), ''), 0, order_value, order_value, channel, false, problems)
        returning id into redemption_id;
    end if;
end
$$;
comment on function commerce.redeem(text, uuid, uuid, numeric, jsonb, numeric, text, uuid, boolean) is
    'Uses a code for an order: says what it takes off and keeps the use, or refuses it with every reason (CL003 for a limit, else 23514). With keep_attempt it does not raise: the attempt is kept as one that was not valid, and the problems are returned. Asked twice about one order, it is used once. Amounts are in the organization''s currency.';

create or replace function commerce.void_redemption(redemption uuid, why text) returns boolean
    language plpgsql
    as $$
declare
    voided commerce.promotion_redemptions;
begin
    update commerce.promotion_redemptions r
    set was_valid = false, discount_amount = 0, final_order_value = r.original_order_value, validation_errors = array['voided: ' || why]
    where r.organization_id = platform.organization() and r.id = redemption and r.was_valid
    returning r.* into voided;
    if not found then
        return false;
    end if;
    perform log.append('promotion_voided', voided.customer_id, jsonb_build_object('promotion_id', voided.promotion_id, 'redemption_id', voided.id, 'reason', why),
                       event_name => 'Promotion voided', event_category => 'transaction');
    return true;
end
$$;
comment on function commerce.void_redemption(uuid, text) is 'Takes a use back, as when its order was cancelled: it counts no more and can be made again. False when there was none to take back.';

create or replace function commerce.generate_codes(promotion uuid, how_many integer, prefix text default '', length integer default 10, usage_limit bigint default 1, customer uuid default null)
    returns setof text
    language plpgsql
    as $$
declare
    -- Without the letters and digits people take for one another.
    letters constant text := 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
    missing integer := how_many;
begin
    if how_many not between 1 and 100000 or length not between 6 and 13 then
        raise exception 'Ask for 1 to 100000 codes of 6 to 13 letters.' using errcode = 'check_violation';
    end if;
    if exists (select from commerce.promotions p where p.organization_id = platform.organization() and p.id = promotion and p.code_type = 'single') and how_many > 1 then
        raise exception 'A promotion of a single code has one. Make its code_type bulk or auto_generated.' using errcode = 'check_violation';
    end if;
    while missing > 0 loop
        -- Thirteen bytes of a random uuid are wholly random; 32 letters divide a byte evenly.
        return query
            insert into commerce.promotion_codes as c (promotion_id, code, usage_limit, customer_id)
            select promotion, prefix || (
                       select string_agg(substr(letters, get_byte(r.bytes, b) % 32 + 1, 1), '' order by b)
                       from unnest((array[0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15])[1:length]) as b),
                   usage_limit, customer
            from (select uuid_send(gen_random_uuid()) as bytes from generate_series(1, missing)) as r
            on conflict do nothing
            returning c.code;
        get diagnostics how_many = row_count;
        missing := missing - how_many;
    end loop;
end
$$;
comment on function commerce.generate_codes(uuid, integer, text, integer, bigint, uuid) is
    'Makes codes nobody can guess for a promotion, each usable once unless said otherwise, for anybody or for one customer; returns them.';

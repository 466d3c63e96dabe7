-- Orders and promotions.

-- Refunds and adjustments are documents of their own, in commerce.customer_orders.
select platform.blueprint_view('cdp.customer_orders', 'commerce.customer_orders', $$
    id, order_id, customer_id
    order_status, order_total, currency
    subtotal, tax_amount, shipping_amount, discount_amount
    ordered_at, confirmed_at, shipped_at, delivered_at, cancelled_at
    shipping_country, shipping_state, shipping_city, billing_country, billing_state, billing_city
    acquisition_channel, campaign_id, promotion_code
    payment_method, payment_status
    is_first_order = (b.customer_id is not null and b.order_status <> 'cancelled' and not exists (select from commerce.customer_orders e where e.organization_id = b.organization_id and e.customer_id = b.customer_id and e.kind = 'order' and e.order_status <> 'cancelled' and e.ordered_at <= b.ordered_at and (e.ordered_at, e.id) < (b.ordered_at, b.id)))
    is_subscription, subscription_id
    order_source, notes, custom_fields
    created_at, updated_at
    workspace_id, exchange_rate
$$, keep => $$b.kind = 'order'$$, about => 'Orders. is_first_order is worked out: the customer''s earliest order that was not cancelled.');

select platform.blueprint_view('cdp.customer_order_items', 'commerce.customer_order_items', $$
    id, order_id
    product_id, product_name, product_category, product_subcategory, product_sku, product_brand
    unit_price, quantity, total_price, discount_amount
    product_attributes, created_at
$$);

select platform.blueprint_view('cdp.promotions', 'commerce.promotions', $$
    id, name, description
    promotion_code = (case when b.code_type = 'single' then (select c.code from commerce.promotion_codes c where c.organization_id = b.organization_id and c.promotion_id = b.id limit 1) end)
    code_type
    discount_type
    discount_value = coalesce(b.discount_rate, b.discount_amount)
    max_discount_amount, min_order_value
    buy_quantity, get_quantity, get_discount_percentage = get_discount_rate, tier_config
    usage_limit_total, usage_limit_per_customer
    current_usage_count = coalesce(t.redemptions, 0)
    valid_from, valid_until
    applicable_products, applicable_categories, excluded_products, excluded_categories
    eligible_customer_segments = array(select s.segment_id from commerce.promotion_segments s where s.organization_id = b.organization_id and s.promotion_id = b.id order by s.segment_id)
    eligible_customer_types, min_customer_tier, first_time_customers_only
    is_active, is_public, requires_code
    campaign_id
    total_redemptions = coalesce(t.redemptions, 0)
    total_discount_given = coalesce(t.discount_given, 0)
    total_revenue_attributed = coalesce(t.revenue, 0)
    created_at, updated_at, created_by, updated_by
$$, joined => 'left join commerce.promotion_totals t on t.organization_id = b.organization_id and t.promotion_id = b.id',
    about => 'Promotions, with the code of a single one, their segments and what came of them. discount_value is a fraction (0.15 for 15 %) of a percentage and an amount of a fixed_amount, as discount_type says.');

-- Three of its columns live elsewhere and can be written all the same: the code, the segments, and the discount, which is
-- a rate or an amount.
create or replace function cdp.write_promotion() returns trigger
    language plpgsql
    as $$
declare
    code_before text;
begin
    if tg_op = 'DELETE' then
        delete from commerce.promotions p where p.id = old.id and p.organization_id = platform.organization();
        return case when found then old end;
    end if;
    if (new.current_usage_count, new.total_redemptions, new.total_discount_given, new.total_revenue_attributed) is distinct from
       (case tg_op when 'UPDATE' then old.current_usage_count end, case tg_op when 'UPDATE' then old.total_redemptions end,
        case tg_op when 'UPDATE' then old.total_discount_given end, case tg_op when 'UPDATE' then old.total_revenue_attributed end) then
        raise exception 'The counters of a promotion cannot be written: they are counted from its redemptions. Leave them out.' using errcode = 'CL006';
    end if;
    if new.discount_type = 'percentage' and new.discount_value not between 0 and 1 then
        raise exception 'discount_value of a percentage is a fraction: 0.15 for 15 %%.' using errcode = 'check_violation';
    end if;
    if tg_op = 'INSERT' then
        insert into commerce.promotions as p (
            id, name, description, code_type, discount_type, discount_rate, discount_amount, max_discount_amount, min_order_value, buy_quantity, get_quantity,
            get_discount_rate, tier_config, usage_limit_total, usage_limit_per_customer, valid_from, valid_until, applicable_products, applicable_categories,
            excluded_products, excluded_categories, eligible_customer_types, min_customer_tier, first_time_customers_only, is_active, is_public, requires_code,
            campaign_id, created_at, created_by, updated_by)
        values (
            new.id, new.name, new.description, new.code_type, new.discount_type, case when new.discount_type = 'percentage' then new.discount_value end,
            case when new.discount_type is distinct from 'percentage' then new.discount_value end, new.max_discount_amount, new.min_order_value, new.buy_quantity, new.get_quantity,
            new.get_discount_percentage, new.tier_config, new.usage_limit_total, new.usage_limit_per_customer, new.valid_from, new.valid_until,
            new.applicable_products, new.applicable_categories, new.excluded_products, new.excluded_categories, new.eligible_customer_types, new.min_customer_tier,
            new.first_time_customers_only, new.is_active, new.is_public, new.requires_code, new.campaign_id, new.created_at, new.created_by, new.updated_by);
    else
        code_before := old.promotion_code;
        update commerce.promotions p
        set (name, description, code_type, discount_type, discount_rate, discount_amount, max_discount_amount, min_order_value, buy_quantity, get_quantity,
             get_discount_rate, tier_config, usage_limit_total, usage_limit_per_customer, valid_from, valid_until, applicable_products, applicable_categories,
             excluded_products, excluded_categories, eligible_customer_types, min_customer_tier, first_time_customers_only, is_active, is_public, requires_code,
             campaign_id, updated_by) = (
            new.name, new.description, new.code_type, new.discount_type, case when new.discount_type = 'percentage' then new.discount_value end,
            case when new.discount_type is distinct from 'percentage' then new.discount_value end, new.max_discount_amount, new.min_order_value, new.buy_quantity, new.get_quantity,
            new.get_discount_percentage, new.tier_config, new.usage_limit_total, new.usage_limit_per_customer, new.valid_from, new.valid_until,
            new.applicable_products, new.applicable_categories, new.excluded_products, new.excluded_categories, new.eligible_customer_types, new.min_customer_tier,
            new.first_time_customers_only, new.is_active, new.is_public, new.requires_code, new.campaign_id, coalesce(platform.actor(), new.updated_by))
        where p.id = old.id and p.organization_id = platform.organization();
        if not found then
            return null;
        end if;
    end if;

    if new.promotion_code is distinct from code_before then
        if new.code_type is distinct from 'single' then
            raise exception 'A promotion of many codes has no one promotion_code: add its codes to commerce.promotion_codes.' using errcode = 'check_violation';
        end if;
        -- A code that was used stays with its redemptions; it is renamed, not replaced.
        if code_before is null then
            insert into commerce.promotion_codes (promotion_id, code) values (new.id, new.promotion_code);
        elsif new.promotion_code is null then
            delete from commerce.promotion_codes c where c.promotion_id = new.id and c.organization_id = platform.organization();
        else
            update commerce.promotion_codes c set code = new.promotion_code where c.promotion_id = new.id and c.organization_id = platform.organization();
        end if;
    end if;
    delete from commerce.promotion_segments s
    where s.promotion_id = new.id and s.organization_id = platform.organization() and s.segment_id <> all(coalesce(new.eligible_customer_segments, '{}'));
    insert into commerce.promotion_segments (promotion_id, segment_id)
    select new.id, s from unnest(new.eligible_customer_segments) as s
    on conflict do nothing;
    select p.created_at, p.updated_at, p.created_by, p.updated_by into new.created_at, new.updated_at, new.created_by, new.updated_by
    from commerce.promotions p where p.id = new.id and p.organization_id = platform.organization();
    if tg_op = 'INSERT' then
        new.current_usage_count := 0; new.total_redemptions := 0; new.total_discount_given := 0; new.total_revenue_attributed := 0;
    end if;
    return new;
end
$$;
comment on function cdp.write_promotion() is 'Trigger: writes cdp.promotions into the promotion, its code and its segments.';
drop trigger write_through on cdp.promotions;
create trigger write_through instead of insert or update or delete on cdp.promotions for each row execute function cdp.write_promotion();

select platform.blueprint_view('cdp.promotion_redemptions', 'commerce.promotion_redemptions', $$
    id, promotion_id, customer_id, order_id
    redemption_code, discount_amount, original_order_value, final_order_value
    redemption_channel, redeemed_at, was_valid, validation_errors
$$);

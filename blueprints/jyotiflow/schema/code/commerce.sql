-- Coupons: the codes of promotions, and what seekers got by them.

select platform.blueprint_view('jyotiflow.coupons', 'commerce.promotion_codes', $$
    id, promotion_id, code
    user_id = customer_id
    usage_limit
    times_used = coalesce((select u.used from platform.usage_counters u where u.organization_id = b.organization_id and u.limit_name = 'commerce.promotion_code' and u.subject = b.id::text and u.period = '-infinity'), 0)
    name = p.name
    description = p.description
    discount_type = p.discount_type
    discount_rate = p.discount_rate
    discount_amount = p.discount_amount
    min_order_value = p.min_order_value
    valid_from = p.valid_from
    valid_until = p.valid_until
    is_active, created_at
$$, joined => 'join commerce.promotions p on p.organization_id = b.organization_id and p.id = b.promotion_id',
    about => 'Coupon codes, each of a promotion, which says what it gives and how long.');

select platform.blueprint_view('jyotiflow.user_coupons', 'commerce.promotion_redemptions', $$
    id, user_id = customer_id, coupon_id = code_id, promotion_id, order_id
    code = redemption_code
    discount_amount, original_value = original_order_value, final_value = final_order_value
    used_at = redeemed_at
    was_valid
$$, keep => 'b.was_valid', about => 'Coupons that were used, by whom and for what.');

-- Spiritual guidance: its words for payments, credits and subscriptions. A user is a customer here.

select platform.blueprint_view('jyotiflow.payments', 'billing.payments', $$
    id, user_id = customer_id, amount, currency, status, purpose, credit_package_id, credits, payment_method_id,
    provider, provider_payment_id, description, failure_reason, metadata, refunded_amount
    refund_status = billing.refund_state(b)
    succeeded_at, failed_at, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.user_purchases', 'billing.payments', $$
    id, user_id = customer_id, purpose, credit_package_id, credits, amount, currency, description
    amount_kept = (b.amount - b.refunded_amount)
    purchased_at = succeeded_at
    payment_method_id, provider, created_at
$$, keep => 'b.status = ''succeeded''', about => 'What a user has bought: payments that succeeded.');

select platform.blueprint_view('jyotiflow.payment_methods', 'billing.payment_methods', $$
    id, user_id = customer_id, provider, provider_token, method_type = kind, brand, last_four, expires_month, expires_year,
    is_default, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.credit_packages', 'billing.credit_packages', $$
    id, name, description, credits, bonus_credits, price, currency, is_active, display_order, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.credit_transactions', 'billing.credit_transactions', $$
    id, user_id = customer_id, transaction_type = reason, amount, balance_after = balance, payment_id, refund_id, reference, description,
    idempotency_key, created_at
$$);

select platform.blueprint_view('jyotiflow.refunds', 'billing.refunds', $$
    id, payment_id, amount, reason, description, status, credits_reversed, provider_refund_id, refunded_by, completed_at, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.subscription_plans', 'billing.subscription_plans', $$
    id, name, description, price, currency, billing_interval, credits_per_period, trial_days, features, is_active, display_order, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.subscription_history', 'billing.subscription_history', $$
    id, subscription_id
    user_id = (select s.customer_id from billing.subscriptions s where s.organization_id = b.organization_id and s.id = b.subscription_id)
    change_type, from_plan_id, to_plan_id, from_status, to_status, period_start, period_end, changed_by, reason, changed_at
$$);

select platform.blueprint_view('jyotiflow.invoices', 'billing.invoices', $$
    id, user_id = customer_id, subscription_id, payment_id, invoice_number, status, currency, lines, subtotal, tax_amount, total,
    billing_details, issued_at, due_at, paid_at, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.pricing_config', 'billing.pricing_config', $$
    id, price_key, description, price, currency, unit, valid_from, valid_until, created_by, created_at, updated_at
$$);

-- Carts. What the document calls customer_id is the workspace whose shop it is.

select platform.blueprint_view('assistant.cart_operations', 'commerce.cart_operations', $$
    id, customer_id = workspace_id, session_id, operation_type, product_id, quantity, price, metadata, timestamp = happened_at
$$);
select platform.blueprint_view('assistant.cart_session_metrics', 'commerce.cart_session_metrics', $$
    id, customer_id = workspace_id, session_id, started_at, last_activity_at, total_operations, items_added, items_removed
    final_cart_value, abandoned, converted, conversion_value, duration_seconds
$$);
select platform.blueprint_view('assistant.cart_abandonments', 'commerce.cart_abandonments', $$
    id, customer_id = workspace_id, session_id, cart_data, abandoned_at, recovered_at, recovery_email_sent_at, total_value, created_at
    shopper_id = customer_id
$$);
select platform.blueprint_view('assistant.cart_analytics_daily', 'commerce.cart_analytics_daily', $$
    id, customer_id = workspace_id, date, total_carts, abandoned_carts, recovered_carts, abandonment_rate, recovery_rate
    total_value_abandoned, total_value_recovered, created_at, updated_at
$$);

-- cdp.customers: who they are, what the log says they did, and what they bought.

select platform.blueprint_view('cdp.customers', 'customers.customers', $$
    id, customer_id, email, phone, name
    date_of_birth, gender
    age_group = customers.age_group(b.date_of_birth)
    country, state, city, postal_code, timezone
    customer_type, customer_status, lifecycle_stage
    first_seen_at
    last_seen_at = f.last_seen_at
    activated_at, churned_at
    acquisition_channel, acquisition_campaign, acquisition_source, referrer_url, utm_parameters
    total_orders = coalesce(t.total_orders, 0)
    total_revenue = coalesce(t.total_revenue, 0)
    average_order_value = coalesce(t.average_order_value, 0)
    lifetime_value = coalesce(t.lifetime_value, 0)
    days_since_last_order = ((now() at time zone 'UTC')::date - (t.last_order_at at time zone 'UTC')::date)
    total_sessions = coalesce(f.total_sessions, 0)
    total_page_views = coalesce(f.total_page_views, 0)
    engagement_score, churn_risk_score
    custom_attributes, tags
    data_source, external_ids
    created_at, updated_at, imported_at
    last_calculated_at = t.last_calculated_at
$$, joined => $$
    left join customers.customer_figures f on f.organization_id = b.organization_id and f.customer_id = b.id
    left join commerce.customer_totals t on t.organization_id = b.organization_id and t.customer_id = b.id
$$, about => 'Customers, with what the log (seen, sessions, page views) and their delivered orders say of them. What is worked out cannot be written.');

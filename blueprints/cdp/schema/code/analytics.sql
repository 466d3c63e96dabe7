-- cdp: segments, cohorts, dashboards and KPIs.

select platform.blueprint_view('cdp.cohorts', 'analytics.cohorts', $$
    id, name, description, cohort_type, time_period, date_field, start_date, end_date, inclusion_criteria,
    retention_periods, success_event, success_criteria, total_customers, cohort_periods_data,
    is_active, auto_refresh, refresh_frequency, last_refreshed_at, last_calculation_duration,
    created_at, updated_at, created_by, updated_by
$$);

select platform.blueprint_view('cdp.cohort_memberships', 'analytics.cohort_memberships', $$
    id, cohort_id, customer_id, cohort_period, period_start_date, period_end_date, joined_cohort_at, customer_attributes_snapshot
$$);

select platform.blueprint_view('cdp.cohort_retention_data', 'analytics.cohort_retention_data', $$
    id, cohort_id, cohort_period, analysis_period, analysis_date, cohort_size, active_customers,
    retention_rate, cumulative_retention_rate, period_revenue, cumulative_revenue, average_revenue_per_user,
    total_orders, total_sessions, total_events, calculated_at, calculation_version
$$);

select platform.blueprint_view('cdp.segments', 'analytics.segments', $$
    id, name, description, segment_type, criteria, sql_query, query_parameters,
    customer_count, last_customer_count, customer_count_change, average_ltv, average_order_value, average_engagement_score, churn_rate,
    auto_refresh, refresh_frequency, last_refreshed_at, next_refresh_at, refresh_duration,
    is_active
    times_used_in_campaigns = (select count(*) from messaging.campaign_segments u join messaging.campaigns c on c.organization_id = u.organization_id and c.id = u.campaign_id where u.organization_id = b.organization_id and u.segment_id = b.id and u.role = 'target' and c.status not in ('draft', 'scheduled'))
    last_used_at = (select max(coalesce(c.start_date, c.scheduled_send_time, c.created_at)) from messaging.campaign_segments u join messaging.campaigns c on c.organization_id = u.organization_id and c.id = u.campaign_id where u.organization_id = b.organization_id and u.segment_id = b.id and u.role = 'target' and c.status not in ('draft', 'scheduled'))
    created_at, updated_at, created_by, updated_by
$$);

select platform.blueprint_view('cdp.segment_memberships', 'analytics.segment_memberships', $$
    id, segment_id, customer_id, added_at, first_qualified_at, qualification_score, is_active, removed_at
$$);

select platform.blueprint_view('cdp.dashboard_configurations', 'analytics.dashboard_configurations', $$
    id, user_id, name, description, is_default, is_template, layout_config, is_public, shared_with_roles,
    created_at, updated_at, last_viewed_at, view_count
$$);

select platform.blueprint_view('cdp.dashboard_tiles', 'analytics.dashboard_tiles', $$
    id, dashboard_id, title, tile_type, position_x, position_y, width, height, data_source_type, data_config, display_config,
    auto_refresh, refresh_interval_seconds, last_refreshed_at, last_refresh_duration, cache_enabled, cache_duration_seconds, cached_data, cached_at,
    is_active, has_error, last_error, next_refresh_at, created_at, updated_at
$$);

select platform.blueprint_view('cdp.kpi_definitions', 'analytics.kpi_definitions', $$
    id, name, display_name, description, category, calculation_method, base_table, calculation_field, calculation_sql, filters,
    time_dimension, supports_time_comparison, default_time_range, format_type, decimal_places, prefix, suffix,
    target_value, target_direction, is_active, created_at, updated_at, created_by
$$);

-- wolo: figures of the business and funnels by period.

select platform.blueprint_view('wolo.business_metrics', 'analytics.business_metrics', $$
    id, metric_date, metric_type, metric_value, metric_count, dimensions, previous_period_value, period_over_period_change, created_at
$$);

select platform.blueprint_view('wolo.funnel_analytics', 'analytics.funnel_analytics', $$
    id, funnel_name, step_number, step_name, period_start, period_end, users_entered, users_completed, completion_rate, segment_filters, created_at
$$);

-- assistant: notes on charts, goals, funnels of one's own. "customer_id" is the workspace.

select platform.blueprint_view('assistant.chart_annotations', 'analytics.chart_annotations', $$
    id, customer_id = workspace_id, chart_type, date, annotation_text, annotation_type, created_by, created_at
$$);

select platform.blueprint_view('assistant.metric_goals', 'analytics.metric_goals', $$
    id, organization_id, metric_name, target_value, current_value, time_period, start_date, end_date, status, created_by, created_at, updated_at
$$);

select platform.blueprint_view('assistant.custom_funnels', 'analytics.custom_funnels', $$
    id, customer_id = workspace_id, name, description, stages, active, created_by, created_at, updated_at
$$);

-- Errors, alerts and breakers, over the platform's tables. A customer here is a workspace.

select platform.blueprint_view('assistant.alert_thresholds', 'platform.alert_thresholds', $$
    id, metric_name, comparison, threshold_value, severity, notification_channels, active, created_at, updated_at
$$);

select platform.blueprint_view('assistant.alert_history', 'platform.alert_history', $$
    id, alert_type, severity, message, metadata, resolved, resolved_at, resolved_by, created_at
$$);

select platform.blueprint_view('assistant.circuit_breaker_telemetry', 'platform.circuit_breaker_telemetry', $$
    id, service_name, state, failure_count, success_count, last_failure_at, last_success_at, state_changed_at, created_at
$$);

select platform.blueprint_view('assistant.error_logs', 'platform.error_logs', $$
    id, error_type, error_message, stack_trace, context, user_id, customer_id = workspace_id, request_id, severity, created_at
$$);

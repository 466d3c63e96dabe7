-- Settings, logs, limits and integrations, over the platform's tables.

select platform.blueprint_view('jyotiflow.platform_settings', 'platform.settings', $$
    id, setting_key, setting_value, category, setting_type, data_type, is_sensitive, validation_rules, environment, description
    updated_by = last_changed_by, change_reason, created_at, updated_at
$$, keep => 'b.category <> ''system''', about => 'Settings of the platform. Those of the system are in system_configuration.');

select platform.blueprint_view('jyotiflow.system_configuration', 'platform.settings', $$
    id, config_key = setting_key, config_value = setting_value, category, data_type, is_sensitive, validation_rules, environment, description, requires_restart
    updated_by = last_changed_by, created_at, updated_at
$$, keep => 'b.category = ''system''', about => 'Settings of the system: those of the category "system".');
alter view jyotiflow.system_configuration alter column category set default 'system';

select platform.blueprint_view('jyotiflow.system_logs', 'platform.error_logs', $$
    id, level = severity, component = source, event = error_type, message = error_message, stack_trace, details = context, user_id, request_id, created_at
$$);

select platform.blueprint_view('jyotiflow.audit_logs', 'platform.activity_logs', $$
    id, user_id, user_email, user_role, actor_type, action = activity_type, resource_type, resource_id, old_values, new_values, changed_fields, reason
    ip_address, user_agent, session_id, severity, details = additional_context, created_at = occurred_at
$$);

select platform.blueprint_view('jyotiflow.rate_limits', 'platform.rate_limits', $$
    id, name, endpoint = route, api_key_id, counted_by, max_requests, window_seconds, is_active, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.api_usage_metrics', 'platform.api_usage_metrics', $$
    id, metric_date, api_endpoint, http_method, api_key_id, request_count, error_count, total_time_ms, max_time_ms, bytes_sent
    average_time_ms = (round(b.total_time_ms::numeric / nullif(b.request_count, 0), 2))
    error_rate = ((b.error_count::numeric / nullif(b.request_count, 0))::platform.rate)
    created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.schema_migrations', 'platform.schema_migrations', $$
    module, file, checksum, applied_at, duration_ms
$$, about => 'The schema files applied to this database; read by administrators, written by nobody.');

select platform.blueprint_view('jyotiflow.third_party_integrations', 'platform.data_connections', $$
    id, name, provider, integration_type = connection_type, description, auth_type, config = connection_config, has_credentials = has_secrets
    status, last_checked_at = last_test_at, is_healthy = last_test_success, last_error, created_at, updated_at, created_by
$$);
alter view jyotiflow.third_party_integrations alter column integration_type set default 'api_rest';

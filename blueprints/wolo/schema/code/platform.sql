-- Configuration, audit, health and staff sessions, over the platform's tables.

select platform.blueprint_view('wolo.system_config', 'platform.settings', $$
    id, config_key = setting_key, config_value = setting_value, description, data_type, is_sensitive, validation_rules, environment
    last_modified_by_user_id = last_changed_by
    created_at, updated_at
$$);

select platform.blueprint_view('wolo.audit_logs', 'platform.activity_logs', $$
    id, actor_user_id = user_id, actor_type, actor_ip = ip_address, action = activity_type, resource_type, resource_id
    old_values, new_values, reason, metadata = additional_context, timestamp = occurred_at, request_id, user_agent
    created_at = occurred_at
$$);

select platform.blueprint_view('wolo.system_health_checks', 'platform.system_health_checks', $$
    id, service_name, check_name, status, response_time_ms, check_data, error_message, checked_at
    created_at = checked_at
$$);

select platform.blueprint_view('wolo.admin_sessions', 'platform.member_sessions', $$
    id, user_id, ip_address, user_agent, admin_level, permissions_granted
    created_at, last_activity_at = last_activity, expires_at, terminated_at = ended_at
    termination_reason = (case b.logout_reason when 'user_logout' then 'logout' when 'session_expired' then 'timeout' when 'admin_revoked' then 'revoked' when 'security_logout' then 'revoked' end)
    is_suspicious, security_flags
$$);

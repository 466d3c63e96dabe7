-- Staff, permissions, connections, audit, settings and jobs, over the platform's tables.

select platform.blueprint_view('cdp.platform_users', 'platform.platform_users', $$
    id, email, name, avatar_url
    role = (m.role)
    status = (case b.status when 'active' then m.status else b.status end)
    email_verified, password_reset_expires, last_login
    login_attempts = coalesce((platform.sign_in_failures(b.id)).login_attempts, 0)
    locked_until = ((platform.sign_in_failures(b.id)).locked_until)
    invited_by = (m.invited_by)
    invitation_expires = (m.invitation_expires)
    invitation_accepted_at = (m.invitation_accepted_at)
    timezone, language, theme, dashboard_config, notification_preferences
    created_at, updated_at, created_by, updated_by
$$, joined => 'join platform.organization_members m on m.organization_id = (select platform.tenant(''member'')) and m.user_id = b.id',
    about => 'Staff of the organization. role and status are those in it; a person who works in several has one row in each. Written by platform.write_member.');
drop trigger write_through on cdp.platform_users;
create trigger write_member instead of insert or update or delete on cdp.platform_users for each row execute function platform.write_member();
grant select, insert, update, delete on cdp.platform_users to clientele_app;
alter view cdp.platform_users alter column status set default 'pending_invitation';
alter view cdp.platform_users alter column theme set default 'light';
-- What the trigger writes into the membership is no expression to those who ask.
update platform.blueprint_columns c
set base_relation = 'platform.organization_members', base_column = c.column_name, derived_from = null
where c.blueprint = 'cdp' and c.relation = 'platform_users' and c.column_name in ('role', 'status', 'invitation_expires');

select platform.blueprint_view('cdp.platform_user_sessions', 'platform.member_sessions', $$
    id, user_id, ip_address, user_agent, device_type, browser, os, country, city
    created_at, expires_at, last_activity
    is_active = (b.ended_at is null and b.expires_at > now())
    is_suspicious, logout_reason
$$);

select platform.blueprint_view('cdp.role_permissions', 'platform.role_permissions', $$
    id, role, permission, resource, action, is_active, created_at
$$);

select platform.blueprint_view('cdp.data_connections', 'platform.data_connections', $$
    id, name, description, connection_type, connection_config, auth_type, auth_config
    sync_enabled, sync_frequency, sync_tables, last_sync_at, next_sync_at
    status, last_test_at, last_test_success, last_error
    average_response_time, total_queries_executed, total_rows_synced
    created_at, updated_at, created_by, updated_by
$$);

select platform.blueprint_view('cdp.activity_logs', 'platform.activity_logs', $$
    id, user_id, user_name, user_email, user_role
    activity_type, resource_type, resource_id, resource_name, action_description
    old_values, new_values, changed_fields
    ip_address, user_agent, session_id, request_id
    api_endpoint, http_method, response_status, processing_time_ms
    severity, tags, additional_context
    occurred_at, hour_of_day, day_of_week
$$);

select platform.blueprint_view('cdp.system_settings', 'platform.settings', $$
    id, setting_key, setting_value, category, setting_type, data_type, is_encrypted, is_sensitive, validation_rules
    environment, description, documentation_url, requires_restart, last_changed_by, change_reason, created_at, updated_at
$$);

select platform.blueprint_view('cdp.scheduled_jobs', 'platform.scheduled_jobs', $$
    id, job_name, job_type, cron_expression, frequency, timezone, job_config, timeout_seconds, max_retries, is_enabled
    last_run_at, last_run_status, last_run_duration, last_error_message, next_run_at
    total_runs, successful_runs, failed_runs
    average_duration = (b.total_duration / nullif(b.total_runs, 0))
    created_at, updated_at, created_by
$$);

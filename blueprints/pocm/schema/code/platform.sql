-- Compliance audit, keys and rate limits, over the platform's tables.

select platform.blueprint_view('pocm.compliance_audit_logs', 'platform.activity_logs', $$
    id, regulation, actor_type, actor_id = user_id, actor_name = user_name, actor_role = user_role
    action = activity_type, resource_type, resource_id, patient_id = subject_id, data_categories, purpose = reason
    old_values, new_values, changed_fields, ip_address, user_agent, session_id, request_id
    severity, details = additional_context, occurred_at
$$, keep => 'b.regulation is not null', about => 'Who read or changed which patient''s data, and why: the entries of the audit trail that HIPAA, GDPR or FDA rules ask for.');
alter view pocm.compliance_audit_logs alter column regulation set default 'hipaa';

select platform.blueprint_view('pocm.api_keys', 'platform.api_keys', $$
    id, name, kind, workspace_id, public_key, key_hint, scopes, allowed_origins
    is_active = (b.revoked_at is null and (b.expires_at is null or b.expires_at > now()))
    replaces_key_id = replaces
    created_by, created_at, updated_at, expires_at, last_used_at, revoked_at
$$);
-- A secret key comes out of platform.issue_api_key, which alone shows it.
revoke insert on pocm.api_keys from clientele_app;

select platform.blueprint_view('pocm.rate_limits', 'platform.rate_limits', $$
    id, name, api_key_id, route, counted_by, max_requests, window_seconds, is_active, created_at, updated_at
$$);

-- The assistant's words for flags. Its customer is a workspace here.

select platform.blueprint_view('assistant.customer_feature_flags', 'flags.feature_flags', $$
    id, customer_id = workspace_id, flag_key, enabled = is_enabled, configuration, enabled_at, disabled_at,
    created_by = created_by_user_id, created_at, updated_at
$$, keep => 'b.workspace_id is not null and b.environment = ''production''', about => 'A workspace''s own setting of a flag; it goes before the organization''s.');

select platform.blueprint_view('assistant.organization_feature_flags', 'flags.feature_flags', $$
    id, organization_id, flag_key, enabled = is_enabled, configuration, enabled_at, disabled_at,
    created_by = created_by_user_id, created_at, updated_at
$$, keep => 'b.workspace_id is null and b.environment = ''production''', about => 'A flag of the whole organization.');

select platform.blueprint_view('assistant.feature_flag_changes', 'flags.feature_flag_changes', $$
    id
    flag_type = case when (b.workspace_id is null) then 'organization' else 'customer' end
    flag_id, changed_by, change_type, old_value, new_value, reason, changed_at
$$);

select platform.blueprint_view('assistant.feature_rollouts', 'flags.feature_rollouts', $$
    id, flag_key, rollout_percentage, target_audience, start_date, end_date, status, created_at, updated_at
$$);

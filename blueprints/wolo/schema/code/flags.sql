-- Wolo's words for flags and tests.

select platform.blueprint_view('wolo.feature_flags', 'flags.feature_flags', $$
    id, flag_key, name, description, is_enabled, flag_type, flag_value, rollout_percentage, target_user_groups, target_regions,
    environment, created_by_user_id, last_modified_by_user_id, created_at, updated_at
$$, keep => 'b.workspace_id is null');
-- Here a flag goes out to nobody until somebody says to how many.
alter view wolo.feature_flags alter column rollout_percentage set default 0;

select platform.blueprint_view('wolo.ab_tests', 'flags.ab_tests', $$
    id, test_name, description
    variants = flags.variants_of(b.organization_id, b.id)
    traffic_allocation = flags.shares_of(b.organization_id, b.id)
    primary_metric, secondary_metrics, start_date, end_date, status, results, winner_variant, confidence_level, created_at, updated_at
$$);

-- The variants of a test are rows; here they are written as two objects. So there is no upsert.
create trigger write_test instead of insert or update on wolo.ab_tests for each row execute function flags.write_test();

select platform.blueprint_view('wolo.ab_test_assignments', 'flags.ab_test_assignments', $$
    id, test_id, user_id = customer_id, anonymous_id, variant, assigned_at, ip_address, user_agent
$$);

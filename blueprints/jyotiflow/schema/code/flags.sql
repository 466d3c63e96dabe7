-- Spiritual guidance: its words for flags and tests.

select platform.blueprint_view('jyotiflow.feature_flags', 'flags.feature_flags', $$
    id, flag_key, name, description, is_enabled, flag_type, flag_value, rollout_percentage, environment, created_at, updated_at
$$, keep => 'b.workspace_id is null');

select platform.blueprint_view('jyotiflow.ab_tests', 'flags.ab_tests', $$
    id, test_name, description
    variants = flags.variants_of(b.organization_id, b.id)
    traffic_allocation = flags.shares_of(b.organization_id, b.id)
    primary_metric, start_date, end_date, status, results, winner_variant, confidence_level, created_at, updated_at
$$);

-- The variants of a test are rows; here they are written as two objects. So there is no upsert.
create trigger write_test instead of insert or update on jyotiflow.ab_tests for each row execute function flags.write_test();

select platform.blueprint_view('jyotiflow.ab_test_participants', 'flags.ab_test_assignments', $$
    id, test_id, user_id = customer_id, anonymous_id, variant, assigned_at, converted_at, revenue
$$);

select platform.blueprint_view('jyotiflow.monetization_experiments', 'flags.ab_tests', $$
    id, test_name, description
    variants = flags.variants_of(b.organization_id, b.id)
    traffic_allocation = flags.shares_of(b.organization_id, b.id)
    revenue_by_variant = flags.revenue_of(b.organization_id, b.id)
    primary_metric, start_date, end_date, status, results, winner_variant, confidence_level, created_at, updated_at
$$, keep => 'b.kind = ''price''', about => 'Experiments whose variants are prices, with the revenue of each.');
alter view jyotiflow.monetization_experiments alter column primary_metric set default 'revenue';
create trigger write_test instead of insert or update on jyotiflow.monetization_experiments for each row execute function flags.write_test('{"kind": "price"}');

-- Templates and messages in the words of the medical-device shop.

select platform.blueprint_view('pocm.templates', 'messaging.templates', $$
    id, template_key, name, description, category, channels, default_locale, requires_approval, status, details, workspace_id, created_by, created_at, updated_at
$$);

-- A view for each category: what is written there belongs to it. What patients and regulators read wants an approval
-- unless somebody says otherwise.
do $$
declare
    kind text;
begin
    foreach kind in array array['transactional', 'marketing', 'support', 'system', 'lifecycle', 'promotional',
                                'patient_care', 'device_instruction', 'adverse_event', 'clinical_alert',
                                'provider_notification', 'training_material', 'compliance_report',
                                'regulatory_filing', 'safety_alert', 'recall_notification', 'audit_communication',
                                'bulk_order', 'certification_update', 'partnership_communication'] loop
        perform platform.blueprint_view(format('pocm.%s_templates', kind), 'messaging.templates',
            'id, template_key, name, description, category, channels, default_locale, requires_approval, status, details, workspace_id, created_by, created_at, updated_at',
            keep => format('b.category = %L', kind), about => format('Templates of the category %s.', kind));
        execute format('alter view pocm.%I alter column category set default %L', kind || '_templates', kind);
        if kind in ('patient_care', 'device_instruction', 'adverse_event', 'clinical_alert', 'compliance_report', 'regulatory_filing', 'safety_alert', 'recall_notification') then
            execute format('alter view pocm.%I alter column requires_approval set default true', kind || '_templates');
        end if;
    end loop;
end
$$;

select platform.blueprint_view('pocm.template_versions', 'messaging.template_versions', $$
    id, template_id, locale, version, subject, body_text, body_html, content, status, change_note, published_at, published_by, retired_at, created_by, created_at, updated_at
$$);

select platform.blueprint_view('pocm.localization_data', 'messaging.template_versions', $$
    id, template_id, locale, version, subject, body_text, body_html, content, status, published_at, created_by, created_at, updated_at
$$, keep => 'exists (select from messaging.templates t where t.organization_id = b.organization_id and t.id = b.template_id and t.default_locale <> b.locale)',
    about => 'Versions in another language than the template''s own.');

select platform.blueprint_view('pocm.template_variables', 'messaging.template_variables', $$
    id, template_id, name, type, is_required, default_value, description, example, created_at
$$);

select platform.blueprint_view('pocm.template_variants', 'messaging.template_variants', $$
    id, template_version_id, name, subject, body_text, body_html, share, is_winner, created_at, updated_at
$$);

select platform.blueprint_view('pocm.template_tags', 'messaging.template_tags', $$
    template_id, tag, created_at
$$);

select platform.blueprint_view('pocm.template_approvals', 'messaging.template_approvals', $$
    id, template_version_id, step, authority, status, requested_by, requested_at, decided_by, decided_at, comment
$$);

select platform.blueprint_view('pocm.compliance_validations', 'messaging.compliance_validations', $$
    id, template_version_id, regulation, result, findings, checked_by, checked_at
$$);

select platform.blueprint_view('pocm.media_assets', 'messaging.media_assets', $$
    id, template_id, kind, file_name, content_type, byte_size, sha256, url, alternative_text, width, height, created_by, created_at
$$);

select platform.blueprint_view('pocm.template_analytics', 'messaging.template_usage', $$
    template_id, template_key, name, category, version_count, published_languages, message_count, recipient_count, first_used_at, last_used_at
$$);

select platform.blueprint_view('pocm.template_performance_metrics', 'messaging.template_figures', $$
    template_id, template_version_id, locale, version, variant, channel,
    sent_count, delivered_count, opened_count, clicked_count, converted_count, delivery_rate, open_rate, click_rate, conversion_rate
$$);

select platform.blueprint_view('pocm.message_analytics', 'messaging.delivery_figures', $$
    day, channel, provider, message_count, waiting_count, sent_count, delivered_count, failed_count, bounced_count, retry_count,
    average_time_to_deliver, delivery_rate, bounce_rate
$$);

select platform.blueprint_view('pocm.delivery_providers', 'messaging.providers', $$
    id, name, provider, channels, place, is_enabled, health, health_since, settings, created_at, updated_at
$$);

select platform.blueprint_view('pocm.delivery_configurations', 'messaging.channel_settings', $$
    id, workspace_id, channel, provider_id, sender_name, sender_address, retry_after, respects_quiet_hours, is_enabled, settings, created_at, updated_at
$$);

select platform.blueprint_view('pocm.message_queue', 'messaging.messages', $$
    id, workspace_id, customer_id, channel, recipient, template_version_id, bulk_operation_id, escalation_rule_id, topic, subject, body, body_html, variables,
    priority, status, scheduled_at, next_attempt_at, due_at, expires_at, retry_count, max_retries, worker, lease_until, idempotency_key, created_at
$$, keep => 'b.status in (''pending'', ''sending'')', about => 'Messages that wait or are on their way.');
-- A message leaves the queue by a change of its state: that must not be refused.
alter view pocm.message_queue reset (check_option);

select platform.blueprint_view('pocm.message_delivery_status', 'messaging.messages', $$
    message_id = id
    customer_id, channel, status, provider, provider_message_id, sent_at, delivered_at, opened_at, first_click_at, last_click_at, total_clicks,
    failed_at, acknowledged_at, retry_count, error_code, error_message, updated_at
$$, about => 'Where each message is. Every change of the state is also in the log, as message_changed.');

select platform.blueprint_view('pocm.bulk_operations', 'messaging.bulk_operations', $$
    id, name, template_id, channel, audience, total_count, status
    message_count = (select p.message_count from messaging.bulk_progress p where p.organization_id = b.organization_id and p.bulk_operation_id = b.id)
    waiting_count = (select p.waiting_count from messaging.bulk_progress p where p.organization_id = b.organization_id and p.bulk_operation_id = b.id)
    sent_count = (select p.sent_count from messaging.bulk_progress p where p.organization_id = b.organization_id and p.bulk_operation_id = b.id)
    failed_count = (select p.failed_count from messaging.bulk_progress p where p.organization_id = b.organization_id and p.bulk_operation_id = b.id)
    progress = (select p.progress from messaging.bulk_progress p where p.organization_id = b.organization_id and p.bulk_operation_id = b.id)
    started_at, finished_at, error_message, created_by, created_at, updated_at
$$);

select platform.blueprint_view('pocm.escalation_rules', 'messaging.escalation_rules', $$
    id, name, level, wait_for, channel, contact, recipient, is_active, created_at, updated_at
$$);

select platform.blueprint_view('pocm.workflow_definitions', 'messaging.workflow_definitions', $$
    id, name, description, trigger_event, conditions, steps, status, created_by, created_at, updated_at
$$);

select platform.blueprint_view('pocm.provider_segments', 'messaging.provider_segments', $$
    id, name, description, criteria, is_active, created_by, created_at, updated_at
$$);

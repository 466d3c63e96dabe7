-- Campaigns, notices and messages in the words of spiritual guidance.

select platform.blueprint_view('jyotiflow.marketing_campaigns', 'messaging.campaigns', $$
    id, name, description, campaign_type, channel, status, start_date, end_date, subject_line, message_content, target_audience_type, target_filters,
    budget, max_sends, daily_send_limit, approval_status, approved_by, approved_at, created_by, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.admin_notifications', 'messaging.notices', $$
    id, user_id, audience, type, title, message, data, read, read_at, sent_at, expires_at
$$, keep => 'b.audience = ''administrators''', about => 'Alerts to administrators, one for each of them.');
alter view jyotiflow.admin_notifications alter column audience set default 'administrators';

select platform.blueprint_view('jyotiflow.notification_templates', 'messaging.template_versions', $$
    id
    template_key = (t.template_key)
    name = (t.name)
    description = (t.description)
    subject, body_text, body_html
    channels = (t.channels)
    locale
    variables = messaging.variables_of(b.organization_id, b.template_id)
    is_active = (b.status = 'published')
    version, created_at, updated_at
$$, joined => 'join messaging.templates t on t.organization_id = b.organization_id and t.id = b.template_id',
    about => 'Texts of messages, a row for each key, language and version; one of each key and language is active.');
drop trigger write_through on jyotiflow.notification_templates;
create trigger write_text instead of insert or update or delete on jyotiflow.notification_templates for each row execute function messaging.write_template_text();
alter view jyotiflow.notification_templates
    alter column locale set default 'en', alter column channels set default '{email}', alter column is_active set default true;

select platform.blueprint_view('jyotiflow.notification_queue', 'messaging.messages', $$
    id, user_id = customer_id, channel, recipient, template_id = template_version_id, subject, body, variables, priority, status, scheduled_at, next_attempt_at,
    expires_at, retry_count, max_retries, idempotency_key, created_at
$$, keep => 'b.status in (''pending'', ''sending'')', about => 'Messages that wait or are on their way.');
-- A message leaves the queue by a change of its state: that must not be refused.
alter view jyotiflow.notification_queue reset (check_option);

select platform.blueprint_view('jyotiflow.email_logs', 'messaging.messages', $$
    id, user_id = customer_id, channel, email_address = recipient, template_id = template_version_id, subject, body, body_html, status, provider, provider_message_id,
    sent_at, delivered_at, opened_at, first_click_at, total_clicks, failed_at, error_code, error_message, created_at
$$, keep => 'b.channel = ''email''', about => 'Mail and what became of it.');
alter view jyotiflow.email_logs alter column channel set default 'email';

select platform.blueprint_view('jyotiflow.sms_logs', 'messaging.messages', $$
    id, user_id = customer_id, channel, phone_number = recipient, template_id = template_version_id, body, status, provider, provider_message_id,
    sent_at, delivered_at, failed_at, error_code, error_message, created_at
$$, keep => 'b.channel = ''sms''', about => 'Text messages and what became of them.');
alter view jyotiflow.sms_logs alter column channel set default 'sms';

select platform.blueprint_view('jyotiflow.push_notifications', 'messaging.messages', $$
    id, user_id = customer_id, channel, device_token = recipient, template_id = template_version_id, title = subject, body, data = variables, status, provider, provider_message_id,
    scheduled_at, sent_at, delivered_at, opened_at, failed_at, expires_at, error_code, error_message, created_at
$$, keep => 'b.channel in (''push'', ''web_push'')', about => 'Push messages to phones and browsers, and what became of them.');
alter view jyotiflow.push_notifications alter column channel set default 'push';

select platform.blueprint_view('jyotiflow.webhook_logs', 'messaging.webhook_calls', $$
    id, workspace_id, direction, provider, provider_event_id, event_type, payload, url, response_status, processed_at, error_message, attempts, received_at
$$);

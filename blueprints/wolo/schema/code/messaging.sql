-- Notifications in the words of the birthday pots.

select platform.blueprint_view('wolo.notification_templates', 'messaging.template_versions', $$
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
    about => 'Texts of notifications, a row for each key, language and version; one of each key and language is active.');
drop trigger write_through on wolo.notification_templates;
create trigger write_text instead of insert or update or delete on wolo.notification_templates for each row execute function messaging.write_template_text();
alter view wolo.notification_templates
    alter column locale set default 'fr-SN', alter column channels set default '{email}', alter column is_active set default true;

select platform.blueprint_view('wolo.notifications', 'messaging.messages', $$
    id, user_id = customer_id, recipient_identifier = recipient, template_id = template_version_id, channel,
    subject, body, template_data = variables, status, scheduled_at, sent_at, delivered_at, failed_at,
    provider, provider_message_id, provider_response, retry_count, max_retries, next_retry_at = next_attempt_at,
    error_message, error_code, created_at, updated_at
$$);

select platform.blueprint_view('wolo.notification_preferences', 'messaging.preferences', $$
    user_id = customer_id, email_enabled, sms_enabled, whatsapp_enabled, push_enabled,
    referral_notifications, pot_notifications, donation_notifications, marketing_notifications,
    digest_frequency, quiet_hours_start, quiet_hours_end, updated_at
$$);

select platform.blueprint_view('wolo.notification_analytics', 'messaging.daily_figures', $$
    id, date = day, template_key, channel, sent_count, delivered_count, failed_count, bounce_count, opened_count, clicked_count,
    delivery_rate, open_rate, click_rate, created_at
$$);

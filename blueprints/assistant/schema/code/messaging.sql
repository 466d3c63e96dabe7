-- Notices, WhatsApp and Instagram in the words of the commerce assistant.

select platform.blueprint_view('assistant.notifications', 'messaging.notices', $$
    id, user_id, type, title, message, data, read, read_at, sent_at, expires_at
$$);

select platform.blueprint_view('assistant.follow_up_messages', 'messaging.messages', $$
    id, conversation_id, customer_id = workspace_id, message_template = body, scheduled_for = scheduled_at, sent_at, status, created_at
$$, keep => 'b.conversation_id is not null', about => 'Messages that follow a conversation at a later time.');

select platform.blueprint_view('assistant.whatsapp_templates', 'messaging.whatsapp_templates', $$
    id, customer_id = workspace_id, template_id, name, language, category, components, status, created_at
$$);

select platform.blueprint_view('assistant.whatsapp_sessions', 'messaging.reply_windows', $$
    id, customer_id = workspace_id, phone_number, window_opened_at, window_expires_at, last_message_at, messages_sent
    active = (b.window_opened_at <= now() and b.window_expires_at > now())
    created_at
$$);

select platform.blueprint_view('assistant.whatsapp_webhooks', 'messaging.webhook_calls', $$
    id, customer_id = workspace_id, provider, provider_event_id, event_type, payload
    processed = (b.processed_at is not null)
    processed_at, error_message, received_at
$$, keep => 'b.provider = ''whatsapp_business'' and b.direction = ''inbound''', about => 'Calls from WhatsApp as they came; a repeat is known by provider_event_id.');
alter view assistant.whatsapp_webhooks alter column provider set default 'whatsapp_business';

select platform.blueprint_view('assistant.whatsapp_oauth_tokens', 'messaging.credentials', $$
    id, customer_id = workspace_id, access_token_encrypted = access_token, refresh_token_encrypted = refresh_token, token_type, expires_at, scopes, created_at, updated_at
$$, keep => 'b.service = ''whatsapp''', fixed => '{"service": "whatsapp"}', about => 'Encrypted WhatsApp tokens, one set for each workspace.');

select platform.blueprint_view('assistant.instagram_credentials', 'messaging.credentials', $$
    id, customer_id = workspace_id, instagram_business_account_id = account_id, access_token_encrypted = access_token, token_expires_at = expires_at, scopes,
    connected_at, last_used_at, created_at, updated_at
$$, keep => 'b.service = ''instagram''', fixed => '{"service": "instagram"}', about => 'Encrypted Instagram tokens, one set for each workspace.');

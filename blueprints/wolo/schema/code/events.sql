-- The birthday pots' events: the types the document names or implies, and its table of what users did.

select events.install('wolo', $include events/pots.json$);

-- "timestamp" is when it happened, the one time a writer gives; created_at is when it was recorded and is nobody's to give.
select events.log_view('wolo.analytics_events', $$
        f.id, f.event_type as event_name, f.event_category, f.customer_id as user_id, f.session_id,
        events.as_text(f.properties -> 'anonymous_id') as anonymous_id,
        f.properties - array['anonymous_id', 'platform', 'region'] as properties,
        f.occurred_at as "timestamp", f.ip_address, f.user_agent, f.referrer_url as referrer, f.page_url,
        events.as_text(f.properties -> 'platform') as platform,
        f.device_type, f.os, f.browser, f.country,
        events.as_text(f.properties -> 'region') as region,
        f.city, f.received_at as created_at, f.event_value as amount, f.currency, f.profile_id, f.workspace_id, null::text as message_id
    from events.facts f $$,
    'Tracked actions of known and anonymous users.',
    '{"blueprint": "wolo", "types": null, "action": null, "open": true, "properties": ["anonymous_id", "platform", "region"], "payload": "properties", "needs_category": true,
      "rules": {"properties": {
        "event_name": {"maxLength": 100}, "event_category": {"maxLength": 50}, "session_id": {"maxLength": 100}, "anonymous_id": {"maxLength": 100}, "referrer": {"maxLength": 500},
        "page_url": {"maxLength": 500}, "platform": {"enum": ["web", "mobile_app", "api"]}, "device_type": {"enum": ["desktop", "mobile", "tablet"]}, "os": {"maxLength": 50},
        "browser": {"maxLength": 50}, "country": {"pattern": "^[A-Z]{2,3}$"}, "region": {"maxLength": 100}, "city": {"maxLength": 100}, "currency": {"enum": ["XOF"]}}},
      "derived": {"created_at": "f.received_at"},
      "columns": {
        "id": "id", "event_name": "event_type", "event_category": "event_category", "user_id": "customer_id", "session_id": "session_id", "timestamp": "occurred_at",
        "ip_address": "ip_address", "user_agent": "user_agent", "referrer": "referrer_url", "page_url": "page_url", "device_type": "device_type", "os": "os", "browser": "browser",
        "country": "country", "city": "city", "amount": "event_value", "currency": "currency", "profile_id": "profile_id", "workspace_id": "workspace_id", "message_id": "message_id"}}');
comment on column wolo.analytics_events.properties is 'What else is known of it: the body of the event.';
comment on column wolo.analytics_events.anonymous_id is 'The visitor before they are known. Personal.';
comment on column wolo.analytics_events.platform is 'On what. One of: web, mobile_app, api.';
comment on column wolo.analytics_events.region is 'Region it came from.';

-- The medical-device shop's events: one envelope a fact, its body beside it, and the 63 typed tables as views of the log.
-- What each table is for, and how it differs from the one that sounds like it, stands in events/*.json.

select events.install('pocm', (
    select json_agg(e.entry)
    from (values (1, $include events/commerce.json$::json), (2, $include events/marketing.json$), (3, $include events/device.json$), (4, $include events/clinical.json$),
                 (5, $include events/supply_chain.json$), (6, $include events/provider.json$), (7, $include events/analytics.json$)) as f (place, entries)
    cross join lateral json_array_elements(f.entries) with ordinality as e (entry, place)));

-- The envelope and the body are two views of the same row, so that they cannot disagree about which event has which body.
select events.log_view('pocm.events', $$
        f.id, f.event_type, f.event_name, f.event_category, f.customer_id, f.profile_id, f.session_id, f.event_value, f.currency,
        f.page_url, f.page_title, f.referrer_url, f.ip_address, f.user_agent, f.device_type, f.browser, f.os, f.country, f.city,
        f.occurred_at, f.received_at as recorded_at, f.data_source, f.source_system, f.batch_id, f.workspace_id, null::text as message_id
    from events.facts f $$,
    'The envelope of every event, whatever its type. Its body is in event_data; the typed tables show both together.',
    '{"blueprint": "pocm", "types": null, "action": null, "properties": [], "derived": {"recorded_at": "f.received_at"}, "columns": {
        "id": "id", "event_type": "event_type", "event_name": "event_name", "event_category": "event_category", "customer_id": "customer_id", "profile_id": "profile_id",
        "session_id": "session_id", "event_value": "event_value", "currency": "currency", "page_url": "page_url", "page_title": "page_title", "referrer_url": "referrer_url",
        "ip_address": "ip_address", "user_agent": "user_agent", "device_type": "device_type", "browser": "browser", "os": "os", "country": "country", "city": "city",
        "occurred_at": "occurred_at", "data_source": "data_source", "source_system": "source_system", "batch_id": "batch_id", "workspace_id": "workspace_id", "message_id": "message_id"}}');

select events.log_view('pocm.event_data', $$
        f.id as event_id, f.event_type, f.customer_id, f.occurred_at, f.properties as data, null::text as message_id
    from events.facts f $$,
    'The body of every event, one to one with its envelope in events.',
    '{"blueprint": "pocm", "types": null, "action": null, "properties": [], "derived": {}, "payload": "data", "columns": {
        "event_id": "id", "event_type": "event_type", "customer_id": "customer_id", "occurred_at": "occurred_at", "message_id": "message_id"}}');
comment on column pocm.event_data.data is 'The properties, as the active schema of the type asks for them.';

select platform.blueprint_view('pocm.event_schemas', 'events.event_schemas', $$
    id, event_type, version, schema, status, description, created_by, activated_at, retired_at, created_at, updated_at
$$);

select platform.blueprint_view('pocm.batch_operations', 'events.batch_operations', $$
    id, operation_type, status, source, total_count, accepted_count, rejected_count, processed_count, problem,
    created_by, started_at, finished_at, created_at, updated_at, workspace_id
$$);

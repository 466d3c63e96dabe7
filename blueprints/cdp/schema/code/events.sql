-- The customer data platform's events: the types the document names, and its table of what customers did.

select events.install('cdp', $include events/customer.json$);

-- Hour, day, week and month are those of UTC, so that they are the same in every session; a report by another zone works
-- them out from occurred_at.
select events.log_view('cdp.customer_events', $$
        f.id, f.customer_id, f.event_type, f.event_category, f.event_name, f.properties as event_properties, f.event_value, f.session_id,
        f.page_url, f.page_title, f.referrer_url, f.ip_address, f.user_agent, f.device_type, f.browser, f.os, f.screen_resolution, f.country, f.city,
        f.utm_source, f.utm_medium, f.utm_campaign, f.utm_term, f.utm_content, f.occurred_at, f.received_at as created_at,
        extract(hour from f.occurred_at at time zone 'UTC')::integer as hour_of_day,
        extract(dow from f.occurred_at at time zone 'UTC')::integer as day_of_week,
        extract(week from f.occurred_at at time zone 'UTC')::integer as week_of_year,
        extract(month from f.occurred_at at time zone 'UTC')::integer as month_of_year,
        f.data_source, f.source_system, f.batch_id, f.currency, f.profile_id, f.workspace_id, null::text as message_id
    from events.facts f
    where f.profile_id is not null $$,
    'Every tracked action of a customer.',
    '{"blueprint": "cdp", "types": null, "action": null, "open": true, "needs_customer": true, "properties": [], "payload": "event_properties",
      "rules": {"properties": {
        "event_type": {"maxLength": 100}, "event_category": {"enum": ["engagement", "transaction", "lifecycle"]}, "event_name": {"maxLength": 200}, "session_id": {"maxLength": 255},
        "page_title": {"maxLength": 500}, "device_type": {"maxLength": 50}, "browser": {"maxLength": 100}, "os": {"maxLength": 100}, "screen_resolution": {"maxLength": 20},
        "country": {"maxLength": 50}, "city": {"maxLength": 100}, "utm_source": {"maxLength": 100}, "utm_medium": {"maxLength": 100}, "utm_campaign": {"maxLength": 100},
        "utm_term": {"maxLength": 100}, "utm_content": {"maxLength": 100}, "data_source": {"maxLength": 50}, "source_system": {"maxLength": 100}}},
      "derived": {
        "created_at": "f.received_at",
        "hour_of_day": "extract(hour from f.occurred_at at time zone ''UTC'')::integer",
        "day_of_week": "extract(dow from f.occurred_at at time zone ''UTC'')::integer",
        "week_of_year": "extract(week from f.occurred_at at time zone ''UTC'')::integer",
        "month_of_year": "extract(month from f.occurred_at at time zone ''UTC'')::integer"},
      "columns": {
        "id": "id", "customer_id": "customer_id", "event_type": "event_type", "event_category": "event_category", "event_name": "event_name", "event_value": "event_value",
        "session_id": "session_id", "page_url": "page_url", "page_title": "page_title", "referrer_url": "referrer_url", "ip_address": "ip_address", "user_agent": "user_agent",
        "device_type": "device_type", "browser": "browser", "os": "os", "screen_resolution": "screen_resolution", "country": "country", "city": "city",
        "utm_source": "utm_source", "utm_medium": "utm_medium", "utm_campaign": "utm_campaign", "utm_term": "utm_term", "utm_content": "utm_content",
        "occurred_at": "occurred_at", "data_source": "data_source", "source_system": "source_system", "batch_id": "batch_id", "currency": "currency",
        "profile_id": "profile_id", "workspace_id": "workspace_id", "message_id": "message_id"}}');
comment on column cdp.customer_events.event_properties is 'What else is known of it: the body of the event.';
comment on column cdp.customer_events.event_category is 'One of: engagement, transaction, lifecycle; of events recorded through other views also the group of their catalogue.';
comment on column cdp.customer_events.hour_of_day is 'Hour in UTC, 0 to 23.';
comment on column cdp.customer_events.day_of_week is 'Day of the week in UTC, 0 (Sunday) to 6.';
comment on column cdp.customer_events.week_of_year is 'ISO week in UTC, 1 to 53.';
comment on column cdp.customer_events.month_of_year is 'Month in UTC, 1 to 12.';

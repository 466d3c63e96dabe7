-- Collection: what an organization can set about it, and how its sources are doing.

insert into platform.setting_definitions (setting_key, default_value, category, setting_type, data_type, validation_rules, description) values
    ('collection.max_event_kb', '32', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 1024}', 'Largest event taken from an SDK, in kilobytes of JSON'),
    ('collection.max_batch_kb', '500', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 8192}', 'Largest batch of events taken, in kilobytes of JSON'),
    ('collection.max_batch_events', '2500', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 10000}', 'Most events in a batch'),
    ('collection.ip_address', '"keep"', 'privacy', 'config', 'string', '{"allowed_values": ["keep", "truncate", "drop"]}', 'What becomes of IP addresses of events: kept, the last part removed, or none kept'),
    ('collection.refused', '"drop"', 'privacy', 'config', 'string', '{"allowed_values": ["drop", "strip"]}', 'What becomes of events of people who do not want to be watched: dropped, or kept without anything that tells who it was'),
    ('collection.consent_category', '"analytics"', 'privacy', 'config', 'string', '{}', 'Category of consent (context.consent.categoryPreferences) an event needs; one that says false is refused'),
    ('collection.blocked_ids', '["-1", "null", "undefined", "anonymous", "none", "nil", "nan", "unknown", "guest", "user", "[object object]"]', 'limits', 'config', 'array', '{}', 'Ids that name nobody, in lower case; neither does one of zeros and hyphens'),
    ('collection.max_external_ids', '5', 'limits', 'limit', 'number', '{"min_value": 0, "max_value": 100}', 'Most external ids of one kind a profile goes by'),
    ('collection.max_browsers', '100', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 10000}', 'Most anonymous ids a profile goes by');

create table events.source_counts (
    organization_id uuid not null,
    api_key_id      uuid not null,
    minute          timestamptz not null,
    received        bigint not null default 0 check (received >= 0),
    stored          bigint not null default 0 check (stored >= 0),
    duplicates      bigint not null default 0 check (duplicates >= 0),
    quarantined     bigint not null default 0 check (quarantined >= 0),
    dropped         bigint not null default 0 check (dropped >= 0),
    failed_requests bigint not null default 0 check (failed_requests >= 0),
    bytes           bigint not null default 0 check (bytes >= 0),
    lag_ms          bigint not null default 0,
    last_event_at   timestamptz not null default now(),
    primary key (organization_id, api_key_id, minute),
    foreign key (organization_id, api_key_id) references platform.api_keys (organization_id, id) on delete cascade
);
comment on table events.source_counts is 'What came in with each write key, minute by minute: each node adds what it counted every ten seconds. What a killed node had not yet added is missing here, and in no other place.';
comment on column events.source_counts.dropped is 'Of people who were erased or refuse to be watched: neither stored nor quarantined.';
comment on column events.source_counts.failed_requests is 'Requests that were refused as a whole: too large, no JSON, too busy.';
comment on column events.source_counts.lag_ms is 'Sum over all events of the time from when they happened until they arrived, at most a day each.';
create index source_counts_age on events.source_counts (minute);
select platform.protect('events.source_counts', 'organization');

create index quarantined_events_message on events.quarantined_events (organization_id, message_id) where message_id is not null and status = 'waiting';

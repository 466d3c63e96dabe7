-- Events: what people read of the log, the catalogue of event types, and a typed view for each. The log's table itself
-- belongs to the platform.

comment on schema events is 'The catalogue of event types, the schemas events are held against, typed views of the log, batch ingestion and quarantine.';
grant usage on schema events to clientele_app, clientele_service, clientele_search, clientele_readonly;

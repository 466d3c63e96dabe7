-- Events: what people read of the log. The log's table itself belongs to the platform.

comment on schema events is 'Reading the log: newest events and a customer''s timeline.';
grant usage on schema events to clientele_app, clientele_service, clientele_search, clientele_readonly;

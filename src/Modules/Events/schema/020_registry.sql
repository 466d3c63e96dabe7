-- The registry: which types of events there are, what an event of each must carry, and what became of those that did not.
--
-- The catalogue (event_types) is the same for all organizations: each blueprint brings its own, as data. An organization
-- that wants to be stricter, or has types of its own, registers versions of a schema (event_schemas); the active one then
-- counts instead of the catalogue's.

create table events.event_types (
    blueprint      text not null check (blueprint ~ '^[a-z][a-z0-9_]{0,62}$'),
    event_type     text not null check (event_type ~ '^[a-z$][a-z0-9_]{0,99}$'),
    title          text not null check (length(title) between 1 and 200),
    category       text not null check (length(category) between 1 and 50),
    description    text not null check (length(description) > 0),
    about          text not null check (about in ('customer', 'device', 'batch', 'provider', 'product', 'model', 'system')),
    needs_customer boolean not null,
    schema         jsonb not null check (jsonb_typeof(schema) = 'object'),
    fields         text[] not null,
    view_name      text check (length(view_name) between 1 and 63),
    action_column  text,
    action         text,
    primary key (blueprint, event_type),
    check ((action_column is null) = (action is null)),
    check (action is null or view_name is not null)
);
comment on table events.event_types is 'The catalogue: every type of event a blueprint knows, and the platform''s own under "platform". Filled by events.install from the blueprints'' data files.';
comment on column events.event_types.about is 'What the event tells of. Nearly always a customer; of the others a customer may be named besides.';
comment on column events.event_types.needs_customer is 'An event of this type without a customer is refused by its view.';
comment on column events.event_types.schema is 'JSON Schema of the properties. Of our own: x-column, the column of the log that holds the property instead; x-unit, its unit (UCUM); x-personal, that it is personal (an erasure empties all properties).';
comment on column events.event_types.fields is 'The properties in the order they are shown.';
comment on column events.event_types.view_name is 'The typed view of the blueprint that shows events of this type; null where the document has none.';
comment on column events.event_types.action is 'Where a view shows several types: the word that stands for this one in the column named by action_column.';
create unique index event_types_view on events.event_types (blueprint, view_name, action) nulls not distinct where view_name is not null;
select platform.protect('events.event_types', 'public');
create policy owner on events.event_types to clientele_owner using (true) with check (true);

create table events.event_schemas (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    event_type      text not null check (event_type ~ '^[a-z$][a-z0-9_]{0,99}$'),
    version         integer not null check (version >= 1),
    schema          jsonb not null check (jsonb_typeof(schema) = 'object'),
    status          text not null default 'draft',
    description     text check (length(description) <= 2000),
    created_by      uuid references platform.platform_users (id) on delete set null,
    activated_at    timestamptz,
    retired_at      timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, event_type, version)
);
comment on table events.event_schemas is 'Versions of the schema an organization holds events of a type against. The active one counts instead of the catalogue''s.';
comment on column events.event_schemas.schema is 'JSON Schema with the keywords events.problems knows. Cannot be changed once it is no draft: what was accepted stays explainable.';
create unique index event_schemas_active on events.event_schemas (organization_id, event_type) where status = 'active';
create index event_schemas_created_by on events.event_schemas (created_by);
select platform.protect('events.event_schemas', 'organization');
select platform.states('events.event_schemas', 'status', $$
    draft  > active, retired
    active > retired
    retired
$$, initial => '{draft}');

create table events.batch_operations (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    workspace_id    uuid,
    operation_type  text not null default 'ingestion' check (operation_type in ('ingestion', 'validation', 'reprocessing', 'export')),
    status          text not null default 'pending',
    source          text not null check (length(source) between 1 and 255),
    total_count     bigint check (total_count >= 0),
    accepted_count  bigint not null default 0 check (accepted_count >= 0),
    rejected_count  bigint not null default 0 check (rejected_count >= 0),
    processed_count bigint not null generated always as (accepted_count + rejected_count) stored,
    problem         text check (length(problem) <= 4000),
    created_by      uuid references platform.platform_users (id) on delete set null,
    started_at      timestamptz,
    finished_at     timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete set null (workspace_id),
    constraint not_more_than_all check (accepted_count + rejected_count <= total_count),
    constraint finished_has_time check ((status in ('completed', 'failed', 'cancelled')) = (finished_at is not null))
);
comment on table events.batch_operations is 'One run over a batch of events: how many there are, how many were accepted and rejected, and how it ended. Batches of messages to people are another thing: bulk operations.';
comment on column events.batch_operations.id is 'Events the run brought carry it as their batch_id.';
comment on column events.batch_operations.total_count is 'Null while it is not known.';
comment on column events.batch_operations.problem is 'Why it failed.';
create index batch_operations_newest on events.batch_operations (organization_id, created_at desc, id);
create index batch_operations_workspace on events.batch_operations (organization_id, workspace_id);
create index batch_operations_created_by on events.batch_operations (created_by);
select platform.protect('events.batch_operations', 'organization');
select platform.states('events.batch_operations', 'status', $$
    pending    > processing, cancelled
    processing > completed, failed, cancelled
    failed     > processing
    completed
    cancelled
$$, initial => '{pending}');

create table events.quarantined_events (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    workspace_id    uuid,
    reason          text not null check (reason in ('unreadable', 'unknown_type', 'old_version', 'invalid')),
    problems        text[] not null default '{}',
    event_type      text check (length(event_type) <= 200),
    schema_version  integer,
    payload         jsonb not null,
    message_id      text check (length(message_id) <= 200),
    batch_id        uuid,
    status          text not null default 'waiting',
    received_at     timestamptz not null default now(),
    settled_at      timestamptz,
    settled_by      uuid references platform.platform_users (id) on delete set null,
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete set null (workspace_id),
    constraint settled_has_time check ((status = 'waiting') = (settled_at is null))
);
comment on table events.quarantined_events is 'What was sent as an event and could not be one. It waits until somebody mends the schema and replays it, or discards it.';
comment on column events.quarantined_events.payload is 'As it was sent: personal data is not marked in here, so retention is short.';
comment on column events.quarantined_events.event_type is 'As the sender called it.';
create index quarantined_events_newest on events.quarantined_events (organization_id, received_at desc, id);
create index quarantined_events_type on events.quarantined_events (organization_id, event_type, received_at desc) where status = 'waiting';
create index quarantined_events_workspace on events.quarantined_events (organization_id, workspace_id);
create index quarantined_events_settled_by on events.quarantined_events (settled_by);
select platform.protect('events.quarantined_events', 'organization');
select platform.states('events.quarantined_events', 'status', $$
    waiting > replayed, discarded
    replayed
    discarded
$$, initial => '{waiting}');

-- The one queue and log of messages, and what decides who gets them.

create table messaging.preferences (
    organization_id         uuid not null,
    id                      uuid not null default gen_random_uuid(),
    customer_id             uuid not null,
    email_enabled           boolean not null default true,
    sms_enabled             boolean not null default true,
    whatsapp_enabled        boolean not null default true,
    push_enabled            boolean not null default true,
    referral_notifications  boolean not null default true,
    pot_notifications       boolean not null default true,
    donation_notifications  boolean not null default true,
    marketing_notifications boolean not null default false,
    digest_frequency        text not null default 'daily' check (digest_frequency in ('immediate', 'daily', 'weekly')),
    quiet_hours_start       time not null default '22:00',
    quiet_hours_end         time not null default '08:00',
    time_zone               platform.time_zone,
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    primary key (organization_id, customer_id),
    unique (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
);
comment on table messaging.preferences is 'What a customer wants to receive, how, and when not. The one place for it: profiles show it from here. Somebody without a row has the defaults.';
comment on column messaging.preferences.push_enabled is 'For push and web_push.';
comment on column messaging.preferences.quiet_hours_end is 'Before the start: the quiet hours cross midnight. The same as the start: there are none.';
comment on column messaging.preferences.time_zone is 'Null: the customer''s own, else the organization''s.';
select platform.protect('messaging.preferences', 'organization');
select customers.reference('messaging.preferences', 'customer_id', on_merge => 'move', on_erase => 'delete');

create table messaging.provider_segments (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    name                text not null check (length(name) between 1 and 255),
    description         text,
    criteria            jsonb not null default '{}' check (jsonb_typeof(criteria) = 'object'),
    is_active           boolean not null default true,
    created_by          uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, name)
);
comment on table messaging.provider_segments is 'Groups of healthcare providers to write to. Segments of customers are in analytics.';
comment on column messaging.provider_segments.criteria is 'Specialty, region, kind of institution, certification.';
create index provider_segments_created_by on messaging.provider_segments (created_by);
select platform.protect('messaging.provider_segments', 'organization');

create table messaging.workflow_definitions (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    name                text not null check (length(name) between 1 and 255),
    description         text,
    trigger_event       text not null check (trigger_event ~ '^[a-z$][a-z0-9_]{0,99}$'),
    conditions          jsonb not null default '{}' check (jsonb_typeof(conditions) = 'object'),
    steps               jsonb not null default '[]' check (jsonb_typeof(steps) = 'array'),
    status              text not null default 'draft',
    created_by          uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, name),
    constraint active_does_something check (status <> 'active' or steps <> '[]')
);
comment on table messaging.workflow_definitions is 'Messages that follow an event by themselves: which event, under which conditions, which steps with which delays.';
comment on column messaging.workflow_definitions.trigger_event is 'A type of event of the log.';
create index workflow_definitions_trigger on messaging.workflow_definitions (organization_id, trigger_event) where status = 'active';
create index workflow_definitions_created_by on messaging.workflow_definitions (created_by);
select platform.protect('messaging.workflow_definitions', 'organization');
select platform.states('messaging.workflow_definitions', 'status', $$
    draft > active, archived
    active > paused, archived
    paused > active, archived
    archived
$$, initial => '{draft}', told_as => 'workflow_status_changed');

create table messaging.escalation_rules (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    name                text not null check (length(name) between 1 and 255),
    level               smallint not null check (level > 0),
    wait_for            interval not null default '15 minutes' check (wait_for > '0'),
    channel             messaging.channel not null,
    contact             text not null check (length(contact) between 1 and 255),
    recipient           text not null check (length(recipient) between 1 and 255),
    is_active           boolean not null default true,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, name, level)
);
comment on table messaging.escalation_rules is 'Who is told in an emergency: a row for each level. Whoever was told and has not acknowledged in time is followed by the next level.';
comment on column messaging.escalation_rules.wait_for is 'How long this level has to acknowledge.';
comment on column messaging.escalation_rules.contact is 'Name or office of whoever is told.';
comment on column messaging.escalation_rules.recipient is 'Their address on the channel.';
select platform.protect('messaging.escalation_rules', 'organization');

create table messaging.bulk_operations (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    name                text not null check (length(name) between 1 and 255),
    template_id         uuid,
    channel             messaging.channel not null,
    audience            jsonb not null default '{}' check (jsonb_typeof(audience) = 'object'),
    total_count         bigint check (total_count >= 0),
    status              text not null default 'queued',
    started_at          timestamptz,
    finished_at         timestamptz,
    error_message       text,
    created_by          uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, template_id) references messaging.templates (organization_id, id) on delete set null (template_id)
);
comment on table messaging.bulk_operations is 'A message to many: while it does not run, its messages wait. How far it has come is counted from them.';
comment on column messaging.bulk_operations.total_count is 'How many it will be; null while that is not known.';
create index bulk_operations_template on messaging.bulk_operations (organization_id, template_id) where template_id is not null;
create index bulk_operations_status on messaging.bulk_operations (organization_id, status, created_at desc);
create index bulk_operations_created_by on messaging.bulk_operations (created_by);
select platform.protect('messaging.bulk_operations', 'organization');
select platform.states('messaging.bulk_operations', 'status', $$
    queued > running, cancelled
    running > paused, completed, cancelled, failed
    paused > running, cancelled
    completed
    cancelled
    failed
$$, initial => '{queued,running}', told_as => 'bulk_operation_changed');

create table messaging.messages (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid,

    -- to whom
    customer_id         uuid,
    channel             messaging.channel not null default 'in_app',
    recipient           text not null default '' check (length(recipient) <= 255),

    -- from what
    campaign_send_id    uuid,
    bulk_operation_id   uuid,
    escalation_rule_id  uuid,
    conversation_id     uuid,
    template_version_id uuid,
    variant             text not null default '' check (length(variant) <= 50),
    topic               text not null default 'transactional' check (topic in ('transactional', 'referral', 'pot', 'donation', 'marketing')),

    -- what
    subject             text check (length(subject) <= 500),
    body                text not null default '',
    body_html           text,
    variables           jsonb not null default '{}' check (jsonb_typeof(variables) = 'object'),

    -- when
    priority            smallint not null default 3 check (priority between 1 and 5),
    status              text not null default 'pending',
    scheduled_at        timestamptz not null default now(),
    next_attempt_at     timestamptz,
    due_at              timestamptz not null generated always as (coalesce(next_attempt_at, scheduled_at)) stored,
    expires_at          timestamptz,
    retry_count         integer not null default 0 check (retry_count >= 0),
    max_retries         integer not null default 3 check (max_retries between 0 and 20),
    worker              text check (length(worker) <= 200),
    lease_until         timestamptz,

    -- what became of it
    provider            messaging.provider,
    provider_message_id text check (length(provider_message_id) <= 255),
    provider_response   jsonb,
    sent_at             timestamptz,
    delivered_at        timestamptz,
    failed_at           timestamptz,
    opened_at           timestamptz,
    first_click_at      timestamptz,
    last_click_at       timestamptz,
    total_clicks        bigint not null default 0 check (total_clicks >= 0),
    converted_at        timestamptz,
    read_at             timestamptz,
    acknowledged_at     timestamptz,
    error_code          text check (length(error_code) <= 50),
    error_message       text,

    idempotency_key     text check (length(idempotency_key) between 1 and 200),
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),

    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete set null (workspace_id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, campaign_send_id) references messaging.campaign_sends (organization_id, id) on delete set null (campaign_send_id),
    foreign key (organization_id, bulk_operation_id) references messaging.bulk_operations (organization_id, id) on delete set null (bulk_operation_id),
    foreign key (organization_id, escalation_rule_id) references messaging.escalation_rules (organization_id, id) on delete set null (escalation_rule_id),
    foreign key (organization_id, template_version_id) references messaging.template_versions (organization_id, id),
    constraint goes_somewhere check (recipient <> '' or customer_id is not null or conversation_id is not null),
    constraint leased_while_sending check ((status = 'sending') = (lease_until is not null and worker is not null)),
    constraint sent_has_time check (status not in ('sent', 'delivered', 'bounced') or sent_at is not null),
    constraint delivered_has_time check (status <> 'delivered' or delivered_at is not null),
    constraint opened_was_delivered check (opened_at is null or delivered_at is not null),
    constraint clicked_was_opened check (first_click_at is null or opened_at is not null),
    constraint expires_after_it_is_due check (expires_at > scheduled_at)
);
comment on table messaging.messages is 'Every message of every channel: waiting, on its way, and what became of it. Written by messaging.queue or by anybody; sent by whoever claims it with messaging.claim.';
comment on column messaging.messages.recipient is 'Address on the channel: mail address, number, token. Empty where the customer or the conversation says it.';
comment on column messaging.messages.conversation_id is 'The conversation it follows up; conversations are in agents.';
comment on column messaging.messages.topic is 'What it is about, for the customer''s preferences.';
comment on column messaging.messages.body is 'The words, filled in.';
comment on column messaging.messages.priority is '1 before all others … 5 when nothing else waits.';
comment on column messaging.messages.next_attempt_at is 'When it is tried again after a failure; null before the first.';
comment on column messaging.messages.expires_at is 'After this it is of no use and not sent; an in_app message is not shown.';
comment on column messaging.messages.retry_count is 'Attempts after the first.';
comment on column messaging.messages.lease_until is 'Until then the worker has it to itself; after that another may take it.';
comment on column messaging.messages.read_at is 'When an in_app message was read.';
comment on column messaging.messages.acknowledged_at is 'When whoever was told in an emergency answered; see messaging.escalate.';
comment on column messaging.messages.idempotency_key is 'A second message with the same key is not made.';

-- What waits, and what is held, is all a worker looks at: rows that are done are in neither index.
create index messages_due on messaging.messages (priority, due_at) where status = 'pending';
create index messages_expiring on messaging.messages (expires_at) where status = 'pending' and expires_at is not null;
create index messages_leases on messaging.messages (lease_until) where status = 'sending';
create index messages_inbox on messaging.messages (organization_id, customer_id, (read_at is not null), created_at desc) where channel = 'in_app';
create index messages_customer on messaging.messages (organization_id, customer_id, created_at desc) where customer_id is not null;
create index messages_channel on messaging.messages (organization_id, channel, created_at desc);
create index messages_template on messaging.messages (organization_id, template_version_id) where template_version_id is not null;
create index messages_campaign_send on messaging.messages (organization_id, campaign_send_id) where campaign_send_id is not null;
create index messages_bulk on messaging.messages (organization_id, bulk_operation_id, status) where bulk_operation_id is not null;
create index messages_escalation on messaging.messages (organization_id, escalation_rule_id) where escalation_rule_id is not null;
create index messages_unanswered on messaging.messages (sent_at) where escalation_rule_id is not null and acknowledged_at is null;
create index messages_conversation on messaging.messages (organization_id, conversation_id) where conversation_id is not null;
create index messages_workspace on messaging.messages (organization_id, workspace_id) where workspace_id is not null;
create index messages_provider_id on messaging.messages (organization_id, provider_message_id) where provider_message_id is not null;
create unique index messages_idempotency on messaging.messages (organization_id, idempotency_key) where idempotency_key is not null;
select platform.protect('messaging.messages', 'organization');
select platform.states('messaging.messages', 'status', $$
    pending > sending, sent, delivered, failed, bounced, cancelled
    sending > pending, sent, delivered, failed, bounced, cancelled
    sent > delivered, failed, bounced
    delivered > bounced
    failed > pending
    bounced
    cancelled
$$, initial => '{pending,sent,delivered,failed,bounced}', told_as => 'message_changed', about => 'customer_id');
select customers.reference('messaging.messages', 'customer_id', on_merge => 'move', on_erase => 'delete');

create table messaging.notices (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    user_id             uuid not null references platform.platform_users (id) on delete cascade,
    audience            text not null default 'person' check (audience in ('person', 'administrators')),
    type                text not null check (length(type) between 1 and 100),
    title               text not null check (length(title) <= 500),
    message             text not null,
    data                jsonb check (jsonb_typeof(data) = 'object'),
    read                boolean not null default false,
    read_at             timestamptz,
    sent_at             timestamptz not null default now(),
    expires_at          timestamptz,
    primary key (organization_id, id),
    constraint read_has_time check (read = (read_at is not null)),
    constraint expires_after_it_is_sent check (expires_at > sent_at)
);
comment on table messaging.notices is 'Notices to one person of the staff, shown in the console; only that person sees them. Written by messaging.notify.';
comment on column messaging.notices.audience is 'administrators: each of them was told, with a row of their own.';
comment on column messaging.notices.read is 'Written together with read_at: either sets the other.';
create index notices_unread_first on messaging.notices (user_id, organization_id, read, sent_at desc);
select platform.protect('messaging.notices', 'own', 'user_id');
-- messaging.notify runs as the owner: people are told by others, not only by themselves.
create policy owner on messaging.notices for insert to clientele_owner with check (true);

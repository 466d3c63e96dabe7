-- Channels: who carries messages, with which settings and secrets, and what comes back from them.

create table messaging.providers (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    name                text not null check (length(name) between 1 and 100),
    provider            messaging.provider not null,
    channels            text[] not null check (channels <> '{}' and channels <@ '{email,sms,whatsapp,push,web_push,in_app,direct_mail}'),
    place               smallint not null default 1 check (place > 0),
    is_enabled          boolean not null default true,
    health              text not null default 'healthy' check (health in ('healthy', 'degraded', 'down')),
    health_since        timestamptz not null default now(),
    settings            jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, name)
);
comment on table messaging.providers is 'Gateways that carry messages. Their secrets are in messaging.credentials, which the application cannot read.';
comment on column messaging.providers.place is 'Which is asked first: the lowest that is enabled and not down.';
select platform.protect('messaging.providers', 'organization');

create table messaging.channel_settings (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid,
    channel             messaging.channel not null,
    provider_id         uuid,
    sender_name         text check (length(sender_name) <= 255),
    sender_address      text check (length(sender_address) <= 255),
    retry_after         interval not null default '1 minute' check (retry_after between '1 second' and '1 day'),
    respects_quiet_hours boolean not null default true,
    is_enabled          boolean not null default true,
    settings            jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique nulls not distinct (organization_id, workspace_id, channel),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, provider_id) references messaging.providers (organization_id, id) on delete set null (provider_id)
);
comment on table messaging.channel_settings is 'How a channel is used by the organization or, where a workspace has its own row, by that workspace.';
comment on column messaging.channel_settings.retry_after is 'The wait before the first retry; each further one waits twice as long as the one before.';
create index channel_settings_provider on messaging.channel_settings (organization_id, provider_id) where provider_id is not null;
select platform.protect('messaging.channel_settings', 'organization');

create table messaging.credentials (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid not null,
    service             text not null check (service in ('whatsapp', 'instagram', 'provider')),
    provider_id         uuid,
    account_id          text check (length(account_id) <= 255),
    access_token        bytea not null,
    refresh_token       bytea,
    token_type          text not null default 'bearer' check (length(token_type) <= 50),
    scopes              text[] not null default '{}',
    expires_at          timestamptz not null default 'infinity',
    connected_at        timestamptz not null default now(),
    last_used_at        timestamptz,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique nulls not distinct (organization_id, workspace_id, service, provider_id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, provider_id) references messaging.providers (organization_id, id) on delete cascade,
    constraint provider_of_service check ((service = 'provider') = (provider_id is not null)),
    constraint instagram_has_account check (service <> 'instagram' or account_id is not null)
);
comment on table messaging.credentials is 'Secrets for sending, one set for each workspace and service. Only the platform''s own workers read it.';
comment on column messaging.credentials.access_token is 'Encrypted before it comes here; the key is not in the database.';
comment on column messaging.credentials.expires_at is 'When a new token must have been fetched; infinity for keys that do not expire.';
create index credentials_expiry on messaging.credentials (expires_at) where expires_at < 'infinity';
create index credentials_provider on messaging.credentials (organization_id, provider_id) where provider_id is not null;
select platform.protect('messaging.credentials', 'service');

create table messaging.webhook_calls (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid,
    direction           text not null default 'inbound' check (direction in ('inbound', 'outbound')),
    provider            text not null check (length(provider) between 1 and 50),
    provider_event_id   text not null check (length(provider_event_id) between 1 and 255),
    event_type          text not null check (length(event_type) <= 100),
    payload             jsonb not null,
    url                 text,
    response_status     smallint check (response_status between 100 and 599),
    processed_at        timestamptz,
    error_message       text,
    attempts            bigint not null default 0 check (attempts >= 0),
    received_at         timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, provider, provider_event_id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete set null (workspace_id)
);
comment on table messaging.webhook_calls is 'Calls from and to providers as they came and went, for finding out what happened; purged after a while. Not for payments, which giving and billing keep.';
comment on column messaging.webhook_calls.provider_event_id is 'The provider''s own id, so that a repeat is known; a call without one is known by the SHA-256 of its payload.';
comment on column messaging.webhook_calls.processed_at is 'Null: still to be worked on.';
create index webhook_calls_waiting on messaging.webhook_calls (received_at) where processed_at is null and direction = 'inbound';
create index webhook_calls_type on messaging.webhook_calls (organization_id, event_type, received_at desc);
create index webhook_calls_age on messaging.webhook_calls (received_at);
create index webhook_calls_payload on messaging.webhook_calls using gin (payload jsonb_path_ops);
create index webhook_calls_workspace on messaging.webhook_calls (organization_id, workspace_id) where workspace_id is not null;
select platform.protect('messaging.webhook_calls', 'service');

create table messaging.reply_windows (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid not null,
    customer_id         uuid,
    phone_number        text not null check (phone_number ~ '^\+?[0-9]{6,15}$'),
    window_opened_at    timestamptz not null default now(),
    window_expires_at   timestamptz not null default now() + interval '24 hours',
    last_message_at     timestamptz not null default now(),
    messages_sent       bigint not null default 0 check (messages_sent >= 0),
    created_at          timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade,
    constraint opens_before_it_closes check (window_expires_at > window_opened_at),
    constraint one_window_at_a_time exclude using gist
        (organization_id with =, workspace_id with =, phone_number with =, tstzrange(window_opened_at, window_expires_at) with &&)
);
comment on table messaging.reply_windows is 'When somebody who wrote on WhatsApp may be answered in free words. Whether a window is open is a question of the time, so it is not stored: an old one cannot stand in the way of the next.';
comment on column messaging.reply_windows.window_expires_at is '24 hours after the last message that came in.';
comment on column messaging.reply_windows.last_message_at is 'The last message that came in.';
create index reply_windows_expiry on messaging.reply_windows (window_expires_at);
create index reply_windows_customer on messaging.reply_windows (organization_id, customer_id) where customer_id is not null;
select platform.protect('messaging.reply_windows', 'organization');
select customers.reference('messaging.reply_windows', 'customer_id', on_merge => 'move', on_erase => 'delete');

create table messaging.whatsapp_templates (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid not null,
    template_id         text not null check (length(template_id) between 1 and 255),
    template_version_id uuid,
    name                text not null check (length(name) between 1 and 512),
    language            text not null check (length(language) between 2 and 20),
    category            text not null check (length(category) between 1 and 50),
    components          jsonb not null check (jsonb_typeof(components) in ('array', 'object')),
    status              text not null default 'pending',
    created_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, workspace_id, template_id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    foreign key (organization_id, template_version_id) references messaging.template_versions (organization_id, id) on delete set null (template_version_id)
);
comment on table messaging.whatsapp_templates is 'Words registered with WhatsApp, and whether it took them. Only what it approved may be sent outside a reply window.';
comment on column messaging.whatsapp_templates.template_id is 'WhatsApp''s id.';
comment on column messaging.whatsapp_templates.template_version_id is 'The version of our own that was registered.';
create index whatsapp_templates_status on messaging.whatsapp_templates (organization_id, status);
create index whatsapp_templates_version on messaging.whatsapp_templates (organization_id, template_version_id) where template_version_id is not null;
select platform.protect('messaging.whatsapp_templates', 'organization');
select platform.states('messaging.whatsapp_templates', 'status', $$
    pending > approved, rejected
    approved > pending, rejected
    rejected > pending
$$);

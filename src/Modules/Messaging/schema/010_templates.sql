-- Templates: what messages are made of.
--
-- A template is a purpose ("referral_accepted") with a key, a category and its declared variables. Its words are versions,
-- one row for each language and number: draft, published, retired. A translation is a version in another language, so it
-- is approved, checked and rolled back like any other. Words that were published are never changed: a message that was
-- sent can always be shown as it was written.

comment on schema messaging is 'Templates, campaigns, the queue of messages, and what people want to receive.';
grant usage on schema messaging to clientele_app, clientele_service, clientele_readonly;

create domain messaging.channel as text check (value in ('email', 'sms', 'whatsapp', 'push', 'web_push', 'in_app', 'direct_mail'));
comment on domain messaging.channel is 'The way a message takes.';

create domain messaging.provider as text check (value in
    ('sendgrid', 'mailchimp', 'resend', 'mailgun', 'postmark', 'ses', 'smtp', 'twilio', 'msg91', 'kaleyra', 'whatsapp_business', 'instagram',
     'fcm', 'apns', 'web_push', 'post', 'platform'));
comment on domain messaging.provider is 'Who carries a message out of the house; "platform" for what never leaves it (in_app), "post" for letters.';

create domain messaging.locale as text check (value ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$');
comment on domain messaging.locale is 'Language tag, e.g. en or fr-SN.';

create table messaging.templates (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    workspace_id        uuid,
    template_key        text not null default gen_random_uuid()::text check (length(template_key) between 1 and 100),
    name                text not null check (length(name) between 1 and 255),
    description         text,
    category            text not null default 'transactional' check (category in
                            ('transactional', 'marketing', 'support', 'system', 'lifecycle', 'promotional',
                             'patient_care', 'device_instruction', 'adverse_event', 'clinical_alert',
                             'provider_notification', 'training_material', 'compliance_report',
                             'regulatory_filing', 'safety_alert', 'recall_notification', 'audit_communication',
                             'bulk_order', 'certification_update', 'partnership_communication')),
    channels            text[] not null default '{email}' check (channels <> '{}' and channels <@ '{email,sms,whatsapp,push,web_push,in_app,direct_mail}'),
    default_locale      messaging.locale not null default 'en',
    requires_approval   boolean not null default false,
    status              text not null default 'active',
    details             jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
    created_by          uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, template_key),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete set null (workspace_id)
);
comment on table messaging.templates is 'What messages are made of: a purpose, its key, category and channels. Its words are in template_versions.';
comment on column messaging.templates.template_key is 'The name code asks for it by.';
comment on column messaging.templates.category is 'The one category it belongs to; each has a view of its own in pocm.';
comment on column messaging.templates.default_locale is 'The language to fall back to when the wanted one is missing.';
comment on column messaging.templates.requires_approval is 'A version that is not approved can be neither published nor queued.';
comment on column messaging.templates.details is 'What only this category has: a recall class, an authority, a training course.';
create index templates_category on messaging.templates (organization_id, category, name);
create index templates_workspace on messaging.templates (organization_id, workspace_id) where workspace_id is not null;
create index templates_created_by on messaging.templates (created_by);
select platform.protect('messaging.templates', 'organization');
select platform.states('messaging.templates', 'status', $$
    active > archived
    archived > active
$$);

create table messaging.template_versions (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    template_id         uuid not null,
    locale              messaging.locale not null,
    version             integer not null check (version > 0),
    subject             text check (length(subject) <= 500),
    body_text           text not null,
    body_html           text,
    content             jsonb not null default '{}' check (jsonb_typeof(content) = 'object'),
    status              text not null default 'draft',
    change_note         text check (length(change_note) <= 500),
    published_at        timestamptz,
    published_by        uuid references platform.platform_users (id) on delete set null,
    retired_at          timestamptz,
    created_by          uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, template_id, locale, version),
    foreign key (organization_id, template_id) references messaging.templates (organization_id, id) on delete cascade,
    constraint published_has_time check (status <> 'published' or published_at is not null)
);
comment on table messaging.template_versions is 'The words of a template: one row for each language and number. One of each language is published; published words are never changed.';
comment on column messaging.template_versions.locale is 'The template''s own language when left out.';
comment on column messaging.template_versions.version is 'The next number of its language when left out.';
comment on column messaging.template_versions.content is 'What other channels need beside words: buttons, a title for a push, attachments.';
create unique index template_versions_published on messaging.template_versions (organization_id, template_id, locale) where status = 'published';
create index template_versions_published_by on messaging.template_versions (published_by);
create index template_versions_created_by on messaging.template_versions (created_by);
select platform.protect('messaging.template_versions', 'organization');
-- A retired version comes back by a rollback.
select platform.states('messaging.template_versions', 'status', $$
    draft > published, retired
    published > retired
    retired > published
$$, initial => '{draft}', told_as => 'template_version_changed');

create table messaging.template_variables (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    template_id         uuid not null,
    name                text not null check (name ~ '^[A-Za-z_][A-Za-z0-9_.]{0,99}$'),
    type                text not null default 'string' check (type in ('string', 'number', 'boolean', 'date', 'datetime', 'url', 'email', 'array', 'object')),
    is_required         boolean not null default true,
    default_value       jsonb,
    description         text,
    example             text,
    created_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, template_id, name),
    foreign key (organization_id, template_id) references messaging.templates (organization_id, id) on delete cascade
);
comment on table messaging.template_variables is 'The places in a template''s words that are filled in, {{name}}. A version with one that is not declared here cannot be published.';
comment on column messaging.template_variables.is_required is 'Without a value and without a default, nothing is rendered.';
select platform.protect('messaging.template_variables', 'organization');

create table messaging.template_variants (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    template_version_id uuid not null,
    name                text not null check (length(name) between 1 and 50),
    subject             text check (length(subject) <= 500),
    body_text           text,
    body_html           text,
    share               platform.rate not null,
    is_winner           boolean not null default false,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, template_version_id, name),
    foreign key (organization_id, template_version_id) references messaging.template_versions (organization_id, id) on delete cascade
);
comment on table messaging.template_variants is 'Other wordings of a version, each for a share of its messages; the version''s own words have what is left. What is null is as in the version.';
comment on column messaging.template_variants.is_winner is 'All further messages of the version use this wording.';
create unique index template_variants_winner on messaging.template_variants (organization_id, template_version_id) where is_winner;
select platform.protect('messaging.template_variants', 'organization');

create table messaging.template_tags (
    organization_id     uuid not null,
    template_id         uuid not null,
    tag                 text not null check (length(tag) between 1 and 100),
    created_at          timestamptz not null default now(),
    primary key (organization_id, template_id, tag),
    foreign key (organization_id, template_id) references messaging.templates (organization_id, id) on delete cascade
);
comment on table messaging.template_tags is 'Words to find templates by.';
create index template_tags_tag on messaging.template_tags (organization_id, tag);
select platform.protect('messaging.template_tags', 'organization');

create table messaging.template_approvals (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    template_version_id uuid not null,
    step                text not null default 'review' check (length(step) between 1 and 100),
    authority           text check (length(authority) <= 100),
    status              text not null default 'pending',
    requested_by        uuid default platform.actor() references platform.platform_users (id) on delete set null,
    requested_at        timestamptz not null default now(),
    decided_by          uuid references platform.platform_users (id) on delete set null,
    decided_at          timestamptz,
    comment             text,
    primary key (organization_id, id),
    unique (organization_id, template_version_id, step),
    foreign key (organization_id, template_version_id) references messaging.template_versions (organization_id, id) on delete cascade,
    constraint decided_has_time check ((status = 'pending') = (decided_at is null))
);
comment on table messaging.template_approvals is 'The steps by which a version is approved: it is when there is one and all are.';
comment on column messaging.template_approvals.authority is 'Whom a regulator''s or a department''s step is for.';
create index template_approvals_requested_by on messaging.template_approvals (requested_by);
create index template_approvals_decided_by on messaging.template_approvals (decided_by);
select platform.protect('messaging.template_approvals', 'organization');
select platform.states('messaging.template_approvals', 'status', $$
    pending > approved, rejected
    approved > pending
    rejected > pending
$$, initial => '{pending}', told_as => 'template_approval_changed');

create table messaging.compliance_validations (
    organization_id     uuid not null,
    id                  uuid not null default gen_random_uuid(),
    template_version_id uuid not null,
    regulation          text not null check (regulation in ('hipaa', 'fda', 'gdpr', 'tcpa', 'can_spam', 'internal')),
    result              text not null check (result in ('passed', 'warning', 'failed')),
    findings            jsonb not null default '[]' check (jsonb_typeof(findings) = 'array'),
    checked_by          uuid default platform.actor() references platform.platform_users (id) on delete set null,
    checked_at          timestamptz not null default clock_timestamp(),
    primary key (organization_id, id),
    foreign key (organization_id, template_version_id) references messaging.template_versions (organization_id, id) on delete cascade
);
comment on table messaging.compliance_validations is 'Checks of a version against a regulation, only ever added to. The newest of each regulation counts: one that failed stops the version from being published.';
comment on column messaging.compliance_validations.checked_by is 'Null: checked by the platform.';
create index compliance_validations_newest on messaging.compliance_validations (organization_id, template_version_id, regulation, checked_at desc);
create index compliance_validations_checked_by on messaging.compliance_validations (checked_by);
select platform.protect('messaging.compliance_validations', 'organization');
select platform.only_added_to('messaging.compliance_validations');

create table messaging.media_assets (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    template_id         uuid,
    kind                text not null check (kind in ('image', 'video', 'audio', 'document', 'attachment')),
    file_name           text not null check (length(file_name) between 1 and 255),
    content_type        text not null check (content_type ~ '^[a-z]+/[A-Za-z0-9.+-]+$'),
    byte_size           bigint not null check (byte_size >= 0),
    sha256              bytea check (length(sha256) = 32),
    url                 text not null,
    alternative_text    text check (length(alternative_text) <= 500),
    width               integer check (width > 0),
    height              integer check (height > 0),
    created_by          uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at          timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, template_id) references messaging.templates (organization_id, id) on delete set null (template_id)
);
comment on table messaging.media_assets is 'Pictures, films and attachments of templates. The bytes are a file; here is where it is and what it is.';
comment on column messaging.media_assets.sha256 is 'Of the bytes: the same picture need not be kept twice.';
create index media_assets_template on messaging.media_assets (organization_id, template_id) where template_id is not null;
create index media_assets_created_by on messaging.media_assets (created_by);
select platform.protect('messaging.media_assets', 'organization');

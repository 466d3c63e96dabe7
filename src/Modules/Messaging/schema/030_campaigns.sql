-- Campaigns and their sends.
--
-- A send is one campaign's message to one customer, once. Its row takes from the campaign's limits when it is made, and
-- the campaign's totals change in the same transaction, in a row of their own: counting neither rewrites the wide campaign
-- nor waits for whoever edits it.

create function messaging.is_ab_test(config jsonb) returns boolean
    language sql immutable parallel safe
    as $$
        select case when jsonb_typeof(config) <> 'object' or coalesce(jsonb_typeof(config -> 'variants'), '') <> 'array' then false
        else coalesce((
                select count(*) >= 2 and count(distinct v ->> 'name') = count(*)
                   and bool_and(jsonb_typeof(v -> 'percentage') = 'number' and (v ->> 'percentage')::numeric between 0 and 100)
                   and sum(case when jsonb_typeof(v -> 'percentage') = 'number' then (v ->> 'percentage')::numeric end) = 100
                from jsonb_array_elements(config -> 'variants') v), false)
             and coalesce(jsonb_typeof(config -> 'test_duration_hours') = 'number' and (config ->> 'test_duration_hours')::numeric > 0, not config ? 'test_duration_hours')
             and coalesce(config ->> 'winning_metric' in ('delivery_rate', 'open_rate', 'click_rate', 'conversion_rate'), not config ? 'winning_metric')
        end
    $$;
comment on function messaging.is_ab_test(jsonb) is
    'Is this the configuration of an A/B test: two variants or more with names of their own, whose percentages add up to 100; test_duration_hours above 0; winning_metric one of the rates.';

create table messaging.campaigns (
    organization_id         uuid not null references platform.organizations (id) on delete cascade,
    id                      uuid not null default gen_random_uuid(),
    name                    text not null check (length(name) between 1 and 255),
    description             text,

    campaign_type           text not null check (campaign_type in ('email', 'sms', 'push_notification', 'in_app', 'web_push', 'direct_mail')),
    channel                 text not null check (length(channel) <= 50),

    status                  text not null default 'draft',
    start_date              timestamptz,
    end_date                timestamptz,

    subject_line            text check (length(subject_line) <= 500),
    content_template_id     uuid,
    content_variables       jsonb not null default '{}' check (jsonb_typeof(content_variables) = 'object'),
    message_content         jsonb not null check (jsonb_typeof(message_content) = 'object'),

    target_audience_type    text not null default 'segment' check (target_audience_type in ('all_customers', 'segment', 'custom_filter', 'uploaded_list')),
    target_filters          jsonb check (jsonb_typeof(target_filters) = 'object'),

    send_immediately        boolean not null default false,
    scheduled_send_time     timestamptz,
    timezone_send           boolean not null default false,
    frequency_cap           jsonb check (jsonb_typeof(frequency_cap) = 'object'),

    is_ab_test              boolean not null default false,
    ab_test_config          jsonb,

    budget                  platform.money check (budget >= 0),
    cost_per_send           platform.unit_price check (cost_per_send >= 0),
    max_sends               bigint check (max_sends >= 0),
    daily_send_limit        bigint check (daily_send_limit >= 0),

    external_campaign_id    text check (length(external_campaign_id) <= 255),
    service_provider        text check (length(service_provider) <= 100),

    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    created_by              uuid default platform.actor() references platform.platform_users (id) on delete set null,
    updated_by              uuid default platform.actor() references platform.platform_users (id) on delete set null,

    approval_status         text not null default 'draft',
    approved_by             uuid references platform.platform_users (id) on delete set null,
    approved_at             timestamptz,
    rejection_reason        text,

    primary key (organization_id, id),
    foreign key (organization_id, content_template_id) references messaging.templates (organization_id, id),
    constraint ends_after_it_starts check (end_date > start_date),
    constraint shares_are_whole check (ab_test_config is null or messaging.is_ab_test(ab_test_config)),
    constraint test_is_described check (not is_ab_test or ab_test_config is not null),
    constraint only_approved_runs check (status in ('draft', 'cancelled') or approval_status = 'approved'),
    constraint approved_has_time check (approval_status <> 'approved' or approved_at is not null),
    constraint rejected_has_reason check (approval_status <> 'rejected' or coalesce(rejection_reason, '') <> ''),
    constraint filter_is_there check (status in ('draft', 'cancelled') or target_audience_type <> 'custom_filter' or target_filters is not null)
);
comment on table messaging.campaigns is 'A marketing campaign: what is sent to whom, when, and who approved it. What came of it is in campaign_totals, the segments it is for in campaign_segments.';
comment on column messaging.campaigns.message_content is 'subject, html_body, text_body, sender_name, sender_email, attachments, personalization. Cannot be changed while the campaign is approved.';
comment on column messaging.campaigns.timezone_send is 'Send at that time of the recipient''s own day.';
comment on column messaging.campaigns.ab_test_config is 'variants [{name, percentage, subject}], whose percentages add up to 100; test_duration_hours, winning_metric, auto_select_winner.';
comment on column messaging.campaigns.budget is 'In the organization''s currency.';
comment on column messaging.campaigns.cost_per_send is 'In the organization''s currency.';
comment on column messaging.campaigns.max_sends is 'Sends there may ever be; no more rows of campaign_sends are taken than that.';
comment on column messaging.campaigns.daily_send_limit is 'Sends a day, in the organization''s zone.';
comment on column messaging.campaigns.approved_by is 'Must be known when it is approved; null afterwards only because that person''s account was deleted.';
create index campaigns_status on messaging.campaigns (organization_id, status, start_date desc);
create index campaigns_dates on messaging.campaigns (organization_id, start_date, end_date);
create index campaigns_to_approve on messaging.campaigns (organization_id, updated_at) where approval_status = 'pending_approval';
create index campaigns_template on messaging.campaigns (organization_id, content_template_id) where content_template_id is not null;
create index campaigns_created_by on messaging.campaigns (created_by);
create index campaigns_updated_by on messaging.campaigns (updated_by);
create index campaigns_approved_by on messaging.campaigns (approved_by);
select platform.protect('messaging.campaigns', 'organization');
select platform.states('messaging.campaigns', 'status', $$
    draft > scheduled, active, cancelled
    scheduled > draft, active, cancelled
    active > paused, completed, cancelled
    paused > active, completed, cancelled
    completed
    cancelled
$$, initial => '{draft}', told_as => 'campaign_status_changed');
select platform.states('messaging.campaigns', 'approval_status', $$
    draft > pending_approval
    pending_approval > approved, rejected, draft
    approved > draft
    rejected > draft, pending_approval
$$, initial => '{draft}', told_as => 'campaign_approval_changed');

create table messaging.campaign_segments (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    campaign_id     uuid not null,
    segment_id      uuid not null,
    role            text not null default 'target' check (role in ('target', 'exclusion')),
    primary key (organization_id, campaign_id, segment_id),
    -- Deferred: whoever makes a campaign together with its segments may write them in either order.
    foreign key (organization_id, campaign_id) references messaging.campaigns (organization_id, id) on delete cascade deferrable initially deferred,
    foreign key (organization_id, segment_id) references analytics.segments (organization_id, id)
);
comment on table messaging.campaign_segments is 'The segments a campaign is for and those it leaves out. A segment that a campaign names cannot be deleted: to lose an exclusion would be to write to those who must not be written to.';
create index campaign_segments_segment on messaging.campaign_segments (organization_id, segment_id);
select platform.protect('messaging.campaign_segments', 'organization');

create table messaging.campaign_sends (
    organization_id         uuid not null references platform.organizations (id) on delete cascade,
    id                      uuid not null default gen_random_uuid(),
    campaign_id             uuid not null,
    customer_id             uuid not null,

    send_status             text not null default 'queued',
    sent_at                 timestamptz,
    delivered_at            timestamptz,

    opened_at               timestamptz,
    first_click_at          timestamptz,
    last_click_at           timestamptz,
    total_clicks            bigint not null default 0 check (total_clicks >= 0),
    unsubscribed_at         timestamptz,
    complained_at           timestamptz,

    converted_at            timestamptz,
    conversion_value        platform.money check (conversion_value >= 0),
    conversion_event        text check (length(conversion_event) <= 100),

    variant                 text not null default '' check (length(variant) <= 50),

    subject_line            text check (length(subject_line) <= 500),
    personalized_content    jsonb check (jsonb_typeof(personalized_content) = 'object'),
    message_size_bytes      integer check (message_size_bytes >= 0),

    recipient_email         text check (length(recipient_email) <= 255),
    recipient_phone         text check (length(recipient_phone) <= 20),
    delivery_attempt        integer not null default 1 check (delivery_attempt > 0),
    bounce_reason           text check (length(bounce_reason) <= 500),
    failure_reason          text,

    external_message_id     text check (length(external_message_id) <= 255),
    service_provider        text check (length(service_provider) <= 100),

    created_at              timestamptz not null default now(),

    primary key (organization_id, id),
    -- Once, in whichever variant.
    unique (organization_id, campaign_id, customer_id),
    -- Deleting a campaign does not delete what was sent to people.
    foreign key (organization_id, campaign_id) references messaging.campaigns (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    constraint sent_has_time check (send_status not in ('sent', 'delivered', 'bounced') or sent_at is not null),
    constraint delivered_has_time check (send_status <> 'delivered' or delivered_at is not null),
    constraint opened_was_delivered check (opened_at is null or delivered_at is not null),
    constraint clicked_was_opened check (first_click_at is null or opened_at is not null),
    constraint clicks_have_times check ((total_clicks = 0 and last_click_at is null) or first_click_at is not null),
    constraint clicks_in_order check (last_click_at >= first_click_at),
    constraint converted_was_sent check (converted_at is null or sent_at is not null),
    constraint value_of_conversion check (conversion_value is null or converted_at is not null)
);
comment on table messaging.campaign_sends is 'One campaign''s message to one customer, and what came of it.';
comment on column messaging.campaign_sends.opened_at is 'A click counts as an opening, and an opening as a delivery: pictures are often blocked, and reports come in any order.';
comment on column messaging.campaign_sends.total_clicks is 'All clicks; rates count people who clicked.';
comment on column messaging.campaign_sends.conversion_value is 'In the organization''s currency.';
comment on column messaging.campaign_sends.variant is 'Name of the A/B variant; empty without a test.';
create index campaign_sends_customer on messaging.campaign_sends (organization_id, customer_id, created_at desc);
create index campaign_sends_status on messaging.campaign_sends (organization_id, campaign_id, send_status, sent_at);
create index campaign_sends_sent on messaging.campaign_sends (organization_id, sent_at) where sent_at is not null;
create index campaign_sends_converted on messaging.campaign_sends (organization_id, converted_at) where converted_at is not null;
create index campaign_sends_external on messaging.campaign_sends (organization_id, external_message_id) where external_message_id is not null;
select platform.protect('messaging.campaign_sends', 'organization');
select platform.states('messaging.campaign_sends', 'send_status', $$
    queued > sent, delivered, bounced, failed, rejected
    sent > delivered, bounced, failed, rejected
    delivered > bounced
    failed > queued
    bounced
    rejected
$$, told_as => 'campaign_send_changed', about => 'customer_id');
select customers.reference('messaging.campaign_sends', 'customer_id', on_merge => 'move', on_erase => 'keep',
    personal => '{recipient_email,recipient_phone,subject_line,personalized_content,bounce_reason,failure_reason}');

create table messaging.campaign_totals (
    organization_id             uuid not null,
    campaign_id                 uuid not null,
    total_targeted              bigint not null default 0,
    total_sent                  bigint not null default 0,
    total_delivered             bigint not null default 0,
    total_bounced               bigint not null default 0,
    total_opened                bigint not null default 0,
    total_clicked               bigint not null default 0,
    total_unsubscribed          bigint not null default 0,
    total_converted             bigint not null default 0,
    -- A sum has no limit of its own.
    total_revenue_attributed    numeric not null default 0,
    primary key (organization_id, campaign_id),
    foreign key (organization_id, campaign_id) references messaging.campaigns (organization_id, id) on delete cascade
);
comment on table messaging.campaign_totals is 'What came of a campaign''s sends, changed in the transaction that changes them; see messaging.campaign_drift. People, not clicks or openings, are counted.';
select platform.protect('messaging.campaign_totals', 'organization');
revoke insert, update, delete on messaging.campaign_totals from clientele_app;
-- The trigger that keeps it runs as the owner.
create policy owner on messaging.campaign_totals to clientele_owner using (true) with check (true);

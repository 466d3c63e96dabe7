-- Giving: pots and the money in them.
--
-- A pot opens 30 days before the birthday, at midnight of its own time zone; one made later opens at once. What was raised
-- is never stored: it is the sum of the donations that succeeded, less what was given back (giving.pot_figures).

create table giving.pots (
    organization_id           uuid not null references platform.organizations (id) on delete cascade,
    id                        uuid not null default gen_random_uuid(),
    owner_id                  uuid not null,
    title                     text not null default '' check (length(title) <= 255),
    description               text,
    target_amount_cfa         bigint not null check (target_amount_cfa > 0),
    birthday_date             date not null,
    time_zone                 platform.time_zone not null default 'Africa/Dakar',
    scheduled_open_at         timestamptz not null,
    actual_opened_at          timestamptz,
    closed_at                 timestamptz,
    status                    text not null default 'scheduled',
    visibility                text not null default 'private' check (visibility in ('private', 'public', 'friends_only')),
    preferred_pack_id         uuid,
    allow_anonymous_donations boolean not null default true,
    show_donor_names          boolean not null default true,
    enable_messages           boolean not null default true,
    share_count               bigint not null default 0 check (share_count >= 0),
    view_count                bigint not null default 0 check (view_count >= 0),
    cover_image_url           text check (length(cover_image_url) <= 500),
    gallery_images            jsonb check (jsonb_typeof(gallery_images) = 'array'),
    created_from_referral_id  uuid,
    created_at                timestamptz not null default now(),
    updated_at                timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, owner_id) references customers.customers (organization_id, id),
    foreign key (organization_id, preferred_pack_id) references giving.packs (organization_id, id) on delete set null (preferred_pack_id),
    foreign key (organization_id, created_from_referral_id) references growth.referrals (organization_id, id),
    constraint opens_before_birthday check (scheduled_open_at <= (birthday_date - 1)::timestamp at time zone time_zone),
    constraint opened_has_time check (status = 'scheduled' or actual_opened_at is not null),
    constraint closed_has_time check ((status = 'closed') = (closed_at is not null))
);
comment on table giving.pots is 'A birthday pot: friends give towards its target. Amounts are in CFA francs (XOF).';
comment on column giving.pots.birthday_date is 'Left out: the next birthday of the owner, when the date of birth is known. Born on 29 February: 28 February in other years.';
comment on column giving.pots.time_zone is 'Whose midnight counts.';
comment on column giving.pots.scheduled_open_at is 'Thirty days before the birthday at 00:00, or the moment it was made if that is later; worked out by the table.';
create index pots_owner on giving.pots (organization_id, owner_id, birthday_date desc);
create index pots_pack on giving.pots (organization_id, preferred_pack_id) where preferred_pack_id is not null;
create index pots_referral on giving.pots (organization_id, created_from_referral_id) where created_from_referral_id is not null;
create index pots_to_open on giving.pots (scheduled_open_at) where status = 'scheduled';
create index pots_to_expire on giving.pots (birthday_date) where status = 'open';
select platform.protect('giving.pots', 'organization');
-- A code is issued as the owner, and asks whose pot it is for.
create policy owner on giving.pots for select to clientele_owner using (true);
select platform.states('giving.pots', 'status', $$
    scheduled > open
    open > funded, expired
    funded > closed
    expired > closed
    closed
$$, initial => '{scheduled, open}', told_as => 'pot_changed', about => 'owner_id');
select customers.reference('giving.pots', 'owner_id', on_merge => 'move', on_erase => 'keep', personal => '{title, description, cover_image_url, gallery_images}');

alter table growth.points_conversions add constraint applied_to_pot foreign key (organization_id, applied_to_pot_id)
    references giving.pots (organization_id, id);

create table giving.pot_invitations (
    organization_id      uuid not null,
    id                   uuid not null default gen_random_uuid(),
    pot_id               uuid not null,
    invited_by_id        uuid not null,
    invitation_method    text not null check (invitation_method in ('whatsapp', 'sms', 'email', 'social')),
    recipient_identifier text not null check (length(recipient_identifier) between 1 and 255),
    custom_message       text,
    sent_at              timestamptz not null default now(),
    opened_at            timestamptz,
    clicked_at           timestamptz,
    created_at           timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, pot_id) references giving.pots (organization_id, id) on delete cascade,
    foreign key (organization_id, invited_by_id) references customers.customers (organization_id, id),
    constraint clicks_after_sent check (clicked_at >= sent_at and opened_at >= sent_at)
);
comment on table giving.pot_invitations is 'Who was invited to a pot, how, and whether they came to look.';
comment on column giving.pot_invitations.recipient_identifier is 'Phone, address or name at the network.';
create index pot_invitations_pot on giving.pot_invitations (organization_id, pot_id, sent_at desc);
create index pot_invitations_by on giving.pot_invitations (organization_id, invited_by_id);
select platform.protect('giving.pot_invitations', 'organization');
select customers.reference('giving.pot_invitations', 'invited_by_id', on_merge => 'move', on_erase => 'delete');

create table giving.pot_days (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    pot_id          uuid not null,
    snapshot_date   date not null,
    view_count      bigint not null default 0 check (view_count >= 0),
    share_count     bigint not null default 0 check (share_count >= 0),
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, pot_id, snapshot_date),
    foreign key (organization_id, pot_id) references giving.pots (organization_id, id) on delete cascade
);
comment on table giving.pot_days is 'How often a pot was seen and shared by the end of a day. What it had raised by then is summed from the donations.';
select platform.protect('giving.pot_days', 'organization');

-- ---------------------------------------------------------------------------------------------------------
-- Donations

create table giving.donations (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    pot_id              uuid not null,
    donor_id            uuid,
    donor_name          text check (length(donor_name) <= 255),
    donor_phone         text check (length(donor_phone) <= 20),
    amount_cfa          bigint not null check (amount_cfa > 0),
    refunded_cfa        bigint not null default 0 check (refunded_cfa >= 0),
    wave_transaction_id text check (length(wave_transaction_id) between 1 and 100),
    wave_payment_url    text,
    status              text not null default 'pending',
    initiated_at        timestamptz not null default now(),
    wave_notified_at    timestamptz,
    confirmed_at        timestamptz,
    failed_at           timestamptz,
    refunded_at         timestamptz,
    donation_message    text,
    is_anonymous        boolean not null default false,
    show_amount         boolean not null default true,
    wave_webhook_data   jsonb,
    ip_address          inet,
    user_agent          text,
    risk_score          integer not null default 0 check (risk_score between 0 and 100),
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, pot_id) references giving.pots (organization_id, id),
    foreign key (organization_id, donor_id) references customers.customers (organization_id, id),
    constraint refunded_at_most_given check (refunded_cfa <= amount_cfa),
    constraint refunded_of_succeeded check (refunded_cfa = 0 or status in ('succeeded', 'refunded')),
    constraint refunded_is_all_of_it check ((status = 'refunded') = (refunded_cfa = amount_cfa))
);
comment on table giving.donations is 'Money given to a pot, or to be given. Amounts are in CFA francs (XOF).';
comment on column giving.donations.donor_id is 'Null: somebody without an account, of whom only a name is known.';
comment on column giving.donations.refunded_cfa is 'How much was given back or is on its way; kept by the refunds, never by hand.';
comment on column giving.donations.status is 'refunded: all of it was given back. What was given back in part stays succeeded.';
comment on column giving.donations.is_anonymous is 'The owner of the pot does not see who gave.';
comment on column giving.donations.risk_score is '0 to 100; the higher, the more it looks like fraud.';
create unique index donations_wave on giving.donations (organization_id, wave_transaction_id) where wave_transaction_id is not null;
create index donations_pot on giving.donations (organization_id, pot_id, status) include (amount_cfa, refunded_cfa);
create index donations_donor on giving.donations (organization_id, donor_id, created_at desc) where donor_id is not null;
create index donations_time on giving.donations (organization_id, initiated_at desc);
select platform.protect('giving.donations', 'organization');
revoke delete on giving.donations from clientele_app;
select platform.states('giving.donations', 'status', $$
    pending > processing, succeeded, failed
    processing > succeeded, failed
    succeeded > refunded
    failed
    refunded > succeeded
$$, initial => '{pending}', told_as => 'donation_changed', about => 'donor_id');
select customers.reference('giving.donations', 'donor_id', on_merge => 'move', on_erase => 'keep',
    personal => '{donor_name, donor_phone, donation_message, wave_payment_url, wave_webhook_data, ip_address, user_agent}');

create table giving.refunds (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    donation_id         uuid not null,
    refunded_by_user_id uuid default platform.actor() references platform.platform_users (id) on delete set null,
    amount_cfa          bigint not null check (amount_cfa > 0),
    reason              text not null check (reason in ('user_request', 'fraud', 'failed_pot', 'admin_action')),
    reason_description  text,
    wave_refund_id      text check (length(wave_refund_id) between 1 and 100),
    wave_refund_status  text not null default 'pending',
    processed_at        timestamptz,
    completed_at        timestamptz,
    created_at          timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, donation_id) references giving.donations (organization_id, id)
);
comment on table giving.refunds is 'Money given back of a donation, in one part or several. It counts from the moment it is written until it has failed.';
comment on column giving.refunds.refunded_by_user_id is 'Who of the staff; null: the platform, or somebody who has left.';
comment on column giving.refunds.processed_at is 'When Wave was asked.';
comment on column giving.refunds.completed_at is 'When Wave said it was done.';
create index refunds_donation on giving.refunds (organization_id, donation_id);
create index refunds_by on giving.refunds (refunded_by_user_id) where refunded_by_user_id is not null;
create unique index refunds_wave on giving.refunds (organization_id, wave_refund_id) where wave_refund_id is not null;
select platform.protect('giving.refunds', 'organization');
revoke delete on giving.refunds from clientele_app;
select platform.states('giving.refunds', 'wave_refund_status', $$
    pending > done, failed
    done
    failed
$$, initial => '{pending}', told_as => 'donation_refund_changed');

create table giving.wave_webhook_events (
    organization_id  uuid not null references platform.organizations (id) on delete cascade,
    id               uuid not null default gen_random_uuid(),
    wave_event_id    text not null check (length(wave_event_id) between 1 and 100),
    event_type       text not null check (length(event_type) between 1 and 50),
    donation_id      uuid,
    raw_payload      jsonb not null,
    processed_at     timestamptz,
    processing_error text,
    retry_count      bigint not null default 0 check (retry_count >= 0),
    created_at       timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, wave_event_id),
    foreign key (organization_id, donation_id) references giving.donations (organization_id, id)
);
comment on table giving.wave_webhook_events is 'What Wave told us, each event once, written in the transaction of what it changed.';
comment on column giving.wave_webhook_events.wave_event_id is 'Wave''s own id: what comes again under it changes nothing.';
comment on column giving.wave_webhook_events.retry_count is 'How often it came again.';
create index wave_webhook_events_donation on giving.wave_webhook_events (organization_id, donation_id) where donation_id is not null;
create index wave_webhook_events_open on giving.wave_webhook_events (organization_id, created_at) where processed_at is null;
select platform.protect('giving.wave_webhook_events', 'organization');
revoke delete on giving.wave_webhook_events from clientele_app;

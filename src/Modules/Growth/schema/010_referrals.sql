-- Growth: invitations with their daily limit, points earned by them, and rewards.
--
-- An invitation counts itself: the row that is inserted takes its place in the sponsor's day, in the same transaction,
-- so there is no fifty-first however many try at once, and a rollback gives the place back.

comment on schema growth is 'Referrals and their daily limits, points and what they are converted into, rewards.';
grant usage on schema growth to clientele_app, clientele_service, clientele_readonly;

create function growth.today(organization_id uuid default platform.organization()) returns date
    language sql stable
    as $$ select (now() at time zone coalesce((select o.time_zone from platform.organizations o where o.id = today.organization_id), 'UTC'))::date $$;
comment on function growth.today(uuid) is 'Which day it is for an organization, in its own time zone: days of a limit begin at its midnight, whatever zone a session is in.';

create function growth.new_code() returns text
    language sql volatile
    as $$ select upper(left(replace(gen_random_uuid()::text, '-', ''), 12)) $$;
comment on function growth.new_code() is 'A code for an invitation: twelve characters that cannot be guessed from another.';

-- ---------------------------------------------------------------------------------------------------------
-- Days and batches

create table growth.sponsor_daily_limits (
    organization_id            uuid not null references platform.organizations (id) on delete cascade,
    id                         uuid not null default gen_random_uuid(),
    sponsor_id                 uuid not null,
    limit_date                 date not null default growth.today(),
    max_invitations_per_day    integer not null default 50 check (max_invitations_per_day between 0 and 50),
    invitations_sent_today     integer not null default 0 check (invitations_sent_today >= 0),
    current_batch_start        integer not null default 0 check (current_batch_start >= 0),
    preferred_selection_method text not null default 'batch' check (preferred_selection_method in ('batch', 'individual')),
    created_at                 timestamptz not null default now(),
    updated_at                 timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, sponsor_id, limit_date),
    foreign key (organization_id, sponsor_id) references customers.customers (organization_id, id),
    constraint within_limit check (invitations_sent_today <= max_invitations_per_day)
);
comment on table growth.sponsor_daily_limits is 'How many invitations a sponsor has sent on a day of the organization''s time zone; the next day is the next row.';
comment on column growth.sponsor_daily_limits.invitations_sent_today is 'Counted by the invitations themselves, never by hand.';
comment on column growth.sponsor_daily_limits.current_batch_start is 'Position in the sponsor''s contacts at which the next batch begins.';
select platform.protect('growth.sponsor_daily_limits', 'organization');
revoke update, delete on growth.sponsor_daily_limits from clientele_app;
-- A day stays the day it is, and its sponsor's unless a merge moves it; the counter has a trigger of its own.
grant update (sponsor_id, max_invitations_per_day, invitations_sent_today, current_batch_start, preferred_selection_method, updated_at) on growth.sponsor_daily_limits to clientele_app;
select customers.reference('growth.sponsor_daily_limits', 'sponsor_id', on_merge => 'move', on_erase => 'keep');

create table growth.sponsor_contact_batches (
    organization_id   uuid not null references platform.organizations (id) on delete cascade,
    id                uuid not null default gen_random_uuid(),
    sponsor_id        uuid not null,
    batch_date        date not null default growth.today(),
    batch_number      integer not null default 1 check (batch_number > 0),
    start_position    integer not null check (start_position >= 0),
    end_position      integer not null,
    status            text not null default 'pending',
    selected_count    integer not null default 0,
    sent_count        integer not null default 0,
    contact_snapshot  jsonb check (jsonb_typeof(contact_snapshot) = 'array'),
    auto_selected     boolean not null default false,
    manual_selections jsonb check (jsonb_typeof(manual_selections) = 'array'),
    created_at        timestamptz not null default now(),
    updated_at        timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, sponsor_id, batch_date, batch_number),
    foreign key (organization_id, sponsor_id) references customers.customers (organization_id, id),
    constraint somebody_in_it check (end_position > start_position),
    constraint at_most_fifty check (end_position - start_position <= 50),
    constraint counts_fit check (sent_count between 0 and selected_count and selected_count <= end_position - start_position),
    constraint each_contact_once exclude using gist
        (organization_id with =, sponsor_id with =, batch_date with =, int4range(start_position, end_position) with &&)
);
comment on table growth.sponsor_contact_batches is 'A stretch of a sponsor''s contacts, at most 50, taken together on a day; the stretches of a day do not overlap.';
comment on column growth.sponsor_contact_batches.start_position is 'The first contact of the batch, counted from 0.';
comment on column growth.sponsor_contact_batches.end_position is 'The first contact after the batch: 0 and 50 are the first fifty, 0 and 1 the first one.';
comment on column growth.sponsor_contact_batches.contact_snapshot is 'The contacts as they were when the batch was made.';
select platform.protect('growth.sponsor_contact_batches', 'organization');
select platform.states('growth.sponsor_contact_batches', 'status', $$
    pending > selected, skipped
    selected > sent, skipped
    sent
    skipped
$$, initial => '{pending}');
-- Batches of two profiles may overlap; they are of one day and stay with whose they were.
select customers.reference('growth.sponsor_contact_batches', 'sponsor_id', on_merge => 'keep', on_erase => 'keep', personal => '{contact_snapshot, manual_selections}');

-- ---------------------------------------------------------------------------------------------------------
-- Referrals

create table growth.referrals (
    organization_id       uuid not null references platform.organizations (id) on delete cascade,
    id                    uuid not null default gen_random_uuid(),
    sponsor_id            uuid not null,
    referral_code         text not null default growth.new_code() check (length(referral_code) between 4 and 20),
    invited_phone         text check (length(invited_phone) <= 20 and invited_phone ~ '^\+[1-9][0-9]{6,14}$'),
    invited_email         platform.email_address check (invited_email = lower(invited_email)),
    invited_name          text check (length(invited_name) <= 255),
    invitation_message    text,

    status                text not null default 'sent',
    sponsored_id          uuid,

    both_ids_collected    boolean not null default false,
    sponsor_id_verified   boolean not null default false,
    sponsored_id_verified boolean not null default false,

    sent_at               timestamptz not null default now(),
    accepted_at           timestamptz,
    expires_at            timestamptz not null default now() + interval '7 days',
    created_at            timestamptz not null default now(),

    daily_limit_id        uuid not null,
    batch_id              uuid,
    invitation_order      integer not null check (invitation_order between 1 and 50),

    primary key (organization_id, id),
    unique (organization_id, referral_code),
    constraint place_in_day unique (organization_id, daily_limit_id, invitation_order),
    foreign key (organization_id, sponsor_id) references customers.customers (organization_id, id),
    foreign key (organization_id, sponsored_id) references customers.customers (organization_id, id),
    foreign key (organization_id, daily_limit_id) references growth.sponsor_daily_limits (organization_id, id),
    foreign key (organization_id, batch_id) references growth.sponsor_contact_batches (organization_id, id) on delete set null (batch_id),
    -- An erasure takes the contact away: of an invitation that is over, or of a customer who is named by the key.
    constraint contact_of_invitation check (num_nonnulls(invited_phone, invited_email, sponsored_id) > 0 or status <> 'sent'),
    constraint accepted_by_somebody check (status <> 'accepted' or (sponsored_id is not null and accepted_at is not null)),
    constraint expires_after_sent check (expires_at > sent_at)
);
comment on table growth.referrals is 'A sponsor invites somebody. Each takes its place among the sponsor''s fifty of the day.';
comment on column growth.referrals.invited_phone is 'E.164: + and digits. Blanks, dots, dashes and brackets are taken out when it is written.';
comment on column growth.referrals.invited_email is 'In lower case, as it is put when it is written.';
comment on column growth.referrals.sponsored_id is 'Whom it brought; never the sponsor, unless two profiles turned out to be one person later.';
comment on column growth.referrals.both_ids_collected is 'For minors: both identities were collected.';
comment on column growth.referrals.expires_at is 'Until when it can be accepted: seven days unless said otherwise.';
comment on column growth.referrals.invitation_order is 'Which one of the sponsor''s day it is, 1 to 50; given by the table.';
create index referrals_sponsor on growth.referrals (organization_id, sponsor_id, sent_at desc);
create index referrals_sponsored on growth.referrals (organization_id, sponsored_id) where sponsored_id is not null;
create index referrals_batch on growth.referrals (organization_id, batch_id) where batch_id is not null;
create index referrals_due on growth.referrals (expires_at) where status = 'sent';
create unique index referrals_open_phone on growth.referrals (organization_id, sponsor_id, invited_phone) where status = 'sent' and invited_phone is not null;
create unique index referrals_open_email on growth.referrals (organization_id, sponsor_id, invited_email) where status = 'sent' and invited_email is not null;
select platform.protect('growth.referrals', 'organization');
revoke delete on growth.referrals from clientele_app;
select platform.states('growth.referrals', 'status', $$
    sent > accepted, declined, expired
    accepted
    declined
    expired
$$, initial => '{sent}', told_as => 'referral_changed', about => 'sponsor_id');
select customers.reference('growth.referrals', 'sponsor_id', on_merge => 'move', on_erase => 'keep', personal => '{invitation_message}');
select customers.reference('growth.referrals', 'sponsored_id', on_merge => 'move', on_erase => 'keep', personal => '{invited_phone, invited_email, invited_name, invitation_message}');

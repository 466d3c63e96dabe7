-- Points: why they were earned or spent (points_ledger), and the account (points_entries), a ledger whose balance
-- cannot fall below zero. Points in waiting are in the first only; what is in the second can be spent.

create table growth.points_ledger (
    organization_id          uuid not null references platform.organizations (id) on delete cascade,
    id                       uuid not null default gen_random_uuid(),
    sponsor_id               uuid not null,
    referral_id              uuid,
    sponsor_campaign_id      uuid,
    event_type               text not null check (event_type in ('referral_accepted', 'pot_opened', 'first_donation', 'conversion', 'correction')),
    points_earned            bigint not null default 0 check (points_earned between 0 and 1000000000000),
    points_spent             bigint not null default 0 check (points_spent between 0 and 1000000000000000000),
    status                   text not null default 'pending',
    matures_at               timestamptz,
    matured_at               timestamptz,
    base_multiplier          numeric(8, 2) not null default 1 check (base_multiplier > 0 and base_multiplier <= 1000),
    sponsor_boost_multiplier numeric(8, 2) not null default 1 check (sponsor_boost_multiplier > 0 and sponsor_boost_multiplier <= 1000),
    description              text,
    metadata                 jsonb check (jsonb_typeof(metadata) = 'object'),
    created_at               timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, sponsor_id) references customers.customers (organization_id, id),
    foreign key (organization_id, referral_id) references growth.referrals (organization_id, id),
    -- What could not be entered would be refused only when it matures, together with what is due in the same batch.
    constraint can_be_entered check (points_earned * base_multiplier * sponsor_boost_multiplier <= 1000000000000),
    constraint earned_or_spent check ((points_earned > 0) <> (points_spent > 0)),
    constraint spent_at_once check (points_spent = 0 or status = 'matured'),
    constraint matured_has_time check ((status = 'matured') = (matured_at is not null))
);
comment on table growth.points_ledger is 'Why a sponsor earned or spent points. Earned ones wait until they mature, or are revoked before; what matures is entered in points_entries and stands.';
comment on column growth.points_ledger.sponsor_campaign_id is 'The sponsor campaign that boosted them.';
comment on column growth.points_ledger.points_earned is 'Before the multipliers.';
comment on column growth.points_ledger.matures_at is 'When they mature by themselves; null: when somebody says so.';
comment on column growth.points_ledger.base_multiplier is 'Points entered = points earned × base × boost, rounded.';
create index points_ledger_sponsor on growth.points_ledger (organization_id, sponsor_id, created_at desc);
create index points_ledger_referral on growth.points_ledger (organization_id, referral_id) where referral_id is not null;
create index points_ledger_campaign on growth.points_ledger (organization_id, sponsor_campaign_id) where sponsor_campaign_id is not null;
create index points_ledger_due on growth.points_ledger (matures_at) where status = 'pending' and matures_at is not null;
-- An act earns its points once.
create unique index points_ledger_once on growth.points_ledger (organization_id, referral_id, event_type)
    where referral_id is not null and event_type in ('referral_accepted', 'pot_opened', 'first_donation') and status <> 'revoked';
select platform.protect('growth.points_ledger', 'organization');
revoke delete on growth.points_ledger from clientele_app;
select platform.states('growth.points_ledger', 'status', $$
    pending > matured, revoked
    matured
    revoked
$$, initial => '{pending, matured}', told_as => 'points_changed', about => 'sponsor_id');
select customers.reference('growth.points_ledger', 'sponsor_id', on_merge => 'move', on_erase => 'keep', personal => '{description, metadata}');

create table growth.points_entries (
    organization_id  uuid not null references platform.organizations (id) on delete cascade,
    id               uuid not null default gen_random_uuid(),
    customer_id      uuid not null,
    points_ledger_id uuid,
    entry            bigint not null,
    amount           bigint not null,
    balance          bigint not null constraint balance_fits check (balance <= 1000000000000000000),
    idempotency_key  text not null check (length(idempotency_key) between 1 and 200),
    description      text,
    created_at       timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, points_ledger_id) references growth.points_ledger (organization_id, id)
);
comment on table growth.points_entries is 'The points account of each sponsor: what can be spent is the balance after the last entry.';
comment on column growth.points_entries.points_ledger_id is 'Why; null: carried over when two profiles were merged, or back.';
create index points_entries_why on growth.points_entries (organization_id, points_ledger_id) where points_ledger_id is not null;
select platform.protect('growth.points_entries', 'organization');
select platform.ledger('growth.points_entries', '{customer_id}', blankable => '{description}');
-- What matures is entered by a trigger that runs as the owner; by hand only administrators add, and whoever merges is one.
create policy owner on growth.points_entries to clientele_owner using (true) with check (true);
create policy points_are_added_by_what_matures_or_administrators on growth.points_entries as restrictive for insert to clientele_app
    with check (amount < 0 or (select platform.tenant('admin')) is not null);
select customers.reference('growth.points_entries', 'customer_id', on_merge => 'transfer', on_erase => 'keep', personal => '{description}');

create table growth.points_conversions (
    organization_id   uuid not null references platform.organizations (id) on delete cascade,
    id                uuid not null default gen_random_uuid(),
    sponsor_id        uuid not null,
    points_converted  bigint not null check (points_converted > 0),
    credits_issued    bigint not null check (credits_issued > 0),
    conversion_rate   numeric(10, 4) not null check (conversion_rate > 0),
    applied_to_pot_id uuid,
    points_ledger_id  uuid not null,
    created_at        timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, points_ledger_id),
    foreign key (organization_id, sponsor_id) references customers.customers (organization_id, id),
    foreign key (organization_id, points_ledger_id) references growth.points_ledger (organization_id, id),
    constraint credits_by_rate check (credits_issued = floor(points_converted * conversion_rate))
);
comment on table growth.points_conversions is 'Points turned into credit. The points leave the account in the same transaction, or there is no conversion.';
comment on column growth.points_conversions.credits_issued is 'In CFA francs (XOF), which have no minor part. Left out: points × rate, rounded down.';
comment on column growth.points_conversions.conversion_rate is 'CFA francs for one point.';
comment on column growth.points_conversions.applied_to_pot_id is 'The pot that got the credit; null: not yet used.';
comment on column growth.points_conversions.points_ledger_id is 'The row by which the points were spent; written by the table.';
create index points_conversions_sponsor on growth.points_conversions (organization_id, sponsor_id, created_at desc);
create index points_conversions_pot on growth.points_conversions (organization_id, applied_to_pot_id) where applied_to_pot_id is not null;
select platform.protect('growth.points_conversions', 'organization');
revoke delete on growth.points_conversions from clientele_app;
select customers.reference('growth.points_conversions', 'sponsor_id', on_merge => 'move', on_erase => 'keep');

create table growth.rewards (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    referral_id     uuid,
    reward_type     text not null default 'credits' check (reward_type in ('points', 'credits', 'discount', 'gift')),
    reward_value    platform.money not null default 0 check (reward_value >= 0),
    title           text not null default '' check (length(title) <= 255),
    description     text,
    status          text not null default 'pending',
    granted_at      timestamptz,
    redeemed_at     timestamptz,
    expires_at      timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, referral_id) references growth.referrals (organization_id, id),
    constraint redeemed_has_time check ((status = 'redeemed') = (redeemed_at is not null))
);
comment on table growth.rewards is 'What somebody gets for loyalty or for a referral. Of one referral both sides may get one of each kind.';
comment on column growth.rewards.reward_value is 'Points, credits, percent or money, by reward_type.';
create unique index rewards_of_referral on growth.rewards (organization_id, referral_id, customer_id, reward_type) where referral_id is not null;
create index rewards_customer on growth.rewards (organization_id, customer_id, created_at desc);
select platform.protect('growth.rewards', 'organization');
select platform.states('growth.rewards', 'status', $$
    pending > granted, revoked
    granted > redeemed, expired, revoked
    redeemed
    expired
    revoked
$$, initial => '{pending, granted}', told_as => 'reward_changed', about => 'customer_id');
select customers.reference('growth.rewards', 'customer_id', on_merge => 'move', on_erase => 'keep', personal => '{description}');

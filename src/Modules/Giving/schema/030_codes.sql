-- Giving: codes to redeem, each try to, and what partners are owed for it.

create table giving.partner_settlements (
    organization_id         uuid not null references platform.organizations (id) on delete cascade,
    id                      uuid not null default gen_random_uuid(),
    partner_id              uuid not null,
    period_start            date not null,
    period_end              date not null,
    total_redemptions_count bigint not null default 0 check (total_redemptions_count >= 0),
    total_revenue_cfa       bigint not null default 0 check (total_revenue_cfa >= 0),
    partner_share_cfa       bigint not null default 0 check (partner_share_cfa >= 0),
    wolo_commission_cfa     bigint not null default 0 check (wolo_commission_cfa >= 0),
    status                  text not null default 'pending',
    approved_by_user_id     uuid references platform.platform_users (id) on delete set null,
    approved_at             timestamptz,
    payment_reference       text check (length(payment_reference) <= 100),
    paid_at                 timestamptz,
    invoice_url             text check (length(invoice_url) <= 500),
    receipt_url             text check (length(receipt_url) <= 500),
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, partner_id) references giving.partners (organization_id, id),
    constraint period_goes_forward check (period_end >= period_start),
    constraint shares_are_all check (partner_share_cfa + wolo_commission_cfa = total_revenue_cfa),
    constraint approved_has_time check (status not in ('approved', 'paid') or approved_at is not null),
    constraint paid_has_time check ((status = 'paid') = (paid_at is not null)),
    constraint periods_do_not_overlap exclude using gist
        (organization_id with =, partner_id with =, daterange(period_start, period_end, '[]') with &&)
);
comment on table giving.partner_settlements is 'What a partner is owed for the codes redeemed in a period. No day is in two. Amounts are in CFA francs (XOF).';
comment on column giving.partner_settlements.period_end is 'The last day of the period.';
comment on column giving.partner_settlements.wolo_commission_cfa is 'The rest of the revenue, after the partner''s share.';
create index partner_settlements_partner on giving.partner_settlements (organization_id, partner_id, period_start desc);
create index partner_settlements_by on giving.partner_settlements (approved_by_user_id) where approved_by_user_id is not null;
select platform.protect('giving.partner_settlements', 'member');
revoke delete on giving.partner_settlements from clientele_app;
create policy owner on giving.partner_settlements to clientele_owner using (true) with check (true);
select platform.states('giving.partner_settlements', 'status', $$
    pending > approved, disputed
    approved > paid, disputed
    disputed > pending, approved
    paid
$$, initial => '{pending}', told_as => 'partner_settlement_changed');

create table giving.qr_codes (
    organization_id        uuid not null references platform.organizations (id) on delete cascade,
    id                     uuid not null default gen_random_uuid(),
    pot_id                 uuid not null,
    pack_id                uuid not null,
    code                   text not null check (length(code) between 8 and 100),
    qr_image_url           text check (length(qr_image_url) <= 500),
    price_cfa              bigint not null check (price_cfa >= 0),
    redeemable_from        timestamptz not null,
    expires_at             timestamptz not null,
    status                 text not null default 'issued',
    redeemed_at            timestamptz,
    redeemed_by_partner_id uuid,
    redeemed_at_venue      jsonb,
    partner_notes          text,
    settlement_id          uuid,
    created_at             timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, code),
    foreign key (organization_id, pot_id) references giving.pots (organization_id, id),
    foreign key (organization_id, pack_id) references giving.packs (organization_id, id),
    foreign key (organization_id, redeemed_by_partner_id) references giving.partners (organization_id, id),
    foreign key (organization_id, settlement_id) references giving.partner_settlements (organization_id, id) on delete set null (settlement_id),
    constraint expires_after_start check (expires_at > redeemable_from),
    constraint redeemed_has_time check ((status = 'redeemed') = (redeemed_at is not null)),
    constraint redeemed_in_time check (redeemed_at >= redeemable_from and redeemed_at < expires_at),
    constraint settled_once_redeemed check (settlement_id is null or status = 'redeemed')
);
comment on table giving.qr_codes is 'A code by which the owner of a pot gets a pack from a partner, once.';
comment on column giving.qr_codes.price_cfa is 'What the pack cost when the code was issued, in CFA francs (XOF); what the partner''s share is of.';
comment on column giving.qr_codes.redeemable_from is 'Left out: the birthday of the pot, at 00:00.';
comment on column giving.qr_codes.expires_at is 'Left out: as many days after the birthday as the pack is valid.';
comment on column giving.qr_codes.settlement_id is 'The settlement in which it was paid for.';
create unique index qr_codes_live on giving.qr_codes (organization_id, pot_id, pack_id) where status in ('issued', 'redeemed');
create index qr_codes_pot on giving.qr_codes (organization_id, pot_id);
create index qr_codes_pack on giving.qr_codes (organization_id, pack_id);
create index qr_codes_partner on giving.qr_codes (organization_id, redeemed_by_partner_id, redeemed_at) where redeemed_by_partner_id is not null;
create index qr_codes_settlement on giving.qr_codes (organization_id, settlement_id) where settlement_id is not null;
create index qr_codes_to_expire on giving.qr_codes (expires_at) where status = 'issued';
select platform.protect('giving.qr_codes', 'organization');
create policy owner on giving.qr_codes to clientele_owner using (true) with check (true);
-- What is owed follows from a code: its price comes from the pack, giving.redeem and giving.settle write the rest.
-- Whoever only has these columns can cancel a code, but not make it a redeemed one, which has its time.
revoke insert, update, delete on giving.qr_codes from clientele_app;
grant insert (organization_id, id, pot_id, pack_id, code, qr_image_url, redeemable_from, expires_at, status, partner_notes, created_at),
      update (qr_image_url, status, partner_notes)
    on giving.qr_codes to clientele_app;
select platform.states('giving.qr_codes', 'status', $$
    issued > redeemed, expired, cancelled
    redeemed
    expired
    cancelled
$$, initial => '{issued}', told_as => 'qr_code_changed');

create table giving.qr_redemption_logs (
    organization_id   uuid not null references platform.organizations (id) on delete cascade,
    id                uuid not null default gen_random_uuid(),
    qr_code_id        uuid,
    scanned_code      text not null check (length(scanned_code) <= 500),
    partner_user_id   uuid references platform.platform_users (id) on delete set null,
    attempted_at      timestamptz not null default now(),
    validation_result text not null check (validation_result in ('success', 'expired', 'already_used', 'invalid')),
    error_message     text,
    ip_address        inet,
    user_agent        text,
    venue_context     jsonb,
    primary key (organization_id, id),
    foreign key (organization_id, qr_code_id) references giving.qr_codes (organization_id, id)
);
comment on table giving.qr_redemption_logs is 'Each try to redeem a code, whatever came of it. Only ever added to.';
comment on column giving.qr_redemption_logs.qr_code_id is 'Null: there is no such code.';
comment on column giving.qr_redemption_logs.scanned_code is 'What was read.';
create unique index qr_redemption_logs_success on giving.qr_redemption_logs (organization_id, qr_code_id) where validation_result = 'success';
create index qr_redemption_logs_code on giving.qr_redemption_logs (organization_id, qr_code_id, attempted_at desc);
create index qr_redemption_logs_user on giving.qr_redemption_logs (partner_user_id) where partner_user_id is not null;
select platform.protect('giving.qr_redemption_logs', 'organization');
select platform.only_added_to('giving.qr_redemption_logs');
-- A try is written by giving.redeem: a success that is none would keep a code from being redeemed.
revoke insert on giving.qr_redemption_logs from clientele_app;
create policy owner on giving.qr_redemption_logs to clientele_owner using (true) with check (true);

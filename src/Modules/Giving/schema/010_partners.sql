-- Giving: partners and their packs, and the companies that boost them.

comment on schema giving is 'Birthday pots, donations and their refunds; packs, partners, codes to redeem and settlements.';
grant usage on schema giving to clientele_app, clientele_service, clientele_readonly;

create table giving.partners (
    organization_id          uuid not null references platform.organizations (id) on delete cascade,
    id                       uuid not null default gen_random_uuid(),
    name                     text not null check (length(name) between 1 and 255),
    type                     text not null check (type in ('cinema', 'restaurant', 'spa', 'retail')),
    description              text,
    contact_name             text check (length(contact_name) <= 255),
    contact_email            platform.email_address,
    contact_phone            text check (length(contact_phone) <= 20),
    business_registration    text check (length(business_registration) <= 100),
    tax_id                   text check (length(tax_id) <= 50),
    revenue_split_percentage numeric(5, 2) not null check (revenue_split_percentage between 0 and 100),
    payment_terms            text not null default 'monthly' check (payment_terms in ('weekly', 'monthly', 'quarterly')),
    minimum_payout_cfa       bigint not null default 10000 check (minimum_payout_cfa >= 0),
    venues                   jsonb check (jsonb_typeof(venues) = 'array'),
    status                   text not null default 'pending',
    verified_at              timestamptz,
    verified_by_user_id      uuid references platform.platform_users (id) on delete set null,
    auto_approve_redemptions boolean not null default false,
    notification_preferences jsonb check (jsonb_typeof(notification_preferences) = 'object'),
    created_at               timestamptz not null default now(),
    updated_at               timestamptz not null default now(),
    primary key (organization_id, id),
    constraint active_is_verified check (status = 'pending' or status = 'terminated' or verified_at is not null)
);
comment on table giving.partners is 'Businesses where packs are redeemed.';
comment on column giving.partners.revenue_split_percentage is 'The partner''s share of a redeemed pack, in percent, 0 to 100.';
comment on column giving.partners.minimum_payout_cfa is 'In CFA francs (XOF). A settlement below it waits for the next.';
create index partners_verified_by on giving.partners (verified_by_user_id) where verified_by_user_id is not null;
select platform.protect('giving.partners', 'organization');
-- Codes are counted, redeemed and settled as the owner (see giving.redeem), for here and in the tables below.
create policy owner on giving.partners to clientele_owner using (true) with check (true);
select platform.states('giving.partners', 'status', $$
    pending > active, terminated
    active > suspended, terminated
    suspended > active, terminated
    terminated
$$, initial => '{pending}', told_as => 'partner_changed');

create table giving.partner_users (
    organization_id uuid not null,
    partner_id      uuid not null,
    user_id         uuid not null references platform.platform_users (id) on delete cascade,
    role            text not null default 'staff' check (role in ('owner', 'manager', 'staff')),
    created_at      timestamptz not null default now(),
    primary key (organization_id, partner_id, user_id),
    foreign key (organization_id, partner_id) references giving.partners (organization_id, id) on delete cascade
);
comment on table giving.partner_users is 'Who works for a partner, and so may scan its codes.';
create index partner_users_user on giving.partner_users (user_id);
select platform.protect('giving.partner_users', 'organization');
create policy owner on giving.partner_users for select to clientele_owner using (true);

create table giving.packs (
    organization_id          uuid not null references platform.organizations (id) on delete cascade,
    id                       uuid not null default gen_random_uuid(),
    name                     text not null check (length(name) between 1 and 255),
    description              text not null,
    category                 text not null check (category in ('cinema', 'restaurant', 'spa', 'experience')),
    base_price_cfa           bigint not null check (base_price_cfa > 0),
    discounted_price_cfa     bigint check (discounted_price_cfa >= 0),
    is_active                boolean not null default true,
    available_from           date,
    available_until          date,
    max_redemptions_per_user integer not null default 1 check (max_redemptions_per_user > 0),
    total_available_quantity bigint check (total_available_quantity >= 0),
    issued_quantity          bigint not null default 0 check (issued_quantity >= 0),
    image_url                text check (length(image_url) <= 500),
    gallery_images           jsonb check (jsonb_typeof(gallery_images) = 'array'),
    partner_id               uuid,
    venue_restrictions       jsonb,
    terms_and_conditions     text,
    redemption_instructions  text,
    validity_days            integer not null default 90 check (validity_days > 0),
    seo_title                text check (length(seo_title) <= 255),
    seo_description          text,
    marketing_tags           text[],
    created_at               timestamptz not null default now(),
    updated_at               timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, partner_id) references giving.partners (organization_id, id),
    constraint discount_lowers check (discounted_price_cfa <= base_price_cfa),
    constraint available_forward check (available_until >= available_from),
    constraint enough_left check (issued_quantity <= total_available_quantity)
);
comment on table giving.packs is 'What a pot can be spent on: an evening, a meal, a treatment. Prices are in CFA francs (XOF).';
comment on column giving.packs.total_available_quantity is 'How many there are; null: as many as are wanted.';
comment on column giving.packs.issued_quantity is 'How many codes were issued and not cancelled; counted by the codes, never by hand.';
comment on column giving.packs.validity_days is 'Days after the birthday in which a code can be redeemed.';
create index packs_partner on giving.packs (organization_id, partner_id) where partner_id is not null;
create index packs_category on giving.packs (organization_id, category);
select platform.protect('giving.packs', 'organization');
create policy owner on giving.packs to clientele_owner using (true) with check (true);
-- All but issued_quantity, which the codes count.
revoke insert, update on giving.packs from clientele_app;
grant insert (organization_id, id, name, description, category, base_price_cfa, discounted_price_cfa, is_active, available_from, available_until,
              max_redemptions_per_user, total_available_quantity, image_url, gallery_images, partner_id, venue_restrictions, terms_and_conditions,
              redemption_instructions, validity_days, seo_title, seo_description, marketing_tags, created_at, updated_at),
      update (name, description, category, base_price_cfa, discounted_price_cfa, is_active, available_from, available_until,
              max_redemptions_per_user, total_available_quantity, image_url, gallery_images, partner_id, venue_restrictions, terms_and_conditions,
              redemption_instructions, validity_days, seo_title, seo_description, marketing_tags, created_at, updated_at)
    on giving.packs to clientele_app;

create table giving.sponsor_campaigns (
    organization_id      uuid not null references platform.organizations (id) on delete cascade,
    id                   uuid not null default gen_random_uuid(),
    sponsor_company_name text not null check (length(sponsor_company_name) between 1 and 255),
    campaign_name        text not null check (length(campaign_name) between 1 and 255),
    description          text,
    target_demographics  jsonb check (jsonb_typeof(target_demographics) = 'object'),
    pack_categories      text[] check (pack_categories <@ '{cinema,restaurant,spa,experience}'),
    points_multiplier    numeric(8, 2) not null default 1.5 check (points_multiplier > 0),
    budget_cfa           bigint not null check (budget_cfa >= 0),
    spent_cfa            bigint not null default 0 check (spent_cfa >= 0),
    starts_at            timestamptz not null,
    ends_at              timestamptz not null,
    status               text not null default 'draft',
    impressions          bigint not null default 0 check (impressions >= 0),
    clicks               bigint not null default 0 check (clicks >= 0),
    conversions          bigint not null default 0 check (conversions >= 0),
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    primary key (organization_id, id),
    constraint ends_after_start check (ends_at > starts_at),
    constraint within_budget check (spent_cfa <= budget_cfa)
);
comment on table giving.sponsor_campaigns is 'A company boosts the points of some packs while its budget lasts.';
comment on column giving.sponsor_campaigns.points_multiplier is 'Points are multiplied by this.';
comment on column giving.sponsor_campaigns.pack_categories is 'Kinds of packs that are boosted; null: all.';
select platform.protect('giving.sponsor_campaigns', 'organization');
select platform.states('giving.sponsor_campaigns', 'status', $$
    draft > active
    active > paused, completed
    paused > active, completed
    completed
$$, initial => '{draft}', told_as => 'sponsor_campaign_changed');

alter table growth.points_ledger add constraint boosted_by_campaign foreign key (organization_id, sponsor_campaign_id)
    references giving.sponsor_campaigns (organization_id, id);

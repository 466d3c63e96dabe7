-- Billing: payments, what was given back of them, and credits.
--
-- What was refunded is a counter of the payment, changed by the refund in its own transaction under the row's lock, with
-- a check on it: however many refund at once, never more goes back than came in. billing.drift compares it with the refunds.

comment on schema billing is 'Payments, refunds, credits, subscriptions, invoices, prices.';
grant usage on schema billing to clientele_app, clientele_service, clientele_readonly;

create table billing.credit_packages (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    name            text not null check (length(name) between 1 and 200),
    description     text,
    credits         bigint not null check (credits > 0),
    bonus_credits   bigint not null default 0 check (bonus_credits >= 0),
    price           platform.money not null check (price >= 0),
    currency        platform.currency not null default 'USD',
    is_active       boolean not null default true,
    display_order   integer not null default 0,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, name)
);
comment on table billing.credit_packages is 'Credits on offer, at a price.';
comment on column billing.credit_packages.bonus_credits is 'Given on top.';
select platform.protect('billing.credit_packages', 'organization');

create table billing.payment_methods (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    provider        text not null check (length(provider) between 1 and 50),
    -- A run of 12 to 19 digits is a card's number, and must never come here.
    provider_token  text not null check (length(provider_token) between 1 and 255 and regexp_replace(provider_token, '[ -]', '', 'g') !~ '^[0-9]{12,19}$'),
    kind            text not null default 'card' check (kind in ('card', 'bank_account', 'mobile_money', 'wallet')),
    brand           text check (length(brand) <= 50),
    last_four       text check (last_four ~ '^[0-9]{4}$'),
    expires_month   integer check (expires_month between 1 and 12),
    expires_year    integer check (expires_year between 2000 and 2199),
    is_default      boolean not null default false,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, provider, provider_token),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id)
);
comment on table billing.payment_methods is 'A saved way to pay: the provider''s token for it, and what a person needs to recognise it. Never the card''s own data.';
comment on column billing.payment_methods.provider_token is 'The provider''s token. A card number is refused.';
create index payment_methods_customer on billing.payment_methods (organization_id, customer_id);
create unique index payment_methods_default on billing.payment_methods (organization_id, customer_id) where is_default;
select platform.protect('billing.payment_methods', 'admin');
select customers.reference('billing.payment_methods', 'customer_id', on_merge => 'move', on_erase => 'delete');

create table billing.payments (
    organization_id     uuid not null references platform.organizations (id) on delete cascade,
    id                  uuid not null default gen_random_uuid(),
    customer_id         uuid,
    amount              platform.money not null check (amount > 0),
    currency            platform.currency not null default 'USD',
    status              text not null default 'pending',
    refunded_amount     platform.money not null default 0 check (refunded_amount >= 0),
    purpose             text not null default 'other' check (purpose in ('credits', 'subscription', 'service', 'donation', 'other')),
    credit_package_id   uuid,
    credits             bigint check (credits > 0),
    payment_method_id   uuid,
    provider            text check (length(provider) between 1 and 50),
    provider_payment_id text check (length(provider_payment_id) between 1 and 255),
    idempotency_key     text check (length(idempotency_key) between 1 and 200),
    description         text,
    failure_reason      text,
    metadata            jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    succeeded_at        timestamptz,
    failed_at           timestamptz,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, credit_package_id) references billing.credit_packages (organization_id, id),
    foreign key (organization_id, payment_method_id) references billing.payment_methods (organization_id, id) on delete set null (payment_method_id),
    constraint refunded_at_most_paid check (refunded_amount <= amount),
    constraint refunded_of_succeeded check (refunded_amount = 0 or status = 'succeeded'),
    constraint credits_for_somebody check (credits is null or customer_id is not null),
    constraint provider_known check (provider_payment_id is null or provider is not null)
);
comment on table billing.payments is 'Money that came in, or was to. What went back of it is in refunds.';
comment on column billing.payments.refunded_amount is 'How much was given back or is on its way; kept by the refunds, never by hand.';
comment on column billing.payments.credits is 'Credits this payment buys; copied from the package with its bonus when the payment is made, so that a later offer changes nothing.';
create index payments_customer on billing.payments (organization_id, customer_id, created_at desc) where customer_id is not null;
create index payments_package on billing.payments (organization_id, credit_package_id) where credit_package_id is not null;
create index payments_method on billing.payments (organization_id, payment_method_id) where payment_method_id is not null;
create index payments_time on billing.payments (organization_id, created_at desc);
create unique index payments_provider on billing.payments (organization_id, provider, provider_payment_id) where provider_payment_id is not null;
create unique index payments_once on billing.payments (organization_id, idempotency_key) where idempotency_key is not null;
select platform.protect('billing.payments', 'organization');
revoke delete on billing.payments from clientele_app;
-- The credits of a refund are written as the owner, and are those of its payment.
create policy owner on billing.payments for select to clientele_owner using (true);
select platform.states('billing.payments', 'status', $$
    pending > succeeded, failed
    succeeded
    failed
$$, initial => '{pending}', told_as => 'payment_changed', about => 'customer_id');
select customers.reference('billing.payments', 'customer_id', on_merge => 'move', on_erase => 'keep', personal => '{description, failure_reason, metadata}');

create table billing.refunds (
    organization_id    uuid not null references platform.organizations (id) on delete cascade,
    id                 uuid not null default gen_random_uuid(),
    payment_id         uuid not null,
    amount             platform.money not null check (amount > 0),
    reason             text not null default 'user_request' check (reason in ('user_request', 'fraud', 'duplicate', 'service_failure', 'admin_action')),
    description        text,
    status             text not null default 'pending',
    credits_reversed   bigint not null default 0 check (credits_reversed >= 0),
    provider_refund_id text check (length(provider_refund_id) between 1 and 255),
    idempotency_key    text check (length(idempotency_key) between 1 and 200),
    refunded_by        uuid default platform.actor() references platform.platform_users (id) on delete set null,
    completed_at       timestamptz,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, payment_id) references billing.payments (organization_id, id)
);
comment on table billing.refunds is 'Money given back of a payment, in one part or several. It counts from the moment it is written until it has failed.';
comment on column billing.refunds.amount is 'In the payment''s currency.';
comment on column billing.refunds.idempotency_key is 'A request that is repeated with its key is refused (23505) and gives nothing back again.';
comment on column billing.refunds.credits_reversed is 'Credits taken back with it, in proportion; worked out by the table.';
create index refunds_payment on billing.refunds (organization_id, payment_id);
create index refunds_by on billing.refunds (refunded_by) where refunded_by is not null;
create unique index refunds_provider on billing.refunds (organization_id, provider_refund_id) where provider_refund_id is not null;
create unique index refunds_once on billing.refunds (organization_id, idempotency_key) where idempotency_key is not null;
select platform.protect('billing.refunds', 'organization');
revoke delete on billing.refunds from clientele_app;
select platform.states('billing.refunds', 'status', $$
    pending > succeeded, failed
    succeeded
    failed
$$, initial => '{pending}', told_as => 'refund_changed');

create table billing.credit_transactions (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    entry           bigint not null,
    amount          bigint not null,
    balance         bigint not null,
    reason          text not null check (reason in ('purchase', 'usage', 'refund', 'bonus', 'expiry', 'correction', 'merge')),
    payment_id      uuid,
    refund_id       uuid,
    reference       text check (length(reference) <= 255),
    description     text,
    idempotency_key text not null check (length(idempotency_key) between 1 and 200),
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, payment_id) references billing.payments (organization_id, id),
    foreign key (organization_id, refund_id) references billing.refunds (organization_id, id)
);
comment on table billing.credit_transactions is 'Credits bought, used and given back: the account of each customer. The balance is that of the last entry.';
comment on column billing.credit_transactions.amount is 'Credits; negative when they were used or taken back.';
comment on column billing.credit_transactions.reference is 'What they were used for: the id of a session or service.';
create index credit_transactions_payment on billing.credit_transactions (organization_id, payment_id) where payment_id is not null;
create index credit_transactions_refund on billing.credit_transactions (organization_id, refund_id) where refund_id is not null;
select platform.protect('billing.credit_transactions', 'organization');
select platform.ledger('billing.credit_transactions', '{customer_id}', blankable => '{description}');
-- What is paid for is entered by triggers that run as the owner; by hand only administrators add, and whoever merges is one.
create policy owner on billing.credit_transactions to clientele_owner using (true) with check (true);
create policy credits_are_added_by_payments_or_administrators on billing.credit_transactions as restrictive for insert to clientele_app
    with check (amount < 0 or (select platform.tenant('admin')) is not null);
select customers.reference('billing.credit_transactions', 'customer_id', on_merge => 'transfer', on_erase => 'keep', personal => '{description}');

create table billing.pricing_config (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    price_key       text not null check (length(price_key) between 1 and 100),
    description     text,
    price           platform.unit_price not null check (price >= 0),
    currency        platform.currency not null default 'USD',
    unit            text not null default 'piece' check (length(unit) between 1 and 50),
    valid_from      timestamptz not null default now(),
    valid_until     timestamptz,
    created_by      uuid default platform.actor() references platform.platform_users (id) on delete set null,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    constraint ends_after_start check (valid_until > valid_from),
    constraint one_price_at_a_time exclude using gist
        (organization_id with =, price_key with =, currency with =, tstzrange(valid_from, valid_until) with &&)
);
comment on table billing.pricing_config is 'What something costs, and from when until when. At any time it has one price in a currency.';
create index pricing_config_by on billing.pricing_config (created_by) where created_by is not null;
select platform.protect('billing.pricing_config', 'organization');

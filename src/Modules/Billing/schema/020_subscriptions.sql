-- Subscriptions: the plans on offer, the one a customer has now, how it came to that, and invoices.

create table billing.subscription_plans (
    organization_id    uuid not null references platform.organizations (id) on delete cascade,
    id                 uuid not null default gen_random_uuid(),
    name               text not null check (length(name) between 1 and 200),
    description        text,
    price              platform.money not null check (price >= 0),
    currency           platform.currency not null default 'USD',
    billing_interval   text not null default 'monthly' check (billing_interval in ('weekly', 'monthly', 'quarterly', 'yearly')),
    credits_per_period bigint not null default 0 check (credits_per_period >= 0),
    trial_days         integer not null default 0 check (trial_days between 0 and 365),
    features           jsonb not null default '[]' check (jsonb_typeof(features) = 'array'),
    is_active          boolean not null default true,
    display_order      integer not null default 0,
    created_at         timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, name)
);
comment on table billing.subscription_plans is 'Subscriptions on offer.';
select platform.protect('billing.subscription_plans', 'organization');
-- The history of subscriptions is written as the owner, and compares prices.
create policy owner on billing.subscription_plans for select to clientele_owner using (true);

create table billing.subscriptions (
    organization_id      uuid not null references platform.organizations (id) on delete cascade,
    id                   uuid not null default gen_random_uuid(),
    customer_id          uuid not null,
    plan_id              uuid not null,
    status               text not null default 'active',
    started_at           timestamptz not null default now(),
    current_period_start timestamptz not null default now(),
    current_period_end   timestamptz not null,
    cancel_at_period_end boolean not null default false,
    ended_at             timestamptz,
    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, plan_id) references billing.subscription_plans (organization_id, id),
    constraint period_goes_forward check (current_period_end > current_period_start),
    constraint ended_has_time check ((status in ('cancelled', 'expired')) = (ended_at is not null))
);
comment on table billing.subscriptions is 'The subscription of a customer. One at a time is not over.';
comment on column billing.subscriptions.current_period_end is 'Until when it is paid; left out: one interval of the plan after the start of the period, or the end of the trial.';
comment on column billing.subscriptions.cancel_at_period_end is 'It will not be renewed.';
create unique index subscriptions_current on billing.subscriptions (organization_id, customer_id) where status in ('trialing', 'active', 'past_due', 'paused');
create index subscriptions_customer on billing.subscriptions (organization_id, customer_id, started_at desc);
create index subscriptions_plan on billing.subscriptions (organization_id, plan_id);
create index subscriptions_due on billing.subscriptions (current_period_end) where status in ('trialing', 'active', 'past_due');
select platform.protect('billing.subscriptions', 'organization');
revoke delete on billing.subscriptions from clientele_app;
select platform.states('billing.subscriptions', 'status', $$
    trialing > active, past_due, cancelled, expired
    active > past_due, paused, cancelled, expired
    past_due > active, cancelled, expired
    paused > active, cancelled, expired
    cancelled
    expired
$$, initial => '{trialing, active}', told_as => 'subscription_changed', about => 'customer_id');
select customers.reference('billing.subscriptions', 'customer_id', on_merge => 'move', on_erase => 'keep');

create table billing.subscription_history (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    subscription_id uuid not null,
    change_type     text not null check (change_type in ('started', 'activated', 'upgraded', 'downgraded', 'renewed', 'paused', 'resumed', 'past_due', 'cancelled', 'expired')),
    from_plan_id    uuid,
    to_plan_id      uuid not null,
    from_status     text,
    to_status       text not null,
    period_start    timestamptz not null,
    period_end      timestamptz not null,
    changed_by      uuid references platform.platform_users (id) on delete set null,
    reason          text,
    changed_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, subscription_id) references billing.subscriptions (organization_id, id),
    foreign key (organization_id, from_plan_id) references billing.subscription_plans (organization_id, id),
    foreign key (organization_id, to_plan_id) references billing.subscription_plans (organization_id, id)
);
comment on table billing.subscription_history is 'How each subscription came to be what it is: written by the table of subscriptions, only ever added to.';
comment on column billing.subscription_history.reason is 'What the transaction gave as clientele.reason.';
create index subscription_history_subscription on billing.subscription_history (organization_id, subscription_id, changed_at desc);
create index subscription_history_from on billing.subscription_history (organization_id, from_plan_id) where from_plan_id is not null;
create index subscription_history_to on billing.subscription_history (organization_id, to_plan_id);
create index subscription_history_by on billing.subscription_history (changed_by) where changed_by is not null;
select platform.protect('billing.subscription_history', 'organization');
select platform.only_added_to('billing.subscription_history');
-- Only the trigger of the subscriptions writes it; so it runs as the owner.
revoke insert on billing.subscription_history from clientele_app;
create policy owner on billing.subscription_history for insert to clientele_owner with check (true);

create table billing.invoice_numbers (
    organization_id uuid primary key references platform.organizations (id) on delete cascade,
    last_number     bigint not null default 0 check (last_number >= 0)
);
comment on table billing.invoice_numbers is 'The last number given to an invoice. Its row is locked until the invoice is written: no number is given twice, and none is left out.';
select platform.protect('billing.invoice_numbers', 'organization');
-- Only the trigger of the invoices writes it; so it runs as the owner.
revoke insert, update, delete on billing.invoice_numbers from clientele_app;
create policy owner on billing.invoice_numbers to clientele_owner using (true) with check (true);

create table billing.invoices (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    customer_id     uuid not null,
    subscription_id uuid,
    payment_id      uuid,
    number          bigint check (number > 0),
    invoice_number  text generated always as ('INV-' || lpad(number::text, greatest(6, length(number::text)), '0')) stored,
    status          text not null default 'draft',
    currency        platform.currency not null default 'USD',
    lines           jsonb not null default '[]' check (jsonb_typeof(lines) = 'array'),
    subtotal        platform.money not null default 0,
    tax_amount      platform.money not null default 0 check (tax_amount >= 0),
    total           platform.money not null default 0,
    billing_details jsonb not null default '{}' check (jsonb_typeof(billing_details) = 'object'),
    issued_at       timestamptz,
    due_at          timestamptz,
    paid_at         timestamptz,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id),
    foreign key (organization_id, subscription_id) references billing.subscriptions (organization_id, id),
    foreign key (organization_id, payment_id) references billing.payments (organization_id, id),
    constraint total_is_sum check (total = subtotal + tax_amount),
    constraint numbered_when_issued check ((status = 'draft') = (number is null) and (status = 'draft') = (issued_at is null)),
    constraint paid_has_time check ((status = 'paid') = (paid_at is not null))
);
comment on table billing.invoices is 'Invoices. A draft gets the organization''s next number when it is issued; from then on its amounts stand.';
comment on column billing.invoices.number is 'Given when it is issued, without gaps in the organization.';
create unique index invoices_number on billing.invoices (organization_id, number) where number is not null;
create index invoices_customer on billing.invoices (organization_id, customer_id, created_at desc);
create index invoices_subscription on billing.invoices (organization_id, subscription_id) where subscription_id is not null;
create index invoices_payment on billing.invoices (organization_id, payment_id) where payment_id is not null;
select platform.protect('billing.invoices', 'organization');
revoke delete on billing.invoices from clientele_app;
select platform.states('billing.invoices', 'status', $$
    draft > open
    open > paid, void, uncollectible
    uncollectible > paid, void
    paid
    void
$$, initial => '{draft}', told_as => 'invoice_changed', about => 'customer_id');
select customers.reference('billing.invoices', 'customer_id', on_merge => 'move', on_erase => 'keep', personal => '{billing_details}');

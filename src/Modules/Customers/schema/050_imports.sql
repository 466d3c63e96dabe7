-- Files of customers on their way in.

create table customers.staged_customers (
    organization_id uuid not null,
    import_id       uuid not null,
    line            bigint not null,
    customer_id     text not null,
    email           text,
    phone           text,
    name            text,
    date_of_birth   date,
    gender          text,
    country         text,
    state           text,
    city            text,
    postal_code     text,
    timezone        text,
    first_seen_at   timestamptz,
    attributes      jsonb not null default '{}',
    primary key (organization_id, import_id, line),
    foreign key (organization_id, import_id) references platform.imports (organization_id, id) on delete cascade
);
comment on table customers.staged_customers is 'Lines of an import of customers that were read and not yet written.';
select platform.protect('customers.staged_customers', 'member');

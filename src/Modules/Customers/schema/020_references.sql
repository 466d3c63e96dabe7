-- Who else refers to a customer, and what becomes of it when two customers turn out to be one, or one is erased.
--
-- Every foreign key to customers.customers is declared here with customers.reference. merge, undo_merge and erase walk
-- those declarations, so a module that adds a table is merged and erased without any code knowing it; a test finds keys
-- that nobody declared.
--
-- Events keep the profile they were recorded with for ever. Which person a profile is now, is in customers.person_map.

alter table customers.customers add column erased_at timestamptz;
comment on column customers.customers.erased_at is 'When everything personal was removed. The row stays as a pseudonym for the orders and payments that must be kept.';

create table customers.reference_rules (
    relation    text not null,
    column_name name not null,
    on_merge    text not null check (on_merge in ('move', 'keep', 'transfer', 'derived')),
    on_erase    text not null check (on_erase in ('keep', 'delete', 'set_null', 'refuse')),
    personal    text[] not null default '{}',
    primary key (relation, column_name)
);
comment on table customers.reference_rules is 'Every column that refers to a customer, and what a merge and an erasure do to its rows; declared with customers.reference.';
comment on column customers.reference_rules.on_merge is 'move: rows go to the survivor, but for those that would break a unique key. keep: they stay with the profile they were recorded with. transfer: a ledger; the balance is carried over by entries. derived: worked out anew by whoever keeps it.';
comment on column customers.reference_rules.on_erase is 'keep: rows stay, of a pseudonym, without what is personal. delete. set_null. refuse: an erasure waits until there are none.';
comment on column customers.reference_rules.personal is 'Columns that are emptied when rows are kept: set to null, or to their default where null is not allowed.';
select platform.protect('customers.reference_rules', 'public');
create policy owner on customers.reference_rules to clientele_owner using (true) with check (true);

create function customers.lock_customer() returns trigger
    language plpgsql
    as $$
begin
    perform from customers.customers c where c.organization_id = new.organization_id and c.id = (to_jsonb(new) ->> tg_argv[0])::uuid for key share;
    return new;
end
$$;
comment on function customers.lock_customer() is
    'Trigger on a ledger: takes the lock on the customer, which the foreign key takes at the end, before the one on the account. A merge takes them in that order too, so the two never wait for each other.';

create function customers.reference(relation regclass, column_name name, on_merge text, on_erase text, personal text[] default '{}') returns void
    language plpgsql
    as $$
declare
    wrong text;
begin
    select p into wrong from unnest(personal) as p
    where not exists (select from pg_attribute a where a.attrelid = relation and a.attname = p and not a.attisdropped and (not a.attnotnull or a.atthasdef));
    if wrong is not null then
        raise exception 'customers.reference: % of % can be neither null nor its default', wrong, relation;
    end if;
    if on_merge in ('move', 'transfer') and not exists (select from pg_attribute a where a.attrelid = relation and a.attname = 'id') then
        raise exception 'customers.reference: % has no id by which its rows could be moved back', relation;
    end if;
    insert into customers.reference_rules values (relation::text, column_name, on_merge, on_erase, personal);
    if on_merge = 'transfer' then
        -- Triggers fire in the order of their names: this one before the ledger's "post".
        execute format('create trigger customer_first before insert on %s for each row execute function customers.lock_customer(%L)', relation, column_name);
    end if;
end
$$;
comment on function customers.reference(regclass, name, text, text, text[]) is 'Declares a column that refers to a customer: what a merge and an erasure do to its rows.';
revoke execute on function customers.reference(regclass, name, text, text, text[]) from public;

-- ---------------------------------------------------------------------------------------------------------
-- Merges

create table customers.merges (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    survivor_id     uuid not null,
    merged_id       uuid not null,
    status          text not null default 'done',
    reason          text not null check (length(reason) <= 500),
    -- What the survivor took over from the other: its columns before and after.
    survivor_before jsonb not null default '{}',
    survivor_after  jsonb not null default '{}',
    -- Profiles that were the merged one before, from earlier merges.
    followers       uuid[] not null default '{}',
    place           bigint generated always as identity,
    merged_by       uuid references platform.platform_users (id) on delete set null,
    merged_at       timestamptz not null default now(),
    undone_by       uuid references platform.platform_users (id) on delete set null,
    undone_at       timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, survivor_id) references customers.customers (organization_id, id) on delete cascade,
    foreign key (organization_id, merged_id) references customers.customers (organization_id, id) on delete cascade,
    constraint two_people check (survivor_id <> merged_id),
    constraint undone_has_time check ((status = 'undone') = (undone_at is not null))
);
comment on table customers.merges is 'Two profiles that were found to be one person, with what is needed to take it back exactly.';
comment on column customers.merges.place is 'Order of merges; the last into a survivor is the first that can be undone.';
create index merges_survivor on customers.merges (organization_id, survivor_id, place desc);
create index merges_merged on customers.merges (organization_id, merged_id);
create index merges_merged_by on customers.merges (merged_by);
create index merges_undone_by on customers.merges (undone_by);
select platform.protect('customers.merges', 'organization');
revoke delete on customers.merges from clientele_app;
select platform.states('customers.merges', 'status', 'done > undone', initial => '{done}');
select customers.reference('customers.merges', 'survivor_id', on_merge => 'keep', on_erase => 'keep', personal => '{survivor_before,survivor_after}');
select customers.reference('customers.merges', 'merged_id', on_merge => 'keep', on_erase => 'keep', personal => '{survivor_before,survivor_after}');

create table customers.merge_moves (
    organization_id uuid not null,
    merge_id        uuid not null,
    relation        text not null,
    column_name     name not null,
    ids             uuid[] not null,
    primary key (organization_id, merge_id, relation, column_name),
    foreign key (organization_id, merge_id) references customers.merges (organization_id, id) on delete cascade
);
comment on table customers.merge_moves is 'Which rows a merge moved to the survivor, and an undo moves back.';
select platform.protect('customers.merge_moves', 'organization');
revoke update, delete on customers.merge_moves from clientele_app;

create table customers.person_map (
    organization_id uuid not null,
    profile_id      uuid not null,
    person_id       uuid not null,
    primary key (organization_id, profile_id),
    foreign key (organization_id, profile_id) references customers.customers (organization_id, id) on delete cascade,
    foreign key (organization_id, person_id) references customers.customers (organization_id, id) on delete cascade,
    constraint another check (profile_id <> person_id)
);
comment on table customers.person_map is 'Profiles that are another person now: profile → person. A profile that was never merged is its own person and not in here.';
create index person_map_person on customers.person_map (organization_id, person_id);
select platform.protect('customers.person_map', 'organization');
select platform.searchable('customers.person_map');
select customers.reference('customers.person_map', 'profile_id', on_merge => 'derived', on_erase => 'keep');
select customers.reference('customers.person_map', 'person_id', on_merge => 'derived', on_erase => 'keep');

select customers.reference('customers.customer_figures', 'customer_id', on_merge => 'derived', on_erase => 'keep');

-- ---------------------------------------------------------------------------------------------------------
-- Who was erased must not come back

create table customers.suppressions (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    word_hash       bytea not null check (length(word_hash) = 32),
    since           timestamptz not null default now(),
    primary key (organization_id, word_hash)
);
comment on table customers.suppressions is 'SHA-256 of the ids and addresses of people who were erased: what arrives under one of them is refused.';
select platform.protect('customers.suppressions', 'organization');
revoke update on customers.suppressions from clientele_app;

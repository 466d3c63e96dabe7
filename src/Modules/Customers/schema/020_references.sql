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
    on_erase    text not null check (on_erase in ('keep', 'delete', 'set_null')),
    personal    text[] not null default '{}',
    primary key (relation, column_name)
);
comment on table customers.reference_rules is 'Every column that refers to a customer, and what a merge and an erasure do to its rows; declared with customers.reference.';
comment on column customers.reference_rules.on_merge is 'move: rows go to the survivor, but for those that would break a unique key. keep: they stay with the profile they were recorded with. transfer: a ledger; the balance is carried over by entries. derived: worked out anew by whoever keeps it.';
comment on column customers.reference_rules.on_erase is 'keep: rows stay, of a pseudonym, without what is personal. delete. set_null. Nothing makes an erasure wait.';
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

select platform.sensitive('customers.customers');

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
    perform platform.sensitive(relation);
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
    reason          text not null default '' check (length(reason) <= 500),
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
select platform.protect('customers.merges', 'custom');
create policy reader on customers.merges for select to clientele_app, clientele_readonly using (organization_id = (select platform.tenant('key')));
create policy admin on customers.merges to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
grant select, insert, update, delete on customers.merges to clientele_app;
grant select on customers.merges to clientele_readonly;
revoke delete on customers.merges from clientele_app;
select platform.states('customers.merges', 'status', 'done > undone', initial => '{done}');
select customers.reference('customers.merges', 'survivor_id', on_merge => 'keep', on_erase => 'keep', personal => '{survivor_before,survivor_after,reason}');
select customers.reference('customers.merges', 'merged_id', on_merge => 'keep', on_erase => 'keep', personal => '{survivor_before,survivor_after,reason}');

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
select platform.protect('customers.merge_moves', 'custom');
create policy reader on customers.merge_moves for select to clientele_app, clientele_readonly using (organization_id = (select platform.tenant('key')));
create policy admin on customers.merge_moves to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
grant select, insert, update, delete on customers.merge_moves to clientele_app;
grant select on customers.merge_moves to clientele_readonly;
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
select platform.protect('customers.person_map', 'custom');
create policy reader on customers.person_map for select to clientele_app, clientele_readonly using (organization_id = (select platform.tenant('key')));
-- One policy for each way of writing instead of one for all: it would be a second condition of every read, and with an "or"
-- between the two the primary key is out of use, which every reading of events needs.
create policy admin_adds on customers.person_map for insert to clientele_app with check (organization_id = (select platform.tenant('admin')));
create policy admin_changes on customers.person_map for update to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
create policy admin_takes_off on customers.person_map for delete to clientele_app using (organization_id = (select platform.tenant('admin')));
grant select, insert, update, delete on customers.person_map to clientele_app;
grant select on customers.person_map to clientele_readonly;
select platform.searchable('customers.person_map');
select customers.reference('customers.person_map', 'profile_id', on_merge => 'derived', on_erase => 'keep');
select customers.reference('customers.person_map', 'person_id', on_merge => 'derived', on_erase => 'keep');

-- The map says who was merged; the customers' rows say of everybody, merged or not, which person they are. The one is kept from the
-- other, a statement at a time, and nobody writes it by hand.
create function customers.follow_person_map() returns trigger
    language plpgsql
    as $$
begin
    if tg_op in ('DELETE', 'UPDATE') then
        update customers.customers c set merged_into = null
        from old_rows o
        where c.organization_id = o.organization_id and c.id = o.profile_id
          and not exists (select from customers.person_map m where m.organization_id = o.organization_id and m.profile_id = o.profile_id);
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        update customers.customers c set merged_into = n.person_id
        from new_rows n
        where c.organization_id = n.organization_id and c.id = n.profile_id and c.merged_into is distinct from n.person_id;
    end if;
    return null;
end
$$;
comment on function customers.follow_person_map() is 'Writes the person of each profile whose line in the map changed into its row.';
create trigger persons_come after insert on customers.person_map referencing new table as new_rows for each statement execute function customers.follow_person_map();
create trigger persons_change after update on customers.person_map referencing old table as old_rows new table as new_rows for each statement execute function customers.follow_person_map();
create trigger persons_go after delete on customers.person_map referencing old table as old_rows for each statement execute function customers.follow_person_map();

create function customers.check_merged_into() returns trigger
    language plpgsql
    as $$
begin
    if new.merged_into is distinct from (select m.person_id from customers.person_map m where m.organization_id = new.organization_id and m.profile_id = new.id) then
        raise exception 'merged_into follows the merges of a person; it is not written by hand. Merge the two profiles, or undo the merge.' using errcode = 'CL006';
    end if;
    return new;
end
$$;
comment on function customers.check_merged_into() is 'Refuses a person that the map does not name.';
create trigger merged_into_on_insert before insert on customers.customers for each row when (new.merged_into is not null) execute function customers.check_merged_into();
create trigger merged_into_on_update before update of merged_into on customers.customers for each row when (old.merged_into is distinct from new.merged_into) execute function customers.check_merged_into();

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
select platform.protect('customers.suppressions', 'custom');
create policy admin on customers.suppressions for insert to clientele_app with check (organization_id = (select platform.tenant('admin')));
grant insert on customers.suppressions to clientele_app;
-- Hashes of addresses can be guessed at: nobody reads them but the two functions below, as the owner.
create policy owner on customers.suppressions to clientele_owner using (true) with check (true);

create function customers.is_suppressed(organization uuid, variadic words text[]) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
        select exists (
            select from customers.suppressions s
            where s.organization_id = organization and organization = coalesce((select platform.tenant('key')), organization)
            and s.word_hash = any (select sha256(convert_to(lower(w), 'UTF8')) from unnest(words) as w where w <> '')
        )
    $$;
comment on function customers.is_suppressed(uuid, text[]) is 'Was somebody erased who went by one of these ids or addresses?';
revoke execute on function customers.is_suppressed(uuid, text[]) from public;
grant execute on function customers.is_suppressed(uuid, text[]) to clientele_app, clientele_service;

create function customers.lift_suppression(word text) returns boolean
    language sql security definer set search_path = pg_catalog, pg_temp
    as $$
        with gone as (
            delete from customers.suppressions s
            where s.organization_id = platform.tenant('admin') and s.word_hash = sha256(convert_to(lower(word), 'UTF8'))
            returning 1
        )
        select exists (select from gone)
    $$;
comment on function customers.lift_suppression(text) is 'Lets somebody who was erased come back under an id or address; for administrators. Says whether it was suppressed.';
revoke execute on function customers.lift_suppression(text) from public;
grant execute on function customers.lift_suppression(text) to clientele_app, clientele_service;

create function customers.refuse_erased() returns trigger
    language plpgsql
    as $$
begin
    if customers.is_suppressed(new.organization_id, new.customer_id, new.email, new.phone) then
        raise exception 'Somebody with this id, e-mail address or phone was erased. If they want to come back, an administrator lifts it with customers.lift_suppression.'
            using errcode = 'CL001', table = 'customers';
    end if;
    return new;
end
$$;
comment on function customers.refuse_erased() is 'Trigger: whoever was erased does not come back unasked.';
create trigger refuse_erased before insert or update of customer_id, email, phone on customers.customers
    for each row when (new.erased_at is null) execute function customers.refuse_erased();

-- ---------------------------------------------------------------------------------------------------------
-- What refers to a customer by another way than a key: a function of the module that has it

create table customers.erasers (
    routine text primary key
);
comment on table customers.erasers is 'Functions (profiles uuid[], words text[]) that empty what names a person without a key: payloads of a provider, messages to an address. Declared with customers.erased_by, called by customers.erase.';
select platform.protect('customers.erasers', 'public');
create policy owner on customers.erasers to clientele_owner using (true) with check (true);

create function customers.erased_by(routine text) returns void
    language sql
    as $$ insert into customers.erasers (routine) values (routine) on conflict do nothing $$;
comment on function customers.erased_by(text) is 'Declares a function schema.name(profiles uuid[], words text[]) that customers.erase calls with all profiles of a person and the ids and addresses they went by.';
revoke execute on function customers.erased_by(text) from public;

create function customers.keep_erased() returns trigger
    language plpgsql
    as $$
begin
    if platform.tenant('admin') is null and current_user = 'clientele_app' then
        raise exception 'Only customers.erase says that somebody was erased.' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;
comment on function customers.keep_erased() is 'Trigger: erased_at is not for whoever may edit a customer.';
create trigger keep_erased before update of erased_at on customers.customers for each row when (old.erased_at is distinct from new.erased_at) execute function customers.keep_erased();

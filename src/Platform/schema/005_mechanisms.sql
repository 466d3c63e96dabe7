-- The mechanisms: what every module's tables are made with, each once.
--
--   platform.protect      who may see and change a table: one line, one access class
--   platform.states       which state may follow which: declared as data, enforced by the table
--   platform.ledger       entries that are only added, and a balance that cannot go below zero
--   platform.take         a limit that holds, however many try at once
--   platform.partitioned  a table in monthly partitions, made ahead by a job
--   platform.money …      types that say what a number or a word means
--
-- A rule that is broken raises an SQLSTATE of class CL, and its message may be shown to whoever broke it:
--   CL001 this state cannot follow that one      CL002 the balance does not reach
--   CL003 the limit is reached                   CL004 this is only ever added to
--   CL005 the key was used for something else    CL006 this cannot be written through a view

create extension if not exists pg_trgm with schema public;
create extension if not exists btree_gist with schema public;

comment on schema platform is 'Organizations, staff, sessions, keys, settings, imports; the mechanisms every module stands on.';

grant usage on schema platform to clientele_app, clientele_service, clientele_search, clientele_readonly;

-- ---------------------------------------------------------------------------------------------------------
-- Types

create domain platform.money as numeric(14, 2);
comment on domain platform.money is 'An amount; its currency stands beside it or is the organization''s. Where a currency has no minor part (XOF) amounts are bigint.';

create domain platform.unit_price as numeric(18, 6);
comment on domain platform.unit_price is 'A price of one piece, finer than a payment can be.';

create domain platform.currency as text check (value ~ '^[A-Z]{3}$');
comment on domain platform.currency is 'ISO 4217 code.';

create domain platform.rate as numeric(9, 8) check (value between 0 and 1);
comment on domain platform.rate is 'A share of a whole, from 0 to 1. Percent is a way to print it.';

create domain platform.email_address as text check (length(value) between 3 and 255 and value like '%_@_%');
comment on domain platform.email_address is 'An e-mail address. Compare with lower().';

create function platform.is_time_zone(name text) returns boolean
    language plpgsql immutable
    as $$
begin
    -- PostgreSQL also takes abbreviations and POSIX formulas, of which half the world means something else.
    if name <> 'UTC' and name !~ '^[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+$' then
        return false;
    end if;
    perform timezone(name, timestamptz 'epoch');
    return true;
exception when invalid_parameter_value then
    return false;
end
$$;
comment on function platform.is_time_zone(text) is 'Is this an IANA name PostgreSQL knows? Called immutable: names are added to that list and not taken from it.';

create domain platform.time_zone as text check (platform.is_time_zone(value));
comment on domain platform.time_zone is 'IANA name, e.g. Europe/London.';

-- ---------------------------------------------------------------------------------------------------------
-- Who is asking: settings local to the transaction, put there by the server (see Tenant.cs).

create function platform.tenant(minimum text) returns uuid
    language sql stable parallel safe
    as $$
        select case
            when array_position(array['visitor', 'key', 'member', 'admin', 'system'], current_setting('clientele.access', true))
              >= array_position(array['visitor', 'key', 'member', 'admin', 'system'], minimum)
            then nullif(current_setting('clientele.organization_id', true), '')::uuid
        end
    $$;
comment on function platform.tenant(text) is
    'The organization of this transaction when its access is at least the one named, else null. Policies compare organization_id with it, as a sub-select, so that it is computed once per query.';

create function platform.organization() returns uuid
    language sql stable parallel safe
    as $$ select platform.tenant('visitor') $$;
comment on function platform.organization() is 'The organization of this transaction; null when none is set.';

create function platform.actor() returns uuid
    language sql stable parallel safe
    as $$ select nullif(current_setting('clientele.actor_id', true), '')::uuid $$;
comment on function platform.actor() is 'The platform user of this transaction; null for keys, visitors and the platform itself.';

create function platform.workspace() returns uuid
    language sql stable parallel safe
    as $$ select nullif(current_setting('clientele.workspace_id', true), '')::uuid $$;
comment on function platform.workspace() is 'The workspace of this transaction: of the key that asks, or the one a member is working in.';

-- ---------------------------------------------------------------------------------------------------------
-- updated_at

create function platform.touch() returns trigger
    language plpgsql
    as $$
begin
    new.updated_at := now();
    return new;
end
$$;
comment on function platform.touch() is 'Trigger: keeps updated_at.';

-- ---------------------------------------------------------------------------------------------------------
-- Access classes: one line per table.

create table platform.table_access (
    relation    text primary key,
    class       text not null check (class in
                    ('organization', 'member', 'visitor', 'service', 'admin', 'own', 'own_or_admin', 'public', 'custom')),
    own_column  text,
    check ((class in ('own', 'own_or_admin')) = (own_column is not null))
);
comment on table platform.table_access is 'The access class of every table, as declared with platform.protect; tests and the Data API read it.';

create function platform.protect(relation regclass, class text, own_column name default null) returns void
    language plpgsql
    as $protect$
declare
    -- Each predicate compares the leading key column with a value computed once per query.
    organization text := 'organization_id = (select platform.tenant(''key''))';
    member       text := 'organization_id = (select platform.tenant(''member''))';
    admin        text := 'organization_id = (select platform.tenant(''admin''))';
    own          text := format('organization_id = (select platform.tenant(''member'')) and %I = (select platform.actor())', coalesce(own_column, 'id'));
    readers      text;
    writers      text;
    has          name[] := (select array_agg(a.attname) from pg_attribute a where a.attrelid = relation and a.attnum > 0 and not a.attisdropped);
begin
    case class
        when 'organization' then readers := organization;
        when 'member'       then readers := member;
        when 'admin'        then readers := admin;
        when 'own'          then readers := own;
        when 'own_or_admin' then readers := format('(%s) or (%s)', own, admin);
        when 'visitor'      then readers :=
            'organization_id = (select platform.tenant(''visitor'')) and ((select platform.tenant(''key'')) is not null or workspace_id = (select platform.workspace()))';
        when 'public'       then readers := 'true';
        when 'service'      then null;
        when 'custom'       then null;
        else raise exception 'platform.protect: unknown access class "%"', class;
    end case;
    writers := case class when 'public' then null else readers end;

    insert into platform.table_access (relation, class, own_column) values (relation::text, class, own_column);

    if 'updated_at' = any(has) then
        execute format('create trigger touch before update on %s for each row execute function platform.touch()', relation);
    end if;

    execute format('create policy service on %s to clientele_service using (true) with check (true)', relation);
    execute format('grant select, insert, update, delete on %s to clientele_service%s', relation, case when writers is not null then ', clientele_app' end);
    if writers is not null then
        execute format('create policy %I on %s to clientele_app using (%s) with check (%s)', class, relation, writers, writers);
    elsif readers is not null then
        execute format('create policy %I on %s for select to clientele_app using (%s)', class, relation, readers);
        execute format('grant select on %s to clientele_app', relation);
    end if;
    -- Questions in SQL run as the read-only role; what only administrators or one person may see is not for it.
    if class in ('organization', 'member', 'public') then
        execute format('create policy readonly on %s for select to clientele_readonly using (%s)', relation, readers);
        execute format('grant select on %s to clientele_readonly', relation);
    end if;

    -- Whoever writes without naming the tenant means their own; views hide the column altogether.
    execute format('alter table %s enable row level security, force row level security%s', relation,
        case when 'organization_id' = any(has) then ', alter column organization_id set default platform.organization()' end);
end
$protect$;
comment on function platform.protect(regclass, text, name) is
    'Puts a table under forced row-level security with the policies and grants of its access class: organization, member, visitor, service, admin, own, own_or_admin, public. "custom" leaves the policies to the lines that follow. Also lets organization_id default to the transaction''s, and keeps updated_at.';
revoke execute on function platform.protect(regclass, text, name) from public;

create function platform.searchable(relation regclass) returns void
    language plpgsql
    as $$
begin
    execute format('create policy search on %s for select to clientele_search using (true)', relation);
    execute format('grant select on %s to clientele_search', relation);
end
$$;
comment on function platform.searchable(regclass) is
    'Lets functions owned by clientele_search read a table. Row-level security keeps indexes from serving operators that are not leakproof (like, trigrams), so such searches go through a function of that role which names the organization itself.';
revoke execute on function platform.searchable(regclass) from public;

create function platform.owned_by_search(routine regprocedure) returns void
    language plpgsql
    as $$
declare
    home text := (select n.nspname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.oid = routine);
begin
    -- A new owner must be able to create in the schema, at the moment it becomes the owner.
    execute format('grant usage, create on schema %I to clientele_search', home);
    execute format('alter function %s owner to clientele_search', routine);
    execute format('revoke create on schema %I from clientele_search', home);
    execute format('revoke execute on function %s from public', routine);
    execute format('grant execute on function %s to clientele_app, clientele_service', routine);
end
$$;
comment on function platform.owned_by_search(regprocedure) is 'Gives a security definer search function to clientele_search; see platform.searchable.';
revoke execute on function platform.owned_by_search(regprocedure) from public;

-- ---------------------------------------------------------------------------------------------------------
-- States

create table platform.transitions (
    relation    text not null,
    state       name not null,
    from_state  text not null,
    to_state    text not null,
    primary key (relation, state, from_state, to_state)
);
comment on table platform.transitions is 'Which state may follow which, as declared with platform.states; the console and the documentation read it, the tables enforce it.';
comment on column platform.transitions.state is 'The column that holds the state.';
comment on column platform.transitions.to_state is 'Empty: from_state is final.';

create function platform.states(relation regclass, state name, allowed text, initial text[] default null, told_as text default null, about name default null) returns void
    language plpgsql
    as $states$
declare
    line    text;
    source  text;
    target  text;
    known   text[] := '{}';
    pairs   text[] := '{}';
begin
    foreach line in array string_to_array(btrim(allowed, E' \n'), E'\n') loop
        source := btrim(split_part(line, '>', 1));
        if source !~ '^[a-z][a-z0-9_]*$' then
            raise exception 'platform.states: "%" is not "state > state, state"', line;
        end if;
        known := known || source;
        if btrim(split_part(line, '>', 2)) = '' then
            insert into platform.transitions (relation, state, from_state, to_state) values (relation::text, state, source, '');
        end if;
        foreach target in array string_to_array(replace(split_part(line, '>', 2), ' ', ''), ',') loop
            known := known || target;
            pairs := pairs || format('(%L, %L)', source, target);
            insert into platform.transitions (relation, state, from_state, to_state) values (relation::text, state, source, target);
        end loop;
    end loop;
    known := array(select distinct k from unnest(known) as k order by k);

    -- The lists stand in the table's own constraint and triggers: a change that is allowed costs one comparison.
    execute format('alter table %s add constraint %I check (%I = any (%L::text[]))', relation, state || '_is_known', state, known);
    execute format('create trigger %1$I before update of %2$I on %3$s for each row when (old.%2$I is distinct from new.%2$I and (old.%2$I, new.%2$I) not in (%4$s))
                    execute function platform.refuse_transition(%5$L)', state || '_follows', state, relation, coalesce(nullif(array_to_string(pairs, ', '), ''), '(null, null)'), state);
    if initial is not null then
        execute format('create trigger %I before insert on %s for each row when (new.%I <> all (%L::text[]))
                        execute function platform.refuse_transition(%L, %L)', state || '_begins', relation, state, initial, state, array_to_string(initial, ', '));
    end if;
    if told_as is not null then
        execute format('create trigger %1$I after update of %2$I on %3$s for each row when (old.%2$I is distinct from new.%2$I)
                        execute function platform.tell_state(%4$L, %5$L, %6$L)', state || '_told', state, relation, state, told_as, coalesce(about, ''));
    end if;
end
$states$;
comment on function platform.states(regclass, name, text, text[], text, name) is
    'Declares the states of a column, one line each: "draft > scheduled, cancelled"; a line without ">" is a final state. "initial": the states a row may begin in, any when left out. "told_as": the type of the event by which each change is told to the log, about the customer in the column "about".';
revoke execute on function platform.states(regclass, name, text, text[], text, name) from public;

create function platform.refuse_transition() returns trigger
    language plpgsql
    as $$
declare
    table_name text := format('%I.%I', tg_table_schema, tg_table_name);
    next       text;
begin
    if tg_op = 'INSERT' then
        raise exception '% cannot begin as "%": % begins as %.', replace(tg_table_name, '_', ' '), to_jsonb(new) ->> tg_argv[0], tg_argv[0], tg_argv[1]
            using errcode = 'CL001', schema = tg_table_schema, table = tg_table_name, column = tg_argv[0];
    end if;
    select string_agg(nullif(t.to_state, ''), ', ' order by t.to_state) into next
    from platform.transitions t
    where t.relation = table_name and t.state = tg_argv[0] and t.from_state = to_jsonb(old) ->> tg_argv[0];
    raise exception '% cannot go from "%" to "%". %', replace(tg_table_name, '_', ' '), to_jsonb(old) ->> tg_argv[0], to_jsonb(new) ->> tg_argv[0],
            coalesce('From there it goes to: ' || next || '.', 'There it stays.')
        using errcode = 'CL001', schema = tg_table_schema, table = tg_table_name, column = tg_argv[0];
end
$$;
comment on function platform.refuse_transition() is 'Trigger of platform.states: says which states could have followed.';

create function platform.tell_state() returns trigger
    language plpgsql
    as $$
declare
    before jsonb := to_jsonb(old);
    after  jsonb := to_jsonb(new);
begin
    insert into log.events (organization_id, workspace_id, event_type, event_name, event_category, customer_id, properties, occurred_at, data_source)
    values (new.organization_id, (after ->> 'workspace_id')::uuid, tg_argv[1], tg_argv[1], 'state', nullif(after ->> nullif(tg_argv[2], ''), '')::uuid,
            jsonb_build_object('id', after -> 'id', 'from', before -> tg_argv[0], 'to', after -> tg_argv[0]), now(), 'platform');
    return null;
end
$$;
comment on function platform.tell_state() is 'Trigger of platform.states: appends the change to the log.';

-- ---------------------------------------------------------------------------------------------------------
-- Ledgers

create function platform.append_only() returns trigger
    language plpgsql
    as $$
declare
    apart text[];
begin
    -- The words beside an entry may have to go when a person is erased; the entry stays.
    if tg_op = 'UPDATE' and tg_nargs > 0 and platform.tenant('admin') is not null then
        -- What is generated has no value yet in a new row.
        apart := tg_argv[0]::text[] || array(select a.attname::text from pg_attribute a where a.attrelid = tg_relid and a.attgenerated <> '');
        if to_jsonb(new) - apart = to_jsonb(old) - apart
           and not exists (select from jsonb_each(to_jsonb(new)) n where n.key = any (tg_argv[0]::text[]) and n.value <> 'null') then
            return new;
        end if;
    end if;
    raise exception '% is only ever added to: write an entry that sets right what is wrong.', replace(tg_table_name, '_', ' ') using errcode = 'CL004', table = tg_table_name;
end
$$;
comment on function platform.append_only() is 'Trigger: refuses to change or remove what was written. Its argument names columns that an administrator may blank, as an erasure does.';

create function platform.only_added_to(relation regclass, blankable name[] default '{}') returns void
    language plpgsql
    as $$
begin
    execute format('revoke update, delete, truncate on %s from clientele_app, clientele_service', relation);
    if blankable <> '{}' then
        execute format('grant update (%s) on %s to clientele_app', (select string_agg(quote_ident(b), ', ') from unnest(blankable) as b), relation);
    end if;
    -- A foreign key's cascade, as when a whole organization is deleted, comes from inside another trigger.
    execute format('create trigger append_only before update or delete on %s for each row when (pg_trigger_depth() = 0) execute function platform.append_only(%s)', relation,
        case when blankable <> '{}' then quote_literal(blankable) else '' end);
    execute format('create trigger append_only_truncate before truncate on %s for each statement execute function platform.append_only()', relation);
end
$$;
comment on function platform.only_added_to(regclass, name[]) is 'Makes a table one that is only added to, for its owner too. "blankable": texts that an administrator may set to null, as an erasure does. After platform.protect.';
revoke execute on function platform.only_added_to(regclass, name[]) from public;

create function platform.ledger(relation regclass, account name[], blankable name[] default '{}') returns void
    language plpgsql
    as $ledger$
declare
    columns text := (select string_agg(quote_ident(a), ', ') from unnest(account) as a);
    same    text := (select string_agg(format('l.%1$I = ($1).%1$I', a), ' and ') from unnest(account) as a);
    words   text := (select string_agg(format('($1).%I::text', a), ' || ''/'' || ') from unnest(account) as a);
begin
    if (select t.class from platform.table_access t where t.relation = ledger.relation::text) in ('own', 'own_or_admin', 'visitor') then
        raise exception 'platform.ledger: whoever writes to % must see the whole account', relation;
    end if;
    execute format('alter table %s add constraint amount_is_something check (amount <> 0)', relation);
    execute format('alter table %s add constraint balance_not_below_zero check (balance >= 0)', relation);
    execute format('alter table %s add constraint entry_of_account unique (organization_id, %s, entry)', relation, columns);
    execute format('alter table %s add constraint idempotency unique (organization_id, idempotency_key)', relation);
    perform platform.only_added_to(relation, blankable);
    execute format('create trigger post before insert on %s for each row execute function platform.post_entry(%L, %L, %L)', relation,
        format('%s/', relation), format('select ($1).organization_id::text || ''/'' || %s', words),
        format('select l.entry, l.balance from %s l where l.organization_id = ($1).organization_id and %s order by l.entry desc limit 1', relation, same));
end
$ledger$;
comment on function platform.ledger(regclass, name[], name[]) is
    'Makes a table a ledger: entries are only added, numbered in each account (the columns named), and the balance after each never falls below zero. The table has: organization_id, the account''s columns, entry bigint, amount, balance (of one numeric type), idempotency_key text not null. After platform.protect. Write with "insert … (account, amount, idempotency_key)": an entry whose key was written before is left out, so a repeated request adds nothing. "blankable" as for platform.only_added_to.';
revoke execute on function platform.ledger(regclass, name[], name[]) from public;

create function platform.post_entry() returns trigger
    language plpgsql
    as $$
declare
    account  text;
    earlier  numeric;
    last     record;
begin
    execute tg_argv[1] into account using new;
    -- One writer of an account at a time; the statements after it see what the writer before has committed.
    perform pg_advisory_xact_lock(hashtextextended(tg_argv[0] || account, 0));

    execute format('select l.amount from %I.%I l where l.organization_id = $1 and l.idempotency_key = $2', tg_table_schema, tg_table_name)
        into earlier using new.organization_id, new.idempotency_key;
    if earlier is not null then
        if earlier <> new.amount then
            raise exception 'The idempotency key "%" was used for an entry of % before. Send another key for another entry.', new.idempotency_key, earlier using errcode = 'CL005';
        end if;
        return null;
    end if;

    execute tg_argv[2] into last using new;
    new.entry := coalesce(last.entry, 0) + 1;
    new.balance := coalesce(last.balance, 0) + new.amount;
    if new.balance < 0 then
        raise exception 'The balance is %, which does not reach for %.', coalesce(last.balance, 0), -new.amount using errcode = 'CL002', table = tg_table_name;
    end if;
    return new;
end
$$;
comment on function platform.post_entry() is 'Trigger of platform.ledger: numbers an entry and works out the balance after it, one writer of an account at a time.';

-- ---------------------------------------------------------------------------------------------------------
-- Monthly partitions

create table platform.partitioned_tables (
    relation    text primary key,
    ahead       integer not null check (ahead between 1 and 24),
    past        integer not null check (past between 0 and 120)
);
comment on table platform.partitioned_tables is 'Tables in monthly partitions, as declared with platform.partitioned; a job makes the coming months'' ahead.';
comment on column platform.partitioned_tables.past is 'How many months back the first partitions began; whatever is older goes to one history partition.';

create function platform.make_partitions(relation regclass, ahead integer default null) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
    as $$
declare
    declared platform.partitioned_tables := (select t from platform.partitioned_tables t where t.relation = make_partitions.relation::text);
    home     name := (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = make_partitions.relation);
    parent   name := (select c.relname from pg_class c where c.oid = make_partitions.relation);
    month    date;
    made     integer := 0;
    last     date;
begin
    if declared is null then
        raise exception 'platform.make_partitions: % is not declared with platform.partitioned', relation;
    end if;
    last := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => coalesce(make_partitions.ahead, declared.ahead)))::date;
    -- Two nodes may start at once.
    perform pg_advisory_xact_lock(hashtext('platform.make_partitions'), relation::oid::integer);
    select max(to_date(right(c.relname, 7), 'YYYY_MM')) into month
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = relation and c.relname ~ '_\d{4}_\d{2}$';
    if month is null then
        month := (date_trunc('month', now() at time zone 'UTC') - make_interval(months => declared.past))::date;
        execute format('create table %I.%I partition of %s for values from (minvalue) to (%L)', home, parent || '_history', relation, month::text || ' 00:00Z');
        execute format('comment on table %I.%I is %L', home, parent || '_history', 'Rows of ' || parent || ' older than the monthly partitions.');
        made := made + 1;
    else
        month := (month + interval '1 month')::date;
    end if;
    while month <= last loop
        execute format('create table %I.%I partition of %s for values from (%L) to (%L)', home, parent || to_char(month, '_YYYY_MM'), relation,
            month::text || ' 00:00Z', (month + interval '1 month')::date::text || ' 00:00Z');
        execute format('comment on table %I.%I is %L', home, parent || to_char(month, '_YYYY_MM'), 'Rows of ' || parent || ' of ' || to_char(month, 'YYYY-MM') || ' (UTC).');
        month := (month + interval '1 month')::date;
        made := made + 1;
    end loop;
    return made;
end
$$;
comment on function platform.make_partitions(regclass, integer) is 'Makes the monthly partitions of a table up to so many months ahead, as many as declared when left out; returns how many it made. No writer ever runs DDL.';
revoke execute on function platform.make_partitions(regclass, integer) from public;
grant execute on function platform.make_partitions(regclass, integer) to clientele_service;

create function platform.partitioned(relation regclass, ahead integer default 3, past integer default 1) returns void
    language plpgsql
    as $$
begin
    insert into platform.partitioned_tables (relation, ahead, past) values (relation::text, ahead, past);
    perform platform.make_partitions(relation);
end
$$;
comment on function platform.partitioned(regclass, integer, integer) is 'Declares a table, made with "partition by range" of a timestamptz, as one in monthly partitions, and makes the first.';
revoke execute on function platform.partitioned(regclass, integer, integer) from public;


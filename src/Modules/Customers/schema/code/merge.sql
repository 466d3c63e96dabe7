-- Merging two profiles, taking it back, and erasing a person: each walks customers.reference_rules.

create or replace function customers.person(profile uuid) returns uuid
    language sql stable parallel safe
    as $$
        select coalesce((select m.person_id from customers.person_map m
                         where m.organization_id = (select platform.organization()) and m.profile_id = profile), profile)
    $$;
comment on function customers.person(uuid) is 'The person a profile is now: itself, unless it was merged into another.';

create or replace function customers.profiles(person uuid) returns uuid[]
    language sql stable parallel safe
    as $$
        select array[person] || array(select m.profile_id from customers.person_map m
                                      where m.organization_id = (select platform.organization()) and m.person_id = person order by 1)
    $$;
comment on function customers.profiles(uuid) is 'The profiles of a person: its own, and those merged into it.';

create or replace function customers.movable(rule customers.reference_rules) returns text
    language sql stable
    as $$
        -- A row stays where the survivor has one under the same unique key.
        select coalesce(string_agg(format(' and not exists (select from %s o where %s%s)', rule.relation::regclass,
            (select string_agg(case when a.attname = rule.column_name then format('o.%I = $1', a.attname)
                                    when i.indnullsnotdistinct then format('o.%1$I is not distinct from r.%1$I', a.attname)
                                    else format('o.%1$I = r.%1$I', a.attname) end, ' and ')
             from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey)),
            -- A partial key stands in the way only of rows that both fall under it. Its condition names plain columns: those of o.
            case when i.indpred is not null then format(' and %1$s and exists (select from (select r.*) as o where %1$s)', pg_get_expr(i.indpred, i.indrelid)) else '' end), ''), '')
        from pg_index i
        where i.indrelid = rule.relation::regclass and i.indisunique
        and exists (select from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey) and a.attname = rule.column_name)
    $$;
comment on function customers.movable(customers.reference_rules) is 'The condition under which a row (alias r) can go to the survivor ($1): no row of the survivor''s stands in its way.';

create or replace function customers.carry_balance(rule customers.reference_rules, giver uuid, taker uuid, key text) returns void
    language plpgsql
    as $$
declare
    last    jsonb;
    entry   jsonb;
begin
    -- The last entry of each of the giver's accounts is its balance; an entry that carries it names only what it must.
    for last in execute format('select to_jsonb(l) from (select distinct on (%s) * from %s l where l.organization_id = platform.organization() and l.%I = $1 order by %1$s, l.entry desc) l where l.balance > 0',
            (select string_agg(format('l.%I', a.attname), ', ') from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
             where k.conrelid = rule.relation::regclass and k.conname = 'entry_of_account' and a.attname <> 'entry'), rule.relation::regclass, rule.column_name) using giver
    loop
        select coalesce(jsonb_object_agg(a.attname, last -> a.attname::text), '{}') into entry
        from pg_attribute a
        where a.attrelid = rule.relation::regclass and a.attnotnull and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and a.attname not in ('id', 'entry', 'balance', 'created_at');
        entry := entry || jsonb_build_object('reason', 'merge');
        perform customers.write_entry(rule.relation, entry || jsonb_build_object(rule.column_name, giver, 'amount', -(last ->> 'balance')::numeric, 'idempotency_key', key || ':out:' || (last ->> 'id')));
        perform customers.write_entry(rule.relation, entry || jsonb_build_object(rule.column_name, taker, 'amount', (last ->> 'balance')::numeric, 'idempotency_key', key || ':in:' || (last ->> 'id')));
    end loop;
end
$$;
comment on function customers.carry_balance(customers.reference_rules, uuid, uuid, text) is 'Carries the balances of one customer in a ledger to another by entries.';

create or replace function customers.write_entry(relation text, entry jsonb) returns void
    language plpgsql
    as $$
declare
    columns text;
begin
    if platform.tenant('admin') is null then
        raise exception 'Only an administrator may merge customers.' using errcode = 'insufficient_privilege';
    end if;
    select string_agg(quote_ident(a.attname), ', ') into columns
    from pg_attribute a
    where a.attrelid = relation::regclass and a.attnum > 0 and not a.attisdropped and entry ? a.attname;
    execute format('insert into %1$s (%2$s) select %2$s from jsonb_populate_record(null::%1$s, $1)', relation::regclass, columns) using entry;
end
$$;
comment on function customers.write_entry(text, jsonb) is 'Writes one ledger entry, given as an object of its columns.';

create or replace function customers.merge(survivor uuid, merged uuid, reason text default '') returns uuid
    language plpgsql
    as $merge$
declare
    organization uuid := platform.organization();
    merge_id     uuid := gen_random_uuid();
    kept         customers.customers;
    gone         customers.customers;
    filled       customers.customers;
    rule         customers.reference_rules;
    moved        uuid[];
    followers    uuid[];
    profile      uuid;
begin
    if survivor = merged then
        raise exception 'A customer cannot be merged with itself. Name two.' using errcode = 'check_violation';
    end if;
    -- Both are locked in one order, so that merges of the same people wait for each other. A lock also waits for whoever is
    -- writing a row that refers to them, and whoever comes later waits for it. Who turns out to have been merged meanwhile is
    -- refused before the next lock. The profiles of a person come after it: whoever changes them holds the person first.
    for profile in select p from unnest(array[survivor, merged]) as p order by p loop
        perform from customers.customers c where c.organization_id = organization and c.id = profile for update;
        if customers.person(profile) <> profile then
            raise exception 'One of them was merged before. Merge the persons: % and %.', customers.person(survivor), customers.person(merged) using errcode = 'CL001';
        end if;
    end loop;
    followers := array(select m.profile_id from customers.person_map m where m.organization_id = organization and m.person_id = merged order by m.profile_id);
    perform from customers.customers c where c.organization_id = organization and c.id = any (followers) order by c.id for update;
    select * into kept from customers.customers c where c.organization_id = organization and c.id = survivor;
    select * into gone from customers.customers c where c.organization_id = organization and c.id = merged;
    if kept.id is null or gone.id is null then
        raise exception 'There is no such customer. Check both ids.' using errcode = 'no_data_found';
    end if;
    if kept.erased_at is not null or gone.erased_at is not null then
        raise exception 'An erased customer cannot be merged.' using errcode = 'CL001';
    end if;

    -- The survivor keeps what it has, and takes over what it lacks.
    filled := kept;
    filled.email := coalesce(kept.email, gone.email);
    filled.phone := coalesce(kept.phone, gone.phone);
    filled.name := coalesce(kept.name, gone.name);
    filled.date_of_birth := coalesce(kept.date_of_birth, gone.date_of_birth);
    filled.gender := coalesce(kept.gender, gone.gender);
    filled.country := coalesce(kept.country, gone.country);
    filled.state := coalesce(kept.state, gone.state);
    filled.city := coalesce(kept.city, gone.city);
    filled.postal_code := coalesce(kept.postal_code, gone.postal_code);
    filled.timezone := coalesce(kept.timezone, gone.timezone);
    filled.first_seen_at := least(kept.first_seen_at, gone.first_seen_at);
    filled.activated_at := least(kept.activated_at, gone.activated_at);
    if gone.first_seen_at < kept.first_seen_at then
        -- Who came first brought the person here.
        filled.acquisition_channel := coalesce(gone.acquisition_channel, kept.acquisition_channel);
        filled.acquisition_campaign := coalesce(gone.acquisition_campaign, kept.acquisition_campaign);
        filled.acquisition_source := coalesce(gone.acquisition_source, kept.acquisition_source);
        filled.referrer_url := coalesce(gone.referrer_url, kept.referrer_url);
        filled.utm_parameters := gone.utm_parameters || kept.utm_parameters;
    end if;
    filled.custom_attributes := gone.custom_attributes || kept.custom_attributes;
    filled.external_ids := gone.external_ids || kept.external_ids;
    filled.tags := kept.tags || array(select t from unnest(gone.tags) as t where t <> all (kept.tags));

    insert into customers.merges (organization_id, id, survivor_id, merged_id, reason, followers, merged_by, survivor_before, survivor_after)
    select organization, merge_id, survivor, merged, merge.reason, followers, platform.actor(),
           coalesce(jsonb_object_agg(k.key, k.value), '{}'), coalesce(jsonb_object_agg(k.key, f.value), '{}')
    from jsonb_each(to_jsonb(kept)) k
    join jsonb_each(to_jsonb(filled)) f on f.key = k.key and f.value <> k.value
    where k.key <> 'search_text';
    perform customers.write_columns(survivor, (select m.survivor_after from customers.merges m where m.organization_id = organization and m.id = merge_id));

    for rule in select * from customers.reference_rules r where r.on_merge in ('move', 'transfer') order by r.relation, r.column_name loop
        if rule.on_merge = 'move' then
            execute format('with moved as (update %1$s r set %2$I = $1 where r.organization_id = $2 and r.%2$I = $3%3$s returning r.id) select coalesce(array_agg(m.id), ''{}'') from moved m',
                rule.relation::regclass, rule.column_name, customers.movable(rule)) into moved using survivor, organization, merged;
            if moved <> '{}' then
                insert into customers.merge_moves values (organization, merge_id, rule.relation, rule.column_name, moved);
            end if;
        else
            perform customers.carry_balance(rule, merged, survivor, 'merge:' || merge_id);
        end if;
    end loop;

    update customers.person_map m set person_id = survivor where m.organization_id = organization and m.person_id = merged;
    insert into customers.person_map (organization_id, profile_id, person_id) values (organization, merged, survivor);
    perform log.append('customers_merged', survivor, jsonb_build_object('mergeId', merge_id, 'survivor', survivor, 'merged', merged, 'followers', followers), event_name => 'Customers merged', event_category => 'control');
    return merge_id;
end
$merge$;
comment on function customers.merge(uuid, uuid, text) is
    'Makes two profiles one person: the survivor takes over what it lacks and everything that refers to the other (as declared with customers.reference). Events keep their profile. Returns the merge''s id, by which customers.undo_merge takes it back.';

create or replace function customers.write_columns(customer uuid, columns jsonb) returns void
    language plpgsql
    as $$
declare
    names text := (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(columns) as k);
begin
    if platform.tenant('admin') is null then
        raise exception 'Only an administrator may merge customers.' using errcode = 'insufficient_privilege';
    end if;
    if names is null then
        return;
    end if;
    execute format('update customers.customers c set (%1$s) = (select %2$s from jsonb_populate_record(null::customers.customers, $1) r) where c.organization_id = platform.organization() and c.id = $2',
        names, (select string_agg('r.' || quote_ident(k), ', ') from jsonb_object_keys(columns) as k)) using columns, customer;
end
$$;
comment on function customers.write_columns(uuid, jsonb) is 'Sets the columns of a customer that an object names.';

create or replace function customers.undo_merge(merge uuid) returns void
    language plpgsql
    as $undo$
declare
    organization uuid := platform.organization();
    done         customers.merges;
    later        uuid;
    rule         customers.reference_rules;
    move         customers.merge_moves;
    now_is       jsonb;
begin
    select * into done from customers.merges m where m.organization_id = organization and m.id = undo_merge.merge for update;
    if done.id is null then
        raise exception 'There is no such merge. Check its id.' using errcode = 'no_data_found';
    end if;
    -- The person first, its profiles after it, as a merge does.
    perform from customers.customers c where c.organization_id = organization and c.id = done.survivor_id for update;
    perform from customers.customers c where c.organization_id = organization and c.id = any (done.merged_id || done.followers) order by c.id for update;
    if exists (select from customers.customers c where c.organization_id = organization and c.id in (done.survivor_id, done.merged_id) and c.erased_at is not null) then
        raise exception 'The customer was erased since: there is nothing left to take apart.' using errcode = 'CL001';
    end if;
    if done.status = 'undone' then
        raise exception 'This merge was undone at % already.', done.undone_at using errcode = 'CL001';
    end if;
    -- Later merges built on this one are taken back first; then every step back is exact.
    select m.id into later from customers.merges m
    where m.organization_id = organization and m.status = 'done' and m.place > done.place and done.survivor_id in (m.survivor_id, m.merged_id)
    order by m.place desc limit 1;
    if later is not null then
        raise exception 'A later merge stands on this one. Undo % first.', later using errcode = 'CL001';
    end if;
    update customers.merges m set status = 'undone', undone_at = now(), undone_by = platform.actor() where m.organization_id = organization and m.id = done.id;

    for move in select * from customers.merge_moves m where m.organization_id = organization and m.merge_id = done.id loop
        execute format('update %1$s r set %2$I = $1 where r.organization_id = $2 and r.id = any($3) and r.%2$I = $4', move.relation::regclass, move.column_name)
            using done.merged_id, organization, move.ids, done.survivor_id;
    end loop;
    for rule in select * from customers.reference_rules r where r.on_merge = 'transfer' order by r.relation loop
        perform customers.return_balance(rule, done.id);
    end loop;

    -- What somebody has changed since, stays as they changed it.
    select to_jsonb(c) into now_is from customers.customers c where c.organization_id = organization and c.id = done.survivor_id;
    perform customers.write_columns(done.survivor_id, (select coalesce(jsonb_object_agg(b.key, b.value), '{}') from jsonb_each(done.survivor_before) b
        where now_is -> b.key = done.survivor_after -> b.key));

    delete from customers.person_map m where m.organization_id = organization and m.profile_id = done.merged_id;
    update customers.person_map m set person_id = done.merged_id where m.organization_id = organization and m.profile_id = any(done.followers);
    perform log.append('merge_undone', done.survivor_id, jsonb_build_object('mergeId', done.id, 'survivor', done.survivor_id, 'merged', done.merged_id, 'followers', done.followers), event_name => 'Merge undone', event_category => 'control');
end
$undo$;
comment on function customers.undo_merge(uuid) is 'Takes a merge back: rows, balances, columns and the person map are as before, but for what was changed since. The last merge of a person goes first.';

create or replace function customers.return_balance(rule customers.reference_rules, merge uuid) returns void
    language plpgsql
    as $$
declare
    entry jsonb;
    done  customers.merges;
    cause record;
begin
    select * into done from customers.merges m where m.organization_id = platform.organization() and m.id = return_balance.merge;
    -- First what the survivor got is taken off it: where it was spent since, the ledger refuses and with it the undo.
    for entry in execute format('select to_jsonb(l) from %s l where l.organization_id = platform.organization() and l.idempotency_key like $1 order by l.amount desc', rule.relation::regclass)
        using 'merge:' || merge || ':%'
    loop
        perform customers.write_entry(rule.relation, (entry - array['id', 'entry', 'balance', 'created_at'])
            || jsonb_build_object('amount', -(entry ->> 'amount')::numeric, 'reason', 'merge', 'idempotency_key', 'un' || (entry ->> 'idempotency_key')));
    end loop;

    -- What was still pending when the rows moved over (points, a payment) and came due since was entered for the survivor; its
    -- cause has just gone back, so the entry follows it.
    for cause in
        select m.relation, m.ids, c.attname as column_name
        from customers.merge_moves m
        join pg_constraint k on k.contype = 'f' and k.conrelid = rule.relation::regclass and k.confrelid = m.relation::regclass
        join pg_attribute c on c.attrelid = k.conrelid and c.attnum = any (k.conkey) and c.attname <> 'organization_id'
        where m.organization_id = platform.organization() and m.merge_id = done.id
    loop
        for entry in execute format('select to_jsonb(l) from %s l where l.organization_id = platform.organization() and l.%I = $1 and l.%I = any ($2) and l.created_at >= $3 order by l.amount desc',
                rule.relation::regclass, rule.column_name, cause.column_name) using done.survivor_id, cause.ids, done.merged_at
        loop
            perform customers.write_entry(rule.relation, (entry - array['id', 'entry', 'balance', 'created_at'])
                || jsonb_build_object('amount', -(entry ->> 'amount')::numeric, 'reason', 'merge', 'idempotency_key', 'unmerge:' || done.id || ':out:' || (entry ->> 'id')));
            perform customers.write_entry(rule.relation, (entry - array['id', 'entry', 'balance', 'created_at'])
                || jsonb_build_object(rule.column_name, done.merged_id, 'idempotency_key', 'unmerge:' || done.id || ':in:' || (entry ->> 'id')));
        end loop;
    end loop;
end
$$;
comment on function customers.return_balance(customers.reference_rules, uuid) is 'Carries back the balances that a merge carried over, and what came due for the survivor since of what was the other''s. What was spent meanwhile cannot go back: the ledger refuses, and with it the undo.';

create or replace function customers.erase(customer uuid) returns void
    language plpgsql
    as $erase$
declare
    organization uuid := platform.tenant('admin');
    person       uuid := customers.person(customer);
    profiles     uuid[];
    rule         customers.reference_rules;
    words        text[];
    eraser       text;
begin
    if organization is null then
        raise exception 'Only an administrator may erase a customer.' using errcode = 'insufficient_privilege';
    end if;
    perform from customers.customers c where c.organization_id = organization and c.id = person for update;
    if not found then
        raise exception 'There is no such customer. Check the id.' using errcode = 'no_data_found';
    end if;
    if customers.person(person) <> person then
        raise exception 'Somebody merged this customer a moment ago. Erase the person: %.', customers.person(person) using errcode = 'CL001';
    end if;
    -- While the person is held, no profile joins or leaves it.
    profiles := customers.profiles(person);
    perform from customers.customers c where c.organization_id = organization and c.id = any(profiles) order by c.id for update;

    select coalesce(array_agg(distinct lower(w.word)), '{}') into words
    from customers.customers c, unnest(array[c.customer_id, c.email, c.phone] || array(select e.value from jsonb_each_text(c.external_ids) e)) as w (word)
    where c.organization_id = organization and c.id = any(profiles) and c.erased_at is null and w.word <> '';
    -- Under none of these names may they come back unasked.
    insert into customers.suppressions (organization_id, word_hash)
    select organization, sha256(convert_to(w, 'UTF8')) from unnest(words) as w
    on conflict do nothing;
    -- First what names them without a key, while the keys by which it is found are there.
    for eraser in select e.routine from customers.erasers e order by e.routine loop
        execute format('select %s($1, $2)', eraser::regproc) using profiles, words;
    end loop;

    for rule in select * from customers.reference_rules r order by r.relation, r.column_name loop
        case
            when rule.on_erase = 'delete' then
                execute format('delete from %s r where r.organization_id = $1 and r.%I = any($2)', rule.relation::regclass, rule.column_name) using organization, profiles;
            when rule.on_erase = 'set_null' then
                execute format('update %s r set %2$I = null%3$s where r.organization_id = $1 and r.%2$I = any($2)', rule.relation::regclass, rule.column_name,
                    (select string_agg(format(', %I = default', p), '') from unnest(rule.personal) p)) using organization, profiles;
            when rule.personal <> '{}' then
                execute format('update %s r set %s where r.organization_id = $1 and r.%I = any($2)', rule.relation::regclass,
                    (select string_agg(format('%I = default', p), ', ') from unnest(rule.personal) p), rule.column_name) using organization, profiles;
            else null;
        end case;
    end loop;

    update customers.customers c set
        customer_id = 'erased-' || replace(c.id::text, '-', ''),
        email = null, phone = null, name = null, date_of_birth = null, gender = null, country = null, state = null, city = null, postal_code = null,
        timezone = null, acquisition_campaign = null, acquisition_source = null, referrer_url = null, utm_parameters = '{}', custom_attributes = '{}',
        tags = '{}', external_ids = '{}', import_id = null, customer_status = 'inactive', erased_at = coalesce(c.erased_at, now())
    where c.organization_id = organization and c.id = any(profiles);

    perform log.erase(profiles);
    perform log.append('customer_erased', person, jsonb_build_object('profiles', profiles), event_name => 'Customer erased', event_category => 'control');
end
$erase$;
comment on function customers.erase(uuid) is
    'Removes everything personal of a person, all profiles of it: rows that refer to it as declared with customers.reference, its own columns, and what its events say. What must be kept (orders, payments) stays under a pseudonym. For administrators. Nothing undoes it.';

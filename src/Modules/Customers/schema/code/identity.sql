-- What collection calls: whom a batch of events is about, what it tells of them, and who must not be told of.

create or replace function customers.suppressed(words text[]) returns setof text
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    organization uuid := platform.tenant('key');
begin
    -- Where nobody was ever erased, no word needs to be hashed.
    if not exists (select from customers.suppressions s where s.organization_id = organization) then
        return;
    end if;
    return query
        select w from unnest(words) as w
        where exists (select from customers.suppressions s where s.organization_id = organization and s.word_hash = sha256(convert_to(lower(w), 'UTF8')));
end
$$;
comment on function customers.suppressed(text[]) is 'Those of the words (ids, addresses, phones) under which somebody was erased from the transaction''s organization.';
revoke execute on function customers.suppressed(text[]) from public;
grant execute on function customers.suppressed(text[]) to clientele_app, clientele_service;

create or replace function customers.name_known(users text[]) returns void
    language sql
    as $$
        update customers.customers c set anonymous = false
        where c.organization_id = platform.organization() and c.id in (
            select x.id from customers.customers x
            where x.organization_id = platform.organization() and x.customer_id = any (users) and x.anonymous and x.erased_at is null
            order by x.id for update)
    $$;
comment on function customers.name_known(text[]) is
    'Visitors under these ids are visitors no more: the client''s own system calls somebody so, and who has a name is never renamed or merged by an SDK.';

create or replace function customers.keep_statistics() returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    grown regclass;
begin
    for grown in
        select c.oid from pg_class c
        where c.oid in ('customers.customers'::regclass, 'customers.identities'::regclass, 'customers.person_map'::regclass)
        and pg_relation_size(c.oid) / current_setting('block_size')::integer > 4 * greatest(c.relpages, 4)
    loop
        begin
            -- Somebody else may be at it.
            execute format('lock table %s in share update exclusive mode nowait', grown);
            execute format('analyze %s', grown);
        exception when lock_not_available then
            null;
        end;
    end loop;
end
$$;
comment on function customers.keep_statistics() is
    'Looks anew at tables that became four times as large. While the planner believes them empty, every index that begins with the organization seems as good as the right one, and each look-up reads all customers until autovacuum comes by a minute later.';
revoke execute on function customers.keep_statistics() from public;
grant execute on function customers.keep_statistics() to clientele_app, clientele_service;

create or replace function customers.make_known(users text[], visitors text[], seen timestamptz[], source text, most_visitors integer) returns void
    language plpgsql
    -- Some hundreds of ids are each looked up by their key, whatever the statistics say of a table that was empty a moment ago.
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off set enable_material = off
    as $$
declare
    organization uuid := platform.organization();
    pair         record;
    made         uuid[];
begin
    -- One at a time where visitors become somebody: two at once would build on what the other is about to change.
    if (select bool_or(i.customer_id is not null or u.anonymous)
        from unnest(users, visitors) as w (usr, visitor)
        left join lateral (select c.anonymous from customers.customers c where c.organization_id = organization and c.customer_id = w.usr limit 1) u on true
        left join lateral (select n.customer_id from customers.identities n where n.organization_id = organization and n.kind = 'anonymous_id' and n.value = w.visitor limit 1) i on true
        where w.usr is not null)
    then
        perform pg_advisory_xact_lock(hashtext('customers.make_known'), hashtext(organization::text));

        -- An id that is used as somebody's name is no visitor's any more: nobody may take the profile over by naming a browser after it.
        perform customers.name_known(users);

        -- A visitor we know says who they are, and nobody has that name yet: the profile itself gets it. So many in one go, since
        -- others wait: the rest are made, and merged with what is told of them next.
        for pair in
            select distinct on (i.customer_id) w.usr, i.customer_id
            from unnest(users, visitors) with ordinality as w (usr, visitor, place)
            cross join lateral (select n.customer_id from customers.identities n where n.organization_id = organization and n.kind = 'anonymous_id' and n.value = w.visitor limit 1) i
            cross join lateral (select c.anonymous, c.erased_at from customers.customers c where c.organization_id = organization and c.id = i.customer_id limit 1) c
            left join lateral (select u.id from customers.customers u where u.organization_id = organization and u.customer_id = w.usr limit 1) u on true
            left join lateral (select m.person_id from customers.person_map m where m.organization_id = organization and m.profile_id = i.customer_id limit 1) m on true
            where w.usr is not null and c.anonymous and c.erased_at is null and u.id is null and m.person_id is null
            order by i.customer_id, w.place
            limit 50
        loop
            begin
                update customers.customers c set customer_id = pair.usr, anonymous = false
                where c.organization_id = organization and c.id = pair.customer_id
                and not exists (select from customers.customers u where u.organization_id = organization and u.customer_id = pair.usr);
            exception when unique_violation then
                -- Somebody got the name a moment ago, from who told of them first: the two are merged below.
                null;
            end;
        end loop;
    end if;

    -- The others are made: users under their id, visitors who came alone under the id of their browser.
    with told as (
        select w.usr, w.visitor, w.seen, bool_or(w.usr is not null) over (partition by w.visitor) as has_name
        from unnest(users, visitors, seen) as w (usr, visitor, seen)
    ), inserted as (
        insert into customers.customers (organization_id, customer_id, first_seen_at, data_source, anonymous)
        select organization, n.id, n.seen, source, n.anonymous
        from (
            select coalesce(t.usr, t.visitor) as id, min(t.seen) as seen, bool_and(t.usr is null) as anonymous
            from told t
            left join lateral (select n.customer_id from customers.identities n where n.organization_id = organization and n.kind = 'anonymous_id' and n.value = t.visitor limit 1) i on true
            where t.usr is not null or not t.has_name and i.customer_id is null
            group by 1
        ) n
        order by n.id -- one order for all writers: no deadlock
        on conflict (organization_id, customer_id) do nothing
        returning id, anonymous
    )
    select array_agg(i.id) filter (where i.anonymous) into made from inserted i;

    -- The checks of the foreign key below look each person up, by a plan this session may have made for a table of one page.
    perform customers.keep_statistics();

    -- What a browser calls itself belongs to whom it told of first, as long as that person has not too many.
    with told as materialized (
        select w.usr, w.visitor, w.seen, w.place, coalesce(w.usr, w.visitor) as owner
        from unnest(users, visitors, seen) with ordinality as w (usr, visitor, seen, place)
        where w.visitor is not null
    ), first as (
        select distinct on (t.visitor) t.visitor, c.id as customer_id, t.seen
        from told t
        cross join lateral (select o.id from customers.customers o where o.organization_id = organization and o.customer_id = t.owner limit 1) c
        left join lateral (select o.id, o.anonymous from customers.customers o where o.organization_id = organization and o.customer_id = t.visitor limit 1) v on true
        -- Somebody's own name is no browser's.
        where v.id is null or v.id = c.id or v.anonymous
        order by t.visitor, t.usr is null, t.place
    )
    insert into customers.identities (organization_id, kind, value, customer_id, first_seen_at)
    select organization, 'anonymous_id', f.visitor, f.customer_id, f.seen
    from first f
    cross join lateral (select count(*) as browsers from customers.identities i where i.organization_id = organization and i.customer_id = f.customer_id and i.kind = 'anonymous_id') n
    where n.browsers < most_visitors
    order by f.visitor
    on conflict (organization_id, kind, value) do nothing;

    -- Another writer was faster and gave the browser to somebody: then the visitor made for it is nobody.
    if made is not null then
        delete from customers.customers c
        where c.organization_id = organization and c.id in (
            select m.id from unnest(made) as m (id)
            left join lateral (select n.customer_id from customers.identities n where n.organization_id = organization and n.customer_id = m.id limit 1) i on true
            where i.customer_id is null);
    end if;

    -- A visitor we know turns out to be somebody we know: one person. Two people with names stay two.
    for pair in
        select distinct coalesce(um.person_id, u.id) as survivor, v.id as merged
        from unnest(users, visitors) as w (usr, visitor)
        cross join lateral (select n.customer_id from customers.identities n where n.organization_id = organization and n.kind = 'anonymous_id' and n.value = w.visitor limit 1) i
        cross join lateral (select c.id, c.erased_at from customers.customers c where c.organization_id = organization and c.customer_id = w.usr limit 1) u
        left join lateral (select m.person_id from customers.person_map m where m.organization_id = organization and m.profile_id = u.id limit 1) um on true
        cross join lateral (select c.id, c.anonymous, c.erased_at from customers.customers c where c.organization_id = organization and c.id = i.customer_id limit 1) v
        left join lateral (select m.person_id from customers.person_map m where m.organization_id = organization and m.profile_id = v.id limit 1) vm on true
        where w.usr is not null and v.anonymous and v.erased_at is null and u.erased_at is null and vm.person_id is null and v.id <> u.id
        and v.id is distinct from um.person_id
        and (select count(*) from customers.person_map m where m.organization_id = organization and m.person_id = coalesce(um.person_id, u.id)) < 100
        order by 1, 2
        -- Others wait meanwhile: who is left is merged with what is told of them next.
        limit 50
    loop
        -- Not twice, and not without end: a thousand browsers are not one person.
        continue when exists (select from customers.person_map m where m.organization_id = organization and m.profile_id = pair.merged)
            or (select count(*) from customers.person_map m where m.organization_id = organization and m.person_id = pair.survivor) >= 100;
        -- Both are held in the order a merge holds them; only then is it known what others have made of them meanwhile.
        perform from customers.customers c where c.organization_id = organization and c.id in (pair.survivor, pair.merged) order by c.id for update;
        continue when customers.person(pair.merged) <> pair.merged;
        if customers.person(pair.survivor) <> pair.survivor
            or (select count(*) from customers.customers c where c.organization_id = organization and c.id in (pair.survivor, pair.merged) and c.erased_at is null) < 2
        then
            raise exception 'Somebody was merged, erased or removed at this moment.' using errcode = 'serialization_failure', hint = 'Do it again: it will be seen who they are now.';
        end if;
        perform customers.merge(pair.survivor, pair.merged, 'A visitor said who they are');
    end loop;
    perform customers.keep_statistics();
end
$$;
comment on function customers.make_known(text[], text[], timestamptz[], text, integer) is
    'Makes profiles for ids nobody has, gives browsers to people, and merges visitors into the people they turn out to be. Called by customers.resolve.';

create or replace function customers.resolve(users text[], visitors text[], seen timestamptz[], source text, most_visitors integer default 100) returns uuid[]
    language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off set enable_material = off
    as $$
declare
    organization uuid := platform.organization();
    profiles     uuid[];
    new_users    text[];
    new_visitors text[];
    new_seen     timestamptz[];
begin
    -- Nearly always everybody is known and nothing new was said: one look.
    for attempt in 1 .. 2 loop
        select array_agg(l.profile order by l.place),
               array_agg(l.usr order by l.place) filter (where l.unsettled), array_agg(l.visitor order by l.place) filter (where l.unsettled),
               array_agg(l.seen order by l.place) filter (where l.unsettled)
        into profiles, new_users, new_visitors, new_seen
        from (
            select w.*, coalesce(u.id, i.customer_id) as profile,
                   case when w.usr is null then i.customer_id is null
                        when w.visitor is null then u.id is null or u.anonymous
                        else u.id is null or u.anonymous or i.customer_id is null or v.anonymous and coalesce(vm.person_id, v.id) <> coalesce(um.person_id, u.id) end as unsettled
            from unnest(users, visitors, seen) with ordinality as w (usr, visitor, seen, place)
            -- "limit" keeps each look a look-up by its key, also in a table the planner believes to be empty.
            left join lateral (select c.id, c.anonymous from customers.customers c where c.organization_id = organization and c.customer_id = w.usr limit 1) u on true
            left join lateral (select n.customer_id from customers.identities n where n.organization_id = organization and n.kind = 'anonymous_id' and n.value = w.visitor limit 1) i on true
            -- Where the browser is the user's own, which it nearly always is, these are null and look nowhere.
            left join lateral (select c.id, c.anonymous from customers.customers c where w.usr is not null and c.organization_id = organization and c.id = nullif(i.customer_id, u.id) limit 1) v on true
            left join lateral (select m.person_id from customers.person_map m where m.organization_id = organization and m.profile_id = case when v.anonymous then u.id end limit 1) um on true
            left join lateral (select m.person_id from customers.person_map m where m.organization_id = organization and m.profile_id = v.id limit 1) vm on true
            where w.usr is not null or w.visitor is not null
        ) l;
        exit when attempt = 2 or new_users is null;
        perform customers.make_known(new_users, new_visitors, new_seen, source, most_visitors);
    end loop;
    -- A browser that could not be given to anybody (too many already, or it calls itself by somebody's name) is, for this once, whose it was told to be.
    if array_position(profiles, null) is not null then
        select array_agg(coalesce(l.profile, l.told, l.named) order by l.place) into profiles
        from (
            select p.place, p.profile, t.id as told, n.id as named
            from (
                select w.visitor, row_number() over (order by w.place) as place
                from unnest(users, visitors) with ordinality as w (usr, visitor, place)
                where w.usr is not null or w.visitor is not null
            ) w
            join unnest(profiles) with ordinality as p (profile, place) using (place)
            left join lateral (
                select c.id
                from unnest(users, visitors) with ordinality as o (usr, visitor, place)
                join customers.customers c on c.organization_id = organization and c.customer_id = o.usr
                where p.profile is null and o.visitor = w.visitor
                order by o.place limit 1) t on true
            left join lateral (select c.id from customers.customers c where p.profile is null and c.organization_id = organization and c.customer_id = w.visitor limit 1) n on true
        ) l;
        if array_position(profiles, null) is not null then
            raise exception 'Somebody was merged, erased or removed at this moment.' using errcode = 'serialization_failure', hint = 'Do it again: it will be seen who they are now.';
        end if;
    end if;
    return coalesce(profiles, '{}');
end
$$;
comment on function customers.resolve(text[], text[], timestamptz[], text, integer) is
    'The profile each pair of user id and anonymous id (either may be null, not both) is recorded with, in the order given; makes who is missing and links what belongs together. For the transaction''s organization; merging needs the access of the platform itself.';

create or replace function customers.refusing(profiles uuid[]) returns setof uuid
    language sql stable
    as $$
        -- Whichever of a person's profiles refused, all of them did.
        with who as (
            select t.customer_id, coalesce(m.person_id, t.customer_id) as person_id
            from customers.tracking_refusals t
            left join customers.person_map m on m.organization_id = t.organization_id and m.profile_id = t.customer_id
            where t.organization_id = (select platform.organization())
            and t.customer_id in (
                select p.id from unnest(profiles) as p (id)
                union select m.person_id from customers.person_map m where m.organization_id = (select platform.organization()) and m.profile_id = any (profiles)
                union select f.profile_id from customers.person_map f
                      join customers.person_map m on m.organization_id = f.organization_id and m.person_id = f.person_id
                      where f.organization_id = (select platform.organization()) and m.profile_id = any (profiles)
                union select f.profile_id from customers.person_map f where f.organization_id = (select platform.organization()) and f.person_id = any (profiles))
        )
        select p.id
        from unnest(profiles) as p (id)
        left join customers.person_map m on m.organization_id = (select platform.organization()) and m.profile_id = p.id
        where coalesce(m.person_id, p.id) in (select w.person_id from who w)
    $$;
comment on function customers.refusing(uuid[]) is 'Those of the profiles whose person does not want to be watched.';

create or replace function customers.refuse_tracking(customer uuid, refuses boolean) returns void
    language plpgsql
    as $$
begin
    if not exists (select from customers.customers c where c.organization_id = platform.organization() and c.id = customer) then
        raise exception 'There is no such customer. Check the id.' using errcode = 'no_data_found';
    end if;
    if refuses = exists (select from customers.refusing(array[customer])) then
        return;
    end if;
    perform log.append(case when refuses then 'tracking_refused' else 'tracking_allowed' end, customers.person(customer),
        event_name => case when refuses then 'Tracking refused' else 'Tracking allowed' end, event_category => 'state');
    if refuses then
        insert into customers.tracking_refusals (organization_id, customer_id) values (platform.organization(), customers.person(customer)) on conflict do nothing;
    else
        delete from customers.tracking_refusals t
        where t.organization_id = platform.organization() and t.customer_id = any (customers.profiles(customers.person(customer)));
    end if;
end
$$;
comment on function customers.refuse_tracking(uuid, boolean) is 'Somebody does not want their behaviour collected, or does again; the log is told of a change.';

create or replace function customers.learn(
    profiles uuid[], emails text[], phones text[], names text[], births date[], genders text[], countries text[], states text[], cities text[],
    postal_codes text[], timezones text[], others jsonb[], trusted boolean
) returns bigint
    language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off set enable_material = off
    as $$
declare
    organization uuid := platform.organization();
    changed      bigint;
begin
    with told as (
        select customers.person(t.profile) as id, t.*
        from unnest(profiles, emails, phones, names, births, genders, countries, states, cities, postal_codes, timezones, others)
            as t (profile, email, phone, name, born, gender, country, state, city, postal_code, timezone, other)
    ), locked as materialized (
        -- In one order, so that two who tell of the same people wait for each other instead of standing in each other's way.
        -- What is read under the lock is what stands there now, not what stood there when the statement began.
        select c.* from customers.customers c
        where c.organization_id = organization and c.id in (select t.id from told t) and c.erased_at is null
        order by c.id for update
    ), next as (
        select c.id,
               -- Where messages go and how old somebody is: once that is known of somebody with a name, what anybody can send from a page does not replace it.
               case when trusted or c.anonymous or c.email is null then coalesce(t.email, c.email) else c.email end as email,
               case when trusted or c.anonymous or c.phone is null then coalesce(t.phone, c.phone) else c.phone end as phone,
               case when trusted or c.anonymous or c.date_of_birth is null then coalesce(t.born, c.date_of_birth) else c.date_of_birth end as born,
               coalesce(t.name, c.name) as name, coalesce(t.gender, c.gender) as gender, coalesce(t.country, c.country) as country, coalesce(t.state, c.state) as state,
               coalesce(t.city, c.city) as city, coalesce(t.postal_code, c.postal_code) as postal_code, coalesce(t.timezone, c.timezone) as timezone,
               -- A profile is no store of documents: what would make it one stays in the events.
               case when length((c.custom_attributes || t.other)::text) <= 65536 then c.custom_attributes || t.other else c.custom_attributes end as attributes
        from told t
        join locked c on c.id = t.id
    )
    update customers.customers c set
        email = n.email, phone = n.phone, date_of_birth = n.born, name = n.name, gender = n.gender, country = n.country, state = n.state, city = n.city,
        postal_code = n.postal_code, timezone = n.timezone, custom_attributes = n.attributes
    from next n
    where c.organization_id = organization and c.id = n.id
    and (n.email, n.phone, n.born, n.name, n.gender, n.country, n.state, n.city, n.postal_code, n.timezone, n.attributes)
        is distinct from (c.email, c.phone, c.date_of_birth, c.name, c.gender, c.country, c.state, c.city, c.postal_code, c.timezone, c.custom_attributes);
    get diagnostics changed = row_count;
    return changed;
end
$$;
comment on function customers.learn(uuid[], text[], text[], text[], date[], text[], text[], text[], text[], text[], text[], jsonb[], boolean) is
    'What was told about profiles goes to the people they are now: known traits to their columns (null: nothing was told), the others to custom_attributes. Each profile once. Not trusted: e-mail address, phone and date of birth that are known of somebody with a name stay. Returns how many changed.';

create or replace function customers.came_from(profiles uuid[], touches jsonb[], moments timestamptz[]) returns void
    language plpgsql
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off set enable_material = off
    as $$
begin
    update customers.customers c set
        acquisition_channel = case when c.last_touch = '{}' then coalesce(c.acquisition_channel, left(t.touch ->> 'channel', 100)) else c.acquisition_channel end,
        acquisition_source = case when c.last_touch = '{}' then coalesce(c.acquisition_source, left(t.touch ->> 'source', 100)) else c.acquisition_source end,
        acquisition_campaign = case when c.last_touch = '{}' then coalesce(c.acquisition_campaign, left(t.touch ->> 'campaign', 100)) else c.acquisition_campaign end,
        referrer_url = case when c.last_touch = '{}' then coalesce(c.referrer_url, t.touch ->> 'referrer') else c.referrer_url end,
        utm_parameters = case when c.last_touch = '{}' and c.utm_parameters = '{}' then t.touch - array['channel', 'referrer'] else c.utm_parameters end,
        last_touch = t.touch || jsonb_build_object('at', t.moment)
    from (
        select distinct on (customers.person(n.profile)) customers.person(n.profile) as id, n.touch, n.moment
        from unnest(profiles, touches, moments) as n (profile, touch, moment)
        order by customers.person(n.profile), n.moment desc
    ) t
    where c.organization_id = platform.organization() and c.id = t.id and c.erased_at is null
    and coalesce((c.last_touch ->> 'at')::timestamptz, '-infinity') < t.moment and c.last_touch - 'at' is distinct from t.touch;
end
$$;
comment on function customers.came_from(uuid[], jsonb[], timestamptz[]) is 'Where visits came from: the first such touch of a person stays in acquisition_* and utm_parameters, the latest in last_touch.';

create or replace function customers.goes_by(profiles uuid[], kinds text[], ids text[], most integer) returns void
    language sql
    as $$
        insert into customers.identities (organization_id, kind, value, customer_id)
        select platform.organization(), n.kind, n.id, n.profile
        from (
            select distinct on (w.kind, w.id) w.kind, w.id, w.profile
            from unnest(profiles, kinds, ids) as w (profile, kind, id)
            order by w.kind, w.id
        ) n
        where (select count(*) from customers.identities i where i.organization_id = platform.organization() and i.customer_id = n.profile and i.kind = n.kind) < most
        order by n.kind, n.id
        on conflict do nothing
    $$;
comment on function customers.goes_by(uuid[], text[], text[], integer) is 'External ids of profiles, at most so many of a kind for each; an id that is somebody else''s stays theirs.';

create or replace function customers.belongs_to(types text[], keys text[], traits jsonb[], profiles uuid[]) returns void
    language plpgsql
    as $$
#variable_conflict use_column
declare
    organization uuid := platform.organization();
begin
    insert into customers.groups as g (organization_id, group_type, group_key, name, traits)
    select organization, n.type, n.key, left(nullif(n.traits ->> 'name', ''), 255), n.traits
    from (
        -- Told of twice in one batch: what was said last counts.
        select distinct on (w.type, w.key) w.type, w.key, w.traits
        from unnest(types, keys, traits) with ordinality as w (type, key, traits, place)
        order by w.type, w.key, w.place desc
    ) n
    order by n.type, n.key
    on conflict (organization_id, group_type, group_key) do update
        set traits = case when length((g.traits || excluded.traits)::text) <= 65536 then g.traits || excluded.traits else g.traits end,
            name = coalesce(excluded.name, g.name)
        where (g.traits || excluded.traits) is distinct from g.traits;
    insert into customers.group_members (organization_id, group_id, customer_id)
    select distinct organization, g.id, w.profile
    from unnest(types, keys, profiles) as w (type, key, profile)
    join customers.groups g on g.organization_id = organization and g.group_type = w.type and g.group_key = w.key
    where w.profile is not null
    order by g.id, w.profile
    on conflict do nothing;
end
$$;
comment on function customers.belongs_to(text[], text[], jsonb[], uuid[]) is 'Groups with their traits, made where they are missing, and the profiles that belong to them (null: none was named).';

create or replace function customers.erase_identities(profiles uuid[], words text[]) returns void
    language plpgsql
    as $$
begin
    -- Under none of their browsers' ids either may they come back unasked.
    insert into customers.suppressions (organization_id, word_hash)
    select distinct platform.organization(), sha256(convert_to(lower(i.value), 'UTF8'))
    from customers.identities i where i.organization_id = platform.organization() and i.customer_id = any (profiles)
    on conflict do nothing;
    update customers.customers c set last_touch = '{}', anonymous = false where c.organization_id = platform.organization() and c.id = any (profiles);
end
$$;
comment on function customers.erase_identities(uuid[], text[]) is 'The ids of an erased person''s browsers and devices are suppressed too, and where they came from is forgotten.';
select customers.erased_by('customers.erase_identities');

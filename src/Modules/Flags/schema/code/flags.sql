-- Flags: the history of a flag, and what is drawn by lot.

create or replace function flags.note_times() returns trigger
    language plpgsql
    as $$
begin
    if new.is_enabled and (tg_op = 'INSERT' or not old.is_enabled) then
        new.enabled_at := coalesce(new.enabled_at, now());
        if tg_op = 'UPDATE' then
            new.enabled_at := now();
        end if;
    elsif tg_op = 'UPDATE' and old.is_enabled and not new.is_enabled then
        new.disabled_at := now();
    end if;
    if tg_op = 'UPDATE' and platform.actor() is not null then
        new.last_modified_by_user_id := platform.actor();
    end if;
    return new;
end
$$;
comment on function flags.note_times() is 'Trigger: when a flag was switched, and who touched it last.';

create or replace function flags.record_change() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    -- What a change of a flag is about; names and times are not part of it.
    about   text[] := '{is_enabled, flag_type, flag_value, configuration, rollout_percentage, target_user_groups, target_regions}';
    before  jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    after   jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    subject jsonb := coalesce(case when tg_op <> 'DELETE' then to_jsonb(new) end, case when tg_op <> 'INSERT' then to_jsonb(old) end);
    changed text[] := array(select a from unnest(about) as a where before -> a is distinct from after -> a);
    kind    text;
begin
    if changed = '{}' then
        return null;
    end if;
    -- When a whole organization goes, its history goes with it.
    if tg_op = 'DELETE' and not exists (select from platform.organizations o where o.id = old.organization_id) then
        return null;
    end if;
    kind := case
        when coalesce((before ->> 'is_enabled')::boolean, false) = coalesce((after ->> 'is_enabled')::boolean, false) then 'config_updated'
        when (after ->> 'is_enabled')::boolean then 'enabled'
        else 'disabled'
    end;
    insert into flags.feature_flag_changes (organization_id, workspace_id, flag_id, flag_key, environment, changed_by, change_type, old_value, new_value, reason)
    values ((subject ->> 'organization_id')::uuid, (subject ->> 'workspace_id')::uuid, (after ->> 'id')::uuid, subject ->> 'flag_key', subject ->> 'environment',
            platform.actor(), kind,
            (select jsonb_object_agg(c, before -> c) from unnest(changed) as c where before is not null),
            (select jsonb_object_agg(c, after -> c) from unnest(changed) as c where after is not null),
            nullif(current_setting('clientele.reason', true), ''));
    return null;
end
$$;
comment on function flags.record_change() is 'Trigger: writes what was changed in a flag to feature_flag_changes, with the actor and the reason of the transaction.';
revoke execute on function flags.record_change() from public;

create or replace trigger note_times before insert or update on flags.feature_flags for each row execute function flags.note_times();
create or replace trigger record_change after insert or update or delete on flags.feature_flags for each row execute function flags.record_change();

-- ---------------------------------------------------------------------------------------------------------
-- By lot

create or replace function flags.bucket(key text, subject text) returns integer
    language sql immutable parallel safe
    as $$ select (('x' || left(md5(key || '/' || subject), 8))::bit(32)::bigint % 10000)::integer $$;
comment on function flags.bucket(text, text) is
    'The lot of a person in the draw of a key: 0 to 9999, spread evenly, the same for ever and everywhere. Another key is another draw.';

create or replace function flags.in_rollout(flag_key text, subject text, percentage integer) returns boolean
    language sql immutable parallel safe
    as $$ select flags.bucket(flag_key, subject) < percentage * 100 $$;
comment on function flags.in_rollout(text, text, integer) is
    'Is this person among the percentage a flag is rolled out to? Whoever is in at 10 % is in at 20 %.';

create or replace function flags.is_enabled(flag_key text, subject text, workspace uuid default platform.workspace(), environment text default 'production') returns boolean
    language sql stable
    as $$
        -- The workspace's row, when there is one, goes before the organization's.
        select coalesce((
            select f.is_enabled and flags.in_rollout(f.flag_key, is_enabled.subject, coalesce(
                (select r.rollout_percentage from flags.feature_rollouts r
                 where r.organization_id = f.organization_id and r.flag_key = f.flag_key and r.status = 'active'), f.rollout_percentage))
            from flags.feature_flags f
            where f.organization_id = platform.organization() and f.flag_key = is_enabled.flag_key and f.environment = is_enabled.environment
            and (f.workspace_id is null or f.workspace_id = is_enabled.workspace)
            order by f.workspace_id nulls last
            limit 1), false)
    $$;
comment on function flags.is_enabled(text, text, uuid, text) is
    'Is a flag on for this person? Groups and regions are the caller''s to compare. A rollout is only seen by those who may see rollouts; for others the flag''s own percentage counts.';

create or replace function flags.check_test() returns trigger
    language plpgsql
    as $$
declare
    share numeric;
    count bigint;
begin
    if new.status = 'running' and old.status = 'draft' then
        select coalesce(sum(v.traffic_share), 0), count(*) into share, count
        from flags.ab_test_variants v where v.organization_id = new.organization_id and v.test_id = new.id;
        if count < 2 or share = 0 or share > 1 then
            raise exception 'The test "%" has % variants whose shares add up to %. Give it at least two, whose shares add up to 1 at most.', new.test_name, count, share
                using errcode = 'check_violation', table = tg_table_name;
        end if;
    end if;
    if new.winner_variant is distinct from old.winner_variant and new.winner_variant is not null and not exists (
        select from flags.ab_test_variants v where v.organization_id = new.organization_id and v.test_id = new.id and v.variant = new.winner_variant) then
        raise exception 'The test "%" has no variant "%".', new.test_name, new.winner_variant using errcode = 'check_violation', table = tg_table_name, column = 'winner_variant';
    end if;
    return new;
end
$$;
comment on function flags.check_test() is 'Trigger: a test starts with variants whose shares fit, and its winner is one of them.';
create or replace trigger check_test before update of status, winner_variant on flags.ab_tests for each row execute function flags.check_test();

create or replace function flags.variants_stand_still() returns trigger
    language plpgsql
    as $$
declare
    tested  uuid := case when tg_op = 'DELETE' then old.test_id else new.test_id end;
    state   text;
begin
    -- Locked, so that a test does not start between this look and the change.
    select t.status into state from flags.ab_tests t
    where t.organization_id = case when tg_op = 'DELETE' then old.organization_id else new.organization_id end and t.id = tested for share;
    if state <> 'draft' then
        raise exception 'The test is %: its variants stand still once it has begun. Complete it and make another.', state using errcode = 'CL001', table = tg_table_name;
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end
$$;
comment on function flags.variants_stand_still() is 'Trigger: variants are only changed while their test is a draft.';
create or replace trigger stand_still before insert or update or delete on flags.ab_test_variants for each row execute function flags.variants_stand_still();

create or replace function flags.draw(test_id uuid, subject text) returns text
    language sql stable
    as $$
        select v.variant
        from (select a.variant, sum(a.traffic_share) over (order by a.variant) * 10000 as upto
              from flags.ab_test_variants a
              where a.organization_id = platform.organization() and a.test_id = draw.test_id and a.traffic_share > 0) as v
        where flags.bucket(draw.test_id::text, draw.subject) < v.upto
        order by v.upto
        limit 1
    $$;
comment on function flags.draw(uuid, text) is 'The variant somebody draws; null: not in the test.';

create or replace function flags.assign(test_id uuid, customer_id uuid default null, anonymous_id text default null, ip_address inet default null, user_agent text default null) returns text
    language plpgsql
    as $$
declare
    here  uuid := platform.organization();
    state text;
    found_row flags.ab_test_assignments;
    drawn text;
begin
    if num_nonnulls(assign.customer_id, nullif(assign.anonymous_id, '')) = 0 then
        raise exception 'Say who: a customer, or an anonymous id.' using errcode = 'check_violation';
    end if;
    select t.status into state from flags.ab_tests t where t.organization_id = here and t.id = assign.test_id;
    if state is null then
        raise exception 'There is no such test.' using errcode = 'check_violation';
    end if;

    for attempt in 1..2 loop
        select a.* into found_row from flags.ab_test_assignments a
        where a.organization_id = here and a.test_id = assign.test_id and (a.customer_id = assign.customer_id or a.anonymous_id = assign.anonymous_id)
        -- Once somebody is known, what they were given as that person holds.
        order by (a.customer_id is not distinct from assign.customer_id) desc
        limit 1;
        if found_row.id is not null then
            if found_row.customer_id is null and assign.customer_id is not null then
                begin
                    update flags.ab_test_assignments a set customer_id = assign.customer_id where a.organization_id = here and a.id = found_row.id and a.customer_id is null;
                exception when unique_violation then
                    -- This person was given a variant at the same moment, without the anonymous id: that one holds.
                    select a.* into found_row from flags.ab_test_assignments a
                    where a.organization_id = here and a.test_id = assign.test_id and a.customer_id = assign.customer_id;
                end;
            end if;
            return found_row.variant;
        end if;
        exit when state <> 'running' or attempt = 2;

        drawn := flags.draw(assign.test_id, coalesce(assign.customer_id::text, assign.anonymous_id));
        exit when drawn is null;
        -- Whoever asks at the same moment draws the same; whoever comes second reads what the first wrote.
        insert into flags.ab_test_assignments (organization_id, test_id, customer_id, anonymous_id, variant, ip_address, user_agent)
        values (here, assign.test_id, assign.customer_id, assign.anonymous_id, drawn, assign.ip_address, assign.user_agent)
        on conflict do nothing;
        if found then
            return drawn;
        end if;
    end loop;
    return null;
end
$$;
comment on function flags.assign(uuid, uuid, text, inet, text) is
    'The variant of a person in a test: the one given before, else, while the test runs, the one drawn and kept now; null: not in the test. An anonymous id that turns out to be a customer keeps its variant.';

create or replace function flags.variants_of(organization_id uuid, test_id uuid) returns jsonb
    language sql stable
    as $$
        select coalesce(jsonb_object_agg(v.variant, v.configuration), '{}') from flags.ab_test_variants v
        where v.organization_id = variants_of.organization_id and v.test_id = variants_of.test_id
    $$;
comment on function flags.variants_of(uuid, uuid) is 'The variants of a test as one object: variant → configuration.';

create or replace function flags.shares_of(organization_id uuid, test_id uuid) returns jsonb
    language sql stable
    as $$
        select coalesce(jsonb_object_agg(v.variant, trim_scale(v.traffic_share)), '{}') from flags.ab_test_variants v
        where v.organization_id = shares_of.organization_id and v.test_id = shares_of.test_id
    $$;
comment on function flags.shares_of(uuid, uuid) is 'The shares of a test as one object: variant → share, from 0 to 1.';

create or replace function flags.revenue_of(organization_id uuid, test_id uuid) returns jsonb
    language sql stable
    as $$
        select coalesce(jsonb_object_agg(r.variant, r.revenue), '{}')
        from (select a.variant, sum(a.revenue) as revenue from flags.ab_test_assignments a
              where a.organization_id = revenue_of.organization_id and a.test_id = revenue_of.test_id group by a.variant) as r
    $$;
comment on function flags.revenue_of(uuid, uuid) is 'What each variant of a test has brought: variant → revenue in the organization''s currency.';

-- ---------------------------------------------------------------------------------------------------------
-- A test written as one row, with its variants and shares as objects

create or replace function flags.write_variants(organization_id uuid, test_id uuid, variants jsonb, shares jsonb) returns void
    language plpgsql
    as $$
declare
    stranger text;
begin
    select s.key into stranger from jsonb_object_keys(coalesce(shares, '{}')) as s (key) where not coalesce(variants, '{}') ? s.key limit 1;
    if stranger is not null then
        raise exception 'There is a share for "%", which is no variant.', stranger using errcode = 'check_violation';
    end if;
    delete from flags.ab_test_variants v where v.organization_id = write_variants.organization_id and v.test_id = write_variants.test_id;
    insert into flags.ab_test_variants (organization_id, test_id, variant, traffic_share, configuration)
    select write_variants.organization_id, write_variants.test_id, v.key, coalesce((shares ->> v.key)::numeric, 0), v.value
    from jsonb_each(coalesce(variants, '{}')) v;
end
$$;
comment on function flags.write_variants(uuid, uuid, jsonb, jsonb) is 'Gives a draft the variants and shares of two objects: variant → configuration, variant → share.';

create or replace function flags.write_test() returns trigger
    language plpgsql
    as $$
declare
    before  jsonb := case when tg_op = 'UPDATE' then to_jsonb(old) else '{}' end;
    after   jsonb := to_jsonb(new) || coalesce(tg_argv[0]::jsonb, '{}');
    changed jsonb := (select coalesce(jsonb_object_agg(a.key, a.value), '{}') from jsonb_each(after) a
                      where a.key not in ('variants', 'traffic_allocation', 'revenue_by_variant') and a.value is distinct from coalesce(before -> a.key, 'null'));
    test    flags.ab_tests;
begin
    if tg_op = 'INSERT' then
        execute format('insert into flags.ab_tests as t (%1$s) select %1$s from jsonb_populate_record(null::flags.ab_tests, $1) returning t.*',
            (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(changed) as k)) into test using changed;
    elsif changed <> '{}' then
        execute format('update flags.ab_tests t set (%1$s) = (select %2$s from jsonb_populate_record(null::flags.ab_tests, $1) r)
                        where t.id = $2 and (platform.organization() is null or t.organization_id = platform.organization()) returning t.*',
            (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(changed) as k),
            (select string_agg('r.' || quote_ident(k), ', ') from jsonb_object_keys(changed) as k)) into test using changed, old.id;
    else
        select t.* into test from flags.ab_tests t where t.id = old.id and (platform.organization() is null or t.organization_id = platform.organization());
    end if;
    if test.id is null then
        return null;
    end if;
    if (after -> 'variants', after -> 'traffic_allocation') is distinct from (before -> 'variants', before -> 'traffic_allocation') then
        perform flags.write_variants(test.organization_id, test.id, nullif(after -> 'variants', 'null'), nullif(after -> 'traffic_allocation', 'null'));
    end if;
    return jsonb_populate_record(new, to_jsonb(test)
        || jsonb_build_object('variants', flags.variants_of(test.organization_id, test.id), 'traffic_allocation', flags.shares_of(test.organization_id, test.id)));
end
$$;
comment on function flags.write_test() is 'Trigger of a blueprint''s view of tests: its variants and shares are objects there, and rows here.';

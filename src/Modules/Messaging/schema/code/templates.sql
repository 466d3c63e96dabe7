-- The life of a template's words: numbered, frozen, approved, published, rolled back, rendered.

create or replace function messaging.place_version() returns trigger
    language plpgsql
    as $$
declare
    home messaging.templates;
begin
    -- One at a time for each template: two writers do not take the same number.
    select t.* into home from messaging.templates t where t.organization_id = new.organization_id and t.id = new.template_id for no key update;
    new.locale := coalesce(new.locale, home.default_locale);
    new.version := coalesce(new.version, 1 + (
        select coalesce(max(v.version), 0) from messaging.template_versions v
        where v.organization_id = new.organization_id and v.template_id = new.template_id and v.locale = new.locale));
    return new;
end
$$;
comment on function messaging.place_version() is 'Trigger: gives a version its template''s language and the next number, where they are left out.';
create or replace trigger place before insert on messaging.template_versions for each row execute function messaging.place_version();

create or replace function messaging.refuse_new_words() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'Words that were published are not changed. Add a version with the new ones and publish it.' using errcode = 'CL004', table = tg_table_name;
end
$$;
comment on function messaging.refuse_new_words() is 'Trigger: published words stay as they were sent.';
create or replace trigger frozen before update on messaging.template_versions for each row
    when (old.status <> 'draft' and (old.template_id, old.locale, old.version, old.subject, old.body_text, old.body_html, old.content)
                       is distinct from (new.template_id, new.locale, new.version, new.subject, new.body_text, new.body_html, new.content))
    execute function messaging.refuse_new_words();

create or replace function messaging.placeholders(variadic words text[]) returns text[]
    language sql immutable parallel safe
    as $$
        select coalesce(array_agg(distinct m[1] order by m[1]), '{}')
        from unnest(words) as w, regexp_matches(w, '\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}', 'g') as m
    $$;
comment on function messaging.placeholders(text[]) is 'The names in {{…}} of some words.';

create or replace function messaging.is_approved(organization_id uuid, template_version_id uuid) returns boolean
    language sql stable
    as $$
        select coalesce(bool_and(a.status = 'approved'), false)
        from messaging.template_approvals a
        where a.organization_id = is_approved.organization_id and a.template_version_id = is_approved.template_version_id
    $$;
comment on function messaging.is_approved(uuid, uuid) is 'Has a version an approval, and is each of its steps approved?';

create or replace function messaging.publish_version() returns trigger
    language plpgsql
    as $$
declare
    home  messaging.templates;
    wrong text;
begin
    if new.status = 'retired' then
        new.retired_at := now();
        return new;
    end if;

    -- Publishing is one at a time for each template, and takes the place of what was published in that language.
    select t.* into home from messaging.templates t where t.organization_id = new.organization_id and t.id = new.template_id for no key update;
    if home.requires_approval and not messaging.is_approved(new.organization_id, new.id) then
        raise exception 'Version % of "%" is not approved. Have every step of its approval decided first.', new.version, home.template_key using errcode = 'check_violation';
    end if;
    select string_agg(c.regulation, ', ' order by c.regulation) into wrong
    from (select distinct on (v.regulation) v.regulation, v.result
          from messaging.compliance_validations v
          where v.organization_id = new.organization_id and v.template_version_id = new.id
          order by v.regulation, v.checked_at desc) c
    where c.result = 'failed';
    if wrong is not null then
        raise exception 'Version % of "%" failed its check against: %. Mend the words and have them checked again.', new.version, home.template_key, wrong using errcode = 'check_violation';
    end if;
    select string_agg(p, ', ' order by p) into wrong
    from unnest(messaging.placeholders(new.subject, new.body_text, new.body_html)) as p
    where not exists (select from messaging.template_variables d where d.organization_id = new.organization_id and d.template_id = new.template_id and d.name = p);
    if wrong is not null then
        raise exception 'The template "%" does not declare: %. Add them to its variables.', home.template_key, wrong using errcode = 'check_violation';
    end if;

    update messaging.template_versions v set status = 'retired'
    where v.organization_id = new.organization_id and v.template_id = new.template_id and v.locale = new.locale and v.status = 'published' and v.id <> new.id;
    new.published_at := now();
    new.published_by := coalesce(platform.actor(), new.published_by);
    new.retired_at := null;
    return new;
end
$$;
comment on function messaging.publish_version() is 'Trigger: publishes only what is approved, has passed its checks and declares its variables, in the place of what was published before.';
-- Named to run after the trigger that knows which state may follow which.
create or replace trigger when_published before update of status on messaging.template_versions for each row
    when (old.status is distinct from new.status and new.status in ('published', 'retired')) execute function messaging.publish_version();

create or replace function messaging.publish(template_version_id uuid) returns messaging.template_versions
    language plpgsql
    as $$
declare
    version messaging.template_versions;
begin
    update messaging.template_versions v set status = 'published'
    where v.organization_id = platform.organization() and v.id = publish.template_version_id
    returning v.* into version;
    if version.id is null then
        raise exception 'There is no such version of a template.' using errcode = 'no_data_found';
    end if;
    return version;
end
$$;
comment on function messaging.publish(uuid) is 'Publishes a version; the one that was published in its language retires.';

create or replace function messaging.rollback(template_id uuid, locale text, version integer default null) returns messaging.template_versions
    language plpgsql
    as $$
declare
    earlier uuid;
begin
    select v.id into earlier
    from messaging.template_versions v
    where v.organization_id = platform.organization() and v.template_id = rollback.template_id and v.locale = rollback.locale and v.status = 'retired'
    and v.published_at is not null and (rollback.version is null or v.version = rollback.version)
    order by v.retired_at desc, v.version desc limit 1;
    if earlier is null then
        raise exception 'There is no earlier version to go back to.' using errcode = 'no_data_found';
    end if;
    return messaging.publish(earlier);
end
$$;
comment on function messaging.rollback(uuid, text, integer) is 'Publishes an earlier version again: the one named, else the last that was published before.';

create or replace function messaging.published_version(template_id uuid, locale text) returns messaging.template_versions
    language sql stable
    as $$
        select v.*
        from messaging.template_versions v
        join messaging.templates t on t.organization_id = v.organization_id and t.id = v.template_id
        where v.organization_id = platform.organization() and v.template_id = published_version.template_id and v.status = 'published'
        and (v.locale = published_version.locale or v.locale = t.default_locale or split_part(v.locale, '-', 1) = split_part(published_version.locale, '-', 1))
        order by v.locale = published_version.locale desc nulls last,
                 split_part(v.locale, '-', 1) = split_part(published_version.locale, '-', 1) desc nulls last,
                 v.locale = t.default_locale desc, v.locale
        limit 1
    $$;
comment on function messaging.published_version(uuid, text) is 'The published words in a language; without them those of the same language elsewhere (fr for fr-SN), else the template''s own language.';

create or replace function messaging.stamp_decision() returns trigger
    language plpgsql
    as $$
begin
    if new.status = 'pending' then
        new.decided_at := null;
        new.decided_by := null;
    else
        new.decided_at := now();
        new.decided_by := coalesce(platform.actor(), new.decided_by);
        if new.decided_by is null then
            raise exception 'Whoever decides an approval must be known: sign in, or name them in decided_by.' using errcode = 'check_violation';
        end if;
    end if;
    return new;
end
$$;
comment on function messaging.stamp_decision() is 'Trigger: a decision has a person and a time.';
create or replace trigger when_decided before update of status on messaging.template_approvals for each row
    when (old.status is distinct from new.status) execute function messaging.stamp_decision();

create or replace function messaging.check_variant_shares() returns trigger
    language plpgsql
    as $$
declare
    whole numeric;
begin
    -- Two writers of one version's variants wait for each other, and the second sees what the first has written.
    perform from messaging.template_versions v where v.organization_id = new.organization_id and v.id = new.template_version_id for no key update;
    select sum(x.share) into whole from messaging.template_variants x where x.organization_id = new.organization_id and x.template_version_id = new.template_version_id;
    if whole > 1 then
        raise exception 'The variants'' shares add up to %. Together they may have 1; the version''s own words have what is left.', whole using errcode = 'check_violation';
    end if;
    return null;
end
$$;
comment on function messaging.check_variant_shares() is 'Trigger, at commit: the shares of a version''s variants are at most the whole.';
drop trigger if exists shares_fit on messaging.template_variants;
create constraint trigger shares_fit after insert or update of share, template_version_id on messaging.template_variants
    deferrable initially deferred for each row execute function messaging.check_variant_shares();

-- ---------------------------------------------------------------------------------------------------------
-- Rendering

create or replace function messaging.complete_variables(template_id uuid, given jsonb) returns jsonb
    language plpgsql stable
    as $$
declare
    whole jsonb;
    wrong text;
begin
    select coalesce(jsonb_object_agg(d.name, d.default_value) filter (where d.default_value is not null), '{}') || coalesce(complete_variables.given, '{}') into whole
    from messaging.template_variables d
    where d.organization_id = platform.organization() and d.template_id = complete_variables.template_id;

    select string_agg(d.name, ', ' order by d.name) into wrong
    from messaging.template_variables d
    where d.organization_id = platform.organization() and d.template_id = complete_variables.template_id
    and d.is_required and coalesce(whole -> d.name, whole #> string_to_array(d.name, '.'), 'null') = 'null';
    if wrong is not null then
        raise exception 'These variables have no value: %.', wrong using errcode = 'check_violation';
    end if;
    select string_agg(format('%s (%s)', d.name, d.type), ', ' order by d.name) into wrong
    from messaging.template_variables d
    cross join lateral (select coalesce(whole -> d.name, whole #> string_to_array(d.name, '.'), 'null') as value) v
    where d.organization_id = platform.organization() and d.template_id = complete_variables.template_id
    and v.value <> 'null' and d.type in ('number', 'boolean', 'array', 'object') and jsonb_typeof(v.value) <> d.type;
    if wrong is not null then
        raise exception 'These variables are not of their type: %.', wrong using errcode = 'check_violation';
    end if;
    return whole;
end
$$;
comment on function messaging.complete_variables(uuid, jsonb) is 'Values for a template''s variables: those given, else the defaults. Refuses when a required one is missing or one is not of its type.';

create or replace function messaging.render(words text, variables jsonb, is_html boolean default false) returns text
    language plpgsql immutable parallel safe
    as $$
declare
    pattern constant text := '\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}';
    result  text;
    missing text;
begin
    -- Put together from the pieces between the places, so that a value which looks like a place is not filled in itself.
    with pieces as (
        select p.piece, p.n from regexp_split_to_table(words, pattern) with ordinality as p(piece, n)
    ), places as (
        select m.name[1] as name, m.n, coalesce(variables ->> m.name[1], variables #>> string_to_array(m.name[1], '.')) as value
        from regexp_matches(words, pattern, 'g') with ordinality as m(name, n)
    )
    select string_agg(p.piece || coalesce(case when is_html then
               replace(replace(replace(replace(replace(v.value, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;') else v.value end, ''), '' order by p.n),
           string_agg(distinct v.name, ', ') filter (where v.name is not null and v.value is null)
    into result, missing
    from pieces p left join places v on v.n = p.n;
    if missing is not null then
        raise exception 'These variables have no value: %.', missing using errcode = 'check_violation';
    end if;
    return result;
end
$$;
comment on function messaging.render(text, jsonb, boolean) is 'Fills in the {{…}} of some words, escaping values in HTML. Refuses when one has no value.';

create or replace function messaging.choose_variant(template_version_id uuid, subject text) returns text
    language sql stable
    as $$
        -- The same person always gets the same wording.
        select v.name
        from (select x.name, x.is_winner, sum(x.share) over (order by x.name) as until
              from messaging.template_variants x
              where x.organization_id = platform.organization() and x.template_version_id = choose_variant.template_version_id) v
        where v.is_winner or v.until > (hashtextextended(choose_variant.template_version_id::text || choose_variant.subject, 0) & 1048575) / 1048576.0
        order by v.is_winner desc, v.until
        limit 1
    $$;
comment on function messaging.choose_variant(uuid, text) is 'Which variant of a version somebody gets: the winner if there is one, else by the shares; null for the version''s own words.';

-- ---------------------------------------------------------------------------------------------------------
-- A template and one of its texts as one row, as wolo and jyotiflow have it.

create or replace function messaging.variables_of(organization_id uuid, template_id uuid) returns jsonb
    language sql stable
    as $$
        select jsonb_object_agg(d.name, d.type) from messaging.template_variables d
        where d.organization_id = variables_of.organization_id and d.template_id = variables_of.template_id
    $$;
comment on function messaging.variables_of(uuid, uuid) is 'The declared variables of a template, name: type; null when there are none.';

create or replace function messaging.write_template_text() returns trigger
    language plpgsql
    as $$
declare
    home    messaging.templates;
    written messaging.template_versions;
begin
    if tg_op = 'DELETE' then
        delete from messaging.template_versions v where v.organization_id = platform.organization() and v.id = old.id;
        return case when found then old end;
    end if;

    if tg_op = 'INSERT' then
        insert into messaging.templates as t (template_key, name, description, channels, default_locale)
        values (new.template_key, new.name, new.description, coalesce(new.channels, '{email}'), coalesce(new.locale, 'en'))
        on conflict on constraint templates_organization_id_template_key_key do update
            set name = excluded.name, description = coalesce(excluded.description, t.description), channels = (select array_agg(distinct c order by c) from unnest(t.channels || excluded.channels) as c)
        returning t.* into home;
    else
        if new.template_key is distinct from old.template_key then
            raise exception 'The key of a template is what code asks for it by. Make a template with another key instead.' using errcode = 'CL006';
        end if;
        update messaging.templates t set name = new.name, description = new.description, channels = coalesce(new.channels, t.channels)
        from messaging.template_versions v
        where v.organization_id = platform.organization() and v.id = old.id and t.organization_id = v.organization_id and t.id = v.template_id
        returning t.* into home;
    end if;

    -- What is not declared but used is a word that must be there.
    insert into messaging.template_variables (template_id, name, type)
    select home.id, w.name, w.type
    from (select e.key as name, coalesce(nullif(lower(e.value), ''), 'string') as type from jsonb_each_text(coalesce(new.variables, '{}')) e
          union all
          select p, 'string' from unnest(messaging.placeholders(new.subject, new.body_text, new.body_html)) as p where not coalesce(new.variables, '{}') ? p) w
    on conflict on constraint template_variables_organization_id_template_id_name_key do update set type = excluded.type
        where messaging.template_variables.type <> excluded.type and coalesce(new.variables, '{}') ? excluded.name;

    if tg_op = 'INSERT' then
        insert into messaging.template_versions as v (id, template_id, locale, version, subject, body_text, body_html, created_at)
        values (coalesce(new.id, gen_random_uuid()), home.id, new.locale, new.version, new.subject, new.body_text, new.body_html, coalesce(new.created_at, now()))
        returning v.* into written;
    else
        update messaging.template_versions v
        set locale = new.locale, version = new.version, subject = new.subject, body_text = new.body_text, body_html = new.body_html
        where v.organization_id = platform.organization() and v.id = old.id
        returning v.* into written;
    end if;
    if coalesce(new.is_active, true) <> (written.status = 'published') and (tg_op = 'INSERT' or new.is_active is distinct from old.is_active) then
        update messaging.template_versions v set status = case when coalesce(new.is_active, true) then 'published' else 'retired' end
        where v.organization_id = platform.organization() and v.id = written.id and (v.status <> 'draft' or coalesce(new.is_active, true))
        returning v.* into written;
    end if;
    new.id := written.id;
    new.locale := coalesce(written.locale, new.locale);
    new.version := coalesce(written.version, new.version);
    new.channels := home.channels;
    new.is_active := coalesce(new.is_active, true);
    new.variables := messaging.variables_of(home.organization_id, home.id);
    new.created_at := coalesce(written.created_at, new.created_at);
    new.updated_at := coalesce(written.updated_at, new.updated_at);
    return new;
end
$$;
comment on function messaging.write_template_text() is 'Trigger of the views that show a template and one of its texts as one row: writes both, declares the variables, and publishes what is active.';

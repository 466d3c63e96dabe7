-- Blueprints: the words of one product over the tables of the modules.
--
-- A blueprint is a PostgreSQL schema of views. A view is a plain select of one module table with other names, so that
-- PostgreSQL itself writes through it and its plans are those of the table. Where a view joins, or a hidden column
-- must have one value, a trigger writes instead, and "on conflict" is refused there, as PostgreSQL does for such views.

alter table platform.workspaces add column blueprint text check (blueprint ~ '^[a-z][a-z0-9_]{0,62}$');
comment on column platform.workspaces.blueprint is 'Whose words the workspace speaks: the schema a request gets that names none. Set by "clientele blueprint apply".';

create table platform.blueprint_columns (
    blueprint       text not null,
    relation        text not null,
    column_name     text not null,
    place           integer not null check (place > 0),
    base_relation   text not null,
    base_column     text,
    derived_from    text,
    primary key (blueprint, relation, column_name),
    check ((base_column is null) = (derived_from is not null))
);
comment on table platform.blueprint_columns is 'Which column of a module''s table each column of a blueprint''s view is, as declared with platform.blueprint_view. The Data API follows keys and finds the tenant''s own unique keys through it.';
comment on column platform.blueprint_columns.derived_from is 'The expression a column is worked out by; it cannot be written.';
select platform.protect('platform.blueprint_columns', 'public');
create policy owner on platform.blueprint_columns to clientele_owner using (true) with check (true);

create function platform.blueprint(name name, about text) returns void
    language plpgsql
    as $$
begin
    execute format('grant usage on schema %I to clientele_app, clientele_service, clientele_readonly', name);
    execute format('comment on schema %I is %L', name, about);
end
$$;
comment on function platform.blueprint(name, text) is 'Opens a blueprint''s schema to those who may use its views.';
revoke execute on function platform.blueprint(name, text) from public;

create function platform.blueprint_view(
    target text, base regclass, columns text,
    keep text default null, joined text default null, fixed jsonb default null, about text default null
) returns void
    language plpgsql
    as $blueprint$
declare
    home      name := split_part(target, '.', 1);
    called    name := split_part(target, '.', 2);
    line      text;
    word      text;
    words     text[] := '{}';
    sources   text[] := '{}';
    selected  text;
    mapping   jsonb;
    through   boolean := joined is not null or fixed is not null;
    roles     text;
    rights    text;
    said      text;
begin
    foreach line in array string_to_array(columns, E'\n') loop
        line := btrim(regexp_replace(line, '--.*$', ''), E' ,\t');
        continue when line = '';
        foreach word in array case when line ~ '\(' then array[line] else string_to_array(line, ',') end loop
            word := btrim(word);
            sources := sources || case when word ~ ' = ' then btrim(substr(word, position(' = ' in word) + 3)) else word end;
            words := words || btrim(split_part(word, ' = ', 1));
        end loop;
    end loop;

    delete from platform.blueprint_columns c where c.blueprint = home and c.relation = called;
    with made as (
        insert into platform.blueprint_columns (blueprint, relation, column_name, place, base_relation, base_column, derived_from)
        select home, called, w.word, w.place, base::text, a.attname, case when a.attname is null then w.source end
        from unnest(words, sources) with ordinality as w (word, source, place)
        left join pg_attribute a on a.attrelid = base and a.attname = w.source and not a.attisdropped and a.attnum > 0
        returning *
    )
    select string_agg(format('%s as %I', coalesce('b.' || quote_ident(m.base_column), m.derived_from), m.column_name), ', ' order by m.place),
           coalesce(jsonb_object_agg(m.column_name, m.base_column) filter (where m.base_column is not null), '{}')
    into selected, mapping from made m;

    -- A view that was there before may have had other columns.
    execute format('drop view if exists %I.%I', home, called);
    execute format('create view %I.%I with (security_invoker = true) as select %s from %s as b %s%s%s', home, called,
        selected, base, coalesce(joined, ''), coalesce(' where ' || keep, ''),
        case when keep is not null and not through then ' with local check option' else '' end);

    -- Whoever may do a thing to the table may do it to the view: it runs with the caller's rights.
    for roles, rights in
        select string_agg(g.role, ', '), g.rights
        from (select role, string_agg(r, ', ') as rights
              from unnest(array['clientele_app', 'clientele_service', 'clientele_readonly']) as role
              cross join unnest(array['select', 'insert', 'update', 'delete']) as r
              where has_table_privilege(role, base, r) or (r <> 'delete' and has_any_column_privilege(role, base, r))
              group by role) g
        group by g.rights
    loop
        execute format('grant %s on %I.%I to %s', rights, home, called, roles);
    end loop;

    -- Comments come from the table. A trigger cannot tell a column that was left out from one that is null: where one writes,
    -- the default is put in before it runs.
    select string_agg(concat(
        case when d.description is not null then format('comment on column %I.%I.%I is %L;', home, called, c.column_name, d.description) end,
        case when through and f.oid is not null and a.attgenerated = '' then format('alter view %I.%I alter column %I set default %s;', home, called, c.column_name, pg_get_expr(f.adbin, f.adrelid)) end
    ), '') into said
    from platform.blueprint_columns c
    join pg_attribute a on a.attrelid = base and a.attname = c.base_column
    left join pg_description d on d.objoid = base and d.classoid = 'pg_class'::regclass and d.objsubid = a.attnum
    left join pg_attrdef f on f.adrelid = base and f.adnum = a.attnum
    where c.blueprint = home and c.relation = called;
    execute concat(format('comment on view %I.%I is %L;', home, called, coalesce(about, obj_description(base, 'pg_class'))), said);

    if through then
        execute format('create trigger write_through instead of insert or update or delete on %I.%I for each row execute function platform.write_through(%L, %L, %L)',
            home, called, base::text, mapping, coalesce(fixed, '{}'));
    end if;
end
$blueprint$;
comment on function platform.blueprint_view(text, regclass, text, text, text, jsonb, text) is
    'Makes a blueprint''s view of a module''s table (alias b). "columns", several a line: a name that is the table''s too, or "name = column"; on a line of its own "name = expression (…)" for what is worked out, which cannot be written. "keep": the rows that are this view''s. "joined": join clauses. "fixed": values of hidden columns in every row written. A view with "joined" or "fixed" is written by a trigger. Comments come from the table.';
revoke execute on function platform.blueprint_view(text, regclass, text, text, text, jsonb, text) from public;

create function platform.write_through() returns trigger
    language plpgsql
    as $$
declare
    base     text := tg_argv[0];
    mapping  jsonb := tg_argv[1];
    fixed    jsonb := tg_argv[2];
    before   jsonb;
    after    jsonb;
    payload  jsonb;
    written  jsonb;
    key      text;
    wrong    text;
begin
    if tg_op <> 'INSERT' then
        select string_agg(format('b.%I = k.%1$I', m.value), ' and ')
               || ' and (platform.organization() is null or b.organization_id = platform.organization())' into key
        from jsonb_each_text(mapping) m
        join pg_index i on i.indrelid = base::regclass and i.indisprimary
        join pg_attribute a on a.attrelid = i.indrelid and a.attname = m.value and a.attnum = any(i.indkey);
        before := to_jsonb(old);
    end if;

    if tg_op = 'DELETE' then
        select jsonb_object_agg(m.value, before -> m.key) into payload from jsonb_each_text(mapping) m;
        execute format('delete from %1$s b using jsonb_populate_record(null::%1$s, $1) k where %2$s', base, key) using payload;
        return case when found then old end;
    end if;

    after := to_jsonb(new);
    select string_agg(a.key, ', ' order by a.key) into wrong
    from jsonb_each(after) a
    where not mapping ? a.key and a.value is distinct from coalesce(before -> a.key, 'null');
    if wrong is not null then
        raise exception '% cannot be written in %: it is worked out. Leave it out.', wrong, tg_table_name using errcode = 'CL006';
    end if;

    if tg_op = 'INSERT' then
        -- What is null is left to the table's own default.
        select coalesce(jsonb_object_agg(m.value, after -> m.key), '{}') || fixed into payload
        from jsonb_each_text(mapping) m where after -> m.key <> 'null';
        execute format('insert into %1$s as b (%2$s) select %3$s from jsonb_populate_record(null::%1$s, $1) r returning to_jsonb(b)', base,
            (select string_agg(quote_ident(f), ', ') from jsonb_object_keys(payload) f),
            (select string_agg('r.' || quote_ident(f), ', ') from jsonb_object_keys(payload) f)) into written using payload;
    else
        select coalesce(jsonb_object_agg(m.value, after -> m.key), '{}') into payload
        from jsonb_each_text(mapping) m where after -> m.key is distinct from before -> m.key;
        if payload = '{}' then
            return new;
        end if;
        execute format('update %1$s b set (%2$s) = (select %3$s from jsonb_populate_record(null::%1$s, $1) r) from jsonb_populate_record(null::%1$s, $2) k where %4$s returning to_jsonb(b)', base,
            (select string_agg(quote_ident(f), ', ') from jsonb_object_keys(payload) f),
            (select string_agg('r.' || quote_ident(f), ', ') from jsonb_object_keys(payload) f), key)
            into written using payload, (select jsonb_object_agg(m.value, before -> m.key) from jsonb_each_text(mapping) m);
    end if;
    if written is null then
        return null;
    end if;
    return jsonb_populate_record(new, (select jsonb_object_agg(m.key, written -> m.value) from jsonb_each_text(mapping) m));
end
$$;
comment on function platform.write_through() is 'Trigger of platform.blueprint_view: writes a row of a view that joins, or whose hidden columns are fixed, into its table.';

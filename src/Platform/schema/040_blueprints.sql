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
    source    text;
    place     integer := 0;
    selected  text[] := '{}';
    mapping   jsonb := '{}';
    through   boolean := joined is not null or fixed is not null;
    role      text;
    right_of  text;
    field     record;
begin
    -- A view that was there before may have had other columns.
    execute format('drop view if exists %I.%I', home, called);
    delete from platform.blueprint_columns c where c.blueprint = home and c.relation = called;

    foreach line in array string_to_array(columns, E'\n') loop
        line := btrim(regexp_replace(line, '--.*$', ''), E' ,\t');
        continue when line = '';
        foreach word in array case when line ~ '\(' then array[line] else string_to_array(line, ',') end loop
            place := place + 1;
            word := btrim(word);
            source := case when word ~ ' = ' then btrim(substr(word, position(' = ' in word) + 3)) else word end;
            word := btrim(split_part(word, ' = ', 1));
            if exists (select from pg_attribute a where a.attrelid = base and a.attname = source and not a.attisdropped and a.attnum > 0) then
                selected := selected || format('b.%I as %I', source, word);
                mapping := mapping || jsonb_build_object(word, source);
                insert into platform.blueprint_columns values (home, called, word, place, base::text, source, null);
            else
                selected := selected || format('%s as %I', source, word);
                insert into platform.blueprint_columns values (home, called, word, place, base::text, null, source);
            end if;
        end loop;
    end loop;

    execute format('create view %I.%I with (security_invoker = true) as select %s from %s as b %s%s%s', home, called,
        array_to_string(selected, ', '), base, coalesce(joined, ''), coalesce(' where ' || keep, ''),
        case when keep is not null and not through then ' with local check option' else '' end);

    -- Whoever may do a thing to the table may do it to the view: it runs with the caller's rights.
    foreach role in array array['clientele_app', 'clientele_service', 'clientele_readonly'] loop
        foreach right_of in array array['select', 'insert', 'update', 'delete'] loop
            if has_table_privilege(role, base, right_of) or (right_of <> 'delete' and has_any_column_privilege(role, base, right_of)) then
                execute format('grant %s on %I.%I to %s', right_of, home, called, role);
            end if;
        end loop;
    end loop;

    execute format('comment on view %I.%I is %L', home, called, coalesce(about, obj_description(base, 'pg_class')));
    for field in
        select c.column_name, col_description(base, a.attnum) as says, pg_get_expr(d.adbin, d.adrelid) as default_value, a.attgenerated
        from platform.blueprint_columns c
        left join pg_attribute a on a.attrelid = base and a.attname = c.base_column
        left join pg_attrdef d on d.adrelid = base and d.adnum = a.attnum
        where c.blueprint = home and c.relation = called
    loop
        if field.says is not null then
            execute format('comment on column %I.%I.%I is %L', home, called, field.column_name, field.says);
        end if;
        -- A trigger cannot tell a column that was left out from one that is null: the default is put in before it runs.
        if through and field.default_value is not null and field.attgenerated = '' then
            execute format('alter view %I.%I alter column %I set default %s', home, called, field.column_name, field.default_value);
        end if;
    end loop;

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

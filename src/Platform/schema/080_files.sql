-- Files. The bytes lie in a store outside, a folder or a bucket, under "organization/id"; a row here says what they are.
-- Whoever owns files has a table of their own whose key is the file's (platform.owns_files): a row of it that goes, by
-- whatever way, takes the file with it. A file that goes leaves its key in platform.file_removals in the same transaction,
-- and a worker removes the bytes afterwards: a crash in between loses nothing and leaves nothing.

create table platform.files (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null,
    kind            text not null check (kind ~ '^[a-z][a-z_]{0,39}$'),
    name            text not null check (length(name) between 1 and 200),
    content_type    text not null check (length(content_type) between 3 and 100),
    bytes           bigint not null check (bytes > 0),
    sha256          bytea not null check (length(sha256) = 32),
    is_sensitive    boolean not null default false,
    sealed_key      bytea,
    uploaded_by     uuid references platform.platform_users (id) on delete set null,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz,
    primary key (organization_id, id),
    constraint sensitive_is_sealed check (is_sensitive = (sealed_key is not null))
);
comment on table platform.files is 'What people uploaded and the platform keeps: a line for each file whose bytes lie in the store.';
comment on column platform.files.kind is 'Whose it is: "file" is the organization''s own, the others have an owner''s table beside this one.';
comment on column platform.files.content_type is 'As found in the bytes, not as the sender called it.';
comment on column platform.files.bytes is 'Without the few by which encryption makes it longer.';
comment on column platform.files.sha256 is 'Of the bytes as they came, before encryption.';
comment on column platform.files.is_sensitive is 'The bytes are encrypted, opening them needs a permission of its own and leaves an entry in the audit trail.';
comment on column platform.files.sealed_key is 'The key of this file alone, encrypted by the server''s ring. No request can read it.';
comment on column platform.files.expires_at is 'When it goes by itself; null: never.';
-- Links name the file alone.
create unique index files_id on platform.files (id);
create index files_newest on platform.files (organization_id, kind, created_at desc);
create index files_uploaded_by on platform.files (uploaded_by);
create index files_expiry on platform.files (expires_at) where expires_at is not null;

select platform.protect('platform.files', 'custom');
create policy admin on platform.files for select to clientele_app using (organization_id = (select platform.tenant('admin')));
-- A row without its bytes, or bytes without their row, is a lie: only the platform writes, which keeps both.
create policy platform on platform.files to clientele_app
    using (organization_id = (select platform.tenant('system'))) with check (organization_id = (select platform.tenant('system')));
create policy owner on platform.files to clientele_owner using (true) with check (true);
grant select (organization_id, id, kind, name, content_type, bytes, sha256, is_sensitive, uploaded_by, created_at, expires_at) on platform.files to clientele_app;
grant insert, delete on platform.files to clientele_app;

create table platform.file_removals (
    key        text primary key check (length(key) between 1 and 500),
    due_at     timestamptz not null default now(),
    tries      integer not null default 0 check (tries >= 0),
    last_error text
);
comment on table platform.file_removals is 'Bytes of files that are gone, until they are removed from the store.';
comment on column platform.file_removals.due_at is 'When it is tried next; whoever works on it moves it ahead first.';
create index file_removals_due on platform.file_removals (due_at);
select platform.protect('platform.file_removals', 'service');
create policy owner on platform.file_removals to clientele_owner using (true) with check (true);

create function platform.remove_bytes() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    insert into platform.file_removals (key) select g.organization_id || '/' || g.id from gone g on conflict do nothing;
    update platform.usage_counters c set used = greatest(c.used - g.bytes, 0)
    from (select o.organization_id, sum(o.bytes) as bytes from gone o group by o.organization_id) g
    where c.organization_id = g.organization_id and c.limit_name = 'files.bytes' and c.subject = '' and c.period = '-infinity';
    return null;
end
$$;
comment on function platform.remove_bytes() is 'Trigger: lets the bytes of deleted files be removed from the store, and gives back what they took of the limit.';
create trigger remove_bytes after delete on platform.files referencing old table as gone for each statement execute function platform.remove_bytes();

create function platform.remove_files() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    execute format('delete from platform.files f using gone g where f.organization_id = g.organization_id and f.id = g.%I', tg_argv[0]);
    return null;
end
$$;
comment on function platform.remove_files() is 'Trigger of platform.owns_files: files go with the rows that owned them.';

create function platform.owns_files(relation regclass, column_name name default 'id') returns void
    language plpgsql
    as $$
begin
    execute format('create trigger remove_files after delete on %s referencing old table as gone for each statement execute function platform.remove_files(%L)', relation, column_name);
end
$$;
comment on function platform.owns_files(regclass, name) is 'Lets files go with the rows of a table that refer to them: the column, with organization_id, is a foreign key to platform.files.';
revoke execute on function platform.owns_files(regclass, name) from public;

insert into platform.setting_definitions (setting_key, default_value, category, setting_type, data_type, validation_rules, description) values
    ('files.max_megabytes', '100', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 2000}', 'Largest file of the organization''s own, in megabytes'),
    ('files.max_document_megabytes', '25', 'limits', 'limit', 'number', '{"min_value": 1, "max_value": 2000}', 'Largest document of a customer, in megabytes'),
    ('files.total_megabytes', '10000', 'limits', 'limit', 'number', '{"min_value": 0, "max_value": 10000000}', 'All files together, in megabytes'),
    ('files.link_minutes', '5', 'security', 'limit', 'number', '{"min_value": 1, "max_value": 1440}', 'Minutes for which a link to a file works');

insert into platform.default_permissions (role, permission, resource, action) values
    ('admin', 'files', '*', '*'),
    ('admin', 'sensitive_data', '*', '*'),
    ('marketing_manager', 'files', '*', '*'),
    ('data_analyst', 'files', '*', 'read'),
    ('viewer', 'files', '*', 'read');

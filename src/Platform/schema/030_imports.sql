-- Imports: a file becomes rows of a module, in short transactions, resumable by any node, and undone as a whole.
--
-- The file lies here in pieces until it is done with, so that any node can go on after another was killed.
-- Two phases. Reading: lines are parsed into the importer's own staging table; the count of lines read commits with
-- them. Writing: the importer turns staged lines into rows and facts, a group at a time, and takes them off the
-- staging table in the same transaction. A crash at any moment loses nothing and repeats nothing.

create table platform.imports (
    organization_id  uuid not null references platform.organizations (id) on delete cascade,
    id               uuid not null default gen_random_uuid(),
    workspace_id     uuid not null,
    kind             text not null check (kind ~ '^[a-z_]{1,40}$'),
    file_name        text not null check (length(file_name) between 1 and 255),
    file_size        bigint not null default 0 check (file_size >= 0),
    sha256           bytea check (length(sha256) = 32),
    lines            bigint not null default 0 check (lines >= 0),
    not_utf8_at      bigint,
    mapping          jsonb,
    state            text not null default 'receiving',

    lines_read       bigint not null default 0 check (lines_read >= 0),
    accepted         bigint not null default 0 check (accepted >= 0),
    rejected         bigint not null default 0 check (rejected >= 0),
    duplicates       bigint not null default 0 check (duplicates >= 0),
    staged           bigint not null default 0 check (staged >= 0),
    written          bigint not null default 0 check (written >= 0),
    write_cursor     text,
    counts           jsonb not null default '{}',
    problem          text,

    created_by       uuid references platform.platform_users (id) on delete set null,
    created_at       timestamptz not null default now(),
    started_at       timestamptz,
    finished_at      timestamptz,
    updated_at       timestamptz not null default now(),

    -- Who works on it now; a lease that ran out belongs to nobody.
    worker           uuid,
    leased_until     timestamptz,

    primary key (organization_id, id),
    foreign key (organization_id, workspace_id) references platform.workspaces (organization_id, id) on delete cascade,
    check (state in ('receiving', 'uploaded', 'undone', 'failed', 'cancelled') or mapping is not null)
);
comment on table platform.imports is 'A file on its way into a module''s tables, and what became of it.';
comment on column platform.imports.sha256 is 'Of the file''s uncompressed text. With a line''s number it is the identity of that line.';
comment on column platform.imports.lines is 'Lines of the file without its header; once all are read, records (a quoted field may hold a line end).';
comment on column platform.imports.not_utf8_at is 'The first line that is not UTF-8, if there is one.';
comment on column platform.imports.duplicates is 'Lines of this file that an earlier import had already brought.';
comment on column platform.imports.staged is 'Lines handed to the importer by reading.';
comment on column platform.imports.written is 'Of these, lines the importer has dealt with.';
comment on column platform.imports.write_cursor is 'Where the importer goes on; its own word.';
comment on column platform.imports.counts is 'What was made: orders, refunds, customers…';
create index imports_newest on platform.imports (organization_id, created_at desc);
create index imports_workspace on platform.imports (organization_id, workspace_id);
create index imports_created_by on platform.imports (created_by);
create index imports_work on platform.imports (leased_until) where state in ('queued', 'reading', 'writing', 'cancelling', 'undoing');

select platform.states('platform.imports', 'state', $$
    receiving  > uploaded, failed
    uploaded   > queued
    queued     > reading, cancelling, failed
    reading    > writing, cancelling, failed
    writing    > completed, cancelling, failed
    completed  > undoing
    cancelling > cancelled
    cancelled  > queued, undoing
    failed     > queued, undoing
    undoing    > undone
    undone
$$);

create table platform.import_pieces (
    organization_id uuid not null,
    import_id       uuid not null,
    number          integer not null check (number >= 0),
    content         bytea not null,
    primary key (organization_id, import_id, number),
    foreign key (organization_id, import_id) references platform.imports (organization_id, id) on delete cascade
);
comment on table platform.import_pieces is 'The file, gzipped, in pieces of a megabyte; deleted when the import is done with.';
-- Already compressed: let PostgreSQL not try again.
alter table platform.import_pieces alter column content set storage external;

create table platform.import_rejects (
    organization_id uuid not null,
    import_id       uuid not null,
    line            bigint not null check (line > 0),
    reason          text not null,
    fields          text[] not null,
    primary key (organization_id, import_id, line),
    foreign key (organization_id, import_id) references platform.imports (organization_id, id) on delete cascade
);
comment on table platform.import_rejects is 'Lines that could not be read, as they stood in the file, with the reason.';

select platform.protect('platform.imports', 'member');
select platform.protect('platform.import_pieces', 'member');
select platform.protect('platform.import_rejects', 'member');

-- Backups of the whole installation: what was made when, by which node, and whether it could be restored. The backups themselves
-- are files; these rows are how several nodes make one and not two, and what the console shows.

create table platform.backups (
    id           uuid primary key default gen_random_uuid(),
    kind         text not null check (kind in ('backup', 'test')),
    name         text check (length(name) between 1 and 200),
    node         text not null check (length(node) between 1 and 300),
    folder       uuid,
    slot         timestamptz,
    asked_by     text check (length(asked_by) <= 255),
    state        text not null default 'running' check (state in ('running', 'complete', 'failed', 'removed')),
    started_at   timestamptz not null default now(),
    seen_at      timestamptz not null default now(),
    ended_at     timestamptz,
    bytes        bigint not null default 0 check (bytes >= 0),
    row_count    bigint check (row_count >= 0),
    lost_files   integer not null default 0 check (lost_files >= 0),
    lost_some    text[] not null default '{}' check (cardinality(lost_some) <= 100),
    copied_at    timestamptz,
    copy_error   text,
    problem      text,
    report       jsonb not null default '{}' check (jsonb_typeof(report) = 'object'),
    check ((state = 'running') = (ended_at is null))
);
comment on table platform.backups is 'Backups of the installation, and trials of restoring one: who made which when, and how it went.';
comment on column platform.backups.folder is 'The folder it was written to, by the id that lies in it: nodes of one machine may have different ones, and several nodes the same. Null: of a trial, or unknown.';
comment on column platform.backups.slot is 'The daily time it was made for; null when somebody asked for it.';
comment on column platform.backups.seen_at is 'When its maker last said that it is at work. A minute of silence, and it counts as failed.';
comment on column platform.backups.lost_files is 'Stored files whose bytes were lost already when it was made, so that they are not in it.';
comment on column platform.backups.lost_some is 'The first hundred of those, as organization/file by their ids.';
comment on column platform.backups.copied_at is 'When it was copied to the storage elsewhere.';
comment on column platform.backups.report is 'Of a trial: what was checked and found.';
create unique index backups_one_at_a_time on platform.backups ((true)) where state = 'running';
create unique index backups_slot on platform.backups (slot) where state in ('running', 'complete');
create unique index backups_name on platform.backups (name) where kind = 'backup' and state = 'complete';
create index backups_age on platform.backups (started_at desc);
select platform.protect('platform.backups', 'service');

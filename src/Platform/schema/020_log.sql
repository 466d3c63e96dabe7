-- The log: every fact, whoever produced it, is a row of log.events, appended in the transaction that changes
-- the state it tells of. Everything derived (counters, segments, the column store) follows it.
--
-- Order. A position from a sequence is taken before its transaction commits, so a lower position can appear
-- after a higher one; a reader that remembers a position alone loses rows. Rows are therefore ordered by
-- (epoch, writer, position), where writer is the transaction's id, and a reader takes only rows whose writer is
-- older than every transaction still running: pg_snapshot_xmin, the watermark. Nothing can appear below it.
--
-- Epoch. Transaction ids mean something only within one life of one server. When the log finds itself on
-- another server, timeline, database or table (a restored dump, a promoted replica, a clone), the epoch goes up:
-- consumers see that their checkpoint is of another epoch and rebuild instead of going on.

create schema log authorization clientele_owner;
comment on schema log is 'The log of facts, its watermark and its consumers.';
grant usage on schema log to clientele_app, clientele_service, clientele_search, clientele_readonly;

create sequence log.position as bigint cache 32;
comment on sequence log.position is 'Positions of events. Cached by session: a tie-breaker inside a transaction, not an order of commits.';
grant usage on sequence log.position to clientele_app, clientele_service;

create table log.events (
    organization_id   uuid not null,
    id                uuid not null default gen_random_uuid(),
    workspace_id      uuid,

    -- what
    event_type        text not null check (event_type ~ '^[a-z$][a-z0-9_]{0,99}$'),
    event_name        text not null check (length(event_name) between 1 and 200),
    event_category    text check (length(event_category) <= 50),
    properties        jsonb not null default '{}' check (jsonb_typeof(properties) = 'object'),
    context           jsonb check (jsonb_typeof(context) = 'object'),
    event_value       numeric(14, 2),
    currency          text check (currency ~ '^[A-Z]{3}$'),

    -- about whom: the profile it was recorded with, for ever
    customer_id       uuid,
    session_id        text,

    -- where
    page_url          text,
    page_title        text,
    referrer_url      text,
    ip_address        inet,
    user_agent        text,
    device_type       text,
    browser           text,
    os                text,
    screen_resolution text,
    country           text,
    city              text,
    utm_source        text,
    utm_medium        text,
    utm_campaign      text,
    utm_term          text,
    utm_content       text,

    -- when
    occurred_at       timestamptz not null,
    received_at       timestamptz not null default now(),
    claimed_at        timestamptz,

    -- from
    data_source       text not null default 'api' check (length(data_source) <= 50),
    source_system     text,
    batch_id          uuid,

    -- order
    epoch             smallint not null default 1,
    writer            xid8 not null default pg_current_xact_id(),
    position          bigint not null default nextval('log.position'),

    primary key (organization_id, id, occurred_at)
) partition by range (occurred_at);

comment on table log.events is 'Every fact. Only grows; never updated or deleted from by the application.';
comment on column log.events.event_type is 'What happened, one word of the organization''s catalogue: order_completed.';
comment on column log.events.context is 'What a sender told beside the properties, as it was sent: ids, context, integrations, unknown fields. Null for what was not collected from a sender.';
comment on column log.events.customer_id is 'The profile the event was recorded with. A merge changes the person map, never this.';
comment on column log.events.claimed_at is 'The time the sender claimed, when it lay more than a day in the future and was replaced by the time of arrival.';
comment on column log.events.batch_id is 'The import that brought it. An undone import is named in log.undone_batches.';
comment on column log.events.epoch is 'The life of the server in which it was written.';
comment on column log.events.writer is 'The transaction that wrote it.';

create index events_order on log.events (epoch, writer, position);
create index events_customer on log.events (organization_id, customer_id, occurred_at desc) where customer_id is not null;
create index events_type on log.events (organization_id, event_type, occurred_at desc);
create index events_batch on log.events (organization_id, batch_id) where batch_id is not null;
create index events_time on log.events (organization_id, occurred_at desc);

-- ---------------------------------------------------------------------------------------------------------
-- Partitions: a month each, made ahead by a job; whatever is older goes to one history partition.

select platform.partitioned('log.events', ahead => 3, past => 13);

-- ---------------------------------------------------------------------------------------------------------
-- Epoch

create function log.identity() returns text
    language sql stable
    as $$
        select concat_ws('/', s.system_identifier, c.timeline_id, d.oid, 'log.events'::regclass::oid)
        from pg_control_system() s, pg_control_checkpoint() c, pg_database d
        where d.datname = current_database()
    $$;
comment on function log.identity() is 'Which life of which server this log is in: system identifier, timeline, database and table.';

create table log.state (
    only_row    boolean primary key default true check (only_row),
    epoch       smallint not null,
    identity    text not null,
    since       timestamptz not null default now()
);
comment on table log.state is 'One row: the epoch of the log and the server it is valid on.';
insert into log.state (epoch, identity) values (1, log.identity());

create function log.verify_epoch() returns smallint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    here log.state;
begin
    select s.* into here from log.state s for update;
    if here.identity <> log.identity() then
        here.epoch := here.epoch + 1;
        update log.state set epoch = here.epoch, identity = log.identity(), since = now();
        -- A constant default costs nothing per row; looking the epoch up would.
        execute format('alter table log.events alter column epoch set default %s', here.epoch);
        execute format('alter table platform.activity_logs alter column epoch set default %s', here.epoch);
    end if;
    return here.epoch;
end
$$;
comment on function log.verify_epoch() is 'Run at start: when the log has moved to another server, timeline, database or table, raises the epoch. Returns it.';
revoke execute on function log.verify_epoch() from public;
grant execute on function log.verify_epoch() to clientele_service;

-- ---------------------------------------------------------------------------------------------------------
-- Consumers

create table log.consumers (
    name        text primary key check (name ~ '^[a-z][a-z0-9_.]{0,99}$'),
    built_in    smallint not null,
    epoch       smallint not null default 0,
    writer      xid8 not null default '0',
    position    bigint not null default 0,
    events_read bigint not null default 0,
    updated_at  timestamptz not null default now(),
    problem     text
);
comment on table log.consumers is 'The checkpoint of each consumer: everything up to (epoch, writer, position) is done. Committed with what the consumer derived.';
comment on column log.consumers.built_in is 'The epoch of the log in which its derived state was begun; when the log is in another one, the consumer rebuilds.';
comment on column log.consumers.problem is 'Why its last batch failed; null when it went well.';

-- Exactly-once for senders: a table of its own, because a retry may carry another time and so another partition.
create table log.message_ids (
    organization_id uuid not null,
    message_id      text not null check (length(message_id) between 1 and 200),
    received_at     timestamptz not null default now(),
    primary key (organization_id, message_id)
);
comment on table log.message_ids is 'Message ids already taken, for at least seven days; purged in batches.';
-- They come in the order of their age, so it is enough to know it of some pages at a time.
create index message_ids_age on log.message_ids using brin (received_at) with (pages_per_range = 32, autosummarize = on);

-- What control rows of the log mean for those who read it in SQL.
create table log.undone_batches (
    organization_id uuid not null,
    batch_id        uuid not null,
    undone_at       timestamptz not null default now(),
    primary key (organization_id, batch_id)
);
comment on table log.undone_batches is 'Imports that were undone: their events stay in the log and count no more.';

create function log.purge_message_ids(keep interval default '8 days', batch integer default 10000) returns integer
    language sql
    as $$
        with old as (
            select m.organization_id, m.message_id from log.message_ids m
            where m.received_at < now() - keep limit batch for update skip locked
        ), gone as (
            delete from log.message_ids m using old
            where m.organization_id = old.organization_id and m.message_id = old.message_id
            returning 1
        )
        select count(*)::integer from gone
    $$;
comment on function log.purge_message_ids(interval, integer) is 'Forgets message ids older than the interval, so many at a time; returns how many.';

-- ---------------------------------------------------------------------------------------------------------
-- Appending from SQL. C# appends in bulk with the same rules (EventLog.cs).

create function log.moment(claimed timestamptz) returns timestamptz
    language sql stable parallel safe
    as $$ select case when claimed > now() + interval '1 day' then now() else claimed end $$;
comment on function log.moment(timestamptz) is 'The time an event is recorded with: the claimed one, or now when that lies more than a day in the future.';

create function log.append(
    event_type text,
    customer_id uuid default null,
    properties jsonb default '{}',
    occurred_at timestamptz default now(),
    message_id text default null,
    event_name text default null,
    event_category text default null,
    event_value numeric default null,
    currency text default null,
    workspace_id uuid default null,
    batch_id uuid default null,
    data_source text default 'platform'
) returns uuid
    language plpgsql
    as $$
declare
    event_id uuid;
begin
    if platform.organization() is null then
        raise exception 'log.append: no organization is set for this transaction' using errcode = 'insufficient_privilege';
    end if;
    if append.message_id is not null then
        insert into log.message_ids (organization_id, message_id)
        values (platform.organization(), append.message_id) on conflict do nothing;
        if not found then
            return null;
        end if;
    end if;
    insert into log.events (organization_id, workspace_id, event_type, event_name, event_category, properties, event_value,
                            currency, customer_id, occurred_at, claimed_at, data_source, batch_id)
    values (platform.organization(), append.workspace_id, append.event_type, coalesce(append.event_name, append.event_type),
            append.event_category, append.properties, append.event_value, append.currency, append.customer_id,
            log.moment(append.occurred_at), nullif(append.occurred_at, log.moment(append.occurred_at)),
            append.data_source, append.batch_id)
    returning id into event_id;
    return event_id;
end
$$;
comment on function log.append(text, uuid, jsonb, timestamptz, text, text, text, numeric, text, uuid, uuid, text) is
    'Appends one fact for the transaction''s organization; returns its id, or null when the message id was already taken.';

-- ---------------------------------------------------------------------------------------------------------
-- Access. The application reads and appends; it neither updates nor deletes, nor chooses epoch, writer and position.

select platform.protect('log.events', 'organization');
revoke insert, update, delete on log.events from clientele_app, clientele_service;
do $$
declare
    columns text := (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                     where a.attrelid = 'log.events'::regclass and a.attnum > 0 and not a.attisdropped
                       and a.attname not in ('epoch', 'writer', 'position', 'received_at'));
begin
    execute format('grant insert (%s) on log.events to clientele_app, clientele_service', columns);
end
$$;
select platform.protect('log.message_ids', 'organization');
revoke update, delete on log.message_ids from clientele_app;
create policy owner on log.message_ids to clientele_owner using (true) with check (true);
select platform.protect('log.undone_batches', 'organization');
revoke update, delete on log.undone_batches from clientele_app, clientele_service;
select platform.protect('log.consumers', 'service');
select platform.protect('log.state', 'service');
-- The epoch is raised by log.verify_epoch alone, which runs as the owner.
create policy owner on log.state to clientele_owner using (true) with check (true);
revoke insert, update, delete on log.state from clientele_service;
-- An erasure (log.erase) empties events as the owner, who is under the policies too.
create policy owner on log.events to clientele_owner using (true) with check (true);

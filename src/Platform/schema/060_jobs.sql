-- Scheduled jobs. A module announces a job once (platform.job); every organization has its own row of it, which it may
-- switch off or time otherwise. When it runs next is worked out by the table, who runs it is settled by a lease
-- (code/jobs.sql: platform.claim_jobs), and every run is kept.

-- ---------------------------------------------------------------------------------------------------------
-- Cron

create function platform.cron_field(field text, low integer, high integer) returns integer[]
    language plpgsql immutable parallel safe
    as $$
declare
    part   text;
    found  text[];
    first  integer;
    last   integer;
    step   integer;
    values integer[] := '{}';
begin
    -- No field of a clock or a calendar is wider, and whoever asks for more asks for the server's memory.
    if coalesce(field, '') = '' or length(field) > 200 or high::bigint - low > 366 then
        return null;
    end if;
    foreach part in array string_to_array(field, ',') loop
        found := regexp_match(part, '^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?$');
        if found is null or (found[3] is not null and found[1] is not null and found[2] is null) then
            return null;
        end if;
        first := coalesce(found[1]::integer, low);
        last := coalesce(found[2]::integer, found[1]::integer, high);
        step := coalesce(found[3]::integer, 1);
        if first < low or last > high or first > last or step = 0 then
            return null;
        end if;
        values := values || array(select generate_series(first, last, step));
    end loop;
    return array(select distinct v from unnest(values) as v order by v);
end
$$;
comment on function platform.cron_field(text, integer, integer) is 'The values of one field of a cron expression: lists, ranges, steps; null when it is none, or the range is wider than 366.';
revoke execute on function platform.cron_field(text, integer, integer) from public;
-- The check of platform.cron runs with the rights of whoever writes the value.
grant execute on function platform.cron_field(text, integer, integer) to clientele_app, clientele_service;

create function platform.cron_fields(expression text) returns text[]
    language plpgsql immutable parallel safe
    as $$
declare
    fields text[] := regexp_split_to_array(lower(btrim(expression)), '\s+');
    names  text[];
    place  integer;
begin
    -- Names of months and of days of the week stand for their numbers.
    names := array['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
    for place in 1 .. 12 loop
        fields[4] := regexp_replace(fields[4], '\m' || names[place] || '\M', place::text, 'g');
    end loop;
    names := array['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
    for place in 1 .. 7 loop
        fields[5] := regexp_replace(fields[5], '\m' || names[place] || '\M', (place - 1)::text, 'g');
    end loop;
    return fields;
end
$$;
comment on function platform.cron_fields(text) is 'A cron expression cut into its fields, names replaced by numbers.';

create function platform.is_cron(expression text) returns boolean
    language plpgsql immutable strict parallel safe
    as $$
declare
    fields text[] := platform.cron_fields(expression);
    days   integer[];
    months integer[];
begin
    if cardinality(fields) <> 5 then
        return false;
    end if;
    days := platform.cron_field(fields[3], 1, 31);
    months := platform.cron_field(fields[4], 1, 12);
    return platform.cron_field(fields[1], 0, 59) is not null and platform.cron_field(fields[2], 0, 23) is not null
       and days is not null and months is not null and platform.cron_field(fields[5], 0, 7) is not null
       -- The 30th of February never comes.
       and (fields[5] !~ '^\*' or exists (
            select from unnest(days) as d, unnest(months) as m where d <= (array[31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[m]));
end
$$;
comment on function platform.is_cron(text) is 'Is this a cron expression of five fields that comes true at some time?';

create domain platform.cron as text check (length(value) <= 100 and platform.is_cron(value));
comment on domain platform.cron is 'Five fields: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday). As in cron, when both kinds of day are given, either will do.';

create function platform.next_run(expression text, zone text, after timestamptz) returns timestamptz
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    fields   text[] := platform.cron_fields(expression);
    minutes  integer[] := platform.cron_field(fields[1], 0, 59);
    hours    integer[] := platform.cron_field(fields[2], 0, 23);
    days     integer[] := platform.cron_field(fields[3], 1, 31);
    months   integer[] := platform.cron_field(fields[4], 1, 12);
    weekdays integer[] := platform.cron_field(fields[5], 0, 7);
    -- A job of every hour follows the clock on the wall twice through the hour that autumn repeats; any other runs once.
    hourly   boolean := fields[2] ~ '^\*';
    either   boolean := fields[3] !~ '^\*' and fields[5] !~ '^\*';
    right_day     boolean;
    right_weekday boolean;
    day      date := (after at time zone zone)::date;
    found    timestamptz;
begin
    if not platform.is_cron(expression) then
        raise exception '"%" is no cron expression. It has five fields: minute, hour, day, month, day of the week.', expression using errcode = 'check_violation';
    end if;
    -- The longest wait is for 29 February around a century that is no leap year.
    for i in 0 .. 366 * 8 + 1 loop
        right_day := extract(day from day)::integer = any(days);
        right_weekday := extract(dow from day)::integer = any(weekdays) or extract(isodow from day)::integer = any(weekdays);
        if extract(month from day)::integer = any(months) and ((right_day and right_weekday) or (either and (right_day or right_weekday))) then
            select min(m.moment) into found
            from unnest(hours) as h, unnest(minutes) as n,
                 platform.moments(day + make_time(h, n, 0), zone, hourly) as m(moment)
            where m.moment > next_run.after;
            if found is not null then
                return found;
            end if;
        end if;
        day := day + 1;
    end loop;
    raise exception '"%" does not come true in the next eight years.', expression using errcode = 'check_violation';
end
$$;
comment on function platform.next_run(text, text, timestamptz) is
    'The first moment after another at which a cron expression comes true on the clocks of a time zone. A time that spring leaves out is at the moment the clocks go on; one that autumn repeats is the first of the two, for a job of every hour both.';
revoke execute on function platform.next_run(text, text, timestamptz) from public;
grant execute on function platform.next_run(text, text, timestamptz) to clientele_app, clientele_service;

create function platform.moments(wall timestamp, zone text, twice boolean) returns setof timestamptz
    language plpgsql stable parallel safe
    as $$
declare
    moment  timestamptz := wall at time zone zone;
    earlier timestamptz;
begin
    if moment at time zone zone <> wall then
        -- Left out: the clocks go on at the last moment before which they showed less.
        while (moment - interval '1 minute') at time zone zone > wall loop
            moment := moment - interval '1 minute';
        end loop;
        return next moment;
        return;
    end if;
    -- Repeated: PostgreSQL takes the second one.
    select moment - e into earlier from unnest(array[interval '30 minutes', interval '1 hour', interval '2 hours']) as e where (moment - e) at time zone zone = wall;
    if earlier is null then
        return next moment;
    else
        return next earlier;
        if twice then
            return next moment;
        end if;
    end if;
end
$$;
comment on function platform.moments(timestamp, text, boolean) is 'The moments at which clocks of a zone show a time: one, or where they are put back two, of which the second only with "twice".';
-- Part of platform.next_run, which runs as the owner.
revoke execute on function platform.moments(timestamp, text, boolean) from public;

-- ---------------------------------------------------------------------------------------------------------
-- Jobs

create table platform.job_types (
    job_type    text primary key check (job_type ~ '^[a-z][a-z0-9_]{0,99}$'),
    description text not null
);
comment on table platform.job_types is 'The kinds of job there is a worker for. A module adds its own.';
insert into platform.job_types (job_type, description) values
    ('metric_calculation', 'Works out figures and scores'),
    ('segment_update', 'Works out who is in which segment'),
    ('cohort_refresh', 'Works out retention of cohorts'),
    ('data_sync', 'Fetches from a data connection');

create table platform.job_definitions (
    job_name        text primary key check (job_name ~ '^[a-z][a-z0-9_.]{0,254}$'),
    job_type        text not null references platform.job_types (job_type),
    cron_expression platform.cron not null,
    job_config      jsonb not null default '{}' check (jsonb_typeof(job_config) = 'object'),
    timeout_seconds integer not null default 3600 check (timeout_seconds between 1 and 86400),
    max_retries     integer not null default 3 check (max_retries between 0 and 100),
    description     text not null
);
comment on table platform.job_definitions is 'The jobs every organization begins with.';
create index job_definitions_type on platform.job_definitions (job_type);

create table platform.scheduled_jobs (
    organization_id      uuid not null references platform.organizations (id) on delete cascade,
    id                   uuid not null default gen_random_uuid(),
    job_name             text not null check (length(job_name) between 1 and 255),
    job_type             text not null references platform.job_types (job_type),

    cron_expression      platform.cron,
    frequency            text check (frequency in ('hourly', 'daily', 'weekly', 'monthly')),
    timezone             platform.time_zone not null default 'UTC',

    job_config           jsonb not null default '{}' check (jsonb_typeof(job_config) = 'object'),
    timeout_seconds      integer not null default 3600 check (timeout_seconds between 1 and 86400),
    max_retries          integer not null default 3 check (max_retries between 0 and 100),
    missed_runs          text not null default 'run_once' check (missed_runs in ('run_once', 'skip')),
    is_enabled           boolean not null default true,

    next_run_at          timestamptz,
    run_requested_at     timestamptz,
    run_requested_by     uuid references platform.platform_users (id) on delete set null,
    leased_until         timestamptz,
    leased_by            uuid,
    retries              integer not null default 0 check (retries >= 0),

    last_run_at          timestamptz,
    last_run_status      text check (last_run_status in ('success', 'failed', 'timeout', 'cancelled')),
    last_run_duration    interval,
    last_error_message   text,
    total_runs           bigint not null default 0 check (total_runs >= 0),
    successful_runs      bigint not null default 0 check (successful_runs >= 0),
    failed_runs          bigint not null default 0 check (failed_runs >= 0),
    total_duration       interval not null default '0',

    created_at           timestamptz not null default now(),
    updated_at           timestamptz not null default now(),
    created_by           uuid references platform.platform_users (id) on delete set null,

    primary key (organization_id, id),
    unique (organization_id, job_name),
    constraint has_one_schedule check (num_nonnulls(cron_expression, frequency) = 1),
    constraint is_due_while_enabled check (is_enabled = (next_run_at is not null)),
    constraint requested_by_whom check (run_requested_by is null or run_requested_at is not null),
    constraint lease_is_whole check ((leased_until is null) = (leased_by is null)),
    constraint runs_add_up check (successful_runs + failed_runs <= total_runs)
);
comment on table platform.scheduled_jobs is 'Background jobs of an organization, when they run and how it went.';
comment on column platform.scheduled_jobs.frequency is 'In place of a cron expression: at the start of each hour, day, week (Monday) or month in the job''s zone.';
comment on column platform.scheduled_jobs.next_run_at is 'Worked out from the schedule; null while the job is switched off.';
comment on column platform.scheduled_jobs.missed_runs is 'When nobody was there at its time. run_once: one run makes up for all that were missed; skip: a run more than five minutes late is left out.';
comment on column platform.scheduled_jobs.run_requested_at is 'Somebody wants it to run now, beside its schedule; see platform.run_job.';
comment on column platform.scheduled_jobs.leased_until is 'A worker has it until then, and says again and again that it is still there; if it does not, another may take it.';
comment on column platform.scheduled_jobs.retries is 'Runs that failed one after the other since the last success.';
comment on column platform.scheduled_jobs.failed_runs is 'Failed or timed out.';
create index scheduled_jobs_due on platform.scheduled_jobs (next_run_at) where next_run_at is not null;
create index scheduled_jobs_leased on platform.scheduled_jobs (leased_until) where leased_until is not null;
create index scheduled_jobs_requested on platform.scheduled_jobs (run_requested_at) where run_requested_at is not null;
create index scheduled_jobs_requested_by on platform.scheduled_jobs (run_requested_by);
create index scheduled_jobs_type on platform.scheduled_jobs (job_type);
create index scheduled_jobs_created_by on platform.scheduled_jobs (created_by);

create function platform.schedule(job platform.scheduled_jobs) returns text
    language sql immutable parallel safe
    as $$
        select coalesce(job.cron_expression, case job.frequency
            when 'hourly' then '0 * * * *' when 'daily' then '0 0 * * *' when 'weekly' then '0 0 * * 1' when 'monthly' then '0 0 1 * *' end)
    $$;
comment on function platform.schedule(platform.scheduled_jobs) is 'When a job runs, as a cron expression.';

create function platform.schedule_job() returns trigger
    language plpgsql
    as $$
begin
    new.next_run_at := case when new.is_enabled and num_nonnulls(new.cron_expression, new.frequency) = 1
                            then platform.next_run(platform.schedule(new), new.timezone, now()) end;
    return new;
end
$$;
comment on function platform.schedule_job() is 'Trigger: works out when a new or changed job runs next.';
create trigger schedule_inserted before insert on platform.scheduled_jobs for each row execute function platform.schedule_job();
create trigger schedule_changed before update on platform.scheduled_jobs
    for each row when ((old.cron_expression, old.frequency, old.timezone, old.is_enabled) is distinct from (new.cron_expression, new.frequency, new.timezone, new.is_enabled))
    execute function platform.schedule_job();

create table platform.job_runs (
    organization_id uuid not null,
    id              uuid not null default gen_random_uuid(),
    job_id          uuid not null,
    attempt         integer not null check (attempt > 0),
    worker          uuid not null,
    cause           text not null default 'schedule' check (cause in ('schedule', 'retry', 'person')),
    requested_by    uuid references platform.platform_users (id) on delete set null,
    status          text not null default 'running',
    planned_at      timestamptz,
    started_at      timestamptz not null default now(),
    finished_at     timestamptz,
    cancel_requested_at timestamptz,
    progress_done   bigint check (progress_done >= 0),
    progress_total  bigint check (progress_total >= 0),
    progress_note   text check (length(progress_note) <= 500),
    error_message   text,
    result          jsonb not null default '{}' check (jsonb_typeof(result) = 'object'),
    primary key (organization_id, id),
    foreign key (organization_id, job_id) references platform.scheduled_jobs (organization_id, id) on delete cascade,
    check ((status = 'running') = (finished_at is null)),
    check (finished_at >= started_at)
);
comment on table platform.job_runs is 'Every run of a scheduled job.';
comment on column platform.job_runs.attempt is '1, or more when the run before it failed.';
comment on column platform.job_runs.cause is 'Its schedule, a failure before it, or a person who asked for it.';
comment on column platform.job_runs.planned_at is 'When it was due.';
comment on column platform.job_runs.cancel_requested_at is 'Somebody wants it to stop; its worker learns of it within seconds.';
comment on column platform.job_runs.progress_total is 'Of how many; null: nobody knows.';
comment on column platform.job_runs.status is '"skipped": left out, because it would have been too late (missed_runs).';
create index job_runs_requested_by on platform.job_runs (requested_by);
create index job_runs_job on platform.job_runs (organization_id, job_id, started_at desc);
-- Whatever happens to leases: one run of a job at a time.
create unique index job_runs_running on platform.job_runs (organization_id, job_id) where status = 'running';

select platform.states('platform.job_runs', 'status', $$
    running > success, failed, timeout, cancelled
    success
    failed
    timeout
    cancelled
    skipped
$$, initial => '{running, skipped}');

create table platform.job_logs (
    organization_id uuid not null,
    run_id          uuid not null,
    line            bigint not null generated always as identity,
    logged_at       timestamptz not null default now(),
    level           text not null default 'info' check (level in ('info', 'warning', 'error')),
    message         text not null check (length(message) <= 4000),
    primary key (organization_id, run_id, line),
    foreign key (organization_id, run_id) references platform.job_runs (organization_id, id) on delete cascade
);
comment on table platform.job_logs is 'What a run of a job told while it ran.';

select platform.protect('platform.job_types', 'public');
create policy owner on platform.job_types to clientele_owner using (true) with check (true);
select platform.protect('platform.job_definitions', 'public');
create policy owner on platform.job_definitions to clientele_owner using (true) with check (true);
select platform.protect('platform.scheduled_jobs', 'admin');
-- What happened is written by the workers alone.
revoke insert, update on platform.scheduled_jobs from clientele_app;
grant insert (organization_id, id, job_name, job_type, cron_expression, frequency, timezone, job_config, timeout_seconds, max_retries, missed_runs, is_enabled, created_by),
      update (job_name, job_type, cron_expression, frequency, timezone, job_config, timeout_seconds, max_retries, missed_runs, is_enabled)
    on platform.scheduled_jobs to clientele_app;
-- A job that is announced later is given to the organizations that are there.
create policy owner on platform.scheduled_jobs to clientele_owner using (true) with check (true);
select platform.protect('platform.job_runs', 'admin');
revoke insert, update, delete on platform.job_runs from clientele_app;
-- platform.cancel_run runs as the owner.
create policy owner on platform.job_runs to clientele_owner using (true) with check (true);
select platform.protect('platform.job_logs', 'admin');
revoke insert, update, delete on platform.job_logs from clientele_app;

create function platform.job(name text, type text, cron text, config jsonb, about text, timeout_seconds integer default 3600) returns void
    language sql
    as $$
        insert into platform.job_definitions (job_name, job_type, cron_expression, job_config, timeout_seconds, description)
        values (job.name, job.type, job.cron, job.config, job.timeout_seconds, job.about);
        insert into platform.scheduled_jobs (organization_id, job_name, job_type, cron_expression, job_config, timeout_seconds)
        select o.id, job.name, job.type, job.cron, job.config, job.timeout_seconds from platform.organizations o
    $$;
comment on function platform.job(text, text, text, jsonb, text, integer) is 'Announces a job: every organization, now and later, gets it.';
revoke execute on function platform.job(text, text, text, jsonb, text, integer) from public;

create function platform.give_jobs() returns trigger
    language plpgsql
    as $$
begin
    insert into platform.scheduled_jobs (organization_id, job_name, job_type, cron_expression, job_config, timeout_seconds, max_retries)
    select new.id, d.job_name, d.job_type, d.cron_expression, d.job_config, d.timeout_seconds, d.max_retries from platform.job_definitions d;
    return null;
end
$$;
comment on function platform.give_jobs() is 'Trigger: a new organization gets the announced jobs.';
create trigger give_jobs after insert on platform.organizations for each row execute function platform.give_jobs();

select platform.job('daily_customer_metrics', 'metric_calculation', '0 2 * * *', '{"metrics": ["total_customers", "daily_revenue", "retention_rates"]}', 'The day''s figures');
select platform.job('hourly_segment_refresh', 'segment_update', '0 * * * *', '{"refresh_dynamic_segments": true}', 'Who is in the dynamic segments');
select platform.job('weekly_cohort_analysis', 'cohort_refresh', '0 3 * * 1', '{"recalculate_all": false, "periods_to_update": 3}', 'Retention of the last three periods');
select platform.job('daily_engagement_scores', 'metric_calculation', '0 4 * * *', '{"calculate_engagement": true, "calculate_churn_risk": true}', 'Engagement and risk of churn');

-- Running scheduled jobs: claiming, renewing and finishing for the service role, on any number of nodes at once; asking
-- for a run and cancelling one for administrators.

create or replace function platform.job_lease() returns interval
    language sql immutable parallel safe
    as $$ select interval '1 minute' $$;
comment on function platform.job_lease() is 'How long a worker may be silent before another takes its job.';

create or replace function platform.claim_jobs(worker uuid, most integer default 1) returns setof platform.job_runs
    language plpgsql
    as $$
declare
    lost record;
begin
    -- A worker that did not come back in time: its run is over, and may be tried again.
    for lost in
        select r.organization_id, r.id
        from platform.scheduled_jobs j
        join platform.job_runs r on r.organization_id = j.organization_id and r.job_id = j.id and r.status = 'running'
        where j.leased_until < now()
        for update of j skip locked
    loop
        -- One that cannot be finished keeps nobody else from their jobs.
        begin
            perform platform.finish_job(lost.organization_id, lost.id, 'timeout', 'The worker did not come back in time.');
        exception when others then
            raise warning 'The lost run % cannot be finished: %', lost.id, sqlerrm;
        end;
    end loop;

    -- Too late for those that would rather not run than run late: kept as left out, and due at their next time.
    with late as (
        select j.organization_id, j.id, j.next_run_at as planned
        from platform.scheduled_jobs j
        where j.next_run_at < now() - interval '5 minutes' and j.missed_runs = 'skip' and j.retries = 0 and j.run_requested_at is null and j.leased_until is null
        and not exists (select from platform.organizations o where o.id = j.organization_id and o.closed_at is not null)
        for update skip locked
    ), moved as (
        update platform.scheduled_jobs j
        set next_run_at = platform.next_run(platform.schedule(j), j.timezone, now())
        from late
        where j.organization_id = late.organization_id and j.id = late.id
        returning late.organization_id, late.id, late.planned
    )
    insert into platform.job_runs (organization_id, job_id, attempt, worker, status, planned_at, finished_at, error_message)
    select m.organization_id, m.id, 1, claim_jobs.worker, 'skipped', m.planned, now(), 'No server was there at its time.' from moved m;

    return query
        with due as (
            select j.organization_id, j.id, j.run_requested_at, j.run_requested_by, j.next_run_at
            from platform.scheduled_jobs j
            where (j.next_run_at <= now() or j.run_requested_at is not null) and j.leased_until is null
            -- A closed organization rests; reopened, its jobs go on as their rule for missed runs says.
            and not exists (select from platform.organizations o where o.id = j.organization_id and o.closed_at is not null)
            order by least(j.next_run_at, j.run_requested_at)
            limit claim_jobs.most
            for update skip locked
        ), taken as (
            update platform.scheduled_jobs j
            set leased_until = now() + platform.job_lease(), leased_by = claim_jobs.worker, run_requested_at = null, run_requested_by = null
            from due
            where j.organization_id = due.organization_id and j.id = due.id
            returning j.organization_id, j.id, j.retries, due.run_requested_at as requested_at, due.run_requested_by as requested_by, due.next_run_at as due_at
        )
        insert into platform.job_runs (organization_id, job_id, attempt, worker, cause, requested_by, planned_at)
        select t.organization_id, t.id, t.retries + 1, claim_jobs.worker,
               case when t.requested_at is not null then 'person' when t.retries > 0 then 'retry' else 'schedule' end, t.requested_by, coalesce(t.requested_at, t.due_at)
        from taken t
        returning *;
end
$$;
comment on function platform.claim_jobs(uuid, integer) is 'Takes jobs that are due, or asked for, under a lease, and begins a run of each. Of many that ask at once, each job goes to one.';

create or replace function platform.renew_job(organization uuid, run uuid, worker uuid, done bigint default null, total bigint default null, note text default null) returns text
    language plpgsql
    as $$
declare
    mine record;
begin
    update platform.scheduled_jobs j
    set leased_until = now() + platform.job_lease()
    from platform.job_runs r
    where r.organization_id = renew_job.organization and r.id = renew_job.run and r.status = 'running' and r.worker = renew_job.worker
    and j.organization_id = r.organization_id and j.id = r.job_id and j.leased_by = renew_job.worker
    returning r.cancel_requested_at, r.started_at + make_interval(secs => j.timeout_seconds) < now() as late into mine;
    if not found then
        return 'lost';
    end if;
    update platform.job_runs r
    set progress_done = renew_job.done, progress_total = renew_job.total, progress_note = left(renew_job.note, 500)
    where r.organization_id = renew_job.organization and r.id = renew_job.run
    and (r.progress_done, r.progress_total, r.progress_note) is distinct from (renew_job.done, renew_job.total, left(renew_job.note, 500));
    return case when mine.cancel_requested_at is not null then 'cancel' when mine.late then 'late' else 'go' end;
end
$$;
comment on function platform.renew_job(uuid, uuid, uuid, bigint, bigint, text) is
    'A worker says that it is still there, and how far it has come. Returns "go", "cancel" when somebody wants the run to stop, "late" when its time is over, "lost" when the run is not this worker''s any more: it must write nothing further.';

create or replace function platform.finish_job(organization uuid, run uuid, outcome text, error text default null, result jsonb default '{}', again boolean default true) returns timestamptz
    language plpgsql
    as $$
declare
    done platform.job_runs;
    due  timestamptz;
begin
    update platform.job_runs r
    set status = finish_job.outcome, finished_at = clock_timestamp(), error_message = finish_job.error, result = finish_job.result
    where r.organization_id = finish_job.organization and r.id = finish_job.run and r.status = 'running'
    returning r.* into done;
    if done is null or done.id is null then
        raise exception 'This run is over already, or never was.' using errcode = 'CL001', table = 'job_runs';
    end if;
    update platform.scheduled_jobs j
    set leased_until = null, leased_by = null,
        last_run_at = done.started_at, last_run_status = done.status, last_run_duration = done.finished_at - done.started_at, last_error_message = done.error_message,
        total_runs = j.total_runs + 1,
        successful_runs = j.successful_runs + (done.status = 'success')::integer,
        failed_runs = j.failed_runs + (done.status in ('failed', 'timeout'))::integer,
        total_duration = j.total_duration + (done.finished_at - done.started_at),
        retries = case when finish_job.again and done.status in ('failed', 'timeout') and j.retries < j.max_retries then j.retries + 1 else 0 end,
        -- Tried again after 1, 2, 4… minutes, an hour at most, if its time does not come first.
        next_run_at = case when j.is_enabled then least(
            platform.next_run(platform.schedule(j), j.timezone, now()),
            case when finish_job.again and done.status in ('failed', 'timeout') and j.retries < j.max_retries then now() + least(interval '1 hour', interval '1 minute' * power(2, least(j.retries, 6))) end) end
    where j.organization_id = done.organization_id and j.id = done.job_id
    returning j.next_run_at into due;
    return due;
end
$$;
comment on function platform.finish_job(uuid, uuid, text, text, jsonb, boolean) is
    'Ends a run (success, failed, timeout, cancelled) and returns when the job runs next: after a failure soon again, as often as its retries allow, unless trying "again" is of no use.';

create or replace function platform.run_job(job uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    leased timestamptz;
begin
    select j.leased_until into leased from platform.scheduled_jobs j where j.organization_id = platform.tenant('admin') and j.id = run_job.job for update;
    if not found then
        raise exception 'There is no such job here.' using errcode = 'no_data_found';
    elsif leased is not null then
        raise exception 'The job is running. Wait until it has ended, or cancel the run.' using errcode = 'CL001', table = 'scheduled_jobs';
    end if;
    update platform.scheduled_jobs j set run_requested_at = now(), run_requested_by = platform.actor()
    where j.organization_id = platform.tenant('admin') and j.id = run_job.job and j.run_requested_at is null;
end
$$;
comment on function platform.run_job(uuid) is 'Lets a job run as soon as a worker is free, switched off or not, beside its schedule. For administrators.';

create or replace function platform.cancel_run(run uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    update platform.job_runs r set cancel_requested_at = coalesce(r.cancel_requested_at, now())
    where r.organization_id = platform.tenant('admin') and r.id = cancel_run.run and r.status = 'running';
    if found then
        return;
    elsif exists (select from platform.job_runs r where r.organization_id = platform.tenant('admin') and r.id = cancel_run.run) then
        raise exception 'This run is over already.' using errcode = 'CL001', table = 'job_runs';
    end if;
    raise exception 'There is no such run here.' using errcode = 'no_data_found';
end
$$;
comment on function platform.cancel_run(uuid) is 'Asks the worker of a run to stop it. For administrators.';

create or replace function platform.purge_job_runs(keep interval default '90 days', most integer default 5000) returns bigint
    language sql
    as $$
        with old as (
            select r.organization_id, r.id from platform.job_runs r where r.finished_at < now() - keep limit most
        ), gone as (
            delete from platform.job_runs r using old where r.organization_id = old.organization_id and r.id = old.id returning 1
        )
        select count(*) from gone
    $$;
comment on function platform.purge_job_runs(interval, integer) is 'Forgets old runs with what they told; returns how many. The sums stand with the job.';

revoke execute on function platform.claim_jobs(uuid, integer) from public;
revoke execute on function platform.renew_job(uuid, uuid, uuid, bigint, bigint, text) from public;
revoke execute on function platform.finish_job(uuid, uuid, text, text, jsonb, boolean) from public;
revoke execute on function platform.run_job(uuid) from public;
revoke execute on function platform.cancel_run(uuid) from public;
revoke execute on function platform.purge_job_runs(interval, integer) from public;
grant execute on function platform.claim_jobs(uuid, integer) to clientele_service;
grant execute on function platform.renew_job(uuid, uuid, uuid, bigint, bigint, text) to clientele_service;
grant execute on function platform.finish_job(uuid, uuid, text, text, jsonb, boolean) to clientele_service;
grant execute on function platform.purge_job_runs(interval, integer) to clientele_service;
grant execute on function platform.run_job(uuid) to clientele_app;
grant execute on function platform.cancel_run(uuid) to clientele_app;

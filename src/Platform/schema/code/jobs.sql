-- Running scheduled jobs: for the service role, on any number of nodes at once.

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

    return query
        with due as (
            select j.organization_id, j.id
            from platform.scheduled_jobs j
            where j.next_run_at <= now() and j.leased_until is null
            order by j.next_run_at
            limit claim_jobs.most
            for update skip locked
        ), taken as (
            update platform.scheduled_jobs j
            set leased_until = now() + make_interval(secs => j.timeout_seconds), leased_by = claim_jobs.worker
            from due
            where j.organization_id = due.organization_id and j.id = due.id
            returning j.organization_id, j.id, j.retries
        )
        insert into platform.job_runs (organization_id, job_id, attempt, worker)
        select t.organization_id, t.id, t.retries + 1, claim_jobs.worker from taken t
        returning *;
end
$$;
comment on function platform.claim_jobs(uuid, integer) is 'Takes jobs that are due under a lease as long as their time limit, and begins a run of each. Of many that ask at once, each job goes to one.';

create or replace function platform.finish_job(organization uuid, run uuid, outcome text, error text default null, result jsonb default '{}') returns timestamptz
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
        retries = case when done.status in ('failed', 'timeout') and j.retries < j.max_retries then j.retries + 1 else 0 end,
        -- Tried again after 1, 2, 4… minutes, an hour at most, if its time does not come first.
        next_run_at = case when j.is_enabled then least(
            platform.next_run(platform.schedule(j), j.timezone, now()),
            case when done.status in ('failed', 'timeout') and j.retries < j.max_retries then now() + least(interval '1 hour', interval '1 minute' * power(2, least(j.retries, 6))) end) end
    where j.organization_id = done.organization_id and j.id = done.job_id
    returning j.next_run_at into due;
    return due;
end
$$;
comment on function platform.finish_job(uuid, uuid, text, text, jsonb) is 'Ends a run (success, failed, timeout, cancelled) and returns when the job runs next: after a failure soon again, as often as its retries allow.';
revoke execute on function platform.claim_jobs(uuid, integer) from public;
revoke execute on function platform.finish_job(uuid, uuid, text, text, jsonb) from public;
grant execute on function platform.claim_jobs(uuid, integer) to clientele_service;
grant execute on function platform.finish_job(uuid, uuid, text, text, jsonb) to clientele_service;

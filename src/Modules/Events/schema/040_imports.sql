-- Files of events on their way in. An import of events is a batch operation: it has the import's id, which its events
-- carry as batch_id, and follows how the import stands.

create table events.staged_events (
    organization_id uuid not null,
    import_id       uuid not null,
    line            bigint not null,
    message         text not null,
    primary key (organization_id, import_id, line),
    foreign key (organization_id, import_id) references platform.imports (organization_id, id) on delete cascade
);
comment on table events.staged_events is 'Lines of an import of events that were read and not yet written, each as the message it becomes.';
select platform.protect('events.staged_events', 'member');

create function events.follow_import() returns trigger
    language plpgsql
    as $$
declare
    wanted text := case new.state when 'queued' then 'pending' when 'reading' then 'processing' when 'writing' then 'processing'
                                  when 'completed' then 'completed' when 'failed' then 'failed' when 'cancelled' then 'cancelled' end;
    ended  boolean := wanted in ('completed', 'failed', 'cancelled');
begin
    if wanted is null then
        return null;
    end if;
    -- One that is started again begins anew.
    if wanted = 'pending' then
        delete from events.batch_operations b where b.organization_id = new.organization_id and b.id = new.id;
        insert into events.batch_operations (organization_id, id, workspace_id, source, created_by)
        values (new.organization_id, new.id, new.workspace_id, new.file_name, new.created_by);
        return null;
    end if;
    update events.batch_operations b
    set status = wanted, accepted_count = new.accepted + new.duplicates, rejected_count = new.rejected,
        total_count = case when ended then new.accepted + new.duplicates + new.rejected else greatest(new.lines, new.accepted + new.duplicates + new.rejected) end,
        problem = left(new.problem, 4000), started_at = coalesce(b.started_at, new.started_at, now()), finished_at = case when ended then coalesce(new.finished_at, now()) end
    where b.organization_id = new.organization_id and b.id = new.id and b.status not in ('completed', 'cancelled')
    and (b.status <> wanted or (b.accepted_count, b.rejected_count) is distinct from (new.accepted + new.duplicates, new.rejected));
    return null;
end
$$;
comment on function events.follow_import() is 'Trigger: the batch operation of an import of events stands as the import does.';
create trigger follow_import after update on platform.imports
    for each row when (new.kind = 'events' and (old.state, old.accepted, old.rejected) is distinct from (new.state, new.accepted, new.rejected)) execute function events.follow_import();

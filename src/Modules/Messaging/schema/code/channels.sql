-- What comes in from providers.

create or replace function messaging.know_webhook() returns trigger
    language plpgsql
    as $$
begin
    new.provider_event_id := coalesce(new.provider_event_id, encode(sha256(convert_to(new.payload::text, 'UTF8')), 'hex'));
    return new;
end
$$;
comment on function messaging.know_webhook() is 'Trigger: a call without an id of its own is known by its payload.';
create or replace trigger known before insert on messaging.webhook_calls for each row when (new.provider_event_id is null) execute function messaging.know_webhook();

create or replace function messaging.purge_webhook_calls(keep interval default '30 days', batch integer default 10000) returns integer
    language sql
    as $$
        with old as (
            select w.organization_id, w.id from messaging.webhook_calls w where w.received_at < now() - keep limit batch for update skip locked
        ), gone as (
            delete from messaging.webhook_calls w using old where w.organization_id = old.organization_id and w.id = old.id returning 1
        )
        select count(*)::integer from gone
    $$;
comment on function messaging.purge_webhook_calls(interval, integer) is 'Forgets calls older than the interval, so many at a time; returns how many.';

create or replace function messaging.came_in(workspace_id uuid, phone_number text, at timestamptz default now(), customer_id uuid default null) returns messaging.reply_windows
    language plpgsql
    as $$
declare
    opened messaging.reply_windows;
begin
    for attempt in 1 .. 3 loop
        -- A message that comes late, after one that was written later, changes nothing.
        update messaging.reply_windows w
        set last_message_at = greatest(w.last_message_at, came_in.at), window_expires_at = greatest(w.window_expires_at, came_in.at + interval '24 hours'),
            customer_id = coalesce(w.customer_id, came_in.customer_id)
        where w.organization_id = platform.organization() and w.workspace_id = came_in.workspace_id and w.phone_number = came_in.phone_number
        and w.id = (select x.id from messaging.reply_windows x
                    where x.organization_id = platform.organization() and x.workspace_id = came_in.workspace_id and x.phone_number = came_in.phone_number
                    and x.window_expires_at > came_in.at order by x.window_expires_at desc limit 1)
        returning w.* into opened;
        exit when found;
        insert into messaging.reply_windows as w (workspace_id, phone_number, customer_id, window_opened_at, window_expires_at, last_message_at)
        values (came_in.workspace_id, came_in.phone_number, came_in.customer_id, came_in.at, came_in.at + interval '24 hours', came_in.at)
        on conflict do nothing
        returning w.* into opened;
        exit when found;
    end loop;
    return opened;
end
$$;
comment on function messaging.came_in(uuid, text, timestamptz, uuid) is 'Somebody wrote on WhatsApp: opens their reply window, or keeps the open one open for 24 hours more.';

create or replace function messaging.answer_freely(workspace_id uuid, phone_number text, at timestamptz default now()) returns boolean
    language plpgsql
    as $$
begin
    update messaging.reply_windows w set messages_sent = w.messages_sent + 1
    where w.organization_id = platform.organization() and w.workspace_id = answer_freely.workspace_id and w.phone_number = answer_freely.phone_number
    and tstzrange(w.window_opened_at, w.window_expires_at) @> answer_freely.at;
    return found;
end
$$;
comment on function messaging.answer_freely(uuid, text, timestamptz) is 'May this number be answered in free words now? Counts the answer when it may; otherwise only a template that WhatsApp approved may be sent.';

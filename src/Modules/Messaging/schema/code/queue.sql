-- The queue: who may put what in, who takes it out, and what follows from how it went.

create or replace function messaging.guard_message() returns trigger
    language plpgsql
    as $$
declare
    words  messaging.template_versions;
    demanded boolean;
begin
    select v.* into words from messaging.template_versions v where v.organization_id = new.organization_id and v.id = new.template_version_id;
    select t.requires_approval into demanded from messaging.templates t where t.organization_id = words.organization_id and t.id = words.template_id;
    if words.status = 'draft' then
        raise exception 'Version % of this template is a draft. Publish it first.', words.version using errcode = 'check_violation';
    end if;
    if demanded and not messaging.is_approved(words.organization_id, words.id) then
        raise exception 'Version % of this template is not approved, and the template demands it.', words.version using errcode = 'check_violation';
    end if;
    return new;
end
$$;
comment on function messaging.guard_message() is 'Trigger: no draft is sent, nor what is not approved where approval is demanded.';
create or replace trigger words before insert on messaging.messages for each row when (new.template_version_id is not null and new.status = 'pending') execute function messaging.guard_message();

create or replace function messaging.complete_message() returns trigger
    language plpgsql
    as $$
begin
    new.opened_at := coalesce(new.opened_at, new.first_click_at);
    new.delivered_at := coalesce(new.delivered_at, new.opened_at, new.read_at, case when new.status = 'delivered' then now() end);
    new.sent_at := coalesce(new.sent_at, new.delivered_at, case when new.status in ('sent', 'delivered', 'bounced') then now() end);
    new.failed_at := coalesce(new.failed_at, case when new.status in ('failed', 'bounced') then now() end);
    if new.status <> 'sending' then
        new.worker := null;
        new.lease_until := null;
    end if;
    return new;
end
$$;
comment on function messaging.complete_message() is 'Trigger: a click is an opening, an opening a delivery, a delivery was sent; who is not sending holds no lease.';
create or replace trigger complete before insert or update on messaging.messages for each row execute function messaging.complete_message();

create or replace function messaging.follow(organizations uuid[], messages uuid[]) returns void
    language sql
    as $$
        update messaging.campaign_sends s
        -- A step the send cannot take is left out: it has come further than the message says.
        set send_status = case when exists (select from platform.transitions t where t.relation = 'messaging.campaign_sends' and t.state = 'send_status'
                                            and t.from_state = s.send_status and t.to_state = m.send_status) then m.send_status else s.send_status end,
            sent_at = coalesce(s.sent_at, m.sent_at), delivered_at = coalesce(s.delivered_at, m.delivered_at), opened_at = coalesce(s.opened_at, m.opened_at),
            first_click_at = coalesce(s.first_click_at, m.first_click_at), last_click_at = greatest(s.last_click_at, m.last_click_at), total_clicks = greatest(s.total_clicks, m.total_clicks),
            converted_at = coalesce(s.converted_at, m.converted_at), delivery_attempt = greatest(s.delivery_attempt, m.retry_count + 1),
            external_message_id = coalesce(m.provider_message_id, s.external_message_id), service_provider = coalesce(m.provider, s.service_provider),
            bounce_reason = case when m.status = 'bounced' then left(m.error_message, 500) else s.bounce_reason end,
            failure_reason = case when m.status = 'failed' then m.error_message else s.failure_reason end
        from (select n.*, case n.status when 'pending' then 'queued' when 'sending' then 'queued' when 'cancelled' then 'rejected' else n.status end as send_status
              from unnest(follow.organizations, follow.messages) as k(organization_id, id)
              join messaging.messages n on n.organization_id = k.organization_id and n.id = k.id) m
        where s.organization_id = m.organization_id and s.id = m.campaign_send_id
        and s.send_status not in ('bounced', 'rejected')
    $$;
comment on function messaging.follow(uuid[], uuid[]) is 'Part of messaging.follow_message: writes to campaigns'' sends what became of messages.';

create or replace function messaging.follow_message() returns trigger
    language plpgsql
    as $$
declare
    organizations uuid[];
    messages      uuid[];
begin
    select array_agg(n.organization_id), array_agg(n.id) into organizations, messages
    from new_rows n
    join old_rows o on o.organization_id = n.organization_id and o.id = n.id
    where n.campaign_send_id is not null
    and (n.status, n.sent_at, n.delivered_at, n.opened_at, n.first_click_at, n.last_click_at, n.total_clicks, n.converted_at, n.retry_count, n.provider_message_id)
        is distinct from (o.status, o.sent_at, o.delivered_at, o.opened_at, o.first_click_at, o.last_click_at, o.total_clicks, o.converted_at, o.retry_count, o.provider_message_id);
    if messages is null then
        return null;
    end if;
    begin
        perform messaging.follow(organizations, messages);
    exception
        when serialization_failure or deadlock_detected then
            raise;
        when others then
            -- One send that cannot be written keeps no other message, least of all another organization's, from its way.
            for place in 1 .. cardinality(messages) loop
                begin
                    perform messaging.follow(organizations[place : place], messages[place : place]);
                exception
                    when serialization_failure or deadlock_detected then
                        raise;
                    when others then
                        raise warning 'The send of message % cannot follow it: %', messages[place], sqlerrm;
                end;
            end loop;
    end;
    return null;
end
$$;
comment on function messaging.follow_message() is 'Trigger: what becomes of a message becomes of the campaign''s send it carries.';
create or replace trigger followed after update on messaging.messages referencing old table as old_rows new table as new_rows for each statement execute function messaging.follow_message();

-- ---------------------------------------------------------------------------------------------------------
-- In

create or replace function messaging.queue(
    template_key text,
    channel text,
    customer_id uuid default null,
    variables jsonb default '{}',
    recipient text default null,
    locale text default null,
    topic text default 'transactional',
    priority integer default 3,
    scheduled_at timestamptz default now(),
    idempotency_key text default null,
    workspace_id uuid default null,
    campaign_send_id uuid default null,
    bulk_operation_id uuid default null,
    expires_at timestamptz default null
) returns uuid
    language plpgsql
    as $$
#variable_conflict use_column
declare
    home     messaging.templates;
    words    messaging.template_versions;
    wording  messaging.template_variants;
    address  text := queue.recipient;
    whole    jsonb;
    due      timestamptz := queue.scheduled_at;
    made     uuid;
begin
    select m.id into made from messaging.messages m where m.organization_id = platform.organization() and m.idempotency_key = queue.idempotency_key;
    if made is not null then
        return made;
    end if;

    select t.* into home from messaging.templates t where t.organization_id = platform.organization() and t.template_key = queue.template_key and t.status = 'active';
    if home.id is null then
        raise exception 'There is no template "%".', queue.template_key using errcode = 'no_data_found';
    end if;
    if queue.channel <> all (home.channels) then
        raise exception 'The template "%" is not for %. Add the channel to the template''s.', queue.template_key, queue.channel using errcode = 'check_violation';
    end if;
    words := messaging.published_version(home.id, coalesce(queue.locale, home.default_locale));
    if words.id is null then
        raise exception 'The template "%" has no published version.', queue.template_key using errcode = 'no_data_found';
    end if;

    if queue.customer_id is not null then
        if not messaging.wants(queue.customer_id, queue.channel, queue.topic) then
            return null;
        end if;
        select coalesce(address, case when queue.channel = 'email' then c.email when queue.channel in ('sms', 'whatsapp') then c.phone end) into address
        from customers.customers c where c.organization_id = platform.organization() and c.id = queue.customer_id;
        -- The urgent disturb; so does nothing that waits to be looked at.
        if queue.priority > 1 and queue.channel in ('sms', 'whatsapp', 'push', 'web_push') and coalesce((
            select s.respects_quiet_hours from messaging.channel_settings s
            where s.organization_id = platform.organization() and s.channel = queue.channel and (s.workspace_id is null or s.workspace_id = queue.workspace_id)
            order by s.workspace_id nulls last limit 1), true)
        then
            due := messaging.may_reach_at(queue.customer_id, due);
        end if;
    end if;
    if coalesce(address, '') = '' and queue.channel in ('email', 'sms', 'whatsapp') then
        raise exception 'There is no address for %. Name the recipient.', queue.channel using errcode = 'check_violation';
    end if;

    whole := messaging.complete_variables(home.id, queue.variables);
    select v.* into wording from messaging.template_variants v
    where v.organization_id = platform.organization() and v.template_version_id = words.id
    and v.name = messaging.choose_variant(words.id, coalesce(queue.customer_id::text, address));

    insert into messaging.messages as m (workspace_id, customer_id, channel, recipient, campaign_send_id, bulk_operation_id, template_version_id, variant, topic,
                                         subject, body, body_html, variables, priority, scheduled_at, expires_at, idempotency_key)
    values (queue.workspace_id, queue.customer_id, queue.channel, coalesce(address, ''), queue.campaign_send_id, queue.bulk_operation_id, words.id, coalesce(wording.name, ''), queue.topic,
            left(messaging.render(coalesce(wording.subject, words.subject), whole), 500), messaging.render(coalesce(wording.body_text, words.body_text), whole),
            messaging.render(coalesce(wording.body_html, words.body_html), whole, is_html => true), whole, queue.priority, due, queue.expires_at, queue.idempotency_key)
    on conflict (organization_id, idempotency_key) where idempotency_key is not null do nothing
    returning m.id into made;
    if made is null then
        select m.id into made from messaging.messages m where m.organization_id = platform.organization() and m.idempotency_key = queue.idempotency_key;
    end if;
    return made;
end
$$;
comment on function messaging.queue(text, text, uuid, jsonb, text, text, text, integer, timestamptz, text, uuid, uuid, uuid, timestamptz) is
    'Renders a template''s published words for somebody and puts the message into the queue; returns its id, that of the earlier one when the idempotency key was used before, or null when the customer does not want such messages. Waits for the end of quiet hours unless priority is 1.';

-- ---------------------------------------------------------------------------------------------------------
-- Out

create or replace function messaging.release() returns integer
    language sql
    as $$
        with late as (
            select m.organization_id, m.id from messaging.messages m where m.status = 'sending' and m.lease_until < now() for update skip locked
        ), useless as (
            select m.organization_id, m.id from messaging.messages m where m.status = 'pending' and m.expires_at <= now() limit 1000 for update skip locked
        ), cancelled as (
            update messaging.messages m set status = 'cancelled', error_code = 'expired' from useless u where m.organization_id = u.organization_id and m.id = u.id returning 1
        ), released as (
            -- A worker that died counts as an attempt: it may have died of the message.
            update messaging.messages m
            set status = case when m.retry_count < m.max_retries then 'pending' else 'failed' end,
                retry_count = least(m.retry_count + 1, m.max_retries), next_attempt_at = now(), error_code = 'lease_expired'
            from late l where m.organization_id = l.organization_id and m.id = l.id
            returning 1
        )
        select ((select count(*) from cancelled) + (select count(*) from released))::integer
    $$;
comment on function messaging.release() is 'Takes back messages whose worker did not answer in time, and cancels those that came too late; returns how many.';

create or replace function messaging.claim(number integer, worker text, lease interval default '1 minute') returns setof messaging.messages
    language plpgsql
    as $$
declare
    wanted integer := claim.number;
    got    integer;
begin
    perform messaging.release();
    -- By priority, so that each look-up walks the index in the order of time and stops at now.
    for urgency in 1 .. 5 loop
        exit when wanted <= 0;
        return query
            with due as (
                select m.organization_id, m.id
                from messaging.messages m
                where m.status = 'pending' and m.priority = urgency and m.due_at <= now() and (m.expires_at is null or m.expires_at > now())
                -- Looked up for each row as it comes, so that the index's order is kept and a long queue is not read to its end.
                and (m.bulk_operation_id is null or (select b.status = 'running' from messaging.bulk_operations b where b.organization_id = m.organization_id and b.id = m.bulk_operation_id))
                and (m.campaign_send_id is null or (select c.status = 'active' from messaging.campaign_sends s join messaging.campaigns c on c.organization_id = s.organization_id and c.id = s.campaign_id
                                                    where s.organization_id = m.organization_id and s.id = m.campaign_send_id))
                order by m.due_at
                limit wanted
                for update of m skip locked
            )
            update messaging.messages m set status = 'sending', worker = claim.worker, lease_until = now() + claim.lease
            from due where m.organization_id = due.organization_id and m.id = due.id
            returning m.*;
        get diagnostics got = row_count;
        wanted := wanted - got;
    end loop;
end
$$;
comment on function messaging.claim(integer, text, interval) is
    'Takes up to so many messages that are due, the most urgent first, for one worker until the lease is over; no two workers get the same. Messages of campaigns that are not active and of bulk operations that do not run wait.';

create or replace function messaging.report_sent(message_id uuid, worker text, provider text default null, provider_message_id text default null, provider_response jsonb default null) returns boolean
    language plpgsql
    as $$
begin
    update messaging.messages m
    set status = 'sent', provider = report_sent.provider, provider_message_id = report_sent.provider_message_id,
        provider_response = report_sent.provider_response, error_code = null, error_message = null
    where m.organization_id = platform.organization() and m.id = report_sent.message_id and m.status = 'sending' and m.worker = report_sent.worker;
    return found;
end
$$;
comment on function messaging.report_sent(uuid, text, text, text, jsonb) is 'The worker that holds a message has sent it. False when it no longer holds it.';

create or replace function messaging.report_failed(message_id uuid, worker text, error_code text default null, error_message text default null, is_final boolean default false) returns text
    language plpgsql
    as $$
declare
    now_is text;
begin
    update messaging.messages m
    set status = case when is_final or m.retry_count >= m.max_retries then 'failed' else 'pending' end,
        retry_count = case when is_final then m.retry_count else least(m.retry_count + 1, m.max_retries) end,
        -- Twice as long each time.
        next_attempt_at = now() + coalesce((
            select s.retry_after from messaging.channel_settings s
            where s.organization_id = m.organization_id and s.channel = m.channel and (s.workspace_id is null or s.workspace_id = m.workspace_id)
            order by s.workspace_id nulls last limit 1), interval '1 minute') * power(2, m.retry_count),
        error_code = report_failed.error_code, error_message = report_failed.error_message
    where m.organization_id = platform.organization() and m.id = report_failed.message_id and m.status = 'sending' and m.worker = report_failed.worker
    returning m.status into now_is;
    return now_is;
end
$$;
comment on function messaging.report_failed(uuid, text, text, text, boolean) is
    'The worker that holds a message could not send it: it waits for its next attempt, each time twice as long, or has failed when there is none left. Returns its state; null when the worker no longer holds it.';

create or replace function messaging.escalate() returns integer
    language plpgsql
    as $$
declare
    due  record;
    told integer := 0;
    made integer;
begin
    for due in
        select u.organization_id, u.id, u.workspace_id, u.template_version_id, u.subject, u.body, u.body_html, u.variables,
               n.channel, n.recipient, n.id as rule_id, n.level
        from messaging.messages u
        join messaging.escalation_rules r on r.organization_id = u.organization_id and r.id = u.escalation_rule_id
        join lateral (select x.* from messaging.escalation_rules x
                      where x.organization_id = u.organization_id and x.name = r.name and x.level > r.level and x.is_active
                      order by x.level limit 1) n on true
        -- A wait so long that no calendar reaches it back stops nobody else.
        where u.escalation_rule_id is not null and u.acknowledged_at is null and u.sent_at <= now() - least(r.wait_for, interval '10 years')
        and not exists (select from messaging.messages t where t.organization_id = u.organization_id and t.idempotency_key = 'escalation/' || u.id || '/' || n.level)
    loop
        begin
            insert into messaging.messages (organization_id, workspace_id, channel, recipient, escalation_rule_id, template_version_id, subject, body, body_html, variables, priority, idempotency_key)
            values (due.organization_id, due.workspace_id, due.channel, due.recipient, due.rule_id, due.template_version_id, due.subject, due.body, due.body_html, due.variables, 1,
                    'escalation/' || due.id || '/' || due.level)
            on conflict (organization_id, idempotency_key) where idempotency_key is not null do nothing;
            get diagnostics made = row_count;
            told := told + made;
        exception
            when serialization_failure or deadlock_detected then
                raise;
            when others then
                raise warning 'The next level after message % cannot be told: %', due.id, sqlerrm;
        end;
    end loop;
    return told;
end
$$;
comment on function messaging.escalate() is 'Tells the next level of every emergency whose last one has not acknowledged in time; returns how many were told.';

-- ---------------------------------------------------------------------------------------------------------
-- Notices to staff

create or replace function messaging.keep_read() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'UPDATE' and new.read is distinct from old.read then
        new.read_at := case when new.read then coalesce(new.read_at, now()) end;
    elsif new.read and new.read_at is null and tg_op = 'INSERT' then
        new.read_at := now();
    end if;
    new.read := new.read_at is not null;
    return new;
end
$$;
comment on function messaging.keep_read() is 'Trigger: read and read_at say the same.';
create or replace trigger keep_read before insert or update on messaging.notices for each row execute function messaging.keep_read();

create or replace function messaging.notify(user_id uuid, type text, title text, message text, data jsonb default null, expires_at timestamptz default null, audience text default 'person') returns uuid
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    made uuid := gen_random_uuid();
begin
    if platform.tenant('key') is null then
        raise exception 'No organization is set for this transaction.' using errcode = 'insufficient_privilege';
    end if;
    insert into messaging.notices (organization_id, id, user_id, audience, type, title, message, data, expires_at)
    values (platform.tenant('key'), made, notify.user_id, notify.audience, notify.type, notify.title, notify.message, notify.data, notify.expires_at);
    return made;
end
$$;
comment on function messaging.notify(uuid, text, text, text, jsonb, timestamptz, text) is 'Tells one person of the staff something; it is in their console, and theirs alone.';
revoke execute on function messaging.notify(uuid, text, text, text, jsonb, timestamptz, text) from public;
grant execute on function messaging.notify(uuid, text, text, text, jsonb, timestamptz, text) to clientele_app, clientele_service;

create or replace function messaging.notify_administrators(type text, title text, message text, data jsonb default null, expires_at timestamptz default null) returns integer
    language sql
    as $$
        select count(messaging.notify(m.user_id, notify_administrators.type, notify_administrators.title, notify_administrators.message, notify_administrators.data,
                                      notify_administrators.expires_at, 'administrators'))::integer
        from platform.organization_members m
        where m.organization_id = platform.organization() and m.role in ('super_admin', 'admin')
    $$;
comment on function messaging.notify_administrators(text, text, text, jsonb, timestamptz) is 'Tells every administrator of the organization; returns how many there are.';

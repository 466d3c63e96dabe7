-- Campaigns: what is counted, what is limited, and the one definition of every rate.

create or replace function messaging.share(part numeric, whole numeric) returns numeric
    language sql immutable parallel safe
    as $$ select case when whole > 0 then round(part / whole, 8) end $$;
comment on function messaging.share(numeric, numeric) is 'A part of a whole as a fraction; null when there is nothing to be a part of.';

create or replace function messaging.roi(revenue numeric, budget numeric) returns numeric
    language sql immutable parallel safe
    as $$ select case when budget > 0 then round((revenue - budget) / budget, 8) end $$;
comment on function messaging.roi(numeric, numeric) is 'What came back above the budget, as a share of it: 1 is twice the budget. Null without a budget.';

create or replace view messaging.campaign_performance with (security_invoker = true) as
    select c.organization_id, c.id as campaign_id, c.name, c.campaign_type, c.status, c.start_date, c.end_date, c.budget,
           coalesce(t.total_targeted, 0) as total_targeted,
           coalesce(t.total_sent, 0) as total_sent,
           coalesce(t.total_delivered, 0) as total_delivered,
           coalesce(t.total_bounced, 0) as total_bounced,
           coalesce(t.total_opened, 0) as total_opened,
           coalesce(t.total_clicked, 0) as total_clicked,
           coalesce(t.total_unsubscribed, 0) as total_unsubscribed,
           coalesce(t.total_converted, 0) as total_converted,
           coalesce(t.total_revenue_attributed, 0) as total_revenue_attributed,
           messaging.share(t.total_delivered, t.total_sent) as delivery_rate,
           messaging.share(t.total_opened, t.total_delivered) as open_rate,
           messaging.share(t.total_clicked, t.total_delivered) as click_rate,
           messaging.share(t.total_converted, t.total_sent) as conversion_rate,
           messaging.roi(coalesce(t.total_revenue_attributed, 0), c.budget) as roi
    from messaging.campaigns c
    left join messaging.campaign_totals t on t.organization_id = c.organization_id and t.campaign_id = c.id;
comment on view messaging.campaign_performance is
    'What came of each campaign. The one definition of its rates, as fractions: delivered of sent; opened and clicked of delivered, people and not openings; converted of sent; null when there is nothing to divide by.';
grant select on messaging.campaign_performance to clientele_app, clientele_service, clientele_readonly;

create or replace function messaging.guard_approval() returns trigger
    language plpgsql
    as $$
begin
    if new.approval_status = 'approved' and old.approval_status <> 'approved' then
        -- Only the platform itself approves in somebody's name.
        if platform.actor() is null and platform.tenant('system') is null then
            raise exception 'A campaign is approved by a person. Sign in.' using errcode = 'insufficient_privilege';
        end if;
        new.approved_by := coalesce(platform.actor(), new.approved_by);
        new.approved_at := now();
        new.rejection_reason := null;
        if new.approved_by is null then
            raise exception 'Whoever approves a campaign must be known: sign in, or name them in approved_by.' using errcode = 'check_violation';
        end if;
    elsif new.approval_status <> 'approved' then
        new.approved_by := null;
        new.approved_at := null;
    end if;
    return new;
end
$$;
comment on function messaging.guard_approval() is 'Trigger: an approval has a person and a time.';
-- Named to run after the trigger that knows which state may follow which.
create or replace trigger guard_approval before update of approval_status on messaging.campaigns for each row
    when (old.approval_status is distinct from new.approval_status) execute function messaging.guard_approval();

create or replace function messaging.keep_approver() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    -- Emptied only because the account is gone.
    if platform.tenant('system') is null
       and (new.approved_at is distinct from old.approved_at or new.approved_by is not null or exists (select from platform.platform_users u where u.id = old.approved_by))
    then
        raise exception 'Who approved a campaign, and when, stays as it was.' using errcode = 'CL004', table = tg_table_name;
    end if;
    return new;
end
$$;
comment on function messaging.keep_approver() is 'Trigger: nobody becomes the approver of what somebody else approved.';
revoke execute on function messaging.keep_approver() from public;
create or replace trigger keep_approver before update of approved_by, approved_at on messaging.campaigns for each row
    when (old.approval_status = new.approval_status and (old.approved_by, old.approved_at) is distinct from (new.approved_by, new.approved_at))
    execute function messaging.keep_approver();

create or replace function messaging.refuse_new_content() returns trigger
    language plpgsql
    as $$
begin
    raise exception 'What was approved cannot be changed. Take the campaign back to draft, change it, and have it approved again.' using errcode = 'CL004', table = tg_table_name;
end
$$;
comment on function messaging.refuse_new_content() is 'Trigger: what runs is what was approved.';
create or replace trigger approved_content before update on messaging.campaigns for each row
    when (old.approval_status = 'approved' and new.approval_status = 'approved'
          and (old.campaign_type, old.channel, old.subject_line, old.content_template_id, old.content_variables, old.message_content, old.target_audience_type, old.target_filters, old.is_ab_test, old.ab_test_config)
          is distinct from (new.campaign_type, new.channel, new.subject_line, new.content_template_id, new.content_variables, new.message_content, new.target_audience_type, new.target_filters, new.is_ab_test, new.ab_test_config))
    execute function messaging.refuse_new_content();

create or replace function messaging.note_campaign_editor() returns trigger
    language plpgsql
    as $$
begin
    new.updated_by := coalesce(platform.actor(), new.updated_by);
    return new;
end
$$;
comment on function messaging.note_campaign_editor() is 'Trigger: who changed a campaign last.';
create or replace trigger editor before update on messaging.campaigns for each row execute function messaging.note_campaign_editor();

-- ---------------------------------------------------------------------------------------------------------
-- Segments

create or replace function messaging.guard_campaign_segments() returns trigger
    language plpgsql
    as $$
declare
    fixed uuid;
begin
    -- When the whole organization is being deleted, this goes along.
    select c.id into fixed from messaging.campaigns c join platform.organizations o on o.id = c.organization_id
    where (c.organization_id, c.id) in ((coalesce(new.organization_id, old.organization_id), new.campaign_id), (coalesce(old.organization_id, new.organization_id), old.campaign_id))
    and c.approval_status = 'approved' limit 1;
    if fixed is not null then
        raise exception 'Whom an approved campaign is for cannot be changed. Take it back to draft, change it, and have it approved again.' using errcode = 'CL004', table = tg_table_name;
    end if;
    return coalesce(new, old);
end
$$;
comment on function messaging.guard_campaign_segments() is 'Trigger: an approved campaign keeps its audience.';
create or replace trigger approved_audience before insert or update or delete on messaging.campaign_segments for each row
    execute function messaging.guard_campaign_segments();

create or replace function messaging.segments_of(organization_id uuid, campaign_id uuid, role text) returns uuid[]
    language sql stable
    as $$
        select coalesce(array_agg(s.segment_id order by s.segment_id), '{}') from messaging.campaign_segments s
        where s.organization_id = segments_of.organization_id and s.campaign_id = segments_of.campaign_id and s.role = segments_of.role
    $$;
comment on function messaging.segments_of(uuid, uuid, text) is 'The segments a campaign is for (role target) or leaves out (role exclusion).';

create or replace function messaging.set_segments(campaign_id uuid, targets uuid[], exclusions uuid[]) returns void
    language plpgsql
    as $$
begin
    if set_segments.targets && set_segments.exclusions then
        raise exception 'A campaign cannot be for a segment and leave it out.' using errcode = 'check_violation';
    end if;
    delete from messaging.campaign_segments s
    where s.organization_id = platform.organization() and s.campaign_id = set_segments.campaign_id
    and ((s.role = 'target' and s.segment_id <> all (set_segments.targets)) or (s.role = 'exclusion' and s.segment_id <> all (set_segments.exclusions)));
    insert into messaging.campaign_segments (campaign_id, segment_id, role)
    select set_segments.campaign_id, w.segment_id, w.role
    from (select distinct t as segment_id, 'target' as role from unnest(set_segments.targets) as t
          union all select distinct e, 'exclusion' from unnest(set_segments.exclusions) as e) w
    on conflict on constraint campaign_segments_pkey do nothing;
end
$$;
comment on function messaging.set_segments(uuid, uuid[], uuid[]) is 'Sets whom a campaign is for and whom it leaves out.';

-- ---------------------------------------------------------------------------------------------------------
-- Sends

create or replace function messaging.complete_send() returns trigger
    language plpgsql
    as $$
begin
    -- Reports of a provider come in any order and with holes; the later fact implies the earlier ones.
    new.opened_at := coalesce(new.opened_at, new.first_click_at);
    new.last_click_at := coalesce(new.last_click_at, new.first_click_at);
    new.delivered_at := coalesce(new.delivered_at, new.opened_at, case when new.send_status = 'delivered' then now() end);
    new.sent_at := coalesce(new.sent_at, new.delivered_at, new.converted_at, case when new.send_status in ('sent', 'delivered', 'bounced') then now() end);
    return new;
end
$$;
comment on function messaging.complete_send() is 'Trigger: a click is an opening, an opening a delivery, a delivery was sent.';
create or replace trigger complete before insert or update on messaging.campaign_sends for each row execute function messaging.complete_send();

create or replace view messaging.counted_sends with (security_invoker = true) as
    select s.organization_id, s.campaign_id,
           count(*) as total_targeted,
           count(s.sent_at) as total_sent,
           count(s.delivered_at) as total_delivered,
           count(*) filter (where s.send_status = 'bounced') as total_bounced,
           count(s.opened_at) as total_opened,
           count(s.first_click_at) as total_clicked,
           count(s.unsubscribed_at) as total_unsubscribed,
           count(s.converted_at) as total_converted,
           coalesce(sum(s.conversion_value), 0) as total_revenue_attributed
    from messaging.campaign_sends s
    group by s.organization_id, s.campaign_id;
comment on view messaging.counted_sends is 'The totals of campaigns counted anew from their sends, to hold against messaging.campaign_totals.';
grant select on messaging.counted_sends to clientele_app, clientele_service;

create or replace function messaging.count_sends() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    sign integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
    -- In the order of the keys: two statements that count for the same campaigns wait for each other and never in a ring.
    insert into messaging.campaign_totals as t (organization_id, campaign_id, total_targeted, total_sent, total_delivered, total_bounced,
                                             total_opened, total_clicked, total_unsubscribed, total_converted, total_revenue_attributed)
    select d.*
    from (select r.organization_id, r.campaign_id,
                 sum(sign) as targeted,
                 coalesce(sum(sign) filter (where r.sent_at is not null), 0) as sent,
                 coalesce(sum(sign) filter (where r.delivered_at is not null), 0) as delivered,
                 coalesce(sum(sign) filter (where r.send_status = 'bounced'), 0) as bounced,
                 coalesce(sum(sign) filter (where r.opened_at is not null), 0) as opened,
                 coalesce(sum(sign) filter (where r.first_click_at is not null), 0) as clicked,
                 coalesce(sum(sign) filter (where r.unsubscribed_at is not null), 0) as unsubscribed,
                 coalesce(sum(sign) filter (where r.converted_at is not null), 0) as converted,
                 coalesce(sum(sign * r.conversion_value), 0) as revenue
          from changed r
          group by r.organization_id, r.campaign_id) d
    where (d.targeted, d.sent, d.delivered, d.bounced, d.opened, d.clicked, d.unsubscribed, d.converted, d.revenue) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
    -- While a campaign is being deleted with its organization there is nothing left to count for.
    and (d.targeted > 0 or exists (select from messaging.campaign_totals x where x.organization_id = d.organization_id and x.campaign_id = d.campaign_id))
    order by d.organization_id, d.campaign_id
    on conflict on constraint campaign_totals_pkey do update set
        total_targeted = t.total_targeted + excluded.total_targeted,
        total_sent = t.total_sent + excluded.total_sent,
        total_delivered = t.total_delivered + excluded.total_delivered,
        total_bounced = t.total_bounced + excluded.total_bounced,
        total_opened = t.total_opened + excluded.total_opened,
        total_clicked = t.total_clicked + excluded.total_clicked,
        total_unsubscribed = t.total_unsubscribed + excluded.total_unsubscribed,
        total_converted = t.total_converted + excluded.total_converted,
        total_revenue_attributed = t.total_revenue_attributed + excluded.total_revenue_attributed;
    return null;
end
$$;
comment on function messaging.count_sends() is 'Trigger: adds the sends a statement made to the totals of their campaigns, or takes off those it deleted.';
revoke execute on function messaging.count_sends() from public;
create or replace function messaging.recount_sends() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
begin
    -- In the order of the keys: two statements that count for the same campaigns wait for each other and never in a ring.
    insert into messaging.campaign_totals as t (organization_id, campaign_id, total_targeted, total_sent, total_delivered, total_bounced,
                                             total_opened, total_clicked, total_unsubscribed, total_converted, total_revenue_attributed)
    select d.*
    from (select r.organization_id, r.campaign_id,
                 sum(r.sign) as targeted,
                 coalesce(sum(r.sign) filter (where r.sent_at is not null), 0) as sent,
                 coalesce(sum(r.sign) filter (where r.delivered_at is not null), 0) as delivered,
                 coalesce(sum(r.sign) filter (where r.send_status = 'bounced'), 0) as bounced,
                 coalesce(sum(r.sign) filter (where r.opened_at is not null), 0) as opened,
                 coalesce(sum(r.sign) filter (where r.first_click_at is not null), 0) as clicked,
                 coalesce(sum(r.sign) filter (where r.unsubscribed_at is not null), 0) as unsubscribed,
                 coalesce(sum(r.sign) filter (where r.converted_at is not null), 0) as converted,
                 coalesce(sum(r.sign * r.conversion_value), 0) as revenue
          from (select n.*, 1 as sign from new_rows n union all select o.*, -1 from old_rows o) r
          group by r.organization_id, r.campaign_id) d
    where (d.targeted, d.sent, d.delivered, d.bounced, d.opened, d.clicked, d.unsubscribed, d.converted, d.revenue) <> (0, 0, 0, 0, 0, 0, 0, 0, 0)
    -- While a campaign is being deleted with its organization there is nothing left to count for.
    and (d.targeted > 0 or exists (select from messaging.campaign_totals x where x.organization_id = d.organization_id and x.campaign_id = d.campaign_id))
    order by d.organization_id, d.campaign_id
    on conflict on constraint campaign_totals_pkey do update set
        total_targeted = t.total_targeted + excluded.total_targeted,
        total_sent = t.total_sent + excluded.total_sent,
        total_delivered = t.total_delivered + excluded.total_delivered,
        total_bounced = t.total_bounced + excluded.total_bounced,
        total_opened = t.total_opened + excluded.total_opened,
        total_clicked = t.total_clicked + excluded.total_clicked,
        total_unsubscribed = t.total_unsubscribed + excluded.total_unsubscribed,
        total_converted = t.total_converted + excluded.total_converted,
        total_revenue_attributed = t.total_revenue_attributed + excluded.total_revenue_attributed;
    return null;
end
$$;
comment on function messaging.recount_sends() is 'Trigger: changes the totals of campaigns by the difference a statement made to their sends.';
revoke execute on function messaging.recount_sends() from public;
create or replace trigger counted_insert after insert on messaging.campaign_sends referencing new table as changed for each statement execute function messaging.count_sends();
create or replace trigger counted_update after update on messaging.campaign_sends referencing old table as old_rows new table as new_rows for each statement execute function messaging.recount_sends();
create or replace trigger counted_delete after delete on messaging.campaign_sends referencing old table as changed for each statement execute function messaging.count_sends();

create or replace function messaging.limit_sends() returns trigger
    language plpgsql
    as $$
declare
    made record;
begin
    for made in
        select n.organization_id, n.campaign_id, count(*) as sends, c.daily_send_limit, t.total_targeted, (now() at time zone o.time_zone)::date as day,
               least(c.max_sends, (platform.setting('campaign.max_recipients') #>> '{}')::bigint) as max_sends
        from new_rows n
        join messaging.campaigns c on c.organization_id = n.organization_id and c.id = n.campaign_id
        join messaging.campaign_totals t on t.organization_id = n.organization_id and t.campaign_id = n.campaign_id
        join platform.organizations o on o.id = n.organization_id
        group by n.organization_id, n.campaign_id, c.max_sends, c.daily_send_limit, t.total_targeted, o.time_zone
        order by n.organization_id, n.campaign_id
    loop
        -- The counting trigger ran before this one and holds the campaign's totals until the transaction ends: this number is final.
        if made.total_targeted > made.max_sends then
            raise exception 'The campaign may have % sends in all; these would make it %.', made.max_sends, made.total_targeted using errcode = 'CL003';
        end if;
        if made.daily_send_limit is not null then
            perform platform.take('campaign.sends_a_day', made.campaign_id::text, made.daily_send_limit, made.sends, made.day);
        end if;
    end loop;
    return null;
end
$$;
comment on function messaging.limit_sends() is 'Trigger: holds max_sends, the setting campaign.max_recipients and daily_send_limit, however many write at once.';
-- Triggers of one event run in the order of their names: counted_insert, then this.
create or replace trigger limited_insert after insert on messaging.campaign_sends referencing new table as new_rows for each statement execute function messaging.limit_sends();

create or replace function messaging.campaign_drift()
    returns table (campaign_id uuid, figure text, kept numeric, counted numeric)
    language sql stable
    as $$
        select coalesce(k.campaign_id, c.campaign_id), f.figure, f.kept, f.counted
        from messaging.campaign_totals k
        full join messaging.counted_sends c on c.organization_id = k.organization_id and c.campaign_id = k.campaign_id
        cross join lateral (values
            ('total_targeted', k.total_targeted::numeric, c.total_targeted::numeric), ('total_sent', k.total_sent, c.total_sent), ('total_delivered', k.total_delivered, c.total_delivered),
            ('total_bounced', k.total_bounced, c.total_bounced), ('total_opened', k.total_opened, c.total_opened), ('total_clicked', k.total_clicked, c.total_clicked),
            ('total_unsubscribed', k.total_unsubscribed, c.total_unsubscribed), ('total_converted', k.total_converted, c.total_converted),
            ('total_revenue_attributed', k.total_revenue_attributed, c.total_revenue_attributed)) as f(figure, kept, counted)
        where coalesce(f.kept, 0) <> coalesce(f.counted, 0)
    $$;
comment on function messaging.campaign_drift() is 'Totals of campaigns that are not what their sends add up to; none, unless something is broken.';

create or replace function messaging.campaign_results(since timestamptz, until timestamptz)
    returns table (campaign_id uuid, name text, campaign_type text, sent bigint, delivered bigint, opened bigint, clicked bigint, converted bigint, revenue numeric)
    language sql stable
    as $$
        select c.id, c.name, c.campaign_type, s.sent, s.delivered, s.opened, s.clicked, s.converted, s.revenue
        from (select s.campaign_id,
                     count(*) filter (where s.sent_at >= since and s.sent_at < until) as sent,
                     count(*) filter (where s.delivered_at >= since and s.delivered_at < until) as delivered,
                     count(*) filter (where s.opened_at >= since and s.opened_at < until) as opened,
                     count(*) filter (where s.first_click_at >= since and s.first_click_at < until) as clicked,
                     count(*) filter (where s.converted_at >= since and s.converted_at < until) as converted,
                     coalesce(sum(s.conversion_value) filter (where s.converted_at >= since and s.converted_at < until), 0) as revenue
              from messaging.campaign_sends s
              where s.organization_id = platform.organization() and s.sent_at < until
              group by s.campaign_id) s
        join messaging.campaigns c on c.organization_id = platform.organization() and c.id = s.campaign_id
        where s.sent + s.delivered + s.opened + s.clicked + s.converted > 0
        order by s.revenue desc, c.name
    $$;
comment on function messaging.campaign_results(timestamptz, timestamptz) is
    'What happened to campaigns in a time, each fact by its own time, whenever the campaign began; the best by revenue first.';

-- Refreshing segments, and what other modules ask about them.

create or replace function analytics.refresh_segment(segment uuid, as_of timestamptz default now()) returns bigint
    language plpgsql
    -- As in analytics.refresh_scores.
    set enable_nestloop = off
    as $$
declare
    organization uuid := platform.organization();
    began        timestamptz := clock_timestamp();
    definition   analytics.segments;
    members      bigint;
begin
    -- One refresh of a segment at a time; the statements after it see what the one before has committed.
    perform pg_advisory_xact_lock(hashtextextended('analytics.segments/' || segment, 0));
    select s.* into definition from analytics.segments s where s.organization_id = organization and s.id = segment;
    if not found then
        raise exception 'There is no segment %.', segment using errcode = 'no_data_found';
    end if;
    if definition.sql_query is not null and definition.segment_type <> 'static' then
        raise exception 'The segment "%" is a question in SQL, which is not run here: it would have the rights of the whole application. Give it criteria, or let a program write its memberships.', definition.name
            using errcode = 'check_violation';
    end if;

    if definition.segment_type <> 'static' then
        with matched as materialized (
            select m.id from analytics.matching(definition.criteria, as_of) as m (id)
        ), gone as (
            update analytics.segment_memberships m
            set is_active = false, removed_at = now()
            where m.organization_id = organization and m.segment_id = segment and m.is_active
            and not exists (select from matched w where w.id = m.customer_id)
        )
        insert into analytics.segment_memberships as m (organization_id, segment_id, customer_id)
        select organization, segment, w.id
        from matched w
        where not exists (select from analytics.segment_memberships a
                          where a.organization_id = organization and a.segment_id = segment and a.customer_id = w.id and a.is_active)
        on conflict (organization_id, segment_id, customer_id) do update
            set is_active = true, removed_at = null, added_at = now(), qualification_score = null;
    end if;

    update analytics.segments s
    set customer_count = f.members, last_customer_count = s.customer_count,
        average_ltv = f.ltv, average_order_value = f.order_value, average_engagement_score = f.engagement, churn_rate = f.churn,
        last_refreshed_at = as_of, refresh_duration = clock_timestamp() - began,
        next_refresh_at = case when s.auto_refresh then as_of + case s.refresh_frequency when 'real_time' then interval '1 minute' when 'hourly' then interval '1 hour'
                                                                                            when 'daily' then interval '1 day' else interval '7 days' end end
    from (
        select count(*) as members, coalesce(round(avg(p.lifetime_value), 2), 0) as ltv,
               coalesce(round(sum(p.total_revenue) / nullif(sum(p.total_orders), 0), 2), 0) as order_value,
               coalesce(round(avg(p.engagement_score), 2), 0) as engagement,
               coalesce(round(avg((p.customer_status = 'churned')::integer), 8), 0) as churn
        from analytics.segment_memberships m
        join analytics.people p on p.organization_id = m.organization_id and p.id = m.customer_id
        where m.organization_id = organization and m.segment_id = segment and m.is_active
    ) as f
    where s.organization_id = organization and s.id = segment
    returning s.customer_count into members;
    return members;
end
$$;
comment on function analytics.refresh_segment(uuid, timestamptz) is
    'Works out who belongs to a segment now: who came in, who left, since when, and its statistics. A static segment keeps its members. Returns how many there are.';

create or replace function analytics.refresh_due_segments(as_of timestamptz default now(), most integer default 100) returns integer
    language plpgsql
    as $$
declare
    due     record;
    done    integer := 0;
begin
    for due in
        select s.id from analytics.segments s
        where s.organization_id = platform.organization() and s.auto_refresh and s.is_active and s.next_refresh_at <= as_of
        and (s.sql_query is null or s.segment_type = 'static')
        order by s.next_refresh_at
        limit most
        for update skip locked
    loop
        perform analytics.refresh_segment(due.id, as_of);
        done := done + 1;
    end loop;
    return done;
end
$$;
comment on function analytics.refresh_due_segments(timestamptz, integer) is 'Refreshes the organization''s segments whose time has come, so many at most, leaving out what somebody else is refreshing; returns how many. For the hourly job.';

create or replace function analytics.is_member(customer uuid, segments uuid[]) returns boolean
    language sql stable
    as $$
        select exists (
            select from analytics.segment_memberships m
            where m.organization_id = (select platform.organization()) and m.customer_id = customer and m.segment_id = any(segments) and m.is_active
        )
    $$;
comment on function analytics.is_member(uuid, uuid[]) is 'Is the customer in one of the segments, as of their last refresh?';

create or replace function analytics.members_of(included uuid[], excluded uuid[] default '{}') returns setof uuid
    language sql stable rows 10000
    as $$
        select distinct m.customer_id
        from analytics.segment_memberships m
        where m.organization_id = (select platform.organization()) and m.segment_id = any(included) and m.is_active
        and not exists (
            select from analytics.segment_memberships x
            where x.organization_id = m.organization_id and x.segment_id = any(excluded) and x.customer_id = m.customer_id and x.is_active
        )
    $$;
comment on function analytics.members_of(uuid[], uuid[]) is 'The customers who are in one of the included segments and in none of the excluded ones, as of their last refresh.';

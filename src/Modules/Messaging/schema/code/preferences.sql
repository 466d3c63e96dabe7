-- When and how somebody may be written to.

create or replace function messaging.in_quiet_hours(starts time, ends time, zone text, moment timestamptz) returns boolean
    language sql stable parallel safe
    as $$
        select case when starts <= ends then t >= starts and t < ends else t >= starts or t < ends end
        from (select (moment at time zone zone)::time as t) l
    $$;
comment on function messaging.in_quiet_hours(time, time, text, timestamptz) is 'Is it quiet at a moment, by the clock of a zone? From 22:00 to 08:00 crosses midnight; from an hour to the same hour there is no quiet.';

create or replace function messaging.after_quiet_hours(starts time, ends time, zone text, moment timestamptz) returns timestamptz
    language sql stable parallel safe
    as $$
        select case when not messaging.in_quiet_hours(starts, ends, zone, moment) then moment
                    when starts > ends and l.t >= starts then ((l.d + 1) + ends) at time zone zone
                    else (l.d + ends) at time zone zone end
        from (select (moment at time zone zone)::time as t, (moment at time zone zone)::date as d) l
    $$;
comment on function messaging.after_quiet_hours(time, time, text, timestamptz) is 'The moment itself, or when the quiet hours it lies in end.';

create or replace function messaging.zone_of(customer_id uuid) returns text
    language sql stable
    as $$
        select coalesce((select p.time_zone from messaging.preferences p where p.organization_id = platform.organization() and p.customer_id = zone_of.customer_id),
                        (select case when platform.is_time_zone(c.timezone) then c.timezone end from customers.customers c where c.organization_id = platform.organization() and c.id = zone_of.customer_id),
                        (select o.time_zone from platform.organizations o where o.id = platform.organization()))
    $$;
comment on function messaging.zone_of(uuid) is 'The zone a customer lives in: as said in the preferences, else in the profile, else the organization''s.';

create or replace function messaging.may_reach_at(customer_id uuid, moment timestamptz default now()) returns timestamptz
    language sql stable
    as $$
        select messaging.after_quiet_hours(coalesce(p.quiet_hours_start, '22:00'), coalesce(p.quiet_hours_end, '08:00'), messaging.zone_of(may_reach_at.customer_id), may_reach_at.moment)
        from (select) one
        left join messaging.preferences p on p.organization_id = platform.organization() and p.customer_id = may_reach_at.customer_id
    $$;
comment on function messaging.may_reach_at(uuid, timestamptz) is 'When a customer may be disturbed: then, or when their quiet hours are over.';

create or replace function messaging.wants(customer_id uuid, channel text, topic text default 'transactional') returns boolean
    language sql stable
    as $$
        select case wants.channel when 'email' then coalesce(p.email_enabled, true) when 'sms' then coalesce(p.sms_enabled, true)
                                  when 'whatsapp' then coalesce(p.whatsapp_enabled, true) when 'push' then coalesce(p.push_enabled, true)
                                  when 'web_push' then coalesce(p.push_enabled, true) else true end
           and case wants.topic when 'referral' then coalesce(p.referral_notifications, true) when 'pot' then coalesce(p.pot_notifications, true)
                                when 'donation' then coalesce(p.donation_notifications, true) when 'marketing' then coalesce(p.marketing_notifications, false) else true end
        from (select) one
        left join messaging.preferences p on p.organization_id = platform.organization() and p.customer_id = wants.customer_id
    $$;
comment on function messaging.wants(uuid, text, text) is 'Does a customer want messages about this, this way? Preferences only: consent is asked for elsewhere.';

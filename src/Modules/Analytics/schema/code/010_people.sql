-- What segments and cohorts ask about: people (profiles that were merged are one person) and what people did.

create or replace function analytics.zone() returns text
    language sql stable parallel safe
    as $$ select o.time_zone from platform.organizations o where o.id = (select platform.organization()) $$;
comment on function analytics.zone() is 'The zone in which the organization''s days begin.';

create or replace function analytics.today(at timestamptz default now()) returns date
    language sql stable parallel safe
    as $$ select (today.at at time zone (select analytics.zone()))::date $$;
comment on function analytics.today(timestamptz) is 'The day it is in the organization''s zone.';

create or replace view analytics.activity with (security_invoker = true) as
    select e.organization_id, e.customer_id, e.event_type, e.event_value, e.session_id, e.occurred_at
    from events.facts e
    where e.customer_id is not null
    -- What the platform tells about somebody is not something they did.
    and e.event_category is distinct from 'control' and e.event_category is distinct from 'state';
comment on view analytics.activity is 'What people did: the log''s facts by person, without what the platform itself tells about them.';
grant select on analytics.activity to clientele_app, clientele_service, clientele_readonly;

create or replace view analytics.people with (security_invoker = true) as
    select c.organization_id, c.id, c.customer_id, c.email, c.phone, c.name, c.date_of_birth, c.gender,
           c.country, c.state, c.city, c.postal_code, c.timezone,
           c.customer_type, c.customer_status, c.lifecycle_stage,
           c.first_seen_at, coalesce(f.last_seen_at, c.first_seen_at) as last_seen_at, c.activated_at, c.churned_at,
           c.acquisition_channel, c.acquisition_campaign, c.acquisition_source, c.referrer_url, c.utm_parameters,
           c.engagement_score, c.churn_risk_score, c.custom_attributes, c.tags, c.data_source, c.external_ids, c.created_at, c.imported_at,
           coalesce(f.total_orders, 0) as total_orders, coalesce(f.total_revenue, 0) as total_revenue, coalesce(f.total_refunds, 0) as total_refunds,
           coalesce(f.total_revenue - f.total_refunds, 0) as lifetime_value, coalesce(f.average_order_value, 0) as average_order_value,
           coalesce(f.total_sessions, 0) as total_sessions, coalesce(f.total_page_views, 0) as total_page_views,
           f.first_order_at, f.last_order_at
    from customers.customers c
    left join customers.customer_figures f on f.organization_id = c.organization_id and f.customer_id = c.id
    where c.erased_at is null
    and not exists (select from customers.person_map m where m.organization_id = c.organization_id and m.profile_id = c.id);
comment on view analytics.people is 'Everybody a segment can hold, with what it can ask about them: each column is a field of analytics.matching. Merged and erased profiles are not in here.';
grant select on analytics.people to clientele_app, clientele_service, clientele_readonly;

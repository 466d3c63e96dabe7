-- The events that count, each with the person it is about.
--
-- An event keeps the profile it was recorded with; who that profile is now is in the person map. Resolving it with a join
-- and a coalesce would keep "customer_id = …" from the index, so there are two arms: every event as recorded, and the
-- events of profiles that are another person now. What a merge took away from the first arm is left out above both. The
-- first arm has no condition of its own: PostgreSQL then plans it as the table itself, ordered by its indexes.

create or replace view events.facts with (security_invoker = true) as
    select u.organization_id, u.id, u.workspace_id, u.event_type, u.event_name, u.event_category, u.properties, u.event_value, u.currency,
           u.person_id as customer_id, u.customer_id as profile_id, u.session_id,
           u.page_url, u.page_title, u.referrer_url, u.ip_address, u.user_agent, u.device_type, u.browser, u.os, u.screen_resolution, u.country, u.city,
           u.utm_source, u.utm_medium, u.utm_campaign, u.utm_term, u.utm_content,
           u.occurred_at, u.received_at, u.claimed_at, u.data_source, u.source_system, u.batch_id
    from (
        select e.*, e.customer_id as person_id, true as as_recorded
        from log.events e
        union all
        select e.*, m.person_id, false
        from customers.person_map m
        join log.events e on e.organization_id = m.organization_id and e.customer_id = m.profile_id
    ) u
    where not exists (
        select from customers.person_map m
        where u.as_recorded and m.organization_id = u.organization_id and m.profile_id = u.customer_id
    )
    and not exists (
        select from log.undone_batches b
        where b.organization_id = u.organization_id and b.batch_id = u.batch_id
    );
comment on view events.facts is 'The events that count (without those of undone imports): customer_id is the person the event is about now, profile_id the profile it was recorded with.';
grant select on events.facts to clientele_app, clientele_service, clientele_readonly;

-- The events that count, each with the person it is about.
--
-- An event keeps the profile it was recorded with; who that profile is now is in the customer's row. One left join finds it, and
-- serves both directions: newest first walks the log's indexes in their order and looks each person up by the key, and one
-- person's events begin at the index over person_id, since a condition on customer_id makes the join an inner one. Whoever does
-- not ask for the person does not pay for the join. The few undone imports are hashed once, and looked at only by events of imports.

create or replace view events.facts with (security_invoker = true) as
    select e.organization_id, e.id, e.workspace_id, e.event_type, e.event_name, e.event_category, e.properties, e.event_value, e.currency,
           c.person_id as customer_id, e.customer_id as profile_id, e.session_id,
           e.page_url, e.page_title, e.referrer_url, e.ip_address, e.user_agent, e.device_type, e.browser, e.os, e.screen_resolution, e.country, e.city,
           e.utm_source, e.utm_medium, e.utm_campaign, e.utm_term, e.utm_content,
           e.occurred_at, e.received_at, e.claimed_at, e.data_source, e.source_system, e.batch_id
    from log.events e
    left join customers.customers c on c.organization_id = e.organization_id and c.id = e.customer_id
    where e.batch_id is null or not exists (
        select from log.undone_batches b
        where b.organization_id = e.organization_id and b.batch_id = e.batch_id
    );
comment on view events.facts is 'The events that count (without those of undone imports): customer_id is the person the event is about now, profile_id the profile it was recorded with.';
grant select on events.facts to clientele_app, clientele_service, clientele_readonly;

-- Figures about messages: each view answers one question, and all count the same way.

-- One definition of what a message was, for every figure.
create or replace view messaging.message_facts with (security_invoker = true) as
    select m.organization_id, m.id, m.channel::text as channel, m.provider::text as provider, m.template_version_id, m.variant,
           (coalesce(m.sent_at, m.failed_at, m.scheduled_at) at time zone o.time_zone)::date as day,
           m.sent_at is not null as was_sent,
           m.delivered_at is not null as was_delivered,
           m.status = 'failed' as has_failed,
           m.status = 'bounced' as has_bounced,
           m.opened_at is not null as was_opened,
           m.first_click_at is not null as was_clicked,
           m.converted_at is not null as has_converted,
           m.status in ('pending', 'sending') as is_waiting,
           m.customer_id, m.recipient, m.retry_count, m.created_at, m.sent_at, m.delivered_at
    from messaging.messages m
    join platform.organizations o on o.id = m.organization_id;
comment on view messaging.message_facts is 'What each message was: sent, delivered, opened. Days are the organization''s. All figures count these.';
grant select on messaging.message_facts to clientele_app, clientele_service, clientele_readonly;

create or replace view messaging.template_usage with (security_invoker = true) as
    select t.organization_id, t.id as template_id, t.template_key, t.name, t.category,
           (select count(*) from messaging.template_versions v where v.organization_id = t.organization_id and v.template_id = t.id) as version_count,
           (select count(*) from messaging.template_versions v where v.organization_id = t.organization_id and v.template_id = t.id and v.status = 'published') as published_languages,
           u.message_count, u.recipient_count, u.first_used_at, u.last_used_at
    from messaging.templates t
    cross join lateral (
        select count(f.id) as message_count, count(distinct coalesce(f.customer_id::text, f.recipient)) as recipient_count, min(f.created_at) as first_used_at, max(f.created_at) as last_used_at
        from messaging.template_versions v
        join messaging.message_facts f on f.organization_id = v.organization_id and f.template_version_id = v.id
        where v.organization_id = t.organization_id and v.template_id = t.id
    ) u;
comment on view messaging.template_usage is 'How much a template is used: how often, for how many, when last. Not how well it does: see template_figures.';
grant select on messaging.template_usage to clientele_app, clientele_service, clientele_readonly;

create or replace view messaging.template_figures with (security_invoker = true) as
    select v.organization_id, v.template_id, v.id as template_version_id, v.locale::text as locale, v.version, f.variant, f.channel,
           count(*) filter (where f.was_sent) as sent_count,
           count(*) filter (where f.was_delivered) as delivered_count,
           count(*) filter (where f.was_opened) as opened_count,
           count(*) filter (where f.was_clicked) as clicked_count,
           count(*) filter (where f.has_converted) as converted_count,
           messaging.share(count(*) filter (where f.was_delivered), count(*) filter (where f.was_sent)) as delivery_rate,
           messaging.share(count(*) filter (where f.was_opened), count(*) filter (where f.was_delivered)) as open_rate,
           messaging.share(count(*) filter (where f.was_clicked), count(*) filter (where f.was_delivered)) as click_rate,
           messaging.share(count(*) filter (where f.has_converted), count(*) filter (where f.was_sent)) as conversion_rate
    from messaging.template_versions v
    join messaging.message_facts f on f.organization_id = v.organization_id and f.template_version_id = v.id
    group by v.organization_id, v.template_id, v.id, v.locale, v.version, f.variant, f.channel;
comment on view messaging.template_figures is 'How well a template''s words do: rates of each version and variant on each channel, as fractions, defined as for campaigns.';
grant select on messaging.template_figures to clientele_app, clientele_service, clientele_readonly;

create or replace view messaging.delivery_figures with (security_invoker = true) as
    select f.organization_id, f.day, f.channel, f.provider,
           count(*) as message_count,
           count(*) filter (where f.is_waiting) as waiting_count,
           count(*) filter (where f.was_sent) as sent_count,
           count(*) filter (where f.was_delivered) as delivered_count,
           count(*) filter (where f.has_failed) as failed_count,
           count(*) filter (where f.has_bounced) as bounced_count,
           sum(f.retry_count) as retry_count,
           avg(f.delivered_at - f.sent_at) filter (where f.was_delivered) as average_time_to_deliver,
           messaging.share(count(*) filter (where f.was_delivered), count(*) filter (where f.was_sent)) as delivery_rate,
           messaging.share(count(*) filter (where f.has_bounced), count(*) filter (where f.was_sent)) as bounce_rate
    from messaging.message_facts f
    group by f.organization_id, f.day, f.channel, f.provider;
comment on view messaging.delivery_figures is 'How well messages get there: each day, channel and provider. Nothing of what people did with them: see template_figures.';
grant select on messaging.delivery_figures to clientele_app, clientele_service, clientele_readonly;

create or replace view messaging.daily_figures with (security_invoker = true) as
    select f.organization_id, f.day, coalesce(t.template_key, '') as template_key, f.channel,
           md5(concat_ws('/', f.organization_id, f.day, coalesce(t.template_key, ''), f.channel))::uuid as id,
           count(*) filter (where f.was_sent) as sent_count,
           count(*) filter (where f.was_delivered) as delivered_count,
           count(*) filter (where f.has_failed) as failed_count,
           count(*) filter (where f.has_bounced) as bounce_count,
           count(*) filter (where f.was_opened) as opened_count,
           count(*) filter (where f.was_clicked) as clicked_count,
           messaging.share(count(*) filter (where f.was_delivered), count(*) filter (where f.was_sent)) as delivery_rate,
           messaging.share(count(*) filter (where f.was_opened), count(*) filter (where f.was_delivered)) as open_rate,
           messaging.share(count(*) filter (where f.was_clicked), count(*) filter (where f.was_delivered)) as click_rate,
           min(f.created_at) as created_at
    from messaging.message_facts f
    left join messaging.template_versions v on v.organization_id = f.organization_id and v.id = f.template_version_id
    left join messaging.templates t on t.organization_id = v.organization_id and t.id = v.template_id
    group by f.organization_id, f.day, coalesce(t.template_key, ''), f.channel;
comment on view messaging.daily_figures is 'What became of the messages of each day, template and channel; messages without a template under the empty key.';
grant select on messaging.daily_figures to clientele_app, clientele_service, clientele_readonly;

create or replace view messaging.bulk_progress with (security_invoker = true) as
    select b.organization_id, b.id as bulk_operation_id, m.message_count, m.waiting_count, m.sent_count, m.failed_count,
           messaging.share(m.message_count - m.waiting_count, coalesce(b.total_count, m.message_count)) as progress
    from messaging.bulk_operations b
    cross join lateral (
        select count(*) as message_count,
               count(*) filter (where x.status in ('pending', 'sending')) as waiting_count,
               count(*) filter (where x.status in ('sent', 'delivered')) as sent_count,
               count(*) filter (where x.status in ('failed', 'bounced')) as failed_count
        from messaging.messages x
        where x.organization_id = b.organization_id and x.bulk_operation_id = b.id
    ) m;
comment on view messaging.bulk_progress is 'How far a bulk operation has come, counted from its messages.';
grant select on messaging.bulk_progress to clientele_app, clientele_service, clientele_readonly;

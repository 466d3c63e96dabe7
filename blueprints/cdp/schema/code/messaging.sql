-- Campaigns in the words of the customer data platform.

select platform.blueprint_view('cdp.campaigns', 'messaging.campaigns', $$
    id, name, description, campaign_type, channel, status, start_date, end_date,
    subject_line, content_template_id, content_variables, message_content,
    target_audience_type
    target_segments = array(select s.segment_id from messaging.campaign_segments s where s.organization_id = b.organization_id and s.campaign_id = b.id and s.role = 'target' order by s.segment_id)
    target_filters
    exclusion_segments = array(select s.segment_id from messaging.campaign_segments s where s.organization_id = b.organization_id and s.campaign_id = b.id and s.role = 'exclusion' order by s.segment_id)
    send_immediately, scheduled_send_time, timezone_send, frequency_cap,
    is_ab_test, ab_test_config,
    budget, cost_per_send, max_sends, daily_send_limit,
    total_targeted = (p.total_targeted)
    total_sent = (p.total_sent)
    total_delivered = (p.total_delivered)
    total_bounced = (p.total_bounced)
    total_opened = (p.total_opened)
    total_clicked = (p.total_clicked)
    total_unsubscribed = (p.total_unsubscribed)
    total_converted = (p.total_converted)
    total_revenue_attributed = (p.total_revenue_attributed)
    delivery_rate = (p.delivery_rate)
    open_rate = (p.open_rate)
    click_rate = (p.click_rate)
    conversion_rate = (p.conversion_rate)
    roi = (p.roi)
    external_campaign_id, service_provider,
    created_at, updated_at, created_by, updated_by,
    approval_status, approved_by, approved_at, rejection_reason
$$, joined => 'join messaging.campaign_performance p on p.organization_id = b.organization_id and p.campaign_id = b.id',
    about => 'Campaigns with their segments and what came of them. Totals and rates are worked out; rates are fractions, null when there is nothing to divide by.');

-- The segments are rows of their own. A trigger before the one that writes the campaign takes them out of the row and
-- writes them (their foreign key waits for the commit), one after it puts them back into what is returned.
create or replace function cdp.write_campaign_segments() returns trigger
    language plpgsql
    as $$
begin
    if tg_name = 'a_segments' then
        if tg_op = 'INSERT' then
            new.id := coalesce(new.id, gen_random_uuid());
            if new.target_segments <> '{}' or new.exclusion_segments <> '{}' then
                perform messaging.set_segments(new.id, coalesce(new.target_segments, '{}'), coalesce(new.exclusion_segments, '{}'));
            end if;
            new.target_segments := null;
            new.exclusion_segments := null;
        elsif (new.target_segments, new.exclusion_segments) is distinct from (old.target_segments, old.exclusion_segments) then
            perform messaging.set_segments(old.id, coalesce(new.target_segments, '{}'), coalesce(new.exclusion_segments, '{}'));
            new.target_segments := old.target_segments;
            new.exclusion_segments := old.exclusion_segments;
        end if;
    else
        new.target_segments := messaging.segments_of(platform.organization(), new.id, 'target');
        new.exclusion_segments := messaging.segments_of(platform.organization(), new.id, 'exclusion');
    end if;
    return new;
end
$$;
comment on function cdp.write_campaign_segments() is 'Trigger: writes the arrays of segments of a campaign as rows of messaging.campaign_segments.';
create trigger a_segments instead of insert or update on cdp.campaigns for each row execute function cdp.write_campaign_segments();
create trigger z_segments instead of insert or update on cdp.campaigns for each row execute function cdp.write_campaign_segments();

select platform.blueprint_view('cdp.campaign_sends', 'messaging.campaign_sends', $$
    id, campaign_id, customer_id, send_status, sent_at, delivered_at,
    opened_at, first_click_at, last_click_at, total_clicks, unsubscribed_at, complained_at,
    converted_at, conversion_value, conversion_event, variant,
    subject_line, personalized_content, message_size_bytes,
    recipient_email, recipient_phone, delivery_attempt, bounce_reason, failure_reason,
    external_message_id, service_provider, created_at
$$);

select platform.blueprint_view('cdp.campaign_performance_summary', 'messaging.campaign_performance', $$
    id = campaign_id
    name, campaign_type, status, start_date, end_date,
    total_sent, total_delivered, total_opened, total_clicked, total_converted,
    delivery_rate, open_rate, click_rate, conversion_rate
    roi_percentage = (b.roi * 100)
$$, about => 'What came of each campaign; rates are fractions, as everywhere, and the return on investment in percent, as its name says.');

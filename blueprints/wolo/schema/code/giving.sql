-- Wolo's words for pots, donations, packs, partners and codes. A user is a customer here; who refunds, verifies,
-- approves or scans is staff.

select platform.blueprint_view('wolo.pots', 'giving.pots', $$
    id, owner_user_id = owner_id, title, description, target_amount_cfa, birthday_date, scheduled_open_at, actual_opened_at, closed_at,
    status, visibility, preferred_pack_id, allow_anonymous_donations, show_donor_names, enable_messages, share_count, view_count,
    cover_image_url, gallery_images, created_from_referral_id, created_at, updated_at
$$);

select platform.blueprint_view('wolo.pot_invitations', 'giving.pot_invitations', $$
    id, pot_id, invited_by_user_id = invited_by_id, invitation_method, recipient_identifier, custom_message, sent_at, opened_at, clicked_at, created_at
$$);

select platform.blueprint_view('wolo.pot_analytics', 'giving.pot_day_figures', $$
    id, pot_id, snapshot_date, total_raised_cfa, donor_count, view_count, share_count, conversion_rate, created_at
$$);

select platform.blueprint_view('wolo.donations', 'giving.donations', $$
    id, pot_id, donor_user_id = donor_id, donor_name, donor_phone, amount_cfa, wave_transaction_id, wave_payment_url, status,
    initiated_at, wave_notified_at, confirmed_at, failed_at, refunded_at, donation_message, is_anonymous, show_amount,
    wave_webhook_data, ip_address, user_agent, risk_score, created_at, updated_at
$$);

select platform.blueprint_view('wolo.wave_webhook_events', 'giving.wave_webhook_events', $$
    id, wave_event_id, event_type, donation_id, raw_payload, processed_at, processing_error
    idempotency_key = (b.wave_event_id)
    retry_count, created_at
$$);

select platform.blueprint_view('wolo.refunds', 'giving.refunds', $$
    id, donation_id, refunded_by_user_id, amount_cfa, reason, reason_description, wave_refund_id, wave_refund_status,
    processed_at, completed_at, created_at
$$);

select platform.blueprint_view('wolo.donation_analytics', 'giving.donation_periods', $$
    id, period_type, period_start, period_end, total_amount_cfa, transaction_count, unique_donors, average_donation_cfa,
    success_rate, region_breakdown, created_at
$$);

select platform.blueprint_view('wolo.packs', 'giving.packs', $$
    id, name, description, category, base_price_cfa, discounted_price_cfa, is_active, available_from, available_until,
    max_redemptions_per_user, total_available_quantity, image_url, gallery_images, partner_id, venue_restrictions,
    terms_and_conditions, redemption_instructions, validity_days, seo_title, seo_description, marketing_tags, created_at, updated_at
$$);

select platform.blueprint_view('wolo.partners', 'giving.partners', $$
    id, name, type, description, contact_name, contact_email, contact_phone, business_registration, tax_id,
    revenue_split_percentage, payment_terms, minimum_payout_cfa, venues, status, verified_at, verified_by_user_id,
    auto_approve_redemptions, notification_preferences, created_at, updated_at
$$);

select platform.blueprint_view('wolo.sponsor_campaigns', 'giving.sponsor_campaigns', $$
    id, sponsor_company_name, campaign_name, description, target_demographics, pack_categories, points_multiplier,
    budget_cfa, spent_cfa, starts_at, ends_at, status, impressions, clicks, conversions, created_at, updated_at
$$);

select platform.blueprint_view('wolo.qr_codes', 'giving.qr_codes', $$
    id, pot_id, pack_id, code, qr_image_url, redeemable_from, expires_at, status, redeemed_at, redeemed_by_partner_id,
    redeemed_at_venue, partner_notes, created_at
$$);

select platform.blueprint_view('wolo.partner_settlements', 'giving.partner_settlements', $$
    id, partner_id, period_start, period_end, total_redemptions_count, total_revenue_cfa, partner_share_cfa, wolo_commission_cfa,
    status, approved_by_user_id, approved_at, payment_reference, paid_at, invoice_url, receipt_url, created_at, updated_at
$$);

select platform.blueprint_view('wolo.qr_redemption_logs', 'giving.qr_redemption_logs', $$
    id, qr_code_id, partner_user_id, attempt_timestamp = attempted_at, validation_result, error_message, ip_address, user_agent, venue_context, scanned_code
    created_at = (b.attempted_at)
$$);

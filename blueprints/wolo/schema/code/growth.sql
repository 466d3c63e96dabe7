-- Wolo's words for referrals and points. A user is a customer here.

select platform.blueprint_view('wolo.referrals', 'growth.referrals', $$
    id, sponsor_user_id = sponsor_id, referral_code, invited_phone, invited_email, invited_name, invitation_message,
    status, sponsored_user_id = sponsored_id, both_ids_collected, sponsor_id_verified, sponsored_id_verified,
    sent_at, accepted_at, expired_at = expires_at, created_at, daily_limit_id, batch_id, invitation_order
$$);

select platform.blueprint_view('wolo.points_ledger', 'growth.points_ledger', $$
    id, sponsor_user_id = sponsor_id, referral_id, event_type, points_earned, points_spent, status, matured_at,
    base_multiplier, sponsor_boost_multiplier, description, metadata, created_at
$$);

select platform.blueprint_view('wolo.points_conversions', 'growth.points_conversions', $$
    id, sponsor_user_id = sponsor_id, points_converted, credits_issued, conversion_rate, applied_to_pot_id, created_at
$$);

select platform.blueprint_view('wolo.sponsor_daily_limits', 'growth.sponsor_daily_limits', $$
    id, sponsor_user_id = sponsor_id, limit_date, max_invitations_per_day, invitations_sent_today,
    current_batch_start, preferred_selection_method
    last_reset_at = growth.midnight(b.organization_id, b.limit_date)
    next_reset_at = growth.midnight(b.organization_id, b.limit_date + 1)
    consecutive_active_days = growth.active_days(b.organization_id, b.sponsor_id, b.limit_date)
    total_lifetime_invitations = growth.lifetime_invitations(b.organization_id, b.sponsor_id, b.limit_date)
    created_at, updated_at
$$);

select platform.blueprint_view('wolo.sponsor_contact_batches', 'growth.sponsor_contact_batches', $$
    id, sponsor_user_id = sponsor_id, batch_date, batch_number, start_position, end_position, status, selected_count, sent_count,
    contact_snapshot, auto_selected, manual_selections, created_at, updated_at
$$);

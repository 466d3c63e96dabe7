-- Spiritual guidance: its words for referrals and rewards.

select platform.blueprint_view('jyotiflow.referrals', 'growth.referrals', $$
    id, referrer_user_id = sponsor_id, referred_user_id = sponsored_id, referral_code, referred_email = invited_email,
    referred_phone = invited_phone, referred_name = invited_name, message = invitation_message, status,
    sent_at, accepted_at, expires_at, created_at
$$);

select platform.blueprint_view('jyotiflow.rewards', 'growth.rewards', $$
    id, user_id = customer_id, referral_id, reward_type, reward_value, title, description, status,
    granted_at, redeemed_at, expires_at, created_at, updated_at
$$);

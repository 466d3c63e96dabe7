-- Seekers, their sessions and devices.

select platform.blueprint_view('jyotiflow.users', 'customers.customers', $$
    id, external_id = customer_id, email, phone, full_name = name, date_of_birth, gender, country, city, timezone, status = customer_status,
    first_seen_at, custom_attributes, tags, created_at, updated_at
$$);

select platform.blueprint_view('jyotiflow.user_sessions', 'customers.account_sessions', $$
    id, user_id = customer_id, token_hash, device_info, ip_address, expires_at, is_revoked, created_at
$$);

select platform.blueprint_view('jyotiflow.user_devices', 'customers.devices', $$
    id, user_id = customer_id, device_id, platform, name, model, os_version, app_version, push_token, is_trusted, first_seen_at, last_seen_at, signed_out_at, created_at, updated_at
$$);

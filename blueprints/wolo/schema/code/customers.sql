-- Users, their profiles, addresses and sessions.

select platform.blueprint_view('wolo.users', 'customers.accounts', $$
    id = customer_id, phone, email, auth_provider, roles, is_active, created_at, updated_at, last_login_at
$$);

select platform.blueprint_view('wolo.user_sessions', 'customers.account_sessions', $$
    id, user_id = customer_id, token_hash, device_info, ip_address, expires_at, created_at, is_revoked
$$);

select platform.blueprint_view('wolo.password_reset_tokens', 'customers.password_resets', $$
    id, user_id = customer_id, token_hash, expires_at, used_at, created_at
$$);

select platform.blueprint_view('wolo.user_addresses', 'customers.addresses', $$
    id, user_id = customer_id, type, street_address, city, region, country, postal_code, is_default, created_at
$$);

-- Name and birth date are the customer's; the number of an identity card goes in and does not come out.
select platform.blueprint_view('wolo.profiles', 'customers.profiles', $$
    user_id = customer_id
    full_name = (c.name)
    date_of_birth = (c.date_of_birth)
    locale, timezone, avatar_url, bio, guardian_user_id = guardian_id, relationship_type
    id_number = (null::text)
    id_type, id_country
    id_hash = (encode(b.id_hash, 'hex'))
    id_media_url, id_verified_at, id_verified_by, is_profile_public, allow_contact_by_sponsors
    notification_preferences = (coalesce((select jsonb_build_object('email', p.email_enabled, 'sms', p.sms_enabled, 'whatsapp', p.whatsapp_enabled) from messaging.preferences p where p.organization_id = b.organization_id and p.customer_id = b.customer_id), '{"email": true, "sms": true, "whatsapp": true}'))
    created_at, updated_at
$$, joined => 'join customers.customers c on c.organization_id = b.organization_id and c.id = b.customer_id');

create or replace function wolo.write_profile() returns trigger
    language plpgsql
    as $$
declare
    organization uuid := platform.organization();
begin
    if tg_op = 'DELETE' then
        delete from customers.profiles p where p.organization_id = organization and p.customer_id = old.user_id;
        return old;
    end if;
    if new.id_number is not null then
        new.id_hash := encode(sha256(convert_to(concat_ws('/', organization, new.id_type, new.id_country, new.id_number), 'UTF8')), 'hex');
    end if;
    -- The row comes first: then the birth date is checked against the guardian just named.
    if tg_op = 'INSERT' then
        set constraints customers.guardian deferred;
        update customers.customers c set name = new.full_name, date_of_birth = new.date_of_birth where c.organization_id = organization and c.id = new.user_id;
        insert into customers.profiles (organization_id, customer_id, locale, timezone, avatar_url, bio, guardian_id, relationship_type, id_type, id_country,
                                        id_hash, id_media_url, id_verified_at, id_verified_by, is_profile_public, allow_contact_by_sponsors)
        values (organization, new.user_id, coalesce(new.locale, 'fr-SN'), coalesce(new.timezone, 'Africa/Dakar'), new.avatar_url, new.bio, new.guardian_user_id,
                new.relationship_type, new.id_type, new.id_country, decode(new.id_hash, 'hex'), new.id_media_url, new.id_verified_at, new.id_verified_by,
                coalesce(new.is_profile_public, true), coalesce(new.allow_contact_by_sponsors, true))
        returning created_at, updated_at into new.created_at, new.updated_at;
        set constraints customers.guardian immediate;
    else
        set constraints customers.guardian deferred;
        update customers.customers c set name = new.full_name, date_of_birth = new.date_of_birth
        where c.organization_id = organization and c.id = old.user_id and (c.name, c.date_of_birth) is distinct from (new.full_name::text, new.date_of_birth);
        update customers.profiles p set
            locale = new.locale, timezone = new.timezone, avatar_url = new.avatar_url, bio = new.bio, guardian_id = new.guardian_user_id,
            relationship_type = new.relationship_type, id_type = new.id_type, id_country = new.id_country, id_hash = decode(new.id_hash, 'hex'),
            id_media_url = new.id_media_url, id_verified_at = new.id_verified_at, id_verified_by = new.id_verified_by,
            is_profile_public = new.is_profile_public, allow_contact_by_sponsors = new.allow_contact_by_sponsors
        where p.organization_id = organization and p.customer_id = old.user_id;
        set constraints customers.guardian immediate;
    end if;
    new.id_number := null;
    return new;
end
$$;
comment on function wolo.write_profile() is 'Trigger: writes a profile and, with it, the customer''s name and birth date.';
drop trigger write_through on wolo.profiles;
create trigger write_profile instead of insert or update or delete on wolo.profiles for each row execute function wolo.write_profile();

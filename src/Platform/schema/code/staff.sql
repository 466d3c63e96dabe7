-- Staff of one organization, as its members see and write them. A person may work in several organizations, so an
-- administrator changes somebody's role and standing here, and the account itself only while it belongs here alone.

create or replace function platform.is_only_here(person uuid) returns boolean
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
        select coalesce(bool_and(m.organization_id = platform.tenant('member')), false)
        from platform.organization_members m
        where m.user_id = is_only_here.person
    $$;
comment on function platform.is_only_here(uuid) is 'Does a person work in the transaction''s organization and in no other?';
revoke execute on function platform.is_only_here(uuid) from public;
grant execute on function platform.is_only_here(uuid) to clientele_app, clientele_service;

create or replace function platform.sign_in_failures(person uuid, out login_attempts integer, out locked_until timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$
        select a.attempts, a.locked_until
        from platform.platform_users u
        join platform.sign_in_attempts a on a.address_hash = sha256(convert_to(lower(u.email), 'UTF8'))
        where u.id = sign_in_failures.person
        and exists (select from platform.organization_members m where m.organization_id = platform.tenant('member') and m.user_id = u.id)
    $$;
comment on function platform.sign_in_failures(uuid) is 'Wrong passwords given for a colleague''s address lately, and until when it is locked; null when there are none.';
revoke execute on function platform.sign_in_failures(uuid) from public;
grant execute on function platform.sign_in_failures(uuid) to clientele_app, clientele_service;

create or replace function platform.write_member() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    here     uuid := platform.tenant('member');
    is_admin boolean;
    is_self  boolean;
    my_rank  integer;
    changed  text[];
    wrong    text;
    person   uuid;
begin
    if here is null then
        raise exception 'Only members of the organization may do this.' using errcode = 'insufficient_privilege';
    end if;
    -- The platform itself may everything and ranks above everybody; a program with an administrator's access is an administrator.
    is_admin := platform.tenant('system') is not null or (platform.tenant('admin') is not null and platform.actor() is null)
        or platform.may(platform.role(), 'user_management', 'platform_users', case tg_op when 'INSERT' then 'create' when 'UPDATE' then 'update' else 'delete' end);
    my_rank := coalesce(
        (select r.rank from platform.organization_roles r where r.organization_id = here and r.role = platform.role()),
        case when platform.tenant('system') is not null then 0 when is_admin and platform.actor() is null then (select r.rank from platform.roles r where r.role = 'admin') end,
        32767);
    -- Two administrators must not remove each other as the last one.
    perform pg_advisory_xact_lock(hashtext('platform.organization_members'), hashtext(here::text));

    if tg_op = 'INSERT' then
        perform platform.refuse_member(is_admin and my_rank <= (select r.rank from platform.organization_roles r where r.organization_id = here and r.role = new.role), 'give somebody this role');
        if new.status not in ('pending_invitation') and platform.tenant('system') is null then
            raise exception 'A member begins as "pending_invitation", and is active once they accept.' using errcode = 'CL001';
        end if;
        select u.id into person from platform.platform_users u where lower(u.email) = lower(new.email);
        if person is null then
            insert into platform.platform_users (id, email, name, avatar_url, status, timezone, language, theme, dashboard_config, notification_preferences, created_by)
            values (coalesce(new.id, gen_random_uuid()), new.email, new.name, new.avatar_url, coalesce(new.status, 'pending_invitation'), coalesce(new.timezone, 'UTC'),
                    coalesce(new.language, 'en'), coalesce(new.theme, 'light'), coalesce(new.dashboard_config, '{}'),
                    coalesce(new.notification_preferences, '{"email_campaigns": true, "email_alerts": true, "browser_notifications": true}'), platform.actor())
            returning id into person;
        end if;
        insert into platform.organization_members (organization_id, user_id, role, status, invited_by, invitation_email, invitation_expires)
        values (here, person, new.role, coalesce(new.status, 'pending_invitation'), platform.actor(), new.email,
                case when coalesce(new.status, 'pending_invitation') = 'pending_invitation' then coalesce(new.invitation_expires, now() + interval '7 days') end)
        returning status, invited_by, invitation_expires into new.status, new.invited_by, new.invitation_expires;
        new.id := person;
        new.created_by := platform.actor();
        return new;
    end if;

    person := old.id;
    is_self := person is not distinct from platform.actor();

    if tg_op = 'DELETE' then
        perform platform.refuse_member(is_admin and my_rank <= (select r.rank from platform.organization_roles r where r.organization_id = here and r.role = old.role), 'remove this member');
        delete from platform.organization_members m where m.organization_id = here and m.user_id = person;
        if not found then
            return null;
        end if;
        perform platform.keep_super_admin(here);
        delete from platform.platform_users u
        where u.id = person and not exists (select from platform.organization_members m where m.user_id = person);
        return old;
    end if;

    changed := array(select n.key from jsonb_each(to_jsonb(new)) n where n.value is distinct from to_jsonb(old) -> n.key);
    select string_agg(c, ', ') into wrong from unnest(changed) as c
    where c not in ('role', 'status', 'email', 'name', 'avatar_url', 'timezone', 'language', 'theme', 'dashboard_config', 'notification_preferences', 'updated_at', 'updated_by');
    if wrong is not null then
        raise exception '% of a member cannot be written. Leave it out.', wrong using errcode = 'CL006';
    end if;

    if changed && '{role, status}' then
        perform platform.refuse_member(is_admin and my_rank <= (select min(r.rank) from platform.organization_roles r where r.organization_id = here and r.role in (old.role, new.role)), 'change this member''s role or status');
        update platform.organization_members m
        set role = new.role, status = case when 'status' = any(changed) then new.status else m.status end
        where m.organization_id = here and m.user_id = person;
        if not found then
            return null;
        end if;
        perform platform.keep_super_admin(here);
    end if;
    if changed && '{name, avatar_url, timezone, language, theme, dashboard_config, notification_preferences}' then
        perform platform.refuse_member(is_self or (is_admin and my_rank <= (select r.rank from platform.organization_roles r where r.organization_id = here and r.role = old.role) and platform.is_only_here(person)),
            'change the account of somebody who works elsewhere too');
    end if;
    if changed && '{email}' then
        perform platform.refuse_member(is_admin and my_rank <= (select r.rank from platform.organization_roles r where r.organization_id = here and r.role = old.role) and platform.is_only_here(person), 'change this address');
    end if;
    if changed && '{email, name, avatar_url, timezone, language, theme, dashboard_config, notification_preferences}' then
        update platform.platform_users u
        set email = new.email, email_verified = u.email_verified and 'email' <> all(changed), name = new.name, avatar_url = new.avatar_url,
            timezone = new.timezone, language = new.language, theme = new.theme, dashboard_config = new.dashboard_config,
            notification_preferences = new.notification_preferences, updated_by = platform.actor()
        where u.id = person
        returning u.email_verified, u.updated_at, u.updated_by into new.email_verified, new.updated_at, new.updated_by;
    end if;
    return new;
end
$$;
comment on function platform.write_member() is
    'Trigger of blueprints'' views of staff: invites, changes and removes members. Nobody gives or touches a role above their own, and an organization keeps a super administrator.';
revoke execute on function platform.write_member() from public;

-- Staff of the transaction's organization, for the platform's own pages: one row a member, invited ones too.
create or replace view platform.members with (security_invoker = true) as
    select m.user_id as id, coalesce(u.email, m.invitation_email) as email, u.name, u.avatar_url, m.role, m.status, u.email_verified, u.last_login,
           u.totp_enabled_at, u.timezone, u.language, u.theme, u.dashboard_config, u.notification_preferences,
           m.invited_by, m.invitation_expires, m.invitation_accepted_at, m.created_at, u.created_by, m.updated_at, u.updated_by
    from platform.organization_members m
    left join platform.platform_users u on u.id = m.user_id
    where m.organization_id = (select platform.tenant('member'));
comment on view platform.members is 'Who works here and who was invited. Of somebody invited who has an account already only the address is told. Written through platform.write_member.';
create or replace trigger write_member instead of insert or update or delete on platform.members for each row execute function platform.write_member();
grant select, insert, update, delete on platform.members to clientele_app, clientele_service;

create or replace function platform.renew_invitation(person uuid, token_hash bytea, mailed boolean, lifetime interval default '7 days') returns timestamptz
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    until timestamptz;
begin
    -- Whoever may invite to this role may send the invitation anew.
    perform platform.refuse_member(platform.tenant('system') is not null or (
        platform.may(platform.role(), 'user_management', 'platform_users', 'create')
        and (select mine.rank <= theirs.rank
             from platform.organization_members m
             join platform.organization_roles theirs on theirs.organization_id = m.organization_id and theirs.role = m.role
             join platform.organization_roles mine on mine.organization_id = m.organization_id and mine.role = platform.role()
             where m.organization_id = platform.tenant('member') and m.user_id = renew_invitation.person)), 'invite this person');
    update platform.organization_members m
    set invitation_hash = renew_invitation.token_hash, invitation_mailed = renew_invitation.mailed, invitation_expires = now() + renew_invitation.lifetime, status = 'pending_invitation'
    where m.organization_id = platform.tenant('member') and m.user_id = renew_invitation.person and m.status in ('pending_invitation', 'inactive') and m.invitation_accepted_at is null
    returning m.invitation_expires into until;
    if until is null then
        raise exception 'This person has accepted already, so there is nothing to send.' using errcode = 'CL001';
    end if;
    return until;
end
$$;
comment on function platform.renew_invitation(uuid, bytea, boolean, interval) is 'Gives an invitation a new token, by its SHA-256, and a new time to live; an older one ends. For whoever may invite to that role.';
revoke execute on function platform.renew_invitation(uuid, bytea, boolean, interval) from public;
grant execute on function platform.renew_invitation(uuid, bytea, boolean, interval) to clientele_app, clientele_service;

create or replace function platform.refuse_member(allowed boolean, act text) returns void
    language plpgsql
    as $$
begin
    if not coalesce(allowed, false) then
        raise exception 'You may not %.', act using errcode = 'insufficient_privilege';
    end if;
end
$$;
comment on function platform.refuse_member(boolean, text) is 'Part of platform.write_member.';

create or replace function platform.keep_super_admin(organization uuid) returns void
    language plpgsql
    as $$
begin
    if not exists (select from platform.organization_members m where m.organization_id = organization and m.role = 'super_admin' and m.status = 'active') then
        raise exception 'An organization keeps at least one active super administrator. Make somebody else one first.' using errcode = 'CL001';
    end if;
end
$$;
comment on function platform.keep_super_admin(uuid) is 'Part of platform.write_member.';

create or replace function platform.accept_invitation(token_hash bytea) returns uuid
    language plpgsql
    as $$
declare
    accepted record;
begin
    update platform.organization_members m
    set status = 'active', invitation_hash = null, invitation_accepted_at = now()
    where m.invitation_hash = accept_invitation.token_hash and m.invitation_expires > now()
    returning m.user_id, m.invitation_mailed into accepted;
    if accepted.user_id is null then
        raise exception 'This invitation is not valid any more. Ask for another one.' using errcode = 'CL001';
    end if;
    -- A token that came by mail proves the address; one that was shown to the inviter does not.
    update platform.platform_users u set status = 'active', email_verified = u.email_verified or accepted.invitation_mailed where u.id = accepted.user_id and u.status = 'pending_invitation';
    return accepted.user_id;
end
$$;
comment on function platform.accept_invitation(bytea) is 'Makes the invited person a member; returns who. Works once, for the SHA-256 of the token in the invitation.';
revoke execute on function platform.accept_invitation(bytea) from public;
grant execute on function platform.accept_invitation(bytea) to clientele_service;

-- ---------------------------------------------------------------------------------------------------------
-- Sessions. The table is out of every request's reach; this view runs with its owner's rights and has no hash in it.

create or replace view platform.member_sessions with (security_barrier = true) as
    select s.id, s.user_id, s.ip_address, s.user_agent, s.device_type, s.browser, s.os, s.country, s.city,
           s.admin_level, s.permissions_granted, s.is_suspicious, s.security_flags,
           s.created_at, s.last_activity, s.expires_at, s.ended_at, s.logout_reason
    from platform.platform_user_sessions s
    where exists (select from platform.organization_members m where m.organization_id = platform.tenant('member') and m.user_id = s.user_id)
    and (s.user_id = platform.actor() or (platform.tenant('admin') is not null and platform.is_only_here(s.user_id)));
comment on view platform.member_sessions is
    'Signed-in browsers: one''s own, and for administrators those of members who work nowhere else. Setting ended_at or logout_reason ends one.';
comment on column platform.member_sessions.ended_at is 'When it was ended; it is over after expires_at in any case.';
comment on column platform.member_sessions.security_flags is 'Why it looks suspicious: new_country, impossible_travel…';
-- What made a session look suspicious is not for the suspect to take back.
revoke update (is_suspicious, security_flags) on platform.member_sessions from clientele_app;
grant select, update (ended_at, logout_reason) on platform.member_sessions to clientele_app;

-- ---------------------------------------------------------------------------------------------------------
-- Giving an organization up. Its rows and then its events go a batch at a time, so that no transaction takes long; what is left,
-- configuration and the audit trail, goes at once, by the cascades of its keys.

create or replace function platform.empty_organization(organization uuid, batch integer default 1000) returns boolean
    language plpgsql
    as $$
declare
    step record;
    gone bigint;
begin
    if not exists (select from platform.organizations o where o.id = empty_organization.organization and o.closed_at < now() - interval '30 days')
       or not pg_try_advisory_xact_lock(hashtext('platform.delete_organization'), hashtext(organization::text)) then
        return false;
    end if;
    for step in
        with recursive refers (parent, child) as (
            select distinct k.confrelid, k.conrelid from pg_constraint k where k.contype = 'f' and k.conparentid = 0 and k.conrelid <> k.confrelid
        ), below (parent, child) as (
            select r.parent, r.child from refers r
            union
            select b.parent, r.child from below b join refers r on r.parent = b.child
        )
        select c.oid::regclass as relation,
               -- Ledgers and the like keep their rows while the organization is there, and with them those they refer to.
               (select string_agg(format(' and not exists (select from %s k where %s)', k.conrelid::regclass,
                    (select string_agg(format('k.%I = y.%I', own.attname, other.attname), ' and ')
                     from unnest(k.conkey, k.confkey) as pair (own, other)
                     join pg_attribute own on own.attrelid = k.conrelid and own.attnum = pair.own
                     join pg_attribute other on other.attrelid = k.confrelid and other.attnum = pair.other)), '')
                from pg_constraint k
                where k.contype = 'f' and k.conparentid = 0 and k.confrelid = c.oid and k.confdeltype in ('a', 'r')) as held
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
        where c.relkind = 'r' and not c.relispartition and has_table_privilege(c.oid, 'delete')
          -- Changes of configuration are told to the trail as long as there is an organization.
          and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgfoid in ('platform.record_change'::regproc, 'platform.record_setting'::regproc))
        -- Who refers goes before whom it refers to, so that little is left for cascades.
        order by (select count(*) from below b where b.parent = c.oid), c.oid
    loop
        begin
            execute format('delete from %1$s x where x.ctid = any (array(select y.ctid from %1$s y where y.organization_id = $1%2$s limit $2))', step.relation, step.held)
                using organization, batch;
            get diagnostics gone = row_count;
        exception when others then
            -- Another rule of the table keeps them: they go with the organization.
            gone := 0;
        end;
        if gone > 0 then
            return true;
        end if;
    end loop;
    return false;
end
$$;
comment on function platform.empty_organization(uuid, integer) is
    'Deletes rows of one table of an organization that was closed 30 days ago; called again while it returns true, and then platform.delete_organization. For the service role.';
revoke execute on function platform.empty_organization(uuid, integer) from public;
grant execute on function platform.empty_organization(uuid, integer) to clientele_service;

create or replace function platform.delete_organization(organization uuid, batch integer default 10000) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    as $$
declare
    gone   bigint;
begin
    if not exists (select from platform.organizations o where o.id = delete_organization.organization and o.closed_at < now() - interval '30 days') then
        return false;
    end if;
    -- Two nodes at once: the second waits for the next round.
    if not pg_try_advisory_xact_lock(hashtext('platform.delete_organization'), hashtext(organization::text)) then
        return false;
    end if;
    delete from log.events e using (select x.id, x.occurred_at from log.events x where x.organization_id = delete_organization.organization limit batch) as few
    where e.organization_id = delete_organization.organization and e.id = few.id and e.occurred_at = few.occurred_at;
    get diagnostics gone = row_count;
    if gone > 0 then
        return true;
    end if;
    delete from log.message_ids m using (select x.message_id from log.message_ids x where x.organization_id = delete_organization.organization limit batch) as few
    where m.organization_id = delete_organization.organization and m.message_id = few.message_id;
    get diagnostics gone = row_count;
    if gone > 0 then
        return true;
    end if;
    delete from log.undone_batches u where u.organization_id = delete_organization.organization;
    -- Whoever works nowhere else goes with it.
    delete from platform.platform_users u
    where exists (select from platform.organization_members m where m.user_id = u.id and m.organization_id = delete_organization.organization)
    and not exists (select from platform.organization_members m where m.user_id = u.id and m.organization_id <> delete_organization.organization);
    delete from platform.organizations o where o.id = delete_organization.organization;
    return false;
end
$$;
comment on function platform.delete_organization(uuid, integer) is
    'Deletes an organization that was closed 30 days ago, with all it holds; called again while it returns true. The accounts of people who work nowhere else go too.';
revoke execute on function platform.delete_organization(uuid, integer) from public;
grant execute on function platform.delete_organization(uuid, integer) to clientele_service;

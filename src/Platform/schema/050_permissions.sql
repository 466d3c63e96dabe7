-- Permissions: what each role may do in an organization. Every organization gets the same rows when it is founded and
-- changes its own copy, so a row is plainly there or not: nothing overrides anything.

create function platform.role() returns text
    language sql stable parallel safe
    as $$
        select m.role from platform.organization_members m
        where m.organization_id = platform.tenant('member') and m.user_id = platform.actor() and m.status = 'active'
    $$;
comment on function platform.role() is 'The role of this transaction''s actor in its organization; null for keys, visitors and the platform itself.';

create table platform.default_permissions (
    role        text not null references platform.roles (role),
    permission  text not null check (permission ~ '^([a-z][a-z0-9_]{0,99}|\*)$'),
    resource    text not null default '*' check (resource ~ '^([a-z][a-z0-9_]{0,49}|\*)$'),
    action      text not null check (action in ('create', 'read', 'update', 'delete', 'execute', '*')),
    primary key (role, permission, resource, action)
);
comment on table platform.default_permissions is 'What the roles of a new organization may do.';

insert into platform.default_permissions (role, permission, resource, action) values
    ('super_admin', 'platform_management', '*', '*'),
    ('admin', 'user_management', 'platform_users', 'create'),
    ('admin', 'user_management', 'platform_users', 'read'),
    ('admin', 'user_management', 'platform_users', 'update'),
    ('admin', 'user_management', 'platform_users', 'delete'),
    ('admin', 'customer_data', '*', '*'),
    ('admin', 'campaign_management', '*', '*'),
    ('admin', 'dashboard_management', '*', '*'),
    ('marketing_manager', 'customer_data', 'customers', 'read'),
    ('marketing_manager', 'campaign_management', '*', '*'),
    ('marketing_manager', 'segmentation', '*', '*'),
    ('marketing_manager', 'promotions', '*', '*'),
    ('marketing_manager', 'dashboard_management', 'marketing_tiles', '*'),
    ('data_analyst', 'customer_data', '*', 'read'),
    ('data_analyst', 'analytics', '*', '*'),
    ('data_analyst', 'cohort_analysis', '*', '*'),
    ('data_analyst', 'dashboard_management', 'analytics_tiles', '*'),
    ('data_analyst', 'data_connections', '*', 'read'),
    ('viewer', 'customer_data', '*', 'read'),
    ('viewer', 'analytics', '*', 'read'),
    ('viewer', 'dashboard_management', '*', 'read');
-- What the document has no word for, or leaves its administrator without.
insert into platform.default_permissions (role, permission, resource, action) values
    ('admin', 'organization_management', '*', '*'),
    ('admin', 'collection', '*', '*'),
    ('admin', 'analytics', '*', '*'),
    ('admin', 'segmentation', '*', '*'),
    ('admin', 'cohort_analysis', '*', '*'),
    ('admin', 'promotions', '*', '*'),
    ('admin', 'data_connections', '*', '*'),
    ('marketing_manager', 'customer_data', '*', 'read'),
    ('marketing_manager', 'customer_data', 'imports', '*'),
    ('marketing_manager', 'analytics', '*', 'read'),
    ('marketing_manager', 'collection', '*', 'read'),
    ('data_analyst', 'collection', '*', 'read'),
    ('viewer', 'collection', '*', 'read');

create table platform.role_permissions (
    organization_id uuid not null references platform.organizations (id) on delete cascade,
    id              uuid not null default gen_random_uuid(),
    role            text not null,
    permission      text not null check (permission ~ '^([a-z][a-z0-9_]{0,99}|\*)$'),
    resource        text not null default '*' check (resource ~ '^([a-z][a-z0-9_]{0,49}|\*)$'),
    action          text not null check (action in ('create', 'read', 'update', 'delete', 'execute', '*')),
    is_active       boolean not null default true,
    created_at      timestamptz not null default now(),
    primary key (organization_id, id),
    unique (organization_id, role, permission, resource, action),
    foreign key (organization_id, role) references platform.organization_roles (organization_id, role) on delete cascade
);
comment on table platform.role_permissions is 'Which role may do what on which resource; "*" stands for every one. Asked with platform.may.';

create function platform.give_permissions() returns trigger
    language plpgsql
    as $$
begin
    insert into platform.role_permissions (organization_id, role, permission, resource, action)
    select new.id, d.role, d.permission, d.resource, d.action from platform.default_permissions d;
    return null;
end
$$;
comment on function platform.give_permissions() is 'Trigger: a new organization gets the default permissions.';
create trigger give_permissions after insert on platform.organizations for each row execute function platform.give_permissions();

select platform.protect('platform.default_permissions', 'public');
create policy owner on platform.default_permissions to clientele_owner using (true) with check (true);

select platform.protect('platform.role_permissions', 'custom');
create policy reader on platform.role_permissions for select to clientele_app using (organization_id = (select platform.tenant('key')));
-- Nobody gives themselves more: managing the platform is the super administrator's alone.
create policy super_admin on platform.role_permissions to clientele_app
    using (organization_id = (select platform.tenant('admin')) and ((select platform.role()) = 'super_admin' or (select platform.tenant('system')) is not null))
    with check (organization_id = (select platform.tenant('admin')) and ((select platform.role()) = 'super_admin' or (select platform.tenant('system')) is not null));
grant select, insert, update, delete on platform.role_permissions to clientele_app;
-- Triggers that run as the owner ask what the caller may.
create policy owner on platform.role_permissions to clientele_owner using (true) with check (true);

-- Roles of the organization's own are the super administrator's to make, too; the five stay as they are.
create policy super_admin on platform.organization_roles to clientele_app
    using (organization_id = (select platform.tenant('admin')) and is_custom and ((select platform.role()) = 'super_admin' or (select platform.tenant('system')) is not null))
    with check (organization_id = (select platform.tenant('admin')) and is_custom and ((select platform.role()) = 'super_admin' or (select platform.tenant('system')) is not null));
grant insert (organization_id, role, rank, access, name, description), update (rank, access, name, description), delete on platform.organization_roles to clientele_app;

create function platform.may(role text, permission text, resource text, action text) returns boolean
    language sql stable
    as $$
        -- The super administrator's only row speaks of the platform, yet that role is to do everything.
        -- Managing the platform is that role's alone: a row that says "everything" does not mean it.
        select coalesce(may.role = 'super_admin', false) or exists (
            select from platform.role_permissions p
            where p.organization_id = platform.organization() and p.role = may.role and p.is_active and may.permission <> 'platform_management'
            and p.permission in (may.permission, '*') and p.resource in (may.resource, '*') and p.action in (may.action, '*')
        )
    $$;
comment on function platform.may(text, text, text, text) is
    'May a role of the transaction''s organization do this? "select platform.may(platform.role(), ''campaign_management'', ''campaigns'', ''update'')".';

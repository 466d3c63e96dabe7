-- Documents of customers: contracts, letters, pictures of identity cards.

create table customers.customer_files (
    organization_id uuid not null,
    id              uuid not null,
    customer_id     uuid not null,
    primary key (organization_id, id),
    foreign key (organization_id, id) references platform.files (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id) references customers.customers (organization_id, id) on delete cascade
);
comment on table customers.customer_files is 'Whose documents they are: each row goes with a file, and takes it along when it goes.';
comment on column customers.customer_files.id is 'The file''s.';
create index customer_files_customer on customers.customer_files (organization_id, customer_id);
select platform.protect('customers.customer_files', 'custom');
create policy reader on customers.customer_files for select to clientele_app using (organization_id = (select platform.tenant('member')));
-- Written with the file, by the platform alone. Administrators merge and erase.
create policy platform on customers.customer_files for insert to clientele_app with check (organization_id = (select platform.tenant('system')));
create policy admin_moves on customers.customer_files for update to clientele_app
    using (organization_id = (select platform.tenant('admin'))) with check (organization_id = (select platform.tenant('admin')));
create policy admin_removes on customers.customer_files for delete to clientele_app using (organization_id = (select platform.tenant('admin')));
grant select, insert, delete, update (customer_id) on customers.customer_files to clientele_app;
select platform.owns_files('customers.customer_files');
select customers.reference('customers.customer_files', 'customer_id', on_merge => 'move', on_erase => 'delete');

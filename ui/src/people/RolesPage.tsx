import { ActionIcon, Badge, Button, Group, Select, Skeleton, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { changeRole, deleteRole, makeRole, rolesQuery } from '../api/people';
import type { Permission, Role, Roles } from '../api/people.types';
import { asProblem } from '../api/problem';
import { useAnnounce } from '../components/Announcer';
import { Card } from '../components/Card';
import { FormDialog } from '../components/FormDialog';
import { Icon } from '../components/Icon';
import { PageHeader } from '../components/PageHeader';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import { useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import classes from './People.module.css';
import { Why } from './Why';
import { useRoleName, writtenAct } from './words';

const actions = ['*', 'read', 'create', 'update', 'delete', 'execute'];

export function RolesPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { manageRoles } = usePermissions();
  const query = useQuery(rolesQuery(slug));
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHeader
        title={t('nav.roles')}
        crumbs={[t('nav.settings')]}
        actions={
          manageRoles && (
            <Button leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>
              {t('roles.new')}
            </Button>
          )
        }
      />
      <div className={classes.page}>
        <QueryState query={query} failed={t('roles.failed')} skeleton={<Skeleton h={360} radius="md" aria-hidden="true" />}>
          {(roles) => (
            <>
              <Why roles={roles} />
              <RoleList roles={roles} />
            </>
          )}
        </QueryState>
      </div>
      {making && query.data && <NewRole roles={query.data.roles} close={() => setMaking(false)} />}
    </>
  );
}

function RoleList({ roles: { roles } }: { roles: Roles }) {
  const t = useT();
  const navigate = useNavigate();
  const { slug } = useOrganization();
  const search = useSearch({ from: '/o/$slug/settings/roles' });
  const roleName = useRoleName();
  const open = roles.find((r) => r.role === search.role) ?? roles[0]!;
  return (
    <div className={classes.split}>
      <Card title={t('roles.list')}>
        <ul className={classes.roles}>
          {roles.map((role) => (
            <li key={role.role}>
              <UnstyledButton
                className={classes.role}
                aria-pressed={role.role === open.role}
                onClick={() =>
                  void navigate({ to: '/o/$slug/settings/roles', params: { slug }, search: { ...search, role: role.role }, replace: true })
                }
              >
                {roleName(role.role, roles)}
                <small>
                  {t('roles.members', { count: role.members })}
                  {role.isCustom && ` · ${t('roles.custom')}`}
                </small>
              </UnstyledButton>
            </li>
          ))}
        </ul>
      </Card>
      <RoleEditor key={writtenRole(open)} role={open} roles={roles} />
    </div>
  );
}

// What was saved by somebody else begins anew.
const writtenRole = (role: Role) => [role.role, ...role.permissions.map(writtenAct)].join(' ');

function RoleEditor({ role, roles }: { role: Role; roles: Role[] }) {
  const t = useT();
  const client = useQueryClient();
  const announce = useAnnounce();
  const { slug } = useOrganization();
  const { manageRoles } = usePermissions();
  const roleName = useRoleName();
  const [rows, setRows] = useState(role.permissions);
  const refresh = () => client.invalidateQueries({ queryKey: ['o', slug] });
  const save = useMutation({
    mutationFn: () => changeRole(slug, role.role, { permissions: rows }),
    onSuccess: async () => {
      await refresh();
      announce(t('roles.saved'));
    },
  });
  const remove = useMutation({ mutationFn: () => deleteRole(slug, role.role), onSuccess: refresh });
  const name = roleName(role.role, roles);
  const everything = role.role === 'super_admin';
  const edits = manageRoles && !everything;
  const set = (at: number, part: Partial<Permission>) => setRows(rows.map((row, i) => (i === at ? { ...row, ...part } : row)));
  const changed = rows.map(writtenAct).join() !== role.permissions.map(writtenAct).join();
  const complete = rows.every((row) => row.permission && row.resource);
  return (
    <Card
      title={t('roles.permissions', { role: name })}
      actions={
        role.isCustom && (
          <Badge variant="default" size="sm" tt="none">
            {t('roles.custom')}
          </Badge>
        )
      }
    >
      <Stack gap="md">
        {role.isCustom && role.description && <Text>{role.description}</Text>}
        {everything && <Text>{t('roles.everything')}</Text>}
        {!everything && rows.length === 0 && <Text c="dimmed">{t('roles.none')}</Text>}
        {!edits && rows.length > 0 && (
          <PlainTable
            label={t('roles.permissions', { role: name })}
            columns={[{ label: t('roles.permission') }, { label: t('roles.resource') }, { label: t('roles.action') }]}
            rows={rows.map((row) => [row.permission, row.resource, row.action])}
          />
        )}
        {edits && (
          <>
            <Text c="dimmed" size="sm">
              {t('roles.star')}
            </Text>
            {rows.map((row, i) => (
              <div key={i} className={classes.rows}>
                <TextInput
                  aria-label={t('roles.permission')}
                  value={row.permission}
                  onChange={(event) => set(i, { permission: event.currentTarget.value })}
                />
                <TextInput
                  aria-label={t('roles.resource')}
                  value={row.resource}
                  onChange={(event) => set(i, { resource: event.currentTarget.value })}
                />
                <Select
                  aria-label={t('roles.action')}
                  data={actions}
                  value={row.action}
                  allowDeselect={false}
                  onChange={(action) => action && set(i, { action })}
                />
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={36}
                  aria-label={t('roles.takeAway', { act: writtenAct(row) })}
                  onClick={() => setRows(rows.filter((_, at) => at !== i))}
                >
                  <Icon name="close" />
                </ActionIcon>
              </div>
            ))}
            <Group>
              <Button
                variant="default"
                leftSection={<Icon name="plus" />}
                onClick={() => setRows([...rows, { permission: '', resource: '*', action: 'read' }])}
              >
                {t('roles.add')}
              </Button>
            </Group>
            <ProblemAlert error={save.error ?? remove.error} />
            <Group justify="space-between">
              <Button onClick={() => save.mutate()} loading={save.isPending} disabled={!changed || !complete}>
                {t('roles.save')}
              </Button>
              {role.isCustom && (
                <Button variant="default" onClick={() => remove.mutate()} loading={remove.isPending} disabled={role.members > 0}>
                  {t('roles.delete')}
                </Button>
              )}
            </Group>
          </>
        )}
      </Stack>
    </Card>
  );
}

function NewRole({ roles, close }: { roles: Role[]; close: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { slug } = useOrganization();
  const roleName = useRoleName();
  const [role, setRole] = useState('');
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [beside, setBeside] = useState('viewer');
  const make = useMutation({
    mutationFn: () =>
      makeRole(slug, { role, name, description, beside, permissions: roles.find((r) => r.role === beside)?.permissions ?? [] }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: rolesQuery(slug).queryKey });
      await navigate({ to: '/o/$slug/settings/roles', params: { slug }, search: { role } });
      close();
    },
  });
  const problem = make.error ? asProblem(make.error) : null;
  return (
    <FormDialog
      title={t('roles.new')}
      action={t('roles.make')}
      onSubmit={() => make.mutate()}
      close={close}
      pending={make.isPending}
      error={make.error}
    >
      <TextInput
        data-autofocus
        label={t('people.name')}
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={problem?.fields.name?.join(' ')}
      />
      <TextInput
        label={t('roles.word')}
        description={t('roles.word.text')}
        required
        withAsterisk={false}
        value={role}
        onChange={(event) => setRole(event.currentTarget.value)}
        error={problem?.fields.role?.join(' ')}
      />
      <TextInput label={t('roles.description')} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
      <Select
        label={t('roles.beside')}
        description={t('roles.beside.text')}
        data={roles.filter((r) => !r.isCustom && r.role !== 'super_admin').map((r) => ({ value: r.role, label: roleName(r.role, roles) }))}
        value={beside}
        allowDeselect={false}
        onChange={(value) => setBeside(value ?? beside)}
      />
    </FormDialog>
  );
}

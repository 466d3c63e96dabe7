import { Alert, Group, List, Select, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { mayQuery, peopleQuery } from '../api/people';
import type { Explanation, Permission, Roles } from '../api/people.types';
import { Card } from '../components/Card';
import { ErrorState } from '../components/PageState';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { readAct, useActName, useRoleName, writtenAct } from './words';

/** "Why can X do Y": the answer is the server's, by the very rule that lets people in. */
export function Why({ roles }: { roles: Roles }) {
  const t = useT();
  const navigate = useNavigate();
  const { slug } = useOrganization();
  const search = useSearch({ from: '/o/$slug/settings/roles' });
  const people = useQuery(peopleQuery(slug));
  const actName = useActName();
  const act = readAct(search.act);
  const choose = (part: { person?: string; act?: string }) =>
    void navigate({ to: '/o/$slug/settings/roles', params: { slug }, search: { ...search, ...part }, replace: true });
  return (
    <Card title={t('why.title')}>
      <Stack gap="md">
        <Group grow align="end" maw={720}>
          <Select
            label={t('why.person')}
            searchable
            data={(people.data ?? []).map((p) => ({ value: p.id, label: p.name ?? p.email ?? p.id }))}
            value={search.person ?? null}
            onChange={(person) => choose({ person: person ?? undefined })}
          />
          <Select
            label={t('why.act')}
            searchable
            data={roles.acts.map((a) => ({ value: writtenAct(a), label: actName(a) }))}
            value={search.act ?? null}
            onChange={(chosen) => choose({ act: chosen ?? undefined })}
          />
        </Group>
        {search.person && act && <Answer person={search.person} act={act} roles={roles} />}
      </Stack>
    </Card>
  );
}

function Answer({ person, act, roles }: { person: string; act: Permission; roles: Roles }) {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(mayQuery(slug, person, act));
  if (query.isError) return <ErrorState what={t('why.failed')} error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton h={80} aria-hidden="true" />;
  return <Told explanation={query.data} roles={roles} />;
}

function Told({ explanation, roles }: { explanation: Explanation; roles: Roles }) {
  const t = useT();
  const roleName = useRoleName();
  const { allowed, why, rows, near } = explanation;
  const name = explanation.name ?? '';
  const role = roleName(explanation.role, roles.roles);
  const because = {
    super_admin: () => t('why.superAdmin'),
    granted: () => t('why.granted', { role }),
    not_granted: () => t('why.notGranted', { role }),
    super_admin_only: () => t('why.superAdminOnly'),
    not_active: () => t('why.notActive'),
  }[why]();
  return (
    <Alert
      variant="light"
      color={allowed ? 'green' : 'gray'}
      title={allowed ? t('why.yes', { name }) : t('why.no', { name })}
      role="status"
    >
      <Text size="sm">{because}</Text>
      <Rows rows={rows} />
      {near.length > 0 && (
        <Text size="sm" mt="xs">
          {t('why.near')}
        </Text>
      )}
      <Rows rows={near} />
      {!allowed && (
        <Text size="sm" mt="xs">
          {t('why.roles', { roles: explanation.roles.map((r) => roleName(r, roles.roles)).join(', ') })}
        </Text>
      )}
    </Alert>
  );
}

function Rows({ rows }: { rows: Permission[] }) {
  if (rows.length === 0) return null;
  return (
    <List size="sm" withPadding>
      {rows.map((row) => (
        <List.Item key={writtenAct(row)}>
          <code>{writtenAct(row)}</code>
        </List.Item>
      ))}
    </List>
  );
}

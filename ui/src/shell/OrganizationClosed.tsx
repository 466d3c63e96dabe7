import { Button, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { reopenOrganization } from '../api/people';
import { PageState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from './organization';

const graceDays = 30;

/** In the place of every page of an organization that was given up. */
export function OrganizationClosed() {
  const t = useT();
  const format = useFormat();
  const client = useQueryClient();
  const { slug, closedAt } = useOrganization();
  const { own } = usePermissions();
  const deleted = new Date(Date.parse(closedAt!) + graceDays * 86_400_000).toISOString();
  const reopen = useMutation({
    mutationFn: () => reopenOrganization(slug),
    onSuccess: () => client.invalidateQueries(),
  });
  return (
    <PageState
      icon="lock"
      title={t('closed.title')}
      action={
        own && (
          <Button onClick={() => reopen.mutate()} loading={reopen.isPending}>
            {t('closed.reopen')}
          </Button>
        )
      }
    >
      <Text>{t('closed.text', { date: format.date(deleted) })}</Text>
      {!own && <Text c="dimmed">{t('closed.others')}</Text>}
      <ProblemAlert error={reopen.error} />
    </PageState>
  );
}

import { Button, Drawer, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { changeError, errorQuery } from '../api/health';
import type { ErrorDetail, ErrorGroup, ErrorScope, ErrorState } from '../api/health.types';
import { CopyIcon } from '../components/CopyButton';
import { FactList } from '../components/FactList';
import { useNotify } from '../components/Notices';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { Num } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import operate from '../operate/Operate.module.css';
import { useOrganization, usePermissions } from '../shell/organization';
import classes from './Health.module.css';
import { shortType, stateWords } from './words';

/** An error with what is kept of its newest occurrences. */
export function ErrorDrawer({ id, scope, close }: { id: string; scope: ErrorScope | undefined; close: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(errorQuery(slug, id, scope));
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="xl"
      title={query.data ? shortType(query.data.error.type) : t('errors.error')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <QueryState query={query} failed={t('errors.one.failed')} skeleton={<Skeleton h={360} aria-hidden="true" />}>
        {(detail) => <Told detail={detail} scope={scope} />}
      </QueryState>
    </Drawer>
  );
}

function Told({ detail: { error, samples }, scope }: { detail: ErrorDetail; scope: ErrorScope | undefined }) {
  const t = useT();
  const plain = usePlainT();
  const format = useFormat();
  return (
    <Stack gap="md">
      <Text>{error.message}</Text>
      <Acts error={error} scope={scope} />
      <FactList
        facts={[
          [t('errors.state'), plain(stateWords[error.state])],
          ...(error.changedAt
            ? ([[t('errors.changed'), [format.exact(error.changedAt), error.changedBy].filter(Boolean).join(' · ')]] as [string, string][])
            : []),
          [t('errors.times'), <Num key="n" value={error.occurrences} />],
          [t('errors.reopened'), <Num key="r" value={error.reopened} />],
          [t('errors.first'), format.exact(error.firstSeen)],
          [t('errors.last'), format.exact(error.lastSeen)],
          [t('errors.source'), [error.source, error.organization].filter(Boolean).join(' · ')],
          [t('errors.type'), error.type],
        ]}
      />
      {error.place && (
        <div>
          <Title order={3} size="h5" mb={4}>
            {t('errors.place')}
          </Title>
          <div className={classes.mono}>{error.place}</div>
        </div>
      )}
      <Title order={3} size="h5">
        {t('errors.samples')}
      </Title>
      <Text size="xs" c="dimmed">
        {t('errors.samples.text')}
      </Text>
      {samples.map((sample, i) => (
        <div key={i}>
          <Group gap={6} mb={4}>
            <Text size="sm" fw={600}>
              {format.exact(sample.at)}
            </Text>
            {sample.request && (
              <>
                <Text size="xs" c="dimmed">
                  {t('errors.request')} {sample.request}
                </Text>
                <CopyIcon value={sample.request} label={t('errors.copyRequest')} />
              </>
            )}
          </Group>
          <pre className={operate.log} tabIndex={0} aria-label={t('errors.sample', { when: format.exact(sample.at) })}>
            {[
              ...Object.entries(sample.context).map(
                ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
              ),
              '',
              sample.stack ?? sample.message,
            ].join('\n')}
          </pre>
        </div>
      ))}
    </Stack>
  );
}

function Acts({ error, scope }: { error: ErrorGroup; scope: ErrorScope | undefined }) {
  const t = useT();
  const { slug } = useOrganization();
  const { resolveErrors } = usePermissions();
  const client = useQueryClient();
  const notify = useNotify();
  const change = useMutation({
    mutationFn: (state: ErrorState) => changeError(slug, error.id, scope, state),
    onSuccess: async (changed, state) => {
      notify({
        text: state === 'resolved' ? t('errors.resolved') : state === 'ignored' ? t('errors.ignored') : t('errors.opened'),
        action: state === 'open' ? undefined : { label: t('errors.undo'), run: () => change.mutateAsync('open') },
      });
      await client.invalidateQueries({ queryKey: ['o', slug, 'errors'] });
      return changed;
    },
  });
  if (!resolveErrors) return null;
  const button = (state: ErrorState, label: string, primary = false) => (
    <Button
      variant={primary ? undefined : 'default'}
      loading={change.isPending && change.variables === state}
      onClick={() => change.mutate(state)}
    >
      {label}
    </Button>
  );
  return (
    <>
      <Group>
        {error.state === 'open' ? (
          <>
            {button('resolved', t('errors.resolve'), true)}
            {button('ignored', t('errors.ignore'))}
          </>
        ) : (
          button('open', t('errors.reopen'), true)
        )}
      </Group>
      <ProblemAlert error={change.error} />
    </>
  );
}

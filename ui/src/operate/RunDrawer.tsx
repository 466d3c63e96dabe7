import { Button, Drawer, Progress, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { cancelRun, runQuery } from '../api/operate';
import type { RunDetail } from '../api/operate.types';
import { FactList } from '../components/FactList';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Operate.module.css';
import { RunStatusBadge } from './RunStatusBadge';
import { causeOf, shareOf } from './words';

/** A run while it goes on, and afterwards. */
export function RunDrawer({ id, close }: { id: string; close: () => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(runQuery(slug, id));
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="lg"
      title={query.data?.run.jobName ?? t('jobs.runs')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <QueryState query={query} failed={t('jobs.run.failed')} skeleton={<Skeleton h={300} aria-hidden="true" />}>
        {(detail) => <Told detail={detail} />}
      </QueryState>
    </Drawer>
  );
}

function Told({ detail: { run, log } }: { detail: RunDetail }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelRun(slug, run.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['o', slug, 'runs', run.id] }),
  });
  const share = shareOf(run);
  return (
    <Stack gap="md">
      <FactList
        facts={[
          [t('jobs.status'), run.stopping ? t('jobs.stopping') : <RunStatusBadge key="s" status={run.status} />],
          [t('jobs.cause'), causeOf(t, run)],
          [t('jobs.started'), format.exact(run.startedAt)],
          [t('jobs.duration'), format.duration(run.seconds)],
          ...(run.progressDone === null
            ? []
            : ([
                [
                  t('jobs.progress'),
                  run.progressTotal === null
                    ? format.number(run.progressDone)
                    : t('jobs.progress.of', { done: format.number(run.progressDone), total: format.number(run.progressTotal) }),
                ],
              ] as [string, string][])),
        ]}
      />
      {run.status === 'running' && share !== null && <Progress value={share * 100} aria-label={t('jobs.progress')} />}
      {run.progressNote && <Text c="dimmed">{run.progressNote}</Text>}
      {run.error && <Text className={classes.bad}>{run.error}</Text>}
      {run.status === 'running' && (
        <Button variant="default" loading={cancel.isPending} disabled={run.stopping} onClick={() => cancel.mutate()}>
          {t('jobs.cancel')}
        </Button>
      )}
      <ProblemAlert error={cancel.error} />
      {Object.keys(run.result).length > 0 && (
        <div>
          <Title order={3} size="h5" mb={4}>
            {t('jobs.result')}
          </Title>
          <pre className={classes.log} tabIndex={0}>
            {JSON.stringify(run.result, null, 2)}
          </pre>
        </div>
      )}
      <div>
        <Title order={3} size="h5" mb={4}>
          {t('jobs.log')}
        </Title>
        {log.length === 0 ? (
          <Text c="dimmed">{t('jobs.log.empty')}</Text>
        ) : (
          <pre className={classes.log} tabIndex={0}>
            {log.map((line) => (
              <div key={line.number} className={line.level === 'info' ? undefined : classes.bad}>
                {format.time(line.at)} {line.message}
              </div>
            ))}
          </pre>
        )}
      </div>
    </Stack>
  );
}

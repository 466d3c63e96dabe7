import { Alert, Badge, Button, Code, Progress, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { backupsKey, backupsQuery, startBackup, testBackup, type Backup, type BackupsView } from '../api/backups';
import { Card } from '../components/Card';
import { FactList } from '../components/FactList';
import { useNotify } from '../components/Notices';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { Num, When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Operate.module.css';

/** Backups of the installation: what there is, whether it can be restored, and one more now. */
export function BackupsPage() {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const notify = useNotify();
  const query = useQuery(backupsQuery(slug));
  const onSuccess = (text: string) => (view: BackupsView) => {
    notify({ text });
    client.setQueryData(backupsKey(slug), view);
  };
  const start = useMutation({ mutationFn: () => startBackup(slug), onSuccess: onSuccess(t('backups.begun')) });
  const test = useMutation({
    mutationFn: (name: string) => testBackup(slug, name),
    onSuccess: (view, name) => onSuccess(t('backups.trying', { name }))(view),
  });
  const busy = !query.data?.enabled || query.data.running !== null || start.isPending || test.isPending;
  const now = (
    <Button disabled={busy} onClick={() => start.mutate()}>
      {t('backups.now')}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t('nav.backups')}
        crumbs={[t('nav.settings')]}
        actions={query.data && query.data.items.length > 0 ? now : undefined}
      />
      <div className={classes.body}>
        <ProblemAlert error={start.error ?? test.error} />
        <QueryState query={query} failed={t('backups.failed')} skeleton={<TableSkeleton rows={6} />}>
          {(view) => (
            <>
              {!view.enabled && <Alert color="gray">{t('backups.off')}</Alert>}
              {view.running && <Running running={view.running} />}
              {view.items.length === 0 ? (
                <EmptyState title={t('backups.empty')} why={t('backups.empty.text')} action={now} />
              ) : (
                <>
                  <Lost lost={view.items[0]!.lost} />
                  <Summary view={view} />
                  <Items items={view.items} busy={busy} onTest={(name) => test.mutate(name)} />
                </>
              )}
              <Archive archive={view.archive} />
              {view.failures.length > 0 && <Failures failures={view.failures} />}
              {view.items.length > 0 && (
                <Card title={t('backups.restore')}>
                  <Text size="sm">{t('backups.restore.text')}</Text>
                  <Code block mt="xs">{`clientele restore ${view.items[0]!.name} --yes`}</Code>
                </Card>
              )}
            </>
          )}
        </QueryState>
      </div>
    </>
  );
}

function Running({ running }: { running: NonNullable<BackupsView['running']> }) {
  const t = useT();
  const format = useFormat();
  const share = running.expectedBytes && running.bytes ? Math.min(running.bytes / running.expectedBytes, 1) : null;
  return (
    <div role="status">
      <Card>
        <Text size="sm">
          {running.kind === 'backup'
            ? t('backups.running.backup', { node: running.node })
            : t('backups.running.test', { node: running.node, name: running.name ?? '' })}{' '}
          <Text span size="sm" c="dimmed">
            <When at={running.startedAt} />
            {running.bytes > 0 && ` · ${t('backups.written', { written: format.bytes(running.bytes) })}`}
          </Text>
        </Text>
        <Progress value={share === null ? 100 : share * 100} animated={share === null} mt="xs" aria-label={t('backups.progress')} />
      </Card>
    </div>
  );
}

/** Which files are missing, as far as they are named; the manifest beside the backup names a hundred. */
function Lost({ lost }: { lost: Backup['lost'] }) {
  const t = useT();
  if (!lost) return null;
  const shown = lost.some.slice(0, 5);
  return (
    <Alert
      color="yellow"
      variant="light"
      role="status"
      title={t('backups.lost.newest', { count: lost.count })}
      classNames={{ title: classes.warning }}
    >
      {t('backups.lost.text')}
      {shown.map((file) => (
        <Text key={file} size="xs" className={classes.file}>
          {file}
        </Text>
      ))}
      {lost.count > shown.length && <Text size="xs">{t('backups.lost.more', { count: lost.count - shown.length })}</Text>}
    </Alert>
  );
}

function Summary({ view }: { view: BackupsView }) {
  const t = useT();
  const trials = () => {
    if (view.testDays === 0) return t('backups.trials.none');
    return view.testDays === 1 ? t('backups.trials.daily') : t('backups.trials.value', { count: view.testDays });
  };
  // Of the node that answers, and of no interest where it makes none.
  const schedule: [string, ReactNode][] = [
    [t('backups.daily'), view.dailyAt ? t('backups.daily.value', { time: view.dailyAt }) : t('backups.daily.none')],
    [t('backups.next'), <When key="x" at={view.next} />],
    [t('backups.kept'), t('backups.kept.value', { count: view.keepDays })],
    [t('backups.trials'), trials()],
  ];
  return (
    <Card>
      <FactList facts={[[t('backups.newest'), <When key="n" at={view.newest} />], ...(view.enabled ? schedule : [])]} />
    </Card>
  );
}

function Items({ items, busy, onTest }: { items: Backup[]; busy: boolean; onTest: (name: string) => void }) {
  const t = useT();
  const format = useFormat();
  return (
    <Card>
      <PlainTable
        label={t('nav.backups')}
        columns={[
          { label: t('backups.made') },
          { label: t('backups.size'), align: 'right', wideOnly: true },
          { label: t('backups.rows'), align: 'right', wideOnly: true },
          { label: t('backups.where'), wideOnly: true },
          { label: t('backups.trial') },
        ]}
        rows={items.map((backup) => [
          <div key="m" className={classes.cell}>
            <When at={backup.startedAt} />
            <Text size="xs" c="dimmed">
              {backup.name}
            </Text>
            {backup.lost && (
              <Text size="xs" className={classes.bad}>
                {t('backups.lost', { count: backup.lost.count })}
              </Text>
            )}
          </div>,
          <span key="s" className="figure">
            {format.bytes(backup.bytes)}
          </span>,
          <Num key="r" value={backup.rows} compact />,
          <div key="w" className={classes.cell}>
            {backup.node}
            {backup.copiedAt && (
              <Text size="xs" c="dimmed">
                {t('backups.copied')}
              </Text>
            )}
            {backup.copyProblem && <Text size="xs">{t('backups.notCopied', { problem: backup.copyProblem })}</Text>}
          </div>,
          // In one cell, so that a phone has room for what can be done.
          <div key="t" className={classes.trial}>
            <Trial backup={backup} />
            <Button
              variant="default"
              size="xs"
              aria-label={t('backups.tryNamed', { name: backup.name })}
              disabled={busy || !backup.here}
              onClick={() => onTest(backup.name)}
            >
              {t('backups.try')}
            </Button>
          </div>,
        ])}
      />
    </Card>
  );
}

function Trial({ backup: { test } }: { backup: Backup }) {
  const t = useT();
  if (!test) return <span>{t('backups.trial.none')}</span>;
  const faults = test.checks.filter((check) => check.faults > 0);
  return (
    <div className={classes.cell}>
      <Badge variant="default" size="sm" tt="none" className={test.passed ? classes.good : classes.bad}>
        {t(test.passed ? 'backups.trial.passed' : 'backups.trial.failed')}
      </Badge>{' '}
      <Text span size="xs" c="dimmed">
        <When at={test.startedAt} />
        {test.passed && ` · ${t('backups.trial.checks', { count: test.checks.length })}`}
      </Text>
      {test.problem && <Text size="xs">{test.problem}</Text>}
      {faults.map((check) => (
        <Text key={check.name} size="xs">
          {check.name}: {check.detail}
        </Text>
      ))}
    </div>
  );
}

function Archive({ archive }: { archive: BackupsView['archive'] }) {
  const t = useT();
  const format = useFormat();
  return (
    <Card title={t('backups.archive')}>
      {archive ? (
        <>
          {archive.problem && (
            <Alert color="red" role="alert" mb="sm">
              {archive.problem}
            </Alert>
          )}
          <FactList
            facts={[
              [t('backups.archive.from'), archive.from ? <When key="f" at={archive.from} show="dateTime" /> : t('backups.archive.soon')],
              [t('backups.archive.to'), <When key="t" at={archive.to} show="dateTime" />],
              [
                t('backups.archive.size'),
                t('backups.archive.size.value', { bytes: format.bytes(archive.bytes), limit: format.bytes(archive.limitBytes) }),
              ],
            ]}
          />
        </>
      ) : (
        <Text size="sm">{t('backups.archive.off')}</Text>
      )}
    </Card>
  );
}

function Failures({ failures }: { failures: BackupsView['failures'] }) {
  const t = useT();
  return (
    <Card title={t('backups.failures')}>
      <PlainTable
        label={t('backups.failures')}
        columns={[
          { label: t('backups.failures.when') },
          { label: t('backups.failures.node'), wideOnly: true },
          { label: t('backups.problem') },
        ]}
        rows={failures.map((failure) => [<When key="w" at={failure.startedAt} />, failure.node, failure.problem])}
      />
    </Card>
  );
}

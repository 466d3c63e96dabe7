import { Button, Select, Skeleton, Text } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { changeJob, jobQuery, runsQuery } from '../api/operate';
import type { Job, JobDetail, RunStatus } from '../api/operate.types';
import { Card } from '../components/Card';
import { FactList } from '../components/FactList';
import { crumbClass, PageHeader } from '../components/PageHeader';
import { ErrorState, QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { Nothing, Num } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { useOrganization } from '../shell/organization';
import { JobForm } from './JobForm';
import { useRunJob } from './JobsPage';
import classes from './Operate.module.css';
import { RunDrawer } from './RunDrawer';
import { RunStatusBadge } from './RunStatusBadge';
import { causeOf, statusWords } from './words';

/** One job: when it runs, how it went, every run with what it told. */
export function JobPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { id } = useParams({ from: '/o/$slug/settings/jobs/$id' });
  const query = useQuery(jobQuery(slug, id));
  const name = query.data?.job.name ?? t('nav.jobs');
  return (
    <>
      <PageHeader
        title={name}
        crumbs={[
          t('nav.settings'),
          <Link key="j" to="/o/$slug/settings/jobs" params={{ slug }} className={crumbClass}>
            {t('nav.jobs')}
          </Link>,
        ]}
        actions={query.data && <Acts job={query.data.job} />}
      />
      <div className={classes.body}>
        <QueryState query={query} failed={t('jobs.failed')} skeleton={<Skeleton h={220} radius="md" aria-hidden="true" />}>
          {(detail) => (
            <>
              <Facts detail={detail} />
              <RunList id={id} />
            </>
          )}
        </QueryState>
      </div>
    </>
  );
}

function Acts({ job }: { job: Job }) {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const [editing, setEditing] = useState(false);
  const run = useRunJob();
  const flip = useMutation({
    mutationFn: () => changeJob(slug, job.id, { isEnabled: !job.isEnabled }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['o', slug, 'jobs'] }),
  });
  return (
    <>
      <Button variant="default" loading={flip.isPending} onClick={() => flip.mutate()}>
        {job.isEnabled ? t('jobs.switchOff') : t('jobs.switchOn')}
      </Button>
      <Button variant="default" onClick={() => setEditing(true)}>
        {t('jobs.edit')}
      </Button>
      <Button loading={run.isPending} disabled={job.runId !== null || job.requested} onClick={() => run.mutate(job)}>
        {t('jobs.run')}
      </Button>
      <ProblemAlert error={flip.error ?? run.error} />
      {editing && <JobForm job={job} close={() => setEditing(false)} />}
    </>
  );
}

function Facts({ detail: { job, next, statistics } }: { detail: JobDetail }) {
  const t = useT();
  const format = useFormat();
  const lasting = (seconds: number | null) => (seconds === null ? <Nothing /> : format.duration(seconds));
  return (
    <>
      <Card>
        <Text mb="sm">{job.description}</Text>
        {!job.hasWorker && <Text mb="sm">{t('jobs.noWorker')}</Text>}
        <FactList
          facts={[
            [t('jobs.schedule'), `${job.schedule} · ${job.timeZone}`],
            [
              t('jobs.upcoming'),
              next.length === 0 ? t('jobs.off') : next.slice(0, 3).map((at) => <div key={at}>{format.dateTime(at)}</div>),
            ],
            [t('jobs.timeout'), <Num key="t" value={job.timeoutSeconds} />],
            [t('jobs.retries'), <Num key="r" value={job.maxRetries} />],
            [t('jobs.missed'), job.missedRuns === 'skip' ? t('jobs.missed.skip') : t('jobs.missed.run_once')],
          ]}
        />
      </Card>
      <Card title={t('jobs.month')}>
        <FactList
          facts={[
            [t('jobs.runs'), <Num key="r" value={statistics.runs} />],
            [t('jobs.successRate'), statistics.successRate === null ? <Nothing key="s" /> : format.percent(statistics.successRate)],
            [t('jobs.median'), lasting(statistics.medianSeconds)],
            [t('jobs.p95'), lasting(statistics.p95Seconds)],
          ]}
        />
      </Card>
    </>
  );
}

function RunList({ id }: { id: string }) {
  const t = useT();
  const plain = usePlainT();
  const format = useFormat();
  const { slug } = useOrganization();
  const navigate = useNavigate({ from: '/o/$slug/settings/jobs/$id' });
  const { status, run: open } = useSearch({ from: '/o/$slug/settings/jobs/$id' });
  const query = useInfiniteQuery(runsQuery(slug, id, status));
  const runs = query.data?.pages.flatMap((page) => page.items) ?? [];
  const set = (search: { status?: RunStatus; run?: string }) => void navigate({ search: (old) => ({ ...old, ...search }), replace: true });
  return (
    <Card
      title={t('jobs.runs')}
      actions={
        <Select
          size="xs"
          aria-label={t('jobs.status')}
          data={[
            { value: '', label: t('jobs.status.any') },
            ...Object.entries(statusWords).map(([value, word]) => ({ value, label: plain(word) })),
          ]}
          value={status ?? ''}
          allowDeselect={false}
          onChange={(value) => set({ status: (value || undefined) as RunStatus | undefined })}
        />
      }
    >
      {query.isError && !query.data ? (
        <ErrorState what={t('jobs.runs.failed')} error={query.error} retry={() => void query.refetch()} />
      ) : !query.data ? (
        <TableSkeleton rows={6} />
      ) : runs.length === 0 ? (
        <Text c="dimmed">{t('jobs.runs.empty')}</Text>
      ) : (
        <PlainTable
          label={t('jobs.runs')}
          columns={[
            { label: t('jobs.started') },
            { label: t('jobs.status') },
            { label: t('jobs.duration'), align: 'right' },
            { label: t('jobs.cause'), wideOnly: true },
            { label: t('jobs.message'), wideOnly: true },
          ]}
          rows={runs.map((run) => [
            <button
              key="s"
              type="button"
              className={classes.plain}
              aria-label={t('jobs.openRun', { when: format.dateTime(run.startedAt) })}
              onClick={() => set({ run: run.id })}
            >
              {format.dateTime(run.startedAt)}
            </button>,
            <RunStatusBadge key="t" status={run.status} />,
            format.duration(run.seconds),
            causeOf(t, run),
            <span key="e" className={classes.cell}>
              {run.error ?? run.progressNote ?? <Nothing />}
            </span>,
          ])}
        />
      )}
      {query.hasNextPage && (
        <Button mt="sm" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('jobs.all')}
        </Button>
      )}
      {open && <RunDrawer id={open} close={() => set({ run: undefined })} />}
    </Card>
  );
}

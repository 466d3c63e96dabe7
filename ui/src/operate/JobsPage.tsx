import { Badge, Button, Progress, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { jobsQuery, runJob } from '../api/operate';
import type { Job } from '../api/operate.types';
import { Card } from '../components/Card';
import { useNotify } from '../components/Notices';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { Nothing, When } from '../components/Values';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Operate.module.css';
import { RunStatusBadge } from './RunStatusBadge';
import { shareOf } from './words';

/** What runs by itself: when, how it went, and a button to let it run now. */
export function JobsPage() {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(jobsQuery(slug));
  const run = useRunJob();
  return (
    <>
      <PageHeader title={t('nav.jobs')} crumbs={[t('nav.settings')]} />
      <div className={classes.body}>
        <ProblemAlert error={run.error} />
        <QueryState query={query} failed={t('jobs.failed')} skeleton={<TableSkeleton rows={6} />}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState title={t('jobs.empty')} why={t('jobs.empty.text')} />
            ) : (
              <Card>
                <PlainTable
                  label={t('nav.jobs')}
                  columns={[
                    { label: t('jobs.name') },
                    { label: t('jobs.schedule'), wideOnly: true },
                    { label: t('jobs.last') },
                    { label: t('jobs.next'), wideOnly: true },
                    { label: t('jobs.act'), align: 'right' },
                  ]}
                  rows={items.map((job) => [
                    <div key="n" className={classes.cell}>
                      <Link to="/o/$slug/settings/jobs/$id" params={{ slug, id: job.id }} className={classes.link}>
                        {job.name}
                      </Link>
                      <Text size="xs" c="dimmed">
                        {job.description}
                      </Text>
                      {!job.hasWorker && <Text size="xs">{t('jobs.noWorker')}</Text>}
                    </div>,
                    <span key="s" className="figure">
                      {job.schedule}{' '}
                      <Text span size="xs" c="dimmed">
                        {job.timeZone}
                      </Text>
                    </span>,
                    <Last key="l" job={job} />,
                    job.isEnabled ? <When key="w" at={job.nextRunAt} /> : t('jobs.off'),
                    <Button
                      key="r"
                      variant="default"
                      size="xs"
                      aria-label={t('jobs.runNamed', { name: job.name })}
                      disabled={job.runId !== null || job.requested}
                      onClick={() => run.mutate(job)}
                    >
                      {t('jobs.run')}
                    </Button>,
                  ])}
                />
              </Card>
            )
          }
        </QueryState>
      </div>
    </>
  );
}

function Last({ job }: { job: Job }) {
  const t = useT();
  const share = shareOf(job);
  if (job.runId)
    return (
      <div>
        <RunStatusBadge status="running" />
        {share !== null && <Progress value={share * 100} mt={4} size="sm" aria-label={t('jobs.progress')} />}
      </div>
    );
  if (job.requested)
    return (
      <Badge variant="default" size="sm" tt="none">
        {t('jobs.queued')}
      </Badge>
    );
  if (!job.lastStatus) return <Nothing />;
  return (
    <div>
      <RunStatusBadge status={job.lastStatus} />{' '}
      <Text span size="xs" c="dimmed">
        <When at={job.lastRunAt} />
      </Text>
    </div>
  );
}

export function useRunJob() {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const notify = useNotify();
  return useMutation({
    mutationFn: (job: Job) => runJob(slug, job.id),
    onSuccess: (job) => {
      notify({ text: t('jobs.requested', { name: job.name }) });
      return client.invalidateQueries({ queryKey: ['o', slug, 'jobs'] });
    },
  });
}

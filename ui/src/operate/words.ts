import type { Run, RunStatus } from '../api/operate.types';
import type { Key } from '../i18n/catalogue';
import type { Translate } from '../i18n/I18n';

export const statusWords: Record<RunStatus, Key> = {
  running: 'jobs.status.running',
  success: 'jobs.status.success',
  failed: 'jobs.status.failed',
  timeout: 'jobs.status.timeout',
  cancelled: 'jobs.status.cancelled',
  skipped: 'jobs.status.skipped',
};

export function causeOf(t: Translate, run: Run) {
  if (run.cause === 'retry') return t('jobs.cause.retry', { attempt: String(run.attempt) });
  if (run.cause === 'schedule') return t('jobs.cause.schedule');
  return run.requestedBy ? t('jobs.cause.person', { name: run.requestedBy }) : t('jobs.cause.somebody');
}

/** How far a run is, from 0 to 1; null when nobody knows. */
export const shareOf = ({ progressDone, progressTotal }: { progressDone: number | null; progressTotal: number | null }) =>
  progressDone !== null && progressTotal ? Math.min(progressDone / progressTotal, 1) : null;

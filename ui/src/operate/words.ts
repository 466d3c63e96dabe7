import type { AuditEntry, Run, RunStatus, Severity } from '../api/operate.types';
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

export const severityWords: Record<Severity, Key> = {
  debug: 'severity.debug',
  info: 'severity.info',
  warning: 'severity.warning',
  error: 'severity.error',
  critical: 'severity.critical',
};

export const actorOf = (t: Translate, { actorType, actorName }: AuditEntry) =>
  actorName ?? (actorType === 'api' ? t('audit.key') : t('audit.system'));

const shown = (value: unknown) => (value === undefined || value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value));

/** Field by field, what it was and what it became. */
export function changesOf({ oldValues, newValues }: AuditEntry) {
  const fields = [...new Set([...Object.keys(oldValues ?? {}), ...Object.keys(newValues ?? {})])];
  return fields
    .map((field) => ({ field, before: shown(oldValues?.[field]), after: shown(newValues?.[field]) }))
    .filter(({ before, after }) => before !== after);
}

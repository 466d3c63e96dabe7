import type { AuditFilters, RunStatus, Severity } from '../api/operate.types';
import { isPlainDate } from '../i18n/plain-date';
import { oneOf, textOf } from '../shell/search-params';

const statuses: readonly RunStatus[] = ['running', 'success', 'failed', 'timeout', 'cancelled', 'skipped'];

export const jobSearch = (search: Record<string, unknown>): { status?: RunStatus; run?: string } => ({
  status: oneOf(statuses, search.status),
  run: textOf(search.run),
});

export const severities: readonly Severity[] = ['debug', 'info', 'warning', 'error', 'critical'];

/** Days in the address; instants in the request. */
export interface AuditSearch extends AuditFilters {
  entry?: string;
}

export const auditSearch = (search: Record<string, unknown>): AuditSearch => ({
  actor: textOf(search.actor),
  action: textOf(search.action),
  object: textOf(search.object),
  objectId: textOf(search.objectId),
  from: isPlainDate(search.from) ? search.from : undefined,
  to: isPlainDate(search.to) ? search.to : undefined,
  severity: oneOf(severities, search.severity),
  text: textOf(search.text),
  entry: textOf(search.entry),
});

export const settingsSearch = (search: Record<string, unknown>): { find?: string; environment?: string; setting?: string } => ({
  find: textOf(search.find),
  environment: textOf(search.environment),
  setting: textOf(search.setting),
});

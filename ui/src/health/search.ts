import type { ErrorScope, ErrorState } from '../api/health.types';
import { oneOf, textOf } from '../shell/search-params';

export const healthTabs = ['checks', 'errors', 'database'] as const;
export type HealthTab = (typeof healthTabs)[number];

/** A day, a week, a month. */
export const periods = ['24', '168', '720'] as const;
export type Period = (typeof periods)[number];

const states: readonly (ErrorState | 'any')[] = ['open', 'resolved', 'ignored', 'any'];
const scopes: readonly ErrorScope[] = ['organization', 'installation'];
const severities = ['error', 'critical'] as const;

export interface HealthSearch {
  part?: HealthTab;
  hours?: Period;
  /** Service and name of the check that is open. */
  check?: string;
  /** The error that is open. */
  error?: string;
  state?: ErrorState | 'any';
  severity?: 'error' | 'critical';
  scope?: ErrorScope;
  text?: string;
}

export const healthSearch = (search: Record<string, unknown>): HealthSearch => ({
  part: oneOf(healthTabs, search.part),
  hours: oneOf(periods, typeof search.hours === 'number' ? String(search.hours) : search.hours),
  check: textOf(search.check),
  error: textOf(search.error),
  state: oneOf(states, search.state),
  severity: oneOf(severities, search.severity),
  scope: oneOf(scopes, search.scope),
  text: textOf(search.text),
});

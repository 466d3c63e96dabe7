import type { Check, CheckStatus, ErrorState, HealthStatus } from '../api/health.types';
import type { Key } from '../i18n/catalogue';
import type { HealthTab, Period } from './search';

export const statusWords: Record<CheckStatus, Key> = {
  healthy: 'health.status.healthy',
  degraded: 'health.status.degraded',
  unhealthy: 'health.status.unhealthy',
  silent: 'health.status.silent',
};

export const tabWords: Record<HealthTab, Key> = {
  checks: 'health.tab.checks',
  errors: 'health.tab.errors',
  database: 'health.tab.database',
};

export const periodWords: Record<Period, Key> = { '24': 'health.period.day', '168': 'health.period.week', '720': 'health.period.month' };

export const stateWords: Record<ErrorState, Key> = {
  open: 'errors.state.open',
  resolved: 'errors.state.resolved',
  ignored: 'errors.state.ignored',
};

export const keyOf = ({ service, name, ofOrganization }: Pick<Check, 'service' | 'name' | 'ofOrganization'>) =>
  `${ofOrganization ? 'own' : 'all'}/${service}/${name}`;

/** How many pieces of a history were of each status: what a strip says in words. */
export function countsOf(history: (HealthStatus | null)[]) {
  const count = (status: HealthStatus | null) => history.filter((piece) => piece === status).length;
  return { degraded: count('degraded'), unhealthy: count('unhealthy'), unknown: count(null) };
}

/** The last word of a type is what people call it. */
export const shortType = (type: string) => type.split('.').at(-1)!;

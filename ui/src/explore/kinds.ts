import type { Kind } from '../api/analytics.types';
import type { Key } from '../i18n/catalogue';

/** Apart from all other words, because the palette knows them before the page is loaded. */
export const kindNames: Record<Kind, Key> = {
  trend: 'explore.kind.trend',
  funnel: 'explore.kind.funnel',
  retention: 'explore.kind.retention',
  paths: 'explore.kind.paths',
  lifecycle: 'explore.kind.lifecycle',
  stickiness: 'explore.kind.stickiness',
};

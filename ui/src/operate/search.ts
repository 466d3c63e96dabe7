import type { RunStatus } from '../api/operate.types';
import { oneOf, textOf } from '../shell/search-params';

const statuses: readonly RunStatus[] = ['running', 'success', 'failed', 'timeout', 'cancelled', 'skipped'];

export const jobSearch = (search: Record<string, unknown>): { status?: RunStatus; run?: string } => ({
  status: oneOf(statuses, search.status),
  run: textOf(search.run),
});

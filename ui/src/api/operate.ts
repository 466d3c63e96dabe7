import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { request, requestBlob } from './client';
import type {
  ApiKey,
  AuditFilters,
  AuditPage,
  AuditWords,
  IssuedKey,
  Job,
  JobDetail,
  Json,
  KeyUsage,
  RateLimit,
  Run,
  RunDetail,
  Runs,
  Setting,
  SettingChange,
  Settings,
} from './operate.types';

/** Keys begin with the organization, so that switching it never shows another's data. */
const key = (organization: string, ...rest: unknown[]) => ['o', organization, ...rest] as const;

const jobPath = (id: string, act = '') => `/jobs/${encodeURIComponent(id)}${act}`;
const runPath = (id: string, act = '') => `/jobs/runs/${encodeURIComponent(id)}${act}`;

export const jobsQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'jobs'),
    queryFn: ({ signal }) => request<{ items: Job[] }>('/jobs', { organization, signal }),
    refetchInterval: 5_000,
  });

export const jobQuery = (organization: string, id: string) =>
  queryOptions({
    queryKey: key(organization, 'jobs', id),
    queryFn: ({ signal }) => request<JobDetail>(jobPath(id), { organization, signal }),
    refetchInterval: 3_000,
  });

export const runsQuery = (organization: string, id: string, status: string | undefined) =>
  infiniteQueryOptions({
    queryKey: key(organization, 'jobs', id, 'runs', status ?? ''),
    queryFn: ({ signal, pageParam }) => request<Runs>(jobPath(id, '/runs'), { organization, query: { status, before: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.before ?? undefined,
    refetchInterval: 3_000,
    placeholderData: keepPreviousData,
  });

export const runQuery = (organization: string, id: string) =>
  queryOptions({
    queryKey: key(organization, 'runs', id),
    queryFn: ({ signal }) => request<RunDetail>(runPath(id), { organization, signal }),
    refetchInterval: (query) => (query.state.data && query.state.data.run.status !== 'running' ? false : 1_500),
  });

export const scheduleQuery = (organization: string, cron: string, timeZone: string) =>
  queryOptions({
    queryKey: key(organization, 'schedule', cron, timeZone),
    queryFn: ({ signal }) => request<{ next: string[] }>('/jobs/schedule', { organization, query: { cron, timeZone }, signal }),
    retry: false,
  });

export const changeJob = (
  organization: string,
  id: string,
  changes: Partial<Pick<Job, 'cronExpression' | 'timeZone' | 'timeoutSeconds' | 'maxRetries' | 'missedRuns' | 'isEnabled'>>,
) => request<Job>(jobPath(id), { method: 'PUT', organization, body: changes });

export const runJob = (organization: string, id: string) => request<Job>(jobPath(id, '/run'), { method: 'POST', organization });

export const cancelRun = (organization: string, id: string) => request<Run>(runPath(id, '/cancel'), { method: 'POST', organization });

export const auditQuery = (organization: string, filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: key(organization, 'audit', filters),
    queryFn: ({ signal, pageParam }) => request<AuditPage>('/audit', { organization, query: { ...filters, before: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.before ?? undefined,
    placeholderData: keepPreviousData,
  });

export const auditWordsQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'audit-words'),
    queryFn: ({ signal }) => request<AuditWords>('/audit/words', { organization, signal }),
    staleTime: 60_000,
  });

export const downloadAudit = (organization: string, filters: AuditFilters) =>
  requestBlob('/audit/export.csv', { organization, query: { ...filters } });

const settingPath = (setting: string, act = '') => `/settings/${encodeURIComponent(setting)}${act}`;

export const settingsQuery = (organization: string, environment: string | undefined) =>
  queryOptions({
    queryKey: key(organization, 'settings', environment ?? ''),
    queryFn: ({ signal }) => request<Settings>('/settings', { organization, query: { environment }, signal }),
    placeholderData: keepPreviousData,
  });

export const settingHistoryQuery = (organization: string, setting: string, environment: string) =>
  queryOptions({
    queryKey: key(organization, 'settings', environment, setting),
    queryFn: ({ signal }) =>
      request<{ items: SettingChange[] }>(settingPath(setting, '/history'), { organization, query: { environment }, signal }),
  });

export const changeSetting = (
  organization: string,
  setting: string,
  body: { environment: string; value: Json; reason?: string; isSensitive?: boolean; description?: string },
) => request<Setting>(settingPath(setting), { method: 'PUT', organization, body });

export const resetSetting = (organization: string, setting: string, environment: string, reason: string) =>
  request<Setting | null>(settingPath(setting), { method: 'DELETE', organization, query: { environment, reason } });

const keyPath = (id: string, act = '') => `/keys/${encodeURIComponent(id)}${act}`;
const limitPath = (id: string) => `/rate-limits/${encodeURIComponent(id)}`;

export const keysQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'keys'),
    queryFn: ({ signal }) => request<{ items: ApiKey[] }>('/keys', { organization, signal }),
    refetchInterval: 30_000,
  });

export const keyUsageQuery = (organization: string, id: string) =>
  queryOptions({
    queryKey: key(organization, 'keys', id, 'usage'),
    queryFn: ({ signal }) => request<KeyUsage>(keyPath(id, '/usage'), { organization, query: { days: 30 }, signal }),
  });

export const rateLimitsQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'rate-limits'),
    queryFn: ({ signal }) => request<{ items: RateLimit[] }>('/rate-limits', { organization, signal }),
  });

export interface NewKey {
  kind: 'write' | 'secret';
  name: string;
  /** Left out: the one worked in, or the first. */
  workspaceId?: string;
  scopes: string[];
  allowedOrigins: string[];
  allowedAddresses: string[];
  expiresAt: string | null;
}

export const createKey = (organization: string, body: NewKey) => request<IssuedKey>('/keys', { method: 'POST', organization, body });

export const rotateKey = (organization: string, id: string, overlapHours: number) =>
  request<IssuedKey>(keyPath(id, '/rotate'), { method: 'POST', organization, body: { overlapHours } });

export const revokeKey = (organization: string, id: string) => request<ApiKey>(keyPath(id), { method: 'DELETE', organization });

export const createRateLimit = (organization: string, body: Omit<RateLimit, 'id' | 'keyName' | 'isActive'>) =>
  request<RateLimit>('/rate-limits', { method: 'POST', organization, body });

export const changeRateLimit = (organization: string, id: string, body: Partial<RateLimit>) =>
  request<RateLimit>(limitPath(id), { method: 'PUT', organization, body });

export const deleteRateLimit = (organization: string, id: string) => request<void>(limitPath(id), { method: 'DELETE', organization });

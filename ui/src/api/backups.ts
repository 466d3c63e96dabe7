import { queryOptions } from '@tanstack/react-query';
import { request } from './client';

/** The contract of /api/backups. */
export interface BackupsView {
  enabled: boolean;
  dailyAt: string | null;
  keepDays: number;
  testDays: number;
  next: string | null;
  newest: string | null;
  running: {
    kind: 'backup' | 'test';
    name: string | null;
    node: string;
    askedBy: string | null;
    startedAt: string;
    bytes: number;
    expectedBytes: number | null;
  } | null;
  archive: { folder: string; from: string | null; to: string | null; bytes: number; limitBytes: number; problem: string | null } | null;
  items: Backup[];
  failures: { startedAt: string; node: string; askedBy: string | null; problem: string }[];
}

export interface Backup {
  name: string;
  startedAt: string;
  seconds: number;
  bytes: number;
  rows: number;
  /** Stored files that are not in it, since their bytes were lost already: how many, and the first hundred. */
  lost: { count: number; some: string[] } | null;
  node: string;
  here: boolean;
  askedBy: string | null;
  copiedAt: string | null;
  copyProblem: string | null;
  test: BackupTest | null;
}

export interface BackupTest {
  startedAt: string;
  seconds: number;
  passed: boolean;
  problem: string | null;
  checks: { name: string; faults: number; detail: string }[];
}

export const backupsKey = (organization: string) => ['o', organization, 'backups'] as const;

export const backupsQuery = (organization: string) =>
  queryOptions({
    queryKey: backupsKey(organization),
    queryFn: ({ signal }) => request<BackupsView>('/backups', { organization, signal }),
    refetchInterval: (query) => (query.state.data?.running ? 1_500 : 10_000),
  });

export const startBackup = (organization: string) => request<BackupsView>('/backups', { method: 'POST', organization });

export const testBackup = (organization: string, name: string) =>
  request<BackupsView>(`/backups/${encodeURIComponent(name)}/test`, { method: 'POST', organization });

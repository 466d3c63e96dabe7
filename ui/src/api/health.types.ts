/** The contract of /api/health, /api/errors and /api/operator/database. */

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';
export type CheckStatus = HealthStatus | 'silent';

export interface Check {
  ofOrganization: boolean;
  service: string;
  name: string;
  status: CheckStatus;
  /** Which fault it is, for words of ours; detail says it in English. Both are told to operators only. */
  code: string | null;
  detail: string | null;
  data: Record<string, unknown> | null;
  responseMs: number | null;
  checkedAt: string;
  uptime: number;
  changedAt: string | null;
  changes: number;
  history: (HealthStatus | null)[];
}

export interface NodeFacts {
  memory?: number;
  processors?: number;
  errorsDropped?: number;
}

export interface Health {
  status: HealthStatus | null;
  isOperator: boolean;
  from: string;
  to: string;
  checks: Check[];
  nodes: { name: string; version: string; startedAt: string; seenAt: string; facts: NodeFacts }[];
}

export interface CheckDetail {
  service: string;
  name: string;
  from: string;
  to: string;
  points: { at: string; averageMs: number | null; mostMs: number | null; looks: number; bad: number }[];
  changes: {
    at: string;
    from: HealthStatus | null;
    to: HealthStatus;
    code: string | null;
    detail: string | null;
    data: Record<string, unknown> | null;
  }[];
}

export type ErrorState = 'open' | 'resolved' | 'ignored';
export type ErrorScope = 'organization' | 'installation';

export interface ErrorGroup {
  id: string;
  organization: string | null;
  source: string;
  type: string;
  message: string;
  place: string | null;
  severity: 'error' | 'critical';
  occurrences: number;
  firstSeen: string;
  lastSeen: string;
  state: ErrorState;
  reopened: number;
  changedAt: string | null;
  changedBy: string | null;
}

export interface ErrorFilters {
  scope?: ErrorScope;
  state?: ErrorState;
  severity?: 'error' | 'critical';
  text?: string;
}

export interface ErrorPage {
  items: ErrorGroup[];
  before: string | null;
  isOperator: boolean;
}

export interface ErrorDetail {
  error: ErrorGroup;
  samples: { at: string; message: string; stack: string | null; request: string | null; context: Record<string, unknown> }[];
}

export type DatabaseSection = 'statements' | 'sessions' | 'tables' | 'unusedIndexes' | 'duplicateIndexes' | 'growth';

export interface Database {
  version: string;
  bytes: number;
  cacheHits: number | null;
  connections: number;
  mostConnections: number;
  deadlocks: number;
  temporaryBytes: number;
  transactionAge: number;
  since: string | null;
  statements: {
    available: boolean;
    howTo: string | null;
    items: {
      role: string;
      text: string;
      calls: number;
      totalMs: number;
      meanMs: number;
      mostMs: number;
      rows: number;
      cacheHits: number | null;
    }[];
  };
  running: {
    pid: number;
    application: string | null;
    state: string | null;
    waitsFor: string | null;
    seconds: number;
    statement: string | null;
  }[];
  waiting: { pid: number; application: string | null; seconds: number; blockedBy: number[]; statement: string | null }[];
  pools: { name: string; used: number; idle: number; most: number; pending: number }[];
  tables: {
    name: string;
    bytes: number;
    indexBytes: number;
    rows: number;
    deadRows: number;
    parts: number;
    vacuumedAt: string | null;
    analyzedAt: string | null;
    grownBytes: number | null;
  }[];
  unusedIndexes: { name: string; table: string; bytes: number }[];
  duplicateIndexes: { name: string; table: string; other: string; bytes: number }[];
  growth: { name: string; days: { day: string; bytes: number }[] }[];
  /** Sections that could not be read; they are empty. */
  unread: DatabaseSection[];
}

/** The contract of /api/jobs, /api/settings, /api/audit and /api/keys. */

export type MissedRuns = 'run_once' | 'skip';
export type RunStatus = 'running' | 'success' | 'failed' | 'timeout' | 'cancelled' | 'skipped';

export interface Job {
  id: string;
  name: string;
  type: string;
  description: string;
  schedule: string;
  cronExpression: string | null;
  frequency: string | null;
  timeZone: string;
  config: unknown;
  timeoutSeconds: number;
  maxRetries: number;
  missedRuns: MissedRuns;
  isEnabled: boolean;
  hasWorker: boolean;
  nextRunAt: string | null;
  requested: boolean;
  runId: string | null;
  runningSince: string | null;
  progressDone: number | null;
  progressTotal: number | null;
  progressNote: string | null;
  retries: number;
  lastRunAt: string | null;
  lastStatus: RunStatus | null;
  lastSeconds: number | null;
  lastError: string | null;
  totalRuns: number;
  successfulRuns: number;
  failedRuns: number;
  meanSeconds: number | null;
}

export interface JobDetail {
  job: Job;
  next: string[];
  statistics: {
    runs: number;
    succeeded: number;
    failed: number;
    timedOut: number;
    cancelled: number;
    skipped: number;
    successRate: number | null;
    medianSeconds: number | null;
    p95Seconds: number | null;
    days: { date: string; succeeded: number; failed: number }[];
  };
}

export interface Run {
  id: string;
  jobId: string;
  jobName: string;
  attempt: number;
  cause: 'schedule' | 'retry' | 'person';
  requestedBy: string | null;
  status: RunStatus;
  plannedAt: string | null;
  startedAt: string;
  finishedAt: string | null;
  seconds: number;
  stopping: boolean;
  progressDone: number | null;
  progressTotal: number | null;
  progressNote: string | null;
  error: string | null;
  result: Record<string, unknown>;
}

export interface RunDetail {
  run: Run;
  log: { number: number; at: string; level: 'info' | 'warning' | 'error'; message: string }[];
}

export interface Runs {
  items: Run[];
  before: string | null;
}

export type Severity = 'debug' | 'info' | 'warning' | 'error' | 'critical';

export interface AuditEntry {
  id: string;
  at: string;
  actorType: 'user' | 'api' | 'system';
  actorId: string | null;
  actorName: string | null;
  actorEmail: string | null;
  actorRole: string | null;
  action: string;
  object: string;
  objectId: string | null;
  objectName: string | null;
  description: string;
  reason: string | null;
  oldValues: Record<string, unknown> | null;
  newValues: Record<string, unknown> | null;
  changedFields: string[] | null;
  subjectId: string | null;
  severity: Severity;
  ipAddress: string | null;
  userAgent: string | null;
  requestId: string | null;
  method: string | null;
  endpoint: string | null;
  isSealed: boolean;
  isEmptied: boolean;
}

export interface AuditPage {
  items: AuditEntry[];
  before: string | null;
}

export interface AuditWords {
  actions: string[];
  objects: string[];
  actors: { id: string; name: string }[];
  head: string | null;
  blocks: number;
}

/** What of the trail is wanted; days are those of the organization. */
export interface AuditFilters {
  actor?: string;
  action?: string;
  object?: string;
  objectId?: string;
  from?: string;
  to?: string;
  severity?: Severity;
  text?: string;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface Setting {
  key: string;
  environment: string;
  category: string;
  type: 'config' | 'feature_flag' | 'limit' | 'secret';
  dataType: 'string' | 'number' | 'boolean' | 'json' | 'object' | 'array';
  value: Json;
  defaultValue: Json;
  isCatalogued: boolean;
  isDefault: boolean;
  isSensitive: boolean;
  hasSecret: boolean;
  rules: { min_value?: number; max_value?: number; allowed_values?: Json[]; regex_pattern?: string };
  description: string | null;
  documentationUrl: string | null;
  requiresRestart: boolean;
  pendingRestart: boolean;
  changedBy: string | null;
  changeReason: string | null;
  changedAt: string | null;
}

export interface Settings {
  environment: string;
  environments: string[];
  items: Setting[];
}

export interface SettingChange {
  id: string;
  at: string;
  by: string | null;
  reason: string | null;
  oldValue: Json;
  newValue: Json;
  isSensitive: boolean;
}

export interface ApiKey {
  id: string;
  kind: 'write' | 'secret';
  name: string;
  publicKey: string | null;
  hint: string | null;
  workspaceId: string;
  workspace: string;
  scopes: string[];
  allowedOrigins: string[];
  allowedAddresses: string[];
  createdAt: string;
  createdBy: string | null;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
  replaces: string | null;
  state: 'active' | 'expired' | 'revoked';
  requests: number;
  errors: number;
}

export interface IssuedKey {
  key: ApiKey;
  secret: string;
}

export interface KeyUsage {
  days: { date: string; requests: number; errors: number; bytesSent: number }[];
  endpoints: { method: string; path: string; requests: number; errors: number; meanMs: number; maxMs: number; bytesSent: number }[];
}

export type CountedBy = 'organization' | 'key' | 'caller';

export interface RateLimit {
  id: string;
  name: string;
  keyId: string | null;
  keyName: string | null;
  route: string;
  countedBy: CountedBy;
  maxRequests: number;
  windowSeconds: number;
  isActive: boolean;
}

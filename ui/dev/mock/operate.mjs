/** Jobs, settings, activity and keys for the mock. */
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const later = (minutes) => ago(-minutes);

const job = (id, name, type, schedule, description, more = {}) => ({
  id,
  name,
  type,
  description,
  schedule,
  cronExpression: schedule,
  frequency: null,
  timeZone: 'UTC',
  config: {},
  timeoutSeconds: 3600,
  maxRetries: 3,
  missedRuns: 'run_once',
  isEnabled: true,
  hasWorker: true,
  nextRunAt: later(220),
  requested: false,
  runId: null,
  runningSince: null,
  progressDone: null,
  progressTotal: null,
  progressNote: null,
  retries: 0,
  lastRunAt: ago(1220),
  lastStatus: 'success',
  lastSeconds: 12.4,
  lastError: null,
  totalRuns: 214,
  successfulRuns: 211,
  failedRuns: 3,
  meanSeconds: 11.8,
  ...more,
});

export const jobs = () => [
  job('j1', 'daily_customer_metrics', 'metric_calculation', '0 2 * * *', 'The day’s figures'),
  job('j2', 'hourly_segment_refresh', 'segment_update', '0 * * * *', 'Who is in the dynamic segments', {
    runId: 'r1',
    runningSince: ago(1),
    progressDone: 34,
    progressTotal: 100,
    nextRunAt: later(40),
  }),
  job('j3', 'weekly_cohort_analysis', 'cohort_refresh', '0 3 * * 1', 'Retention of the last three periods', {
    lastStatus: 'failed',
    lastError: 'The database was away.',
  }),
  job('j4', 'warehouse', 'data_sync', '*/15 * * * *', 'Fetches from a data connection', {
    hasWorker: false,
    isEnabled: false,
    nextRunAt: null,
    lastStatus: null,
    lastRunAt: null,
  }),
];

const run = (id, status, minutes, more = {}) => ({
  id,
  jobId: 'j1',
  jobName: 'daily_customer_metrics',
  attempt: 1,
  cause: 'schedule',
  requestedBy: null,
  status,
  plannedAt: ago(minutes),
  startedAt: ago(minutes),
  finishedAt: status === 'running' ? null : ago(minutes - 1),
  seconds: 12.4,
  stopping: false,
  progressDone: status === 'running' ? 34 : null,
  progressTotal: status === 'running' ? 100 : null,
  progressNote: status === 'running' ? 'Segment “Loyal”' : null,
  error: status === 'failed' ? 'The database was away.' : null,
  result: status === 'success' ? { metrics: 3 } : {},
  ...more,
});
export const runs = () => [
  run('r1', 'running', 1),
  run('r2', 'success', 1440, { cause: 'person', requestedBy: 'Ada Okafor' }),
  run('r3', 'failed', 2880),
  run('r4', 'skipped', 4320),
];
export const jobDetail = (id) => ({
  job: jobs().find((one) => one.id === id),
  next: [220, 1660, 3100, 4540, 5980].map(later),
  statistics: {
    runs: 30,
    succeeded: 29,
    failed: 1,
    timedOut: 0,
    cancelled: 0,
    skipped: 0,
    successRate: 29 / 30,
    medianSeconds: 11.2,
    p95Seconds: 19.6,
    days: [],
  },
});
export const runDetail = (id) => ({
  run: runs().find((one) => one.id === id),
  log: ['Began', 'Figures of 2026-11-20', 'Written'].map((message, i) => ({ number: i + 1, at: ago(5 - i), level: 'info', message })),
});

const setting = (key, category, dataType, value, description, more = {}) => ({
  key,
  environment: 'production',
  category,
  type: 'limit',
  dataType,
  value,
  defaultValue: value,
  isCatalogued: true,
  isDefault: true,
  isSensitive: false,
  hasSecret: false,
  rules: {},
  description,
  documentationUrl: null,
  requiresRestart: false,
  pendingRestart: false,
  changedBy: null,
  changeReason: null,
  changedAt: null,
  ...more,
});
export const settings = () => [
  setting('email.default_sender_name', 'email', 'string', 'CDP Platform', 'Default sender name for system emails'),
  setting('mail.password', 'email', 'string', null, 'Of the relay', {
    defaultValue: null,
    isCatalogued: false,
    isDefault: false,
    isSensitive: true,
    hasSecret: true,
  }),
  setting('features.advanced_analytics', 'features', 'boolean', true, 'Enable advanced analytics features'),
  setting('platform.max_dashboard_tiles', 'limits', 'number', 70, 'Maximum number of tiles per dashboard', {
    defaultValue: 50,
    isDefault: false,
    rules: { min_value: 1, max_value: 1000 },
    changedBy: 'Ada Okafor',
    requiresRestart: true,
    pendingRestart: true,
  }),
  setting('collection.blocked_ids', 'collection', 'array', ['anonymous', 'guest'], 'Ids that are nobody’s'),
];
export const history = () => [
  { id: 'h2', at: ago(60), by: 'Ada Okafor', reason: 'Bigger screens', oldValue: 60, newValue: 70, isSensitive: false },
  { id: 'h1', at: ago(9000), by: null, reason: null, oldValue: null, newValue: 60, isSensitive: false },
];

const entry = (id, minutes, action, object, objectName, oldValues, newValues, more = {}) => ({
  id,
  at: ago(minutes),
  actorType: 'user',
  actorId: 'u1',
  actorName: 'Ada Okafor',
  actorEmail: 'ada@example.org',
  actorRole: 'admin',
  action,
  object,
  objectId: id,
  objectName,
  description: '',
  reason: null,
  oldValues,
  newValues,
  changedFields: null,
  subjectId: null,
  severity: 'info',
  ipAddress: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0',
  requestId: '4f0c1a',
  method: 'PUT',
  endpoint: '/api/settings/{key}',
  isSealed: minutes > 1,
  isEmptied: false,
  ...more,
});
export const audit = () => [
  entry(
    'a1',
    0,
    'update',
    'setting',
    'platform.max_dashboard_tiles',
    { setting_value: 60 },
    { setting_value: 70 },
    { reason: 'Bigger screens' },
  ),
  entry('a2', 30, 'read', 'customer', null, null, null),
  entry('a3', 90, 'create', 'api_key', 'Warehouse', null, { name: 'Warehouse', scopes: ['data:read'] }, { severity: 'warning' }),
  entry(
    'a4',
    200,
    'update',
    'job',
    'warehouse',
    { is_enabled: true },
    { is_enabled: false },
    { actorType: 'system', actorId: null, actorName: null },
  ),
];
export const auditWords = () => ({
  actions: ['create', 'read', 'update'],
  objects: ['api_key', 'customer', 'job', 'setting'],
  actors: [{ id: 'u1', name: 'Ada Okafor' }],
  head: '5b1f'.repeat(16),
  blocks: 412,
});

const key = (id, kind, name, more = {}) => ({
  id,
  kind,
  name,
  publicKey: kind === 'write' ? 'wk_4f9a1c7e2b8d4a6f9c03e5d71a2b6c8e' : null,
  hint: kind === 'secret' ? 'sk_Zx81q' : null,
  workspaceId: 'w1',
  workspace: 'Shop',
  scopes: [],
  allowedOrigins: [],
  allowedAddresses: [],
  createdAt: ago(90_000),
  createdBy: 'Ada Okafor',
  expiresAt: null,
  lastUsedAt: ago(2),
  revokedAt: null,
  replaces: null,
  state: 'active',
  requests: 48_210,
  errors: 12,
  ...more,
});
export const keys = () => [
  key('k1', 'write', 'Web shop', { allowedOrigins: ['https://shop.example.com'] }),
  key('k2', 'secret', 'Warehouse', { scopes: ['data:read'], allowedAddresses: ['10.0.0.0/8'], expiresAt: later(60_000) }),
  key('k3', 'secret', 'Old importer', { state: 'revoked', lastUsedAt: null, requests: 0, errors: 0 }),
];
export const usage = () => ({
  days: Array.from({ length: 30 }, (_, i) => ({
    date: ago((29 - i) * 1440).slice(0, 10),
    requests: 900 + ((i * 137) % 800),
    errors: i % 7,
  })),
  endpoints: [
    { method: 'POST', path: '/v1/batch', requests: 41_000, errors: 8, meanMs: 14.2, maxMs: 180 },
    { method: 'GET', path: '/rest/v1/{**path}', requests: 7_210, errors: 4, meanMs: 3.1, maxMs: 95 },
  ],
});
export const limits = () => [
  {
    id: 'l1',
    name: 'Everybody',
    keyId: null,
    keyName: null,
    route: '*',
    countedBy: 'key',
    maxRequests: 6000,
    windowSeconds: 60,
    isActive: true,
  },
];

const backup = (days, more = {}) => ({
  name: `2026010${9 - days}T023000Z`,
  startedAt: ago(days * 1440),
  seconds: 41,
  bytes: 412_000_000 - days * 1_900_000,
  rows: 10_214_000 - days * 31_000,
  node: 'clientele-1',
  lost: null,
  here: true,
  askedBy: null,
  copiedAt: ago(days * 1440 - 1),
  copyProblem: null,
  test: null,
  ...more,
});

export const backups = (empty) => ({
  enabled: true,
  dailyAt: '02:30',
  keepDays: 30,
  testDays: 7,
  next: later(300),
  newest: empty ? null : ago(1140),
  running: null,
  archive: {
    folder: '/var/lib/clientele/archive',
    from: ago(8_640),
    to: ago(1),
    bytes: 9_400_000_000,
    limitBytes: 21_474_836_480,
    problem: null,
  },
  items: empty
    ? []
    : [
        backup(1, {
          lost: {
            count: 12,
            some: Array.from({ length: 12 }, (_, i) => `0190a6ee-0000-7000-8000-000000000001/0190a6ee-0000-7000-8000-0000000001${10 + i}`),
          },
        }),
        backup(2, {
          test: {
            startedAt: ago(2870),
            seconds: 96,
            passed: true,
            problem: null,
            checks: [{ name: 'log', faults: 0, detail: 'in order' }],
          },
        }),
        backup(3, { askedBy: 'Ada', copiedAt: null, copyProblem: 'The storage does not answer.' }),
      ],
  failures: empty ? [] : [{ startedAt: ago(5900), node: 'clientele-1', askedBy: null, problem: 'pg_dump failed: the disk was full' }],
});

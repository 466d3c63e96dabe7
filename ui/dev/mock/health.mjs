/** Checks, errors and figures of the database for the mock. */
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

const check = (service, name, more = {}) => ({
  ofOrganization: false,
  service,
  name,
  status: 'healthy',
  code: null,
  detail: null,
  data: {},
  responseMs: 3,
  checkedAt: ago(0.5),
  uptime: 1,
  changedAt: null,
  changes: 0,
  history: Array.from({ length: 60 }, (_, i) => (i < 6 ? null : 'healthy')),
  ...more,
});

export const health = (operator) => ({
  status: 'unhealthy',
  isOperator: operator,
  from: ago(1440),
  to: ago(0),
  checks: [
    check('analytics', 'timelines (node-1)', { data: { builtShare: 1, lagSeconds: 0.3 } }),
    check('log', 'consumer customers.figures', { data: { lagEvents: 12, lagSeconds: 0.4, eventsRead: 150_000 } }),
    check('log', 'watermark', { responseMs: 1 }),
    check('node', 'disk (node-1)', {
      status: 'degraded',
      code: operator ? 'disk_low' : null,
      data: operator ? { freeBytes: 14_200_000_000, totalBytes: 200_000_000_000 } : null,
      detail: operator ? '14.2 GB of 200.0 GB are free. Make room, or move the data folder to a larger disk.' : null,
      changedAt: ago(400),
      changes: 1,
      history: Array.from({ length: 60 }, (_, i) => (i < 42 ? 'healthy' : 'degraded')),
    }),
    check('platform', 'database'),
    check('platform', 'mail server', {
      status: 'unhealthy',
      code: operator ? 'mail_away' : null,
      data: operator ? { server: 'mail.example.org:587', error: 'ConnectionRefused' } : null,
      detail: operator ? 'mail.example.org:587 cannot be reached (ConnectionRefused). Check CLIENTELE_SMTP and the network.' : null,
      responseMs: 21,
      uptime: 0.964,
      changedAt: ago(52),
      changes: 3,
      history: Array.from({ length: 60 }, (_, i) => (i > 57 || i === 20 ? 'unhealthy' : 'healthy')),
    }),
    check('wave', 'payments', { ofOrganization: true, responseMs: 182, uptime: 0.998 }),
  ],
  nodes: operator
    ? [
        {
          name: 'node-1',
          version: '0.1.0',
          startedAt: ago(4000),
          seenAt: ago(0.5),
          facts: { memory: 182_000_000, processors: 2, errorsDropped: 0 },
        },
      ]
    : [],
});

export const checkDetail = (service, name) => ({
  service,
  name,
  from: ago(1440),
  to: ago(0),
  points: Array.from({ length: 96 }, (_, i) => ({
    at: ago(1440 - i * 15),
    averageMs: 3 + Math.sin(i / 5),
    mostMs: 6 + (i % 7),
    looks: 15,
    bad: 0,
  })),
  changes: [
    {
      at: ago(52),
      from: 'healthy',
      to: 'unhealthy',
      code: 'mail_away',
      detail: 'mail.example.org:587 cannot be reached (ConnectionRefused).',
      data: { server: 'mail.example.org:587', error: 'ConnectionRefused' },
    },
    { at: ago(1440), from: null, to: 'healthy', code: null, detail: null, data: {} },
  ],
});

const error = (id, type, message, more = {}) => ({
  id,
  organization: null,
  source: 'commerce',
  type,
  message,
  place: 'Clientele.Commerce.Overview.GetOverview.Handle',
  severity: 'error',
  occurrences: 12,
  firstSeen: ago(9000),
  lastSeen: ago(12),
  state: 'open',
  reopened: 0,
  changedAt: null,
  changedBy: null,
  ...more,
});

export const errors = () => [
  error('e1', 'Npgsql.PostgresException', '57014 canceling statement due to statement timeout', { occurrences: 1834, reopened: 1 }),
  error('e2', 'System.NullReferenceException', 'Object reference not set to an instance of an object.', {
    severity: 'critical',
    occurrences: 3,
    source: 'messaging',
  }),
];

export const errorDetail = (id) => ({
  error: errors().find((one) => one.id === id) ?? errors()[0],
  samples: [
    {
      at: ago(12),
      message: '57014 canceling statement due to statement timeout',
      stack:
        'Npgsql.PostgresException: 57014 canceling statement due to statement timeout\n   at Clientele.Commerce.Overview.GetOverview.Handle in GetOverview.cs:line 61',
      request: '6b9d3c0f1f4a4f0fb0f5a4f5f5d0c2a1',
      context: { log: '{Method} {Path} failed: {Code}', route: '/api/overview', method: 'GET', code: 'internal_error', node: 'node-1' },
    },
  ],
});

export const database = () => ({
  version: '15.18',
  bytes: 8_214_000_000,
  cacheHits: 0.9934,
  connections: 22,
  mostConnections: 100,
  deadlocks: 0,
  temporaryBytes: 182_000_000,
  transactionAge: 41_800_000,
  since: ago(60 * 24 * 40),
  statements: {
    available: true,
    howTo: null,
    items: [
      {
        role: 'clientele_app',
        text: 'select count(*) from commerce.customer_orders o\nwhere o.organization_id = platform.organization()',
        calls: 18_220,
        totalMs: 81_200,
        meanMs: 4.46,
        mostMs: 912.2,
        rows: 18_220,
        cacheHits: 0.99,
      },
      {
        role: 'clientele_service',
        text: 'select platform.claim_jobs($1)',
        calls: 402_000,
        totalMs: 60_300,
        meanMs: 0.15,
        mostMs: 22.1,
        rows: 120,
        cacheHits: 1,
      },
    ],
  },
  running: [
    {
      pid: 4711,
      application: 'clientele (clientele_app)',
      state: 'active',
      waitsFor: 'DataFileRead',
      seconds: 4.2,
      statement: 'select * from log.events e',
    },
  ],
  waiting: [
    { pid: 4712, application: 'psql', seconds: 12, blockedBy: [4711], statement: 'alter table commerce.products add column x integer' },
  ],
  pools: [
    { name: 'clientele_app', used: 3, idle: 9, most: 40, pending: 0 },
    { name: 'clientele_service', used: 2, idle: 6, most: 20, pending: 0 },
  ],
  tables: [
    {
      name: 'log.events',
      bytes: 5_800_000_000,
      indexBytes: 1_200_000_000,
      rows: 12_400_000,
      deadRows: 1_200,
      parts: 18,
      vacuumedAt: ago(300),
      analyzedAt: ago(300),
      grownBytes: 820_000_000,
    },
    {
      name: 'commerce.customer_orders',
      bytes: 812_000_000,
      indexBytes: 300_000_000,
      rows: 980_000,
      deadRows: 18_000,
      parts: 1,
      vacuumedAt: ago(1200),
      analyzedAt: ago(1200),
      grownBytes: null,
    },
  ],
  unusedIndexes: [{ name: 'commerce.orders_by_source', table: 'commerce.customer_orders', bytes: 42_000_000 }],
  unread: [],
  duplicateIndexes: [{ name: 'public.mine_a', table: 'public.mine', other: 'public.mine_ab', bytes: 12_000_000 }],
  growth: ['', 'log.events', 'commerce.customer_orders'].map((name, i) => ({
    name,
    days: Array.from({ length: 30 }, (_, n) => ({
      day: ago((30 - n) * 1440).slice(0, 10),
      bytes: [8.2e9, 5.8e9, 8.1e8][i] * (0.8 + n / 150),
    })),
  })),
});

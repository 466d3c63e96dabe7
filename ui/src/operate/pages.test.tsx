// @vitest-environment jsdom
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ApiKey, AuditEntry, Job, Run, Setting } from '../api/operate.types';
import { ok, openConsole, session, stubServer } from '../testing';

const patience = { timeout: 8_000 };
const refused = { status: 403, body: { code: 'forbidden', detail: 'no' } };
const broken = { status: 500, body: { code: 'internal_error', traceId: 't-1' } };

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.innerHTML = '';
});

const job: Job = {
  id: 'j',
  name: 'daily_customer_metrics',
  type: 'metric_calculation',
  description: 'The day’s figures',
  schedule: '0 2 * * *',
  cronExpression: '0 2 * * *',
  frequency: null,
  timeZone: 'UTC',
  config: {},
  timeoutSeconds: 3600,
  maxRetries: 3,
  missedRuns: 'run_once',
  isEnabled: true,
  hasWorker: true,
  nextRunAt: '2026-01-02T02:00:00Z',
  requested: false,
  runId: null,
  runningSince: null,
  progressDone: null,
  progressTotal: null,
  progressNote: null,
  retries: 0,
  lastRunAt: '2026-01-01T02:00:00Z',
  lastStatus: 'failed',
  lastSeconds: 3,
  lastError: 'no answer',
  totalRuns: 4,
  successfulRuns: 3,
  failedRuns: 1,
  meanSeconds: 2,
};

const run: Run = {
  id: 'r',
  jobId: 'j',
  jobName: job.name,
  attempt: 1,
  cause: 'person',
  requestedBy: 'Ada',
  status: 'running',
  plannedAt: null,
  startedAt: '2026-01-01T02:00:00Z',
  finishedAt: null,
  seconds: 3,
  stopping: false,
  progressDone: 3,
  progressTotal: 12,
  progressNote: 'the third',
  error: null,
  result: {},
};

describe('jobs', () => {
  it('says how each went and runs one now', async () => {
    const sent: unknown[] = [];
    stubServer({
      '/session': ok(session()),
      '/jobs': ok({ items: [job, { ...job, id: 'k', name: 'sync', hasWorker: false, isEnabled: false, nextRunAt: null }] }),
      'POST /jobs/j/run': () => {
        sent.push('run');
        return { status: 202, body: job };
      },
    });
    openConsole('/o/retail/settings/jobs');
    expect(await screen.findByRole('link', { name: job.name }, patience)).toBeTruthy();
    expect(screen.getAllByText('Failed').length).toBe(2);
    expect(screen.getByText('Its module is not installed')).toBeTruthy();
    expect(screen.getByText('Switched off')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: `Run now: ${job.name}` }));
    await waitFor(() => expect(sent).toEqual(['run']));
    expect((await screen.findAllByText(/as soon as a worker is free/, undefined, patience)).length).toBeGreaterThan(0);
  });

  it('shows a run while it goes on and cancels it', async () => {
    let cancelled = 0;
    stubServer({
      '/session': ok(session()),
      '/jobs/j': ok({
        job: { ...job, runId: 'r' },
        next: ['2026-01-02T02:00:00Z'],
        statistics: {
          runs: 4,
          succeeded: 3,
          failed: 1,
          timedOut: 0,
          cancelled: 0,
          skipped: 0,
          successRate: 0.75,
          medianSeconds: 2,
          p95Seconds: 3,
          days: [],
        },
      }),
      '/jobs/j/runs': ok({ items: [run], before: null }),
      '/jobs/runs/r': ok({ run, log: [{ number: 1, at: run.startedAt, level: 'info', message: 'began well' }] }),
      'POST /jobs/runs/r/cancel': () => {
        cancelled++;
        return { status: 202, body: { ...run, stopping: true } };
      },
    });
    openConsole('/o/retail/settings/jobs/j');
    fireEvent.click(await screen.findByRole('button', { name: /^Run of / }, patience));
    expect(await screen.findByText(/began well/, undefined, patience)).toBeTruthy();
    expect(screen.getByText('3 of 12')).toBeTruthy();
    expect(screen.getAllByText('Ada asked for it').length).toBe(2);
    fireEvent.click(screen.getByRole('button', { name: 'Cancel the run' }));
    await waitFor(() => expect(cancelled).toBe(1));
  });

  it('is not for everybody, and says what failed', async () => {
    stubServer({ '/session': ok(session({}, 'viewer')), '/jobs': refused });
    openConsole('/o/retail/settings/jobs');
    expect(await screen.findByText('You may not do this', undefined, patience)).toBeTruthy();
    vi.unstubAllGlobals();
    document.body.innerHTML = '';
    stubServer({ '/session': ok(session()), '/jobs': broken });
    openConsole('/o/retail/settings/jobs');
    expect(await screen.findByText('The jobs could not be loaded', undefined, patience)).toBeTruthy();
  });
});

const entry: AuditEntry = {
  id: 'e',
  at: '2026-01-01T02:00:00Z',
  actorType: 'user',
  actorId: 'u',
  actorName: 'Ada',
  actorEmail: 'ada@example.org',
  actorRole: 'admin',
  action: 'update',
  object: 'setting',
  objectId: 's',
  objectName: 'mail.password',
  description: '',
  reason: 'new provider',
  oldValues: { setting_value: 50 },
  newValues: { setting_value: 70 },
  changedFields: ['setting_value'],
  subjectId: null,
  severity: 'warning',
  ipAddress: '203.0.113.7',
  userAgent: 'Firefox',
  requestId: 'abc',
  method: 'PUT',
  endpoint: '/api/settings/{key}',
  isSealed: true,
  isEmptied: false,
};

describe('activity', () => {
  it('shows who changed what, field by field, and asks with its filters', async () => {
    const asked = stubServer({
      '/session': ok(session()),
      '/audit': ok({ items: [entry], before: null }),
      '/audit/words': ok({ actions: ['update'], objects: ['setting'], actors: [{ id: 'u', name: 'Ada' }], head: 'ff', blocks: 3 }),
    });
    openConsole('/o/retail/settings/activity?object=setting&severity=warning');
    fireEvent.click(await screen.findByRole('button', { name: /^update setting by Ada/ }, patience));
    const drawer = await screen.findByRole('dialog', undefined, patience);
    expect(within(drawer).getByText('50')).toBeTruthy();
    expect(within(drawer).getByText('70')).toBeTruthy();
    expect(within(drawer).getByText('203.0.113.7')).toBeTruthy();
    expect(asked.some((url) => url.includes('/audit?') && url.includes('object=setting') && url.includes('severity=warning'))).toBe(true);
  });

  it('says that there is nothing, and what failed', async () => {
    stubServer({ '/session': ok(session()), '/audit': ok({ items: [], before: null }) });
    openConsole('/o/retail/settings/activity');
    expect(await screen.findByText('Nothing was done', undefined, patience)).toBeTruthy();
    vi.unstubAllGlobals();
    document.body.innerHTML = '';
    stubServer({ '/session': ok(session()), '/audit': broken });
    openConsole('/o/retail/settings/activity');
    expect(await screen.findByText('The activity could not be loaded', undefined, patience)).toBeTruthy();
  });
});

const setting: Setting = {
  key: 'platform.max_dashboard_tiles',
  environment: 'production',
  category: 'limits',
  type: 'limit',
  dataType: 'number',
  value: 70,
  defaultValue: 50,
  isCatalogued: true,
  isDefault: false,
  isSensitive: false,
  hasSecret: false,
  rules: { min_value: 1, max_value: 1000 },
  description: 'Tiles of a dashboard',
  documentationUrl: null,
  requiresRestart: true,
  pendingRestart: true,
  changedBy: 'Ada',
  changeReason: null,
  changedAt: '2026-01-01T02:00:00Z',
};
const password: Setting = {
  ...setting,
  key: 'mail.password',
  description: 'Of the relay',
  dataType: 'string',
  value: null,
  defaultValue: null,
  isCatalogued: false,
  isSensitive: true,
  hasSecret: true,
  rules: {},
  requiresRestart: false,
  pendingRestart: false,
};

describe('settings', () => {
  it('puts what is wrong beside the field, and saves with a reason', async () => {
    const sent: unknown[] = [];
    stubServer({
      '/session': ok(session()),
      '/settings': ok({ environment: 'production', environments: ['production'], items: [setting, password] }),
      'PUT /settings/platform.max_dashboard_tiles': (body: { value: number }) => {
        sent.push(body);
        return body.value > 1000
          ? { status: 400, body: { code: 'validation_failed', detail: 'x', errors: { value: ['The value is at most 1000.'] } } }
          : ok({ ...setting, value: body.value });
      },
    });
    openConsole('/o/retail/settings/all');
    const field = await screen.findByRole('textbox', { name: 'Value of platform.max_dashboard_tiles' }, patience);
    expect(screen.getByText('From 1 to 1000.')).toBeTruthy();
    expect(screen.getByText(/a restart is due/)).toBeTruthy();
    fireEvent.change(field, { target: { value: '5000' } });
    fireEvent.click(screen.getByRole('button', { name: 'Save changes' }));
    expect(await screen.findByText('The value is at most 1000.', undefined, patience)).toBeTruthy();
    fireEvent.change(field, { target: { value: 'many' } });
    expect(await screen.findByText('This is no JSON.', undefined, patience)).toBeTruthy();
    fireEvent.change(field, { target: { value: '80' } });
    fireEvent.change(screen.getByRole('textbox', { name: /^Why/ }), { target: { value: 'bigger screens' } });
    fireEvent.click(screen.getByRole('button', { name: 'Save changes' }));
    await waitFor(() => expect(sent.at(-1)).toEqual({ environment: 'production', value: 80, reason: 'bigger screens' }));
    expect(screen.getByPlaceholderText('A value is kept; type another to replace it')).toBeTruthy();
  });

  it('finds by a part of a name and restores an earlier value', async () => {
    const sent: unknown[] = [];
    stubServer({
      '/session': ok(session()),
      '/settings': ok({ environment: 'production', environments: ['production'], items: [setting, password] }),
      '/settings/platform.max_dashboard_tiles/history': ok({
        items: [
          { id: '2', at: '2026-01-02T00:00:00Z', by: 'Ada', reason: 'more', oldValue: 60, newValue: 70, isSensitive: false },
          { id: '1', at: '2026-01-01T00:00:00Z', by: null, reason: null, oldValue: null, newValue: 60, isSensitive: false },
        ],
      }),
      'PUT /settings/platform.max_dashboard_tiles': (body: unknown) => {
        sent.push(body);
        return ok(setting);
      },
    });
    openConsole('/o/retail/settings/all?find=tiles&setting=platform.max_dashboard_tiles');
    expect((await screen.findAllByText('platform.max_dashboard_tiles', undefined, patience)).length).toBe(2);
    expect(screen.queryByText('mail.password')).toBeNull();
    const restore = await screen.findAllByRole('button', { name: /^Restore this/ }, patience);
    expect(restore.length).toBe(1);
    fireEvent.click(restore[0]!);
    await waitFor(() => expect(sent[0]).toMatchObject({ environment: 'production', value: 60 }));
  });
});

const key: ApiKey = {
  id: 'k',
  kind: 'secret',
  name: 'Warehouse',
  publicKey: null,
  hint: 'sk_abcde',
  workspaceId: 'w',
  workspace: 'Shop',
  scopes: ['data:read'],
  allowedOrigins: [],
  allowedAddresses: [],
  createdAt: '2026-01-01T00:00:00Z',
  createdBy: 'Ada',
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  replaces: null,
  state: 'active',
  requests: 12,
  errors: 1,
};

describe('keys', () => {
  it('shows a secret once, after it was issued', async () => {
    let body: unknown;
    stubServer({
      '/session': ok(session()),
      '/keys': ok({ items: [key] }),
      '/rate-limits': ok({ items: [] }),
      'POST /keys': (sent: unknown) => {
        body = sent;
        return { status: 201, body: { key, secret: 'sk_once_only' } };
      },
    });
    openConsole('/o/retail/settings/keys');
    fireEvent.click(await screen.findByRole('button', { name: 'New key' }, patience));
    fireEvent.change(await screen.findByRole('textbox', { name: 'Name' }, patience), { target: { value: 'Warehouse' } });
    fireEvent.change(screen.getByRole('textbox', { name: 'Scopes' }), { target: { value: 'data:read\nevents:write' } });
    fireEvent.click(screen.getByRole('button', { name: 'Issue the key' }));
    expect(await screen.findByText('sk_once_only', undefined, patience)).toBeTruthy();
    expect(body).toMatchObject({ kind: 'secret', name: 'Warehouse', scopes: ['data:read', 'events:write'], expiresAt: null });
    fireEvent.click(screen.getAllByRole('button', { name: 'Close' }).at(-1)!);
    await waitFor(() => expect(screen.queryByText('sk_once_only')).toBeNull());
  });

  it('revokes only what is typed out, and shows what a key asked for', async () => {
    let revoked = 0;
    stubServer({
      '/session': ok(session()),
      '/keys': ok({ items: [key] }),
      '/rate-limits': ok({ items: [] }),
      '/keys/k/usage': ok({
        days: [{ date: '2026-01-01', requests: 12, errors: 1, bytesSent: 2048 }],
        endpoints: [{ method: 'GET', path: '/rest/v1/{**path}', requests: 12, errors: 1, meanMs: 4.2, maxMs: 9, bytesSent: 2048 }],
      }),
      'DELETE /keys/k': () => {
        revoked++;
        return ok({ ...key, state: 'revoked' });
      },
    });
    openConsole('/o/retail/settings/keys');
    fireEvent.click(await screen.findByRole('button', { name: 'Usage of Warehouse' }, patience));
    expect(await screen.findByText('4.2 ms', undefined, patience)).toBeTruthy();
    fireEvent.click(screen.getAllByRole('button', { name: 'Close' })[0]!);
    fireEvent.click(await screen.findByRole('button', { name: 'Revoke Warehouse' }, patience));
    const confirm = await screen.findByRole('button', { name: 'Revoke' }, patience);
    expect((confirm as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(screen.getByRole('textbox', { name: 'Type Warehouse to go on' }), { target: { value: 'Warehouse' } });
    fireEvent.click(confirm);
    await waitFor(() => expect(revoked).toBe(1));
  });

  it('is not for everybody', async () => {
    stubServer({ '/session': ok(session({}, 'viewer')), '/keys': refused });
    openConsole('/o/retail/settings/keys');
    expect(await screen.findByText('You may not do this', undefined, patience)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'New key' })).toBeNull();
  });
});

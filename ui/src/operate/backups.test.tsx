// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BackupsView } from '../api/backups';
import { ok, openConsole, session, stubServer } from '../testing';

const patience = { timeout: 8_000 };

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.innerHTML = '';
});

const view: BackupsView = {
  enabled: true,
  dailyAt: '02:30',
  keepDays: 30,
  testDays: 7,
  next: '2026-01-03T02:30:00Z',
  newest: '2026-01-02T02:30:00Z',
  running: null,
  archive: null,
  items: [
    {
      name: '20260102T023000Z',
      startedAt: '2026-01-02T02:30:00Z',
      seconds: 4,
      bytes: 5_000_000,
      rows: 12_000,
      lost: { count: 12, some: Array.from({ length: 12 }, (_, i) => `o/f${i}`) },
      node: 'here',
      here: true,
      askedBy: null,
      copiedAt: null,
      copyProblem: 'no answer',
      test: {
        startedAt: '2026-01-02T02:31:00Z',
        seconds: 20,
        passed: false,
        problem: 'Did not pass: log.',
        checks: [{ name: 'log', faults: 2, detail: 'two' }],
      },
    },
    {
      name: '20260101T023000Z',
      startedAt: '2026-01-01T02:30:00Z',
      seconds: 4,
      bytes: 4_000_000,
      rows: 11_000,
      lost: null,
      node: 'there',
      here: false,
      askedBy: 'Ada',
      copiedAt: '2026-01-01T02:31:00Z',
      copyProblem: null,
      test: {
        startedAt: '2026-01-01T02:31:00Z',
        seconds: 20,
        passed: true,
        problem: null,
        checks: [{ name: 'log', faults: 0, detail: '' }],
      },
    },
  ],
  failures: [{ startedAt: '2025-12-31T02:30:00Z', node: 'here', askedBy: null, problem: 'The disk was full.' }],
};

const superAdmin = () => ok(session({}, 'super_admin'));

describe('backups', () => {
  it('says what there is and whether it can be restored, and makes one more', async () => {
    const sent: string[] = [];
    stubServer({
      '/session': superAdmin(),
      '/backups': ok(view),
      'POST /backups': () => {
        sent.push('backup');
        return {
          status: 202,
          body: {
            ...view,
            running: {
              kind: 'backup',
              name: null,
              node: 'here',
              askedBy: 'Ada',
              startedAt: view.newest!,
              bytes: 1_000_000,
              expectedBytes: 5_000_000,
            },
          },
        };
      },
    });
    openConsole('/o/retail/settings/backups');
    expect(await screen.findByText('Did not pass: log.', undefined, patience)).toBeTruthy();
    expect(screen.getByText('Passed')).toBeTruthy();
    expect(screen.getByText(/The newest backup is without 12 stored files/)).toBeTruthy();
    expect(screen.getByText('o/f4')).toBeTruthy();
    expect(screen.queryByText('o/f5')).toBeNull();
    expect(screen.getByText('and 7 more')).toBeTruthy();
    expect(screen.getAllByText('Without 12 stored files')).toHaveLength(1);
    expect(screen.getByText('log: two')).toBeTruthy();
    expect(screen.getByText('not copied elsewhere: no answer')).toBeTruthy();
    expect(screen.getByText('The disk was full.')).toBeTruthy();
    expect(screen.getByText(/Nothing is archived/)).toBeTruthy();
    expect(screen.getByText('clientele restore 20260102T023000Z --yes')).toBeTruthy();
    // One that lies on another node is tried there.
    expect((screen.getByRole('button', { name: 'Try restoring 20260101T023000Z' }) as HTMLButtonElement).disabled).toBe(true);
    fireEvent.click(screen.getByRole('button', { name: 'Back up now' }));
    await waitFor(() => expect(sent).toEqual(['backup']));
    expect(await screen.findByText(/A backup is being made on here/, undefined, patience)).toBeTruthy();
  });

  it('tries one, and says what another is at', async () => {
    stubServer({
      '/session': superAdmin(),
      '/backups': ok(view),
      'POST /backups/20260102T023000Z/test': { status: 409, body: { code: 'backup_running', detail: 'A backup is being made.' } },
    });
    openConsole('/o/retail/settings/backups');
    fireEvent.click(await screen.findByRole('button', { name: 'Try restoring 20260102T023000Z' }, patience));
    expect(await screen.findByText('A backup is being made.', undefined, patience)).toBeTruthy();
  });

  it('begins empty, and shows the window of moments', async () => {
    stubServer({
      '/session': superAdmin(),
      '/backups': ok({
        ...view,
        items: [],
        failures: [],
        archive: { folder: '/a', from: null, to: null, bytes: 2_000_000, limitBytes: 20_000_000_000, problem: 'The disk is away.' },
      }),
    });
    openConsole('/o/retail/settings/backups');
    expect(await screen.findByText('There is no backup yet', undefined, patience)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Back up now' })).toBeTruthy();
    expect(screen.getByText('The disk is away.')).toBeTruthy();
    expect(screen.getByText(/first copy is being taken/)).toBeTruthy();
  });

  it('is not in the way of those who run another organization', async () => {
    stubServer({ '/session': ok(session({}, 'super_admin', false)) });
    openConsole('/o/retail/settings/organization');
    expect(await screen.findByRole('link', { name: 'Roles' }, patience)).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Backups' })).toBeNull();
  });

  it('is not for everybody, and says what failed', async () => {
    stubServer({ '/session': ok(session({}, 'admin')), '/backups': { status: 403, body: { code: 'forbidden', detail: 'no' } } });
    openConsole('/o/retail/settings/backups');
    expect(await screen.findByText('You may not do this', undefined, patience)).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Backups' })).toBeNull();
    vi.unstubAllGlobals();
    document.body.innerHTML = '';
    stubServer({ '/session': superAdmin(), '/backups': { status: 500, body: { code: 'internal_error', traceId: 't-1' } } });
    openConsole('/o/retail/settings/backups');
    expect(await screen.findByText('The backups could not be loaded', undefined, patience)).toBeTruthy();
  });
});

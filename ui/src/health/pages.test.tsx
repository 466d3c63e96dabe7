// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Check } from '../api/health.types';
import { ok, openConsole, session, stubServer } from '../testing';
import findings from './findings/findings.json';
// The mock's own: what the pages are looked at with is what they are tested with.
// @ts-expect-error The mock has no types.
import { checkDetail, database, errorDetail, errors, health } from '../../dev/mock/health.mjs';

const refused = { status: 403, body: { code: 'forbidden', detail: 'no' } };
const broken = { status: 500, body: { code: 'internal_error', traceId: 't-1' } };

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.innerHTML = '';
});

describe('checks', () => {
  it('shows each with its history and opens one', async () => {
    stubServer({
      '/session': ok(session({}, 'super_admin')),
      '/health': ok(health(true)),
      '/health/check': ok(checkDetail('platform', 'mail server')),
    });
    openConsole('/o/retail/settings/health');
    const row = (await screen.findByRole('button', { name: 'Open Platform: Mail server' })).closest('tr')!;
    expect(within(row).getByText('Unhealthy')).toBeTruthy();
    expect(within(row).getByText('96.4%')).toBeTruthy();
    expect(within(row).getByRole('img', { name: /60 parts .* 0 were degraded, 3 unhealthy and 0 not/ })).toBeTruthy();
    expect(screen.getByText('node-1')).toBeTruthy();
    expect(screen.getByText('payments')).toBeTruthy();
    fireEvent.click(within(row).getByRole('button'));
    const drawer = await screen.findByRole('dialog');
    expect(await within(drawer).findByRole('table', { name: 'Changes' })).toBeTruthy();
    expect(within(drawer).getAllByText(/cannot be reached/).length).toBeGreaterThan(0);
  });

  it('speaks French to the French, whatever is found', async () => {
    const [first] = health(true).checks as [Check];
    const checks: Check[] = (findings as Pick<Check, 'service' | 'name' | 'code' | 'detail' | 'data'>[])
      .filter(({ code }) => code)
      .map((found) => ({ ...first, ...found, status: 'degraded' }));
    stubServer({
      '/session': ok(session({ language: 'fr' }, 'super_admin')),
      '/health': ok({ ...health(true), checks }),
      '/health/check': ok(checkDetail('platform', 'mail server')),
    });
    openConsole('/o/retail/settings/health');
    const table = await screen.findByRole('table', { name: 'L’installation' });
    for (const { detail } of checks) expect(within(table).queryByText(detail!)).toBeNull();
    expect(within(table).getByText(/^14,2\sGo libres sur 200\sGo\. Libérez de la place/)).toBeTruthy();
    expect(within(table).getAllByText('Disque (node-1)').length).toBe(2);
    fireEvent.click(within(table).getAllByRole('button', { name: 'Ouvrir Plateforme\u00a0: Serveur de courriel' })[0]!);
    const drawer = await screen.findByRole('dialog', { name: 'Plateforme\u00a0: Serveur de courriel' });
    expect(within(drawer).getByText('platform: mail server')).toBeTruthy();
    expect(within(drawer).getByText('Adresse').nextSibling?.textContent).toBe('mail.example.org:587');
    const changes = await within(drawer).findByRole('table', { name: 'Changements' });
    expect(within(changes).getByText(/^mail\.example\.org:587 est injoignable/)).toBeTruthy();
  });

  it('asks for another period', async () => {
    const asked = stubServer({ '/session': ok(session()), '/health': ok(health(false)) });
    openConsole('/o/retail/settings/health');
    fireEvent.click(await screen.findByRole('radio', { name: '30 days' }));
    await vi.waitFor(() => expect(asked.some((url) => url.includes('hours=720'))).toBe(true));
    expect(screen.queryByRole('tab', { name: 'Database' })).toBeNull();
  });

  it.each([
    ['empty', ok({ ...health(false), checks: [], status: null }), 'Nothing has been looked at yet'],
    ['failed', broken, 'The checks could not be loaded'],
    ['forbidden', refused, 'You may not do this'],
  ])('%s', async (_, answer, text) => {
    stubServer({ '/session': ok(session()), '/health': answer });
    openConsole('/o/retail/settings/health');
    expect(await screen.findByText(new RegExp(text, 'i'))).toBeTruthy();
  });
});

describe('errors', () => {
  it('lists groups, opens one and resolves it', async () => {
    const sent: unknown[] = [];
    stubServer({
      '/session': ok(session()),
      '/errors': ok({ items: errors(), before: null, isOperator: false }),
      '/errors/e1': ok(errorDetail('e1')),
      'PUT /errors/e1': (body: unknown) => {
        sent.push(body);
        return ok({ ...errors()[0], state: 'resolved' });
      },
    });
    openConsole('/o/retail/settings/health?part=errors');
    expect(await screen.findByText('1,834')).toBeTruthy();
    expect(screen.queryByRole('radiogroup', { name: 'Whose errors' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: /^Open PostgresException/ }));
    const drawer = await screen.findByRole('dialog');
    expect(await within(drawer).findByText(/GetOverview.cs:line 61/)).toBeTruthy();
    fireEvent.click(within(drawer).getByRole('button', { name: 'Resolve' }));
    expect((await screen.findAllByText('Resolved. It opens again when it comes back.')).length).toBeGreaterThan(0);
    expect(sent).toEqual([{ state: 'resolved' }]);
  });

  it('shows operators those of the installation', async () => {
    const asked = stubServer({ '/session': ok(session({}, 'super_admin')), '/errors': ok({ items: [], before: null, isOperator: true }) });
    openConsole('/o/retail/settings/health?part=errors');
    expect(await screen.findByText('No errors')).toBeTruthy();
    fireEvent.click(screen.getByRole('radio', { name: 'Installation' }));
    await vi.waitFor(() => expect(asked.some((url) => url.includes('scope=installation') && url.includes('state=open'))).toBe(true));
  });

  it('says when they cannot be loaded', async () => {
    stubServer({ '/session': ok(session()), '/errors': broken });
    openConsole('/o/retail/settings/health?part=errors');
    expect(await screen.findByText('The errors could not be loaded')).toBeTruthy();
  });
});

describe('the database', () => {
  it('shows operators what is slow, what waits and what nothing reads', async () => {
    stubServer({ '/session': ok(session({}, 'super_admin')), '/operator/database': ok(database()) });
    openConsole('/o/retail/settings/health?part=database');
    expect(await screen.findByText('99.34%')).toBeTruthy();
    expect(screen.getByText('Process 4711')).toBeTruthy();
    expect(screen.getByText('commerce.orders_by_source')).toBeTruthy();
    expect(screen.getByText(/customer_orders o/)).toBeTruthy();
  });

  it('says how to switch on what PostgreSQL does not count, and that nobody else may see it', async () => {
    stubServer({
      '/session': ok(session({}, 'super_admin')),
      '/operator/database': ok({
        ...database(),
        statements: { available: false, howTo: 'create extension pg_stat_statements;', items: [] },
        growth: [],
        running: [],
        waiting: [],
      }),
    });
    openConsole('/o/retail/settings/health?part=database');
    expect(await screen.findByText('create extension pg_stat_statements;')).toBeTruthy();
    expect(screen.getByText('Nothing at the moment.')).toBeTruthy();
  });

  it('is not for super administrators of other organizations', async () => {
    stubServer({
      '/session': ok(session({}, 'super_admin')),
      '/operator/database': { status: 403, body: { code: 'not_an_operator', detail: 'no' } },
    });
    openConsole('/o/retail/settings/health?part=database');
    expect(await screen.findByText(/may not do this/i)).toBeTruthy();
  });
});

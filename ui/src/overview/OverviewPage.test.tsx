// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ok, openConsole, session, stubServer } from '../testing';
import { sampleOverview } from './sample';

// There is no canvas in the test's browser; what is drawn is tested as the option it is drawn from.
vi.mock('../components/chart/engine', () => ({ mount: () => ({ set: () => undefined, dispose: () => undefined }), toPng: () => '' }));

const patience = { timeout: 8_000 };
const server = (overview: unknown, role: 'admin' | 'viewer' = 'admin') =>
  stubServer({
    '/session': ok(session({}, role)),
    '/overview': overview,
    '/overview/countries': ok(['United Kingdom', 'France']),
    '/events/newest': ok({ items: [] }),
  });

afterEach(() => vi.unstubAllGlobals());

describe('the overview', () => {
  it('shows figures with their change in words, and lets one be picked', async () => {
    server(ok(sampleOverview));
    const router = openConsole('/o/retail/overview');
    const tile = await screen.findByRole('button', { name: /^Revenue/ }, patience);
    expect(tile.textContent).toContain('25% higher');
    expect(tile.getAttribute('aria-pressed')).toBe('true');
    const repeat = screen.getByRole('button', { name: /^Repeat rate/ });
    expect(repeat.textContent).toContain('5 pts lower');
    fireEvent.click(repeat);
    expect(await screen.findByText('Repeat rate over time', undefined, patience)).toBeTruthy();
    expect(router.state.location.search).toMatchObject({ metric: 'repeatRate' });
    expect(screen.getByRole('img', { name: /Line chart of Repeat rate/ })).toBeTruthy();
  });

  it('filters by a country that is clicked', async () => {
    const asked = server(ok(sampleOverview));
    openConsole('/o/retail/overview?from=2011-12-07&to=2011-12-09');
    const list = await screen.findByRole('list', { name: 'Revenue by country' }, patience);
    fireEvent.click(within(list).getByRole('button', { name: /United Kingdom/ }));
    await vi.waitFor(() => expect(asked).toContain('/api/overview?from=2011-12-07&to=2011-12-09&country=United+Kingdom'));
    expect(within(list).queryByRole('button', { name: /All others/ })).toBeNull();
  });

  it('waits in the final layout', async () => {
    server('never');
    openConsole('/o/retail/overview');
    expect(await screen.findByRole('heading', { level: 1, name: 'Overview' }, patience)).toBeTruthy();
    expect(screen.getAllByRole('status').some((status) => status.textContent === 'Loading')).toBe(true);
  });

  it('says what to do when there is nothing yet', async () => {
    server(ok({ ...sampleOverview, dataRange: null }));
    openConsole('/o/retail/overview');
    expect(await screen.findByText('No orders yet', undefined, patience)).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Import a file' }).getAttribute('href')).toBe('/o/retail/imports/new');
  });

  it('does not offer what a role may not do', async () => {
    server(ok({ ...sampleOverview, dataRange: null }), 'viewer');
    openConsole('/o/retail/overview');
    expect(await screen.findByText('No orders yet', undefined, patience)).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Import a file' })).toBeNull();
  });

  it('says what failed, with the code to quote, and tries again', async () => {
    const asked = server({ status: 500, body: { code: 'internal_error', traceId: 't-42' } });
    openConsole('/o/retail/overview');
    const alert = await screen.findByRole('alert', undefined, patience);
    expect(alert.textContent).toContain('The overview could not be loaded');
    expect(alert.textContent).toContain('internal_error · t-42');
    const before = asked.filter((url) => url === '/api/overview').length;
    fireEvent.click(within(alert).getByRole('button', { name: 'Try again' }));
    await vi.waitFor(() => expect(asked.filter((url) => url === '/api/overview').length).toBeGreaterThan(before));
  });

  it('says so when it is not allowed', async () => {
    server({ status: 403, body: { code: 'forbidden' } });
    openConsole('/o/retail/overview');
    expect(await screen.findByText('You may not do this', undefined, patience)).toBeTruthy();
  });
});

describe('the gate', () => {
  it('asks strangers to sign in and remembers where they were going', async () => {
    stubServer({ '/session': { status: 401, body: { code: 'not_signed_in' } } });
    const router = openConsole('/o/retail/customers?country=France');
    expect(await screen.findByRole('heading', { name: 'Sign in' }, patience)).toBeTruthy();
    expect(router.state.location.search).toEqual({ next: '/o/retail/customers?country=France' });
  });

  it('asks for a password of one’s own first', async () => {
    stubServer({ '/session': ok(session({ mustChangePassword: true })) });
    openConsole('/o/retail/overview');
    expect(await screen.findByRole('heading', { name: 'Choose your password' }, patience)).toBeTruthy();
  });

  it('does not tell a missing organization from a closed one', async () => {
    stubServer({ '/session': ok(session()) });
    openConsole('/o/other/overview');
    expect(await screen.findByRole('heading', { name: 'This organization is not open to you' }, patience)).toBeTruthy();
  });

  it('sends people back when the session ends in between', async () => {
    server({ status: 401, body: { code: 'not_signed_in' } });
    openConsole('/o/retail/overview');
    expect(await screen.findByRole('heading', { name: 'Sign in' }, patience)).toBeTruthy();
  });
});

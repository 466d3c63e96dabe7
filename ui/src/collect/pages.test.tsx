// @vitest-environment jsdom
import { fireEvent, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Source } from '../api/collect.types';
import { ok, openConsole, session, stubServer } from '../testing';

const patience = { timeout: 8_000 };
const source: Source = {
  id: 's',
  name: 'Web shop',
  kind: 'write',
  publicKey: 'wk_1',
  workspace: 'Shop',
  allowedOrigins: [],
  createdAt: '2024-01-01T00:00:00Z',
  lastEventAt: '2024-01-02T00:00:00Z',
  silent: true,
  received: 12,
  stored: 9,
  duplicates: 2,
  quarantined: 1,
  dropped: 0,
  failedRequests: 0,
  lagMs: 1234,
  perMinute: [0, 1, 2],
};
const refused = { status: 403, body: { code: 'forbidden', detail: 'no' } };
const broken = { status: 500, body: { code: 'internal_error', traceId: 't-1' } };

afterEach(() => vi.unstubAllGlobals());

describe('live events', () => {
  it('shows what was sent and why something was refused', async () => {
    stubServer({
      '/session': ok(session()),
      '/events/live': ok({
        events: [
          {
            id: 'e',
            type: 'cup_bought',
            name: 'Cup bought',
            occurredAt: '2024-01-01T00:00:00Z',
            receivedAt: '2024-01-01T00:00:00Z',
            customerId: 'c',
            person: 'Ada',
            properties: { colour: 'teal' },
            context: null,
            source: 'api',
            library: null,
            pageUrl: null,
            device: null,
            country: null,
          },
        ],
        refused: [{ id: 'r', receivedAt: '2024-01-01T00:00:00Z', type: 'dance', problems: ['There is no type "dance".'], payload: {} }],
      }),
    });
    openConsole('/o/retail/live');
    expect(await screen.findByText('Cup bought', undefined, patience)).toBeTruthy();
    expect(screen.getByText(/teal/)).toBeTruthy();
    expect(screen.getByText('There is no type "dance".')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Ada' }).getAttribute('href')).toBe('/o/retail/customers/c');
  });

  it('says what to do when there is nothing, and what failed', async () => {
    stubServer({ '/session': ok(session()), '/events/live': ok({ events: [], refused: [] }) });
    openConsole('/o/retail/live');
    expect(await screen.findByText('No events yet', undefined, patience)).toBeTruthy();
    vi.unstubAllGlobals();
    document.body.innerHTML = '';
    stubServer({ '/session': ok(session()), '/merges': broken });
    openConsole('/o/retail/merges');
    expect(await screen.findByText('The merges could not be loaded', undefined, patience)).toBeTruthy();
  });
});

describe('sources', () => {
  it('shows a silent one and what to paste for each library', async () => {
    stubServer({ '/session': ok(session()), '/sources': ok({ items: [source] }) });
    openConsole('/o/retail/sources');
    expect(await screen.findByText('Silent', undefined, patience)).toBeTruthy();
    expect(screen.getByText('1.2 s')).toBeTruthy();
    expect(screen.getByText(/data-key="wk_1"/)).toBeTruthy();
    fireEvent.click(screen.getByRole('combobox', { name: 'How to send' }));
    fireEvent.click(await screen.findByRole('option', { name: 'curl' }, patience));
    expect(screen.getByText(/curl -u 'wk_1:'/)).toBeTruthy();
  });

  it('is not for everybody', async () => {
    stubServer({ '/session': ok(session({}, 'viewer')), '/sources': refused });
    openConsole('/o/retail/sources');
    expect(await screen.findByText('You may not do this', undefined, patience)).toBeTruthy();
  });
});

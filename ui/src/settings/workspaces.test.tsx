// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { request } from '../api/client';
import type { Workspace } from '../api/types';
import { chooseWorkspace, chosenWorkspace } from '../api/workspace';
import { ok, openConsole, session, stubServer } from '../testing';

const main: Workspace = { id: 'm', name: 'Main', slug: 'main', closedAt: null, keysDeletedAfter: null };
const outlet: Workspace = { id: 's', name: 'Outlet', slug: 'outlet', closedAt: null, keysDeletedAfter: null };
const organization = (...workspaces: Workspace[]) => ({
  id: 'o',
  slug: 'retail',
  name: 'Online Retail',
  timeZone: 'Europe/London',
  currency: 'GBP',
  writeKey: 'wk_1',
  workspaces,
  closedAt: null,
  deletedAfter: null,
});

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.innerHTML = '';
  localStorage.clear();
});

describe('workspaces', () => {
  it('are chosen in the menu and sent along', async () => {
    stubServer({ '/session': ok(session()), '/organization': ok(organization(main, outlet)) });
    openConsole('/o/retail/settings/organization');
    fireEvent.click(await screen.findByRole('button', { name: /switch organization/ }));
    fireEvent.click(await screen.findByRole('menuitem', { name: 'Outlet' }));
    expect(await screen.findByRole('button', { name: /Online Retail · Outlet/ })).toBeTruthy();
    const fetched = vi.fn<typeof fetch>().mockImplementation(() => Promise.resolve(new Response('{}')));
    vi.stubGlobal('fetch', fetched);
    await request('/imports', { organization: 'retail' });
    expect(fetched.mock.calls[0]![1]!.headers).toMatchObject({ 'Clientele-Workspace': 'outlet' });
    await request('/imports', { organization: 'another' });
    expect(fetched.mock.calls[1]![1]!.headers).not.toHaveProperty('Clientele-Workspace');
  });

  it('that were closed meanwhile do not shut the organization', async () => {
    chooseWorkspace('retail', 'outlet');
    const fetched = vi
      .fn<typeof fetch>()
      .mockResolvedValueOnce(new Response('{"code":"workspace_not_found"}', { status: 404 }))
      .mockResolvedValueOnce(new Response('{"id":"o"}'));
    vi.stubGlobal('fetch', fetched);
    await expect(request('/organization', { organization: 'retail' })).resolves.toEqual({ id: 'o' });
    expect(fetched.mock.calls[1]![1]!.headers).not.toHaveProperty('Clientele-Workspace');
    expect(chosenWorkspace('retail')).toBeNull();
  });

  it('are closed by typing their name, but not the last one', async () => {
    let closed = false;
    stubServer({
      '/session': ok(session()),
      '/people': ok([]),
      '/organization': () =>
        ok(organization(main, closed ? { ...outlet, closedAt: '2026-01-01T00:00:00Z', keysDeletedAfter: '2126-01-31T00:00:00Z' } : outlet)),
      'POST /workspaces/s/close': () => {
        closed = true;
        return ok(outlet);
      },
    });
    openConsole('/o/retail/settings/organization');
    const buttons = await screen.findAllByRole('button', { name: 'Close…' });
    fireEvent.click(buttons[1]!);
    const act = await screen.findByRole('button', { name: 'Close the workspace' });
    expect(act).toHaveProperty('disabled', true);
    fireEvent.change(screen.getByLabelText(/Type/), { target: { value: 'Outlet' } });
    fireEvent.click(act);
    expect(await screen.findByText(/can be reopened until/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Reopen' })).toBeTruthy();
    await waitFor(() => expect(screen.getByRole('button', { name: 'Close…' })).toHaveProperty('disabled', true));
  });
});

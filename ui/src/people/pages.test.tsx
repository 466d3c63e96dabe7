// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Member, Roles } from '../api/people.types';
import { acts, allows } from '../shell/organization';
import { ok, openConsole, session, stubServer } from '../testing';

const patience = { timeout: 8_000 };
const member = (more: Partial<Member>): Member => ({
  id: 'm',
  email: 'm@example.org',
  name: 'Mo',
  role: 'viewer',
  status: 'active',
  emailVerified: true,
  secondFactor: false,
  lastLogin: null,
  invitedBy: null,
  invitationExpires: null,
  createdAt: '2024-01-01T00:00:00Z',
  ...more,
});
const role = (name: string, rank: number) => ({
  role: name,
  name: null,
  description: '',
  rank,
  access: 'member' as const,
  isCustom: false,
  members: 1,
  permissions: name === 'viewer' ? [{ permission: 'customer_data', resource: '*', action: 'read' }] : [],
});
const roles: Roles = {
  roles: [role('super_admin', 1), role('admin', 2), role('viewer', 5)],
  acts: [{ permission: 'customer_data', resource: 'customers', action: 'delete', words: 'x', roles: ['super_admin', 'admin'] }],
};
const people = [
  member({ id: 'u', name: 'Ada', email: 'ada@example.org', role: 'admin' }),
  member({ id: 's', name: 'Sue', email: 'sue@example.org', role: 'super_admin' }),
  member({ id: 'm' }),
  member({ id: 'i', name: null, email: 'new@example.org', status: 'pending_invitation', invitationExpires: '2024-01-08T00:00:00Z' }),
];
const refused = { status: 403, body: { code: 'forbidden', detail: 'no' } };

afterEach(() => {
  vi.unstubAllGlobals();
  window.history.replaceState(null, '', '/');
});

describe('what a role may', () => {
  it('is what its rows say, with * for every one', () => {
    const viewer = { role: 'viewer', isOperator: false, permissions: ['customer_data:*:read'] };
    expect(allows(viewer, ['customer_data', 'customers', 'read'])).toBe(true);
    expect(allows(viewer, ['customer_data', 'customers', 'delete'])).toBe(false);
    expect(allows({ role: 'super_admin', isOperator: false, permissions: [] }, ['anything', 'at_all', 'execute'])).toBe(true);
    // One that came later is master of his own organization, and not of the installation.
    for (const isOperator of [true, false]) {
      const master = { role: 'super_admin', isOperator, permissions: [] };
      expect(allows(master, acts.manageRoles)).toBe(true);
      expect(allows(master, acts.operate)).toBe(isOperator);
      expect(allows(master, acts.manageBackups)).toBe(isOperator);
    }
    expect(allows({ role: 'admin', isOperator: false, permissions: ['*:*:*'] }, ['platform_management', 'roles', 'update'])).toBe(false);
  });
});

describe('members', () => {
  it('shows who works here, and lets nobody touch a role above their own', async () => {
    stubServer({ '/session': ok(session()), '/people': ok(people), '/roles': ok(roles) });
    openConsole('/o/retail/settings/people');
    expect(await screen.findByText('Mo', undefined, patience)).toBeTruthy();
    expect(await screen.findByRole('combobox', { name: 'Role of Mo' }, patience)).toBeTruthy();
    expect(screen.queryByRole('combobox', { name: 'Role of Sue' })).toBeNull();
    expect(screen.getByText('Invited')).toBeTruthy();
  });

  it('invites, and shows the link when no mail went out', async () => {
    stubServer({
      '/session': ok(session()),
      'GET /people': ok(people),
      '/roles': ok(roles),
      'POST /people': (body: unknown) => {
        expect(body).toEqual({ email: 'eve@example.org', role: 'viewer' });
        return ok({ id: 'e', mailed: false, link: 'http://x/invitation#secret', expires: '2024-01-08T00:00:00Z' });
      },
    });
    openConsole('/o/retail/settings/people');
    fireEvent.click(await screen.findByRole('button', { name: 'Invite' }, patience));
    fireEvent.change(await screen.findByLabelText('Email address', undefined, patience), { target: { value: 'eve@example.org' } });
    fireEvent.click(screen.getAllByRole('button', { name: 'Invite' }).at(-1)!);
    expect(await screen.findByText('http://x/invitation#secret', undefined, patience)).toBeTruthy();
  });

  it('is not for everybody, neither the page nor its place in the navigation', async () => {
    stubServer({ '/session': ok(session({}, 'viewer')), '/people': refused, '/roles': refused });
    openConsole('/o/retail/settings/people');
    expect(await screen.findByText('You may not do this', undefined, patience)).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'Members' })).toBeNull();
    expect(screen.getByRole('link', { name: 'Customers' })).toBeTruthy();
  });

  it('says what failed', async () => {
    stubServer({
      '/session': ok(session()),
      '/people': { status: 500, body: { code: 'internal_error', traceId: 't-1' } },
      '/roles': ok(roles),
    });
    openConsole('/o/retail/settings/people');
    expect(await screen.findByText('The members could not be loaded', undefined, patience)).toBeTruthy();
  });
});

describe('why', () => {
  it('is told in words, with the rows', async () => {
    stubServer({
      '/session': ok(session()),
      '/people': ok(people),
      '/roles': ok(roles),
      '/people/m/may': ok({
        allowed: false,
        why: 'not_granted',
        name: 'Mo',
        role: 'viewer',
        status: 'active',
        rows: [],
        near: [{ permission: 'customer_data', resource: '*', action: 'read' }],
        roles: ['super_admin', 'admin'],
      }),
    });
    openConsole('/o/retail/settings/roles?person=m&act=customer_data:customers:delete');
    expect(await screen.findByText('No, Mo may not.', undefined, patience)).toBeTruthy();
    expect(screen.getByText('customer_data:*:read')).toBeTruthy();
    expect(screen.getByText('Roles that may: Super administrator, Administrator.')).toBeTruthy();
  });
});

describe('signing in', () => {
  it('asks for the second step when there is one', async () => {
    stubServer({
      'GET /session': { status: 401, body: { code: 'not_signed_in' } },
      '/session/ways': ok({ mail: true, oAuth: 'Elsewhere' }),
      'POST /session': ok({ challenge: 'c', expiresAt: '2024-01-01T00:00:00Z' }),
      'POST /session/second-factor': (body: unknown) => {
        expect(body).toEqual({ challenge: 'c', code: '123456' });
        return { status: 401, body: { code: 'wrong_code' } };
      },
    });
    openConsole('/sign-in');
    expect((await screen.findByRole('link', { name: 'Sign in with Elsewhere' }, patience)).getAttribute('href')).toBe(
      '/api/session/oauth?next=%2F',
    );
    expect(screen.getByRole('link', { name: 'Forgotten your password?' })).toBeTruthy();
    fireEvent.change(screen.getByLabelText('Email address'), { target: { value: 'ada@example.org' } });
    fireEvent.change(screen.getByLabelText('Password'), { target: { value: 'x' } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    fireEvent.change(await screen.findByLabelText('Code', undefined, patience), { target: { value: '123456' } });
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByText(/This code is not right/, undefined, patience)).toBeTruthy();
  });

  it('sends whoever has an account to sign in before an invitation opens', async () => {
    window.history.replaceState(null, '', '/invitation#secret');
    stubServer({
      '/session/invitation': ok({
        organization: 'North',
        slug: 'north',
        email: 'ada@example.org',
        inviter: 'Bo',
        role: 'x',
        hasAccount: true,
        expires: '2024-01-08T00:00:00Z',
      }),
      '/session/invitation/accept': { status: 403, body: { code: 'sign_in_to_accept', detail: 'Sign in first.' } },
    });
    openConsole('/invitation');
    fireEvent.click(await screen.findByRole('button', { name: 'Accept' }, patience));
    expect(await screen.findByText(/There is an account for ada@example.org already/, undefined, patience)).toBeTruthy();
  });
});

describe('the account', () => {
  it('shows sessions, draws the key and keeps the codes', async () => {
    stubServer({
      '/session': ok(session({ emailVerified: false })),
      '/session/sessions': ok([
        {
          id: 'a',
          isCurrent: true,
          deviceType: 'desktop',
          browser: 'Firefox',
          os: 'Linux',
          address: '::1',
          country: null,
          city: null,
          isSuspicious: false,
          flags: [],
          createdAt: '2024-01-01T00:00:00Z',
          lastActivity: '2024-01-01T00:00:00Z',
          expiresAt: '2024-01-02T00:00:00Z',
        },
        {
          id: 'b',
          isCurrent: false,
          deviceType: 'other',
          browser: 'curl',
          os: null,
          address: '10.0.0.1',
          country: 'AQ',
          city: null,
          isSuspicious: true,
          flags: ['new_device', 'new_country'],
          createdAt: '2024-01-01T00:00:00Z',
          lastActivity: '2024-01-01T00:00:00Z',
          expiresAt: '2024-01-02T00:00:00Z',
        },
      ]),
      'GET /session/two-step': ok({ enabledAt: null, recoveryCodesLeft: 0 }),
      'POST /session/two-step': ok({ secret: 'ABCDEFGH', address: 'otpauth://totp/x?secret=ABCDEFGH' }),
      'POST /session/two-step/confirm': ok({ recoveryCodes: ['aaaa-bbbb', 'cccc-dddd'] }),
    });
    openConsole('/o/retail/account');
    expect(await screen.findByText('New device and place', undefined, patience)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'End the session of curl' })).toBeTruthy();
    expect(screen.getByText('This address is not confirmed yet.')).toBeTruthy();
    fireEvent.click(await screen.findByRole('button', { name: 'Set up' }, patience));
    const goOn = await screen.findByRole('button', { name: 'Go on' }, patience);
    fireEvent.change(goOn.closest('form')!.querySelector('input')!, { target: { value: 'x' } });
    fireEvent.click(goOn);
    expect(await screen.findByRole('img', { name: 'QR code with the key ABCDEFGH' }, patience)).toBeTruthy();
    fireEvent.change(screen.getByLabelText('Code'), { target: { value: '123456' } });
    fireEvent.click(screen.getByRole('button', { name: 'Turn on' }));
    await waitFor(() => expect(screen.getByText('cccc-dddd')).toBeTruthy(), patience);
  });
});

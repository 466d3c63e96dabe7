import { queryOptions } from '@tanstack/react-query';
import { request } from './client';
import type { Explanation, Invitation, Invited, Member, OwnSession, Permission, Role, Roles, TwoStep, Ways } from './people.types';
import type { Session } from './types';

const personPath = (id: string, act = '') => `/people/${encodeURIComponent(id)}${act}`;

export const peopleQuery = (organization: string) =>
  queryOptions({
    queryKey: ['o', organization, 'people'],
    queryFn: ({ signal }) => request<Member[]>('/people', { organization, signal }),
  });

export const rolesQuery = (organization: string) =>
  queryOptions({
    queryKey: ['o', organization, 'roles'],
    queryFn: ({ signal }) => request<Roles>('/roles', { organization, signal }),
  });

export const mayQuery = (organization: string, person: string, act: Permission) =>
  queryOptions({
    queryKey: ['o', organization, 'may', person, act],
    queryFn: ({ signal }) => request<Explanation>(personPath(person, '/may'), { organization, query: { ...act }, signal }),
  });

export const invitePerson = (organization: string, person: { email: string; role: string }) =>
  request<Invited>('/people', { method: 'POST', organization, body: person });

export const resendInvitation = (organization: string, id: string) =>
  request<Invited>(personPath(id, '/invitation'), { method: 'POST', organization });

export const changePerson = (organization: string, id: string, changes: { role?: string; status?: 'active' | 'suspended' }) =>
  request<Member>(personPath(id), { method: 'PUT', organization, body: changes });

export const removePerson = (organization: string, id: string) => request<void>(personPath(id), { method: 'DELETE', organization });

export const makeRole = (
  organization: string,
  role: { role: string; name: string; description: string; beside: string; permissions: Permission[] },
) => request<Role>('/roles', { method: 'POST', organization, body: role });

export const changeRole = (organization: string, role: string, changes: { permissions: Permission[] }) =>
  request<Role>(`/roles/${encodeURIComponent(role)}`, { method: 'PUT', organization, body: changes });

export const deleteRole = (organization: string, role: string) =>
  request<void>(`/roles/${encodeURIComponent(role)}`, { method: 'DELETE', organization });

export const waysQuery = queryOptions({
  queryKey: ['ways'],
  queryFn: ({ signal }) => request<Ways>('/session/ways', { signal }),
  staleTime: Infinity,
});

export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: ['invitation', token],
    queryFn: ({ signal }) => request<Invitation>('/session/invitation', { method: 'POST', body: { token }, signal }),
    retry: false,
  });

export const acceptInvitation = (token: string, chosen?: { name: string; password: string }) =>
  request<Session>('/session/invitation/accept', { method: 'POST', body: { token, ...chosen } });

export const enterCode = (challenge: string, code: string) =>
  request<Session>('/session/second-factor', { method: 'POST', body: { challenge, code } });

export const askForPassword = (email: string) => request<void>('/session/forgotten', { method: 'POST', body: { email } });

export const resetPassword = (token: string, password: string) =>
  request<void>('/session/reset', { method: 'POST', body: { token, password } });

export const verifyAddress = (token: string) => request<void>('/session/verify', { method: 'POST', body: { token } });

export const sendVerification = () => request<void>('/session/verification', { method: 'POST' });

export const ownSessionsQuery = queryOptions({
  queryKey: ['session', 'sessions'],
  queryFn: ({ signal }) => request<OwnSession[]>('/session/sessions', { signal }),
});

export const endSession = (id: string) => request<void>(`/session/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });

export const endOtherSessions = () => request<void>('/session/sessions', { method: 'DELETE' });

export const twoStepQuery = queryOptions({
  queryKey: ['session', 'two-step'],
  queryFn: ({ signal }) => request<TwoStep>('/session/two-step', { signal }),
});

export const startTwoStep = (password: string) =>
  request<{ secret: string; address: string }>('/session/two-step', { method: 'POST', body: { password } });

export const confirmTwoStep = (code: string) =>
  request<{ recoveryCodes: string[] }>('/session/two-step/confirm', { method: 'POST', body: { code } });

export const renewCodes = (password: string) =>
  request<{ recoveryCodes: string[] }>('/session/two-step/recovery-codes', { method: 'POST', body: { password } });

export const turnOffTwoStep = (password: string) => request<TwoStep>('/session/two-step/off', { method: 'POST', body: { password } });

export const foundOrganization = (name: string) => request<Session>('/session/organizations', { method: 'POST', body: { name } });

export const handOver = (organization: string, to: string) =>
  request<void>('/organization/transfer', { method: 'POST', organization, body: { to } });

export const closeOrganization = (organization: string, name: string) =>
  request<void>('/organization/close', { method: 'POST', organization, body: { name } });

export const reopenOrganization = (organization: string) => request<void>('/organization/reopen', { method: 'POST', organization });

export const makeWorkspace = (organization: string, workspace: { name: string; slug: string }) =>
  request<void>('/workspaces', { method: 'POST', organization, body: workspace });

export const renameWorkspace = (organization: string, id: string, name: string) =>
  request<void>(`/workspaces/${encodeURIComponent(id)}`, { method: 'PUT', organization, body: { name } });

export const closeWorkspace = (organization: string, id: string) =>
  request<void>(`/workspaces/${encodeURIComponent(id)}/close`, { method: 'POST', organization });

export const reopenWorkspace = (organization: string, id: string) =>
  request<void>(`/workspaces/${encodeURIComponent(id)}/reopen`, { method: 'POST', organization });

import { request, requestBlob } from './client';
import type { Challenge } from './people.types';
import type { Import, ImportCheck, Mapping } from './imports.types';
import type { Language, Merge, Organization, Session, Theme } from './types';

const customerPath = (id: string, act = '') => `/customers/${encodeURIComponent(id)}${act}`;

const importPath = (id: string, act = '') => `/imports/${encodeURIComponent(id)}${act}`;

/** A session, or a challenge when a second step is awaited. */
export const signIn = (email: string, password: string) =>
  request<Session | Challenge>('/session', { method: 'POST', body: { email, password } });

export const signOut = () => request<void>('/session', { method: 'DELETE' });

export const choosePassword = (currentPassword: string, newPassword: string) =>
  request<void>('/session/password', { method: 'PUT', body: { currentPassword, newPassword } });

export const savePreferences = (preferences: { language?: Language; theme?: Theme; name?: string }) =>
  request<Session>('/session/preferences', { method: 'PUT', body: preferences });

export const saveOrganization = (organization: string, changes: Partial<Pick<Organization, 'name' | 'timeZone' | 'currency'>>) =>
  request<Organization>('/organization', { method: 'PUT', organization, body: changes });

export const mergeCustomers = (organization: string, survivor: string, merged: string, reason: string) =>
  request<Merge>(customerPath(survivor, '/merge'), { method: 'POST', organization, body: { merged, reason } });

export const undoMerge = (organization: string, { id, survivor }: Pick<Merge, 'id' | 'survivor'>) =>
  request<void>(customerPath(survivor, `/merges/${encodeURIComponent(id)}/undo`), { method: 'POST', organization });

export const eraseCustomer = (organization: string, id: string) => request<void>(customerPath(id), { method: 'DELETE', organization });

export const refuseTracking = (organization: string, id: string, refused: boolean) =>
  request<void>(customerPath(id, '/tracking'), { method: 'PUT', organization, body: { refused } });

export const checkMapping = (organization: string, id: string, mapping: Mapping, signal?: AbortSignal) =>
  request<ImportCheck>(importPath(id, '/check'), { method: 'POST', organization, body: { mapping }, signal });

export const startImport = (organization: string, id: string, mapping: Mapping) =>
  request<Import>(importPath(id, '/start'), { method: 'POST', organization, body: { mapping } });

export const cancelImport = (organization: string, id: string) =>
  request<Import | undefined>(importPath(id, '/cancel'), { method: 'POST', organization });

export const undoImport = (organization: string, id: string) =>
  request<Import | undefined>(importPath(id, '/undo'), { method: 'POST', organization });

export const deleteImport = (organization: string, id: string) => request<void>(importPath(id), { method: 'DELETE', organization });

export const downloadRejects = (organization: string, id: string) => requestBlob(importPath(id, '/rejects.csv'), { organization });

export const downloadMapping = (organization: string, id: string) => requestBlob(importPath(id, '/mapping.json'), { organization });

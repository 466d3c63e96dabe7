/** For tests only: the providers around a component, and the whole console on a made-up server. */
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { configure, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { vi } from 'vitest';
import type { Session } from './api/types';
import { Announcer } from './components/Announcer';
import { I18nProvider } from './i18n/I18n';
import { writeJson } from './api/json';
import { makeQueryClient } from './query-client';
import { makeRouter } from './routes';
import { cssVariables, theme } from './theme';

// What is waited for comes; how soon depends on what else the machine does.
configure({ asyncUtilTimeout: 10_000 });

export const show = (children: ReactNode) =>
  render(
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} env="test">
      <I18nProvider language="en">
        <Announcer>{children}</Announcer>
      </I18nProvider>
    </MantineProvider>,
  );

/** What the server gives the roles of a new organization. */
const permissions: Record<string, string[]> = {
  admin: [
    'customer_data:*:*',
    'files:*:*',
    'sensitive_data:*:*',
    'analytics:*:*',
    'collection:*:*',
    'organization_management:*:*',
    'user_management:platform_users:*',
  ],
  viewer: ['customer_data:*:read', 'analytics:*:read', 'collection:*:read'],
};

export const session = (
  more: Partial<Session['user']> = {},
  role: Session['organizations'][number]['role'] = 'admin',
  isOperator = role === 'super_admin',
): Session => ({
  user: {
    id: 'u',
    email: 'ada@example.org',
    name: 'Ada',
    language: 'en',
    theme: 'light',
    timeZone: 'Europe/London',
    mustChangePassword: false,
    emailVerified: true,
    ...more,
  },
  organizations: [
    {
      id: 'o',
      slug: 'retail',
      name: 'Online Retail',
      role,
      roleName: null,
      timeZone: 'Europe/London',
      currency: 'GBP',
      closedAt: null,
      isOperator,
      permissions: permissions[role] ?? [],
    },
  ],
  version: '0.1.0',
});

type Answer = { status: number; body: unknown } | 'never';

/** Answers by path, or by method and path ("POST /imports"), also with a function of the body; what is not listed is not found. */
export function stubServer(answers: Record<string, unknown>) {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (url: string, { method = 'GET', body: sent }: RequestInit = {}) => {
    asked.push(url);
    const path = url.split('?')[0]!.replace('/api', '');
    const listed = answers[`${method} ${path}`] ?? answers[path];
    const given: unknown = typeof listed === 'function' ? listed(sent ? JSON.parse(sent as string) : undefined, url) : listed;
    if (given === 'never') return new Promise<Response>(() => undefined);
    const { status, body } = (given as Exclude<Answer, 'never'> | undefined) ?? { status: 404, body: { code: 'not_found' } };
    return Promise.resolve(new Response(body === undefined ? undefined : writeJson(body), { status }));
  });
  return asked;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });

export function openConsole(address: string) {
  const history = createMemoryHistory({ initialEntries: [address] });
  const client = makeQueryClient((to) => void router.navigate({ to }));
  client.setDefaultOptions({ queries: { retry: false } });
  const router = makeRouter(client, history);
  show(
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
  return router;
}

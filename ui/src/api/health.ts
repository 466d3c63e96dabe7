import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { request } from './client';
import type {
  Check,
  CheckDetail,
  Database,
  ErrorDetail,
  ErrorFilters,
  ErrorGroup,
  ErrorPage,
  ErrorScope,
  ErrorState,
  Health,
} from './health.types';

const key = (organization: string, ...rest: unknown[]) => ['o', organization, ...rest] as const;

export const healthQuery = (organization: string, hours: number) =>
  queryOptions({
    queryKey: key(organization, 'health', hours),
    queryFn: ({ signal }) => request<Health>('/health', { organization, query: { hours }, signal }),
    // A week or a month hardly changes within minutes.
    refetchInterval: hours > 24 ? 300_000 : 30_000,
    placeholderData: keepPreviousData,
  });

export const checkQuery = (
  organization: string,
  { service, name, ofOrganization }: Pick<Check, 'service' | 'name' | 'ofOrganization'>,
  hours: number,
) =>
  queryOptions({
    queryKey: key(organization, 'health', hours, service, name, ofOrganization),
    queryFn: ({ signal }) =>
      request<CheckDetail>('/health/check', { organization, query: { service, name, ofOrganization, hours }, signal }),
    refetchInterval: 60_000,
  });

export const errorsQuery = (organization: string, filters: ErrorFilters) =>
  infiniteQueryOptions({
    queryKey: key(organization, 'errors', filters),
    queryFn: ({ signal, pageParam }) => request<ErrorPage>('/errors', { organization, query: { ...filters, before: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.before ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });

const errorPath = (id: string) => `/errors/${encodeURIComponent(id)}`;

export const errorQuery = (organization: string, id: string, scope: ErrorScope | undefined) =>
  queryOptions({
    queryKey: key(organization, 'errors', 'one', id, scope ?? ''),
    queryFn: ({ signal }) => request<ErrorDetail>(errorPath(id), { organization, query: { scope }, signal }),
  });

export const changeError = (organization: string, id: string, scope: ErrorScope | undefined, state: ErrorState) =>
  request<ErrorGroup>(errorPath(id), { method: 'PUT', organization, query: { scope }, body: { state } });

export const databaseQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'database'),
    queryFn: ({ signal }) => request<Database>('/operator/database', { organization, signal }),
    refetchInterval: 30_000,
  });

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { request } from './client';
import { ApiProblem } from './problem';
import type { Live, MergeRow, Source } from './collect.types';
import type { Import, ImportField, ImportFormat, ImportPreview } from './imports.types';
import type {
  CountedPage,
  Customer,
  CustomerDetail,
  EventRow,
  Interval,
  Merge,
  Order,
  OrderDetail,
  Organization,
  Overview,
  Page,
  PaletteResults,
  Session,
} from './types';

/** Keys begin with the organization, so that switching it never shows another's data. */
const key = (organization: string, ...rest: unknown[]) => ['o', organization, ...rest] as const;

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => request<Session>('/session', { signal }),
  staleTime: Infinity,
  retry: (count, error) => error instanceof ApiProblem && error.temporary && count < 1,
});

export const organizationQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'organization'),
    queryFn: ({ signal }) => request<Organization>('/organization', { organization, signal }),
  });

export interface OverviewFilters {
  from?: string;
  to?: string;
  interval?: Interval;
  country?: string;
}

export const overviewQuery = (organization: string, filters: OverviewFilters) =>
  queryOptions({
    queryKey: key(organization, 'overview', filters),
    queryFn: ({ signal }) => request<Overview>('/overview', { organization, query: { ...filters }, signal }),
    placeholderData: keepPreviousData,
  });

export const countriesQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'countries'),
    queryFn: ({ signal }) => request<string[]>('/overview/countries', { organization, signal }),
    staleTime: 5 * 60_000,
  });

export const newestEventsQuery = (organization: string, limit: number, live: boolean) =>
  queryOptions({
    queryKey: key(organization, 'events', 'newest', limit),
    queryFn: ({ signal }) => request<{ items: EventRow[] }>('/events/newest', { organization, query: { limit }, signal }),
    refetchInterval: live ? 10_000 : false,
  });

/** What has just come in; asked again every two seconds while it is live. */
export const liveQuery = (organization: string, type: string | undefined, live: boolean) =>
  queryOptions({
    queryKey: key(organization, 'events', 'live', type ?? ''),
    queryFn: ({ signal }) => request<Live>('/events/live', { organization, query: { type, limit: 50 }, signal }),
    refetchInterval: live ? 2_000 : false,
    placeholderData: keepPreviousData,
  });

export const sourcesQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'sources'),
    queryFn: ({ signal }) => request<{ items: Source[] }>('/sources', { organization, signal }),
    refetchInterval: 10_000,
  });

/** Of all people; those of one are under the customer. */
export const allMergesQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'merges'),
    queryFn: ({ signal }) => request<{ items: MergeRow[] }>('/merges', { organization, signal }),
  });

export interface CustomerFilters {
  search?: string;
  country?: string;
  sort?: string;
}

export const customersQuery = (organization: string, filters: CustomerFilters) =>
  infiniteQueryOptions({
    queryKey: key(organization, 'customers', filters),
    queryFn: ({ pageParam, signal }) =>
      request<CountedPage<Customer>>('/customers', {
        organization,
        query: { ...filters, cursor: pageParam, limit: 50 },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  });

export const customerQuery = (organization: string, id: string) =>
  queryOptions({
    queryKey: key(organization, 'customer', id),
    queryFn: ({ signal }) => request<CustomerDetail>(`/customers/${encodeURIComponent(id)}`, { organization, signal }),
  });

/** What was merged into a person, newest first. */
export const mergesQuery = (organization: string, id: string) =>
  queryOptions({
    queryKey: key(organization, 'customer', id, 'merges'),
    queryFn: ({ signal }) => request<Merge[]>(`/customers/${encodeURIComponent(id)}/merges`, { organization, signal }),
  });

export const timelineQuery = (organization: string, id: string, type: string | undefined, limit = 50) =>
  infiniteQueryOptions({
    queryKey: key(organization, 'customer', id, 'timeline', type ?? '', limit),
    queryFn: ({ pageParam, signal }) =>
      request<Page<EventRow>>(`/customers/${encodeURIComponent(id)}/timeline`, {
        organization,
        query: { before: pageParam, limit, type },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

export const customerOrdersQuery = (organization: string, id: string) =>
  infiniteQueryOptions({
    queryKey: key(organization, 'customer', id, 'orders'),
    queryFn: ({ pageParam, signal }) =>
      request<Page<Order>>(`/customers/${encodeURIComponent(id)}/orders`, {
        organization,
        query: { before: pageParam, limit: 20 },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

export const orderQuery = (organization: string, id: string) =>
  queryOptions({
    queryKey: key(organization, 'order', id),
    queryFn: ({ signal }) => request<OrderDetail>(`/orders/${encodeURIComponent(id)}`, { organization, signal }),
  });

export const paletteQuery = (organization: string, query: string) =>
  queryOptions({
    queryKey: key(organization, 'palette', query),
    queryFn: ({ signal }) => request<PaletteResults>('/palette', { organization, query: { query }, signal }),
    enabled: query.length >= 2,
    placeholderData: keepPreviousData,
  });

export const importsQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'imports'),
    queryFn: ({ signal }) => request<{ items: Import[] }>('/imports', { organization, signal }),
  });

export const importQuery = (organization: string, id: string) =>
  queryOptions({
    queryKey: key(organization, 'import', id),
    queryFn: ({ signal }) => request<Import>(`/imports/${encodeURIComponent(id)}`, { organization, signal }),
  });

export const importFieldsQuery = (organization: string, kind: string) =>
  queryOptions({
    queryKey: key(organization, 'import-fields', kind),
    queryFn: ({ signal }) =>
      request<{ fields: ImportField[]; kinds: string[] }>('/imports/fields', {
        organization,
        query: { kind },
        signal,
      }),
    staleTime: Infinity,
  });

export type PreviewFormat = Partial<Pick<ImportFormat, 'delimiter' | 'encoding'>>;

/** Without a format the server guesses it. */
export const importPreviewQuery = (organization: string, id: string, { delimiter, encoding }: PreviewFormat = {}) =>
  queryOptions({
    queryKey: key(organization, 'import', id, 'preview', { delimiter, encoding }),
    queryFn: ({ signal }) =>
      request<ImportPreview>(`/imports/${encodeURIComponent(id)}/preview`, { organization, query: { delimiter, encoding }, signal }),
    staleTime: Infinity,
  });

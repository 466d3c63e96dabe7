import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { apiHeaders, request, requestBlob } from './client';
import type { DataHistory, DataRelation, DataRow, DataSchemas, DataSizes } from './data.types';
import { parseJson, writeJson } from './json';
import { ApiProblem, networkProblem, parseRetryAfter } from './problem';

/** What the Data API answers when it does not do something: PostgREST's shape, not that of the rest of the API. */
export class RestProblem extends ApiProblem {
  constructor(
    status: number,
    code: string,
    message: string | null,
    readonly details: string | null,
    readonly hint: string | null,
    retryAfterSeconds: number | null = null,
  ) {
    super(status, code, message, null, {}, retryAfterSeconds);
  }
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

export function parseRestProblem(status: number, body: string, retryAfter: string | null = null): RestProblem {
  let said: Record<string, unknown> = {};
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === 'object' && json !== null) said = json as Record<string, unknown>;
  } catch {
    // Something in between answered.
  }
  return new RestProblem(
    status,
    text(said.code) ?? `http_${status}`,
    text(said.message) ?? text(said.detail),
    text(said.details),
    text(said.hint),
    parseRetryAfter(retryAfter),
  );
}

export interface RestRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE';
  schema: string;
  relation: string;
  /** Already in the grammar of the API; each is encoded. */
  query?: [name: string, value: string][];
  prefer?: string[];
  accept?: string;
  body?: unknown;
}

/** Encodes what must be encoded and leaves readable what may stay: people read and copy these addresses. */
export const encode = (value: string) =>
  encodeURIComponent(value)
    .replace(/%(2C|3A|3E|40|2F)/g, (code) => decodeURIComponent(code))
    .replaceAll("'", '%27');

export function restPath({ relation, query = [] }: Pick<RestRequest, 'relation' | 'query'>) {
  const search = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  return `/rest/v1/${encodeURIComponent(relation)}${search ? `?${search}` : ''}`;
}

export async function rest(organization: string, asked: RestRequest, signal?: AbortSignal): Promise<Response> {
  const { method = 'GET', schema, prefer, accept = 'application/json', body } = asked;
  const headers: Record<string, string> = { ...apiHeaders(organization), Accept: accept };
  headers[method === 'GET' || method === 'HEAD' ? 'Accept-Profile' : 'Content-Profile'] = schema;
  if (prefer?.length) headers.Prefer = prefer.join(', ');
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(restPath(asked), {
      method,
      headers,
      body: body === undefined ? undefined : writeJson(body),
      credentials: 'same-origin',
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw networkProblem();
  }
  if (!response.ok) throw parseRestProblem(response.status, await response.text(), response.headers.get('Retry-After'));
  return response;
}

export interface RowsPage {
  rows: DataRow[];
  /** Null: nobody counted. */
  total: number | null;
}

/** "0-49/1234" says that there are 1,234. */
export function totalOf(range: string | null): number | null {
  const total = range?.split('/')[1];
  return total === undefined || total === '*' ? null : Number(total);
}

export async function readRows(organization: string, asked: RestRequest, signal?: AbortSignal): Promise<RowsPage> {
  const response = await rest(organization, asked, signal);
  return { rows: parseJson(await response.text()) as DataRow[], total: totalOf(response.headers.get('Content-Range')) };
}

/** All of a table begin alike, so that a write makes them all stale. */
export const rowsKey = (organization: string) => ['o', organization, 'data', 'rows'] as const;

export const rowsQuery = (organization: string, asked: RestRequest) =>
  queryOptions({
    queryKey: [...rowsKey(organization), asked.schema, asked.relation, asked.query, asked.prefer],
    queryFn: ({ signal }) => readRows(organization, asked, signal),
    placeholderData: keepPreviousData,
  });

const path = (schema: string, relation?: string) =>
  `/data/${encodeURIComponent(schema)}${relation ? `/${encodeURIComponent(relation)}` : ''}`;

export const schemasQuery = (organization: string) =>
  queryOptions({
    queryKey: ['o', organization, 'data', 'schemas'],
    queryFn: ({ signal }) => request<DataSchemas>('/data', { organization, signal }),
    staleTime: 5 * 60_000,
  });

export const sizesQuery = (organization: string, schema: string) =>
  queryOptions({
    queryKey: ['o', organization, 'data', 'sizes', schema],
    queryFn: ({ signal }) => request<DataSizes>(path(schema), { organization, signal }),
    staleTime: 60_000,
  });

export const relationQuery = (organization: string, schema: string, relation: string) =>
  queryOptions({
    queryKey: ['o', organization, 'data', 'relation', schema, relation],
    queryFn: ({ signal }) => request<DataRelation>(path(schema, relation), { organization, signal }),
    staleTime: 5 * 60_000,
  });

export const historyQuery = (organization: string, schema: string, relation: string, key: readonly string[]) =>
  infiniteQueryOptions({
    queryKey: [...rowsKey(organization), 'history', schema, relation, key],
    queryFn: async ({ pageParam, signal }) => {
      const which = [...key.map((value) => ['key', value]), ...(pageParam === null ? [] : [['before', pageParam]])];
      const search = new URLSearchParams(which as [string, string][]).toString();
      // Values are shown with the digits they had.
      const answer = await requestBlob(`${path(schema, relation)}/history?${search}`, { organization, signal });
      return parseJson(await answer.text()) as DataHistory;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });

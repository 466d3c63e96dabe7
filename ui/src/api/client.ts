import { networkProblem, parseProblem } from './problem';
import { chooseWorkspace, chosenWorkspace } from './workspace';

export type QueryValue = string | number | boolean | null | undefined;

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The organization whose data is meant. Absent only for the session itself. */
  organization?: string;
  query?: Record<string, QueryValue>;
  body?: unknown;
  signal?: AbortSignal;
}

export function apiUrl(path: string, query: Record<string, QueryValue> = {}) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const suffix = search.toString();
  return suffix ? `/api${path}?${suffix}` : `/api${path}`;
}

/** The first header is the server's guard against forged requests; the others say whose data is meant. */
export function apiHeaders(organization: string | undefined): Record<string, string> {
  const workspace = organization ? chosenWorkspace(organization) : null;
  return {
    Accept: 'application/json',
    'X-Clientele': 'console',
    ...(organization ? { 'Clientele-Organization': organization } : {}),
    ...(workspace ? { 'Clientele-Workspace': workspace } : {}),
  };
}

async function send(path: string, { method = 'GET', organization, query, body, signal }: RequestOptions): Promise<Response> {
  const headers = apiHeaders(organization);
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(apiUrl(path, query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw networkProblem();
  }
  if (!response.ok) {
    const problem = parseProblem(response.status, await response.text(), response.headers.get('Retry-After'));
    // The workspace chosen here was closed meanwhile, which must not shut the whole organization: on in all of them.
    if (problem.code === 'workspace_not_found' && organization && headers['Clientele-Workspace']) {
      chooseWorkspace(organization, null);
      return send(path, { method, organization, query, body, signal });
    }
    throw problem;
  }
  return response;
}

/** The caller states the shape; the contract's types live in types.ts. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  const body = await response.text();
  return (body === '' ? undefined : JSON.parse(body)) as T;
}

/** Downloads go through fetch and not a plain link, because a link cannot carry the organization's header. */
export async function requestBlob(path: string, options: RequestOptions = {}): Promise<Blob> {
  return (await send(path, options)).blob();
}

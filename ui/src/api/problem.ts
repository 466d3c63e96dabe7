/** What went wrong, in the terms of RFC 9457. Every failed request ends up as one of these. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string | null,
    readonly traceId: string | null = null,
    readonly fields: Readonly<Record<string, readonly string[]>> = {},
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail ?? code);
  }

  /** The request never got an answer. */
  get offline() {
    return this.status === 0;
  }

  /** Trying the same thing again may help. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function parseFields(value: unknown): Record<string, string[]> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([field, messages]) => [
      field,
      Array.isArray(messages) ? messages.filter((m): m is string => typeof m === 'string') : [String(messages)],
    ]),
  );
}

/** Retry-After is a number of seconds or a date. */
export function parseRetryAfter(header: string | null, now = Date.now()): number | null {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000));
}

/** A proxy in front of us may answer with HTML, so the body is taken as it comes. */
export function parseProblem(status: number, body: string, retryAfter: string | null = null): ApiProblem {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    json = null;
  }
  const problem = isRecord(json) ? json : {};
  return new ApiProblem(
    status,
    text(problem.code) ?? `http_${status}`,
    text(problem.detail) ?? text(problem.title),
    text(problem.traceId),
    parseFields(problem.errors),
    parseRetryAfter(retryAfter),
  );
}

export const networkProblem = () => new ApiProblem(0, 'no_connection', null);

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(-1, 'console_error', error instanceof Error ? error.message : null);
}

import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Answer, Operand, Pick, PickedCustomer, Question, RunningAnswer, TimelinesStatus, Vocabulary } from './analytics.types';
import { request, type QueryValue } from './client';
import { ApiProblem } from './problem';

const key = (organization: string, ...rest: unknown[]) => ['o', organization, 'analytics', ...rest] as const;

/** After this long an answer is waited for by looking, so that its progress can be shown. */
const waitSeconds = 1;
const lookEvery = 400;

/** While the timelines are built, every page that needs them looks again. */
const building = (error: unknown) => error instanceof ApiProblem && error.code === 'timelines_building';

export const vocabularyQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'vocabulary'),
    queryFn: ({ signal }) => request<Vocabulary>('/analytics/vocabulary', { organization, signal }),
    staleTime: 60_000,
    retry: false,
    refetchInterval: (query) => (building(query.state.error) ? 2_000 : false),
  });

export const valuesQuery = (organization: string, of: Operand, event: string | undefined, search: string) =>
  queryOptions({
    queryKey: key(organization, 'values', of, event ?? '', search),
    queryFn: ({ signal }) =>
      request<{ items: { value: string; count: number }[]; listed: boolean }>('/analytics/values', {
        organization,
        query: { ...of, event, search, limit: 30 },
        signal,
      }),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });

export const timelinesQuery = (organization: string) =>
  queryOptions({
    queryKey: key(organization, 'timelines'),
    queryFn: ({ signal }) => request<TimelinesStatus>('/analytics/timelines', { organization, signal }),
    refetchInterval: 15_000,
  });

/** An answer and the question it is of: while a newer one is asked, this one stays on the page. */
export interface Answered {
  question: Question;
  answer: Answer;
}

const pause = (signal: AbortSignal) =>
  new Promise<void>((done, stop) => {
    const timer = setTimeout(done, lookEvery);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      stop(signal.reason as Error);
    });
  });

/** Asks, and looks after a question that takes long. Aborted, it is cancelled on the server too. */
export async function ask(
  organization: string,
  question: Question,
  engine: 'sql' | undefined,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<Answer> {
  const query: Record<string, QueryValue> = { engine, wait: waitSeconds };
  let known = await request<Answer | RunningAnswer>('/analytics/query', { method: 'POST', organization, query, body: question, signal });
  while ('state' in known) {
    if (known.answer) return known.answer;
    if (known.state !== 'running') throw new ApiProblem(409, 'query_cancelled', null);
    const { id } = known;
    progress(known.progress);
    try {
      await pause(signal);
      known = await request<RunningAnswer>(`/analytics/queries/${id}`, { organization, signal });
    } catch (error) {
      // The server drops an answer that nobody fetches, so it is no harm if this does not arrive.
      if (signal.aborted) void request(`/analytics/queries/${id}`, { method: 'DELETE', organization }).catch(() => undefined);
      throw error;
    }
  }
  return known;
}

export const answerKey = (organization: string, question: Question, engine: 'sql' | undefined) =>
  key(organization, 'answer', question, engine ?? '');

export const pickedQuery = (organization: string, question: Question, pick: Pick) =>
  infiniteQueryOptions({
    queryKey: key(organization, 'picked', question, pick),
    queryFn: ({ pageParam, signal }) =>
      request<{ total: number; items: PickedCustomer[] }>('/analytics/query/customers', {
        method: 'POST',
        organization,
        body: { query: question, pick, skip: pageParam, limit: 50 },
        signal,
      }),
    initialPageParam: 0,
    getNextPageParam: (page, pages) => {
      const shown = pages.reduce((sum, { items }) => sum + items.length, 0);
      return shown < page.total && page.items.length > 0 ? shown : null;
    },
  });

export const sqlQuery = (organization: string, question: Question) =>
  queryOptions({
    queryKey: key(organization, 'sql', question),
    queryFn: ({ signal }) =>
      request<{ statements: string[] }>('/analytics/query/sql', { method: 'POST', organization, body: question, signal }),
    staleTime: Infinity,
  });

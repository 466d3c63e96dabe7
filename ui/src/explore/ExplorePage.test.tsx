// @vitest-environment jsdom
import { fireEvent, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Answer, Question, Vocabulary } from '../api/analytics.types';
import { ok, openConsole, session, stubServer } from '../testing';

// There is no canvas in the test's browser; what is drawn is tested as the option it is drawn from.
vi.mock('../components/chart/engine', () => ({ mount: () => ({ set: () => undefined, dispose: () => undefined }), toPng: () => '' }));

// A whole page with all its pickers is drawn: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });
const patience = { timeout: 20_000 };
const vocabulary: Vocabulary = {
  events: [
    { type: 'product_viewed', name: 'Product viewed', category: null, count: 90, properties: ['category'], fields: ['country'] },
    { type: 'order_completed', name: 'Order completed', category: null, count: 10, properties: [], fields: [] },
  ],
  properties: [{ name: 'category', kind: 'text', values: 3, column: true }],
  fields: [{ name: 'country', kind: 'text', values: 2, column: true }],
  attributes: [{ name: 'country', kind: 'text', values: 2, column: true }],
  from: '2026-01-01',
  to: '2026-03-01',
  timeZone: 'Europe/London',
};
const result = { periods: null, lines: null, funnels: null, cohorts: null, lifecycle: null, activePeriods: null, links: null, groups: 1 };
const answer = (more: Partial<Answer['result']>): Answer => ({
  engine: 'timelines',
  reason: null,
  cached: false,
  milliseconds: 3,
  result: { ...result, ...more },
  previous: null,
});
const trend = answer({ periods: ['2026-02-01'], lines: [{ line: 0, event: null, measure: 'events', group: [], total: 7, points: [7] }] });

function server(more: Record<string, unknown> = {}) {
  const questions: Question[] = [];
  const asked = stubServer({
    '/session': ok(session({}, 'viewer')),
    '/analytics/vocabulary': ok(vocabulary),
    '/analytics/timelines': ok({ state: 'following', progress: 1, lagSeconds: 0.2, problem: null }),
    '/analytics/query': (question: Question) => {
      questions.push(question);
      return ok(trend);
    },
    ...more,
  });
  return { asked, questions };
}

afterEach(() => vi.unstubAllGlobals());

describe('the page Explore', () => {
  it('asks what the address says, in the words of the API', async () => {
    const { questions } = server();
    openConsole('/o/retail/explore?kind=trend&events=order_completed&from=2026-02-01&to=2026-02-28&compare=yes');
    expect(await screen.findByRole('button', { name: 'Order completed, 7: show the customers' }, patience)).toBeTruthy();
    expect(questions).toEqual([
      { kind: 'trend', from: '2026-02-01', to: '2026-02-28', interval: 'day', compare: true, series: [{ event: 'order_completed' }] },
    ]);
    expect(screen.getByText(/No sampling/)).toBeTruthy();
  });

  it('counts the usual period back from the newest event when that is long ago', async () => {
    const { questions } = server();
    openConsole('/o/retail/explore');
    await screen.findByRole('button', { name: /show the customers/ }, patience);
    expect(questions[0]).toMatchObject({ from: '2026-01-31', to: '2026-03-01', series: [{}] });
    const examples = screen.getByRole('navigation', { name: 'For example:' });
    fireEvent.click(within(examples).getByRole('link', { name: /From “Product viewed” to “Order completed”/ }));
    await vi.waitFor(
      () => expect(questions.at(-1)).toMatchObject({ kind: 'funnel', steps: [{ event: 'product_viewed' }, { event: 'order_completed' }] }),
      patience,
    );
  });

  it('writes every change into the address, and asks once somebody rests', async () => {
    const { questions } = server();
    const router = openConsole('/o/retail/explore?kind=trend&events=order_completed');
    await screen.findByRole('button', { name: /show the customers/ }, patience);
    fireEvent.click(screen.getByRole('radio', { name: 'Stickiness' }));
    fireEvent.click(screen.getByRole('radio', { name: 'Lifecycle' }));
    expect(router.state.location.search).toMatchObject({ kind: 'lifecycle', activity: 'order_completed' });
    await vi.waitFor(() => expect(questions.at(-1)).toMatchObject({ kind: 'lifecycle', activity: { event: 'order_completed' } }), patience);
    expect(questions.some((question) => question.kind === 'stickiness')).toBe(false);
  });

  it('waits in the final layout', async () => {
    server({ '/analytics/query': 'never' });
    openConsole('/o/retail/explore');
    expect(await screen.findByRole('button', { name: 'Change the question' }, patience)).toBeTruthy();
    expect(screen.getAllByRole('status', { name: 'Loading' })).toHaveLength(1);
  });

  it('says what to do when nothing has come in', async () => {
    server({ '/analytics/vocabulary': ok({ ...vocabulary, events: [], from: null, to: null }) });
    openConsole('/o/retail/explore');
    expect(await screen.findByText('Nothing to ask about yet', undefined, patience)).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Open Sources' })).toBeTruthy();
  });

  it('says that the events are being prepared', async () => {
    server({ '/analytics/vocabulary': { status: 503, body: { code: 'timelines_building', detail: '40 % are done.' } } });
    openConsole('/o/retail/explore');
    expect(await screen.findByText('Your events are being prepared', undefined, patience)).toBeTruthy();
    expect(screen.getByText('40 % are done.')).toBeTruthy();
  });

  it('names the field the server refuses', async () => {
    server({
      '/analytics/query': { status: 400, body: { code: 'validation_failed', errors: { 'series[0].event': ['It is not there.'] } } },
    });
    openConsole('/o/retail/explore');
    const alert = await screen.findByRole('alert', undefined, patience);
    expect(alert.textContent).toContain('series[0].event It is not there.');
  });

  it('says when nothing was found, when it failed, and who may not', async () => {
    server({ '/analytics/query': ok(answer({ periods: [], lines: [] })) });
    openConsole('/o/retail/explore');
    expect((await screen.findAllByText('Nothing like this happened', undefined, patience)).length).toBeGreaterThan(0);
    vi.unstubAllGlobals();

    server({ '/analytics/query': { status: 500, body: { code: 'internal_error' } } });
    openConsole('/o/retail/explore');
    expect(await screen.findByText('The question could not be answered', undefined, patience)).toBeTruthy();
    vi.unstubAllGlobals();

    server({ '/analytics/vocabulary': { status: 403, body: { code: 'forbidden' } } });
    openConsole('/o/retail/explore');
    expect(await screen.findByText('You may not do this', undefined, patience)).toBeTruthy();
  });

  it('lists who is behind a number of the address', async () => {
    const asked = server({
      '/analytics/query/customers': ok({ total: 1, items: [{ id: 'c1', name: 'Ada', customerId: null, email: null }] }),
    });
    openConsole(`/o/retail/explore?kind=trend&pick=${encodeURIComponent('{"line":0,"period":-1,"group":[]}')}`);
    const link = await screen.findByRole('link', { name: /Ada/ }, patience);
    expect(link.getAttribute('href')).toBe('/o/retail/customers/c1');
    expect(asked.asked.some((url) => url.includes('customers'))).toBe(true);
  });
});

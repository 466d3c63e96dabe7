import { describe, expect, it } from 'vitest';
import { parseSearch, stringifySearch } from '../shell/search-params';
import { emptyDraft, type Draft } from './draft';
import { exploreSearch, readSearch, writeSearch, writeSpan } from './search';

/** Through the text of an address, as the router does it. */
const through = (draft: Draft) => readSearch(exploreSearch(parseSearch(stringifySearch(writeSearch(draft)))));
const read = (address: string) => readSearch(exploreSearch(parseSearch(address)));

const odd = `a.b,c-"d' {e}&f=g é😀`;
const full: Draft = {
  ...emptyDraft,
  range: { from: '2026-02-01', to: '2026-02-28' },
  filters: [
    { attribute: 'country', operator: 'in', values: ['FR', odd] },
    { attribute: 'custom.tier', operator: 'exists', values: [] },
    { field: 'device_type', operator: 'not_in', values: [] },
  ],
};

const drafts: Record<string, Draft> = {
  'a new question': emptyDraft,
  'a trend': {
    ...full,
    interval: 'hour',
    compare: true,
    breakdown: [{ property: odd }, { attribute: 'custom.tier' }],
    events: [
      { event: 'order_completed', measure: 'p95', of: { property: 'lines' } },
      {},
      { event: 'page_view', filters: [{ property: 'path', operator: 'starts_with', values: ['/'] }] },
    ],
  },
  'a simple trend': { ...emptyDraft, events: [{ event: 'page_view' }, {}], breakdown: [{ property: 'category' }, { field: 'country' }] },
  'a funnel': {
    ...full,
    kind: 'funnel',
    events: [{ event: 'a' }, { event: 'b', optional: true }, { event: 'c' }],
    windowSeconds: 90,
    exclusions: [{ event: 'd', after: 1, before: 3, filters: [{ field: 'value', operator: 'greater', values: ['1.5'] }] }],
  },
  'a strict funnel': { ...emptyDraft, kind: 'funnel', events: [{ event: 'a' }, { event: 'b' }], order: 'strict', windowSeconds: 3600 },
  'a retention': {
    ...full,
    kind: 'retention',
    interval: 'month',
    start: { event: 'signed_up' },
    return: {},
    first: false,
    unbounded: true,
    periods: 12,
    breakdown: [{ field: 'country' }],
  },
  'what a cohort brought': { ...emptyDraft, kind: 'retention', start: { event: 'order_completed' }, revenue: true },
  paths: {
    ...full,
    kind: 'paths',
    pathStart: { event: 'page_view' },
    activity: { filters: [{ property: 'a', operator: 'exists', values: [] }] },
    depth: 7,
    gapSeconds: 1800,
  },
  'paths from the first': { ...emptyDraft, kind: 'paths' },
  'a lifecycle': { ...emptyDraft, kind: 'lifecycle', interval: 'week', activity: { event: 'page_view' } },
  'a stickiness': { ...emptyDraft, kind: 'stickiness', activity: {} },
};

describe('the address of a question', () => {
  it.each(Object.entries(drafts))('brings back %s', (_, draft) => {
    expect(through(draft)).toMatchObject({ draft, faults: [], pick: null, engine: undefined, view: 'chart' });
  });

  it('can be read and typed by people where it is simple', () => {
    expect(
      stringifySearch(
        writeSearch({ ...emptyDraft, kind: 'funnel', events: [{ event: 'product_viewed' }, {}, { event: 'order_completed' }] }),
      ),
    ).toBe('?kind=funnel&events=product_viewed.*.order_completed');
    expect(read('?kind=retention&start=signed_up&return=*&periods=6').draft).toMatchObject({
      start: { event: 'signed_up' },
      return: {},
      periods: 6,
    });
  });

  it.each([
    ['?kind=funnels', 'kind', 'word'],
    ['?from=2026-02-30&to=2026-03-01', 'from', 'day'],
    ['?from=2026-03-02&to=2026-03-01', 'from', 'order'],
    ['?from=2026-03-02', 'from', 'pair'],
    ['?interval=fortnight', 'interval', 'word'],
    ['?events=Order%20completed', 'events', 'events'],
    ['?events=[{"event":"a","filters":[{"property":"x","operator":"like","values":[]}]}]', 'events[0].filters[0].operator', 'word'],
    ['?events=[{"event":"a"', 'events', 'json'],
    ['?events=[3]', 'events[0]', 'json'],
    ['?filters=[{"property":"a","field":"b"}]', 'filters[0]', 'json'],
    ['?filters=[{"property":"a","values":[3]}]', 'filters[0].values[0]', 'json'],
    ['?breakdown=shoe-size', 'breakdown', 'word'],
    ['?window=1y', 'window', 'number'],
    ['?window=9999d', 'window', 'number'],
    ['?periods=61', 'periods', 'number'],
    ['?compare=1', 'compare', 'word'],
    ['?pick={"step":"x"}', 'pick.step', 'number'],
    ['?engine=magic', 'engine', 'word'],
    ['?colour=red', 'colour', 'unknown'],
  ])('names what cannot be read in %s', (address, field, fault) => {
    expect(read(address).faults).toMatchObject([{ field, fault }]);
  });

  it('leaves out only what is broken', () => {
    const { draft, faults } = read('?kind=funnel&events=a.b&window=soon');
    expect(faults).toHaveLength(1);
    expect(draft).toMatchObject({ kind: 'funnel', events: [{ event: 'a' }, { event: 'b' }], windowSeconds: emptyDraft.windowSeconds });
  });

  it('knows the order that opens over every page', () => expect(read('?order=123').faults).toEqual([]));

  it('writes lengths of time in the largest whole unit', () =>
    expect([45, 60, 5400, 7200, 172_800].map(writeSpan)).toEqual(['45s', '1m', '90m', '2h', '2d']));
});

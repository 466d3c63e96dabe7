import { describe, expect, it } from 'vitest';
import { bounds, emptyDraft, moved, switchKind, toQuestion, waiting, type Draft } from './draft';

const range = { from: '2026-02-01', to: '2026-02-28' };
const ask = (draft: Partial<Draft>) => toQuestion({ ...emptyDraft, ...draft }, range);

describe('what is asked', () => {
  it('is any event when nothing is chosen', () => expect(ask({})).toEqual({ kind: 'trend', ...range, interval: 'day', series: [{}] }));

  it('leaves conditions out that have no value yet, and they are counted', () => {
    const draft: Draft = {
      ...emptyDraft,
      filters: [
        { attribute: 'country', operator: 'in', values: [] },
        { attribute: 'city', operator: 'not_exists', values: [] },
      ],
      events: [{ event: 'a', filters: [{ property: 'x', operator: 'equal', values: [''] }] }],
    };
    expect(toQuestion(draft, range)).toMatchObject({ filters: [{ attribute: 'city' }], series: [{ event: 'a' }] });
    expect(waiting(draft)).toBe(2);
    expect(waiting({ ...draft, kind: 'lifecycle' })).toBe(1);
  });

  it('has a value only where something is measured', () => {
    const of = { property: 'lines' };
    expect(
      ask({
        events: [
          { measure: 'sum', of },
          { measure: 'customers', of },
        ],
      }).series,
    ).toEqual([{ measure: 'sum', of }, { measure: 'customers' }]);
  });

  it('has exclusions and optional steps only where the order takes them', () => {
    const draft: Partial<Draft> = {
      kind: 'funnel',
      events: [{ event: 'a', optional: true }, { event: 'b', optional: true }, { event: 'c' }],
      exclusions: [{ event: 'd', after: 1, before: 0 }],
    };
    expect(ask(draft)).toMatchObject({
      steps: [{ event: 'a' }, { event: 'b', optional: true }, { event: 'c' }],
      exclusions: [{ event: 'd', after: 1, before: 3 }],
    });
    const any = ask({ ...draft, order: 'any' });
    expect(any.exclusions).toBeUndefined();
    expect(any.steps?.some((step) => step.optional)).toBe(false);
  });

  it('takes nothing along that its kind does not know', () => {
    const draft: Partial<Draft> = { compare: true, breakdown: [{ field: 'country' }], interval: 'week', gapSeconds: 60 };
    expect(Object.keys(ask({ ...draft, kind: 'lifecycle' })).sort()).toEqual(['activity', 'from', 'interval', 'kind', 'to']);
    expect(Object.keys(ask({ ...draft, kind: 'paths' })).sort()).toEqual(['activity', 'depth', 'from', 'gapSeconds', 'kind', 'to']);
  });
});

describe('exclusions', () => {
  it.each([
    [{ after: 1, before: 0 }, 3, [], { after: 1, before: 3 }],
    [{ after: 2, before: 3 }, 2, [], { after: 1, before: 2 }],
    [{ after: 2, before: 3 }, 4, [1], { after: 1, before: 3 }],
    [{ after: 1, before: 2 }, 1, [], null],
  ])('%j of %i steps lies between firm ones', (between, steps, optional, expected) => {
    const list = Array.from({ length: steps }, (_, i) => ({ optional: (optional as number[]).includes(i) }));
    const found = bounds({ ...between }, list);
    if (expected === null) expect(found).toBeNull();
    else {
      expect(found).not.toBeNull();
      expect(found!.after).toBeLessThan(found!.before);
      expect(list[found!.after - 1]!.optional).toBe(false);
      expect(list[found!.before - 1]!.optional).toBe(false);
      expect(found).toEqual(expected);
    }
  });
});

describe('another kind of question', () => {
  const trend: Draft = {
    ...emptyDraft,
    events: [{ event: 'a' }, { event: 'b' }],
    interval: 'hour',
    filters: [{ attribute: 'country', operator: 'in', values: ['FR'] }],
  };
  it('is about the same events', () => {
    expect(switchKind(trend, 'funnel').events).toEqual(trend.events);
    expect(switchKind(trend, 'retention').start).toEqual({ event: 'a' });
    expect(switchKind(trend, 'paths').pathStart).toEqual({ event: 'a' });
    expect(switchKind(switchKind(trend, 'stickiness'), 'trend').events).toEqual([{ event: 'a' }]);
    expect(switchKind(trend, 'lifecycle').filters).toEqual(trend.filters);
  });
  it('has an interval it knows', () => expect(switchKind(trend, 'lifecycle').interval).toBeNull());
  it('of the same kind is the same', () => expect(switchKind(trend, 'trend')).toBe(trend));
});

it('moves one of a list, and nothing over its ends', () => {
  expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
});

import { describe, expect, it } from 'vitest';
import type { Answer, Question, Result } from '../../api/analytics.types';
import { chartTokens } from '../../components/chart/palette';
import { translator } from '../../i18n/I18n';
import { makeFormat } from '../../i18n/format';
import { makeWords } from '../words';
import { figureOf, pickTitle } from '.';
import { flowOf } from './paths';
import { isPartial, laterStart } from './periods';
import { averages, cohortRows } from './retention';
import { trendRows } from './trend';

const t = translator('en', 'en-GB');
const words = makeWords(t, makeFormat('en-GB', 'Europe/Paris', 'EUR'), (type) => (type ? type.replaceAll('_', ' ') : 'Any event'));
const nothing: Result = {
  periods: null,
  lines: null,
  funnels: null,
  cohorts: null,
  lifecycle: null,
  activePeriods: null,
  links: null,
  groups: 1,
};
const answer = (result: Partial<Result>, previous: Partial<Result> | null = null): Answer => ({
  engine: 'timelines',
  reason: null,
  cached: false,
  milliseconds: 1,
  result: { ...nothing, ...result },
  previous: previous && { ...nothing, ...previous },
});
const range = { from: '2026-03-02', to: '2026-03-04' };
const context = { tokens: chartTokens.light, wide: true, animate: false };
const figure = (question: Partial<Question> & Pick<Question, 'kind'>, given: Answer, today = '2026-03-04') =>
  figureOf({ question: { ...range, ...question }, answer: given, words, today });
const seriesOf = (drawn: ReturnType<typeof figure>) => drawn.drawing!.option(context).series as { id: string; data: unknown[] }[];

describe('periods', () => {
  it.each([
    ['2026-03-03', 'day', false],
    ['2026-03-04', 'day', true],
    ['2026-03-02', 'week', true],
    ['2026-03-01', 'month', true],
  ] as const)('%s as a %s is incomplete: %s', (period, interval, expected) =>
    expect(isPartial(period, interval, range, '2026-03-04')).toBe(expected),
  );

  it('an hour is over when its last minute is', () => {
    const hour = '2026-03-04T10:00+01:00';
    expect(isPartial(hour, 'hour', range, '2026-03-04', Date.parse('2026-03-04T09:30:00Z'))).toBe(true);
    expect(isPartial(hour, 'hour', range, '2026-03-04', Date.parse('2026-03-04T10:00:00Z'))).toBe(false);
  });

  it('follow each other', () =>
    expect([laterStart('2026-01-31', 'day', 1), laterStart('2026-01-05', 'week', 2), laterStart('2026-11-01', 'month', 3)]).toEqual([
      '2026-02-01',
      '2026-01-19',
      '2027-02-01',
    ]));
});

describe('a trend', () => {
  const line = (group: (string | null)[], points: (number | null)[], of = 0) => ({
    line: of,
    event: 'a',
    measure: 'events' as const,
    group,
    total: 10,
    points,
  });
  const periods = ['2026-03-02', '2026-03-03', '2026-03-04'];
  const given = answer({ periods, lines: [line([], [1, 2, 7])] }, { periods, lines: [line([], [1, 1, 1])] });
  const drawn = figure({ kind: 'trend', interval: 'day', series: [{ event: 'a' }], compare: true }, given);

  it('is drawn solid, dashed where a period is not over, and pale before', () => {
    const series = seriesOf(drawn);
    expect(series.map((one) => one.id)).toEqual(['before-0', 'dashed-0', 'line-0']);
    expect(series[1]!.data).toEqual([null, 2, 7]);
    expect(series[2]!.data).toEqual([1, 2, null]);
  });

  it('leads from a place in the chart to its nearest line, and from a cell to its number', () => {
    const two = figure(
      { kind: 'trend', interval: 'day', series: [{}, {}] },
      answer({ periods, lines: [line([], [1, 2, 3]), line([], [9, 8, 7], 1)] }),
    );
    expect(two.drawing!.pickAt({ index: 1, value: 7 })).toEqual({ line: 1, period: 1, group: [] });
    expect(two.drawing!.pickAt({ index: 9, value: 7 })).toBeNull();
    expect(two.data.rows[3]).toEqual(['Any event', '2026-03-02', 9]);
    expect(two.pickOf(3, 2)).toEqual({ line: 1, period: 0, group: [] });
    expect(two.pickOf(3, 0)).toBeNull();
  });

  it('is compared line by line', () => {
    expect(drawn.data.rows.map((row) => row.slice(1))).toEqual([
      [1, 1],
      [2, 1],
      [7, 1],
    ]);
    expect(
      trendRows({ question: { kind: 'trend', ...range, series: [{ event: 'a' }] }, answer: given, words, today: '2026-03-04' }),
    ).toMatchObject([{ name: 'a', total: 10, before: 10 }]);
  });

  it('says what it does not draw and what is not given', () => {
    const lines = Array.from({ length: 12 }, (_, i) => line([String(i)], [1, 1, 1]));
    const many = figure({ kind: 'trend', series: [{}], breakdown: [{ field: 'city' }] }, answer({ periods, lines, groups: 300 }));
    expect(many.notes).toEqual(['The 200 largest of 300 groups are given.', '8 of 12 are drawn; the table has all.']);
    expect(seriesOf(many)).toHaveLength(16);
    expect(many.data.rows).toHaveLength(36);
  });

  it('of nothing is empty', () =>
    expect(figure({ kind: 'trend', series: [{}] }, answer({ periods, lines: [{ ...line([], [0, 0, 0]), total: 0 }] })).empty).toBe(true));
});

describe('a funnel', () => {
  const step = (index: number, customers: number, dropped: number, optional = false) => ({
    step: index,
    event: 'a',
    optional,
    customers,
    share: customers / 8,
    fromPrevious: 0.5,
    dropped,
    averageSeconds: 60,
    medianSeconds: null,
  });
  const steps = [step(0, 8, 0), step(1, 6, 2, true), step(2, 4, 4)];
  const drawn = figure(
    { kind: 'funnel', steps: [{ event: 'a' }, { event: 'b', optional: true }, { event: 'c' }] },
    answer({ funnels: [{ group: [], steps }] }),
  );

  it('leads to those who came to a step, and above the bar to those who did not', () => {
    expect(drawn.drawing!.pickAt({ index: 2, value: 0.2, series: 'reached-0' })).toEqual({ step: 2, group: [] });
    expect(drawn.drawing!.pickAt({ index: 2, value: 0.9, series: 'dropped' })).toEqual({ step: 0, dropped: true, group: [] });
    expect(drawn.pickOf(2, 4)).toEqual({ step: 0, dropped: true, group: [] });
  });

  it('has no drop-outs at a step that may be left out', () => {
    expect(drawn.data.rows[1]![4]).toBeNull();
    expect(drawn.pickOf(1, 4)).toBeNull();
  });

  it('says how many came to the end', () => expect(drawn.summary).toBe('50% came to the end: 4 of 8.'));

  it('by groups has a colour for each', () => {
    const groups = figure(
      { kind: 'funnel', steps: [{}, {}, {}], breakdown: [{ field: 'os' }] },
      answer({
        funnels: [
          { group: ['x'], steps },
          { group: [null], steps },
        ],
        groups: 2,
      }),
    );
    expect(seriesOf(groups)).toHaveLength(2);
    expect(groups.colorOf!(0)).not.toBe(groups.colorOf!(3));
    expect(groups.data.rows[3]![0]).toBe('(no value)');
    expect(groups.drawing!.pickAt({ index: 0, value: 0.1, series: 'reached-1' })).toEqual({ step: 0, group: [null] });
  });
});

describe('a retention', () => {
  const cohort = (index: number, start: string, size: number, values: number[]) => ({ cohort: index, start, group: [], size, values });
  const question: Question = { kind: 'retention', from: '2026-03-02', to: '2026-03-20', interval: 'week', periods: 3, start: {} };
  const given = answer({
    cohorts: [cohort(0, '2026-03-02', 10, [10, 4, 2]), cohort(1, '2026-03-09', 30, [30, 6, 0]), cohort(2, '2026-03-16', 0, [0, 0, 0])],
  });
  const rows = cohortRows({ question, answer: given, today: '2026-03-20' });

  it('knows what is over, what is not, and what has not begun', () => {
    expect(rows.map((row) => row.cells.map((cell) => cell.state))).toEqual([
      ['whole', 'whole', 'partial'],
      ['whole', 'partial', 'future'],
      ['partial', 'future', 'future'],
    ]);
  });

  it('averages over those whose time has come', () => expect(averages(rows, 3)).toEqual([1, 0.4, null]));

  it('sums up the first period that is over for somebody', () => {
    expect(figure(question, given, '2026-03-20').summary).toBe('40 began; Week 1: 40%.');
    expect(figure(question, given, '2026-03-10').summary).toBe('40 began; Week 0: 100%.');
  });

  it('leads from a cell to its customers', () => {
    const drawn = figure(question, given, '2026-03-20');
    expect(drawn.pickOf(0, 3)).toEqual({ cohort: 0, period: 1, group: [] });
    expect(drawn.pickOf(0, 1)).toEqual({ cohort: 0, period: -1, group: [] });
    expect(drawn.pickOf(1, 4)).toBeNull();
    expect(drawn.data.rows[1]!.at(-1)).toBeNull();
  });
});

describe('a lifecycle', () => {
  const lifecycle = { new: [1, 2], returning: [3, 4], resurrected: [5, 0], dormant: [6, 7] };
  const drawn = figure({ kind: 'lifecycle', interval: 'day' }, answer({ periods: ['2026-03-03', '2026-03-04'], lifecycle }));
  it('has those who stayed away below the line', () => expect(seriesOf(drawn)[3]!.data[1]).toMatchObject({ value: -7 }));
  it('leads to who is counted, and nowhere where nobody is', () => {
    expect(drawn.drawing!.pickAt({ index: 0, value: 1, series: 'resurrected' })).toEqual({ period: 0, status: 'resurrected' });
    expect(drawn.drawing!.pickAt({ index: 1, value: 1, series: 'resurrected' })).toBeNull();
    expect(drawn.pickOf(1, 4)).toEqual({ period: 1, status: 'dormant' });
  });
});

describe('a stickiness', () => {
  const drawn = figure({ kind: 'stickiness' }, answer({ activePeriods: [6, 0, 2] }));
  it('counts from one', () => {
    expect(drawn.drawing!.pickAt({ index: 2, value: 1 })).toEqual({ period: 3 });
    expect(drawn.pickOf(1, 1)).toBeNull();
    expect(drawn.summary).toBe('2 of 8 customers (25%) on more than 1 day.');
  });
});

describe('paths', () => {
  const link = (step: number, from: string, to: string | null, customers: number) => ({ step, from, to, customers });
  it('keep the frequent stops and put the rest together, losing nobody', () => {
    const links = Array.from({ length: 12 }, (_, i) => link(0, 'a', `e${i}`, 12 - i));
    const { stops, flows } = flowOf([...links, link(0, 'a', null, 3)]);
    expect(stops.filter((stop) => stop.step === 1).map((stop) => stop.event)).toEqual([
      'e0',
      'e1',
      'e2',
      'e3',
      'e4',
      'e5',
      'e6',
      '#rest',
      '#end',
    ]);
    expect(flows.reduce((sum, flow) => sum + flow.customers, 0)).toBe(81);
    expect(stops.find((stop) => stop.event === '#rest')!.customers).toBe(5 + 4 + 3 + 2 + 1);
    expect(flows.find((flow) => flow.target === '1:#rest')!.pick).toBeNull();
    expect(flows.find((flow) => flow.target === '1:#end')!.pick).toEqual({ step: 0, group: ['a', null] });
  });

  it('lead from links and stops to customers', () => {
    const drawn = figure({ kind: 'paths' }, answer({ links: [link(0, 'a', 'b', 4), link(0, 'a', null, 1), link(1, 'b', null, 4)] }));
    const at = (data: object) => drawn.drawing!.pickAt({ index: 0, value: null, data });
    expect(at({ source: '0:a', target: '1:b' })).toEqual({ step: 0, group: ['a', 'b'] });
    expect(at({ name: '1:b' })).toEqual({ step: 1, group: ['b'] });
    expect(at({ name: '1:#end' })).toBeNull();
    expect(drawn.data.rows[0]).toEqual([1, 'a', 'b', 4, 0.8]);
    expect(drawn.pickOf(1, 3)).toEqual({ step: 0, group: ['a', null] });
  });
});

describe('the title over the customers', () => {
  it.each([
    [{ kind: 'trend', series: [{ event: 'a' }], interval: 'day' }, { line: 0, period: 0, group: ['FR'] }, 'a · FR · Mon, 2 Mar 2026'],
    [{ kind: 'funnel', steps: [{}, { event: 'b' }] }, { step: 1, dropped: true, group: [] }, 'Came to step 2, b, and no further'],
    [{ kind: 'paths' }, { step: 0, group: ['a', 'b'] }, 'a → b'],
    [{ kind: 'paths' }, { step: 1, group: ['b'] }, 'At stop 2: b'],
    [{ kind: 'stickiness', interval: 'week' }, { period: 2 }, '2 weeks'],
    [{ kind: 'retention', interval: 'month' }, { cohort: 0, period: 2, group: [] }, 'Began Mar 2026 · Month 2'],
    [{ kind: 'lifecycle', interval: 'day' }, { period: 0, status: 'new' }, 'New · Mon, 2 Mar 2026'],
  ] as const)('of %j', (question, pick, expected) => {
    expect(pickTitle({ ...range, ...question } as unknown as Question, pick as never, ['2026-03-02'], '2026-03-01', words)).toBe(expected);
  });
});

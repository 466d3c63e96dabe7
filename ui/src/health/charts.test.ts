import { describe, expect, it } from 'vitest';
import type { CheckDetail, Database } from '../api/health.types';
import { chartTokens } from '../components/chart/palette';
import { makeFormat } from '../i18n/format';
import { growthData, growthOption, responseData, responseOption } from './charts';
import { countsOf, keyOf, shortType } from './words';

const format = makeFormat('en-GB', 'UTC', 'EUR');
const t = ((key: string) => key) as never;
const context = { tokens: chartTokens.light, wide: true, animate: false };

const detail: CheckDetail = {
  service: 'platform',
  name: 'database',
  from: '2026-01-01T00:00:00Z',
  to: '2026-01-02T00:00:00Z',
  points: [
    { at: '2026-01-01T00:00:00Z', averageMs: 3.4, mostMs: 9, looks: 15, bad: 0 },
    { at: '2026-01-01T00:15:00Z', averageMs: null, mostMs: null, looks: 2, bad: 2 },
  ],
  changes: [],
};

const growth: Database['growth'] = [
  {
    name: '',
    days: [
      { day: '2026-01-01', bytes: 1000 },
      { day: '2026-01-02', bytes: 2000 },
    ],
  },
  { name: 'log.events', days: [{ day: '2026-01-02', bytes: 500 }] },
];

describe('how long a check takes', () => {
  it('is the mean in front and the longest behind, with gaps where nothing was measured', () => {
    const series = responseOption(detail, t, format, context).series as { name: string; data: (number | null)[] }[];
    expect(series.map((one) => [one.name, one.data])).toEqual([
      ['health.longest', [9, null]],
      ['health.mean', [3, null]],
    ]);
    expect(responseData(detail, t, format).rows[1]).toEqual(['2026-01-01T00:15:00Z', null, null]);
  });
});

describe('growth', () => {
  it('has every day for every table, and no number where there is no sample', () => {
    const series = growthOption(growth, t, format, context).series as { name: string; data: (number | null)[] }[];
    expect(series.map((one) => [one.name, one.data])).toEqual([
      ['database.whole', [1000, 2000]],
      ['log.events', [null, 500]],
    ]);
    expect(growthData(growth, t, format).rows).toEqual([
      ['2026-01-01', 1000, null],
      ['2026-01-02', 2000, 500],
    ]);
  });
});

describe('words', () => {
  it('counts what a strip shows', () => {
    expect(countsOf(['healthy', 'degraded', null, 'unhealthy', 'unhealthy'])).toEqual({ degraded: 1, unhealthy: 2, unknown: 1 });
  });

  it('tells an organization’s probe from the installation’s check of the same name', () => {
    expect(keyOf({ service: 'a', name: 'b', ofOrganization: true })).not.toBe(keyOf({ service: 'a', name: 'b', ofOrganization: false }));
    expect(shortType('System.NullReferenceException')).toBe('NullReferenceException');
  });
});

// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import type { LineSeriesOption } from 'echarts/charts';
import { chartTokens } from '../components/chart/palette';
import { makeFormat } from '../i18n/format';
import { translator } from '../i18n/I18n';
import { sampleOverview as overview } from './sample';
import { trendData, trendDescription } from './trend-data';
import { dashedValues, solidValues, trendOption, type Trend } from './trend-option';
import { trendTooltip } from './trend-tooltip';

const format = makeFormat('en-GB', 'Europe/London', 'GBP');
const t = translator('en', 'en-GB');
const trend: Trend = { overview, metric: 'revenue', compare: true, format, t };
const context = { tokens: chartTokens.light, wide: true, animate: false };
const lines = (trendOf: Trend) => {
  const { series } = trendOption(trendOf, context);
  return (Array.isArray(series) ? series : []).map(({ name, data }) => ({ name, data }));
};

describe('the chart over time', () => {
  it('draws the comparison, cut to the length of the period, and the unfinished part apart', () => {
    expect(lines(trend)).toEqual([
      { name: 'previous', data: [8_000, 0, 16_000] },
      { name: 'dashed', data: [null, 15_000, 5_000] },
      { name: 'current', data: [10_000, 15_000, null] },
    ]);
  });

  it('labels a line where it ends: behind the dashes of an unfinished bucket', () => {
    const labelled = (last: boolean) => {
      const series = trend.overview.series.map((point, i, all) => ({ ...point, partial: last && i === all.length - 1 }));
      const lines = trendOption({ ...trend, overview: { ...trend.overview, series } }, context).series as LineSeriesOption[];
      return lines.filter((line) => line.endLabel?.show).map((line) => line.name);
    };
    expect(labelled(true)).toEqual(['previous', 'dashed']);
    expect(labelled(false)).toEqual(['previous', 'current']);
  });

  it('leaves the comparison out when it is off', () => {
    expect(lines({ ...trend, compare: false }).map((line) => line.name)).toEqual(['dashed', 'current']);
  });

  it('dashes only what touches an unfinished bucket', () => {
    const whole = overview.series.map((point) => ({ ...point, partial: false }));
    expect(dashedValues(whole, 'revenue')).toEqual([null, null, null]);
    expect(solidValues(whole, 'revenue')).toEqual([10_000, 15_000, 5_000]);
    expect(dashedValues([{ ...whole[0]!, partial: true }, whole[1]!, whole[2]!], 'revenue')).toEqual([10_000, 15_000, null]);
  });

  it('does not move for those who want it still', () => expect(trendOption(trend, context).animation).toBe(false));

  it('tells value, share and change at the pointer', () => {
    const text = trendTooltip(trend, [{ dataIndex: 0 }], chartTokens.light).textContent;
    expect(text).toContain('£10,000.00');
    expect(text).toContain('33.3% of the total');
    expect(text).toContain('£8,000.00');
    expect(text).toContain('↑ 25% higher');
    expect(trendTooltip(trend, [{ dataIndex: 9 }], chartTokens.light).textContent).toBe('');
  });

  it('can be read as a table', () => {
    const { columns, rows } = trendData(overview, 'averageOrderValue', true, format, t);
    expect(columns.map((column) => column.label)).toEqual(['Period', 'Average order', 'Average order, previous period', 'Completeness']);
    expect(rows[1]).toEqual(['2011-12-08', 1000, null, 'whole']);
    expect(columns[1]?.show?.(null)).toBe('–');
  });

  it('can be heard', () => {
    expect(trendDescription(overview, 'revenue', format, t)).toContain(
      'Highest: £15,000.00 (Thursday 8 December 2011)'.replace('Thursday ', 'Thursday, '),
    );
    expect(trendDescription({ ...overview, series: [] }, 'revenue', format, t)).toContain('no values');
  });
});

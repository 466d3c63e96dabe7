import type { LineSeriesOption } from 'echarts/charts';
import type { Overview, SeriesPoint } from '../api/types';
import { baseOption, type ChartOption, type OptionContext } from '../components/chart/option';
import type { Format } from '../i18n/format';
import type { Translate } from '../i18n/I18n';
import type { MetricName } from './metric-names';
import { metrics } from './metrics';
import { bucketLabel } from './trend-data';
import { trendTooltip } from './trend-tooltip';

export interface Trend {
  overview: Overview;
  metric: MetricName;
  compare: boolean;
  format: Format;
  t: Translate;
}

type Values = (number | null)[];

/** Whole buckets are drawn solid. */
export const solidValues = (points: SeriesPoint[], metric: MetricName): Values =>
  points.map((point) => (point.partial ? null : point[metric]));

/** A stretch that leads to or from an unfinished bucket is dashed, so its whole neighbours are needed too. */
export function dashedValues(points: SeriesPoint[], metric: MetricName): Values {
  const touches = (i: number) => points[i]?.partial || points[i - 1]?.partial || points[i + 1]?.partial;
  const unfinished = points.some((point) => point.partial);
  return points.map((point, i) => (unfinished && touches(i) ? point[metric] : null));
}

/** Labels at the ends of lines that end close together are pushed apart. */
function endOffsets(current: Values, previous: Values): [number, number] {
  const a = current.findLast((v) => v !== null) ?? 0;
  const b = previous.findLast((v) => v !== null) ?? 0;
  const top = Math.max(...[...current, ...previous].map((v) => v ?? 0), 0) || 1;
  if (Math.abs(a - b) / top > 0.08) return [0, 0];
  return a >= b ? [-8, 8] : [8, -8];
}

export function trendOption({ overview, metric, compare, format, t }: Trend, context: OptionContext): ChartOption {
  const { tokens, wide } = context;
  const { series, previousSeries, interval } = overview;
  const past = compare ? previousSeries.slice(0, series.length) : [];
  const before = past.map((point) => point[metric]);
  const [offset, pastOffset] = endOffsets(
    series.map((point) => point[metric]),
    before,
  );
  // The label stands where the line ends: after the incomplete bucket, not on the dashes that lead to it.
  const unfinished = series.at(-1)?.partial ?? false;
  const alone = series.length === 1;

  const endLabel = (text: string, color: string, y: number, here = true): LineSeriesOption['endLabel'] => ({
    show: here && wide && compare && past.length > 0,
    formatter: text,
    color,
    fontSize: 12,
    distance: 8,
    offset: [0, y],
  });
  const line = (name: string, data: Values, color: string, more: LineSeriesOption = {}): LineSeriesOption => ({
    type: 'line',
    name,
    data,
    color,
    showSymbol: alone,
    symbol: 'circle',
    symbolSize: 7,
    lineStyle: { width: 2, color },
    emphasis: { disabled: true },
    ...more,
  });

  return {
    ...baseOption(context),
    grid: {
      left: 8,
      right: wide && compare && past.length > 0 ? 116 : 12,
      top: 20,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: series.map((point) => bucketLabel(point.date, interval, format, 'short')),
      axisLine: { lineStyle: { color: tokens.line } },
      axisTick: { show: false },
      axisLabel: { color: tokens.text, hideOverlap: true, margin: 12 },
    },
    yAxis: {
      type: 'value',
      splitNumber: 4,
      splitLine: { lineStyle: { color: tokens.line } },
      axisLabel: { color: tokens.text, formatter: (value: number) => metrics[metric].axis(value, format) },
    },
    tooltip: {
      ...baseOption(context).tooltip,
      formatter: (params) => trendTooltip({ overview, metric, compare, format, t }, params, tokens),
    },
    series: [
      ...(past.length > 0
        ? [line('previous', before, tokens.comparison, { z: 1, endLabel: endLabel(t('overview.previousPeriod'), tokens.text, pastOffset) })]
        : []),
      line('dashed', dashedValues(series, metric), tokens.series, {
        z: 2,
        lineStyle: { width: 2, color: tokens.series, type: [4, 4] },
        endLabel: endLabel(t('overview.thisPeriod'), tokens.series, offset, unfinished),
      }),
      line('current', solidValues(series, metric), tokens.series, {
        z: 3,
        areaStyle: { color: tokens.area },
        endLabel: endLabel(t('overview.thisPeriod'), tokens.series, offset, !unfinished),
      }),
    ],
  };
}

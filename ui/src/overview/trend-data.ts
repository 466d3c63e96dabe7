import type { Interval, Overview } from '../api/types';
import type { Cell, ChartData } from '../components/chart/data';
import type { Format } from '../i18n/format';
import type { Translate } from '../i18n/I18n';
import { addDays, type PlainDate } from '../i18n/plain-date';
import { usePlainT } from '../i18n/usePlainT';
import type { MetricName } from './metric-names';
import { metrics } from './metrics';

/** What a bucket is called: a day, the first day of a week, a month. */
export function bucketLabel(date: PlainDate, interval: Interval, format: Format, style: 'short' | 'long'): string {
  if (interval === 'month') return format.month(date);
  if (style === 'short') return format.day(date, 'short');
  return interval === 'week' ? format.range(date, addDays(date, 6)) : format.day(date, 'long');
}

type Plain = ReturnType<typeof usePlainT>;

export function trendData(overview: Overview, metric: MetricName, compare: boolean, format: Format, t: Translate): ChartData {
  const { exact, label } = metrics[metric];
  const show = (value: Cell) => (typeof value === 'number' ? exact(value, format) : '–');
  const name = (t as Plain)(label);
  return {
    columns: [
      { label: t('overview.period'), show: (value) => bucketLabel(String(value), overview.interval, format, 'long') },
      { label: name, align: 'right', show },
      ...(compare ? [{ label: t('overview.previousOf', { name }), align: 'right' as const, show }] : []),
      { label: t('overview.complete'), show: (value) => (value === 'partial' ? t('overview.partial') : t('overview.whole')) },
    ],
    rows: overview.series.map((point, i) => [
      point.date,
      point[metric],
      ...(compare ? [overview.previousSeries[i]?.[metric] ?? null] : []),
      point.partial ? 'partial' : 'whole',
    ]),
  };
}

/** The chart in one sentence: where it begins and ends, its highest and its lowest point. */
export function trendDescription(overview: Overview, metric: MetricName, format: Format, t: Translate): string {
  const { exact, label } = metrics[metric];
  const name = (t as Plain)(label);
  const known = overview.series.filter((point) => point[metric] !== null);
  const range = format.range(overview.range.from, overview.range.to);
  if (known.length === 0) return t('overview.chart.nothing', { name, range });
  const by = (sign: number) => known.reduce((best, point) => (sign * (point[metric] ?? 0) > sign * (best[metric] ?? 0) ? point : best));
  const say = (point: (typeof known)[number]) => ({
    value: exact(point[metric] ?? 0, format),
    when: bucketLabel(point.date, overview.interval, format, 'long'),
  });
  const [highest, lowest] = [say(by(1)), say(by(-1))];
  return t('overview.chart.description', {
    name,
    range,
    highest: highest.value,
    highestWhen: highest.when,
    lowest: lowest.value,
    lowestWhen: lowest.when,
  });
}

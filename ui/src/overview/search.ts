import type { DayRange, Interval } from '../api/types';
import type { ChartView } from '../components/chart/ChartCard';
import { isPlainDate } from '../i18n/plain-date';
import { oneOf, textOf } from '../shell/search-params';
import { metricNames, type MetricName } from './metric-names';

export const intervals: readonly Interval[] = ['day', 'week', 'month'];

/** The whole state of the page. What is left out has its default: the server's range and interval, revenue, comparison on. */
export interface OverviewSearch extends Partial<DayRange> {
  interval?: Interval;
  country?: string;
  metric?: MetricName;
  compare?: 'off';
  view?: ChartView;
}

export function overviewSearch(search: Record<string, unknown>): OverviewSearch {
  const { from, to } = search;
  const range = isPlainDate(from) && isPlainDate(to) && from <= to ? { from, to } : { from: undefined, to: undefined };
  return {
    ...range,
    interval: oneOf(intervals, search.interval),
    country: textOf(search.country),
    metric: oneOf(metricNames, search.metric),
    compare: oneOf(['off'], search.compare),
    view: oneOf(['table'], search.view),
  };
}

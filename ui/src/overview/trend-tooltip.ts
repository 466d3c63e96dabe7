import type { ChartTokens } from '../components/chart/palette';
import { changeOf } from '../components/Delta';
import { metrics } from './metrics';
import { bucketLabel } from './trend-data';
import type { Trend } from './trend-option';

/** The library passes one entry for each line at the pointer; all that counts is which bucket it is. */
function indexOf(params: unknown): number {
  const first: unknown = Array.isArray(params) ? params[0] : params;
  return typeof first === 'object' && first !== null && 'dataIndex' in first ? Number(first.dataIndex) : -1;
}

/** Built as elements and not as HTML text, so that no value can ever be markup. */
export function trendTooltip({ overview, metric, compare, format, t }: Trend, params: unknown, tokens: ChartTokens): HTMLElement {
  const box = document.createElement('div');
  box.style.cssText = 'font-variant-numeric:tabular-nums;line-height:1.5';
  const add = (text: string, style = '') => {
    const line = document.createElement('div');
    line.textContent = text;
    line.style.cssText = style;
    box.append(line);
  };

  const i = indexOf(params);
  const point = overview.series[i];
  if (!point) return box;
  const { exact, unit, addsUp } = metrics[metric];
  const show = (value: number | null) => (value === null ? '–' : exact(value, format));
  const value = point[metric];

  add(bucketLabel(point.date, overview.interval, format, 'long'));
  add(show(value), `font-size:15px;font-weight:600;color:${tokens.series}`);
  const total = overview.current[metric];
  if (addsUp && value !== null && total) add(t('overview.tooltip.share', { share: format.percent(value / total) }));
  if (point.partial) add(t('overview.partial'));

  const past = compare ? overview.previousSeries[i] : undefined;
  if (past) {
    const change = changeOf(value, past[metric], unit);
    add(
      t('overview.tooltip.previous', {
        when: bucketLabel(past.date, overview.interval, format, overview.interval === 'day' ? 'long' : 'short'),
        value: show(past[metric]),
      }),
      `margin-top:6px;padding-top:6px;border-top:1px solid ${tokens.line}`,
    );
    if (change && change.direction !== 'same') {
      const amount = unit === 'points' ? t('delta.points', { points: format.number(change.by, 1) }) : format.percent(change.by);
      add(change.direction === 'up' ? `↑ ${t('delta.up', { amount })}` : `↓ ${t('delta.down', { amount })}`);
    }
  }
  return box;
}

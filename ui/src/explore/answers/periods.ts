import type { QuestionInterval } from '../../api/analytics.types';
import type { Format } from '../../i18n/format';
import { addDays, endOfMonth, startOfMonth, type PlainDate } from '../../i18n/plain-date';

/** The last day of a period that begins on a day. */
export const lastDay = (start: PlainDate, interval: QuestionInterval): PlainDate =>
  interval === 'month' ? endOfMonth(start) : interval === 'week' ? addDays(start, 6) : start;

/** The day on which the n-th period after one begins. */
export function laterStart(start: PlainDate, interval: QuestionInterval, n: number): PlainDate {
  if (interval === 'month') return startOfMonth(start, n);
  return addDays(start, interval === 'week' ? 7 * n : n);
}

/** Hours are named by their first minute with its offset, all others by their first day. */
export function isPartial(
  period: string,
  interval: QuestionInterval,
  range: { from: PlainDate; to: PlainDate },
  today: PlainDate,
  now: number = Date.now(),
): boolean {
  if (interval === 'hour') return Date.parse(period) + 3_600_000 > now && Date.parse(period) <= now;
  const last = lastDay(period, interval);
  return period < range.from || last > range.to || (last >= today && period <= today);
}

/** It has not begun: nothing can have happened in it. */
export const isFuture = (period: string, interval: QuestionInterval, today: PlainDate, now: number = Date.now()): boolean =>
  interval === 'hour' ? Date.parse(period) > now : period > today;

export function periodLabel(period: string, interval: QuestionInterval, format: Format, style: 'short' | 'long'): string {
  // The offset in its name makes an hour the organization's own.
  if (interval === 'hour') {
    const day = format.day(period.slice(0, 10), style === 'short' ? 'short' : 'weekday');
    return `${day}, ${period.slice(11, 16)}`;
  }
  if (interval === 'month') return format.month(period);
  if (style === 'short') return format.day(period, 'short');
  return interval === 'week' ? format.range(period, addDays(period, 6)) : format.day(period, 'weekday');
}

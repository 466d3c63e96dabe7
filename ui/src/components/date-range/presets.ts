import type { DayRange } from '../../api/types';
import type { Key } from '../../i18n/catalogue';
import { addDays, daysBetween, endOfMonth, startOfMonth, startOfYear, type PlainDate } from '../../i18n/plain-date';

export interface Preset {
  id: string;
  label: Key;
  range: DayRange;
}

/**
 * The day presets count back from. Where the newest data is older than a month, "the last 30 days" of the
 * calendar would be empty, so they count back from the newest data and the picker says so.
 */
export function anchorDay(today: PlainDate, dataRange: DayRange | null): PlainDate {
  if (!dataRange || daysBetween(dataRange.to, today) <= 30) return today;
  return dataRange.to;
}

export function presetsFor(anchor: PlainDate, dataRange: DayRange | null): Preset[] {
  const back = (days: number): DayRange => ({ from: addDays(anchor, 1 - days), to: anchor });
  const lastYear = addDays(startOfYear(anchor), -1);
  return [
    { id: 'last7', label: 'range.last7', range: back(7) },
    { id: 'last30', label: 'range.last30', range: back(30) },
    { id: 'last90', label: 'range.last90', range: back(90) },
    { id: 'last365', label: 'range.last365', range: back(365) },
    { id: 'thisMonth', label: 'range.thisMonth', range: { from: startOfMonth(anchor), to: anchor } },
    { id: 'lastMonth', label: 'range.lastMonth', range: { from: startOfMonth(anchor, -1), to: endOfMonth(anchor, -1) } },
    { id: 'thisYear', label: 'range.thisYear', range: { from: startOfYear(anchor), to: anchor } },
    { id: 'lastYear', label: 'range.lastYear', range: { from: startOfYear(lastYear), to: lastYear } },
    ...(dataRange ? [{ id: 'all', label: 'range.all' as const, range: dataRange }] : []),
  ];
}

import { describe, expect, it } from 'vitest';
import { addDays, dayIn, daysBetween, endOfMonth, isPlainDate, startOfMonth, startOfYear } from './plain-date';

describe('calendar days', () => {
  it('are only what is in the calendar', () => {
    expect(isPlainDate('2012-02-29')).toBe(true);
    for (const wrong of ['2011-02-29', '2011-13-01', '2011-1-1', 'today', 20110101, undefined]) expect(isPlainDate(wrong)).toBe(false);
  });

  it('are counted with both ends', () => {
    expect(daysBetween('2011-11-10', '2011-12-09')).toBe(30);
    expect(daysBetween('2011-12-09', '2011-12-09')).toBe(1);
  });

  it('cross months, years and changes of the clock', () => {
    expect(addDays('2011-03-27', 1)).toBe('2011-03-28');
    expect(addDays('2012-01-01', -1)).toBe('2011-12-31');
    expect(startOfMonth('2011-01-15', -1)).toBe('2010-12-01');
    expect(endOfMonth('2012-02-10')).toBe('2012-02-29');
    expect(startOfYear('2011-12-09')).toBe('2011-01-01');
  });

  it('depend on where one is', () => {
    expect(dayIn('Pacific/Auckland', '2011-12-09T12:00:00Z')).toBe('2011-12-10');
    expect(dayIn('America/Los_Angeles', '2011-12-09T02:00:00Z')).toBe('2011-12-08');
  });
});

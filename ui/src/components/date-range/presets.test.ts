import { describe, expect, it } from 'vitest';
import { anchorDay, presetsFor } from './presets';

const old = { from: '2010-12-01', to: '2011-12-09' };
const range = (id: string, anchor = '2011-12-09') => presetsFor(anchor, old).find((preset) => preset.id === id)?.range;

describe('presets', () => {
  it('count back from today, or from the newest data when that is long ago', () => {
    expect(anchorDay('2011-12-20', old)).toBe('2011-12-20');
    expect(anchorDay('2026-11-20', old)).toBe('2011-12-09');
    expect(anchorDay('2026-11-20', null)).toBe('2026-11-20');
  });

  it('include both ends', () => {
    expect(range('last30')).toEqual({ from: '2011-11-10', to: '2011-12-09' });
    expect(range('last7')).toEqual({ from: '2011-12-03', to: '2011-12-09' });
  });

  it('know months and years', () => {
    expect(range('lastMonth', '2012-03-31')).toEqual({ from: '2012-02-01', to: '2012-02-29' });
    expect(range('lastYear')).toEqual({ from: '2010-01-01', to: '2010-12-31' });
    expect(range('all')).toEqual(old);
  });

  it('offer all data only when there is some', () =>
    expect(presetsFor('2026-11-20', null).some((preset) => preset.id === 'all')).toBe(false));
});

import { describe, expect, it } from 'vitest';
import { atTheWall, onTheWall } from './zone';

describe('the clock on the wall', () => {
  it('shows a moment and finds it again', () => {
    for (const [instant, zone, local] of [
      ['2024-01-03T09:15:00Z', 'Europe/Paris', '2024-01-03T10:15:00'],
      ['2024-07-01T00:00:00+00:00', 'America/New_York', '2024-06-30T20:00:00'],
      ['2024-07-01T00:00:00Z', 'Asia/Kathmandu', '2024-07-01T05:45:00'],
    ] as const) {
      expect(onTheWall(instant, zone)).toBe(local);
      expect(Date.parse(atTheWall(local, zone)!)).toBe(Date.parse(instant));
    }
  });

  it('goes on where spring leaves an hour out, and takes the first of the two in autumn', () => {
    expect(atTheWall('2024-03-31T02:30:00', 'Europe/Paris')).toBe('2024-03-31T01:30:00.000Z');
    expect(atTheWall('2024-10-27T02:30:00', 'Europe/Paris')).toBe('2024-10-27T00:30:00.000Z');
  });

  it('knows no moment that is none', () => {
    expect(onTheWall('infinity', 'UTC')).toBeNull();
    expect(atTheWall('soon', 'UTC')).toBeNull();
  });
});

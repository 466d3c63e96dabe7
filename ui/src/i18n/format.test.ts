import { describe, expect, it } from 'vitest';
import { makeFormat } from './format';

const london = makeFormat('en-GB', 'Europe/London', 'GBP');
const paris = makeFormat('fr-FR', 'Europe/Paris', 'EUR');
const plain = (text: string) => text.replace(/[\u00a0\u202f\u2009]/g, ' ');

describe('numbers', () => {
  it('are short from ten thousand on', () => {
    expect(london.compact(9999)).toBe('9,999');
    expect(london.compact(1_234_567)).toBe('1.23m');
    expect(plain(paris.compact(1_234_567))).toBe('1,23 M');
  });

  it('carry their currency', () => {
    expect(london.money(1234.5)).toBe('£1,234.50');
    expect(plain(paris.money(1234.5))).toBe('1 234,50 €');
    expect(london.money(5, 'EUR')).toBe('€5.00');
    expect(london.moneyCompact(507_283.79)).toBe('£507k');
    expect(london.price(0.001)).toBe('£0.001');
  });

  it('say sizes and durations in words', () => {
    expect(london.bytes(7_548_702)).toBe('7.5 MB');
    expect(london.bytes(9)).toBe('9 bytes');
    expect(london.duration(48)).toBe('48 seconds');
    expect(london.duration(0)).toBe('1 second');
    expect(plain(paris.duration(180))).toBe('3 minutes');
    expect(london.bytes(2_400_000_000_000)).toBe('2.4 TB');
    expect([0.44, 75, 119, 120, 7199, 109_440].map(london.elapsed)).toEqual([
      '0.4 seconds',
      '75 seconds',
      '119 seconds',
      '2 minutes',
      '120 minutes',
      '30 hours',
    ]);
    expect(plain(paris.elapsed(1.4))).toBe('1,4 seconde');
  });
});

describe('moments', () => {
  const instant = '2011-06-30T23:30:00Z';

  it('are told in the zone of the organization', () => {
    expect(london.dayOf(instant)).toBe('2011-07-01');
    expect(london.time(instant)).toBe('00:30');
    expect(paris.time(instant)).toBe('01:30');
  });

  it('name the zone when exact', () => {
    expect(london.exact(instant)).toBe('Fri, 1 Jul 2011, 00:30:00 BST');
  });

  it('are near or far', () => {
    const now = Date.parse('2011-07-01T00:00:00Z');
    expect(london.relative('2011-06-30T23:59:30Z', now)).toBe('30 seconds ago');
    expect(london.relative('2011-06-30T00:00:00Z', now)).toBe('yesterday');
    expect(paris.relative('2011-06-30T21:00:00Z', now)).toBe('il y a 3 heures');
  });

  it('leave calendar days alone', () => {
    expect(london.day('2011-12-09')).toBe('9 Dec 2011');
    expect(plain(paris.range('2011-11-10', '2011-12-09'))).toBe('10 nov. – 9 déc. 2011');
  });
});

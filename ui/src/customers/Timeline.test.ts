import { expect, it } from 'vitest';
import type { EventRow } from '../api/types';
import { makeFormat } from '../i18n/format';
import { groupByDay } from './Timeline';

const at = (id: string, occurredAt: string) => ({ id, occurredAt }) as EventRow;

it('groups by the days of the organization’s zone', () => {
  const events = [at('c', '2011-07-01T10:00:00Z'), at('b', '2011-06-30T23:30:00Z'), at('a', '2011-06-30T22:30:00Z')];
  const days = groupByDay(events, makeFormat('en-GB', 'Europe/London', 'GBP').dayOf);
  expect(days.map(([day, ofDay]) => [day, ofDay.map((event) => event.id)])).toEqual([
    ['2011-07-01', ['c', 'b']],
    ['2011-06-30', ['a']],
  ]);
});

import { expect, it } from 'vitest';
import { outcomeOf } from './outcome';
import { person } from './sample';
import { namesOfTwo } from './words';

it('fills what is missing and keeps what is there', () => {
  const survivor = person({ email: null, phone: '+44 1', city: null, tags: ['vip'], customAttributes: { size: 'M' } });
  const merged = person({
    email: 'a@example.org',
    phone: '+44 2',
    city: null,
    tags: ['vip', 'guest'],
    customAttributes: { size: 'L', colour: 'red' },
  });
  const outcome = outcomeOf(survivor, merged);
  expect(outcome.takes).toEqual(['email']);
  expect(outcome.differs).toEqual(['phone']);
  expect(outcome.tags).toEqual(['guest']);
  expect(outcome.attributes).toEqual(['colour']);
});

it('knows who was here first, whatever the notation', () => {
  const early = person({ firstSeenAt: '2024-03-01T00:30:00+01:00' });
  const late = person({ firstSeenAt: '2024-02-29T23:45:00Z' });
  expect(outcomeOf(late, early).earlier).toBe(true);
  expect(outcomeOf(early, late).earlier).toBe(false);
  expect(outcomeOf(early, early).earlier).toBe(false);
});

it('tells two of one name apart', () => {
  expect(namesOfTwo(person(), person({ id: 'b', externalId: 'c2' }))).toEqual({
    survivor: 'Ada Lovelace (c1)',
    merged: 'Ada Lovelace (c2)',
  });
  expect(namesOfTwo(person(), person({ id: 'b', name: null, email: 'a@b.c' }))).toEqual({ survivor: 'Ada Lovelace', merged: 'a@b.c' });
});

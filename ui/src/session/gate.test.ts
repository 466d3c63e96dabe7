import { expect, it } from 'vitest';
import { safeNext } from './gate';

it('follows only addresses of our own', () => {
  expect(safeNext('/o/retail/customers?country=France')).toBe('/o/retail/customers?country=France');
  for (const wrong of [undefined, '', 'https://example.org', '//example.org', '/\\example.org', 'javascript:alert(1)'])
    expect(safeNext(wrong)).toBe('/');
});

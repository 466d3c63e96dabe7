import { describe, expect, it } from 'vitest';
import { nextSort, sortOf } from './columns';

describe('sorting', () => {
  it('reads the sign as the way round', () => {
    expect(sortOf('-revenue', 'revenue')).toBe('descending');
    expect(sortOf('revenue', 'revenue')).toBe('ascending');
    expect(sortOf('-revenue', 'name')).toBe('none');
  });

  it('begins with what is wanted first and then turns round', () => {
    expect(nextSort('-revenue', { sort: 'name', firstSort: 'ascending' })).toBe('name');
    expect(nextSort('name', { sort: 'name', firstSort: 'ascending' })).toBe('-name');
    expect(nextSort(undefined, { sort: 'orders' })).toBe('-orders');
  });
});

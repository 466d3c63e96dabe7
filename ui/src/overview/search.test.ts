import { describe, expect, it } from 'vitest';
import { customersSearch } from '../customers/search';
import { parseSearch, stringifySearch } from '../shell/search-params';
import { overviewSearch } from './search';

const read = (address: string) => JSON.parse(JSON.stringify(overviewSearch(parseSearch(address)))) as unknown;

describe('the address of the overview', () => {
  it('holds the whole state', () => {
    const address = '?from=2011-11-10&to=2011-12-09&interval=week&country=France&metric=orders&compare=off&view=table';
    expect(read(address)).toEqual({
      from: '2011-11-10',
      to: '2011-12-09',
      interval: 'week',
      country: 'France',
      metric: 'orders',
      compare: 'off',
      view: 'table',
    });
    expect(stringifySearch(overviewSearch(parseSearch(address)) as Record<string, unknown>)).toBe(address);
  });

  it('drops what makes no sense', () => {
    expect(read('?from=2011-12-09&to=2011-11-10&interval=hour&metric=profit&compare=on&country=%20')).toEqual({});
    expect(read('?from=2011-02-30&to=2011-03-01')).toEqual({});
    expect(read('?from=2011-01-01')).toEqual({});
  });

  it('keeps numbers and signs in texts as they are', () => {
    expect(customersSearch(parseSearch('?search=12346&sort=-orders'))).toMatchObject({ search: '12346', sort: '-orders' });
    expect(stringifySearch({ search: '12346', peek: undefined })).toBe('?search=12346');
  });
});

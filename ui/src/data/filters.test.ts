import { describe, expect, it } from 'vitest';
import {
  cut,
  fromAddress,
  inList,
  isWhole,
  listOf,
  operators,
  operatorsFor,
  toAddress,
  toQuery,
  writeList,
  type Filter,
  type Operator,
} from './filters';

const filter = (column: string, operator: Operator, value = ''): Filter => ({ column, operator, value });

describe('filters', () => {
  it('become parameters of a request', () => {
    expect(
      toQuery(
        [
          filter('country', 'eq', 'FR'),
          filter('name', 'contains', 'a, b'),
          filter('status', 'in', 'new, "a,b"'),
          filter('city', 'notNull'),
        ],
        'all',
      ),
    ).toEqual([
      ['country', 'eq.FR'],
      ['name', 'ilike.*a, b*'],
      ['status', 'in.(new,"a,b")'],
      ['city', 'not.is.null'],
    ]);
  });

  it('are one tree when any of them will do', () => {
    expect(toQuery([filter('name', 'contains', 'x(y)'), filter('n', 'gte', '1.5')], 'any')).toEqual([
      ['or', '(name.ilike."*x(y)*",n.gte."1.5")'],
    ]);
    expect(toQuery([filter('name', 'eq', 'x')], 'any')).toEqual([['name', 'eq.x']]);
  });

  it('ask nothing while they are not finished', () => {
    expect(toQuery([filter('country', 'eq', ' '), filter('city', 'isNull')], 'all')).toEqual([['city', 'is.null']]);
    expect(isWhole(filter('a', 'eq'))).toBe(false);
  });

  it.each(Object.keys(operators) as Operator[])('come back out of the address: %s', (operator) => {
    for (const value of [
      'plain',
      'with space',
      'a "quoted" \\ one',
      'dots.and(brackets)',
      '2024-01-01T00:00:00Z',
      '*star',
      '{"a": [1, 2]}',
    ]) {
      const fixed = 'fixed' in operators[operator];
      const list = 'list' in operators[operator];
      const said = filter('attributes->>tier', operator, fixed ? '' : list ? writeList([value, 'b']) : value);
      const read = fromAddress(toAddress([said, filter('b', 'eq', 'c')]));
      // What begins or ends with a star is the same question by another name.
      expect(toQuery(read, 'all')).toEqual(toQuery([said, filter('b', 'eq', 'c')], 'all'));
    }
  });

  it('are left out where the address makes no sense', () => {
    for (const wrong of [undefined, '', 'x', 'a.b', 'a.nope.1', 'a.in.1', 'a.is.maybe', '.eq.1', 'a.eq'])
      expect(fromAddress(wrong)).toEqual([]);
  });

  it('are cut where a comma stands for itself', () => {
    expect(cut('a.eq."x,y",b.in.(1,2),c.cs.{1,2}')).toEqual(['a.eq."x,y"', 'b.in.(1,2)', 'c.cs.{1,2}']);
    expect(listOf(' a, "b, c" ,, d')).toEqual(['a', 'b, c', 'd']);
    expect(inList(['a', '', 'b"c'])).toBe('(a,"","b\\"c")');
  });

  it('fit the type', () => {
    expect(operatorsFor({ base: 'bool', choices: null })).not.toContain('gt');
    expect(operatorsFor({ base: 'numeric', choices: null })).toContain('gte');
    expect(operatorsFor({ base: '_text', choices: null })[0]).toBe('has');
    expect(operatorsFor({ base: 'jsonb', choices: null }, true)).toContain('contains');
    expect(operatorsFor({ base: 'text', choices: ['a'] })[0]).toBe('eq');
  });
});

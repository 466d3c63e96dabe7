import { describe, expect, it } from 'vitest';
import { asTyped, fromTyped } from './values';

describe('values of settings', () => {
  it.each([
    ['a text', 'string', 'a text'],
    ['12', 'number', 12],
    ['true', 'boolean', true],
    ['{"a":[1]}', 'json', { a: [1] }],
  ] as const)('%s stands in its field and comes back', (typed, dataType, value) => {
    expect(fromTyped(typed, dataType)).toEqual(value);
    expect(asTyped({ value: value as never, dataType })).toBe(typed);
  });

  it('knows what is no JSON', () => {
    expect(fromTyped('{', 'object')).toBeUndefined();
    expect(fromTyped('twelve', 'number')).toBeUndefined();
  });

  it('leaves a text that looks like JSON a text', () => {
    expect(fromTyped('{"a":1}', 'string')).toBe('{"a":1}');
    expect(fromTyped('12', 'string')).toBe('12');
  });
});

import { describe, expect, it } from 'vitest';
import { Exact, parseJson, writeJson } from './json';

describe('JSON with all its digits', () => {
  it.each([
    '9007199254740993',
    '-9223372036854775808',
    '[1.50,1e400,-0,1E2,0.1]',
    '{"a":{"n":10.10,"s":["1.50","\\"9007199254740993"]},"b":[{}],"c":[],"d":null,"e":true}',
    '{"__proto__":1.0,"":"\\\\"}',
    '"1.50"',
  ])('comes back as it was: %s', (text) => expect(writeJson(parseJson(text))).toBe(text));

  it('is numbers where JavaScript holds them', () => {
    expect(parseJson('[1,-2.5,1.0,9007199254740991]')).toEqual([1, -2.5, new Exact('1.0'), 9007199254740991]);
    expect(String(parseJson('12345678901234567890.12'))).toBe('12345678901234567890.12');
  });

  it('is as wide as JSON.stringify makes it', () => {
    const value = { a: [1, { b: 'x' }], c: {}, d: [], e: undefined, f: [undefined] };
    expect(writeJson(value)).toBe(JSON.stringify(value));
    expect(writeJson(value, 2)).toBe(JSON.stringify(value, null, 2));
  });

  it.each(['{"a":', '[01]', '[1.]', '[1 2.50]', '1.50.2', '[1.50', ''])('is refused where it is none: %s', (text) =>
    expect(() => parseJson(text)).toThrow(SyntaxError),
  );
});

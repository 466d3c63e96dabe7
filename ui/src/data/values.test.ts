import { describe, expect, it } from 'vitest';
import type { DataColumn, DataRow } from '../api/data.types';
import { parseJson, writeJson } from '../api/json';
import { kindOf } from './kinds';
import { draftOf, keyQuery, keyText, keyValues, shown, valueOf } from './values';

const column = (base: string, more: Partial<DataColumn> = {}): DataColumn => ({
  name: 'c',
  type: base,
  base,
  nullable: true,
  default: null,
  comment: null,
  maxLength: null,
  choices: null,
  insert: true,
  update: true,
  ...more,
});

const zone = 'Europe/Paris';

describe('values', () => {
  it.each([
    ['text', ' two lines\nand a space '],
    ['numeric', '123456789012345678.90'],
    ['int8', '9007199254740993'],
    ['bool', true],
    ['uuid', '5b4e6cc8-f371-4d8b-ae5a-ff5401b7a1a4'],
    ['date', '2024-02-29'],
    ['jsonb', { a: [1, { b: null }] }],
    ['jsonb', parseJson('{"id": 9007199254740993, "price": [1.50]}')],
    ['jsonb', parseJson('1.50')],
    ['_int8', parseJson('[9007199254740993, 2]')],
    ['_text', ['a', 'b, c', 'd"e']],
    ['_int4', [1, 2]],
    ['timestamptz', '2024-07-01T10:00:00.000Z'],
    ['timestamptz', 'infinity'],
    ['int4range', '[1,5)'],
  ])('come back as they were: %s', (base, value) => {
    expect(valueOf(column(base), draftOf(column(base), value, zone), zone)).toEqual({ value });
  });

  it('keep the digits of their numbers, read, shown and written', () => {
    const [row] = parseJson(
      '[{"big": 9007199254740993, "price": 1.50, "small": 2, "all": [9007199254740993, 1.0], "more": {"n": 10.10}}]',
    ) as DataRow[];
    const draft = (base: string, name: string) => draftOf(column(base), row![name], zone);
    expect([draft('int8', 'big'), draft('numeric', 'price'), draft('int4', 'small')]).toEqual(['9007199254740993', '1.50', '2']);
    expect([draft('_numeric', 'all'), draft('jsonb', 'more')]).toEqual(['[9007199254740993,1.0]', '{\n  "n": 10.10\n}']);
    expect([shown(column('int8'), row!.big, zone), shown(column('_numeric'), row!.all, zone)]).toEqual([
      '9007199254740993',
      '9007199254740993, 1.0',
    ]);
    const changed = valueOf(column('jsonb'), '{"n": 10.100, "m": 12345678901234567890}', zone);
    expect(writeJson('value' in changed && { more: changed.value })).toBe('{"more":{"n":10.100,"m":12345678901234567890}}');
  });

  it('that cannot be are not sent', () => {
    expect(valueOf(column('int4'), '1.5', zone)).toEqual({ fault: 'whole' });
    expect(valueOf(column('numeric'), 'many', zone)).toEqual({ fault: 'number' });
    expect(valueOf(column('numeric'), '', zone)).toEqual({ fault: 'number' });
    expect(valueOf(column('uuid'), 'x', zone)).toEqual({ fault: 'uuid' });
    expect(valueOf(column('timestamptz'), 'soon', zone)).toEqual({ fault: 'moment' });
    expect(valueOf(column('jsonb'), '{"a":', zone)).toMatchObject({ fault: 'json' });
  });

  it('are null only when nothing is there', () => {
    expect(draftOf(column('text'), null, zone)).toBeNull();
    expect(draftOf(column('text'), '', zone)).toBe('');
    expect(valueOf(column('int4'), null, zone)).toEqual({ value: null });
  });

  it('are shown in one line, moments in the zone of the organization', () => {
    expect(shown(column('timestamptz'), '2024-07-01T10:00:00+00:00', zone)).toBe('2024-07-01 12:00:00');
    expect(shown(column('jsonb'), { a: 1 }, zone)).toBe('{"a":1}');
    expect(shown(column('_text'), ['a', 'b'], zone)).toBe('a, b');
    expect(shown(column('text'), null, zone)).toBe('');
  });

  it('know what they are', () => {
    expect(['_jsonb', 'tstzrange', 'citext', 'inet'].map((base) => kindOf(column(base)))).toEqual(['list', 'range', 'text', 'other']);
    expect(kindOf(column('text', { choices: ['a'] }))).toBe('choice');
  });
});

describe('keys', () => {
  it('name a row', () => {
    expect(keyText(['a', 'b'], { a: 1, b: 'x', c: 2 })).toBe('1,x');
    expect(keyQuery(['a', 'b'], '1,x')).toEqual([
      ['a', 'eq.1'],
      ['b', 'eq.x'],
    ]);
    expect(keyQuery(['code'], 'a,b')).toEqual([['code', 'eq.a,b']]);
    const odd = { a: 'x, 5%2C', b: '%' };
    expect(keyValues(['a', 'b'], keyText(['a', 'b'], odd))).toEqual(['x, 5%2C', '%']);
    expect(keyText(['a'], odd)).toBe('x, 5%2C');
  });
});

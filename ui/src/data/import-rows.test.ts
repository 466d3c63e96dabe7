import { afterEach, describe, expect, it, vi } from 'vitest';
import { readCsv } from './csv';
import { guess, importLines, rowOf } from './import-rows';
import { sampleColumn, sampleRelation } from './sample';

const relation = sampleRelation();

describe('importing lines', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('finds the columns of the file in the table', () => {
    expect(guess(['ID', 'Name', 'Seen at', 'name', 'Other', 'organization_id'], relation)).toEqual([
      'id',
      'name',
      'seen_at',
      null,
      null,
      null,
    ]);
  });

  it('takes cells as they are, and lists and JSON as what they say', () => {
    const columns = [sampleColumn('a', 'int4'), sampleColumn('b', 'jsonb'), sampleColumn('c', '_text'), null, sampleColumn('d', 'text')];
    const line = { line: 2, cells: ['1.50', '{"x":1}', 'one, two', 'left out', ''] };
    expect(rowOf(line, columns, 'default')).toEqual({ a: '1.50', b: { x: 1 }, c: ['one', 'two'] });
    expect(rowOf(line, columns, 'null')).toMatchObject({ d: null });
  });

  it('writes every line but those that are refused, and says which', async () => {
    const bodies: { name: string }[][] = [];
    vi.stubGlobal('fetch', (_: string, { body }: RequestInit) => {
      const rows = JSON.parse(body as string) as { name: string }[];
      bodies.push(rows);
      const bad = rows.some((row) => row.name.startsWith('bad'));
      return Promise.resolve(bad ? new Response('{"code":"23514","message":"no"}', { status: 400 }) : new Response(null, { status: 201 }));
    });
    const lines = Array.from({ length: 450 }, (_, i) => (i === 7 || i === 333 ? `bad${i}` : `n${i}`));
    const csv = readCsv(`name\n${lines.join('\n')}\nx,too many\n`);
    const state = await importLines('o', relation, csv, ['name'], 'insert', 'default', () => undefined, new AbortController().signal);
    expect(state).toMatchObject({ done: 451, written: 448 });
    expect(state.errors.map((error) => error.line)).toEqual([9, 335, 452]);
    expect(bodies.flat().filter((row) => row.name === 'n8').length).toBeGreaterThan(1);
  });

  it('stops where nobody may write', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"code":"42501","message":"no"}', { status: 403 })));
    await expect(
      importLines('o', relation, readCsv('name\na\nb'), ['name'], 'insert', 'default', () => undefined, new AbortController().signal),
    ).rejects.toMatchObject({ code: '42501' });
  });
});

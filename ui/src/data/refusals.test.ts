import { describe, expect, it } from 'vitest';
import { parseRestProblem } from '../api/data';
import { goneProblem, plain, refusalOf } from './refusals';
import { sampleRelation } from './sample';

const relation = sampleRelation();
const said = (status: number, code: string, message: string) =>
  parseRestProblem(status, JSON.stringify({ code, message, details: null, hint: null }));

describe('what the database refuses', () => {
  it('is about the fields of its rule', () => {
    const refusal = refusalOf(
      said(400, '23514', 'new row for relation "customers" violates check constraint "customers_name_check"'),
      relation,
      { name: '' },
    );
    expect(refusal).toMatchObject({
      kind: 'check',
      columns: ['name'],
      rule: 'customers_name_check',
      text: '(length(name) >= 1) and (length(name) <= 200)',
    });
    expect(refusalOf(said(409, '23505', 'duplicate key value violates unique constraint "customers_name_key"'), relation)).toMatchObject({
      kind: 'unique',
      columns: ['name'],
    });
    expect(
      refusalOf(
        said(409, '23503', 'insert or update on table "customers" violates foreign key constraint "customers_parent_fkey"'),
        relation,
      ),
    ).toMatchObject({ kind: 'missing', columns: ['parent_id'] });
    expect(
      refusalOf(
        said(
          409,
          '23503',
          'update or delete on table "customers" violates foreign key constraint "customers_parent_fkey" on table "customers"',
        ),
        relation,
      ),
    ).toMatchObject({ kind: 'referred', columns: [] });
  });

  it('is about the column it names', () => {
    expect(
      refusalOf(said(400, '23502', 'null value in column "stage" of relation "customers" violates not-null constraint'), relation),
    ).toMatchObject({ kind: 'required', columns: ['stage'] });
  });

  it('is about the field that holds the text it could not read', () => {
    const error = said(400, '22P02', 'invalid input syntax for type integer: "many"');
    expect(refusalOf(error, relation, { name: 'Ada', orders: 'many' })).toMatchObject({ kind: 'type', columns: ['orders'] });
    expect(refusalOf(error, relation, { name: 'x' })).toMatchObject({ columns: ['name'] });
  });

  it('may be about no field at all', () => {
    expect(refusalOf(said(403, '42501', 'Your role may read here, and not write'), relation)).toMatchObject({ kind: 'right', columns: [] });
    expect(refusalOf(goneProblem(), relation).kind).toBe('gone');
    expect(refusalOf(parseRestProblem(502, '<html>'), relation)).toMatchObject({ kind: 'other', code: 'http_502' });
  });
});

describe('a rule', () => {
  it.each([
    ['CHECK ((exchange_rate > (0)::numeric))', 'exchange_rate > 0'],
    ["CHECK ((kind = ANY (ARRAY['order'::text, 'refund'::text])))", "kind in ('order', 'refund')"],
    ["CHECK ((order_status = ANY ('{cancelled,confirmed}'::text[])))", 'order_status in (cancelled,confirmed)'],
    ['CHECK ((length(city) <= 100))', 'length(city) <= 100'],
    ['CHECK ((is_subscription OR (subscription_id IS NULL)))', 'is_subscription or (subscription_id is null)'],
  ])('reads %s', (check, text) => expect(plain(check)).toBe(text));
});

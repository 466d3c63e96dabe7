import { describe, expect, it } from 'vitest';
import { restPath, totalOf } from '../api/data';
import { clientOf, curlOf, rowsRequest } from './request';
import { sampleRelation } from './sample';
import { clickSort, moved, readWidths, viewOf, writeSort, writeWidths } from './view';

const relation = sampleRelation();

describe('a view of a table', () => {
  it('has the usual columns, without the tenant', () => {
    expect(viewOf(relation, {}).columns.map((c) => c.name)).toEqual([
      'id',
      'name',
      'stage',
      'orders',
      'attributes',
      'seen_at',
      'parent_id',
    ]);
  });

  it('drops what is not there', () => {
    const view = viewOf(relation, {
      where: 'nope.eq.1,name.eq.x',
      sort: 'nope,orders.desc,orders',
      columns: 'name,nope,id,name',
      pin: 'id,stage',
      widths: 'name:300,id:3',
    });
    expect(view.filters).toEqual([{ column: 'name', operator: 'eq', value: 'x' }]);
    expect(view.sort).toEqual([{ column: 'orders', descending: true }]);
    expect(view.columns.map((c) => c.name)).toEqual(['id', 'name']);
    expect(view.widths).toEqual({ name: 300 });
  });

  it('sorts by one column, or by several', () => {
    const one = clickSort([], 'a', false);
    expect(writeSort(clickSort(one, 'b', true))).toBe('a,b');
    expect(writeSort(clickSort(clickSort(one, 'b', true), 'a', true))).toBe('a.desc,b');
    expect(writeSort(clickSort(one, 'a', false))).toBe('a.desc');
    expect(writeSort(clickSort(clickSort(one, 'a', false), 'a', false))).toBeUndefined();
  });

  it('has its columns in any order and width', () => {
    expect(moved(['a', 'b', 'c'], 'c', 'a')).toEqual(['c', 'a', 'b']);
    expect(moved(['a', 'b', 'c'], 'a', null)).toEqual(['b', 'c', 'a']);
    expect(readWidths(writeWidths({ a: 100, b: 250 }))).toEqual({ a: 100, b: 250 });
  });
});

describe('what is on the screen', () => {
  const view = viewOf(relation, {
    where: "name.ilike.*o'b*,stage.in.(new,active)",
    sort: 'orders.desc',
    columns: 'name,stage',
    page: 3,
    size: 25,
    count: 'exact',
  });

  it('is asked for in one request, in an order that is the only one', () => {
    expect(rowsRequest(relation, view)).toEqual({
      schema: 'cdp',
      relation: 'customers',
      query: [
        ['select', 'name,stage,id'],
        ['name', "ilike.*o'b*"],
        ['stage', 'in.(new,active)'],
        ['order', 'orders.desc.nullslast,id.asc'],
        ['limit', '25'],
        ['offset', '50'],
      ],
      prefer: ['count=exact'],
    });
  });

  it('is a call of curl without any secret in it', () => {
    expect(curlOf('http://localhost:8080', rowsRequest(relation, view))).toBe(
      `curl 'http://localhost:8080/rest/v1/customers?select=name,stage,id&name=ilike.*o%27b*&stage=in.(new,active)&order=orders.desc.nullslast,id.asc&limit=25&offset=50' \\
  -H "apikey: $CLIENTELE_KEY" \\
  -H 'Accept-Profile: cdp' \\
  -H 'Prefer: count=exact'`,
    );
  });

  it('is a call of postgrest-js', () => {
    const text = clientOf('http://localhost:8080', relation, view);
    expect(text).toContain(".ilike('name', '*o\\'b*')");
    expect(text).toContain(".in('stage', ['new', 'active'])");
    expect(text).toContain(".order('orders', { ascending: false, nullsFirst: false })");
    expect(text).toContain('.range(50, 74)');
    expect(clientOf('', relation, { ...view, match: 'any' })).toContain(".or('name.ilike.*o\\'b*,stage.in.(new,active)')");
  });

  it('keeps brackets of lists and what the shell would take away apart', () => {
    expect(restPath({ relation: 'a b', query: [['x', 'eq.a&b=c#d[1]{2} "é"']] })).toBe(
      '/rest/v1/a%20b?x=eq.a%26b%3Dc%23d%5B1%5D%7B2%7D%20%22%C3%A9%22',
    );
  });

  it('tells how many there are', () => {
    expect([totalOf('0-49/1234'), totalOf('*/0'), totalOf('0-1/*'), totalOf(null)]).toEqual([1234, 0, null, null]);
  });
});

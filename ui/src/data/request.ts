import { restPath, type RestRequest } from '../api/data';
import type { DataRelation } from '../api/data.types';
import { inList, isWhole, listOf, operators, toQuery, type Filter } from './filters';
import type { View } from './view';

/** Rows have one order, even where the sorted values are the same: pages must not overlap. */
export function orderOf(relation: Pick<DataRelation, 'key'>, view: Pick<View, 'sort'>): string[] {
  const sorted = view.sort.map((s) => `${s.column}${s.descending ? '.desc.nullslast' : '.asc'}`);
  const rest = relation.key.filter((column) => !view.sort.some((s) => s.column === column)).map((column) => `${column}.asc`);
  return [...sorted, ...rest];
}

/** The columns shown, and those by which a row is known. */
const selected = (relation: DataRelation, view: View) => [...new Set([...view.columns.map((column) => column.name), ...relation.key])];

/** Exactly what is on the screen. */
export function rowsRequest(relation: DataRelation, view: View): RestRequest {
  const order = orderOf(relation, view);
  return {
    schema: relation.schema,
    relation: relation.name,
    query: [
      ['select', selected(relation, view).join(',')],
      ...toQuery(view.filters, view.match),
      ...(order.length > 0 ? [['order', order.join(',')] as [string, string]] : []),
      ['limit', String(view.size)],
      ...(view.page > 1 ? [['offset', String((view.page - 1) * view.size)] as [string, string]] : []),
    ],
    prefer: view.counting === 'none' ? [] : [`count=${view.counting}`],
  };
}

/** All rows of the filter in one answer, with the columns shown; in the table's own order unless somebody sorted them. */
export function exportRequest(relation: DataRelation, view: View, accept: string): RestRequest {
  const sort = view.sort.length > 0 ? orderOf(relation, view) : [];
  return {
    schema: relation.schema,
    relation: relation.name,
    query: [
      ['select', view.columns.map((column) => column.name).join(',')],
      ...toQuery(view.filters, view.match),
      ...(sort.length > 0 ? [['order', sort.join(',')] as [string, string]] : []),
    ],
    // A server that does not know what all rows are refuses, and does not send a page of them.
    prefer: ['rows=all', 'handling=strict'],
    accept,
  };
}

/** Where a real key would stand: never in anything that is copied. */
const keyName = 'CLIENTELE_KEY';

export function curlOf(origin: string, asked: RestRequest): string {
  const lines = [`curl '${origin}${restPath(asked)}'`, `-H "apikey: $${keyName}"`, `-H 'Accept-Profile: ${asked.schema}'`];
  if (asked.prefer?.length) lines.push(`-H 'Prefer: ${asked.prefer.join(', ')}'`);
  return lines.join(' \\\n  ');
}

const literal = (value: string) => `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;

function method(filter: Filter): string {
  const { operator, value } = filter;
  const form: { grammar: string; before?: string; after?: string; list?: boolean; fixed?: string } = operators[operator];
  const column = literal(filter.column);
  const given = form.fixed ?? `${form.before ?? ''}${value}${form.after ?? ''}`;
  const negated = form.grammar.startsWith('not.');
  const grammar = negated ? form.grammar.slice(4) : form.grammar;
  if (form.list && !negated) return `.in(${column}, [${listOf(value).map(literal).join(', ')}])`;
  if (form.list) return `.not(${column}, 'in', ${literal(inList(listOf(value)))})`;
  if (form.fixed) return negated ? `.not(${column}, 'is', ${form.fixed})` : `.is(${column}, ${form.fixed})`;
  if (negated) return `.not(${column}, ${literal(grammar)}, ${literal(given)})`;
  if (['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'like', 'ilike'].includes(grammar)) return `.${grammar}(${column}, ${literal(given)})`;
  return `.filter(${column}, ${literal(grammar)}, ${literal(given)})`;
}

/** The same question for the client that programs use. */
export function clientOf(origin: string, relation: DataRelation, view: View): string {
  const asked = rowsRequest(relation, view);
  const select = asked.query?.find(([name]) => name === 'select')?.[1] ?? '*';
  const counted = view.counting === 'none' ? '' : `, { count: '${view.counting}' }`;
  const whole = view.filters.filter(isWhole);
  const tree = view.match === 'any' && whole.length > 1 ? toQuery(whole, 'any')[0]?.[1].slice(1, -1) : undefined;
  const from = (view.page - 1) * view.size;
  const lines = [
    `.from(${literal(relation.name)})`,
    `.select(${literal(select)}${counted})`,
    ...(tree === undefined ? whole.map(method) : [`.or(${literal(tree)})`]),
    ...orderOf(relation, view).map((part) => {
      const [column = '', direction] = part.split('.');
      return direction === 'desc' ? `.order(${literal(column)}, { ascending: false, nullsFirst: false })` : `.order(${literal(column)})`;
    }),
    `.range(${from}, ${from + view.size - 1})`,
  ];
  return `import { PostgrestClient } from '@supabase/postgrest-js'

const client = new PostgrestClient('${origin}/rest/v1', {
  headers: { apikey: process.env.${keyName} },
  schema: ${literal(relation.schema)},
})
const { data, ${view.counting === 'none' ? '' : 'count, '}error } = await client
${lines.map((line) => `  ${line}`).join('\n')}
`;
}

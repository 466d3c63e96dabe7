import type { DataColumn } from '../api/data.types';
import { kindOf, type Kind } from './kinds';

/** The questions a person can ask of a column, each in the grammar of the Data API. */
export const operators = {
  eq: { grammar: 'eq' },
  neq: { grammar: 'neq' },
  contains: { grammar: 'ilike', before: '*', after: '*' },
  notContains: { grammar: 'not.ilike', before: '*', after: '*' },
  starts: { grammar: 'ilike', before: '', after: '*' },
  ends: { grammar: 'ilike', before: '*', after: '' },
  like: { grammar: 'like' },
  matches: { grammar: 'imatch' },
  gt: { grammar: 'gt' },
  gte: { grammar: 'gte' },
  lt: { grammar: 'lt' },
  lte: { grammar: 'lte' },
  in: { grammar: 'in', list: true },
  notIn: { grammar: 'not.in', list: true },
  has: { grammar: 'cs' },
  within: { grammar: 'cd' },
  overlaps: { grammar: 'ov' },
  search: { grammar: 'wfts' },
  isNull: { grammar: 'is', fixed: 'null' },
  notNull: { grammar: 'not.is', fixed: 'null' },
  isTrue: { grammar: 'is', fixed: 'true' },
  isFalse: { grammar: 'is', fixed: 'false' },
} as const satisfies Record<string, { grammar: string; before?: string; after?: string; list?: boolean; fixed?: string }>;

export type Operator = keyof typeof operators;

export interface Filter {
  /** A column, or a path into one that holds JSON: attributes->>tier. */
  column: string;
  operator: Operator;
  /** As typed; empty where the operator needs none. */
  value: string;
}

export type Match = 'all' | 'any';

const ordered: Operator[] = ['eq', 'neq', 'gt', 'gte', 'lt', 'lte', 'in', 'notIn', 'isNull', 'notNull'];
const byKind: Record<Kind, Operator[]> = {
  text: ['contains', 'eq', 'neq', 'starts', 'ends', 'notContains', 'in', 'notIn', 'matches', 'like', 'gt', 'lt', 'isNull', 'notNull'],
  choice: ['eq', 'neq', 'in', 'notIn', 'isNull', 'notNull'],
  number: ordered,
  date: ordered,
  time: ordered,
  moment: ['gte', 'lt', 'gt', 'lte', 'eq', 'isNull', 'notNull'],
  local: ['gte', 'lt', 'gt', 'lte', 'eq', 'isNull', 'notNull'],
  boolean: ['isTrue', 'isFalse', 'isNull', 'notNull'],
  uuid: ['eq', 'neq', 'in', 'notIn', 'isNull', 'notNull'],
  json: ['has', 'within', 'isNull', 'notNull'],
  list: ['has', 'within', 'overlaps', 'isNull', 'notNull'],
  range: ['has', 'overlaps', 'within', 'eq', 'isNull', 'notNull'],
  search: ['search', 'isNull', 'notNull'],
  bytes: ['isNull', 'notNull'],
  other: ['eq', 'neq', 'in', 'isNull', 'notNull'],
};

/** What can be asked of a column; inside JSON everything is text. */
export const operatorsFor = (column: Pick<DataColumn, 'base' | 'choices'>, path = false): Operator[] =>
  byKind[path ? 'text' : kindOf(column)];

export const needsValue = (operator: Operator) => !('fixed' in operators[operator]);

export const columnOf = (filter: Pick<Filter, 'column'>) => filter.column.split('->')[0] ?? filter.column;

/** A condition nobody has finished yet asks nothing. */
export const isWhole = (filter: Filter) => !needsValue(filter.operator) || filter.value.trim() !== '';

/** Reserved signs are harmless between double quotes. */
export const quoteValue = (value: string) => (/[,.:()"\\\s]/.test(value) || value === '' ? `"${value.replace(/["\\]/g, '\\$&')}"` : value);

const unquote = (value: string) => (/^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value);

/** Cuts at the commas that are not inside quotes, brackets or braces. */
export function cut(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!;
    if (quoted && sign === '\\') {
      part += sign + (text[++i] ?? '');
      continue;
    }
    if (sign === '"') quoted = !quoted;
    else if (!quoted && '([{'.includes(sign)) depth++;
    else if (!quoted && ')]}'.includes(sign)) depth--;
    if (sign === ',' && depth === 0 && !quoted) {
      parts.push(part);
      part = '';
    } else part += sign;
  }
  parts.push(part);
  return parts;
}

/** A list as a person types it: a, b, "c, d". */
export const listOf = (text: string) =>
  cut(text)
    .map((part) => unquote(part.trim()))
    .filter((part) => part !== '');

export const writeList = (values: readonly string[]) => values.map((value) => (/[",]/.test(value) ? quoteValue(value) : value)).join(', ');

export const inList = (values: readonly string[]) => `(${values.map(quoteValue).join(',')})`;

function valueIn({ operator, value }: Filter): string {
  const form: { grammar: string; before?: string; after?: string; list?: boolean; fixed?: string } = operators[operator];
  if (form.fixed) return form.fixed;
  if (form.list) return inList(listOf(value));
  return `${form.before ?? ''}${value}${form.after ?? ''}`;
}

/** The filters as parameters of a request. */
export function toQuery(filters: readonly Filter[], match: Match): [string, string][] {
  const whole = filters.filter(isWhole);
  if (match === 'any' && whole.length > 1) return [['or', `(${whole.map(toCondition).join(',')})`]];
  return whole.map((filter) => [filter.column, `${operators[filter.operator].grammar}.${valueIn(filter)}`]);
}

function toCondition(filter: Filter): string {
  const { grammar } = operators[filter.operator];
  const value = valueIn(filter);
  return `${filter.column}.${grammar}.${'list' in operators[filter.operator] ? value : quoteValue(value)}`;
}

/** The filters as the address holds them. */
export const toAddress = (filters: readonly Filter[]): string | undefined => filters.map(toCondition).join(',') || undefined;

/** What makes no sense is left out: addresses are typed and mangled. */
export function fromAddress(text: string | undefined): Filter[] {
  if (!text) return [];
  return cut(text).flatMap((part) => {
    const said = /^([^.]+)\.((?:not\.)?[a-z]+)\.(.*)$/s.exec(part.trim());
    if (!said) return [];
    const [, column, grammar, rest] = said as unknown as [string, string, string, string];
    const value = unquote(rest);
    for (const operator of Object.keys(operators) as Operator[]) {
      const form: { grammar: string; before?: string; after?: string; list?: boolean; fixed?: string } = operators[operator];
      if (form.grammar !== grammar) continue;
      if (form.fixed) {
        if (form.fixed === value) return [{ column, operator, value: '' }];
        continue;
      }
      if (form.list) return /^\(.*\)$/s.test(rest) ? [{ column, operator, value: writeList(cut(rest.slice(1, -1)).map(unquote)) }] : [];
      const { before, after } = form;
      if (before === undefined || after === undefined) return [{ column, operator, value }];
      if (value.length < before.length + after.length || !value.startsWith(before) || !value.endsWith(after)) continue;
      return [{ column, operator, value: value.slice(before.length, value.length - after.length) }];
    }
    return [];
  });
}

import type { DataColumn, DataRow } from '../api/data.types';
import { parseJson, writeJson } from '../api/json';
import { listOf, writeList } from './filters';
import { isWhole, isWords, kindOf } from './kinds';
import { atTheWall, onTheWall } from './zone';

/** What stands in a field while somebody writes; null is the database's null. */
export type Draft = string | null;

export type Fault = 'number' | 'whole' | 'json' | 'uuid' | 'moment';

/** A value as a person may edit it. */
export function draftOf(column: DataColumn, value: unknown, zone: string): Draft {
  if (value === null || value === undefined) return null;
  const kind = kindOf(column);
  if (kind === 'moment') return onTheWall(String(value), zone) ?? String(value);
  if (kind === 'local') return String(value).replace(' ', 'T').slice(0, 19);
  if (kind === 'list') return isWords(column) && Array.isArray(value) ? writeList(value.map(String)) : writeJson(value);
  if (kind === 'json') return writeJson(value, 2);
  return typeof value === 'object' ? writeJson(value) : String(value);
}

/** What is sent for a draft. Numbers go as text: PostgreSQL reads all their digits, a JavaScript number does not hold them. */
export function valueOf(column: DataColumn, draft: Draft, zone: string): { value: unknown } | { fault: Fault; at?: string } {
  if (draft === null) return { value: null };
  const text = draft.trim();
  switch (kindOf(column)) {
    case 'number':
      if (
        isWhole(column)
          ? !/^[+-]?\d+$/.test(text)
          : !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && !/^(nan|[+-]?infinity)$/i.test(text)
      )
        return { fault: isWhole(column) ? 'whole' : 'number' };
      return { value: text };
    case 'boolean':
      return { value: text === 'true' };
    case 'uuid':
      return /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text) ? { value: text } : { fault: 'uuid' };
    case 'moment': {
      if (/^-?infinity$/.test(text)) return { value: text };
      const instant = atTheWall(text, zone);
      return instant ? { value: instant } : { fault: 'moment' };
    }
    case 'json':
      return parse(text);
    case 'list':
      return isWords(column) ? { value: listOf(draft) } : parse(text);
    default:
      return { value: kindOf(column) === 'text' ? draft : text };
  }
}

function parse(text: string): { value: unknown } | { fault: Fault; at?: string } {
  try {
    return { value: parseJson(text) };
  } catch (error) {
    return { fault: 'json', at: error instanceof Error ? error.message : undefined };
  }
}

/** A value in one line, as a cell shows it. */
export function shown(column: DataColumn, value: unknown, zone: string): string {
  if (value === null || value === undefined) return '';
  const kind = kindOf(column);
  if (kind === 'moment') return onTheWall(String(value), zone)?.replace('T', ' ') ?? String(value);
  if (kind === 'local') return String(value).replace('T', ' ');
  if (kind === 'list' && Array.isArray(value))
    return value.map((item) => (typeof item === 'object' ? writeJson(item) : String(item))).join(', ');
  return typeof value === 'object' ? writeJson(value) : String(value);
}

/** A row's key as the address names it: its value, or its values with commas between them. */
export const keyText = (key: readonly string[], row: DataRow) =>
  key.length === 1
    ? String(row[key[0]!] ?? '')
    : key.map((column) => String(row[column] ?? '').replace(/[%,]/g, (sign) => (sign === ',' ? '%2C' : '%25'))).join(',');

/** The values of a key that stands in an address. */
export const keyValues = (key: readonly string[], text: string): string[] =>
  key.length === 1 ? [text] : text.split(',').map((value) => value.replace(/%(2C|25)/g, (_, sign) => (sign === '2C' ? ',' : '%')));

/** The row of that key as parameters of a request. */
export function keyQuery(key: readonly string[], text: string): [string, string][] {
  const values = keyValues(key, text);
  return key.map((column, i) => [column, `eq.${values[i] ?? ''}`]);
}

export const rowKeyQuery = (key: readonly string[], row: DataRow): [string, string][] =>
  key.map((column) => [column, `eq.${String(row[column])}`]);

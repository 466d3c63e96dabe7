import type { DataColumn } from '../api/data.types';

/** What a value is to a person, whatever PostgreSQL calls it. */
export type Kind =
  | 'text'
  | 'number'
  | 'boolean'
  | 'choice'
  | 'date'
  | 'time'
  | 'moment'
  | 'local'
  | 'uuid'
  | 'json'
  | 'list'
  | 'range'
  | 'search'
  | 'bytes'
  | 'other';

const byType: Record<string, Kind> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  name: 'text',
  char: 'text',
  xml: 'text',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  numeric: 'number',
  float4: 'number',
  float8: 'number',
  oid: 'number',
  money: 'number',
  bool: 'boolean',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamptz: 'moment',
  timestamp: 'local',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
  tsvector: 'search',
  bytea: 'bytes',
};

export function kindOf(column: Pick<DataColumn, 'base' | 'choices'>): Kind {
  if (column.base.startsWith('_')) return 'list';
  if (column.choices) return 'choice';
  if (/range$/.test(column.base)) return 'range';
  return byType[column.base] ?? 'other';
}

/** Lists of words are written one after the other; all other lists as JSON. */
export const isWords = (column: Pick<DataColumn, 'base'>) => /^_(text|varchar|bpchar|citext|name)$/.test(column.base);

export const isWhole = (column: Pick<DataColumn, 'base'>) => /^(int[248]|oid)$/.test(column.base);

/** How wide a column is until somebody makes it another width, in pixels. */
export const usualWidth: Record<Kind, number> = {
  text: 200,
  number: 120,
  boolean: 96,
  choice: 140,
  date: 120,
  time: 110,
  moment: 180,
  local: 180,
  uuid: 170,
  json: 260,
  list: 200,
  range: 200,
  search: 200,
  bytes: 160,
  other: 180,
};

import type { DataColumn, DataRelation } from '../api/data.types';
import { columnOf, cut, fromAddress, type Filter, type Match } from './filters';
import { kindOf, usualWidth } from './kinds';
import { usualSize, type Counting, type TableSearch } from './search';

export interface Sort {
  column: string;
  descending: boolean;
}

/** What the address means for this table: names that are not there are dropped. */
export interface View {
  filters: Filter[];
  match: Match;
  sort: Sort[];
  columns: DataColumn[];
  pinned: string[];
  widths: Record<string, number>;
  page: number;
  size: number;
  counting: Counting;
}

/** More columns than anybody reads are there for the choosing. */
const usualColumns = 14;

export const leastWidth = 64;

/** The tenant's column is the same in every row, and the search vector is nothing to read. */
export const isHidden = (column: DataColumn) => column.name === 'organization_id' || kindOf(column) === 'search';

export const usual = (relation: DataRelation): DataColumn[] =>
  relation.columns.filter((column) => !isHidden(column)).slice(0, usualColumns);

export function readSort(text: string | undefined, known: (name: string) => boolean): Sort[] {
  if (!text) return [];
  const seen = new Set<string>();
  return text.split(',').flatMap((part) => {
    const [column = '', direction] = part.split('.');
    if (!known(column) || seen.has(column)) return [];
    seen.add(column);
    return [{ column, descending: direction === 'desc' }];
  });
}

export const writeSort = (sort: readonly Sort[]) => sort.map((s) => (s.descending ? `${s.column}.desc` : s.column)).join(',') || undefined;

export const readWidths = (text: string | undefined): Record<string, number> =>
  Object.fromEntries(
    (text ?? '').split(',').flatMap((part) => {
      const [name, width] = part.split(':');
      const pixels = Number(width);
      return name && Number.isFinite(pixels) && pixels >= leastWidth && pixels <= 2000 ? [[name, Math.round(pixels)]] : [];
    }),
  );

export const writeWidths = (widths: Record<string, number>) =>
  Object.entries(widths)
    .map(([name, width]) => `${name}:${width}`)
    .join(',') || undefined;

export function viewOf(relation: DataRelation, search: TableSearch): View {
  const byName = new Map(relation.columns.map((column) => [column.name, column]));
  const named = (text: string | undefined) =>
    [...new Set(cut(text ?? '').map((name) => name.trim()))].flatMap((name) => byName.get(name) ?? []);
  const chosen = named(search.columns);
  const columns = chosen.length > 0 ? chosen : usual(relation);
  const pinned = named(search.pin)
    .filter((column) => columns.includes(column))
    .map((column) => column.name);
  return {
    filters: fromAddress(search.where).filter((filter) => byName.has(columnOf(filter))),
    match: search.match ?? 'all',
    sort: readSort(search.sort, (name) => byName.has(name)),
    // What stays stands first.
    columns: [...columns.filter((column) => pinned.includes(column.name)), ...columns.filter((column) => !pinned.includes(column.name))],
    pinned,
    widths: readWidths(search.widths),
    page: search.page ?? 1,
    size: search.size ?? usualSize,
    counting: search.count ?? 'estimated',
  };
}

export const widthOf = (view: Pick<View, 'widths'>, column: DataColumn) => view.widths[column.name] ?? usualWidth[kindOf(column)];

/** The next state of a header that was clicked: up, down, none; alone, or together with what is sorted already. */
export function clickSort(sort: readonly Sort[], column: string, together: boolean): Sort[] {
  const now = sort.find((s) => s.column === column);
  const next: Sort[] = !now ? [{ column, descending: false }] : now.descending ? [] : [{ column, descending: true }];
  if (!together) return next;
  return now ? sort.flatMap((s) => (s.column === column ? next : [s])) : [...sort, ...next];
}

/** A column moved before another; to the end when there is no other. */
export function moved(columns: readonly string[], name: string, before: string | null): string[] {
  if (name === before) return [...columns];
  const others = columns.filter((column) => column !== name);
  const at = before === null ? others.length : others.indexOf(before);
  return [...others.slice(0, at), name, ...others.slice(at)];
}

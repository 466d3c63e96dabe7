import { oneOf, textOf } from '../shell/search-params';

export const pageSizes = [25, 50, 100, 200, 500] as const;
export const usualSize = 50;

export const countings = ['estimated', 'exact', 'none'] as const;

export type Counting = (typeof countings)[number];

export const rowTabs = ['fields', 'relations', 'history'] as const;

export type RowTab = (typeof rowTabs)[number];

/** The list of tables. */
export interface DataSearch {
  schema?: string;
  find?: string;
}

export const dataSearch = (search: Record<string, unknown>): DataSearch => ({ schema: textOf(search.schema), find: textOf(search.find) });

/** All that a table shows, in the grammar of the Data API wherever it has a word for it. */
export interface TableSearch {
  where?: string;
  match?: 'any';
  sort?: string;
  /** Columns from left to right; absent: the usual ones. */
  columns?: string;
  /** Columns that stay when the others scroll. */
  pin?: string;
  /** name:240,city:120 */
  widths?: string;
  page?: number;
  size?: number;
  count?: Counting;
  /** The row in the drawer, by its key. */
  row?: string;
  part?: RowTab;
  show?: 'call';
}

const whole = (value: unknown, least: number): number | undefined => {
  const number = Number(value);
  return value !== undefined && Number.isInteger(number) && number >= least && number <= 1_000_000_000 ? number : undefined;
};

export const tableSearch = (search: Record<string, unknown>): TableSearch => ({
  where: textOf(search.where),
  match: oneOf(['any'], search.match),
  sort: textOf(search.sort),
  columns: textOf(search.columns),
  pin: textOf(search.pin),
  widths: textOf(search.widths),
  page: whole(search.page, 2),
  size: pageSizes.find((size) => String(size) === String(search.size)),
  count: oneOf(countings, search.count),
  row: textOf(search.row),
  part: oneOf(rowTabs, search.part),
  show: oneOf(['call'], search.show),
});

import type { ReactNode } from 'react';

export type Density = 'compact' | 'comfortable';

export interface Column<T> {
  id: string;
  label: string;
  cell: (row: T) => ReactNode;
  align?: 'right';
  width?: number;
  /** The name the server sorts by; "-name" is the other way round. */
  sort?: string;
  /** The way round that is wanted first: names from A, amounts from the largest. */
  firstSort?: 'ascending' | 'descending';
  /** On a phone only what matters most is shown. */
  phone?: boolean;
  /** Cannot be taken away by the column chooser. */
  always?: boolean;
}

export const rowHeights: Record<Density, number> = { compact: 36, comfortable: 48 };

export const sortOf = (sort: string | undefined, name: string): 'ascending' | 'descending' | 'none' => {
  if (sort === name) return 'ascending';
  return sort === `-${name}` ? 'descending' : 'none';
};

/** First click: the way round that is wanted first; second: the other. */
export function nextSort(current: string | undefined, column: { sort: string; firstSort?: 'ascending' | 'descending' }): string {
  const now = sortOf(current, column.sort);
  const first = column.firstSort ?? 'descending';
  const next = now === 'none' ? first : now === 'ascending' ? 'descending' : 'ascending';
  return next === 'ascending' ? column.sort : `-${column.sort}`;
}

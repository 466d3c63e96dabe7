import { harmless } from '../harmless';

export type Cell = string | number | null;

/** A chart's numbers as a table: shown instead of it, and saved as CSV. */
export interface ChartData {
  columns: { label: string; align?: 'right'; show?: (value: Cell) => string }[];
  rows: Cell[][];
}

function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = harmless(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, with the mark that makes Excel read it as UTF-8. */
export function toCsv({ columns, rows }: ChartData): string {
  const lines = [columns.map((column) => column.label), ...rows].map((row) => row.map(csvCell).join(','));
  return `\uFEFF${lines.join('\r\n')}\r\n`;
}

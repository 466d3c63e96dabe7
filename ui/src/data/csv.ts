import { harmless } from '../components/harmless';

export interface CsvLine {
  /** Where it begins in the file, from 1. */
  line: number;
  cells: string[];
}

export interface Csv {
  header: string[];
  lines: CsvLine[];
}

/** The separator that the first line has most of. */
export function separatorOf(text: string): string {
  const first = text.slice(0, text.indexOf('\n') < 0 ? undefined : text.indexOf('\n'));
  const counts = [',', ';', '\t'].map((sign) => ({ sign, count: first.split(sign).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).sign;
}

/** RFC 4180: quotes, doubled quotes, line ends inside quotes. Empty lines are no rows. */
export function readCsv(source: string): Csv {
  const text = source.replace(/^\ufeff/, '');
  const separator = separatorOf(text);
  const lines: CsvLine[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let began = 1;
  const end = () => {
    cells.push(cell);
    if (cells.length > 1 || cells[0] !== '') lines.push({ line: began, cells });
    cells = [];
    cell = '';
  };
  for (let i = 0; i < text.length; i++) {
    const sign = text[i]!;
    if (sign === '\n') line++;
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (sign === '"' && cell === '') quoted = true;
    else if (sign === separator) {
      cells.push(cell);
      cell = '';
    } else if (sign === '\n') {
      end();
      began = line;
    } else if (sign !== '\r' || text[i + 1] !== '\n') cell += sign;
  }
  if (cell !== '' || cells.length > 0) end();
  const [header, ...rest] = lines;
  return { header: header?.cells.map((name) => name.trim()) ?? [], lines: rest };
}

// A number or a telephone number is no formula.
const guarded = (cell: string) => (/^[+-]?\d+([.,]\d+)?$/.test(cell) ? cell : harmless(cell));

/** A table as a server wrote it, with no text that a spreadsheet would run; all else stays, also what is empty and what is missing. */
export const guardedCsv = (text: string) =>
  text.replace(/"[^"]*(?:""[^"]*)*"|[^,\r\n"]+/g, (cell) => (cell.startsWith('"') ? `"${guarded(cell.slice(1, -1))}"` : guarded(cell)));

/** A cell as it was before it was made harmless for spreadsheets. */
export const unguarded = (cell: string) => (/^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell);

export const writeCsv = (rows: readonly (readonly string[])[]) => rows.map((row) => row.map(written).join(',')).join('\r\n') + '\r\n';

function written(value: string): string {
  const cell = guarded(value);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

import { parseRestProblem, rest, RestProblem } from '../api/data';
import { parseJson } from '../api/json';
import type { DataColumn, DataRelation, DataRow } from '../api/data.types';
import type { Csv, CsvLine } from './csv';
import { isWords, kindOf } from './kinds';

export type ImportMode = 'insert' | 'upsert';

/** What becomes of an empty cell. */
export type Empty = 'default' | 'null';

export interface LineError {
  line: number;
  error: unknown;
  sent: DataRow;
  cells: string[];
}

export interface Imported {
  done: number;
  written: number;
  errors: LineError[];
}

/** Columns of the file that are called like columns of the table. */
export function guess(header: readonly string[], relation: DataRelation): (string | null)[] {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const used = new Set<string>();
  return header.map((name) => {
    const found = relation.columns.find((column) => column.insert && plain(column.name) === plain(name) && !used.has(column.name));
    if (found) used.add(found.name);
    return found?.name ?? null;
  });
}

/** Text as the database reads it; only lists and JSON have to be something before. */
function cellValue(column: DataColumn, cell: string): unknown {
  const kind = kindOf(column);
  if (kind !== 'json' && kind !== 'list') return cell;
  try {
    return parseJson(cell);
  } catch {
    // A list may stand there as PostgreSQL writes it, {a,b}; what is no JSON is refused by the database, with the line told.
    return kind === 'list' && isWords(column) && !cell.startsWith('{') ? cell.split(',').map((word) => word.trim()) : cell;
  }
}

export function rowOf(line: CsvLine, columns: readonly (DataColumn | null)[], empty: Empty): DataRow {
  const row: DataRow = {};
  columns.forEach((column, i) => {
    if (!column) return;
    const cell = line.cells[i] ?? '';
    if (cell !== '') row[column.name] = cellValue(column, cell);
    else if (empty === 'null') row[column.name] = null;
  });
  return row;
}

const piece = 200;

/**
 * Writes the lines piece by piece. A piece that is refused is cut in halves until the lines at fault are known: all others go in.
 */
export async function importLines(
  organization: string,
  relation: DataRelation,
  csv: Csv,
  chosen: readonly (string | null)[],
  mode: ImportMode,
  empty: Empty,
  report: (state: Imported) => void,
  signal: AbortSignal,
): Promise<Imported> {
  const columns = chosen.map((name) => relation.columns.find((column) => column.name === name) ?? null);
  const names = columns.flatMap((column) => column?.name ?? []);
  const state: Imported = { done: 0, written: 0, errors: [] };
  const prefer = ['return=minimal', 'missing=default', ...(mode === 'upsert' ? ['resolution=merge-duplicates'] : [])];

  async function write(lines: CsvLine[]): Promise<void> {
    if (lines.length === 0) return;
    const rows = lines.map((line) => rowOf(line, columns, empty));
    try {
      const asked = { schema: relation.schema, relation: relation.name, query: [['columns', names.join(',')]] as [string, string][] };
      await rest(organization, { ...asked, method: 'POST', prefer, body: rows }, signal);
      state.written += lines.length;
      state.done += lines.length;
    } catch (error) {
      // What is no fault of a line is no reason to try them one by one.
      if (!(error instanceof RestProblem) || error.temporary || error.status === 401 || error.status === 403) throw error;
      if (lines.length === 1) {
        state.errors.push({ line: lines[0]!.line, error, sent: rows[0]!, cells: lines[0]!.cells });
        state.done += 1;
      } else {
        const half = lines.length >> 1;
        await write(lines.slice(0, half));
        await write(lines.slice(half));
      }
    }
    report({ ...state, errors: [...state.errors] });
  }

  const wrong = csv.lines.filter((line) => line.cells.length > csv.header.length);
  for (const line of wrong) {
    const message = `${line.cells.length} > ${csv.header.length}`;
    state.errors.push({
      line: line.line,
      error: parseRestProblem(400, JSON.stringify({ code: 'too_many_cells', message })),
      sent: {},
      cells: line.cells,
    });
    state.done += 1;
  }
  const good = csv.lines.filter((line) => line.cells.length <= csv.header.length);
  for (let at = 0; at < good.length; at += piece) await write(good.slice(at, at + piece));
  state.errors.sort((a, b) => a.line - b.line);
  return { ...state };
}

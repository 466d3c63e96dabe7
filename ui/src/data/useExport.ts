import { useRef, useState } from 'react';
import { rest } from '../api/data';
import type { DataRelation } from '../api/data.types';
import { save } from '../components/download';
import { useOrganization } from '../shell/organization';
import { guardedCsv } from './csv';
import { exportRequest } from './request';
import type { View } from './view';

export type ExportForm = 'csv' | 'json';

/** A request gives so many rows at most. */
const piece = 10_000;

export interface Exporting {
  form: ExportForm;
  rows: number;
}

/** The rows of the whole filter as a file, fetched piece by piece; no value is read as a number, which would lose digits. */
export function useExport(relation: DataRelation, view: View) {
  const { slug } = useOrganization();
  const [state, setState] = useState<Exporting | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);

  async function run(form: ExportForm) {
    const abort = new AbortController();
    stop.current = abort;
    setError(null);
    setState({ form, rows: 0 });
    const parts: BlobPart[] = [];
    try {
      for (let offset = 0; ; offset += piece) {
        const asked = exportRequest(relation, view, offset, piece, form === 'csv' ? 'text/csv' : 'application/json');
        const response = await rest(slug, asked, abort.signal);
        const { text, rows } = form === 'csv' ? csvOf(await response.text(), offset > 0) : jsonOf(await response.text());
        if (text !== '') {
          if (offset > 0) parts.push(form === 'csv' ? '\n' : ',');
          parts.push(text);
        }
        setState({ form, rows: offset + rows });
        // The last piece is the one that is not full. A count would be dear, and old by the time it matters.
        if (rows < piece) break;
      }
      const name = `${relation.schema}.${relation.name}.${form}`;
      if (form === 'csv') save(new Blob([...parts, '\n'], { type: 'text/csv;charset=utf-8' }), name);
      else save(new Blob(['[', ...parts, ']\n'], { type: 'application/json' }), name);
    } catch (failure) {
      if (!abort.signal.aborted) setError(failure);
    } finally {
      setState(null);
    }
  }

  return { state, error, run, stop: () => stop.current?.abort() };
}

// PostgreSQL doubles backslashes as it writes a record, which no reader of CSV knows of. After the first piece the header is known.
export function csvOf(sent: string, drop: boolean): { text: string; rows: number } {
  const text = guardedCsv(sent.replaceAll('\\\\', '\\'));
  const end = text.indexOf('\n');
  // A line end after each row but the last, and after the header.
  const rows = text.replace(/"(?:[^"]|"")*"/g, '').split('\n').length - 1;
  return { text: drop ? (end < 0 ? '' : text.slice(end + 1)) : text, rows };
}

// Counted by reading, saved as it came: numbers keep their digits.
export const jsonOf = (sent: string) => ({ text: sent.trim().slice(1, -1), rows: (JSON.parse(sent) as unknown[]).length });

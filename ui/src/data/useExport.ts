import { readCsv, writeCsv } from './csv';
import { useRef, useState } from 'react';
import { rest } from '../api/data';
import type { DataRelation } from '../api/data.types';
import { save } from '../components/download';
import { useOrganization } from '../shell/organization';
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

  async function run(form: ExportForm, total: number | null) {
    const abort = new AbortController();
    stop.current = abort;
    setError(null);
    setState({ form, rows: 0 });
    const parts: BlobPart[] = [];
    try {
      for (let offset = 0; ; offset += piece) {
        const asked = exportRequest(relation, view, offset, piece, form === 'csv' ? 'text/csv' : 'application/json');
        // The last piece is the one that is not full, which a header tells when it can.
        const response = await rest(slug, { ...asked, prefer: offset === 0 && total === null ? ['count=exact'] : [] }, abort.signal);
        const body = await response.blob();
        const range = response.headers.get('Content-Range');
        const known = Number(range?.split('/')[1]);
        if (Number.isFinite(known)) total = known;
        const text = form === 'csv' ? await csvOf(body, offset > 0) : inner(body);
        if (text.size > 0) {
          if (offset > 0) parts.push(form === 'csv' ? '\r\n' : ',');
          parts.push(text);
        }
        const got = total === null ? piece : Math.min(piece, Math.max(0, total - offset));
        setState({ form, rows: offset + got });
        if (got < piece || (total !== null && offset + piece >= total)) break;
      }
      const name = `${relation.schema}.${relation.name}.${form}`;
      if (form === 'csv') save(new Blob([...parts, '\r\n'], { type: 'text/csv;charset=utf-8' }), name);
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
async function csvOf(body: Blob, drop: boolean): Promise<Blob> {
  const { header, lines } = readCsv((await body.text()).replaceAll('\\\\', '\\'));
  const rows = [...(drop ? [] : [header]), ...lines.map((line) => line.cells)];
  // Written anew, so that no text of a visitor's is a formula in a spreadsheet.
  return new Blob([writeCsv(rows).replace(/\r\n$/, '')]);
}

const inner = (body: Blob) => body.slice(1, Math.max(1, body.size - 1));

import { useEffect, useRef, useState } from 'react';
import { rest } from '../api/data';
import type { DataRelation } from '../api/data.types';
import { networkProblem } from '../api/problem';
import { openTarget } from '../components/download-stream';
import { useOrganization } from '../shell/organization';
import { csvPipe, jsonPipe } from './pipes';
import { exportRequest } from './request';
import type { View } from './view';

export type ExportForm = 'csv' | 'json';

const types: Record<ExportForm, string> = { csv: 'text/csv', json: 'application/json' };

/** So often is told how far it is, in milliseconds. */
const often = 150;

export interface Exporting {
  form: ExportForm;
  rows: number;
  bytes: number;
}

/** The rows of the whole filter as a file: one answer, written as it comes, of one moment of the table. */
export function useExport(relation: DataRelation, view: View) {
  const { slug } = useOrganization();
  const [state, setState] = useState<Exporting | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);

  async function run(form: ExportForm) {
    setError(null);
    const target = await openTarget(`${relation.schema}.${relation.name}.${form}`, types[form]);
    if (!target) return;
    const abort = new AbortController();
    stop.current = abort;
    setState({ form, rows: 0, bytes: 0 });
    try {
      const response = await rest(slug, exportRequest(relation, view, types[form]), abort.signal);
      const pipe = form === 'csv' ? csvPipe() : jsonPipe();
      const reader = response.body!.getReader();
      let bytes = 0;
      let told = performance.now();
      for (;;) {
        // A server that fails half-way cuts the connection: half a file must not look like a whole one.
        const { done, value } = await reader.read().catch((failure: unknown) => {
          throw abort.signal.aborted ? failure : networkProblem();
        });
        if (done) break;
        await target.write(pipe.push(value));
        bytes += value.length;
        if (performance.now() - told < often) continue;
        told = performance.now();
        setState({ form, rows: pipe.rows, bytes });
      }
      await target.write(pipe.end());
      await target.done();
    } catch (failure) {
      const wanted = abort.signal.aborted;
      abort.abort();
      await target.drop().catch(() => undefined);
      if (!wanted) setError(failure);
    } finally {
      setState(null);
    }
  }

  return { state, error, run, stop: () => stop.current?.abort() };
}

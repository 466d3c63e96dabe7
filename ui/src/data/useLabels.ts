import { useQueries } from '@tanstack/react-query';
import { readRows, rowsKey } from '../api/data';
import type { DataReference, DataRelation, DataRow } from '../api/data.types';
import { useOrganization } from '../shell/organization';
import { inList } from './filters';

/** A key of one column that leads to something with a name. */
export const referenceOf = (relation: DataRelation, column: string): DataReference | undefined =>
  relation.references.find((reference) => reference.columns.length === 1 && reference.columns[0] === column);

export const labelOf = (reference: DataReference, row: DataRow): string =>
  reference.shows
    .map((column) => row[column])
    .filter((value) => value !== null && value !== undefined && value !== '')
    .slice(0, 1)
    .map(String)[0] ?? '';

/** What the rows that keys lead to are called: by column, then by key. */
export function useLabels(
  relation: DataRelation,
  columns: readonly string[],
  rows: readonly DataRow[],
): Record<string, Record<string, string>> {
  const { slug } = useOrganization();
  const wanted = columns.flatMap((column) => {
    const reference = referenceOf(relation, column);
    const keys = [
      ...new Set(
        rows
          .map((row) => row[column])
          .filter((key) => key !== null && key !== undefined)
          .map(String),
      ),
    ].sort();
    return reference && reference.shows.length > 0 && keys.length > 0 ? [{ column, reference, keys }] : [];
  });
  return useQueries({
    queries: wanted.map(({ reference, keys }) => ({
      queryKey: [...rowsKey(slug), 'labels', reference.schema, reference.relation, reference.to[0], keys] as const,
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const to = reference.to[0]!;
        const asked = { schema: reference.schema, relation: reference.relation };
        const { rows: found } = await readRows(
          slug,
          {
            ...asked,
            query: [
              ['select', [...new Set([to, ...reference.shows])].join(',')],
              [to, `in.${inList(keys)}`],
            ],
          },
          signal,
        );
        return Object.fromEntries(found.map((row) => [String(row[to]), labelOf(reference, row)]));
      },
      staleTime: 60_000,
      // A name is a comfort: without it the key itself is shown.
      retry: false,
    })),
    combine: (results) => Object.fromEntries(results.map((result, i) => [wanted[i]?.column ?? '', result.data ?? {}])),
  });
}

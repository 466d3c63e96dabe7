import { useQueries } from '@tanstack/react-query';
import { parseRestProblem, readRows, rowsKey } from '../api/data';
import type { DataReferrer, DataRelation, DataRow } from '../api/data.types';
import { DangerousAct } from '../components/DangerousAct';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { inList } from './filters';
import { useRefusal } from './useRefusal';
import type { useWrites } from './useWrites';

/** `count` is null where it could not be said. */
interface Referring {
  referrer: DataReferrer;
  count: number | null;
  pending: boolean;
}

const unknown = { cascade: 'data.delete.unknownCascade', restrict: 'data.delete.unknownRestrict' } as Partial<
  Record<DataReferrer['onDelete'], 'data.delete.unknownCascade' | 'data.delete.unknownRestrict'>
>;

interface DeleteRowsProps {
  relation: DataRelation;
  rows: DataRow[];
  writes: ReturnType<typeof useWrites>;
  close: () => void;
  done: () => void;
}

/** What refers to the rows, counted before they go. */
export function DeleteRows({ relation, rows, writes, close, done }: DeleteRowsProps) {
  const t = useT();
  const format = useFormat();
  const refused = useRefusal(relation);
  const { remove } = writes;
  const counts = useReferring(relation, rows);
  const counting = counts.some((c) => c.pending);
  const words = (referrer: DataReferrer, count: number | null) => {
    if (count === null)
      return t(unknown[referrer.onDelete] ?? 'data.delete.unknown', { relation: `${referrer.schema}.${referrer.relation}` });
    const what = { relation: `${referrer.schema}.${referrer.relation}`, count, shown: format.number(count) };
    if (referrer.onDelete === 'cascade') return t('data.delete.cascade', what);
    if (referrer.onDelete === 'restrict') return t('data.delete.restrict', what);
    return t('data.delete.setNull', what);
  };
  const said = refused(remove.error, {}).general;
  const error = said ? parseRestProblem(409, JSON.stringify({ code: 'not_deleted', message: said })) : null;
  // What could not be counted may be there.
  const concerned = counts.filter((c) => !c.pending && c.count !== 0);
  const remark = concerned.some((c) => c.count !== null && c.referrer.onDelete === 'restrict')
    ? t('data.delete.remarkRefused')
    : concerned.length > 0
      ? t('data.delete.remarkSome')
      : t('data.delete.remark');
  return (
    <DangerousAct
      title={t('data.delete.title', { count: rows.length, relation: relation.name })}
      consequences={[
        t('data.delete.rows', { count: rows.length, relation: relation.name }),
        ...concerned.map((c) => words(c.referrer, c.count)),
      ]}
      remark={remark}
      name={relation.name}
      action={t('data.delete.action', { count: rows.length })}
      onConfirm={() => remove.mutate(rows, { onSuccess: done })}
      onClose={() => {
        remove.reset();
        close();
      }}
      pending={remove.isPending || counting}
      error={error}
    />
  );
}

function useReferring(relation: DataRelation, rows: DataRow[]) {
  const { slug } = useOrganization();
  const single = relation.referrers.filter((referrer) => referrer.to.length === 1);
  return useQueries({
    queries: single.map((referrer) => {
      const values = rows
        .map((row) => row[referrer.to[0]!])
        .filter((value) => value !== null && value !== undefined)
        .map(String);
      return {
        queryKey: [...rowsKey(slug), 'count', referrer.schema, referrer.relation, referrer.columns[0], values] as const,
        queryFn: async ({ signal }: { signal: AbortSignal }) => {
          const asked = { schema: referrer.schema, relation: referrer.relation };
          const page = await readRows(
            slug,
            {
              ...asked,
              query: [
                ['select', 'count()'],
                [referrer.columns[0]!, `in.${inList(values)}`],
              ],
            },
            signal,
          );
          const count = page.rows[0]?.count;
          return count === undefined ? null : Number(count);
        },
        enabled: values.length > 0,
        retry: false,
      };
    }),
    combine: (results): Referring[] => [
      ...results.map((result, i) => ({
        referrer: single[i]!,
        count: result.data !== undefined ? result.data : result.fetchStatus === 'idle' && !result.isError ? 0 : null,
        pending: result.isFetching && result.data === undefined,
      })),
      // Keys of several columns are not counted.
      ...relation.referrers.filter((referrer) => referrer.to.length !== 1).map((referrer) => ({ referrer, count: null, pending: false })),
    ],
  });
}

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { readRows, rest, rowsKey, type RowsPage } from '../api/data';
import type { DataRelation, DataRow } from '../api/data.types';
import { useNotify } from '../components/Notices';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { inList } from './filters';
import { goneProblem } from './refusals';
import { keyText, rowKeyQuery } from './values';

/** Rows by their keys, as one parameter. */
export function theseRows(key: readonly string[], rows: readonly DataRow[]): [string, string] {
  const [only] = key;
  if (key.length === 1 && only) return [only, `in.${inList(rows.map((row) => String(row[only])))}`];
  const quoted = (value: unknown) => `"${String(value).replace(/["\\]/g, '\\$&')}"`;
  return ['or', `(${rows.map((row) => `and(${key.map((column) => `${column}.eq.${quoted(row[column])}`).join(',')})`).join(',')})`];
}

/** Changing, adding and deleting rows of one table; each can be taken back where the database lets it. */
export function useWrites(relation: DataRelation) {
  const t = useT();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const notify = useNotify();
  const { schema, name, key } = relation;
  const stale = () => client.invalidateQueries({ queryKey: rowsKey(slug) });

  async function patch(row: DataRow, values: DataRow): Promise<DataRow> {
    const { rows } = await readRows(slug, {
      method: 'PATCH',
      schema,
      relation: name,
      query: rowKeyQuery(key, row),
      prefer: ['return=representation', 'handling=strict', 'max-affected=1'],
      body: values,
    });
    const changed = rows[0];
    if (!changed) throw goneProblem();
    return changed;
  }

  // What is on the screen stays where it is: the row is changed in place, and not looked for anew.
  function show(before: DataRow, after: DataRow) {
    const same = keyText(key, before);
    client.setQueriesData<RowsPage>(
      { queryKey: [...rowsKey(slug), schema, name] },
      (page) =>
        page && {
          ...page,
          rows: page.rows.map((row) =>
            keyText(key, row) === same
              ? Object.fromEntries(Object.keys(row).map((column) => [column, column in after ? after[column] : row[column]]))
              : row,
          ),
        },
    );
    void client.invalidateQueries({ queryKey: [...rowsKey(slug), 'history'] });
    void client.invalidateQueries({ queryKey: [...rowsKey(slug), 'labels'] });
  }

  const change = useMutation({
    mutationFn: ({ row, values }: { row: DataRow; values: DataRow }) => patch(row, values),
    onSuccess: (after, { row, values }) => {
      show(row, after);
      const before = Object.fromEntries(Object.keys(values).map((column) => [column, row[column]]));
      const restorable = Object.values(before).every((value) => value !== undefined);
      notify({
        text: t('data.saved', { columns: Object.keys(values).join(', ') }),
        action: restorable ? { label: t('data.undo'), run: async () => show(after, await patch(after, before)) } : undefined,
      });
    },
  });

  const insert = useMutation({
    mutationFn: async (values: DataRow) => {
      const { rows } = await readRows(slug, { method: 'POST', schema, relation: name, prefer: ['return=representation'], body: values });
      return rows[0] ?? null;
    },
    onSuccess: (made) => {
      notify({
        text: t('data.added'),
        action: made && key.length > 0 && relation.may.delete ? { label: t('data.undo'), run: () => takeAway([made]) } : undefined,
      });
      return stale();
    },
  });

  async function takeAway(rows: DataRow[]): Promise<DataRow[]> {
    const gone = await readRows(slug, {
      method: 'DELETE',
      schema,
      relation: name,
      query: [theseRows(key, rows)],
      prefer: ['return=representation'],
    });
    await stale();
    return gone.rows;
  }

  /** What the database works out itself cannot be given back to it. */
  const givable = (row: DataRow) =>
    Object.fromEntries(
      relation.columns.filter((column) => column.insert && row[column.name] !== undefined).map((column) => [column.name, row[column.name]]),
    );

  const remove = useMutation({
    mutationFn: takeAway,
    onSuccess: (gone) => {
      const cascades = relation.referrers.some((referrer) => referrer.onDelete !== 'restrict');
      notify({
        text: t('data.deleted', { count: gone.length }),
        action:
          relation.may.insert && gone.length > 0
            ? {
                label: t(cascades ? 'data.undoRows' : 'data.undo'),
                run: async () => {
                  await rest(slug, { method: 'POST', schema, relation: name, prefer: ['return=minimal'], body: gone.map(givable) });
                  await stale();
                },
              }
            : undefined,
      });
    },
  });

  return { change, insert, remove };
}

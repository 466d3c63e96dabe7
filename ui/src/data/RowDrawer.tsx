import { Button, Drawer, Skeleton, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { readRows, rowsKey } from '../api/data';
import type { DataRelation, DataRow } from '../api/data.types';
import { writeJson } from '../api/json';
import { CopyButton } from '../components/CopyButton';
import { Icon } from '../components/Icon';
import { EmptyState, QueryState } from '../components/PageState';
import { Num } from '../components/Values';
import { useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { useOrganization } from '../shell/organization';
import classes from './Data.module.css';
import { quoteValue } from './filters';
import { RowForm } from './RowForm';
import { RowHistory } from './RowHistory';
import { rowTabs, type RowTab } from './search';
import { useLabels } from './useLabels';
import type { useWrites } from './useWrites';
import { keyQuery } from './values';
import { tabWords } from './words';

interface RowDrawerProps {
  relation: DataRelation;
  id: string;
  tab: RowTab;
  setTab: (tab: RowTab) => void;
  close: () => void;
  remove: (row: DataRow) => void;
  writes: ReturnType<typeof useWrites>;
}

/** One row: all its fields, where its keys lead and what leads to it, and who changed it. */
export function RowDrawer({ relation, id, tab, setTab, close, remove, writes }: RowDrawerProps) {
  const t = useT();
  const plain = usePlainT();
  const { slug } = useOrganization();
  const query = useQuery({
    queryKey: [...rowsKey(slug), 'row', relation.schema, relation.name, id],
    queryFn: async ({ signal }) => {
      const { rows } = await readRows(
        slug,
        { schema: relation.schema, relation: relation.name, query: [...keyQuery(relation.key, id), ['limit', '1']] },
        signal,
      );
      return rows[0] ?? null;
    },
  });
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={600}
      title={<span className={classes.drawerTitle}>{`${relation.name} ${id}`}</span>}
      closeButtonProps={{ 'aria-label': t('action.close') }}
      classNames={{ body: classes.drawerBody, content: classes.drawer }}
    >
      <QueryState query={query} failed={t('data.row.failed')} skeleton={<Skeleton h={360} aria-hidden="true" />}>
        {(row) =>
          row === null ? (
            <EmptyState title={t('data.row.gone.title')} why={t('data.row.gone.text')} />
          ) : (
            <Tabs value={tab} onChange={(next) => setTab((next ?? 'fields') as RowTab)} keepMounted={false} className={classes.tabs}>
              <Tabs.List>
                {rowTabs.map((name) => (
                  <Tabs.Tab key={name} value={name}>
                    {plain(tabWords[name])}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value="fields" className={classes.panel}>
                <RowForm
                  key={writeJson(row)}
                  relation={relation}
                  row={row}
                  pending={writes.change.isPending}
                  error={writes.change.error}
                  forget={writes.change.reset}
                  save={(values) => writes.change.mutate({ row, values }, { onSuccess: () => void query.refetch() })}
                  aside={
                    <>
                      <CopyButton value={writeJson(row, 2)} label={t('data.copyRow')} />
                      {relation.may.delete && (
                        <Button variant="default" color="red" leftSection={<Icon name="trash" />} onClick={() => remove(row)}>
                          {t('data.delete')}
                        </Button>
                      )}
                    </>
                  }
                />
              </Tabs.Panel>
              <Tabs.Panel value="relations" className={classes.panel}>
                <Relations relation={relation} row={row} />
              </Tabs.Panel>
              <Tabs.Panel value="history" className={classes.panel}>
                <RowHistory relation={relation} id={id} />
              </Tabs.Panel>
            </Tabs>
          )
        }
      </QueryState>
    </Drawer>
  );
}

const where = (columns: readonly string[], values: readonly unknown[]) =>
  columns.map((column, i) => `${column}.eq.${quoteValue(String(values[i]))}`).join(',');

function Relations({ relation, row }: { relation: DataRelation; row: DataRow }) {
  const t = useT();
  const { slug } = useOrganization();
  const keys = relation.references.filter((reference) =>
    reference.columns.every((column) => row[column] !== null && row[column] !== undefined),
  );
  const labels = useLabels(
    relation,
    keys.flatMap((reference) => (reference.columns.length === 1 ? reference.columns : [])),
    [row],
  );
  if (keys.length === 0 && relation.referrers.length === 0)
    return <EmptyState title={t('data.relations.none.title')} why={t('data.relations.none.text')} />;
  return (
    <div className={classes.relations}>
      {keys.length > 0 && (
        <section aria-label={t('data.relations.to')}>
          <Text fw={600} size="sm" mb={6}>
            {t('data.relations.to')}
          </Text>
          <ul className={classes.links}>
            {keys.map((reference) => {
              const values = reference.columns.map((column) => row[column]);
              const label = labels[reference.columns[0] ?? '']?.[String(values[0])];
              return (
                <li key={reference.constraint + reference.relation}>
                  <Link
                    to="/o/$slug/data/$schema/$relation"
                    params={{ slug, schema: reference.schema, relation: reference.relation }}
                    search={{ where: where(reference.to, values), row: reference.to.length === 1 ? String(values[0]) : undefined }}
                  >
                    {label ?? values.map(String).join(', ')}
                  </Link>
                  <span className={classes.quiet}>
                    {t('data.relations.by', {
                      column: reference.columns.join(', '),
                      relation: `${reference.schema}.${reference.relation}`,
                    })}
                  </span>
                </li>
              );
            })}
          </ul>
        </section>
      )}
      {relation.referrers.length > 0 && (
        <section aria-label={t('data.relations.from')}>
          <Text fw={600} size="sm" mb={6}>
            {t('data.relations.from')}
          </Text>
          <ul className={classes.links}>
            {relation.referrers.map((referrer) => {
              const values = referrer.to.map((column) => row[column]);
              return (
                <li key={referrer.schema + referrer.relation + referrer.columns.join()}>
                  <Link
                    to="/o/$slug/data/$schema/$relation"
                    params={{ slug, schema: referrer.schema, relation: referrer.relation }}
                    search={{ where: where(referrer.columns, values) }}
                  >
                    {referrer.schema === relation.schema ? referrer.relation : `${referrer.schema}.${referrer.relation}`}
                  </Link>
                  <span className={classes.quiet}>{referrer.columns.join(', ')}</span>
                  <Count
                    schema={referrer.schema}
                    relation={referrer.relation}
                    filters={referrer.columns.map((column, i) => [column, `eq.${String(values[i])}`])}
                  />
                </li>
              );
            })}
          </ul>
        </section>
      )}
    </div>
  );
}

function Count({ schema, relation, filters }: { schema: string; relation: string; filters: [string, string][] }) {
  const t = useT();
  const { slug } = useOrganization();
  const { data, isError } = useQuery({
    queryKey: [...rowsKey(slug), 'count', schema, relation, filters],
    queryFn: async ({ signal }) =>
      Number((await readRows(slug, { schema, relation, query: [['select', 'count()'], ...filters] }, signal)).rows[0]?.count ?? 0),
    retry: false,
  });
  if (isError) return <span className={classes.count}>{t('data.count.unknown')}</span>;
  return <span className={classes.count}>{data === undefined ? <Skeleton w={24} h={12} /> : <Num value={data} />}</span>;
}

import { Button, Skeleton, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { historyQuery } from '../api/data';
import type { DataHistory, DataRelation } from '../api/data.types';
import { writeJson } from '../api/json';
import { EmptyState, QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Data.module.css';
import { keyValues, shown } from './values';

/** Who wrote this row, when, and what stood there before: from the audit trail. */
export function RowHistory({ relation, id }: { relation: DataRelation; id: string }) {
  const t = useT();
  const { slug } = useOrganization();
  const query = useInfiniteQuery(historyQuery(slug, relation.schema, relation.name, keyValues(relation.key, id)));
  return (
    <QueryState query={query} failed={t('data.history.failed')} skeleton={<Skeleton h={240} aria-hidden="true" />}>
      {({ pages }) =>
        pages[0]?.items.length === 0 ? (
          <EmptyState title={t('data.history.none.title')} why={t('data.history.none.text')} />
        ) : (
          <>
            <ol className={classes.history} aria-label={t('data.tab.history')}>
              {pages
                .flatMap((page) => page.items)
                .map((item) => (
                  <Entry key={item.id} relation={relation} item={item} />
                ))}
            </ol>
            {query.isFetchNextPageError && <ProblemAlert error={query.error} />}
            {query.hasNextPage && (
              <Button variant="default" size="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {t('data.history.more')}
              </Button>
            )}
          </>
        )
      }
    </QueryState>
  );
}

function Entry({ relation, item }: { relation: DataRelation; item: DataHistory['items'][number] }) {
  const t = useT();
  const { zone } = useFormat();
  const who =
    item.who ??
    (item.actor === 'api' ? t('data.history.key') : item.actor === 'system' ? t('data.history.system') : t('data.history.somebody'));
  const did =
    { create: t('data.history.create'), update: t('data.history.update'), delete: t('data.history.delete') }[item.activity] ??
    item.activity.replaceAll('_', ' ');
  const text = (name: string, value: unknown) => {
    if (value === null || value === undefined) return t('data.null');
    const column = relation.columns.find((c) => c.name === name);
    return column ? shown(column, value, zone) : typeof value === 'object' ? writeJson(value) : String(value);
  };
  const through = item.through === `${relation.schema}.${relation.name}` ? null : item.through;
  return (
    <li>
      <div className={classes.historyHead}>
        <Text size="sm">
          <strong>{who}</strong> {did}
          {through && <span className={classes.quiet}> {t('data.history.through', { relation: through })}</span>}
        </Text>
        <span className={classes.quiet}>
          <When at={item.at} />
        </span>
      </div>
      {item.changes.length > 0 && (
        <dl className={classes.changes}>
          {item.changes.map((change) => (
            <div key={change.column}>
              <dt>{change.column}</dt>
              <dd>
                {item.activity !== 'create' && <del>{text(change.column, change.old)}</del>}
                {item.activity === 'update' && <span aria-hidden="true"> → </span>}
                {item.activity !== 'delete' && <ins>{text(change.column, change.new)}</ins>}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

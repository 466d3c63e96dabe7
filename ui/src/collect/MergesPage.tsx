import { Badge, Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { MergeRow } from '../api/collect.types';
import { allMergesQuery } from '../api/queries';
import { Card } from '../components/Card';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { When } from '../components/Values';
import { UndoMerge } from '../customers/person/UndoMerge';
import { useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import classes from './Collect.module.css';

/** Who was found to be one person, everywhere: each merge that can be taken back has its undo here. */
export function MergesPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { manageCustomers } = usePermissions();
  const query = useQuery(allMergesQuery(slug));
  const [undoing, setUndoing] = useState<MergeRow | null>(null);
  return (
    <>
      <PageHeader title={t('nav.merges')} crumbs={[t('nav.people')]} />
      <div className={classes.body}>
        <QueryState query={query} failed={t('allMerges.failed')} skeleton={<TableSkeleton rows={8} />}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon="merge" title={t('allMerges.empty.title')} why={t('allMerges.empty.text')} />
            ) : (
              <Card>
                <PlainTable
                  label={t('nav.merges')}
                  columns={[
                    { label: t('allMerges.survivor') },
                    { label: t('allMerges.merged') },
                    { label: t('allMerges.why'), wideOnly: true },
                    { label: t('allMerges.by'), wideOnly: true },
                    { label: t('allMerges.when'), align: 'right' },
                    { label: t('allMerges.act'), align: 'right' },
                  ]}
                  rows={items.map((merge) => [
                    <Link key="s" to="/o/$slug/customers/$id" params={{ slug, id: merge.survivor }} className={classes.link}>
                      {merge.survivorName}
                    </Link>,
                    merge.mergedName,
                    merge.reason,
                    merge.by ?? t('allMerges.automatic'),
                    <When key="w" at={merge.mergedAt} />,
                    merge.status === 'undone' ? (
                      <Badge key="u" variant="default" size="sm" tt="none">
                        {t('merges.undone')}
                      </Badge>
                    ) : (
                      merge.undoable &&
                      manageCustomers && (
                        <Button
                          key="u"
                          variant="default"
                          size="xs"
                          onClick={() => setUndoing(merge)}
                          aria-label={t('merges.undo', { name: merge.mergedName })}
                        >
                          {t('merge.undo')}
                        </Button>
                      )
                    ),
                  ])}
                />
              </Card>
            )
          }
        </QueryState>
        {undoing && (
          <UndoMerge
            merge={{ ...undoing, mergedExternalId: undoing.mergedName }}
            close={(done) => {
              setUndoing(null);
              if (done) void query.refetch();
            }}
          />
        )}
      </div>
    </>
  );
}

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { importsQuery } from '../api/queries';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { DataTable } from '../components/table/DataTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { useImportColumns } from './columns';
import classes from './Imports.module.css';
import { isRunning } from './states';

export function ImportsPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { import: mayImport } = usePermissions();
  const navigate = useNavigate();
  const columns = useImportColumns();
  const query = useQuery({
    ...importsQuery(slug),
    refetchInterval: ({ state }) => (state.data?.items.some(isRunning) ? 2_000 : false),
  });
  const start = mayImport && (
    <Button renderRoot={(props) => <Link to="/o/$slug/imports/new" params={{ slug }} {...props} />}>{t('imports.new.action')}</Button>
  );
  const empty = query.data?.items.length === 0;
  return (
    <>
      <PageHeader title={t('nav.imports')} crumbs={[t('nav.collect')]} actions={!empty && start} />
      <div className={classes.body}>
        <QueryState query={query} failed={t('imports.failed')} skeleton={<TableSkeleton rows={6} />}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState
                icon="import"
                title={t('imports.empty.title')}
                why={mayImport ? t('imports.empty.text') : t('imports.empty.ask')}
                action={start}
              />
            ) : (
              <DataTable
                label={t('nav.imports')}
                rows={items}
                columns={columns}
                rowKey={(item) => item.id}
                rowLabel={(item) => item.fileName}
                onOpen={(item) => void navigate({ to: '/o/$slug/imports/$id', params: { slug, id: item.id } })}
              />
            )
          }
        </QueryState>
      </div>
    </>
  );
}

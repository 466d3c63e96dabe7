import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { customersQuery } from '../api/queries';
import type { Customer } from '../api/types';
import { useAnnounceChange } from '../components/Announcer';
import { PageHeader } from '../components/PageHeader';
import { ErrorState } from '../components/PageState';
import { DataTable } from '../components/table/DataTable';
import { MoreRows } from '../components/table/MoreRows';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { useTableView } from '../components/table/useTableView';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { defaultColumns, useCustomerColumns } from './columns';
import { CustomerPeek } from './CustomerPeek';
import classes from './Customers.module.css';
import { CustomersFilters } from './CustomersFilters';
import { NoCustomers } from './NoCustomers';
import { defaultSort, type CustomersSearch, type CustomerSort } from './search';
import { customerName } from './words';

export function CustomersPage() {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const { search, country, sort = defaultSort, peek } = useSearch({ from: '/o/$slug/customers' });
  const navigate = useNavigate({ from: '/o/$slug/customers' });
  const query = useInfiniteQuery(customersQuery(slug, { search, country, sort }));
  const all = useCustomerColumns();
  const view = useTableView('customers', all, defaultColumns);

  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const newest = query.data?.pages.at(-1);
  const count = newest
    ? t(newest.totalIsExact ? 'customers.count' : 'customers.countAbout', {
        count: newest.total,
        shown: newest.totalIsExact ? format.number(newest.total) : format.compact(newest.total),
      })
    : null;
  useAnnounceChange(query.isPlaceholderData ? null : count);

  const change = useCallback(
    (next: CustomersSearch) => void navigate({ search: (now) => ({ ...now, ...next }), replace: 'search' in next }),
    [navigate],
  );
  const open = (customer: Customer) => void navigate({ to: '/o/$slug/customers/$id', params: { slug, id: customer.id } });
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetching, isFetchNextPageError, fetchNextPage]);

  return (
    <div className={classes.page}>
      <PageHeader title={t('nav.customers')} crumbs={[t('nav.people')]} aside={count && <span className={classes.count}>{count}</span>} />
      <div className={classes.body}>
        {query.isError && !query.data ? (
          <ErrorState what={t('customers.failed')} error={query.error} retry={() => void query.refetch()} />
        ) : (
          <>
            <CustomersFilters search={search} country={country} change={change} columns={all} view={view} />
            <div className={classes.split}>
              {query.isPending ? (
                <TableSkeleton density={view.density} />
              ) : rows.length === 0 ? (
                <NoCustomers filtered={Boolean(search || country)} clear={() => change({ search: undefined, country: undefined })} />
              ) : (
                <DataTable
                  label={t('nav.customers')}
                  rows={rows}
                  columns={view.columns}
                  density={view.density}
                  rowKey={(customer) => customer.id}
                  rowLabel={customerName}
                  onOpen={open}
                  onPeek={(customer) => change({ peek: customer.id })}
                  selectedKey={peek}
                  sort={sort}
                  onSort={(next) => change({ sort: next as CustomerSort })}
                  total={newest?.totalIsExact ? newest.total : null}
                  onEnd={more}
                  footer={
                    <MoreRows
                      shown={rows.length}
                      hasMore={query.hasNextPage}
                      loading={query.isFetchingNextPage}
                      failed={query.isFetchNextPageError}
                      load={() => void query.fetchNextPage()}
                    />
                  }
                />
              )}
              {peek && <CustomerPeek id={peek} close={() => change({ peek: undefined })} />}
            </div>
          </>
        )}
      </div>
    </div>
  );
}

import { Skeleton, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { customerOrdersQuery } from '../api/queries';
import type { Order } from '../api/types';
import { ErrorState } from '../components/PageState';
import type { Column } from '../components/table/columns';
import { DataTable } from '../components/table/DataTable';
import { MoreRows } from '../components/table/MoreRows';
import { Money, Nothing, Num, When } from '../components/Values';
import { useT, useWordFor } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { orderKinds, orderStatuses } from './words';

function useOrderColumns(): Column<Order>[] {
  const t = useT();
  const kind = useWordFor(orderKinds);
  const status = useWordFor(orderStatuses);
  return useMemo(
    () => [
      { id: 'number', label: t('order.number'), phone: true, cell: (order) => order.number },
      { id: 'kind', label: t('order.kind'), cell: (order) => kind(order.kind) },
      { id: 'status', label: t('order.status'), cell: (order) => status(order.status) },
      { id: 'orderedAt', label: t('order.orderedAt'), phone: true, cell: (order) => <When at={order.orderedAt} show="dateTime" /> },
      { id: 'country', label: t('country.label'), cell: (order) => order.country ?? <Nothing /> },
      { id: 'items', label: t('order.items'), align: 'right', cell: (order) => <Num value={order.items} /> },
      {
        id: 'total',
        label: t('order.total'),
        align: 'right',
        phone: true,
        cell: (order) => <Money value={order.total} currency={order.currency} />,
      },
    ],
    [t, kind, status],
  );
}

export function Orders({ id }: { id: string }) {
  const t = useT();
  const { slug } = useOrganization();
  const columns = useOrderColumns();
  const { order: opened } = useSearch({ from: '/o/$slug/customers/$id' });
  const navigate = useNavigate({ from: '/o/$slug/customers/$id' });
  const query = useInfiniteQuery(customerOrdersQuery(slug, id));
  if (query.isPending) return <Skeleton h={280} />;
  if (query.isError && !query.data) return <ErrorState what={t('orders.failed')} error={query.error} retry={() => void query.refetch()} />;
  const orders = query.data.pages.flatMap((page) => page.items);
  if (orders.length === 0) return <Text c="dimmed">{t('orders.none')}</Text>;
  return (
    <DataTable
      label={t('customer.tab.orders')}
      rows={orders}
      columns={columns}
      density="compact"
      rowKey={(order) => order.id}
      rowLabel={(order) => t('palette.order', { number: order.number })}
      onOpen={(order) => void navigate({ search: (now) => ({ ...now, order: order.id }), resetScroll: false })}
      selectedKey={opened}
      footer={
        <MoreRows
          shown={orders.length}
          hasMore={query.hasNextPage}
          loading={query.isFetchingNextPage}
          failed={query.isFetchNextPageError}
          load={() => void query.fetchNextPage()}
        />
      }
    />
  );
}

import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Customer } from '../api/types';
import type { Column } from '../components/table/columns';
import { Money, Nothing, Num, When } from '../components/Values';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Customers.module.css';
import { customerName } from './words';

const text = (value: string | null) => value ?? <Nothing />;

export function useCustomerColumns(): Column<Customer>[] {
  const t = useT();
  const { slug } = useOrganization();
  return useMemo(
    () => [
      {
        id: 'name',
        label: t('customer.name'),
        sort: 'name',
        firstSort: 'ascending',
        always: true,
        phone: true,
        cell: (customer) => (
          // Rows are what the Tab key stops at; Enter on a row follows this link.
          <Link to="/o/$slug/customers/$id" params={{ slug, id: customer.id }} className={classes.link} tabIndex={-1}>
            {customerName(customer)}
          </Link>
        ),
      },
      { id: 'externalId', label: t('customer.externalId'), cell: (customer) => text(customer.externalId) },
      { id: 'email', label: t('customer.email'), cell: (customer) => text(customer.email) },
      { id: 'country', label: t('country.label'), cell: (customer) => text(customer.country) },
      { id: 'city', label: t('customer.city'), cell: (customer) => text(customer.city) },
      { id: 'stage', label: t('customer.stage'), cell: (customer) => text(customer.stage) },
      { id: 'status', label: t('customer.status'), cell: (customer) => text(customer.status) },
      { id: 'orders', label: t('metric.orders'), sort: 'orders', align: 'right', cell: (customer) => <Num value={customer.orders} /> },
      {
        id: 'revenue',
        label: t('metric.revenue'),
        sort: 'revenue',
        align: 'right',
        phone: true,
        cell: (customer) => <Money value={customer.revenue} currency={customer.currency} />,
      },
      {
        id: 'averageOrderValue',
        label: t('metric.averageOrderValue'),
        align: 'right',
        cell: (customer) => <Money value={customer.averageOrderValue} currency={customer.currency} />,
      },
      {
        id: 'firstSeen',
        label: t('customer.firstSeen'),
        align: 'right',
        cell: (customer) => <When at={customer.firstSeenAt} show="date" />,
      },
      { id: 'lastOrder', label: t('customer.lastOrder'), align: 'right', cell: (customer) => <When at={customer.lastOrderAt} /> },
      {
        id: 'lastSeen',
        label: t('customer.lastSeen'),
        sort: 'lastSeen',
        align: 'right',
        phone: true,
        cell: (customer) => <When at={customer.lastSeenAt} />,
      },
    ],
    [t, slug],
  );
}

export const defaultColumns = ['name', 'externalId', 'country', 'orders', 'revenue', 'averageOrderValue', 'firstSeen', 'lastSeen'];

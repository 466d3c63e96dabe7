import { Stack } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { OrderDetail } from '../api/types';
import { PlainTable } from '../components/table/PlainTable';
import { Money, Num, When } from '../components/Values';
import { useFormat, useT, useWordFor } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Customer.module.css';
import customers from './Customers.module.css';
import { customerName, orderKinds, orderStatuses } from './words';

export function OrderView({ order }: { order: OrderDetail }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const kind = useWordFor(orderKinds);
  const status = useWordFor(orderStatuses);
  const { currency, customer } = order;
  const facts: [string, ReactNode][] = [
    [t('order.total'), <Money value={order.total} currency={currency} />],
    [t('order.orderedAt'), <When at={order.orderedAt} show="dateTime" />],
    [t('order.kind'), kind(order.kind)],
    [t('order.status'), status(order.status)],
    [
      t('customer.one'),
      customer ? (
        <Link to="/o/$slug/customers/$id" params={{ slug, id: customer.id }} className={customers.link}>
          {customerName(customer)}
        </Link>
      ) : (
        t('order.noCustomer')
      ),
    ],
    [t('order.items'), <Num value={order.items} />],
  ];
  const sums: [string, number][] = [
    [t('order.subtotal'), order.subtotal],
    [t('order.discount'), order.discount],
    [t('order.shipping'), order.shipping],
    [t('order.tax'), order.tax],
  ];
  const sumRow = (label: string, value: number) => [label, '', '', <Money value={value} currency={currency} />];
  return (
    <Stack gap="md">
      <dl className={classes.facts} data-narrow>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <PlainTable
        label={t('order.lines')}
        columns={[
          { label: t('product.name') },
          { label: t('product.quantity'), align: 'right' },
          { label: t('product.unitPrice'), align: 'right' },
          { label: t('order.total'), align: 'right' },
        ]}
        rows={order.lines.map((line) => [
          line.name ? `${line.name} · ${line.productId}` : line.productId,
          <Num value={line.quantity} digits={3} />,
          format.price(line.unitPrice, currency),
          <Money value={line.total} currency={currency} />,
        ])}
        footer={[
          ...sums.filter(([, value]) => value !== 0).map(([label, value]) => sumRow(label, value)),
          sumRow(t('order.total'), order.total),
        ]}
      />
    </Stack>
  );
}

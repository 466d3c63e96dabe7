import type { ReactNode } from 'react';
import type { Customer } from '../api/types';
import { Money, Num, When } from '../components/Values';
import { useT } from '../i18n/I18n';
import classes from './Customer.module.css';

/** The five facts that matter. */
export function CustomerFacts({ customer, narrow }: { customer: Customer; narrow?: boolean }) {
  const t = useT();
  const facts: [string, ReactNode][] = [
    [t('metric.revenue'), <Money value={customer.revenue} currency={customer.currency} />],
    [t('metric.orders'), <Num value={customer.orders} />],
    [t('metric.averageOrderValue'), <Money value={customer.averageOrderValue} currency={customer.currency} />],
    [t('customer.lastOrder'), <When at={customer.lastOrderAt} />],
    [t('customer.firstSeen'), <When at={customer.firstSeenAt} show="date" />],
  ];
  return (
    <dl className={classes.facts} data-narrow={narrow || undefined}>
      {facts.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

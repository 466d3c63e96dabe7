import type { ReactNode } from 'react';
import type { CustomerDetail } from '../../api/types';
import { Money, Nothing, Num, When } from '../../components/Values';
import { useT } from '../../i18n/I18n';
import { customerName } from '../words';
import { outcomeOf, singular, type Singular } from './outcome';
import classes from './Person.module.css';

type Row = [label: string, of: (customer: CustomerDetail) => ReactNode, taken?: boolean];

/** Both people line by line; what the survivor will have stands out. */
export function TwoPeople({ survivor, merged }: { survivor: CustomerDetail; merged: CustomerDetail }) {
  const t = useT();
  const outcome = outcomeOf(survivor, merged);
  const taken = (field: Singular) => outcome.takes.includes(field);
  const text = (field: Singular): Row => [t(singular[field]), (customer) => customer[field] ?? <Nothing />, taken(field)];
  const rows: Row[] = [
    [t('customer.externalId'), (customer) => customer.externalId ?? <Nothing />],
    text('email'),
    text('phone'),
    text('city'),
    text('country'),
    [t('customer.firstSeen'), (customer) => <When at={customer.firstSeenAt} show="date" />, outcome.earlier],
    [t('metric.orders'), (customer) => <Num value={customer.orders} />],
    [t('metric.revenue'), (customer) => <Money value={customer.revenue} currency={customer.currency} />],
    [t('customer.tags'), (customer) => customer.tags.join(', ') || <Nothing />],
  ];
  return (
    <table className={classes.two} aria-label={t('merge.compare')}>
      <thead>
        <tr>
          <td />
          {([survivor, merged] as const).map((customer, i) => (
            <th key={customer.id} scope="col">
              <span className={classes.part} data-stays={i === 0 || undefined}>
                {i === 0 ? t('merge.stays') : t('merge.goes')}
              </span>
              {customerName(customer)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, of, isTaken]) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td>{of(survivor)}</td>
            <td data-taken={isTaken || undefined}>{of(merged)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

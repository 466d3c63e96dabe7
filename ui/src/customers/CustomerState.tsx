import { Badge } from '@mantine/core';
import type { Customer } from '../api/types';
import classes from './Customer.module.css';

/** Who this is, in one line: identifiers, place, stage. */
export function CustomerState({ customer }: { customer: Customer }) {
  const { externalId, email, city, country, stage, status, type } = customer;
  const parts = [externalId, customer.name ? email : null, [city, country].filter(Boolean).join(', ')].filter(Boolean);
  const badges = [...new Set([stage, status, type].filter((word): word is string => Boolean(word)))];
  return (
    <div className={classes.state}>
      {parts.map((part) => (
        <span key={part}>{part}</span>
      ))}
      {badges.map((badge) => (
        <Badge key={badge} variant="default" size="sm" className={classes.badge}>
          {badge.replaceAll('_', ' ')}
        </Badge>
      ))}
    </div>
  );
}

import { Badge } from '@mantine/core';
import type { Customer } from '../api/types';
import classes from './Customer.module.css';
import { customerName } from './words';

/** Who this is, in one line: identifiers, place, stage. */
export function CustomerState({ customer }: { customer: Customer }) {
  const { externalId, email, city, country, stage, status, type } = customer;
  // What stands in the title already is not said twice.
  const title = customerName(customer);
  const parts = [externalId, email, [city, country].filter(Boolean).join(', ')].filter((part) => part && part !== title);
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

import { Link } from '@tanstack/react-router';
import type { EventRow } from '../api/types';
import { Icon } from '../components/Icon';
import { Money, When } from '../components/Values';
import { iconOf } from '../events/event-types';
import { useEventName } from '../events/useEventName';
import { useOrganization } from '../shell/organization';
import classes from './NewestEvents.module.css';

export function EventLine({ event }: { event: EventRow }) {
  const { slug } = useOrganization();
  const nameOf = useEventName();
  const { customer } = event;
  return (
    <li className={classes.event}>
      <span className={classes.icon}>
        <Icon name={iconOf(event.type)} size={14} />
      </span>
      <span className={classes.what}>
        <span className={classes.name}>{nameOf(event)}</span>
        {customer && (
          <Link to="/o/$slug/customers/$id" params={{ slug, id: customer.id }} className={classes.customer}>
            {customer.name ?? customer.externalId ?? customer.id}
          </Link>
        )}
      </span>
      {event.value !== null && <Money value={event.value} currency={event.currency ?? undefined} />}
      <span className={classes.when}>
        <When at={event.occurredAt} />
      </span>
    </li>
  );
}

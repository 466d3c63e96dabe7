import { UnstyledButton } from '@mantine/core';
import { useId, useState } from 'react';
import type { EventRow } from '../api/types';
import { Icon } from '../components/Icon';
import { Money, When } from '../components/Values';
import { iconOf } from '../events/event-types';
import { useEventName } from '../events/useEventName';
import { useFormat, useT } from '../i18n/I18n';
import classes from './Timeline.module.css';

/** One thing that happened; opened, everything that came with it. */
export function TimelineEvent({ event }: { event: EventRow }) {
  const nameOf = useEventName();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <li className={classes.event}>
      <UnstyledButton className={classes.head} aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <span className={classes.icon}>
          <Icon name={iconOf(event.type)} size={14} />
        </span>
        <span className={classes.name}>{nameOf(event)}</span>
        <span className={classes.about}>{aboutOf(event)}</span>
        {event.value !== null && <Money value={event.value} currency={event.currency ?? undefined} />}
        <span className={classes.time}>
          <When at={event.occurredAt} show="time" />
        </span>
        <span className={classes.chevron}>
          <Icon name="chevronRight" size={14} />
        </span>
      </UnstyledButton>
      <div id={id} hidden={!open}>
        {open && <EventDetails event={event} />}
      </div>
    </li>
  );
}

/** The one property that tells two events of a type apart. */
function aboutOf(event: EventRow): string | null {
  const { properties } = event;
  const candidates = [
    properties.order_id,
    properties.orderNumber,
    properties.order_number,
    properties.title,
    properties.productName,
    properties.name,
  ];
  const text = candidates.find((value) => typeof value === 'string' && value !== '');
  return typeof text === 'string' ? text : event.pageUrl;
}

function EventDetails({ event }: { event: EventRow }) {
  const t = useT();
  const format = useFormat();
  const facts: [string, string | null][] = [
    [t('event.type'), event.type],
    [t('event.category'), event.category],
    [t('event.occurred'), format.exact(event.occurredAt)],
    [t('event.received'), format.exact(event.receivedAt)],
    [t('event.source'), event.source],
    [t('event.page'), event.pageUrl],
    [t('event.id'), event.id],
  ];
  return (
    <div className={classes.details}>
      <dl className={classes.facts}>
        {facts.map(
          ([label, value]) =>
            value && (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <pre className={classes.json} tabIndex={0} aria-label={t('event.properties')}>
        {JSON.stringify(event.properties, null, 2)}
      </pre>
    </div>
  );
}

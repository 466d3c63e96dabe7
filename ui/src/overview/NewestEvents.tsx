import { ActionIcon, Skeleton, Tooltip, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FocusEvent } from 'react';
import { newestEventsQuery } from '../api/queries';
import { Card } from '../components/Card';
import { Icon } from '../components/Icon';
import { QueryState } from '../components/PageState';
import { useHeld } from '../events/useHeld';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { EventLine } from './EventLine';
import classes from './NewestEvents.module.css';

const limit = 12;

/** Renews itself every ten seconds, unless someone is reading, has stopped it, or looks at another window. */
export function NewestEvents() {
  const t = useT();
  const { slug } = useOrganization();
  const [live, setLive] = useState(true);
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const query = useQuery(newestEventsQuery(slug, limit, live));
  const held = useHeld(query.data?.items ?? [], pointed || focused);
  const left = (event: FocusEvent<HTMLDivElement>) => !event.currentTarget.contains(event.relatedTarget);
  const label = live ? t('events.pause') : t('events.resume');
  return (
    <Card
      title={t('events.newest')}
      actions={
        <>
          <span className={classes.live} data-on={live || undefined}>
            {live ? t('events.live') : t('events.paused')}
          </span>
          <Tooltip label={label}>
            <ActionIcon variant="subtle" color="gray" size={28} aria-label={label} onClick={() => setLive(!live)}>
              <Icon name={live ? 'pause' : 'play'} />
            </ActionIcon>
          </Tooltip>
        </>
      }
    >
      <div
        className={classes.events}
        onPointerEnter={() => setPointed(true)}
        onPointerLeave={() => setPointed(false)}
        onFocus={() => setFocused(true)}
        onBlur={(event) => left(event) && setFocused(false)}
      >
        <QueryState query={query} failed={t('events.failed')} skeleton={<Waiting />}>
          {() =>
            held.items.length === 0 ? (
              <p className={classes.nothing}>{t('events.none')}</p>
            ) : (
              <ul className={classes.list} aria-label={t('events.newest')}>
                {held.items.map((event) => (
                  <EventLine key={event.id} event={event} />
                ))}
              </ul>
            )
          }
        </QueryState>
        {held.waiting > 0 && (
          <UnstyledButton className={classes.more} onClick={held.release}>
            {t('events.waiting', { count: held.waiting })}
          </UnstyledButton>
        )}
      </div>
    </Card>
  );
}

function Waiting() {
  return (
    <div aria-hidden="true">
      {Array.from({ length: limit }, (_, i) => (
        <Skeleton key={i} h={20} my={8} />
      ))}
    </div>
  );
}

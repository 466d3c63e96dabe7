import { Button, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { LiveEvent, RefusedEvent } from '../api/collect.types';
import { liveQuery } from '../api/queries';
import { Card } from '../components/Card';
import { Icon } from '../components/Icon';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { Nothing, When } from '../components/Values';
import { useEventName } from '../events/useEventName';
import { useHeld } from '../events/useHeld';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Collect.module.css';
import { Json } from './Json';

/** What has just come in, and what was refused and why. Paused, it stands still; the address keeps the filter. */
export function LivePage() {
  const t = useT();
  const { slug } = useOrganization();
  const { type } = useSearch({ from: '/o/$slug/live' });
  const navigate = useNavigate({ from: '/o/$slug/live' });
  const [paused, setPaused] = useState(false);
  const [asked] = useDebouncedValue(type, 300);
  const query = useQuery(liveQuery(slug, asked, !paused));
  return (
    <>
      <PageHeader
        title={t('nav.live')}
        crumbs={[t('nav.collect')]}
        actions={
          <Button variant="default" leftSection={<Icon name={paused ? 'play' : 'pause'} />} onClick={() => setPaused(!paused)}>
            {paused ? t('live.resume') : t('live.pause')}
          </Button>
        }
      />
      <div className={classes.body}>
        <div className={classes.filter}>
          <TextInput
            label={t('live.type')}
            placeholder={t('live.typeHint')}
            value={type ?? ''}
            onChange={(event) => void navigate({ search: (s) => ({ ...s, type: event.currentTarget.value || undefined }), replace: true })}
          />
          {query.data && query.data.refused.length > 0 && (
            <Button
              variant="subtle"
              leftSection={<Icon name="alert" />}
              onClick={() => document.getElementById('refused')?.scrollIntoView()}
            >
              {t('live.refused.count', { count: query.data.refused.length })}
            </Button>
          )}
        </div>
        <QueryState query={query} failed={t('live.failed')} skeleton={<TableSkeleton rows={10} />}>
          {({ events, refused }) =>
            events.length === 0 && refused.length === 0 && !asked ? (
              <EmptyState
                icon="empty"
                title={t('live.empty.title')}
                why={t('live.empty.text')}
                action={
                  <Button renderRoot={(props) => <Link to="/o/$slug/sources" params={{ slug }} {...props} />}>
                    {t('live.empty.action')}
                  </Button>
                }
              />
            ) : (
              <>
                <Events events={events} />
                <RefusedEvents refused={refused} />
              </>
            )
          }
        </QueryState>
      </div>
    </>
  );
}

function Events({ events }: { events: LiveEvent[] }) {
  const t = useT();
  const { slug } = useOrganization();
  const eventName = useEventName();
  // While somebody reads, nothing moves: newcomers are counted and wait.
  const [reading, setReading] = useState(false);
  const held = useHeld(events, reading);
  return (
    <Card
      title={t('live.newest')}
      actions={
        held.waiting > 0 && (
          <Button variant="default" size="xs" onClick={held.release}>
            {t('live.waiting', { count: held.waiting })}
          </Button>
        )
      }
    >
      <div
        onMouseEnter={() => setReading(true)}
        onMouseLeave={() => setReading(false)}
        onFocus={() => setReading(true)}
        onBlur={() => setReading(false)}
      >
        <PlainTable
          label={t('nav.live')}
          columns={[
            { label: t('live.event') },
            { label: t('live.person') },
            { label: t('live.from'), wideOnly: true },
            { label: t('live.when'), align: 'right' },
          ]}
          rows={held.items.map((event) => [
            <Json
              key="e"
              label={eventName({ type: event.type, name: event.name })}
              of={{ properties: event.properties, ...(event.context as object | null) }}
            />,
            event.customerId ? (
              <Link key="p" to="/o/$slug/customers/$id" params={{ slug, id: event.customerId }} className={classes.link}>
                {event.person ?? event.customerId}
              </Link>
            ) : (
              <Nothing key="p" />
            ),
            event.library ?? event.source,
            <When key="w" at={event.occurredAt} show="time" />,
          ])}
        />
      </div>
    </Card>
  );
}

function RefusedEvents({ refused }: { refused: RefusedEvent[] }) {
  const t = useT();
  return (
    <Card title={t('live.refused')}>
      <span id="refused" />
      {refused.length === 0 ? (
        <Text c="dimmed">{t('live.refused.none')}</Text>
      ) : (
        <PlainTable
          label={t('live.refused')}
          columns={[{ label: t('live.event') }, { label: t('live.refused.why') }, { label: t('live.when'), align: 'right' }]}
          rows={refused.map((event) => [
            <Json key="e" label={event.type ?? '?'} of={event.payload} />,
            event.problems.join(' '),
            <When key="w" at={event.receivedAt} />,
          ])}
        />
      )}
    </Card>
  );
}

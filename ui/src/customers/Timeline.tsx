import { Button, Skeleton, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { timelineQuery } from '../api/queries';
import type { EventRow } from '../api/types';
import { useAnnounceChange } from '../components/Announcer';
import { ErrorState } from '../components/PageState';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Timeline.module.css';
import { TimelineEvent } from './TimelineEvent';

export function groupByDay(events: EventRow[], dayOf: (instant: string) => string): [day: string, events: EventRow[]][] {
  const days: [string, EventRow[]][] = [];
  for (const event of events) {
    const day = dayOf(event.occurredAt);
    const last = days.at(-1);
    if (last?.[0] === day) last[1].push(event);
    else days.push([day, [event]]);
  }
  return days;
}

interface TimelineProps {
  id: string;
  type?: string;
  limit?: number;
  /** In the side panel: the newest few, without going further back. */
  brief?: boolean;
}

export function Timeline({ id, type, limit = 50, brief }: TimelineProps) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const query = useInfiniteQuery(timelineQuery(slug, id, type, limit));
  const events = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const days = useMemo(() => groupByDay(events, format.dayOf), [events, format]);
  useAnnounceChange(query.data ? t('timeline.count', { count: events.length }) : null);

  if (query.isPending) return <Waiting />;
  if (query.isError && !query.data)
    return <ErrorState what={t('timeline.failed')} error={query.error} retry={() => void query.refetch()} />;
  if (events.length === 0) return <Text c="dimmed">{type ? t('timeline.noneOfType') : t('timeline.none')}</Text>;
  return (
    <div>
      <div className={classes.days} data-brief={brief || undefined}>
        {days.map(([day, ofDay]) => (
          <section key={day} aria-labelledby={`day-${day}`} className={classes.dayGroup}>
            <h2 id={`day-${day}`} className={classes.day}>
              {format.day(day, 'weekday')}
            </h2>
            <ul className={classes.events}>
              {ofDay.map((event) => (
                <TimelineEvent key={event.id} event={event} />
              ))}
            </ul>
          </section>
        ))}
      </div>
      {!brief && query.hasNextPage && (
        <Button variant="default" mt="md" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t('timeline.older')}
        </Button>
      )}
      {query.isFetchNextPageError && (
        <Text role="alert" c="var(--c-bad)" size="sm" mt="xs">
          {t('table.moreFailed')}
        </Text>
      )}
    </div>
  );
}

function Waiting() {
  return (
    <div aria-hidden="true">
      <Skeleton h={14} w={180} mb={16} />
      {Array.from({ length: 6 }, (_, i) => (
        <Skeleton key={i} h={20} mb={16} />
      ))}
    </div>
  );
}

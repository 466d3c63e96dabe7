import { Badge, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { endOtherSessions, endSession, ownSessionsQuery } from '../api/people';
import type { OwnSession } from '../api/people.types';
import { useAnnounce } from '../components/Announcer';
import { Card } from '../components/Card';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { When } from '../components/Values';
import { useT } from '../i18n/I18n';
import classes from '../people/People.module.css';

/** The one that asks and the latest others; more are a click away. */
const few = 5;

export function SessionsCard() {
  const t = useT();
  const client = useQueryClient();
  const announce = useAnnounce();
  const [all, setAll] = useState(false);
  const query = useQuery(ownSessionsQuery);
  const done = async () => {
    await client.invalidateQueries({ queryKey: ownSessionsQuery.queryKey });
    announce(t('sessions.ended'));
  };
  const end = useMutation({ mutationFn: endSession, onSuccess: done });
  const endOthers = useMutation({ mutationFn: endOtherSessions, onSuccess: done });
  return (
    <Card
      title={t('sessions.title')}
      actions={
        (query.data?.length ?? 0) > 1 && (
          <Button variant="default" size="xs" onClick={() => endOthers.mutate()} loading={endOthers.isPending}>
            {t('sessions.endOthers')}
          </Button>
        )
      }
    >
      <ProblemAlert error={end.error ?? endOthers.error} />
      <QueryState query={query} failed={t('sessions.failed')} skeleton={<Skeleton h={120} aria-hidden="true" />}>
        {(sessions) => (
          <Stack gap="sm" align="flex-start">
            <ul className={classes.sessions}>
              {sessions.slice(0, all ? undefined : few).map((session) => (
                <SessionLine key={session.id} session={session} end={() => end.mutate(session.id)} />
              ))}
            </ul>
            {sessions.length > few && !all && (
              <Button variant="subtle" size="xs" onClick={() => setAll(true)}>
                {t('sessions.all', { count: sessions.length })}
              </Button>
            )}
          </Stack>
        )}
      </QueryState>
    </Card>
  );
}

function SessionLine({ session, end }: { session: OwnSession; end: () => void }) {
  const t = useT();
  const device = [session.browser, session.os].filter(Boolean).join(', ') || t('sessions.unknown');
  const place = [session.city, session.country, session.address].filter(Boolean).join(', ');
  return (
    <li className={classes.session}>
      <div>
        <Group gap="xs">
          <Text fw={500}>{device}</Text>
          {session.isCurrent && (
            <Badge variant="default" size="sm" tt="none">
              {t('sessions.this')}
            </Badge>
          )}
          {session.isSuspicious && (
            <span className={classes.state} data-tone="bad">
              {t('sessions.strange')}
            </span>
          )}
        </Group>
        <Text size="sm" c="dimmed">
          {place} · {t('sessions.active')} <When at={session.lastActivity} />
        </Text>
      </div>
      {!session.isCurrent && (
        <Button variant="default" size="xs" aria-label={t('sessions.endOf', { device })} onClick={end}>
          {t('sessions.end')}
        </Button>
      )}
    </li>
  );
}

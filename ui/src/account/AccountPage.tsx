import { Badge, Button, Group, PasswordInput, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { choosePassword, savePreferences } from '../api/actions';
import { endOtherSessions, endSession, ownSessionsQuery, sendVerification } from '../api/people';
import type { OwnSession } from '../api/people.types';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import type { Session } from '../api/types';
import { useAnnounce } from '../components/Announcer';
import { Card } from '../components/Card';
import { useNotify } from '../components/Notices';
import { PageHeader } from '../components/PageHeader';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { When } from '../components/Values';
import { useT } from '../i18n/I18n';
import classes from '../people/People.module.css';
import { NewPassword, useNewPassword } from '../session/NewPassword';
import { TwoStepCard } from './TwoStepCard';

export function AccountPage() {
  const t = useT();
  const { data: session } = useSuspenseQuery(sessionQuery);
  return (
    <>
      <PageHeader title={t('nav.account')} crumbs={[session.user.email]} />
      <div className={`${classes.page} ${classes.narrow}`}>
        <Profile session={session} />
        <TwoStepCard />
        <Sessions />
        <Password />
      </div>
    </>
  );
}

function Profile({ session: { user } }: { session: Session }) {
  const t = useT();
  const client = useQueryClient();
  const announce = useAnnounce();
  const notify = useNotify();
  const [name, setName] = useState(user.name ?? '');
  const save = useMutation({
    mutationFn: () => savePreferences({ name: name.trim() }),
    onSuccess: (saved) => {
      client.setQueryData(sessionQuery.queryKey, saved);
      announce(t('account.saved'));
    },
  });
  const verify = useMutation({
    mutationFn: sendVerification,
    onSuccess: () => notify({ text: t('account.verify.sent', { email: user.email }) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Card title={t('account.profile')}>
      <form onSubmit={submit}>
        <Stack gap="sm" maw={480}>
          <TextInput
            label={t('account.name')}
            autoComplete="name"
            required
            withAsterisk={false}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={save.error ? asProblem(save.error).fields.name?.join(' ') : null}
          />
          <TextInput label={t('account.email')} value={user.email} readOnly />
          {!user.emailVerified && (
            <Group gap="xs">
              <Text size="sm">{t('account.unverified')}</Text>
              <Button variant="default" size="xs" onClick={() => verify.mutate()} loading={verify.isPending}>
                {t('account.verify')}
              </Button>
            </Group>
          )}
          <ProblemAlert error={verify.error ?? save.error} />
          <Group>
            <Button type="submit" loading={save.isPending} disabled={name.trim() === (user.name ?? '') || name.trim() === ''}>
              {t('account.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function Password() {
  const t = useT();
  const client = useQueryClient();
  const notify = useNotify();
  const [current, setCurrent] = useState('');
  const password = useNewPassword();
  const save = useMutation({
    mutationFn: () => choosePassword(current, password.chosen),
    onSuccess: async () => {
      setCurrent('');
      password.setChosen('');
      password.setRepeated('');
      notify({ text: t('account.password.changed') });
      await client.invalidateQueries({ queryKey: ownSessionsQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password.check()) save.mutate();
  };
  const problem = save.error ? asProblem(save.error) : null;
  const refused = problem?.fields.newPassword?.join(' ') ?? null;
  const wrong = problem?.code === 'wrong_password' ? t('account.password.wrong') : null;
  return (
    <Card title={t('account.password')}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm" maw={480}>
          <PasswordInput
            label={t('account.password.current')}
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            error={wrong}
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword'), tabIndex: 0, 'aria-hidden': false }}
          />
          <NewPassword of={save.isSuccess ? { ...password, tried: false } : password} refused={refused} />
          {problem && !refused && !wrong && <ProblemAlert error={problem} />}
          <Group>
            <Button type="submit" variant="default" loading={save.isPending} disabled={!current || !password.chosen}>
              {t('account.password.change')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function Sessions() {
  const t = useT();
  const client = useQueryClient();
  const announce = useAnnounce();
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
          <ul className={classes.sessions}>
            {sessions.map((session) => (
              <SessionLine key={session.id} session={session} end={() => end.mutate(session.id)} />
            ))}
          </ul>
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

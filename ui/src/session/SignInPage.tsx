import { Alert, Anchor, Button, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { signIn } from '../api/actions';
import { enterCode, waysQuery } from '../api/people';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import type { Session } from '../api/types';
import { ProblemAlert } from '../components/ProblemAlert';
import { useFormat, useT } from '../i18n/I18n';
import { safeNext } from './gate';
import { useHashToken } from './hash';
import { SessionCard } from './SessionCard';

/** Puts a new session in the place of all that was known, and goes where the person wanted to. */
export function useEnter(next: string | undefined) {
  const client = useQueryClient();
  const router = useRouter();
  return (session: Session) => {
    client.clear();
    client.setQueryData(sessionQuery.queryKey, session);
    router.history.push(safeNext(next));
  };
}

export function SignInPage() {
  const { next } = useSearch({ from: '/sign-in' });
  // Whoever signed in by another service comes back with the second step to do.
  const brought = useHashToken();
  const [challenge, setChallenge] = useState(brought || null);
  return challenge ? (
    <SecondStep challenge={challenge} next={next} back={() => setChallenge(null)} />
  ) : (
    <FirstStep next={next} challenged={setChallenge} />
  );
}

function FirstStep({ next, challenged }: { next: string | undefined; challenged: (challenge: string) => void }) {
  const t = useT();
  const enterWith = useEnter(next);
  const { refused } = useSearch({ from: '/sign-in' });
  const { data: ways } = useQuery(waysQuery);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const enter = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: (answer) => ('challenge' in answer ? challenged(answer.challenge) : enterWith(answer)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <SessionCard title={t('signIn.title')}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {refused && !enter.error && (
            <Alert color="red" variant="light" role="alert" p="sm">
              {refused === 'unknown'
                ? t('signIn.refused.unknown')
                : refused === 'unverified'
                  ? t('signIn.refused.unverified')
                  : t('signIn.refused')}
            </Alert>
          )}
          <TextInput
            label={t('signIn.email')}
            type="email"
            name="email"
            autoComplete="username"
            required
            withAsterisk={false}
            size="md"
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <PasswordInput
            label={t('signIn.password')}
            name="password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': t('signIn.showPassword'), tabIndex: 0, 'aria-hidden': false }}
          />
          <Refused error={enter.error} />
          <Button type="submit" size="md" mt="xs" loading={enter.isPending}>
            {t('signIn.action')}
          </Button>
          {ways?.mail && (
            <Anchor component={Link} to="/forgotten" size="sm">
              {t('signIn.forgotten')}
            </Anchor>
          )}
          {ways?.oAuth && (
            <>
              <Divider label={t('signIn.or')} />
              <Button component="a" variant="default" size="md" href={`/api/session/oauth?next=${encodeURIComponent(safeNext(next))}`}>
                {t('signIn.by', { service: ways.oAuth })}
              </Button>
            </>
          )}
        </Stack>
      </form>
    </SessionCard>
  );
}

function SecondStep({ challenge, next, back }: { challenge: string; next: string | undefined; back: () => void }) {
  const t = useT();
  const enterWith = useEnter(next);
  const [code, setCode] = useState('');
  const enter = useMutation({ mutationFn: () => enterCode(challenge, code.trim()), onSuccess: enterWith });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <SessionCard title={t('secondStep.title')}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text c="dimmed">{t('secondStep.text')}</Text>
          <TextInput
            label={t('secondStep.code')}
            autoComplete="one-time-code"
            required
            withAsterisk={false}
            size="md"
            autoFocus
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
          />
          <Refused error={enter.error} />
          <Button type="submit" size="md" mt="xs" loading={enter.isPending}>
            {t('signIn.action')}
          </Button>
          <Button variant="subtle" onClick={back}>
            {t('secondStep.back')}
          </Button>
        </Stack>
      </form>
    </SessionCard>
  );
}

/** The refusals people meet are said in their own words; anything else with its code. */
function Refused({ error }: { error: unknown }) {
  const t = useT();
  const format = useFormat();
  if (!error) return null;
  const problem = asProblem(error);
  const words: Record<string, () => string> = {
    invalid_credentials: () => t('signIn.invalid'),
    too_many_attempts: () => t('signIn.tooMany', { wait: format.duration(problem.retryAfterSeconds ?? 60) }),
    busy: () => t('signIn.busy'),
    wrong_code: () => t('secondStep.wrong'),
    challenge_over: () => t('secondStep.over'),
  };
  const known = words[problem.code ?? '']?.();
  if (!known) return <ProblemAlert error={error} />;
  return (
    <Alert color="red" variant="light" role="alert" p="sm">
      {known}
    </Alert>
  );
}

import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { signIn } from '../api/actions';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import { ProblemAlert } from '../components/ProblemAlert';
import { useFormat, useT } from '../i18n/I18n';
import { safeNext } from './gate';
import { SessionCard } from './SessionCard';

export function SignInPage() {
  const t = useT();
  const client = useQueryClient();
  const router = useRouter();
  const { next } = useSearch({ from: '/sign-in' });
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const enter = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(sessionQuery.queryKey, session);
      router.history.push(safeNext(next));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter.mutate();
  };
  return (
    <SessionCard title={t('signIn.title')}>
      <form onSubmit={submit}>
        <Stack gap="sm">
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
        </Stack>
      </form>
    </SessionCard>
  );
}

/** The two refusals people meet are said in their own words; anything else with its code. */
function Refused({ error }: { error: unknown }) {
  const t = useT();
  const format = useFormat();
  if (!error) return null;
  const problem = asProblem(error);
  const known =
    problem.code === 'invalid_credentials'
      ? t('signIn.invalid')
      : problem.code === 'too_many_attempts'
        ? t('signIn.tooMany', { wait: format.duration(problem.retryAfterSeconds ?? 60) })
        : null;
  if (!known) return <ProblemAlert error={error} />;
  return (
    <Alert color="red" variant="light" role="alert" p="sm">
      {known}
    </Alert>
  );
}

import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { choosePassword } from '../api/actions';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { safeNext } from './gate';
import { NewPassword, useNewPassword } from './NewPassword';
import { SessionCard } from './SessionCard';

export function ChoosePasswordPage() {
  const t = useT();
  const client = useQueryClient();
  const router = useRouter();
  const { next } = useSearch({ from: '/choose-password' });
  const [current, setCurrent] = useState('');
  const password = useNewPassword();
  const save = useMutation({
    mutationFn: () => choosePassword(current, password.chosen),
    onSuccess: async () => {
      await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
      router.history.push(safeNext(next));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password.check()) save.mutate();
  };
  const problem = save.error ? asProblem(save.error) : null;
  const wrong = problem?.code === 'wrong_password' ? t('password.wrong') : null;
  const refused = problem?.fields.newPassword?.join(' ') ?? null;
  const field = {
    withAsterisk: false,
    required: true,
    visibilityToggleButtonProps: { 'aria-label': t('signIn.showPassword'), tabIndex: 0, 'aria-hidden': false },
  };
  return (
    <SessionCard title={t('password.title')}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          <Text c="dimmed">{t('password.why')}</Text>
          <PasswordInput
            {...field}
            label={t('password.current')}
            autoComplete="current-password"
            autoFocus
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
            error={wrong ?? problem?.fields.currentPassword?.join(' ')}
          />
          <NewPassword of={password} refused={refused} />
          {problem && !wrong && Object.keys(problem.fields).length === 0 && <ProblemAlert error={problem} />}
          <Button type="submit" size="md" mt="xs" loading={save.isPending}>
            {t('password.action')}
          </Button>
        </Stack>
      </form>
    </SessionCard>
  );
}

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
import { SessionCard } from './SessionCard';

const shortest = 12;

export function ChoosePasswordPage() {
  const t = useT();
  const client = useQueryClient();
  const router = useRouter();
  const { next } = useSearch({ from: '/choose-password' });
  const [current, setCurrent] = useState('');
  const [chosen, setChosen] = useState('');
  const [repeated, setRepeated] = useState('');
  const [tried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () => choosePassword(current, chosen),
    onSuccess: async () => {
      await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
      router.history.push(safeNext(next));
    },
  });
  const tooShort = tried && chosen.length < shortest ? t('password.tooShort', { length: shortest }) : null;
  const different = tried && repeated !== chosen ? t('password.different') : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (chosen.length >= shortest && repeated === chosen) save.mutate();
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
          <PasswordInput
            {...field}
            label={t('password.new')}
            description={t('password.rule', { length: shortest })}
            autoComplete="new-password"
            value={chosen}
            onChange={(event) => setChosen(event.currentTarget.value)}
            error={tooShort ?? refused}
          />
          <PasswordInput
            {...field}
            label={t('password.repeat')}
            autoComplete="new-password"
            value={repeated}
            onChange={(event) => setRepeated(event.currentTarget.value)}
            error={different}
          />
          {problem && !wrong && Object.keys(problem.fields).length === 0 && <ProblemAlert error={problem} />}
          <Button type="submit" size="md" mt="xs" loading={save.isPending}>
            {t('password.action')}
          </Button>
        </Stack>
      </form>
    </SessionCard>
  );
}

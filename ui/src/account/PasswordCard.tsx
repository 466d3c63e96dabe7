import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { choosePassword } from '../api/actions';
import { ownSessionsQuery } from '../api/people';
import { asProblem } from '../api/problem';
import { Card } from '../components/Card';
import { useNotify } from '../components/Notices';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { NewPassword, useNewPassword } from '../session/NewPassword';

export function PasswordCard() {
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

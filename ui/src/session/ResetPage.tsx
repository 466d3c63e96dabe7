import { Anchor, Button, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { resetPassword } from '../api/people';
import { asProblem } from '../api/problem';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { useHashToken } from './hash';
import { NewPassword, useNewPassword } from './NewPassword';
import { SessionCard } from './SessionCard';

export function ResetPage() {
  const t = useT();
  const client = useQueryClient();
  const token = useHashToken();
  const password = useNewPassword();
  const save = useMutation({
    mutationFn: () => resetPassword(token, password.chosen),
    // Every session has ended, this browser's too.
    onSuccess: () => client.clear(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password.check()) save.mutate();
  };
  const problem = save.error ? asProblem(save.error) : null;
  const refused = problem?.fields.password?.join(' ') ?? null;
  return (
    <SessionCard title={t('reset.title')}>
      {save.isSuccess ? (
        <Stack gap="sm">
          <Text role="status">{t('reset.done')}</Text>
          <Anchor component={Link} to="/sign-in">
            {t('signIn.action')}
          </Anchor>
        </Stack>
      ) : (
        <form onSubmit={submit} noValidate>
          <Stack gap="sm">
            <NewPassword of={password} refused={refused} />
            {problem && !refused && <ProblemAlert error={problem} />}
            <Button type="submit" size="md" mt="xs" loading={save.isPending}>
              {t('reset.action')}
            </Button>
            {problem?.code === 'link_over' && (
              <Anchor component={Link} to="/forgotten" size="sm">
                {t('reset.again')}
              </Anchor>
            )}
          </Stack>
        </form>
      )}
    </SessionCard>
  );
}

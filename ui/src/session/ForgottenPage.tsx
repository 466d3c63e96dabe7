import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { askForPassword } from '../api/people';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { SessionCard } from './SessionCard';

/** Says the same whether or not somebody has the address. */
export function ForgottenPage() {
  const t = useT();
  const [email, setEmail] = useState('');
  const ask = useMutation({ mutationFn: () => askForPassword(email.trim()) });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <SessionCard title={t('forgotten.title')}>
      {ask.isSuccess ? (
        <Text role="status">{t('forgotten.sent', { email: email.trim() })}</Text>
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <Text c="dimmed">{t('forgotten.text')}</Text>
            <TextInput
              label={t('signIn.email')}
              type="email"
              autoComplete="username"
              required
              withAsterisk={false}
              size="md"
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <ProblemAlert error={ask.error} />
            <Button type="submit" size="md" mt="xs" loading={ask.isPending}>
              {t('forgotten.action')}
            </Button>
          </Stack>
        </form>
      )}
      <Anchor component={Link} to="/sign-in" size="sm" mt="md" display="block">
        {t('forgotten.back')}
      </Anchor>
    </SessionCard>
  );
}

import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { savePreferences } from '../api/actions';
import { sendVerification } from '../api/people';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import type { Session } from '../api/types';
import { useAnnounce } from '../components/Announcer';
import { Card } from '../components/Card';
import { useNotify } from '../components/Notices';
import { PageHeader } from '../components/PageHeader';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import classes from '../people/People.module.css';
import { PasswordCard } from './PasswordCard';
import { SessionsCard } from './SessionsCard';
import { TwoStepCard } from './TwoStepCard';

export function AccountPage() {
  const t = useT();
  const { data: session } = useSuspenseQuery(sessionQuery);
  return (
    <>
      <PageHeader title={t('nav.account')} crumbs={[session.user.email]} />
      <div className={`${classes.page} ${classes.narrow}`}>
        <Profile session={session} />
        <PasswordCard />
        <TwoStepCard />
        <SessionsCard />
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

import { Button, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { signOut } from '../api/actions';
import { acceptInvitation, invitationQuery } from '../api/people';
import type { Invitation } from '../api/people.types';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import { ErrorState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { NewPassword, useNewPassword } from './NewPassword';
import { SessionCard } from './SessionCard';
import { useEnter } from './SignInPage';

/**
 * The token stays in the address here: whoever has an account signs in first and comes back to it. It holds once, for a
 * week, and opens nothing without that person's password.
 */
export function InvitationPage() {
  const t = useT();
  const [token] = useState(() => window.location.hash.slice(1));
  const query = useQuery(invitationQuery(token));
  return (
    <SessionCard title={query.data ? t('invitation.title', { organization: query.data.organization }) : t('invitation.plain')}>
      {query.isError ? (
        <ErrorState what={t('invitation.failed')} error={query.error} />
      ) : query.data ? (
        <Accept token={token} invitation={query.data} />
      ) : (
        <Skeleton h={180} aria-hidden="true" />
      )}
    </SessionCard>
  );
}

function Accept({ token, invitation }: { token: string; invitation: Invitation }) {
  const t = useT();
  const enter = useEnter(`/o/${invitation.slug}`);
  const [name, setName] = useState('');
  const password = useNewPassword();
  const accept = useMutation({
    mutationFn: () => acceptInvitation(token, invitation.hasAccount ? undefined : { name: name.trim(), password: password.chosen }),
    onSuccess: enter,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (invitation.hasAccount || password.check()) accept.mutate();
  };
  const problem = accept.error ? asProblem(accept.error) : null;
  const elsewhere = problem?.code === 'sign_in_to_accept';
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <Text c="dimmed">
          {invitation.inviter
            ? t('invitation.by', { inviter: invitation.inviter, email: invitation.email })
            : t('invitation.for', { email: invitation.email })}
        </Text>
        {!invitation.hasAccount && (
          <>
            <TextInput
              label={t('invitation.name')}
              autoComplete="name"
              required
              withAsterisk={false}
              autoFocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={problem?.fields.name?.join(' ')}
            />
            <NewPassword of={password} refused={problem?.fields.password?.join(' ')} />
          </>
        )}
        {elsewhere ? (
          <SignInAs email={invitation.email} />
        ) : (
          problem && Object.keys(problem.fields).length === 0 && <ProblemAlert error={problem} />
        )}
        {!elsewhere && (
          <Button type="submit" size="md" mt="xs" loading={accept.isPending}>
            {t('invitation.accept')}
          </Button>
        )}
      </Stack>
    </form>
  );
}

/** Somebody else is signed in here, or nobody. */
function SignInAs({ email }: { email: string }) {
  const t = useT();
  const client = useQueryClient();
  const router = useRouter();
  const here = window.location.pathname + window.location.hash;
  const leave = useMutation({
    mutationFn: async () => {
      if (client.getQueryData(sessionQuery.queryKey)) await signOut();
      client.clear();
    },
    onSettled: () => router.history.push(`/sign-in?next=${encodeURIComponent(here)}`),
  });
  return (
    <>
      <Text>{t('invitation.signIn', { email })}</Text>
      <Button size="md" onClick={() => leave.mutate()} loading={leave.isPending}>
        {t('signIn.action')}
      </Button>
    </>
  );
}

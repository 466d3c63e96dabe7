import { Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { foundOrganization } from '../api/people';
import { asProblem } from '../api/problem';
import { sessionQuery } from '../api/queries';
import type { Session } from '../api/types';
import { FormDialog } from '../components/FormDialog';
import { useT } from '../i18n/I18n';

export default function FoundOrganization({ close }: { close: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const found = useMutation({
    mutationFn: () => foundOrganization(name.trim()),
    onSuccess: async (session) => {
      const before = client.getQueryData<Session>(sessionQuery.queryKey)?.organizations.map((o) => o.id) ?? [];
      client.setQueryData(sessionQuery.queryKey, session);
      close();
      const made = session.organizations.find((o) => !before.includes(o.id));
      if (made) await navigate({ to: '/o/$slug/overview', params: { slug: made.slug } });
    },
  });
  const problem = found.error ? asProblem(found.error) : null;
  const fields = problem ? Object.values(problem.fields).flat().join(' ') : '';
  return (
    <FormDialog
      title={t('shell.newOrganization')}
      action={t('found.action')}
      onSubmit={() => found.mutate()}
      close={close}
      pending={found.isPending}
      error={found.error}
    >
      <Text c="dimmed" size="sm">
        {t('found.text')}
      </Text>
      <TextInput
        data-autofocus
        label={t('settings.name')}
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={fields || null}
      />
    </FormDialog>
  );
}

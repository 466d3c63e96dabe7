import { Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import FoundOrganization from '../settings/FoundOrganization';
import { useT } from '../i18n/I18n';
import { useSignOut } from '../shell/UserMenu';
import { SessionCard } from './SessionCard';

/** Someone who has signed in but belongs nowhere yet. */
export function NoOrganizationPage() {
  const t = useT();
  const [founding, setFounding] = useState(false);
  const leave = useSignOut();
  return (
    <SessionCard title={t('noOrganization.title')}>
      <Stack>
        <Text c="dimmed">{t('noOrganization.text')}</Text>
        <Button onClick={() => setFounding(true)}>{t('shell.newOrganization')}</Button>
        <Button variant="default" onClick={() => leave.mutate()}>
          {t('shell.signOut')}
        </Button>
        {founding && <FoundOrganization close={() => setFounding(false)} />}
      </Stack>
    </SessionCard>
  );
}

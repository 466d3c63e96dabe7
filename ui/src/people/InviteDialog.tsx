import { Button, Code, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { invitePerson, peopleQuery } from '../api/people';
import type { Invited, Role } from '../api/people.types';
import { asProblem } from '../api/problem';
import { CopyButton } from '../components/CopyButton';
import { FormDialog } from '../components/FormDialog';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './People.module.css';
import { useRoleName } from './words';

export function InviteDialog({ roles, close }: { roles: Role[]; close: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const { slug, role: mine } = useOrganization();
  const roleName = useRoleName();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState('viewer');
  const invite = useMutation({
    mutationFn: () => invitePerson(slug, { email: email.trim(), role }),
    onSuccess: () => client.invalidateQueries({ queryKey: peopleQuery(slug).queryKey }),
  });
  const rank = roles.find((r) => r.role === mine)?.rank ?? 0;
  const problem = invite.error ? asProblem(invite.error) : null;
  if (invite.data) return <InvitedDialog email={email.trim()} invited={invite.data} close={close} />;
  return (
    <FormDialog
      title={t('people.invite.title')}
      action={t('people.invite.send')}
      onSubmit={() => invite.mutate()}
      close={close}
      pending={invite.isPending}
      error={invite.error}
    >
      <TextInput
        data-autofocus
        label={t('people.email')}
        type="email"
        required
        withAsterisk={false}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={problem?.fields.email?.join(' ')}
      />
      <Select
        label={t('people.role')}
        data={roles.filter((r) => r.rank >= rank).map((r) => ({ value: r.role, label: roleName(r.role, roles) }))}
        value={role}
        allowDeselect={false}
        onChange={(value) => setRole(value ?? role)}
        error={problem?.fields.role?.join(' ')}
      />
    </FormDialog>
  );
}

/** That a mail went out, or the link in its place: it is had nowhere else. */
export function InvitedDialog({ email, invited, close }: { email: string; invited: Invited; close: () => void }) {
  const t = useT();
  return (
    <Modal opened onClose={close} title={t('people.invite.title')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Stack gap="sm">
        {invited.link ? (
          <>
            <Text>{t('people.invite.link')}</Text>
            <Code className={classes.link}>{invited.link}</Code>
            <Group>
              <CopyButton value={invited.link} label={t('people.invite.copy')} />
            </Group>
          </>
        ) : (
          <Text>{t('people.invite.mailed', { email })}</Text>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {t('people.invite.done')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

import { Button, Code, Group, Modal, Radio, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { createKey, rotateKey } from '../api/operate';
import type { ApiKey, IssuedKey } from '../api/operate.types';
import { asProblem } from '../api/problem';
import { organizationQuery } from '../api/queries';
import { chosenWorkspace } from '../api/workspace';
import { CopyButton } from '../components/CopyButton';
import { FormDialog } from '../components/FormDialog';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Operate.module.css';

const lines = (text: string) =>
  text
    .split(/[\s,]+/)
    .map((line) => line.trim())
    .filter(Boolean);

function useIssuing(issue: () => Promise<IssuedKey>, issued: (made: IssuedKey) => void) {
  const { slug } = useOrganization();
  const client = useQueryClient();
  return useMutation({
    mutationFn: issue,
    // A secret stays in no cache.
    gcTime: 0,
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['o', slug, 'keys'] });
      issued(made);
    },
  });
}

export function NewKeyForm({ close, issued }: { close: () => void; issued: (made: IssuedKey) => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const { data: organization } = useQuery(organizationQuery(slug));
  const workspaces = organization?.workspaces.filter((w) => w.closedAt === null) ?? [];
  const [workspace, setWorkspace] = useState<string | null>(null);
  const [kind, setKind] = useState<'write' | 'secret'>('secret');
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState('');
  const [origins, setOrigins] = useState('');
  const [addresses, setAddresses] = useState('');
  const [expires, setExpires] = useState('');
  const workspaceId = workspace ?? workspaces.find((w) => w.slug === chosenWorkspace(slug))?.id ?? workspaces[0]?.id;
  const create = useIssuing(
    () =>
      createKey(slug, {
        kind,
        name: name.trim(),
        ...(workspaceId && { workspaceId }),
        scopes: kind === 'secret' ? lines(scopes) : [],
        allowedOrigins: lines(origins),
        allowedAddresses: lines(addresses),
        expiresAt: expires ? new Date(`${expires}T23:59:59`).toISOString() : null,
      }),
    issued,
  );
  const problem = create.error ? asProblem(create.error) : null;
  return (
    <FormDialog
      title={t('keys.new')}
      action={t('keys.create')}
      onSubmit={() => create.mutate()}
      close={close}
      pending={create.isPending}
      error={create.error}
      disabled={name.trim() === ''}
    >
      <TextInput
        data-autofocus
        label={t('keys.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        maxLength={200}
        required
        withAsterisk={false}
        error={problem?.fields.name?.join(' ')}
      />
      {workspaces.length > 1 && (
        <Select
          label={t('keys.workspace')}
          data={workspaces.map((w) => ({ value: w.id, label: w.name }))}
          value={workspaceId ?? null}
          allowDeselect={false}
          onChange={setWorkspace}
          error={problem?.fields.workspaceId?.join(' ')}
        />
      )}
      <Radio.Group label={t('keys.kind')} value={kind} onChange={(value) => setKind(value as 'write' | 'secret')}>
        <Stack gap={6} mt={4}>
          <Radio value="secret" label={t('keys.kind.secret')} />
          <Radio value="write" label={t('keys.kind.write')} />
        </Stack>
      </Radio.Group>
      {kind === 'secret' && (
        <Textarea
          label={t('keys.scopes')}
          description={t('keys.scopes.text')}
          rows={2}
          value={scopes}
          onChange={(event) => setScopes(event.currentTarget.value)}
          error={problem?.fields.scopes?.join(' ')}
        />
      )}
      <Textarea
        label={t('keys.origins')}
        description={t('keys.origins.text')}
        rows={2}
        value={origins}
        onChange={(event) => setOrigins(event.currentTarget.value)}
        error={problem?.fields.allowedOrigins?.join(' ')}
      />
      <Textarea
        label={t('keys.addresses')}
        description={t('keys.addresses.text')}
        rows={2}
        value={addresses}
        onChange={(event) => setAddresses(event.currentTarget.value)}
        error={problem?.fields.allowedAddresses?.join(' ')}
      />
      <TextInput
        type="date"
        label={t('keys.expires')}
        description={t('keys.expires.text')}
        value={expires}
        onChange={(event) => setExpires(event.currentTarget.value)}
        error={problem?.fields.expiresAt?.join(' ')}
      />
    </FormDialog>
  );
}

export function RotateKey({ apiKey, close, issued }: { apiKey: ApiKey; close: () => void; issued: (made: IssuedKey) => void }) {
  const t = useT();
  const { slug } = useOrganization();
  const [overlap, setOverlap] = useState('24');
  const rotate = useIssuing(() => rotateKey(slug, apiKey.id, Number(overlap)), issued);
  return (
    <Modal opened onClose={close} title={t('keys.rotateOf', { name: apiKey.name })} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Stack gap="md">
        <Text>{t('keys.rotate.text')}</Text>
        <Select
          data-autofocus
          label={t('keys.overlap')}
          data={[
            { value: '1', label: t('keys.overlap.1') },
            { value: '24', label: t('keys.overlap.24') },
            { value: '168', label: t('keys.overlap.168') },
          ]}
          allowDeselect={false}
          value={overlap}
          onChange={(value) => value && setOverlap(value)}
        />
        <ProblemAlert error={rotate.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            {t('action.keep')}
          </Button>
          <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
            {t('keys.rotate')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** The one moment at which a secret is on a screen; nothing but its own button closes it. */
export function IssuedSecret({ issued, close }: { issued: IssuedKey; close: () => void }) {
  const t = useT();
  return (
    <Modal
      opened
      onClose={close}
      closeOnClickOutside={false}
      closeOnEscape={false}
      title={t('keys.issued')}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack gap="md">
        <Text>{t('keys.issued.text')}</Text>
        <div className={classes.secret}>
          <Code>{issued.secret}</Code>
          <CopyButton value={issued.secret} label={t('keys.copy')} />
        </div>
        <Group justify="flex-end">
          <Button data-autofocus onClick={close}>
            {t('action.close')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

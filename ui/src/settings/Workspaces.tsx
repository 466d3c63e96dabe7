import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { closeWorkspace, makeWorkspace, renameWorkspace, reopenWorkspace } from '../api/people';
import { asProblem } from '../api/problem';
import { organizationQuery } from '../api/queries';
import type { Organization, Workspace as Data } from '../api/types';
import { chooseWorkspace, chosenWorkspace } from '../api/workspace';
import { Card } from '../components/Card';
import { DangerousAct } from '../components/DangerousAct';
import { ProblemAlert } from '../components/ProblemAlert';
import { useFormat, useT } from '../i18n/I18n';
import { usePermissions } from '../shell/organization';

export function Workspaces({ organization: { slug, workspaces } }: { organization: Organization }) {
  const t = useT();
  const client = useQueryClient();
  const { administer } = usePermissions();
  const [name, setName] = useState('');
  const [word, setWord] = useState('');
  const refresh = () => client.invalidateQueries({ queryKey: organizationQuery(slug).queryKey });
  const make = useMutation({
    mutationFn: () => makeWorkspace(slug, { name: name.trim(), slug: word.trim() }),
    onSuccess: async () => {
      setName('');
      setWord('');
      await refresh();
    },
  });
  const open = workspaces.filter((w) => w.closedAt === null).length;
  const problem = make.error ? asProblem(make.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Card title={t('workspaces.title')}>
      <Stack gap="sm" maw={480}>
        {workspaces.map((workspace) => (
          <Workspace
            key={workspace.id}
            slug={slug}
            workspace={workspace}
            last={open === 1 && workspace.closedAt === null}
            refresh={refresh}
          />
        ))}
        {administer && (
          <form onSubmit={submit}>
            <Group align="end" gap="xs">
              <TextInput
                style={{ flex: 1 }}
                label={t('workspaces.new')}
                required
                withAsterisk={false}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
                error={problem?.fields.name?.join(' ')}
              />
              <TextInput
                w={140}
                label={t('workspaces.word')}
                required
                withAsterisk={false}
                value={word}
                onChange={(event) => setWord(event.currentTarget.value)}
                error={problem?.fields.slug?.join(' ')}
              />
              <Button type="submit" variant="default" loading={make.isPending}>
                {t('workspaces.add')}
              </Button>
            </Group>
            {problem && Object.keys(problem.fields).length === 0 && <ProblemAlert error={problem} />}
          </form>
        )}
      </Stack>
    </Card>
  );
}

function Workspace({ slug, workspace, last, refresh }: { slug: string; workspace: Data; last: boolean; refresh: () => Promise<unknown> }) {
  const t = useT();
  const format = useFormat();
  const { administer } = usePermissions();
  const [name, setName] = useState(workspace.name);
  const [closing, setClosing] = useState(false);
  const rename = useMutation({ mutationFn: () => renameWorkspace(slug, workspace.id, name.trim()), onSuccess: refresh });
  const close = useMutation({
    mutationFn: () => closeWorkspace(slug, workspace.id),
    onSuccess: async () => {
      if (chosenWorkspace(slug) === workspace.slug) chooseWorkspace(slug, null);
      setClosing(false);
      await refresh();
    },
  });
  const reopen = useMutation({ mutationFn: () => reopenWorkspace(slug, workspace.id), onSuccess: refresh });
  const { closedAt, keysDeletedAfter } = workspace;
  const reopens = keysDeletedAfter !== null && new Date(keysDeletedAfter) > new Date();
  const note =
    closedAt === null
      ? null
      : reopens
        ? t('workspaces.until', { date: format.date(keysDeletedAfter) })
        : t('workspaces.closed', { date: format.date(closedAt) });
  return (
    <Group align="end" gap="xs">
      <TextInput
        style={{ flex: 1 }}
        label={workspace.slug}
        description={note}
        value={name}
        readOnly={!administer || closedAt !== null}
        onChange={(event) => setName(event.currentTarget.value)}
        error={rename.error ? asProblem(rename.error).detail : reopen.error ? asProblem(reopen.error).detail : null}
      />
      {administer && closedAt === null && (
        <>
          <Button
            variant="default"
            onClick={() => rename.mutate()}
            loading={rename.isPending}
            disabled={name.trim() === workspace.name || name.trim() === ''}
          >
            {t('workspaces.rename')}
          </Button>
          <Button variant="default" disabled={last} onClick={() => setClosing(true)}>
            {t('workspaces.close')}
          </Button>
        </>
      )}
      {administer && reopens && (
        <Button variant="default" onClick={() => reopen.mutate()} loading={reopen.isPending}>
          {t('workspaces.reopen')}
        </Button>
      )}
      {closing && (
        <DangerousAct
          title={t('workspaces.closing', { name: workspace.name })}
          consequences={[t('workspaces.closing.keys')]}
          stays={[t('workspaces.closing.stays')]}
          remark={t('workspaces.closing.remark')}
          name={workspace.name}
          action={t('workspaces.closing.action')}
          onConfirm={() => close.mutate()}
          onClose={() => setClosing(false)}
          pending={close.isPending}
          error={close.error}
        />
      )}
    </Group>
  );
}

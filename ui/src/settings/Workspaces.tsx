import { Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { makeWorkspace, renameWorkspace } from '../api/people';
import { asProblem } from '../api/problem';
import { organizationQuery } from '../api/queries';
import type { Organization } from '../api/types';
import { Card } from '../components/Card';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';
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
  const problem = make.error ? asProblem(make.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Card title={t('workspaces.title')}>
      <Stack gap="sm" maw={480}>
        {workspaces.map((workspace) => (
          <Workspace key={workspace.id} slug={slug} workspace={workspace} refresh={refresh} />
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

function Workspace({
  slug,
  workspace,
  refresh,
}: {
  slug: string;
  workspace: Organization['workspaces'][number];
  refresh: () => Promise<unknown>;
}) {
  const t = useT();
  const { administer } = usePermissions();
  const [name, setName] = useState(workspace.name);
  const rename = useMutation({ mutationFn: () => renameWorkspace(slug, workspace.id, name.trim()), onSuccess: refresh });
  return (
    <Group align="end" gap="xs">
      <TextInput
        style={{ flex: 1 }}
        label={workspace.slug}
        value={name}
        readOnly={!administer}
        onChange={(event) => setName(event.currentTarget.value)}
        error={rename.error ? asProblem(rename.error).detail : null}
      />
      {administer && (
        <Button
          variant="default"
          onClick={() => rename.mutate()}
          loading={rename.isPending}
          disabled={name.trim() === workspace.name || name.trim() === ''}
        >
          {t('workspaces.rename')}
        </Button>
      )}
    </Group>
  );
}

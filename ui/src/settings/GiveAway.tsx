import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { closeOrganization, handOver, peopleQuery } from '../api/people';
import { sessionQuery } from '../api/queries';
import type { Organization } from '../api/types';
import { Card } from '../components/Card';
import { DangerousAct } from '../components/DangerousAct';
import { useNotify } from '../components/Notices';
import { ProblemAlert } from '../components/ProblemAlert';
import { useT } from '../i18n/I18n';

/** What only a super administrator does: hand the organization over, or close it. */
export function GiveAway({ organization: { slug, name }, own }: { organization: Organization; own: string }) {
  const t = useT();
  const client = useQueryClient();
  const notify = useNotify();
  const { data: people } = useQuery(peopleQuery(slug));
  const [to, setTo] = useState<string | null>(null);
  const [closing, setClosing] = useState(false);
  const others = (people ?? []).filter((p) => p.status === 'active' && p.id !== own);
  const give = useMutation({
    mutationFn: () => handOver(slug, to!),
    onSuccess: async () => {
      notify({ text: t('give.done') });
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      await client.invalidateQueries({ queryKey: ['o', slug] });
    },
  });
  const close = useMutation({
    mutationFn: () => closeOrganization(slug, name),
    onSuccess: () => client.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
  return (
    <Card title={t('give.title')}>
      <Stack gap="md" maw={480}>
        <Text c="dimmed" size="sm">
          {t('give.text')}
        </Text>
        <Group align="end" gap="xs">
          <Select
            style={{ flex: 1 }}
            label={t('give.to')}
            searchable
            data={others.map((p) => ({ value: p.id, label: p.name ?? p.email ?? p.id }))}
            value={to}
            onChange={setTo}
          />
          <Button variant="default" disabled={!to} onClick={() => give.mutate()} loading={give.isPending}>
            {t('give.action')}
          </Button>
        </Group>
        <ProblemAlert error={give.error} />
        <Group>
          <Button variant="default" onClick={() => setClosing(true)}>
            {t('close.action')}
          </Button>
        </Group>
      </Stack>
      {closing && (
        <DangerousAct
          title={t('close.title', { name })}
          consequences={[t('close.out'), t('close.keys'), t('close.gone')]}
          remark={t('close.remark')}
          name={name}
          action={t('close.action')}
          onConfirm={() => close.mutate()}
          onClose={() => setClosing(false)}
          pending={close.isPending}
          error={close.error}
        />
      )}
    </Card>
  );
}

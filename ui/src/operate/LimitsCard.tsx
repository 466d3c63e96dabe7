import { Button, Group, NumberInput, Select, Skeleton, Switch, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { changeRateLimit, createRateLimit, deleteRateLimit, rateLimitsQuery } from '../api/operate';
import type { ApiKey, CountedBy, RateLimit } from '../api/operate.types';
import { asProblem } from '../api/problem';
import { Card } from '../components/Card';
import { FormDialog } from '../components/FormDialog';
import { QueryState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import type { Key } from '../i18n/catalogue';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { useOrganization, usePermissions } from '../shell/organization';

const byWords: Record<CountedBy, Key> = {
  organization: 'limits.by.organization',
  key: 'limits.by.key',
  caller: 'limits.by.caller',
};

/** The limits of the organization's keys. */
export function LimitsCard({ keys }: { keys: ApiKey[] }) {
  const t = useT();
  const { slug } = useOrganization();
  const { administer } = usePermissions();
  const query = useQuery(rateLimitsQuery(slug));
  const [adding, setAdding] = useState(false);
  return (
    <Card
      title={t('limits.title')}
      actions={
        administer && (
          <Button size="xs" variant="default" onClick={() => setAdding(true)}>
            {t('limits.new')}
          </Button>
        )
      }
    >
      <QueryState query={query} failed={t('limits.failed')} skeleton={<Skeleton h={120} aria-hidden="true" />}>
        {({ items }) => (items.length === 0 ? <Text c="dimmed">{t('limits.empty')}</Text> : <Limits items={items} />)}
      </QueryState>
      {adding && <LimitForm keys={keys} close={() => setAdding(false)} />}
    </Card>
  );
}

function useRefreshed() {
  const { slug } = useOrganization();
  const client = useQueryClient();
  return () => client.invalidateQueries({ queryKey: ['o', slug, 'rate-limits'] });
}

function Limits({ items }: { items: RateLimit[] }) {
  const t = useT();
  const plain = usePlainT();
  const format = useFormat();
  const { slug } = useOrganization();
  const { administer } = usePermissions();
  const refresh = useRefreshed();
  const remove = useMutation({ mutationFn: (id: string) => deleteRateLimit(slug, id), onSuccess: refresh });
  const flip = useMutation({
    mutationFn: ({ id, isActive }: RateLimit) => changeRateLimit(slug, id, { isActive: !isActive }),
    onSuccess: refresh,
  });
  return (
    <>
      <ProblemAlert error={remove.error ?? flip.error} />
      <PlainTable
        label={t('limits.title')}
        columns={[
          { label: t('keys.name') },
          { label: t('limits.max') },
          { label: t('limits.key'), wideOnly: true },
          { label: t('limits.route'), wideOnly: true },
          { label: t('limits.by'), wideOnly: true },
          { label: t('jobs.act'), align: 'right' },
        ]}
        rows={items.map((limit) => [
          limit.name,
          t('limits.is', { max: format.number(limit.maxRequests), seconds: format.number(limit.windowSeconds) }),
          limit.keyName ?? t('limits.allKeys'),
          limit.route,
          plain(byWords[limit.countedBy]),
          administer && (
            <Group key="a" gap="xs" justify="flex-end" wrap="nowrap">
              <Switch aria-label={limit.name} checked={limit.isActive} onChange={() => flip.mutate(limit)} />
              <Button
                size="xs"
                variant="default"
                aria-label={t('limits.deleteOf', { name: limit.name })}
                onClick={() => remove.mutate(limit.id)}
              >
                {t('limits.delete')}
              </Button>
            </Group>
          ),
        ])}
      />
    </>
  );
}

function LimitForm({ keys, close }: { keys: ApiKey[]; close: () => void }) {
  const t = useT();
  const plain = usePlainT();
  const { slug } = useOrganization();
  const refresh = useRefreshed();
  const [name, setName] = useState('');
  const [keyId, setKeyId] = useState('');
  const [route, setRoute] = useState('*');
  const [countedBy, setCountedBy] = useState<CountedBy>('key');
  const [max, setMax] = useState(600);
  const [seconds, setSeconds] = useState(60);
  const save = useMutation({
    mutationFn: () => createRateLimit(slug, { name, keyId: keyId || null, route, countedBy, maxRequests: max, windowSeconds: seconds }),
    onSuccess: async () => {
      await refresh();
      close();
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  return (
    <FormDialog
      title={t('limits.new')}
      action={t('action.save')}
      onSubmit={() => save.mutate()}
      close={close}
      pending={save.isPending}
      error={save.error}
      disabled={name.trim() === ''}
    >
      <TextInput
        data-autofocus
        label={t('keys.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={problem?.fields.name?.join(' ')}
      />
      <Group grow align="flex-start">
        <NumberInput
          label={t('limits.max')}
          min={0}
          value={max}
          onChange={(value) => setMax(Number(value))}
          error={problem?.fields.maxRequests?.join(' ')}
        />
        <NumberInput
          label={t('limits.window')}
          min={1}
          max={86_400}
          value={seconds}
          onChange={(value) => setSeconds(Number(value))}
          error={problem?.fields.windowSeconds?.join(' ')}
        />
      </Group>
      <Select
        label={t('limits.key')}
        data={[{ value: '', label: t('limits.allKeys') }, ...keys.map(({ id, name: label }) => ({ value: id, label }))]}
        allowDeselect={false}
        value={keyId}
        onChange={(value) => setKeyId(value ?? '')}
        error={problem?.fields.keyId?.join(' ')}
      />
      <TextInput
        label={t('limits.route')}
        description={t('limits.route.text')}
        value={route}
        onChange={(event) => setRoute(event.currentTarget.value)}
        error={problem?.fields.route?.join(' ')}
      />
      <Select
        label={t('limits.by')}
        data={Object.entries(byWords).map(([value, word]) => ({ value, label: plain(word) }))}
        allowDeselect={false}
        value={countedBy}
        onChange={(value) => value && setCountedBy(value as CountedBy)}
      />
    </FormDialog>
  );
}

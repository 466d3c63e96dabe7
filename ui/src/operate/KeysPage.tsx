import { Badge, Button, Code, Group, Skeleton, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { keysQuery, revokeKey } from '../api/operate';
import type { ApiKey, IssuedKey } from '../api/operate.types';
import { Card } from '../components/Card';
import { CopyIcon } from '../components/CopyButton';
import { DangerousAct } from '../components/DangerousAct';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, QueryState } from '../components/PageState';
import { PlainTable } from '../components/table/PlainTable';
import { Num, When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization, usePermissions } from '../shell/organization';
import { IssuedSecret, NewKeyForm, RotateKey } from './KeyForms';
import { KeyUsageDrawer } from './KeyUsageDrawer';
import { LimitsCard } from './LimitsCard';
import classes from './Operate.module.css';

type Act = { kind: 'new' } | { kind: 'rotate' | 'revoke' | 'usage'; key: ApiKey } | { kind: 'issued'; issued: IssuedKey };

/** What programs call with: issued, rotated, revoked; how much each is used, and how often it may call. */
export function KeysPage() {
  const t = useT();
  const { slug } = useOrganization();
  const { administer } = usePermissions();
  const query = useQuery(keysQuery(slug));
  const [act, setAct] = useState<Act | null>(null);
  const close = () => setAct(null);
  const issued = (made: IssuedKey) => setAct({ kind: 'issued', issued: made });
  return (
    <>
      <PageHeader
        title={t('nav.keys')}
        crumbs={[t('nav.settings')]}
        actions={administer && <Button onClick={() => setAct({ kind: 'new' })}>{t('keys.new')}</Button>}
      />
      <div className={classes.body}>
        <QueryState query={query} failed={t('keys.failed')} skeleton={<Skeleton h={320} radius="md" aria-hidden="true" />}>
          {({ items }) => (
            <>
              {items.length === 0 ? (
                <EmptyState icon="lock" title={t('keys.empty')} why={t('keys.empty.text')} />
              ) : (
                <KeyTable items={items} act={setAct} />
              )}
              <LimitsCard keys={items.filter(({ state }) => state === 'active')} />
            </>
          )}
        </QueryState>
        {act?.kind === 'new' && <NewKeyForm close={close} issued={issued} />}
        {act?.kind === 'issued' && <IssuedSecret issued={act.issued} close={close} />}
        {act?.kind === 'rotate' && <RotateKey apiKey={act.key} close={close} issued={issued} />}
        {act?.kind === 'revoke' && <RevokeKey apiKey={act.key} close={close} />}
        {act?.kind === 'usage' && <KeyUsageDrawer apiKey={act.key} close={close} />}
      </div>
    </>
  );
}

function KeyTable({ items, act }: { items: ApiKey[]; act: (act: Act) => void }) {
  const t = useT();
  return (
    <Card>
      <PlainTable
        label={t('nav.keys')}
        columns={[
          { label: t('keys.name') },
          { label: t('keys.key'), wideOnly: true },
          { label: t('keys.lastUsed'), wideOnly: true },
          { label: t('keys.requests'), align: 'right', wideOnly: true },
          { label: t('keys.state') },
          { label: t('jobs.act'), align: 'right' },
        ]}
        rows={items.map((key) => [
          <div key="n" className={classes.cell}>
            {key.name}
            <Text size="xs" c="dimmed">
              {[
                key.kind === 'write' ? t('keys.write') : t('keys.secret'),
                key.workspace,
                ...key.scopes,
                ...key.allowedOrigins,
                ...key.allowedAddresses,
              ].join(' · ')}
            </Text>
          </div>,
          <span key="k" className={classes.cell}>
            <Code>{key.publicKey ?? `${key.hint ?? ''}…`}</Code>{' '}
            {key.publicKey && <CopyIcon value={key.publicKey} label={t('keys.copy')} />}
          </span>,
          key.lastUsedAt ? <When key="l" at={key.lastUsedAt} /> : t('keys.neverUsed'),
          <Num key="u" value={key.requests} compact />,
          <State key="s" of={key} />,
          <Group key="a" gap={6} justify="flex-end">
            <Button
              size="xs"
              variant="default"
              aria-label={t('keys.usageOf', { name: key.name })}
              onClick={() => act({ kind: 'usage', key })}
            >
              {t('keys.usage')}
            </Button>
            {key.state === 'active' && (
              <>
                <Button
                  size="xs"
                  variant="default"
                  aria-label={t('keys.rotateOf', { name: key.name })}
                  onClick={() => act({ kind: 'rotate', key })}
                >
                  {t('keys.rotate')}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  aria-label={t('keys.revokeOf', { name: key.name })}
                  onClick={() => act({ kind: 'revoke', key })}
                >
                  {t('keys.revoke')}
                </Button>
              </>
            )}
          </Group>,
        ])}
      />
    </Card>
  );
}

function State({ of: { state, expiresAt } }: { of: ApiKey }) {
  const t = useT();
  const format = useFormat();
  return (
    <>
      <Badge variant="default" size="sm" tt="none" className={state === 'active' ? classes.good : undefined}>
        {state === 'active' ? t('keys.state.active') : state === 'expired' ? t('keys.state.expired') : t('keys.state.revoked')}
      </Badge>
      {state === 'active' && expiresAt && (
        <Text size="xs" c="dimmed">
          {t('keys.until', { when: format.dateTime(expiresAt) })}
        </Text>
      )}
    </>
  );
}

function RevokeKey({ apiKey, close }: { apiKey: ApiKey; close: () => void }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeKey(slug, apiKey.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['o', slug, 'keys'] });
      close();
    },
  });
  return (
    <DangerousAct
      title={t('keys.revokeOf', { name: apiKey.name })}
      consequences={[
        t('keys.revoke.stops'),
        ...(apiKey.lastUsedAt ? [t('keys.revoke.used', { when: format.relative(apiKey.lastUsedAt) })] : []),
      ]}
      remark={t('keys.revoke.remark')}
      name={apiKey.name}
      action={t('keys.revoke')}
      onConfirm={() => revoke.mutate()}
      onClose={close}
      pending={revoke.isPending}
      error={revoke.error}
    />
  );
}

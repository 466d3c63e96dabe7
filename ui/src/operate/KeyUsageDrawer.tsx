import { Drawer, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { keyUsageQuery } from '../api/operate';
import type { ApiKey } from '../api/operate.types';
import { QueryState } from '../components/PageState';
import { Sparkline } from '../components/Sparkline';
import { PlainTable } from '../components/table/PlainTable';
import { Num } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';

/** What a key asked for in the last 30 days. */
export function KeyUsageDrawer({ apiKey, close }: { apiKey: ApiKey; close: () => void }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const query = useQuery(keyUsageQuery(slug, apiKey.id));
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="lg"
      title={t('keys.usageOf', { name: apiKey.name })}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <QueryState query={query} failed={t('keys.usage.failed')} skeleton={<Skeleton h={300} aria-hidden="true" />}>
        {({ days, endpoints }) => {
          const used = days.filter(({ requests }) => requests > 0).reverse();
          if (used.length === 0) return <Text c="dimmed">{t('keys.usage.empty')}</Text>;
          return (
            <Stack gap="lg">
              <Sparkline values={days.map(({ requests }) => requests)} />
              <PlainTable
                label={t('keys.endpoint')}
                columns={[
                  { label: t('keys.endpoint') },
                  { label: t('limits.max'), align: 'right' },
                  { label: t('keys.errors'), align: 'right' },
                  { label: t('keys.mean'), align: 'right' },
                  { label: t('keys.sent'), align: 'right' },
                ]}
                rows={endpoints.map(({ method, path, requests, errors, meanMs, bytesSent }) => [
                  `${method} ${path}`,
                  <Num key="r" value={requests} />,
                  <Num key="e" value={errors} />,
                  t('keys.ms', { ms: format.number(meanMs, 1) }),
                  format.bytes(bytesSent),
                ])}
              />
              <PlainTable
                label={t('keys.usage')}
                columns={[
                  { label: t('keys.day') },
                  { label: t('limits.max'), align: 'right' },
                  { label: t('keys.errors'), align: 'right' },
                  { label: t('keys.sent'), align: 'right' },
                ]}
                rows={used.map(({ date, requests, errors, bytesSent }) => [
                  format.day(date),
                  <Num key="r" value={requests} />,
                  <Num key="e" value={errors} />,
                  format.bytes(bytesSent),
                ])}
              />
            </Stack>
          );
        }}
      </QueryState>
    </Drawer>
  );
}

import { Badge, Button, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { errorsQuery } from '../api/health';
import type { ErrorFilters, ErrorGroup, ErrorScope, ErrorState } from '../api/health.types';
import { Card } from '../components/Card';
import { EmptyState, ErrorState as Failed } from '../components/PageState';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { Num, When } from '../components/Values';
import { useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import operate from '../operate/Operate.module.css';
import { useOrganization } from '../shell/organization';
import { ErrorDrawer } from './ErrorDrawer';
import type { HealthSearch } from './search';
import { shortType, stateWords } from './words';

/** What went wrong, the same errors as one. */
export function ErrorsTab() {
  const t = useT();
  const { slug } = useOrganization();
  const search = useSearch({ from: '/o/$slug/settings/health' });
  const filters = useMemo<ErrorFilters>(() => {
    const { state = 'open', severity, scope, text } = search;
    return { state: state === 'any' ? undefined : state, severity, scope, text };
  }, [search]);
  const query = useInfiniteQuery(errorsQuery(slug, filters));
  const navigate = useNavigate({ from: '/o/$slug/settings/health' });
  const set = (changed: HealthSearch) => void navigate({ search: (old) => ({ ...old, ...changed }), replace: true });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="md">
      <Filters search={search} set={set} isOperator={query.data?.pages[0]?.isOperator ?? false} />
      {query.isError && !query.data ? (
        <Failed what={t('errors.failed')} error={query.error} retry={() => void query.refetch()} />
      ) : !query.data ? (
        <TableSkeleton rows={8} />
      ) : items.length === 0 ? (
        <EmptyState
          icon="check"
          title={t('errors.empty')}
          why={filters.text || filters.severity || search.state ? t('errors.empty.filtered') : t('errors.empty.text')}
        />
      ) : (
        <Card>
          <Groups items={items} open={(error) => set({ error })} />
          {query.hasNextPage && (
            <Button mt="sm" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t('jobs.all')}
            </Button>
          )}
        </Card>
      )}
      {search.error && <ErrorDrawer id={search.error} scope={search.scope} close={() => set({ error: undefined })} />}
    </Stack>
  );
}

function Filters({ search, set, isOperator }: { search: HealthSearch; set: (changed: HealthSearch) => void; isOperator: boolean }) {
  const t = useT();
  const plain = usePlainT();
  const [text, setText] = useState(search.text ?? '');
  const find = useDebouncedCallback((value: string) => set({ text: value.trim() || undefined, error: undefined }), 300);
  return (
    <div className={operate.filters} role="search">
      {isOperator && (
        <SegmentedControl
          size="xs"
          aria-label={t('errors.scope')}
          value={search.scope ?? 'organization'}
          data={[
            { value: 'organization', label: t('errors.scope.organization') },
            { value: 'installation', label: t('errors.scope.installation') },
          ]}
          onChange={(value) => set({ scope: value === 'organization' ? undefined : (value as ErrorScope), error: undefined })}
        />
      )}
      <TextInput
        size="xs"
        type="search"
        label={t('errors.text')}
        placeholder={t('errors.text.hint')}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          find(event.currentTarget.value);
        }}
      />
      <Select
        size="xs"
        w={140}
        label={t('errors.state')}
        allowDeselect={false}
        data={[
          ...Object.entries(stateWords).map(([value, word]) => ({ value, label: plain(word) })),
          { value: 'any', label: t('errors.state.any') },
        ]}
        value={search.state ?? 'open'}
        onChange={(value) => set({ state: value === 'open' ? undefined : (value as ErrorState | 'any'), error: undefined })}
      />
      <Select
        size="xs"
        w={140}
        label={t('errors.severity')}
        allowDeselect={false}
        data={[
          { value: '', label: t('errors.state.any') },
          { value: 'error', label: t('severity.error') },
          { value: 'critical', label: t('severity.critical') },
        ]}
        value={search.severity ?? ''}
        onChange={(value) => set({ severity: (value || undefined) as HealthSearch['severity'], error: undefined })}
      />
    </div>
  );
}

function Groups({ items, open }: { items: ErrorGroup[]; open: (id: string) => void }) {
  const t = useT();
  const plain = usePlainT();
  return (
    <PlainTable
      label={t('health.tab.errors')}
      columns={[
        { label: t('errors.error') },
        { label: t('errors.times'), align: 'right' },
        { label: t('errors.last') },
        { label: t('errors.first'), wideOnly: true },
        { label: t('errors.state'), wideOnly: true },
      ]}
      rows={items.map((error) => [
        <div key="e" className={operate.cell}>
          <button
            type="button"
            className={operate.plain}
            aria-label={t('errors.open', { error: `${shortType(error.type)}: ${error.message}` })}
            onClick={() => open(error.id)}
          >
            {shortType(error.type)}
          </button>{' '}
          {error.severity === 'critical' && (
            <Badge variant="default" size="sm" tt="none" className={operate.bad}>
              {t('severity.critical')}
            </Badge>
          )}
          <Text size="xs" lineClamp={2}>
            {error.message}
          </Text>
          <Text size="xs" c="dimmed">
            {[error.source, error.organization].filter(Boolean).join(' · ')}
          </Text>
        </div>,
        <Num key="n" value={error.occurrences} />,
        <When key="l" at={error.lastSeen} />,
        <When key="f" at={error.firstSeen} />,
        <span key="s">{plain(stateWords[error.state])}</span>,
      ])}
    />
  );
}

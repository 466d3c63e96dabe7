import { Badge, Button, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { auditQuery, auditWordsQuery, downloadAudit } from '../api/operate';
import type { AuditEntry, AuditFilters, Severity } from '../api/operate.types';
import { Card } from '../components/Card';
import { CopyIcon } from '../components/CopyButton';
import { save } from '../components/download';
import { PageHeader } from '../components/PageHeader';
import { EmptyState, ErrorState } from '../components/PageState';
import { ProblemAlert } from '../components/ProblemAlert';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { useOrganization } from '../shell/organization';
import { EntryDrawer } from './EntryDrawer';
import classes from './Operate.module.css';
import { severities, type AuditSearch } from './search';
import { actorOf, changesOf, severityWords } from './words';

/** Who did what: the audit trail, with what changed and where it came from. */
export function ActivityPage() {
  const t = useT();
  const { slug } = useOrganization();
  const search = useSearch({ from: '/o/$slug/settings/activity' });
  const filters = useMemo(() => requestOf(search), [search]);
  const query = useInfiniteQuery(auditQuery(slug, filters));
  const words = useQuery(auditWordsQuery(slug));
  const navigate = useNavigate({ from: '/o/$slug/settings/activity' });
  const set = (changed: AuditSearch) => void navigate({ search: (old) => ({ ...old, ...changed }), replace: true });
  const download = useMutation({ mutationFn: () => downloadAudit(slug, filters), onSuccess: (csv) => save(csv, 'audit.csv') });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const open = items.find((entry) => entry.id === search.entry);
  return (
    <>
      <PageHeader
        title={t('nav.activity')}
        crumbs={[t('nav.settings')]}
        actions={
          <Button variant="default" loading={download.isPending} disabled={!query.data} onClick={() => download.mutate()}>
            {t('audit.export')}
          </Button>
        }
      />
      <div className={classes.body}>
        <ProblemAlert error={download.error} />
        <Filters search={search} set={set} />
        {query.isError && !query.data ? (
          <ErrorState what={t('audit.failed')} error={query.error} retry={() => void query.refetch()} />
        ) : !query.data ? (
          <TableSkeleton rows={12} />
        ) : items.length === 0 ? (
          <EmptyState icon="eye" title={t('audit.empty')} why={t('audit.empty.text')} />
        ) : (
          <Card>
            <Entries items={items} openEntry={(entry) => set({ entry })} />
            {query.hasNextPage && (
              <Button mt="sm" variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {t('jobs.all')}
              </Button>
            )}
          </Card>
        )}
        {words.data?.head && (
          <Text size="xs" c="dimmed" component="div">
            {t('audit.chain', { blocks: String(words.data.blocks) })} <CopyIcon value={words.data.head} label={t('audit.head')} />
          </Text>
        )}
        {open && <EntryDrawer entry={open} close={() => set({ entry: undefined })} />}
      </div>
    </>
  );
}

// A day in the address is that day in the reader's zone.
function requestOf({ entry: _entry, from, to, ...rest }: AuditSearch): AuditFilters {
  const instant = (day: string, after: number) => {
    const [year, month, date] = day.split('-').map(Number);
    return new Date(year!, month! - 1, date! + after).toISOString();
  };
  return { ...rest, from: from && instant(from, 0), to: to && instant(to, 1) };
}

function Filters({ search, set }: { search: AuditSearch; set: (changed: AuditSearch) => void }) {
  const t = useT();
  const plain = usePlainT();
  const { slug } = useOrganization();
  const words = useQuery(auditWordsQuery(slug)).data;
  const [text, setText] = useState(search.text ?? '');
  const find = useDebouncedCallback((value: string) => set({ text: value.trim() || undefined, entry: undefined }), 300);
  const any = { value: '', label: t('audit.any') };
  const choice = (label: string, name: 'actor' | 'action' | 'object', data: { value: string; label: string }[]) => (
    <Select
      size="xs"
      w={140}
      label={label}
      data={[any, ...data]}
      searchable
      allowDeselect={false}
      value={search[name] ?? ''}
      onChange={(value) => set({ [name]: value || undefined, entry: undefined })}
    />
  );
  const word = (value: string) => ({ value, label: value.replaceAll('_', ' ') });
  return (
    <div className={classes.filters} role="search">
      <TextInput
        size="xs"
        type="search"
        label={t('audit.text')}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          find(event.currentTarget.value);
        }}
      />
      {choice(
        t('audit.actor'),
        'actor',
        (words?.actors ?? []).map(({ id, name }) => ({ value: id, label: name })),
      )}
      {choice(t('audit.action'), 'action', (words?.actions ?? []).map(word))}
      {choice(t('audit.object'), 'object', (words?.objects ?? []).map(word))}
      <Select
        size="xs"
        w={120}
        label={t('audit.severity')}
        data={[any, ...severities.map((value) => ({ value, label: plain(severityWords[value]) }))]}
        allowDeselect={false}
        value={search.severity ?? ''}
        onChange={(value) => set({ severity: (value || undefined) as Severity | undefined, entry: undefined })}
      />
      {(['from', 'to'] as const).map((name) => (
        <TextInput
          key={name}
          size="xs"
          type="date"
          label={name === 'from' ? t('audit.from') : t('audit.to')}
          value={search[name] ?? ''}
          onChange={(event) => set({ [name]: event.currentTarget.value || undefined, entry: undefined })}
        />
      ))}
    </div>
  );
}

function Entries({ items, openEntry }: { items: AuditEntry[]; openEntry: (id: string) => void }) {
  const t = useT();
  const format = useFormat();
  return (
    <PlainTable
      label={t('nav.activity')}
      columns={[
        { label: t('audit.when') },
        { label: t('audit.actor') },
        { label: t('audit.action') },
        { label: t('audit.object') },
        { label: t('audit.changes'), wideOnly: true },
      ]}
      rows={items.map((entry) => [
        <When key="w" at={entry.at} />,
        <span key="a" className={classes.cell}>
          {actorOf(t, entry)}
        </span>,
        <button
          key="d"
          type="button"
          className={classes.plain}
          aria-label={t('audit.open', {
            action: entry.action.replaceAll('_', ' '),
            object: entry.object,
            actor: actorOf(t, entry),
            when: format.exact(entry.at),
          })}
          onClick={() => openEntry(entry.id)}
        >
          {entry.action.replaceAll('_', ' ')}
        </button>,
        <span key="o" className={classes.cell}>
          {entry.object.replaceAll('_', ' ')} {entry.objectName ?? ''}{' '}
          {entry.severity !== 'info' && entry.severity !== 'debug' && <SeverityBadge severity={entry.severity} />}
        </span>,
        <Text key="c" size="xs" c="dimmed" lineClamp={2} className={classes.cell}>
          {changesOf(entry)
            .map(({ field, after }) => `${field}: ${after}`)
            .join(' · ') || entry.description}
        </Text>,
      ])}
    />
  );
}

export function SeverityBadge({ severity }: { severity: Severity }) {
  const plain = usePlainT();
  return (
    <Badge variant="default" size="sm" tt="none" className={severity === 'error' || severity === 'critical' ? classes.bad : undefined}>
      {plain(severityWords[severity])}
    </Badge>
  );
}

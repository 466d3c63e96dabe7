import { Code, Select, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Source } from '../api/collect.types';
import { sourcesQuery } from '../api/queries';
import { Card } from '../components/Card';
import { CopyButton, CopyIcon } from '../components/CopyButton';
import { PageHeader } from '../components/PageHeader';
import { QueryState } from '../components/PageState';
import { Sparkline } from '../components/Sparkline';
import { Nothing, Num, When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import classes from './Collect.module.css';
import { snippets } from './snippets';

/** The write keys: how they are doing, and what to paste to send with them. One that fell silent stands out. */
export function SourcesPage() {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(sourcesQuery(slug));
  return (
    <>
      <PageHeader title={t('nav.sources')} crumbs={[t('nav.collect')]} />
      <div className={classes.body}>
        <QueryState query={query} failed={t('sources.failed')} skeleton={<Skeleton h={320} radius="md" aria-hidden="true" />}>
          {({ items }) => items.map((source) => <SourceCard key={source.id} source={source} />)}
        </QueryState>
      </div>
    </>
  );
}

function SourceCard({ source }: { source: Source }) {
  const t = useT();
  const format = useFormat();
  const facts: [string, ReactNode][] = [
    [t('sources.last'), source.lastEventAt ? <When key="l" at={source.lastEventAt} /> : t('sources.never')],
    [t('sources.hour'), <Sparkline key="s" values={source.perMinute} />],
    [t('sources.stored'), <Num key="n" value={source.stored} compact />],
    [t('sources.duplicates'), <Num key="n" value={source.duplicates} compact />],
    [t('sources.quarantined'), <Num key="n" value={source.quarantined} compact />],
    [t('sources.dropped'), <Num key="n" value={source.dropped} compact />],
    [t('sources.failedRequests'), <Num key="n" value={source.failedRequests} compact />],
    [
      t('sources.lag'),
      source.lagMs === null ? <Nothing key="n" /> : t('sources.seconds', { seconds: format.number(source.lagMs / 1000, 1) }),
    ],
  ];
  return (
    <Card title={source.name} actions={source.silent && <span className={classes.silent}>{t('sources.silent')}</span>}>
      {source.silent && <Text mb="sm">{t('sources.silent.text')}</Text>}
      {source.publicKey && (
        <div className={classes.key}>
          <Code>{source.publicKey}</Code>
          <CopyIcon value={source.publicKey} label={t('settings.writeKey.copy')} />
        </div>
      )}
      {source.allowedOrigins.length > 0 && <Text c="dimmed">{t('sources.origins', { origins: source.allowedOrigins.join(', ') })}</Text>}
      <Text c="dimmed" size="sm" mt="md" mb="xs">
        {t('sources.day')}
      </Text>
      <dl className={classes.facts}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="figure">{value}</dd>
          </div>
        ))}
      </dl>
      {source.publicKey && <Snippet writeKey={source.publicKey} />}
    </Card>
  );
}

function Snippet({ writeKey }: { writeKey: string }) {
  const t = useT();
  const all = snippets(window.location.origin, writeKey);
  const [id, setId] = useState(all[0]!.id);
  const chosen = all.find((snippet) => snippet.id === id)!;
  return (
    <>
      <Select
        mt="md"
        maw={360}
        label={t('sources.snippet')}
        data={all.map((snippet) => ({ value: snippet.id, label: snippet.name ?? t('sources.script') }))}
        value={id}
        onChange={(value) => setId(value ?? id)}
        allowDeselect={false}
      />
      <pre className={classes.json} tabIndex={0}>
        {chosen.text}
      </pre>
      <div className={classes.key} style={{ marginTop: '0.5rem' }}>
        <CopyButton value={chosen.text} label={t('sources.copy')} />
      </div>
    </>
  );
}

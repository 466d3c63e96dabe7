import { Alert, Code, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fragment, useState, type ReactNode } from 'react';
import { databaseQuery } from '../api/health';
import type { Database, DatabaseSection } from '../api/health.types';
import { Card } from '../components/Card';
import { Chart } from '../components/chart/Chart';
import { ChartCard, type ChartView } from '../components/chart/ChartCard';
import { QueryState } from '../components/PageState';
import { PlainTable } from '../components/table/PlainTable';
import { Nothing, Num, When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import operate from '../operate/Operate.module.css';
import { useOrganization } from '../shell/organization';
import { growthData, growthOption } from './charts';
import classes from './Health.module.css';

/** How the whole installation's database does: for operators. */
export function DatabaseTab() {
  const t = useT();
  const { slug } = useOrganization();
  const query = useQuery(databaseQuery(slug));
  return (
    <QueryState query={query} failed={t('database.failed')} skeleton={<Skeleton h={480} radius="md" aria-hidden="true" />}>
      {(database) => (
        <Stack gap="md">
          <Unread sections={database.unread} />
          <Sums database={database} />
          <Growth growth={database.growth} />
          <Slow statements={database.statements} />
          <Sessions database={database} />
          <Tables tables={database.tables} />
          <Indexes database={database} />
        </Stack>
      )}
    </QueryState>
  );
}

const sectionWords: Record<DatabaseSection, Parameters<ReturnType<typeof usePlainT>>[0]> = {
  statements: 'database.slow',
  sessions: 'database.running',
  tables: 'database.tables',
  unusedIndexes: 'database.unused',
  duplicateIndexes: 'database.duplicate',
  growth: 'database.growth',
};

/** What is empty because it could not be read, and not because there is nothing. */
function Unread({ sections }: { sections: DatabaseSection[] }) {
  const t = useT();
  const plain = usePlainT();
  if (sections.length === 0) return null;
  return (
    <Alert color="yellow" variant="light" title={t('database.unread')} classNames={{ title: operate.warning }}>
      {t('database.unread.text', { sections: sections.map((name) => plain(sectionWords[name])).join(', ') })}
    </Alert>
  );
}

function Sums({ database }: { database: Database }) {
  const t = useT();
  const format = useFormat();
  const facts: [string, ReactNode][] = [
    [t('database.size'), format.bytes(database.bytes)],
    [t('database.cache'), database.cacheHits === null ? <Nothing /> : format.percent(database.cacheHits, 2)],
    [
      t('database.connections'),
      t('database.of', { part: format.number(database.connections), whole: format.number(database.mostConnections) }),
    ],
    [t('database.waiting'), <Num key="w" value={database.waiting.length} />],
    [t('database.deadlocks'), <Num key="d" value={database.deadlocks} />],
    [t('database.temporary'), format.bytes(database.temporaryBytes)],
    [t('database.age'), <Num key="a" value={database.transactionAge} compact />],
    // What the distribution calls it is for the hover.
    [t('database.version'), <span title={database.version}>{database.version.split(' ')[0]}</span>],
  ];
  return (
    <Card title={t('database.now')}>
      <dl className={classes.figures}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <PlainTable
        label={t('database.pools')}
        columns={[
          { label: t('database.pools') },
          { label: t('database.used'), align: 'right' },
          { label: t('database.idle'), align: 'right' },
          { label: t('database.most'), align: 'right' },
          { label: t('database.pending'), align: 'right' },
        ]}
        rows={database.pools.map((pool) => [
          pool.name,
          <Num key="u" value={pool.used} />,
          <Num key="i" value={pool.idle} />,
          <Num key="m" value={pool.most} />,
          <Num key="p" value={pool.pending} />,
        ])}
      />
    </Card>
  );
}

function Growth({ growth }: { growth: Database['growth'] }) {
  const t = useT();
  const format = useFormat();
  const [view, setView] = useState<ChartView>('chart');
  const title = t('database.growth');
  if (growth.length === 0)
    return (
      <Card title={title}>
        <Text c="dimmed">{t('database.growth.empty')}</Text>
      </Card>
    );
  return (
    <ChartCard
      title={title}
      caption={t('database.growth.text')}
      fileName="database-size"
      data={growthData(growth, t, format)}
      picture={(context) => growthOption(growth, t, format, context, true)}
      view={view}
      onView={setView}
    >
      <Chart option={(context) => growthOption(growth, t, format, context)} description={title} />
    </ChartCard>
  );
}

function Slow({ statements }: { statements: Database['statements'] }) {
  const t = useT();
  const format = useFormat();
  return (
    <Card title={t('database.slow')}>
      {!statements.available ? (
        <Alert color="gray" variant="light" title={t('database.slow.off')}>
          <Code className={classes.mono}>{statements.howTo}</Code>
        </Alert>
      ) : statements.items.length === 0 ? (
        <Text c="dimmed">{t('database.none')}</Text>
      ) : (
        <PlainTable
          label={t('database.slow')}
          maxHeight={420}
          columns={[
            { label: t('database.statement') },
            { label: t('database.calls'), align: 'right' },
            { label: t('database.mean'), align: 'right' },
            { label: t('database.longest'), align: 'right', wideOnly: true },
            { label: t('database.total'), align: 'right', wideOnly: true },
          ]}
          rows={statements.items.map((one) => [
            <Text key="s" className={classes.mono} lineClamp={4} title={one.text}>
              {one.text}
            </Text>,
            <Num key="c" value={one.calls} compact />,
            t('keys.ms', { ms: format.number(one.meanMs, 2) }),
            t('keys.ms', { ms: format.number(one.mostMs, 1) }),
            format.duration(one.totalMs / 1000),
          ])}
        />
      )}
    </Card>
  );
}

function Sessions({ database }: { database: Database }) {
  const t = useT();
  const format = useFormat();
  return (
    <Card title={t('database.running')}>
      {database.running.length + database.waiting.length === 0 ? (
        <Text c="dimmed">{t('database.running.none')}</Text>
      ) : (
        <PlainTable
          label={t('database.running')}
          columns={[
            { label: t('database.process') },
            { label: t('database.statement') },
            { label: t('database.for'), align: 'right' },
            { label: t('database.waitsFor') },
          ]}
          rows={[
            ...database.waiting.map((one) => [
              <Process key="p" pid={one.pid} application={one.application} />,
              <Statement key="s" text={one.statement} />,
              format.duration(one.seconds),
              t('database.blockedBy', { processes: one.blockedBy.join(', ') }),
            ]),
            ...database.running
              .filter((one) => !database.waiting.some(({ pid }) => pid === one.pid))
              .map((one) => [
                <Process key="p" pid={one.pid} application={one.application} />,
                <Statement key="s" text={one.statement} />,
                format.duration(one.seconds),
                one.waitsFor ?? <Nothing key="w" />,
              ]),
          ]}
        />
      )}
    </Card>
  );
}

function Process({ pid, application }: { pid: number; application: string | null }) {
  return (
    <div className={operate.cell}>
      <span className="figure">{pid}</span>
      <Text size="xs" c="dimmed">
        {application}
      </Text>
    </div>
  );
}

function Statement({ text }: { text: string | null }) {
  if (!text) return <Nothing />;
  return (
    <Text className={classes.mono} lineClamp={3} title={text}>
      {text}
    </Text>
  );
}

/** A name of the database, which may go on in the next line between its words. */
function Name({ name }: { name: string }) {
  return name.split(/(?<=[._])/).map((part, i) => (
    <Fragment key={i}>
      {part}
      <wbr />
    </Fragment>
  ));
}

function Tables({ tables }: { tables: Database['tables'] }) {
  const t = useT();
  const format = useFormat();
  return (
    <Card title={t('database.tables')}>
      <PlainTable
        label={t('database.tables')}
        maxHeight={420}
        columns={[
          { label: t('database.table') },
          { label: t('database.size'), align: 'right' },
          { label: t('database.indexes'), align: 'right', wideOnly: true },
          { label: t('database.rows'), align: 'right' },
          { label: t('database.dead'), align: 'right', wideOnly: true },
          { label: t('database.grown'), align: 'right', wideOnly: true },
          { label: t('database.vacuumed'), wideOnly: true },
        ]}
        rows={tables.map((table) => [
          <Name key="n" name={table.name} />,
          format.bytes(table.bytes),
          format.bytes(table.indexBytes),
          <Num key="r" value={table.rows} compact />,
          <Num key="d" value={table.deadRows} compact />,
          table.grownBytes === null ? <Nothing key="g" /> : `${table.grownBytes < 0 ? '−' : ''}${format.bytes(Math.abs(table.grownBytes))}`,
          <When key="v" at={table.vacuumedAt} />,
        ])}
      />
    </Card>
  );
}

function Indexes({ database }: { database: Database }) {
  const t = useT();
  const format = useFormat();
  return (
    <>
      <Card title={t('database.unused')}>
        <Text size="xs" c="dimmed" mb="xs">
          {database.since ? t('database.unused.since', { when: format.dateTime(database.since) }) : t('database.unused.text')}
        </Text>
        {database.unusedIndexes.length === 0 ? (
          <Text c="dimmed">{t('database.none')}</Text>
        ) : (
          <PlainTable
            label={t('database.unused')}
            maxHeight={320}
            columns={[
              { label: t('database.index') },
              { label: t('database.table'), wideOnly: true },
              { label: t('database.size'), align: 'right' },
            ]}
            rows={database.unusedIndexes.map((one) => [
              <Name key="n" name={one.name} />,
              <Name key="t" name={one.table} />,
              format.bytes(one.bytes),
            ])}
          />
        )}
      </Card>
      {database.duplicateIndexes.length > 0 && (
        <Card title={t('database.duplicate')}>
          <PlainTable
            label={t('database.duplicate')}
            columns={[{ label: t('database.index') }, { label: t('database.other') }, { label: t('database.size'), align: 'right' }]}
            rows={database.duplicateIndexes.map((one) => [
              <Name key="n" name={one.name} />,
              <Name key="o" name={one.other} />,
              format.bytes(one.bytes),
            ])}
          />
        </Card>
      )}
    </>
  );
}

import { SegmentedControl, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { healthQuery } from '../api/health';
import type { Check, Health } from '../api/health.types';
import { useAnnounceChange } from '../components/Announcer';
import { Card } from '../components/Card';
import { EmptyState, QueryState } from '../components/PageState';
import { PlainTable } from '../components/table/PlainTable';
import { TableSkeleton } from '../components/table/TableSkeleton';
import { Nothing, Num, When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import operate from '../operate/Operate.module.css';
import { useOrganization } from '../shell/organization';
import { CheckDrawer } from './CheckDrawer';
import { Fault } from './findings/Fault';
import { checkName, fullName, serviceName } from './findings/words';
import classes from './Health.module.css';
import { periods, type Period } from './search';
import { StatusBadge } from './StatusBadge';
import { countsOf, keyOf, periodWords, statusWords } from './words';

/** Everything that is looked at, with its history. */
export function ChecksTab() {
  const t = useT();
  const plain = usePlainT();
  const { slug } = useOrganization();
  const { hours = '24', check } = useSearch({ from: '/o/$slug/settings/health' });
  const navigate = useNavigate({ from: '/o/$slug/settings/health' });
  const query = useQuery(healthQuery(slug, Number(hours)));
  const status = query.data?.status;
  useAnnounceChange(status ? t('health.now', { status: plain(statusWords[status]) }) : '');
  const open = query.data?.checks.find((one) => keyOf(one) === check);
  return (
    <Stack gap="md">
      <div className={classes.head}>
        <div>{status && <Text fw={600}>{t('health.now', { status: plain(statusWords[status]) })}</Text>}</div>
        <SegmentedControl
          aria-label={t('health.period')}
          size="xs"
          value={hours}
          data={periods.map((value) => ({ value, label: plain(periodWords[value]) }))}
          onChange={(value) =>
            void navigate({ search: (old) => ({ ...old, hours: value === '24' ? undefined : (value as Period) }), replace: true })
          }
        />
      </div>
      <QueryState query={query} failed={t('health.failed')} skeleton={<TableSkeleton rows={8} />}>
        {(health) =>
          health.checks.length === 0 ? (
            <EmptyState title={t('health.empty')} why={t('health.empty.text')} />
          ) : (
            <>
              <Checks title={t('health.installation')} checks={health.checks.filter((one) => !one.ofOrganization)} />
              <Checks title={t('health.organization')} checks={health.checks.filter((one) => one.ofOrganization)} />
              <Nodes health={health} />
            </>
          )
        }
      </QueryState>
      {open && (
        <CheckDrawer
          check={open}
          hours={Number(hours)}
          close={() => void navigate({ search: (old) => ({ ...old, check: undefined }), replace: true })}
        />
      )}
    </Stack>
  );
}

function Checks({ title, checks }: { title: string; checks: Check[] }) {
  const t = useT();
  const format = useFormat();
  const navigate = useNavigate({ from: '/o/$slug/settings/health' });
  if (checks.length === 0) return null;
  return (
    <Card title={title}>
      <PlainTable
        label={title}
        columns={[
          { label: t('health.check') },
          { label: t('health.status') },
          { label: t('health.history') },
          { label: t('health.uptime'), align: 'right', wideOnly: true },
          { label: t('health.response'), align: 'right', wideOnly: true },
          { label: t('health.changed'), wideOnly: true },
        ]}
        rows={checks.map((one) => [
          <div key="n" className={operate.cell}>
            <button
              type="button"
              className={operate.plain}
              aria-label={t('health.open', { name: fullName(t, one) })}
              onClick={() => void navigate({ search: (old) => ({ ...old, check: keyOf(one) }) })}
            >
              {checkName(t, one)}
            </button>
            <Text size="xs" c="dimmed">
              {serviceName(t, one)}
            </Text>
            <Fault found={one} />
          </div>,
          <StatusBadge key="s" status={one.status} />,
          <Strip key="h" check={one} />,
          <span key="u" className="figure">
            {format.percent(one.uptime, 2)}
          </span>,
          one.responseMs === null ? <Nothing key="r" /> : t('keys.ms', { ms: format.number(one.responseMs) }),
          one.changedAt ? <When key="c" at={one.changedAt} /> : t('health.unchanged'),
        ])}
      />
    </Card>
  );
}

/** The period in sixty pieces, each as bad as its worst moment. */
function Strip({ check }: { check: Check }) {
  const t = useT();
  const format = useFormat();
  const { degraded, unhealthy, unknown } = countsOf(check.history);
  return (
    <div
      className={classes.strip}
      role="img"
      aria-label={t('health.strip', {
        pieces: format.number(check.history.length),
        degraded: format.number(degraded),
        unhealthy: format.number(unhealthy),
        unknown: format.number(unknown),
      })}
    >
      {check.history.map((status, i) => (
        <span key={i} data-status={status ?? undefined} />
      ))}
    </div>
  );
}

function Nodes({ health }: { health: Health }) {
  const t = useT();
  const format = useFormat();
  if (health.nodes.length === 0) return null;
  return (
    <Card title={t('health.nodes')}>
      <PlainTable
        label={t('health.nodes')}
        columns={[
          { label: t('health.node') },
          { label: t('health.seen') },
          { label: t('health.version'), wideOnly: true },
          { label: t('health.started'), wideOnly: true },
          { label: t('health.memory'), align: 'right' },
          { label: t('health.dropped'), align: 'right', wideOnly: true },
        ]}
        rows={health.nodes.map((node) => [
          <span key="n" className={operate.cell}>
            {node.name}
          </span>,
          <When key="s" at={node.seenAt} />,
          // Of the commit as much as tells builds apart.
          <span key="v" title={node.version}>
            {node.version.replace(/(\+\w{7}).*/, '$1')}
          </span>,
          <When key="t" at={node.startedAt} />,
          node.facts.memory === undefined ? <Nothing key="m" /> : format.bytes(node.facts.memory),
          <Num key="d" value={node.facts.errorsDropped ?? null} />,
        ])}
      />
    </Card>
  );
}

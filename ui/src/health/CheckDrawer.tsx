import { Drawer, Skeleton, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { checkQuery } from '../api/health';
import type { Check, CheckDetail } from '../api/health.types';
import { Chart } from '../components/chart/Chart';
import { ChartCard, type ChartView } from '../components/chart/ChartCard';
import { FactList } from '../components/FactList';
import { QueryState } from '../components/PageState';
import { PlainTable } from '../components/table/PlainTable';
import { Nothing, When } from '../components/Values';
import { useFormat, useT } from '../i18n/I18n';
import operate from '../operate/Operate.module.css';
import { useOrganization } from '../shell/organization';
import { responseData, responseOption } from './charts';
import { Fault } from './findings/Fault';
import { checkName, faultOf, figuresOf, fullName } from './findings/words';
import classes from './Health.module.css';
import { StatusBadge } from './StatusBadge';

/** One check: what it found last, how long it takes, and each change. */
export function CheckDrawer({ check, hours, close }: { check: Check; hours: number; close: () => void }) {
  const t = useT();
  const format = useFormat();
  const { slug } = useOrganization();
  const query = useQuery(checkQuery(slug, check, hours));
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="lg"
      title={fullName(t, check)}
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <Stack gap="md">
        <FactList
          facts={[
            [t('health.status'), <StatusBadge key="s" status={check.status} />],
            [t('health.looked'), format.exact(check.checkedAt)],
            [t('health.uptime'), format.percent(check.uptime, 2)],
            ...(check.ofOrganization ? [] : [[t('health.identifier'), `${check.service}: ${check.name}`] as Fact]),
          ]}
        />
        <Fault found={check} size="sm" />
        <Figures check={check} />
        <QueryState query={query} failed={t('health.check.failed')} skeleton={<Skeleton h={280} aria-hidden="true" />}>
          {(detail) => <History check={check} detail={detail} />}
        </QueryState>
      </Stack>
    </Drawer>
  );
}

type Fact = [label: string, value: ReactNode];

/** What a product's probe has to say is of any shape; ours are figures. */
function Figures({ check: { data, ofOrganization } }: { check: Check }) {
  const t = useT();
  const format = useFormat();
  const figures = figuresOf(t, format, data);
  if (figures.length === 0) return null;
  if (ofOrganization)
    return (
      <pre className={operate.log} tabIndex={0} aria-label={t('health.data')}>
        {JSON.stringify(data, null, 2)}
      </pre>
    );
  return (
    <div>
      <Title order={3} size="h5" mb={4}>
        {t('health.data')}
      </Title>
      <FactList facts={figures} />
    </div>
  );
}

function History({ check, detail }: { check: Check; detail: CheckDetail }) {
  const t = useT();
  const format = useFormat();
  const [view, setView] = useState<ChartView>('chart');
  const title = t('health.responseTime');
  return (
    <>
      {detail.points.some((point) => point.averageMs !== null) && (
        <ChartCard
          title={title}
          caption={fullName(t, check)}
          fileName="response-time"
          data={responseData(detail, t, format)}
          picture={(context) => responseOption(detail, t, format, context)}
          view={view}
          onView={setView}
        >
          <Chart
            option={(context) => responseOption(detail, t, format, context)}
            description={`${title}, ${checkName(t, check)}`}
            height={200}
          />
        </ChartCard>
      )}
      <div>
        <Title order={3} size="h5" mb={4}>
          {t('health.changes')}
        </Title>
        <PlainTable
          label={t('health.changes')}
          columns={[{ label: t('health.when') }, { label: t('health.status') }, { label: t('health.detail') }]}
          rows={detail.changes.map((change) => [
            <When key="w" at={change.at} show="dateTime" />,
            <StatusBadge key="s" status={change.to} />,
            <span key="d" className={classes.fault}>
              {faultOf(t, format, change) ?? <Nothing />}
            </span>,
          ])}
        />
      </div>
    </>
  );
}

import { useCallback, useMemo } from 'react';
import type { Overview } from '../api/types';
import { Chart } from '../components/chart/Chart';
import { ChartCard, type ChartView } from '../components/chart/ChartCard';
import type { OptionContext } from '../components/chart/option';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import type { MetricName } from './metric-names';
import { metrics } from './metrics';
import { trendData, trendDescription } from './trend-data';
import { useOrganization } from '../shell/organization';
import { TrendLegend } from './TrendLegend';
import { trendOption } from './trend-option';

interface TrendCardProps {
  overview: Overview;
  metric: MetricName;
  compare: boolean;
  view: ChartView;
  onView: (view: ChartView) => void;
}

export function TrendCard({ overview, metric, compare, view, onView }: TrendCardProps) {
  const t = useT();
  const plain = usePlainT();
  const format = useFormat();
  const option = useCallback(
    (context: OptionContext) => trendOption({ overview, metric, compare, format, t }, context),
    [overview, metric, compare, format, t],
  );
  const data = useMemo(() => trendData(overview, metric, compare, format, t), [overview, metric, compare, format, t]);
  const { name } = useOrganization();
  const { from, to } = overview.range;
  return (
    <ChartCard
      title={t('overview.overTime', { name: plain(metrics[metric].label) })}
      caption={`${name} · ${format.range(from, to)}`}
      fileName={`${metric}-${from}-${to}`}
      data={data}
      picture={option}
      view={view}
      onView={onView}
    >
      <Chart option={option} description={trendDescription(overview, metric, format, t)} height={320} />
      <TrendLegend compare={compare} partial={overview.series.some((point) => point.partial)} />
    </ChartCard>
  );
}

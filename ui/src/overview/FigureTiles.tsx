import type { Overview } from '../api/types';
import { Card } from '../components/Card';
import { Delta } from '../components/Delta';
import { Sparkline } from '../components/Sparkline';
import { StatTile } from '../components/StatTile';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import { Corrections } from './Corrections';
import { metricNames, type MetricName } from './metric-names';
import { metrics } from './metrics';
import classes from './Overview.module.css';

interface FigureTilesProps {
  overview: Overview;
  metric: MetricName;
  compare: boolean;
  onMetric: (metric: MetricName) => void;
}

export function FigureTiles({ overview, metric, compare, onMetric }: FigureTilesProps) {
  const t = useT();
  const plain = usePlainT();
  const format = useFormat();
  const { current, previous, series } = overview;
  return (
    <Card flush>
      <div className={classes.tiles} role="group" aria-label={t('overview.figures')}>
        {metricNames.map((name) => {
          const { label, unit, short, exact } = metrics[name];
          const value = current[name];
          return (
            <StatTile
              key={name}
              label={plain(label)}
              value={value === null ? '–' : short(value, format)}
              exact={value === null ? t('value.none') : exact(value, format)}
              delta={compare && <Delta current={value} previous={previous[name]} unit={unit} />}
              sparkline={<Sparkline values={series.map((point) => point[name])} />}
              selected={name === metric}
              onSelect={() => onMetric(name)}
            />
          );
        })}
      </div>
      <Corrections current={current} previous={previous} compare={compare} currency={overview.currency} />
    </Card>
  );
}

import { useFormat, useT } from '../i18n/I18n';
import { Icon } from './Icon';
import classes from './Delta.module.css';

interface DeltaProps {
  current: number | null;
  previous: number | null;
  /** A rate changes by points, everything else by per cent. */
  unit?: 'percent' | 'points';
  /** For refunds, more is worse. */
  moreIs?: 'good' | 'bad' | 'neutral';
}

export type Change = { direction: 'up' | 'down' | 'same'; by: number } | null;

/** null when there is nothing to compare with. A change too small to be written is no change. */
export function changeOf(current: number | null, previous: number | null, unit: 'percent' | 'points' = 'percent'): Change {
  if (current === null || previous === null) return null;
  if (unit === 'percent' && previous === 0) return current === 0 ? { direction: 'same', by: 0 } : null;
  const by = unit === 'points' ? (current - previous) * 100 : (current - previous) / Math.abs(previous);
  const smallest = unit === 'points' ? 0.05 : 0.0005;
  if (Math.abs(by) < smallest) return { direction: 'same', by: 0 };
  return { direction: by > 0 ? 'up' : 'down', by: Math.abs(by) };
}

/** Arrow, figure and word, so that colour is never the only sign. */
export function Delta({ current, previous, unit = 'percent', moreIs = 'good' }: DeltaProps) {
  const t = useT();
  const format = useFormat();
  const change = changeOf(current, previous, unit);
  if (!change) return <span className={classes.delta}>{t('delta.nothing')}</span>;
  if (change.direction === 'same') {
    return (
      <span className={classes.delta}>
        <Icon name="same" size={12} /> {t('delta.same')}
      </span>
    );
  }
  const amount =
    unit === 'points' ? t('delta.points', { points: format.number(change.by, 1) }) : format.percent(change.by, change.by < 1 ? 1 : 0);
  const good = moreIs === 'neutral' ? undefined : (change.direction === 'up') === (moreIs === 'good');
  return (
    <span className={classes.delta} data-good={good}>
      <Icon name={change.direction} size={12} />
      {change.direction === 'up' ? t('delta.up', { amount }) : t('delta.down', { amount })}
    </span>
  );
}

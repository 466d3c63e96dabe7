import { NumberInput, Select } from '@mantine/core';
import { useExplore } from '../ExploreContext';
import classes from '../Explore.module.css';
import type { Change } from './Conditions';

const units = { m: 60, h: 3_600, d: 86_400 } as const;
type Unit = keyof typeof units;
const most = 366 * 86_400;

const unitOf = (seconds: number): Unit => (['d', 'h'] as const).find((unit) => seconds % units[unit] === 0) ?? 'm';

/** A length of time, as a number and a unit. */
export function Span({ seconds, onChange, label }: { seconds: number; onChange: Change<number>; label: string }) {
  const { words } = useExplore();
  const { t } = words;
  const unit = unitOf(seconds);
  const bounded = (value: number) => Math.min(most, Math.max(60, Math.round(value)));
  return (
    <div className={classes.row}>
      <NumberInput
        size="xs"
        w={84}
        min={1}
        max={Math.floor(most / units[unit])}
        aria-label={label}
        value={Math.round(seconds / units[unit])}
        onChange={(value) => typeof value === 'number' && value >= 1 && onChange(bounded(value * units[unit]), true)}
      />
      <Select
        size="xs"
        w={110}
        aria-label={t('explore.unitOf', { name: label })}
        allowDeselect={false}
        data={[
          { value: 'm', label: t('explore.unit.minutes') },
          { value: 'h', label: t('explore.unit.hours') },
          { value: 'd', label: t('explore.unit.days') },
        ]}
        value={unit}
        onChange={(next) => next && onChange(bounded(Math.round(seconds / units[unit]) * units[next as Unit]))}
      />
    </div>
  );
}

import { UnstyledButton, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './StatTile.module.css';

interface StatTileProps {
  label: string;
  /** As short as the tile needs, and in full for hover and screen readers. */
  value: string;
  exact: string;
  delta: ReactNode;
  sparkline: ReactNode;
  selected: boolean;
  onSelect: () => void;
}

/** A figure that can be picked: the chosen one is drawn in full below. */
export function StatTile({ label, value, exact, delta, sparkline, selected, onSelect }: StatTileProps) {
  return (
    <UnstyledButton className={classes.tile} aria-pressed={selected} onClick={onSelect} title={value === exact ? undefined : exact}>
      <span className={classes.label}>{label}</span>
      <span className={classes.row}>
        <span className={classes.value} aria-hidden={value !== exact || undefined}>
          {value}
        </span>
        {value !== exact && <VisuallyHidden>{exact}</VisuallyHidden>}
        <span className={classes.spark}>{sparkline}</span>
      </span>
      {delta}
    </UnstyledButton>
  );
}

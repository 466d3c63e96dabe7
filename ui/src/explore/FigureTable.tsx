import { UnstyledButton } from '@mantine/core';
import type { Pick } from '../api/analytics.types';
import { PlainTable } from '../components/table/PlainTable';
import type { Figure } from './answers/figure';
import { useExplore } from './ExploreContext';
import classes from './Explore.module.css';

interface FigureTableProps {
  figure: Figure;
  onPick: (pick: Pick) => void;
  maxHeight?: number;
}

/** The numbers as a table. Those with customers behind them are buttons, so that all is to be had by keyboard. */
export function FigureTable({ figure, onPick, maxHeight = 480 }: FigureTableProps) {
  const { data, title } = figure;
  return (
    <PlainTable
      label={title}
      maxHeight={maxHeight}
      columns={data.columns}
      rows={data.rows.map((row, r) =>
        row.map((cell, c) => {
          const shown = data.columns[c]?.show?.(cell) ?? cell ?? '–';
          const pick = figure.pickOf(r, c);
          const color = c === 0 ? figure.colorOf?.(r) : null;
          if (pick) return <Figures key={c} shown={String(shown)} onClick={() => onPick(pick)} />;
          // A short name is not broken over lines for the sake of the numbers beside it.
          const text =
            typeof shown === 'string' && data.columns[c]?.align !== 'right' && shown.length <= 28 ? (
              <span className={classes.whole}>{shown}</span>
            ) : (
              shown
            );
          return color ? (
            <span key={c} className={classes.legend}>
              <span style={{ background: color }} aria-hidden="true" />
              {text}
            </span>
          ) : (
            text
          );
        }),
      )}
    />
  );
}

/** A number that leads to the customers behind it. */
export function Figures({ shown, onClick, label }: { shown: string; onClick: () => void; label?: string }) {
  const { words } = useExplore();
  return (
    <UnstyledButton
      className={classes.figure}
      onClick={onClick}
      aria-label={label ?? words.t('explore.customersBehind', { number: shown })}
    >
      {shown}
    </UnstyledButton>
  );
}

import type { Pick } from '../api/analytics.types';
import { Delta } from '../components/Delta';
import { PlainTable } from '../components/table/PlainTable';
import type { FigureInput } from './answers/figure';
import { amount, trendRows } from './answers/trend';
import { useExplore } from './ExploreContext';
import classes from './Explore.module.css';
import { Figures } from './FigureTable';

/** The lines of a trend with their totals: the legend, and a way to the customers without a mouse. */
export function LinesTable({ input, title, onPick }: { input: FigureInput; title: string; onPick: (pick: Pick) => void }) {
  const { words } = useExplore();
  const { t } = words;
  const compare = input.answer.previous !== null;
  return (
    <PlainTable
      label={t('explore.linesOf', { title })}
      maxHeight={360}
      columns={[
        { label: t('explore.line') },
        { label: t('explore.total'), align: 'right' },
        ...(compare
          ? [
              { label: t('explore.before'), align: 'right' as const, wideOnly: true },
              { label: t('explore.change'), align: 'right' as const },
            ]
          : []),
      ]}
      rows={trendRows(input).map((row, i) => {
        const shown = amount(row.total, words, row.measure);
        return [
          <span key="n" className={classes.legend}>
            <span style={{ background: row.color ?? 'transparent' }} data-none={row.color === null || undefined} aria-hidden="true" />
            {row.name}
          </span>,
          row.total ? (
            <Figures
              key="t"
              shown={shown}
              onClick={() => onPick(row.pick)}
              label={t('explore.customersBehindOf', { number: shown, name: row.name })}
            />
          ) : (
            shown
          ),
          ...(compare
            ? [amount(row.before, words, row.measure), <Delta key={`d${i}`} current={row.total} previous={row.before} moreIs="neutral" />]
            : []),
        ];
      })}
    />
  );
}

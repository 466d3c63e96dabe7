import { UnstyledButton } from '@mantine/core';
import type { CSSProperties } from 'react';
import type { Answer, Pick, Question } from '../api/analytics.types';
import { categorical } from '../components/chart/palette';
import type { PlainDate } from '../i18n/plain-date';
import { averages, byGroup, cellText, cohortRows, groupKey, periodName } from './answers/retention';
import { periodLabel } from './answers/periods';
import { mostDrawn } from './answers/trend';
import { useExplore } from './ExploreContext';
import classes from './Explore.module.css';
import { Figures } from './FigureTable';

interface CohortTableProps {
  question: Question;
  answer: Answer;
  today: PlainDate;
  title: string;
  onPick: (pick: Pick) => void;
}

/** Cohorts as a heat map. Every cell says its number; its shade only repeats it. */
export function CohortTable({ question, answer, today, title, onPick }: CohortTableProps) {
  const { words } = useExplore();
  const { t, format } = words;
  const interval = question.interval ?? 'week';
  const count = question.periods ?? 12;
  const groups = byGroup(cohortRows({ question, answer, today }));
  const several = (question.breakdown ?? []).length > 0;
  const periods = Array.from({ length: count }, (_, period) => period);
  // Nearly all are there in the period they begin in; the shades are for those that follow.
  const later = groups.flatMap(({ rows }) =>
    rows.flatMap(({ cells }) => cells.slice(question.revenue ? 0 : 1).map((cell) => cell.share ?? 0)),
  );
  const top = Math.max(0.01, ...later);
  return (
    <div className={classes.heat} tabIndex={0} role="group" aria-label={title}>
      <table aria-label={title}>
        <thead>
          <tr>
            <th scope="col">{t('explore.retention.cohort')}</th>
            <th scope="col" data-align="right">
              {t('explore.customers')}
            </th>
            {periods.map((period) => (
              <th key={period} scope="col">
                {periodName(question, period, words)}
              </th>
            ))}
          </tr>
        </thead>
        {groups.map(({ group, rows }, g) => {
          const mean = averages(rows, count);
          return (
            <tbody key={groupKey(group)}>
              {several && (
                <tr>
                  <th scope="rowgroup" colSpan={count + 2} className={classes.heatGroup}>
                    <span className={classes.legend}>
                      {groups.length > 1 && g < mostDrawn && <span style={{ background: categorical[g] }} aria-hidden="true" />}
                      {words.group(group)}
                    </span>
                  </th>
                </tr>
              )}
              {!question.revenue && rows.length > 1 && (
                <tr className={classes.heatMean}>
                  <th scope="row">{t('explore.retention.mean')}</th>
                  <td data-align="right">{format.number(rows.reduce((sum, row) => sum + row.cohort.size, 0))}</td>
                  {mean.map((share, period) => (
                    <td key={period} data-align="center">
                      {share === null ? '' : format.percent(share, 0)}
                    </td>
                  ))}
                </tr>
              )}
              {rows.map(({ cohort, cells }) => (
                <tr key={cohort.cohort}>
                  <th scope="row">{periodLabel(cohort.start, interval, format, 'short')}</th>
                  <td data-align="right">
                    {cohort.size > 0 ? (
                      <Figures shown={format.number(cohort.size)} onClick={() => onPick({ cohort: cohort.cohort, period: -1, group })} />
                    ) : (
                      format.number(0)
                    )}
                  </td>
                  {cells.map((cell, period) => {
                    const text = cellText(cell, question.revenue, words);
                    const shade = period === 0 && !question.revenue ? 1 : Math.min(1, (cell.share ?? 0) / top);
                    const label = t(cell.state === 'partial' ? 'explore.retention.cellPartial' : 'explore.retention.cell', {
                      number: format.number(cell.value, 2),
                      period: periodName(question, period, words),
                    });
                    return (
                      <td
                        key={period}
                        className={classes.heatCell}
                        data-state={cell.state}
                        style={
                          cell.state === 'future' || cohort.size === 0
                            ? undefined
                            : ({ '--share': `${Math.round(shade * 55)}%` } as CSSProperties)
                        }
                      >
                        {cell.state === 'future' || cohort.size === 0 ? null : cell.value > 0 ? (
                          <UnstyledButton
                            className={classes.heatButton}
                            title={label}
                            aria-label={`${text}: ${label}`}
                            onClick={() => onPick({ cohort: cohort.cohort, period, group })}
                          >
                            {text}
                          </UnstyledButton>
                        ) : (
                          <span className={classes.heatNone}>{text}</span>
                        )}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}

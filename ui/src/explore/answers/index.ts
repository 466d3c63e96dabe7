import type { Pick, Question } from '../../api/analytics.types';
import { measureNames, statusNames, type Words } from '../words';
import type { Figure, FigureInput } from './figure';
import { funnelFigure } from './funnel';
import { lifecycleFigure } from './lifecycle';
import { pathsFigure } from './paths';
import { periodLabel } from './periods';
import { periodName, retentionFigure } from './retention';
import { stickinessFigure } from './stickiness';
import { trendFigure } from './trend';

const figures: Record<Question['kind'], (input: FigureInput) => Figure> = {
  trend: trendFigure,
  funnel: funnelFigure,
  retention: retentionFigure,
  paths: pathsFigure,
  lifecycle: lifecycleFigure,
  stickiness: stickinessFigure,
};

export const figureOf = (input: FigureInput): Figure => figures[input.question.kind](input);

/** Which number the customers in the drawer are behind, in words. */
export function pickTitle(question: Question, pick: Pick, periods: string[] | null, cohortStart: string | undefined, words: Words): string {
  const { t, plain, format } = words;
  const interval = question.interval ?? 'day';
  const group = (pick.group ?? []).length > 0 && question.kind !== 'paths' ? words.group(pick.group!) : '';
  const when = (index: number | undefined) => {
    const period = index === undefined || index < 0 ? undefined : periods?.[index];
    return period ? periodLabel(period, interval, format, 'long') : format.range(question.from, question.to);
  };
  const parts = (): string[] => {
    switch (question.kind) {
      case 'trend': {
        const series = question.series?.[pick.line ?? 0] ?? {};
        const measure = series.measure ?? 'events';
        return [
          measure === 'events' ? words.selector(series) : `${words.selector(series)} (${plain(measureNames[measure])})`,
          group,
          when(pick.period),
        ];
      }
      case 'funnel': {
        const step = question.steps?.[pick.step ?? 0] ?? {};
        const values = { number: (pick.step ?? 0) + 1, event: words.selector(step) };
        return [pick.dropped ? t('explore.pick.dropped', values) : t('explore.pick.reached', values), group];
      }
      case 'retention': {
        const cohort = cohortStart ? periodLabel(cohortStart, question.interval ?? 'week', format, 'long') : '';
        return [
          t('explore.pick.cohort', { cohort }),
          group,
          pick.period === undefined || pick.period < 0 ? t('explore.pick.all') : periodName(question, pick.period, words),
        ];
      }
      case 'lifecycle':
        return [pick.status ? plain(statusNames[pick.status]) : '', when(pick.period)];
      case 'stickiness': {
        const count = pick.period ?? 1;
        return [
          interval === 'month'
            ? t('explore.stickiness.months', { count })
            : interval === 'week'
              ? t('explore.stickiness.weeks', { count })
              : t('explore.stickiness.days', { count }),
        ];
      }
      case 'paths': {
        const [from, to] = pick.group ?? [];
        const at = words.event(from);
        if ((pick.group ?? []).length < 2) return [t('explore.pick.stop', { event: at, number: (pick.step ?? 0) + 1 })];
        return [to ? t('explore.pick.link', { from: at, to: words.event(to) }) : t('explore.pick.ended', { event: at })];
      }
    }
  };
  return parts().filter(Boolean).join(' · ');
}

import type { BarSeriesOption } from 'echarts/charts';
import type { Funnel, FunnelStep, Pick, Question } from '../../api/analytics.types';
import { baseOption, type ChartOption, type OptionContext } from '../../components/chart/option';
import type { Words } from '../words';
import { amounts, categories, grid, legend } from './axes';
import type { Figure, FigureInput } from './figure';
import { colorOf, groupNotes, mostDrawn } from './trend';
import { indexOf, tooltip } from './tooltip';

/** The step before which those were who dropped out here: the last one that had to be taken. */
export const firmBefore = (steps: { optional?: boolean }[], step: number) => {
  for (let i = step - 1; i >= 0; i--) if (!steps[i]!.optional) return i;
  return 0;
};

/** Who came as far as the step before and no further. Who leaves out a step that may be left out has not dropped out. */
export function droppedPick(steps: FunnelStep[], step: number, group: Funnel['group']): Pick | null {
  const { optional, dropped } = steps[step]!;
  if (step === 0 || optional || dropped <= 0) return null;
  return { step: firmBefore(steps, step), dropped: true, group };
}

export const span = (seconds: number | null, { format }: Words) => (seconds === null ? '–' : format.duration(seconds));

const stepNames = (question: Question, words: Words) => (question.steps ?? []).map((step, i) => `${i + 1}. ${words.selector(step)}`);

/** Below a bar there is no room for conditions; the table has them. */
const shortNames = (question: Question, words: Words) =>
  (question.steps ?? []).map((step, i) => `${i + 1}. ${words.event(step.event)}${(step.filters ?? []).length > 0 ? ' …' : ''}`);

export function funnelFigure({ question, answer, words }: FigureInput): Figure {
  const { t, format } = words;
  const { result, previous } = answer;
  const funnels = result.funnels ?? [];
  const drawn = funnels.slice(0, mostDrawn);
  const names = stepNames(question, words);
  const [only] = funnels;
  const grouped = (question.breakdown ?? []).length > 0;
  const percent = (share: number | null) => (share === null ? '–' : format.percent(share));
  const timed = (question.order ?? 'ordered') === 'ordered';
  const past = (group: Funnel['group']) => previous?.funnels?.find((other) => JSON.stringify(other.group) === JSON.stringify(group));
  const overall = only?.steps.at(-1);
  const title = t('explore.funnel.title', { count: names.length });

  const option = (context: OptionContext): ChartOption => {
    const { tokens, wide } = context;
    const bars = drawn.flatMap((funnel, f): BarSeriesOption[] => {
      const color = colorOf(f, tokens.series, drawn.length);
      const before = past(funnel.group);
      const reached: BarSeriesOption = {
        type: 'bar',
        id: `reached-${f}`,
        name: words.group(funnel.group),
        stack: `stack-${f}`,
        color,
        barMaxWidth: 96,
        barGap: '12%',
        barCategoryGap: '28%',
        data: funnel.steps.map((step) => step.share ?? 0),
        itemStyle: { borderRadius: [3, 3, 0, 0] },
        emphasis: { disabled: true },
      };
      if (grouped && drawn.length > 1) return [reached];
      return [
        ...(before
          ? [
              {
                type: 'bar' as const,
                id: 'before',
                color: tokens.comparison,
                barMaxWidth: 28,
                data: before.steps.map((step) => step.share ?? 0),
                itemStyle: { borderRadius: [3, 3, 0, 0] as [number, number, number, number] },
                emphasis: { disabled: true },
              },
            ]
          : []),
        reached,
        // Who fell away, up to all who began: pale, and a click leads to them too.
        {
          type: 'bar',
          id: 'dropped',
          stack: `stack-${f}`,
          barMaxWidth: 96,
          color: tokens.area,
          data: funnel.steps.map((step) => (step.share === null ? 0 : 1 - step.share)),
          itemStyle: { borderColor: tokens.comparison, borderWidth: 1, borderType: 'dashed', borderRadius: [3, 3, 0, 0] },
          label: {
            show: true,
            position: 'top',
            color: tokens.text,
            fontSize: 12,
            formatter: ({ dataIndex }) => {
              const step = funnel.steps[dataIndex];
              return step ? `${percent(step.share)}${wide ? ` · ${format.compact(step.customers)}` : ''}` : '';
            },
          },
          emphasis: { disabled: true },
        },
      ];
    });
    return {
      ...baseOption(context),
      grid: grid(12, 32),
      xAxis: categories(context, shortNames(question, words), true, wide ? Math.max(64, Math.floor(640 / Math.max(names.length, 1))) : 60),
      yAxis: amounts(context, (value) => format.percent(value, 0), 1),
      tooltip: {
        ...baseOption(context).tooltip,
        axisPointer: { type: 'none' },
        formatter: (params) => {
          const i = indexOf(params);
          if (names[i] === undefined) return '';
          const one = !grouped && drawn[0]?.steps[i];
          const lines = one
            ? [
                { text: t('explore.customers'), value: format.number(one.customers) },
                { text: t('explore.funnel.ofFirst'), value: percent(one.share) },
                ...(i > 0
                  ? [
                      { text: t('explore.funnel.ofPrevious'), value: percent(one.fromPrevious) },
                      ...(one.optional ? [] : [{ text: t('explore.funnel.dropped'), value: format.number(one.dropped) }]),
                      ...(timed ? [{ text: t('explore.funnel.median'), value: span(one.medianSeconds, words) }] : []),
                    ]
                  : []),
                ...(previous
                  ? [{ text: t('explore.before'), value: percent(past(drawn[0]!.group)?.steps[i]?.share ?? null), quiet: true }]
                  : []),
              ]
            : drawn.map((funnel, f) => ({
                text: words.group(funnel.group),
                value: `${percent(funnel.steps[i]?.share ?? null)} · ${format.number(funnel.steps[i]?.customers ?? 0)}`,
                color: colorOf(f, tokens.series, drawn.length),
              }));
          return tooltip(names[i], lines, tokens);
        },
      },
      series: bars,
    };
  };

  const rows = funnels.flatMap((funnel) => funnel.steps.map((step, s) => ({ funnel, step, s })));
  const first = grouped ? 1 : 0;
  const seconds = (value: unknown) => span(typeof value === 'number' ? value : null, words);
  const share = (value: unknown) => percent(typeof value === 'number' ? value : null);
  const whole = (value: unknown) => (typeof value === 'number' ? format.number(value) : '–');
  return {
    title,
    empty: funnels.length === 0 || funnels.every((funnel) => !funnel.steps[0]?.customers),
    summary:
      only && overall
        ? [
            grouped ? `${words.group(only.group)}: ` : '',
            t('explore.funnel.summary', {
              share: percent(overall.share),
              began: format.number(only.steps[0]!.customers),
              ended: format.number(overall.customers),
            }),
          ].join('')
        : '',
    colorOf: (row) => {
      const line = funnels.indexOf(rows[row]!.funnel);
      return grouped && drawn.length > 1 && line < drawn.length ? colorOf(line, '', drawn.length) : null;
    },
    notes: groupNotes(result.groups, funnels.length, drawn.length, question.breakdown, words),
    drawing: {
      option,
      height: 320,
      ...(grouped && drawn.length > 1
        ? {
            picture: {
              option: (context: OptionContext) => ({
                ...option(context),
                legend: legend(
                  context,
                  drawn.map((funnel) => words.group(funnel.group)),
                ),
              }),
              height: 460,
            },
          }
        : {}),
      minWidth: names.length > 4 ? names.length * 76 : undefined,
      description: t('explore.funnel.description', {
        steps: names.map((name, i) => `${name}: ${percent(only?.steps[i]?.share ?? null)}`).join('; '),
      }),
      pickAt: ({ index, series, value }) => {
        const one = drawn.length === 1 || !grouped ? drawn[0] : drawn[Number(series?.replace('reached-', ''))];
        const step = one?.steps[index];
        if (!one || !step) return null;
        // Above its bar are those who did not come this far.
        const above = series === 'dropped' || (series === undefined && (value ?? 0) > (step.share ?? 0));
        return (above ? droppedPick(one.steps, index, one.group) : null) ?? (step.customers > 0 ? { step: index, group: one.group } : null);
      },
    },
    data: {
      columns: [
        ...(grouped ? [{ label: t('explore.group') }] : []),
        { label: t('explore.funnel.step') },
        { label: t('explore.customers'), align: 'right', show: whole },
        { label: t('explore.funnel.ofFirst'), align: 'right', show: share },
        { label: t('explore.funnel.ofPrevious'), align: 'right', show: share },
        { label: t('explore.funnel.dropped'), align: 'right', show: whole },
        ...(timed
          ? [
              { label: t('explore.funnel.average'), align: 'right' as const, show: seconds },
              { label: t('explore.funnel.median'), align: 'right' as const, show: seconds },
            ]
          : []),
        ...(previous ? [{ label: t('explore.before'), align: 'right' as const, show: share }] : []),
      ],
      rows: rows.map(({ funnel, step, s }) => [
        ...(grouped ? [words.group(funnel.group)] : []),
        step.optional ? t('explore.funnel.optionalStep', { step: names[s] ?? '' }) : (names[s] ?? ''),
        step.customers,
        step.share,
        s === 0 ? null : step.fromPrevious,
        s === 0 || step.optional ? null : step.dropped,
        ...(timed ? [s === 0 ? null : step.averageSeconds, s === 0 ? null : step.medianSeconds] : []),
        ...(previous ? [past(funnel.group)?.steps[s]?.share ?? null] : []),
      ]),
    },
    pickOf: (row, column) => {
      const { funnel, step, s } = rows[row]!;
      if (column === first + 1 && step.customers > 0) return { step: s, group: funnel.group };
      if (column === first + 4) return droppedPick(funnel.steps, s, funnel.group);
      return null;
    },
  };
}

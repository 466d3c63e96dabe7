import type { HeatmapSeriesOption, LineSeriesOption } from 'echarts/charts';
import type { Cohort, Group, Question } from '../../api/analytics.types';
import { baseOption, type ChartOption, type OptionContext } from '../../components/chart/option';
import type { PlainDate } from '../../i18n/plain-date';
import type { Words } from '../words';
import { amounts, categories, grid } from './axes';
import type { Figure, FigureInput } from './figure';
import { lastDay, laterStart, periodLabel } from './periods';
import { colorOf, groupNotes, mostDrawn } from './trend';
import { indexOf, tooltip } from './tooltip';

/** A cell of the table of cohorts. */
export interface Cell {
  value: number;
  /** Of the cohort; null where it is empty, or for revenue of the highest there is. */
  share: number | null;
  state: 'whole' | 'partial' | 'future';
}

/** Whether that time has come, for all who belong to the cohort: until then a number can still grow. */
export function stateOf(start: PlainDate, period: number, question: Pick<Question, 'interval'>, today: PlainDate): Cell['state'] {
  const interval = question.interval ?? 'week';
  const begin = laterStart(start, interval, period);
  if (begin > today) return 'future';
  return lastDay(begin, interval) >= today ? 'partial' : 'whole';
}

export interface CohortRow {
  cohort: Cohort;
  cells: Cell[];
}

export function cohortRows({ question, answer, today }: Pick<FigureInput, 'question' | 'answer' | 'today'>): CohortRow[] {
  const cohorts = answer.result.cohorts ?? [];
  const highest = Math.max(1, ...cohorts.flatMap((cohort) => cohort.values));
  return cohorts.map((cohort) => ({
    cohort,
    cells: cohort.values.map((value, period) => ({
      value,
      share: question.revenue ? value / highest : cohort.size > 0 ? value / cohort.size : null,
      state: stateOf(cohort.start, period, question, today),
    })),
  }));
}

/** All cohorts together, each as far as its time has come: what came back of how many who could have. */
export function averages(rows: CohortRow[], periods: number): (number | null)[] {
  return Array.from({ length: periods }, (_, period) => {
    const over = rows.filter((row) => row.cells[period]?.state === 'whole' && row.cohort.size > 0);
    const size = over.reduce((sum, row) => sum + row.cohort.size, 0);
    return size === 0 ? null : over.reduce((sum, row) => sum + row.cells[period]!.value, 0) / size;
  });
}

export const groupKey = (group: Group) => JSON.stringify(group);

export function byGroup(rows: CohortRow[]): { group: Group; rows: CohortRow[] }[] {
  const groups = new Map<string, { group: Group; rows: CohortRow[] }>();
  for (const row of rows) {
    const key = groupKey(row.cohort.group);
    const known = groups.get(key);
    if (known) known.rows.push(row);
    else groups.set(key, { group: row.cohort.group, rows: [row] });
  }
  return [...groups.values()];
}

export const cellText = (cell: Cell, revenue: boolean | undefined, { format }: Words) =>
  cell.state === 'future' ? '' : revenue ? format.compact(cell.value) : cell.share === null ? '–' : format.percent(cell.share, 0);

export const periodName = (question: Question, period: number, { t }: Words) => {
  const interval = question.interval ?? 'week';
  if (interval === 'day') return t('explore.retention.day', { number: period });
  return interval === 'month' ? t('explore.retention.month', { number: period }) : t('explore.retention.week', { number: period });
};

export function retentionFigure(input: FigureInput): Figure {
  const { question, answer, words } = input;
  const { t, format } = words;
  const rows = cohortRows(input);
  const groups = byGroup(rows);
  const drawn = groups.slice(0, mostDrawn);
  const count = question.periods ?? 12;
  const periods = Array.from({ length: count }, (_, period) => periodName(question, period, words));
  const grouped = (question.breakdown ?? []).length > 0;
  const interval = question.interval ?? 'week';
  const curves = drawn.map((entry) => averages(entry.rows, count));
  const revenue = question.revenue ?? false;
  const show = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : revenue ? format.number(value, 2) : format.percent(value);
  const title = revenue ? t('explore.retention.revenueTitle') : t('explore.retention.title');
  const size = (groups[0]?.rows ?? []).reduce((sum, row) => sum + row.cohort.size, 0);

  const curve = (context: OptionContext): ChartOption => ({
    ...baseOption(context),
    grid: grid(),
    xAxis: categories(context, periods, false),
    yAxis: amounts(context, (value) => (revenue ? format.compact(value) : format.percent(value, 0)), revenue ? undefined : 1),
    tooltip: {
      ...baseOption(context).tooltip,
      formatter: (params) => {
        const i = indexOf(params);
        if (periods[i] === undefined) return '';
        return tooltip(
          periods[i],
          drawn.map((entry, g) => ({
            text: grouped ? words.group(entry.group) : t('explore.retention.all'),
            value: show(curves[g]?.[i]),
            color: colorOf(g, context.tokens.series, drawn.length),
          })),
          context.tokens,
        );
      },
    },
    series: curves.map((points, g): LineSeriesOption => {
      const color = colorOf(g, context.tokens.series, drawn.length);
      return {
        type: 'line',
        id: `curve-${g}`,
        data: points,
        color,
        symbol: 'circle',
        symbolSize: 6,
        lineStyle: { width: 2, color },
        emphasis: { disabled: true },
        ...(drawn.length === 1 ? { areaStyle: { color: context.tokens.area } } : {}),
      };
    }),
  });

  const rowNames = rows.map(({ cohort }) =>
    [grouped ? words.group(cohort.group) : '', periodLabel(cohort.start, interval, format, 'short'), format.number(cohort.size)]
      .filter(Boolean)
      .join(' · '),
  );
  const heat = (context: OptionContext): ChartOption => ({
    ...baseOption(context),
    grid: { ...grid(), top: 84 },
    xAxis: { ...(categories(context, periods) as object), position: 'top' },
    yAxis: {
      type: 'category',
      inverse: true,
      data: rowNames,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: context.tokens.text },
    },
    visualMap: { show: false, min: 0, max: 1, inRange: { color: context.tokens.ramp } },
    series: [
      {
        type: 'heatmap',
        data: rows.flatMap((row, y) =>
          row.cells.flatMap((cell, x) => (cell.state === 'future' || cell.share === null ? [] : [[x, y, cell.share]])),
        ),
        label: {
          show: true,
          formatter: ({ value }) => {
            const [x, y] = value as [number, number];
            const cell = rows[y]?.cells[x];
            return cell ? cellText(cell, revenue, words) : '';
          },
        },
        itemStyle: { borderColor: context.tokens.ground, borderWidth: 2 },
      } satisfies HeatmapSeriesOption,
    ],
  });

  // Of the first period after the beginning, or of the beginning while no cohort's first is over.
  const told = curves[0]?.[1] == null ? 0 : 1;
  return {
    title,
    empty: rows.every((row) => row.cohort.size === 0),
    summary: [
      grouped && groups[0] ? `${words.group(groups[0].group)}: ` : '',
      t('explore.retention.summary', {
        customers: format.number(size),
        period: periods[told] ?? '',
        share: show(curves[0]?.[told]),
      }),
    ].join(''),
    notes: [
      ...groupNotes(answer.result.groups, groups.length, drawn.length, question.breakdown, words),
      ...(revenue ? [t('explore.note.perCustomer'), t('explore.note.currency')] : []),
    ],
    drawing: {
      option: curve,
      height: 240,
      description: t('explore.retention.description', { values: periods.map((name, i) => `${name}: ${show(curves[0]?.[i])}`).join('; ') }),
      // A point of the curve is of many cohorts; their customers are behind the cells below it.
      pickAt: () => null,
      picture: { option: heat, height: 110 + 30 * rows.length },
    },
    data: {
      columns: [
        ...(grouped ? [{ label: t('explore.group') }] : []),
        { label: t('explore.retention.cohort'), show: (value) => periodLabel(String(value), interval, format, 'long') },
        { label: t('explore.customers'), align: 'right', show: (value) => (typeof value === 'number' ? format.number(value) : '–') },
        ...periods.map((label) => ({
          label,
          align: 'right' as const,
          show: (value: unknown) => (typeof value === 'number' ? format.number(value, 2) : '–'),
        })),
      ],
      rows: rows.map(({ cohort, cells }) => [
        ...(grouped ? [words.group(cohort.group)] : []),
        cohort.start,
        cohort.size,
        ...cells.map((cell) => (cell.state === 'future' ? null : cell.value)),
      ]),
    },
    pickOf: (row, column) => {
      const { cohort, cells } = rows[row]!;
      const period = column - (grouped ? 3 : 2);
      if (period === -1 && cohort.size > 0) return { cohort: cohort.cohort, period: -1, group: cohort.group };
      return period >= 0 && (cells[period]?.value ?? 0) > 0 ? { cohort: cohort.cohort, period, group: cohort.group } : null;
    },
  };
}

import type { LineSeriesOption } from 'echarts/charts';
import type { Line, Pick, Series } from '../../api/analytics.types';
import { baseOption, type ChartOption, type OptionContext } from '../../components/chart/option';
import { categorical } from '../../components/chart/palette';
import { changeOf } from '../../components/Delta';
import { measureNames, type Words } from '../words';
import { amounts, categories, grid, legend } from './axes';
import type { Figure, FigureInput } from './figure';
import { isFuture, isPartial, periodLabel } from './periods';
import { indexOf, tooltip } from './tooltip';

/** As many lines as there are colours; the table has all. */
export const mostDrawn = categorical.length;

const mostCompared = 3;

export const isWhole = (measure: Line['measure']) => measure === 'events' || measure === 'customers';

export function lineName(line: Line, series: Series[], words: Words): string {
  const of = series[line.line] ?? {};
  const group = line.group.length > 0 ? words.group(line.group) : '';
  if (series.length === 1 && group) return group;
  return [words.series(of), group].filter(Boolean).join(' · ');
}

export const amount = (value: number | null, { format }: Words, measure: Line['measure']) =>
  value === null ? '–' : format.number(value, isWhole(measure) ? 0 : 2);

/** The number as it stands on an axis. */
const short = (value: number, { format }: Words) =>
  Math.abs(value) < 10 && value % 1 !== 0 ? format.number(value, 1) : format.compact(value);

/** A stretch that leads to or from an unfinished period is dashed. */
function split(points: (number | null)[], partial: boolean[]): { solid: (number | null)[]; dashed: (number | null)[] } {
  const touches = (i: number) => partial[i] || partial[i - 1] || partial[i + 1];
  return {
    solid: points.map((point, i) => (partial[i] ? null : point)),
    dashed: points.map((point, i) => (partial.includes(true) && touches(i) ? point : null)),
  };
}

const sameLine = (line: Line) => (other: Line) => other.line === line.line && JSON.stringify(other.group) === JSON.stringify(line.group);

export interface TrendRow {
  name: string;
  color: string | null;
  measure: Line['measure'];
  total: number | null;
  before: number | null;
  pick: Pick;
}

/** The lines under the chart: what each is, its total, and its change. */
export function trendRows({ question, answer, words }: FigureInput): TrendRow[] {
  const lines = answer.result.lines ?? [];
  const past = answer.previous?.lines ?? [];
  return lines.map((line, i) => ({
    name: lineName(line, question.series ?? [], words),
    color: i < mostDrawn ? colorOf(i, 'var(--c-series)', lines.length) : null,
    measure: line.measure,
    total: line.total,
    // A group that was not there then had nothing, where things are counted.
    before: answer.previous ? (past.find(sameLine(line))?.total ?? (isWhole(line.measure) ? 0 : null)) : null,
    pick: { line: line.line, period: -1, group: line.group },
  }));
}

export function trendFigure(input: FigureInput): Figure {
  const { question, answer, words, today } = input;
  const { t, format } = words;
  const { result, previous } = answer;
  const interval = question.interval ?? 'day';
  const series = question.series ?? [];
  const periods = result.periods ?? [];
  // What has not begun is not nought.
  const future = periods.map((period) => isFuture(period, interval, today));
  const lines = (result.lines ?? []).map((line) => ({ ...line, points: line.points.map((point, i) => (future[i] ? null : point)) }));
  const past = previous?.lines ?? [];
  const drawn = lines.slice(0, mostDrawn);
  const partial = periods.map((period) => isPartial(period, interval, question, today));
  const names = lines.map((line) => lineName(line, series, words));
  const range = format.range(question.from, question.to);
  const title = series.length <= 3 ? format.list(series.map(words.series)) : t('explore.trend.title', { count: series.length });

  const rows = lines.flatMap((line, l) => periods.map((period, p) => ({ line, l, period, p })));
  const measure = (i: number) => rows[i]!.line.measure;
  const withNames = lines.length > 1 || question.breakdown !== undefined;

  // Events and sums add up to their total, so a part of it means something.
  const shareOf = ({ measure: counted, total, points }: Line, i: number) =>
    (counted === 'events' || counted === 'sum') && total && points[i] ? ` · ${format.percent(points[i] / total)}` : '';

  const option = (context: OptionContext): ChartOption => {
    const { tokens, wide } = context;
    const alone = periods.length === 1;
    // Names at the ends where few lines have room for them; the list under the chart always has them.
    const named = wide && drawn.length > 1 && drawn.length <= 4;
    const line = (id: string, data: (number | null)[], color: string, more: LineSeriesOption = {}): LineSeriesOption => ({
      type: 'line',
      id,
      data,
      color,
      showSymbol: alone,
      symbol: 'circle',
      symbolSize: 7,
      lineStyle: { width: 2, color },
      emphasis: { disabled: true },
      ...more,
    });
    return {
      ...baseOption(context),
      grid: grid(named ? 132 : 12),
      xAxis: categories(
        context,
        periods.map((period) => periodLabel(period, interval, format, 'short')),
        alone,
      ),
      yAxis: amounts(context, (value) => short(value, words)),
      tooltip: {
        ...baseOption(context).tooltip,
        formatter: (params) => {
          const i = indexOf(params);
          if (periods[i] === undefined) return '';
          return tooltip(
            periodLabel(periods[i], interval, format, 'long'),
            [
              ...drawn.flatMap((entry, l) => {
                const before = past.find(sameLine(entry))?.points[i];
                const change = before === undefined ? null : changeOf(entry.points[i] ?? null, before);
                return [
                  {
                    text: names[l]!,
                    value: `${amount(entry.points[i] ?? null, words, entry.measure)}${shareOf(entry, i)}`,
                    color: colorOf(l, tokens.series, drawn.length),
                  },
                  ...(before === undefined
                    ? []
                    : [
                        {
                          text: t('explore.before'),
                          value: `${amount(before, words, entry.measure)}${
                            change && change.direction !== 'same'
                              ? ` ${change.direction === 'up' ? '↑' : '↓'} ${format.percent(change.by)}`
                              : ''
                          }`,
                          quiet: true,
                        },
                      ]),
                ];
              }),
              ...(partial[i] ? [{ text: t('explore.partial'), quiet: true }] : []),
            ],
            tokens,
          );
        },
      },
      series: [
        ...drawn.flatMap((entry, l) => {
          // More than a few pale lines would hide the others; the table compares all.
          const before = drawn.length <= mostCompared ? past.find(sameLine(entry)) : undefined;
          const color = drawn.length === 1 ? tokens.comparison : colorOf(l, tokens.series, drawn.length);
          return before
            ? [
                line(`before-${l}`, before.points.slice(0, periods.length), color, {
                  z: 1,
                  lineStyle: { width: 1.5, color, opacity: drawn.length === 1 ? 1 : 0.4 },
                }),
              ]
            : [];
        }),
        ...drawn.flatMap((entry, l) => {
          const color = colorOf(l, tokens.series, drawn.length);
          const { solid, dashed } = split(entry.points, partial);
          const endLabel = {
            show: named,
            formatter: () => names[l]!,
            color: tokens.text,
            fontSize: 12,
            distance: 8,
            width: 116,
            overflow: 'truncate' as const,
          };
          const last = partial.at(-1) ?? false;
          return [
            line(`dashed-${l}`, dashed, color, {
              z: 2,
              lineStyle: { width: 2, color, type: [4, 4] },
              endLabel: { ...endLabel, show: named && last },
              labelLayout: { moveOverlap: 'shiftY' },
            }),
            line(`line-${l}`, solid, color, {
              name: names[l],
              z: 3,
              ...(drawn.length === 1 ? { areaStyle: { color: tokens.area } } : {}),
              endLabel: { ...endLabel, show: named && !last },
              labelLayout: { moveOverlap: 'shiftY' },
            }),
          ];
        }),
      ],
    };
  };

  const totals = lines.map((line, l) => `${names[l]}: ${amount(line.total, words, line.measure)}`);
  const summary = t('explore.trend.summary', { range, totals: totals.slice(0, 3).join('; ') });
  return {
    title,
    empty: lines.length === 0 || lines.every((line) => !line.total && line.points.every((point) => !point)),
    summary,
    notes: [
      ...groupNotes(result.groups, lines.length, drawn.length, question.breakdown, words),
      ...(series.some((of) => !isWhole(of.measure ?? 'events') && (of.of?.field ?? 'value') === 'value' && !of.of?.property)
        ? [t('explore.note.currency')]
        : []),
    ],
    drawing: {
      option,
      height: 340,
      ...(drawn.length > 1
        ? {
            picture: {
              option: (context: OptionContext) => ({ ...option(context), legend: legend(context, names.slice(0, drawn.length)) }),
              height: 460,
            },
          }
        : {}),
      description: t('explore.trend.description', { title, range, totals: totals.slice(0, mostDrawn).join('; ') }),
      pickAt: ({ index, value }) => {
        if (periods[index] === undefined || drawn.length === 0) return null;
        const away = (line: Line) => Math.abs((line.points[index] ?? Infinity) - (value ?? 0));
        const nearest = drawn.reduce((best, line) => (away(line) < away(best) ? line : best));
        return { line: nearest.line, period: index, group: nearest.group };
      },
    },
    data: {
      columns: [
        ...(withNames ? [{ label: t('explore.line') }] : []),
        {
          label: t('explore.period'),
          show: (value) => {
            const label = periodLabel(String(value), interval, format, 'long');
            return partial[periods.indexOf(String(value))] ? t('explore.periodPartial', { period: label }) : label;
          },
        },
        {
          label: series.length === 1 ? words.plain(measureNames[series[0]!.measure ?? 'events']) : t('explore.value'),
          align: 'right',
          show: (value) => (typeof value === 'number' ? format.number(value, 2) : '–'),
        },
        ...(previous
          ? [
              {
                label: t('explore.before'),
                align: 'right' as const,
                show: (value: unknown) => (typeof value === 'number' ? format.number(value, 2) : '–'),
              },
            ]
          : []),
      ],
      rows: rows.map(({ line, l, period, p }) => [
        ...(withNames ? [names[l]!] : []),
        period,
        line.points[p] ?? null,
        ...(previous ? [past.find(sameLine(line))?.points[p] ?? null] : []),
      ]),
    },
    pickOf: (row, column) =>
      column === (withNames ? 2 : 1) && rows[row]?.line.points[rows[row].p] && measure(row)
        ? { line: rows[row].line.line, period: rows[row].p, group: rows[row].line.group }
        : null,
  };
}

export const colorOf = (line: number, alone: string, of: number) => (of === 1 ? alone : categorical[line % categorical.length]!);

/** Groups that are not given and lines that are not drawn are said. */
export function groupNotes(groups: number, given: number, drawn: number, breakdown: unknown, { t }: Words): string[] {
  if (!breakdown) return drawn < given ? [t('explore.note.drawn', { drawn, all: given })] : [];
  return [
    ...(groups > 200 ? [t('explore.note.groups', { given: 200, all: groups })] : []),
    ...(drawn < given ? [t('explore.note.drawn', { drawn, all: given })] : []),
  ];
}

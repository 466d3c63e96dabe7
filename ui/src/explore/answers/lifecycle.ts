import type { BarSeriesOption } from 'echarts/charts';
import { lifecycleStatuses, type LifecycleStatus } from '../../api/analytics.types';
import { baseOption, type ChartOption, type OptionContext } from '../../components/chart/option';
import { categorical } from '../../components/chart/palette';
import { statusNames } from '../words';
import { amounts, categories, grid, legend } from './axes';
import type { Figure, FigureInput } from './figure';
import { isPartial, periodLabel } from './periods';
import { indexOf, tooltip } from './tooltip';

export const statusColors: Record<LifecycleStatus, string> = {
  new: categorical[0],
  returning: categorical[2],
  resurrected: categorical[1],
  dormant: categorical[7],
};

export function lifecycleFigure({ question, answer, words, today }: FigureInput): Figure {
  const { t, format, plain } = words;
  const interval = question.interval ?? 'day';
  const periods = answer.result.periods ?? [];
  const values = answer.result.lifecycle ?? { new: [], returning: [], resurrected: [], dormant: [] };
  const totals = lifecycleStatuses.map(
    (status) => `${plain(statusNames[status])}: ${format.number(values[status].reduce((a, b) => a + b, 0))}`,
  );
  const title = t('explore.lifecycle.title', { activity: words.selector(question.activity ?? {}) });
  const partial = periods.map((period) => isPartial(period, interval, question, today));

  const option = (context: OptionContext): ChartOption => {
    const { tokens } = context;
    return {
      ...baseOption(context),
      grid: grid(),
      xAxis: categories(
        context,
        periods.map((period) => periodLabel(period, interval, format, 'short')),
      ),
      yAxis: amounts(context, (value) => format.compact(Math.abs(value))),
      tooltip: {
        ...baseOption(context).tooltip,
        axisPointer: { type: 'none' },
        formatter: (params) => {
          const i = indexOf(params);
          if (periods[i] === undefined) return '';
          return tooltip(
            periodLabel(periods[i], interval, format, 'long'),
            [
              ...lifecycleStatuses.map((status) => ({
                text: plain(statusNames[status]),
                value: format.number(values[status][i] ?? 0),
                color: statusColors[status],
              })),
              ...(partial[i] ? [{ text: t('explore.partial'), quiet: true }] : []),
            ],
            tokens,
          );
        },
      },
      series: lifecycleStatuses.map(
        (status): BarSeriesOption => ({
          type: 'bar',
          id: status,
          name: plain(statusNames[status]),
          stack: 'all',
          color: statusColors[status],
          barMaxWidth: 56,
          barCategoryGap: '24%',
          // Who stayed away stands below the line. A period that is not over is pale.
          data: values[status].map((value, i) => ({
            value: status === 'dormant' ? -value : value,
            itemStyle: { opacity: partial[i] ? 0.5 : 1 },
          })),
          emphasis: { disabled: true },
        }),
      ),
    };
  };

  return {
    title,
    empty: lifecycleStatuses.every((status) => values[status].every((value) => value === 0)),
    summary: totals.join('; '),
    notes: [],
    drawing: {
      option,
      height: 340,
      picture: {
        option: (context) => ({
          ...option(context),
          legend: legend(
            context,
            lifecycleStatuses.map((status) => plain(statusNames[status])),
          ),
        }),
        height: 460,
      },
      description: t('explore.lifecycle.description', { title, totals: totals.join('; ') }),
      pickAt: ({ index, series }) => {
        const status = lifecycleStatuses.find((name) => name === series);
        return status && values[status][index] ? { period: index, status } : null;
      },
    },
    data: {
      columns: [
        {
          label: t('explore.period'),
          show: (value) => {
            const label = periodLabel(String(value), interval, format, 'long');
            return partial[periods.indexOf(String(value))] ? t('explore.periodPartial', { period: label }) : label;
          },
        },
        ...lifecycleStatuses.map((status) => ({
          label: plain(statusNames[status]),
          align: 'right' as const,
          show: (value: unknown) => (typeof value === 'number' ? format.number(value) : '–'),
        })),
      ],
      rows: periods.map((period, i) => [period, ...lifecycleStatuses.map((status) => values[status][i] ?? 0)]),
    },
    pickOf: (row, column) => {
      const status = lifecycleStatuses[column - 1];
      return status && values[status][row] ? { period: row, status } : null;
    },
  };
}

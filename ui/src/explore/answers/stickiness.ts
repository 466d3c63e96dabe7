import { baseOption, type ChartOption, type OptionContext } from '../../components/chart/option';
import { amounts, categories, grid } from './axes';
import type { Figure, FigureInput } from './figure';
import { indexOf, tooltip } from './tooltip';

export function stickinessFigure({ question, answer, words }: FigureInput): Figure {
  const { t, format } = words;
  const values = answer.result.activePeriods ?? [];
  const all = values.reduce((sum, value) => sum + value, 0);
  const interval = question.interval ?? 'day';
  const name = (count: number) =>
    interval === 'month'
      ? t('explore.stickiness.months', { count })
      : interval === 'week'
        ? t('explore.stickiness.weeks', { count })
        : t('explore.stickiness.days', { count });
  const share = (value: number) => (all === 0 ? '–' : format.percent(value / all));
  const title = t('explore.stickiness.title', { activity: words.selector(question.activity ?? {}) });
  const several = all - (values[0] ?? 0);

  const option = (context: OptionContext): ChartOption => ({
    ...baseOption(context),
    grid: grid(),
    xAxis: categories(
      context,
      values.map((_, i) => format.number(i + 1)),
    ),
    yAxis: amounts(context, (value) => format.compact(value)),
    tooltip: {
      ...baseOption(context).tooltip,
      axisPointer: { type: 'none' },
      formatter: (params) => {
        const i = indexOf(params);
        if (values[i] === undefined) return '';
        return tooltip(
          name(i + 1),
          [
            { text: t('explore.customers'), value: format.number(values[i]) },
            { text: t('explore.share'), value: share(values[i]) },
          ],
          context.tokens,
        );
      },
    },
    series: [
      {
        type: 'bar',
        id: 'customers',
        color: context.tokens.series,
        barMaxWidth: 56,
        barCategoryGap: '24%',
        data: values,
        itemStyle: { borderRadius: [3, 3, 0, 0] },
        emphasis: { disabled: true },
      },
    ],
  });

  const summary = t('explore.stickiness.summary', {
    several: format.number(several),
    all: format.number(all),
    share: share(several),
    one: name(1),
  });
  return {
    title,
    empty: all === 0,
    summary,
    notes: [],
    drawing: {
      option,
      height: 320,
      description: `${title}. ${summary}`,
      pickAt: ({ index }) => (values[index] ? { period: index + 1 } : null),
    },
    data: {
      columns: [
        { label: t('explore.stickiness.active'), show: (value) => name(Number(value)) },
        { label: t('explore.customers'), align: 'right', show: (value) => format.number(Number(value)) },
        { label: t('explore.share'), align: 'right', show: (value) => (typeof value === 'number' ? format.percent(value) : '–') },
      ],
      rows: values.map((value, i) => [i + 1, value, all === 0 ? null : value / all]),
    },
    pickOf: (row, column) => (column === 1 && values[row] ? { period: row + 1 } : null),
  };
}

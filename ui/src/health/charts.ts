import type { CheckDetail, Database } from '../api/health.types';
import type { ChartData } from '../components/chart/data';
import { baseOption, type ChartOption, type OptionContext } from '../components/chart/option';
import { categorical } from '../components/chart/palette';
import { amounts, categories, grid, legend } from '../explore/answers/axes';
import type { Format } from '../i18n/format';
import type { Translate } from '../i18n/I18n';

const label = (detail: CheckDetail, format: Format) => (at: string) =>
  Date.parse(detail.to) - Date.parse(detail.from) > 36 * 3_600_000 ? format.dateTime(at) : format.time(at);

/** How long a check took: the mean of each piece of the period, and pale behind it the longest. */
export function responseOption(detail: CheckDetail, t: Translate, format: Format, context: OptionContext): ChartOption {
  const { tokens } = context;
  const line = (name: string, color: string, data: (number | null)[]) => ({
    type: 'line' as const,
    name,
    color,
    data,
    showSymbol: data.length < 3,
    lineStyle: { width: 2 },
  });
  return {
    ...baseOption(context),
    grid: grid(),
    xAxis: categories(
      context,
      detail.points.map((point) => label(detail, format)(point.at)),
      false,
    ),
    yAxis: amounts(context, (value) => format.compact(value)),
    series: [
      line(
        t('health.longest'),
        tokens.comparison,
        detail.points.map((point) => point.mostMs),
      ),
      line(
        t('health.mean'),
        tokens.series,
        detail.points.map((point) => point.averageMs && Math.round(point.averageMs)),
      ),
    ],
  };
}

export const responseData = (detail: CheckDetail, t: Translate, format: Format): ChartData => ({
  columns: [
    { label: t('health.when'), show: (at) => format.dateTime(String(at)) },
    { label: t('health.mean'), align: 'right', show: (value) => (value === null ? '–' : format.number(Number(value))) },
    { label: t('health.longest'), align: 'right', show: (value) => (value === null ? '–' : format.number(Number(value))) },
  ],
  rows: detail.points.map((point) => [point.at, point.averageMs, point.mostMs]),
});

const nameOf = (name: string, t: Translate) => name || t('database.whole');

/** Every day of which there is a sample, of whichever table. */
const daysOf = (growth: Database['growth']) => [...new Set(growth.flatMap((one) => one.days.map(({ day }) => day)))].sort();

/** The size of the database and of its largest tables. The picture that is taken away has its title above the names. */
export function growthOption(
  growth: Database['growth'],
  t: Translate,
  format: Format,
  context: OptionContext,
  picture = false,
): ChartOption {
  const days = daysOf(growth);
  const names = growth.map((one) => nameOf(one.name, t));
  return {
    ...baseOption(context),
    legend: picture ? legend(context, names) : { ...legend(context, names), top: 0 },
    grid: grid(12, 44),
    xAxis: categories(
      context,
      days.map((day) => format.day(day, 'short')),
      false,
    ),
    yAxis: amounts(context, (value) => format.bytes(value)),
    series: growth.map((one, i) => ({
      type: 'line' as const,
      name: names[i],
      color: categorical[i % categorical.length],
      showSymbol: days.length < 3,
      data: days.map((day) => one.days.find((sample) => sample.day === day)?.bytes ?? null),
    })),
  };
}

export const growthData = (growth: Database['growth'], t: Translate, format: Format): ChartData => ({
  columns: [
    { label: t('keys.day'), show: (day) => format.day(String(day)) },
    ...growth.map((one) => ({
      label: nameOf(one.name, t),
      align: 'right' as const,
      show: (value: string | number | null) => (value === null ? '–' : format.bytes(Number(value))),
    })),
  ],
  rows: daysOf(growth).map((day) => [day, ...growth.map((one) => one.days.find((sample) => sample.day === day)?.bytes ?? null)]),
});

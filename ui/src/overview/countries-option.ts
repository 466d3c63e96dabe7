import { baseOption, type ChartOption, type OptionContext } from '../components/chart/option';
import type { Format } from '../i18n/format';

/** The picture of the list of countries: bars from zero, each with its amount. */
export function countriesOption(rows: { name: string; value: number }[], format: Format, context: OptionContext): ChartOption {
  const { tokens } = context;
  return {
    ...baseOption(context),
    grid: { right: 80, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: { type: 'value', min: (extent) => Math.min(0, extent.min), show: false },
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map((row) => row.name),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: tokens.text },
    },
    series: [
      {
        type: 'bar',
        data: rows.map((row) => row.value),
        color: tokens.series,
        barMaxWidth: 18,
        label: {
          show: true,
          position: 'right',
          color: tokens.text,
          formatter: ({ dataIndex }) => format.moneyCompact(rows[dataIndex]?.value ?? 0),
        },
      },
    ],
  };
}

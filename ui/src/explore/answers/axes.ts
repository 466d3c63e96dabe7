import type { ChartOption, OptionContext } from '../../components/chart/option';

export const grid = (right = 12, top = 20): ChartOption['grid'] => ({
  left: 8,
  right,
  top,
  bottom: 4,
  outerBoundsMode: 'same',
  outerBoundsContain: 'axisLabel',
});

export const categories = ({ tokens }: OptionContext, data: string[], gap = true, wrap?: number): ChartOption['xAxis'] => ({
  type: 'category',
  boundaryGap: gap,
  data,
  axisLine: { lineStyle: { color: tokens.line } },
  axisTick: { show: false },
  axisLabel: {
    color: tokens.text,
    hideOverlap: true,
    margin: 12,
    ...(wrap ? { interval: 0, width: wrap, overflow: 'break' as const } : {}),
  },
});

export const amounts = ({ tokens }: OptionContext, show: (value: number) => string, max?: number): ChartOption['yAxis'] => ({
  type: 'value',
  splitNumber: 4,
  max,
  minInterval: max === undefined ? undefined : 0.25,
  splitLine: { lineStyle: { color: tokens.line } },
  axisLabel: { color: tokens.text, formatter: show },
});

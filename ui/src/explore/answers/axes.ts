import type { ChartOption, OptionContext } from '../../components/chart/option';

export const grid = (right = 12, top = 20): ChartOption['grid'] => ({
  left: 8,
  right,
  top,
  bottom: 4,
  outerBoundsMode: 'same',
  outerBoundsContain: 'axisLabel',
});

/** For the picture that is taken away: on the page the table names the colours. */
export const legend = ({ tokens }: OptionContext, names: string[]): ChartOption['legend'] => ({
  type: 'scroll',
  data: names,
  top: 62,
  left: 12,
  right: 16,
  itemWidth: 12,
  itemHeight: 8,
  icon: 'roundRect',
  textStyle: { color: tokens.text },
});

export const categories = ({ tokens, wide }: OptionContext, data: string[], gap = true, wrap?: number): ChartOption['xAxis'] => ({
  type: 'category',
  boundaryGap: gap,
  data,
  axisLine: { lineStyle: { color: tokens.line } },
  axisTick: { show: false },
  axisLabel: {
    color: tokens.text,
    hideOverlap: !wrap,
    margin: 12,
    // Without a gap the last one would stick out to the right.
    ...(gap ? {} : { alignMaxLabel: 'right' as const }),
    ...(wrap ? { interval: 0, width: wrap, overflow: 'break' as const, lineHeight: 15, fontSize: wide ? 12 : 11 } : {}),
  },
});

export const amounts = ({ tokens }: OptionContext, show: (value: number) => string, max?: number): ChartOption['yAxis'] => ({
  type: 'value',
  splitNumber: 4,
  max,
  interval: max === undefined ? undefined : max / 4,
  splitLine: { lineStyle: { color: tokens.line } },
  axisLabel: { color: tokens.text, formatter: show },
});

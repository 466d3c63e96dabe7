import type { BarSeriesOption, HeatmapSeriesOption, LineSeriesOption, SankeySeriesOption } from 'echarts/charts';
import type {
  GridComponentOption,
  LegendComponentOption,
  TitleComponentOption,
  TooltipComponentOption,
  VisualMapComponentOption,
} from 'echarts/components';
import type { ComposeOption } from 'echarts/core';
import type { ChartTokens } from './palette';

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | HeatmapSeriesOption
  | LineSeriesOption
  | SankeySeriesOption
  | GridComponentOption
  | LegendComponentOption
  | TitleComponentOption
  | TooltipComponentOption
  | VisualMapComponentOption
>;

/** What was clicked on: an element of a series, or a place between the axes. */
export interface ChartHit {
  /** Of the category; −1 where there is none. */
  index: number;
  /** On the value axis, where the click was. */
  value: number | null;
  /** The id of the series whose element it was. */
  series?: string;
  /** Of a stop or a link between stops. */
  data?: { name?: string; source?: string; target?: string };
}

export interface OptionContext {
  tokens: ChartTokens;
  /** The width there is: labels at the ends of lines need room. */
  wide: boolean;
  animate: boolean;
}

export const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';

/** What all our charts share: the theme in ECharts' terms. */
export function baseOption({ tokens, animate }: OptionContext): ChartOption {
  return {
    animation: animate,
    animationDuration: 250,
    animationDurationUpdate: 200,
    textStyle: { fontFamily, color: tokens.text, fontSize: 12 },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: tokens.ground,
      borderColor: tokens.line,
      borderWidth: 1,
      padding: [8, 12],
      textStyle: { color: tokens.text, fontSize: 12, fontFamily },
      axisPointer: { type: 'line', lineStyle: { color: tokens.text, width: 1, type: 'solid', opacity: 0.5 } },
      extraCssText: 'border-radius:8px;box-shadow:0 4px 16px rgba(0,0,0,.12)',
    },
  };
}

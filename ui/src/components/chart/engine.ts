/** The chart library, cut down to what we draw. Only ever loaded through import(). */
import { BarChart, HeatmapChart, LineChart, SankeyChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use, type ECharts } from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { CanvasRenderer } from 'echarts/renderers';
import type { ChartHit, ChartOption } from './option';

use([
  BarChart,
  HeatmapChart,
  LineChart,
  SankeyChart,
  GridComponent,
  LegendComponent,
  TitleComponent,
  TooltipComponent,
  VisualMapComponent,
  LabelLayout,
  CanvasRenderer,
]);

/** A click on an element names it; one beside it, between the axes, still says where it was: thin lines are hard to hit. */
function listen(chart: ECharts, onHit: (hit: ChartHit) => void) {
  let named = false;
  const place = (x: number, y: number) => {
    if (!chart.containPixel({ gridIndex: 0 }, [x, y])) return null;
    const [index, value] = chart.convertFromPixel({ gridIndex: 0 }, [x, y]) as [number, number];
    return { index: Math.round(index), value };
  };
  chart.on('click', (event) => {
    named = true;
    const { offsetX = 0, offsetY = 0 } = (event.event ?? {}) as { offsetX?: number; offsetY?: number };
    const hasAxes = event.componentSubType !== 'sankey';
    onHit({
      index: event.dataIndex ?? -1,
      value: hasAxes ? (place(offsetX, offsetY)?.value ?? null) : null,
      series: event.seriesId,
      data: event.data as ChartHit['data'],
    });
  });
  chart.getZr().on('click', ({ offsetX, offsetY }) => {
    // The library tells of the element first, of the ground after it.
    if (named) {
      named = false;
      return;
    }
    const option = chart.getOption() as { xAxis?: unknown[] };
    const at = option.xAxis?.length ? place(offsetX, offsetY) : null;
    if (at) onHit(at);
  });
}

export function mount(element: HTMLElement, onHit?: (hit: ChartHit) => void) {
  const chart = init(element);
  if (onHit) listen(chart, onHit);
  const observer = new ResizeObserver(() => chart.resize());
  observer.observe(element);
  return {
    set: (option: ChartOption) => chart.setOption(option, { notMerge: true }),
    dispose: () => {
      observer.disconnect();
      chart.dispose();
    },
  };
}

export type MountedChart = ReturnType<typeof mount>;

/** Draws off screen, twice as fine as the screen, on a ground of its own so that it can be pasted anywhere. */
export function toPng(option: ChartOption, ground: string, width: number, height: number): string {
  const element = document.createElement('div');
  element.style.cssText = `position:fixed;left:-9999px;width:${width}px;height:${height}px`;
  document.body.append(element);
  const chart = init(element, undefined, { width, height, devicePixelRatio: 2 });
  chart.setOption({ ...option, animation: false });
  const url = chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: ground });
  chart.dispose();
  element.remove();
  return url;
}

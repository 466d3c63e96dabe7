/** The chart library, cut down to what we draw. Only ever loaded through import(). */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, TitleComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { ChartOption } from './option';

use([BarChart, LineChart, GridComponent, TitleComponent, TooltipComponent, CanvasRenderer]);

export function mount(element: HTMLElement) {
  const chart = init(element);
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

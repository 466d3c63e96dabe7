import { useComputedColorScheme } from '@mantine/core';
import { useElementSize, useReducedMotion } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useT } from '../../i18n/I18n';
import classes from './Chart.module.css';
import type { MountedChart } from './engine';
import type { ChartHit, ChartOption, OptionContext } from './option';
import { chartTokens } from './palette';

interface ChartProps {
  /** Built again when the theme or the width changes. */
  option: (context: OptionContext) => ChartOption;
  /** What a screen reader hears instead: the kind of chart and what it shows. */
  description: string;
  height?: number;
  /** A click on it. Whatever it does can be done without a mouse elsewhere, mostly in the table. */
  onHit?: (hit: ChartHit) => void;
}

export function useOptionContext(width: number): OptionContext {
  const scheme = useComputedColorScheme('light');
  const calm = useReducedMotion();
  return { tokens: chartTokens[scheme], wide: width >= 560, animate: !calm };
}

/** The only place that touches the chart library, which arrives in a chunk of its own. */
export function Chart({ option, description, height = 280, onHit }: ChartProps) {
  const t = useT();
  const { ref, width } = useElementSize();
  const canvas = useRef<HTMLDivElement>(null);
  const hit = useRef(onHit);
  useEffect(() => {
    hit.current = onHit;
  });
  const clickable = onHit !== undefined;
  const [chart, setChart] = useState<MountedChart | 'failed' | null>(null);
  const { tokens, wide, animate } = useOptionContext(width);

  useEffect(() => {
    let mounted: MountedChart | null = null;
    let gone = false;
    import('./engine').then(
      ({ mount }) => {
        if (gone || !canvas.current) return;
        mounted = mount(canvas.current, clickable ? (at) => hit.current?.(at) : undefined);
        setChart(mounted);
      },
      () => setChart('failed'),
    );
    return () => {
      gone = true;
      mounted?.dispose();
      setChart(null);
    };
  }, [clickable]);

  useEffect(() => {
    if (chart && chart !== 'failed' && width > 0) chart.set(option({ tokens, wide, animate }));
  }, [chart, option, tokens, wide, animate, width]);

  return (
    <div ref={ref} className={classes.chart} data-clickable={clickable || undefined} style={{ height }} role="img" aria-label={description}>
      <div ref={canvas} className={classes.canvas} />
      {chart === 'failed' && <p className={classes.failed}>{t('chart.failed')}</p>}
    </div>
  );
}

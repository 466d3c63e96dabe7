/**
 * Eight colours for categories. They were searched for by computation: each has at least 3:1 contrast on the
 * page and on cards in both themes, and every pair stays apart in normal sight and in the three forms of
 * colour blindness (palette.test.ts measures it again).
 */
export const categorical = ['#1a6fe1', '#ba8416', '#549c65', '#e022af', '#0a95cb', '#9f5d72', '#6648fb', '#f1274e'] as const;

/** The grounds a chart can lie on. */
export const grounds = { light: ['#ffffff', '#f7f8fa'], dark: ['#1c1e22', '#141518'] } as const;

export interface ChartTokens {
  ground: string;
  text: string;
  line: string;
  series: string;
  /** The comparison period: pale, but still to be seen. */
  comparison: string;
  area: string;
  /** For heat maps, from nothing to all. */
  ramp: string[];
}

export const chartTokens: Record<'light' | 'dark', ChartTokens> = {
  light: {
    ground: '#ffffff',
    text: '#5b626e',
    line: '#e5e7eb',
    series: categorical[0],
    comparison: '#a9b7cc',
    area: 'rgba(26,111,225,0.07)',
    ramp: ['#eef4fd', '#b5d0f6', '#5c9bf0'],
  },
  dark: {
    ground: '#1c1e22',
    text: '#9ea5b1',
    line: '#2f3239',
    series: '#5c9bf0',
    comparison: '#56647a',
    area: 'rgba(92,155,240,0.08)',
    ramp: ['#22262e', '#264a80', '#1f64c4'],
  },
};

import { DEFAULT_THEME, mergeMantineTheme } from '@mantine/core';
import { describe, expect, it } from 'vitest';
import { contrast } from './components/chart/contrast';
import { cssVariables, theme } from './theme';

const resolved: Record<'light' | 'dark', Record<string, string>> = cssVariables(mergeMantineTheme(DEFAULT_THEME, theme));
const texts = [
  '--mantine-color-text',
  '--mantine-color-dimmed',
  '--mantine-color-error',
  '--mantine-color-anchor',
  '--c-good',
  '--c-bad',
  '--c-warn',
];
const grounds = ['--c-page', '--c-surface', '--c-hover'];

describe('texts of the theme', () => {
  it.each(['light', 'dark'] as const)('have 4.5:1 contrast on every ground when %s', (scheme) => {
    const colour = (name: string) => resolved[scheme][name] ?? '';
    for (const text of texts) {
      for (const ground of grounds) expect(contrast(colour(text), colour(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
    for (const text of ['--mantine-color-text', '--c-accent-text'])
      expect(contrast(colour(text), colour('--c-selected')), text).toBeGreaterThanOrEqual(4.5);
  });

  it('are readable on the accent', () => {
    expect(contrast(theme.colors!.accent![6], '#ffffff')).toBeGreaterThanOrEqual(4.5);
    expect(contrast(theme.colors!.accent![5], '#ffffff')).toBeGreaterThanOrEqual(4.5);
  });
});

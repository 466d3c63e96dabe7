import { describe, expect, it } from 'vitest';
import { colourBlindness, contrast, difference, linearRgb, seenAs } from './contrast';
import { categorical, chartTokens, grounds } from './palette';

const pairs = categorical.flatMap((a, i) => categorical.slice(i + 1).map((b) => [a, b] as const));

describe('the categorical palette', () => {
  it('has eight colours', () => expect(new Set(categorical).size).toBe(8));

  it.each([...grounds.light, ...grounds.dark])('has 3:1 contrast on %s', (ground) => {
    for (const colour of categorical) expect(contrast(colour, ground), colour).toBeGreaterThanOrEqual(3);
  });

  it('stays apart in normal sight', () => {
    for (const [a, b] of pairs) expect(difference(linearRgb(a), linearRgb(b)), `${a} ${b}`).toBeGreaterThan(20);
  });

  it.each(Object.entries(colourBlindness))('stays apart with %s', (_, matrix) => {
    for (const [a, b] of pairs) {
      expect(difference(seenAs(linearRgb(a), matrix), seenAs(linearRgb(b), matrix)), `${a} ${b}`).toBeGreaterThan(10);
    }
  });
});

describe('the other colours of charts', () => {
  it.each(['light', 'dark'] as const)('can be read in the %s theme', (scheme) => {
    const { ground, text, series } = chartTokens[scheme];
    expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(series, ground)).toBeGreaterThanOrEqual(4.5);
  });
});

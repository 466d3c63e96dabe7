import { describe, expect, it } from 'vitest';
import { sparkPath } from './Sparkline';

describe('a sparkline', () => {
  it('stands on zero', () => expect(sparkPath([0, 10], 100, 22)).toBe('M0.0 21.0L100.0 1.0'));
  it('breaks where there is no value', () => expect(sparkPath([1, null, 1], 100, 22)).toBe('M0.0 1.0M100.0 1.0'));
  it('survives having nothing to show', () => expect(sparkPath([null, 0], 100, 22)).toBe('M100.0 21.0'));
});

import { describe, expect, it } from 'vitest';
import { changeOf } from './Delta';

describe('a change', () => {
  it('is told in per cent or in points', () => {
    expect(changeOf(120, 100)).toEqual({ direction: 'up', by: 0.2 });
    expect(changeOf(0.25, 0.3, 'points')).toMatchObject({ direction: 'down' });
    expect(changeOf(0.25, 0.3, 'points')?.by).toBeCloseTo(5);
  });

  it('needs something to compare with', () => {
    expect(changeOf(5, 0)).toBeNull();
    expect(changeOf(null, 5)).toBeNull();
    expect(changeOf(0, 0)).toEqual({ direction: 'same', by: 0 });
  });

  it('is none when too small to be written', () => expect(changeOf(100_001, 100_000)?.direction).toBe('same'));

  it('of a negative figure goes the right way', () => expect(changeOf(-50, -100)).toEqual({ direction: 'up', by: 0.5 }));
});

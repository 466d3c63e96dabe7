// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useHeld } from './useHeld';

const list = (...ids: string[]) => ids.map((id) => ({ id }));

it('keeps the list still while it is held, and says how much is new', () => {
  const { result, rerender } = renderHook(({ items, held }) => useHeld(items, held), {
    initialProps: { items: list('b', 'a'), held: false },
  });
  rerender({ items: list('d', 'c', 'b'), held: true });
  expect(result.current.items).toEqual(list('b', 'a'));
  expect(result.current.waiting).toBe(2);
  act(() => result.current.release());
  expect(result.current.items).toEqual(list('d', 'c', 'b'));
  expect(result.current.waiting).toBe(0);
  rerender({ items: list('e', 'd'), held: false });
  expect(result.current.items).toEqual(list('e', 'd'));
});

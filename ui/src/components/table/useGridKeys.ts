import type { KeyboardEvent, RefObject } from 'react';

interface GridKeys {
  count: number;
  active: number;
  setActive: (index: number) => void;
  scroller: RefObject<HTMLElement | null>;
  /** Brings a row that may not be drawn yet into view. */
  reveal: (index: number) => void;
}

/** Arrow keys move the focus from row to row. */
export function useGridKeys({ count, active, setActive, scroller, reveal }: GridKeys) {
  // The row may only exist after the list has drawn what it scrolled to.
  const focusRow = (index: number, tries = 20) => {
    const row = scroller.current?.querySelector<HTMLElement>(`tr[data-index="${index}"]`);
    if (row) {
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: 'nearest' });
    } else if (tries > 0) requestAnimationFrame(() => focusRow(index, tries - 1));
  };

  return (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 10,
      PageUp: active - 10,
      Home: 0,
      End: count - 1,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(count - 1, move));
    setActive(next);
    reveal(next);
    focusRow(next);
  };
}

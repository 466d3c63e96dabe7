import { useRef, useState } from 'react';

/**
 * A list that renews itself must not move under a reader's pointer or focus: while held, what was shown stays,
 * and only the number of newcomers is told.
 */
export function useHeld<T extends { id: string }>(latest: T[], held: boolean) {
  const [released, setReleased] = useState(0);
  const shown = useRef({ items: latest, release: released });
  if (!held || shown.current.items.length === 0 || shown.current.release !== released) {
    shown.current = { items: latest, release: released };
  }
  const known = new Set(shown.current.items.map((item) => item.id));
  return {
    items: shown.current.items,
    waiting: latest.filter((item) => !known.has(item.id)).length,
    release: () => setReleased((n) => n + 1),
  };
}

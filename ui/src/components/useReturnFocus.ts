import { useEffect, useRef } from 'react';

/** What opened over the page gives the focus back, when it closes, to where it came from. */
export function useReturnFocus<T extends HTMLElement>(opened: boolean) {
  const target = useRef<T>(null);
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !opened) target.current?.focus({ preventScroll: true });
    wasOpen.current = opened;
  }, [opened]);
  return target;
}

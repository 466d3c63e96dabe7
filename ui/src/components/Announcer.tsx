import { VisuallyHidden } from '@mantine/core';
import { createContext, use, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';

const AnnounceContext = createContext<(text: string) => void>(() => undefined);

/** One polite live region for the whole console: screen readers hear results change without losing their place. */
export function Announcer({ children }: { children: ReactNode }) {
  const [text, setText] = useState('');
  const announce = useCallback((next: string) => setText((current) => (current === next ? `${next}\u00a0` : next)), []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <VisuallyHidden role="status" aria-live="polite">
        {text}
      </VisuallyHidden>
    </AnnounceContext>
  );
}

export const useAnnounce = () => use(AnnounceContext);

/** Says the text whenever it changes, but not the first time: what a page opens with is read with the page. */
export function useAnnounceChange(text: string | null) {
  const announce = useAnnounce();
  const said = useRef<string | null>(null);
  useEffect(() => {
    if (text === null) return;
    if (said.current !== null && said.current !== text) announce(text);
    said.current = text;
  }, [text, announce]);
}

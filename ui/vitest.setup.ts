import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

class SilentObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}

// jsdom has no layout: Mantine and the charts only need these to exist.
if (typeof window !== 'undefined') {
  window.matchMedia = (query: string) =>
    ({
      matches: false,
      media: query,
      onchange: null,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      addListener: () => undefined,
      removeListener: () => undefined,
      dispatchEvent: () => false,
    }) as MediaQueryList;
  window.ResizeObserver = SilentObserver as unknown as typeof ResizeObserver;
  window.scrollTo = () => undefined;
  Element.prototype.scrollIntoView = () => undefined;
  afterEach(cleanup);
}

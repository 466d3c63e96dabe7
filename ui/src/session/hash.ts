import { useState } from 'react';

/**
 * The token of a link, which stands after the #: it reaches no server's log. It is taken out of the address at once, so
 * that it stays in no history either.
 */
export function useHashToken(): string {
  const [token] = useState(() => {
    const found = window.location.hash.slice(1);
    if (found) window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
    return found;
  });
  return token;
}

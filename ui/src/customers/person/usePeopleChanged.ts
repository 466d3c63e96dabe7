import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { useOrganization } from '../../shell/organization';

/** After people were merged, taken apart or erased, every list and figure may be another. */
export function usePeopleChanged() {
  const client = useQueryClient();
  const { slug } = useOrganization();
  return useCallback(() => {
    const askAgain = () => void client.invalidateQueries({ queryKey: ['o', slug] });
    askAgain();
    // The server counts figures anew a moment after the act.
    setTimeout(askAgain, 3_000);
  }, [client, slug]);
}

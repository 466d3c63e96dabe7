import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { Import } from '../api/imports.types';
import { useOrganization } from '../shell/organization';
import { isRunning } from './states';

/** When a run ends, every figure in the organization may have changed. */
export function useRefreshAfter(item: Import | undefined) {
  const client = useQueryClient();
  const { slug } = useOrganization();
  const wasRunning = useRef(false);
  const runs = item ? isRunning(item) : false;
  useEffect(() => {
    if (wasRunning.current && !runs) void client.invalidateQueries({ queryKey: ['o', slug] });
    wasRunning.current = runs;
  }, [runs, client, slug]);
}

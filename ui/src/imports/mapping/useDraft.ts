import { useSessionStorage } from '@mantine/hooks';
import type { Mapping } from '../../api/imports.types';

/** What was set up so far survives a reload or a look at another page. */
export function useDraft(importId: string, suggested: Mapping) {
  const [draft, setDraft, forget] = useSessionStorage<Mapping>({
    key: `clientele-mapping-${importId}`,
    defaultValue: suggested,
    getInitialValueInEffect: false,
  });
  return { draft, setDraft, forget };
}

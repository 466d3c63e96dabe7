import { useCallback } from 'react';
import type { EventRow } from '../api/types';
import { usePlainT } from '../i18n/usePlainT';
import { eventTypes, isKnownEvent } from './event-types';

/** "order_completed" as people say it. A type we have no words for keeps the server's name, or its own. */
export function useEventName() {
  const t = usePlainT();
  return useCallback(
    ({ type, name }: Pick<EventRow, 'type'> & { name?: string }) =>
      isKnownEvent(type) ? t(eventTypes[type].label) : name || type.replaceAll('_', ' '),
    [t],
  );
}

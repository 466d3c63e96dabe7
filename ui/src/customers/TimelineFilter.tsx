import { Select } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { timelineQuery } from '../api/queries';
import { eventTypes } from '../events/event-types';
import { useEventName } from '../events/useEventName';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';

interface TimelineFilterProps {
  id: string;
  value: string | undefined;
  onChange: (type: string | undefined) => void;
}

/** The types we know of and those seen on this person so far. */
export function TimelineFilter({ id, value, onChange }: TimelineFilterProps) {
  const t = useT();
  const { slug } = useOrganization();
  const nameOf = useEventName();
  const { data } = useInfiniteQuery({ ...timelineQuery(slug, id, undefined), enabled: !value });
  const seen = data?.pages.flatMap((page) => page.items.map((event) => event.type)) ?? [];
  const types = [...new Set([...seen, ...Object.keys(eventTypes), ...(value ? [value] : [])])];
  return (
    <Select
      w={240}
      clearable
      searchable
      data={types.map((type) => ({ value: type, label: nameOf({ type }) }))}
      value={value ?? null}
      onChange={(type) => onChange(type ?? undefined)}
      placeholder={t('timeline.allTypes')}
      aria-label={t('timeline.filter')}
      clearButtonProps={{ 'aria-label': t('timeline.clearFilter') }}
      nothingFoundMessage={t('timeline.noType')}
    />
  );
}

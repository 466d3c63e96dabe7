import { Select } from '@mantine/core';
import { useMemo } from 'react';
import { useFormat } from '../../i18n/I18n';
import { useExplore } from '../ExploreContext';
import classes from '../Explore.module.css';

const any = '*';

interface EventPickerProps {
  /** Absent: any event. */
  value: string | undefined;
  onChange: (event: string | undefined) => void;
  label: string;
  /** What stands for no event; a path may begin with whatever came first. */
  anyLabel?: string;
}

/** Events by the names people know them by, the most frequent first; found by name or by type. */
export function EventPicker({ value, onChange, label, anyLabel }: EventPickerProps) {
  const format = useFormat();
  const { vocabulary, words } = useExplore();
  const options = useMemo(() => {
    const types = vocabulary.events.map((event) => event.type);
    // A shared address may name an event that has not occurred here.
    const all = value && !types.includes(value) ? [value, ...types] : types;
    return [{ value: any, label: anyLabel ?? words.event(null) }, ...all.map((type) => ({ value: type, label: words.event(type) }))];
  }, [vocabulary, value, words, anyLabel]);
  const counts = useMemo(() => new Map(vocabulary.events.map((event) => [event.type, event.count])), [vocabulary]);
  return (
    <Select
      size="xs"
      className={classes.grow}
      searchable
      allowDeselect={false}
      aria-label={label}
      data={options}
      value={value ?? any}
      onChange={(next) => onChange(next === any || next === null ? undefined : next)}
      maxDropdownHeight={320}
      comboboxProps={{ width: 300, position: 'bottom-start' }}
      nothingFoundMessage={words.t('explore.nothingFound')}
      filter={({ options: list, search }) => {
        const wanted = search.trim().toLowerCase();
        return list.filter((item) => 'value' in item && (item.label.toLowerCase().includes(wanted) || String(item.value).includes(wanted)));
      }}
      renderOption={({ option }) => (
        <span className={classes.option}>
          <span>
            {option.label}
            {option.value !== any && <small>{option.value}</small>}
          </span>
          {counts.has(option.value) && <span className={classes.count}>{format.compact(counts.get(option.value)!)}</span>}
        </span>
      )}
    />
  );
}

import { Select, type ComboboxItem, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { readRows, rowsKey } from '../api/data';
import type { DataReference } from '../api/data.types';
import { useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { toQuery, type Filter } from './filters';
import { labelOf } from './useLabels';
import type { Draft } from './values';

interface KeyPickerProps extends Omit<SelectProps, 'value' | 'onChange' | 'data'> {
  reference: DataReference;
  value: Draft;
  onChange: (value: Draft) => void;
}

const most = 20;

const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

/** The rows a key may lead to, found by what people call them. */
export function KeyPicker({ reference, value, onChange, ...props }: KeyPickerProps) {
  const t = useT();
  const { slug } = useOrganization();
  // Kept here and not by the field, which would write the name of what is chosen over it, should that come late.
  const [typed, setTyped] = useState<string>();
  const [picked, setPicked] = useState<ComboboxItem>();
  const [question] = useDebouncedValue(typed?.trim() ?? '', 200);
  const to = reference.to[0]!;
  const find = (words: string): [string, string][] => {
    if (words === '') return [];
    if (isId(words) || reference.shows.length === 0) return [[to, `eq.${words}`]];
    return toQuery(
      reference.shows.map((column): Filter => ({ column, operator: 'contains', value: words })),
      reference.shows.length > 1 ? 'any' : 'all',
    );
  };
  const ask = (more: [string, string][], limit: number) => ({
    queryKey: [...rowsKey(slug), 'labels', reference.schema, reference.relation, 'picker', to, more, limit] as const,
    queryFn: async ({ signal }: { signal: AbortSignal }) => {
      const select = [...new Set([to, ...reference.shows])].join(',');
      const order: [string, string][] = [['order', reference.shows[0] ?? to]];
      const asked = { schema: reference.schema, relation: reference.relation };
      const page = await readRows(slug, { ...asked, query: [['select', select], ...more, ...order, ['limit', String(limit)]] }, signal);
      return page.rows.map((row) => ({ value: String(row[to]), label: labelOf(reference, row) || String(row[to]) }));
    },
    retry: false,
  });
  const chosen = useQuery({ ...ask([[to, `eq.${value ?? ''}`]], 1), enabled: value !== null && value !== '' });
  const found = useQuery(ask(find(question), most));
  const options = [...(found.data ?? [])];
  // Until its name has come, what was picked has the one it was picked by.
  const now = chosen.data?.[0] ?? (picked?.value === value ? picked : value ? { value, label: value } : undefined);
  if (now && !options.some((option) => option.value === now.value)) options.unshift(now);
  return (
    <Select
      {...props}
      data={options}
      value={value}
      onChange={(next, option) => {
        if (next === null) return;
        setPicked(option ?? undefined);
        setTyped(undefined);
        onChange(next);
      }}
      searchable
      searchValue={typed ?? now?.label ?? ''}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onDropdownClose={() => setTyped(undefined)}
      filter={({ options: all }) => all}
      allowDeselect={false}
      nothingFoundMessage={found.isFetching ? t('palette.searching') : t('data.picker.none', { relation: reference.relation })}
      renderOption={({ option }) => (
        <span style={{ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}>
          {option.label}
          {option.label !== option.value && (
            <span style={{ color: 'var(--mantine-color-dimmed)', fontSize: '0.75rem' }}>
              {' '}
              {option.value.length > 13 ? `${option.value.slice(0, 8)}…` : option.value}
            </span>
          )}
        </span>
      )}
      comboboxProps={{ withinPortal: false }}
      withScrollArea={false}
      styles={{ options: { maxHeight: 220, overflowY: 'auto' } }}
    />
  );
}

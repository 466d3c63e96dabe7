import { Select } from '@mantine/core';
import { useMemo } from 'react';
import type { Operand, OperandKind } from '../../api/analytics.types';
import { operandKind, operandName } from '../draft';
import { useExplore } from '../ExploreContext';
import classes from '../Explore.module.css';

interface OperandPickerProps {
  value: Operand | null;
  onChange: (of: Operand) => void;
  label: string;
  placeholder?: string;
  /** Attributes of the customer hold for a whole question, not for one event. */
  attributes: boolean;
  /** Only what holds numbers. */
  numeric?: boolean;
  /** The event's amount is no group. */
  amount?: boolean;
  /** Whose properties come first. */
  event?: string;
}

const keyOf = (of: Operand) => `${operandKind(of)}:${operandName(of)}`;

function fromKey(key: string): Operand {
  const at = key.indexOf(':');
  return { [key.slice(0, at) as OperandKind]: key.slice(at + 1) };
}

export function OperandPicker({ value, onChange, label, placeholder, attributes, numeric, amount = true, event }: OperandPickerProps) {
  const { vocabulary, words } = useExplore();
  const { t } = words;
  const groups = useMemo(() => {
    const item = (of: Operand) => ({ value: keyOf(of), label: words.operand(of) });
    const on = vocabulary.events.find((known) => known.type === event)?.properties ?? null;
    const properties = vocabulary.properties.filter((known) => !numeric || known.kind === 'number');
    const own = on ? properties.filter((known) => on.includes(known.name)) : [];
    const rest = properties.filter((known) => !own.includes(known));
    const list = [
      { group: t('explore.group.own'), items: own.map((known) => item({ property: known.name })) },
      {
        group: t('explore.group.fields'),
        items: [
          ...(amount ? [item({ field: 'value' })] : []),
          ...(numeric ? [] : vocabulary.fields.map((known) => item({ field: known.name }))),
        ],
      },
      { group: on ? t('explore.group.others') : t('explore.group.properties'), items: rest.map((known) => item({ property: known.name })) },
      {
        group: t('explore.group.customer'),
        items: attributes ? vocabulary.attributes.map((known) => item({ attribute: known.name })) : [],
      },
    ].filter((group) => group.items.length > 0);
    const known = value === null || list.some((group) => group.items.some((other) => other.value === keyOf(value)));
    return known ? list : [{ group: t('explore.group.chosen'), items: [item(value)] }, ...list];
  }, [vocabulary, words, t, event, numeric, amount, attributes, value]);
  return (
    <Select
      size="xs"
      className={classes.grow}
      searchable
      allowDeselect={false}
      aria-label={label}
      placeholder={placeholder}
      data={groups}
      value={value ? keyOf(value) : null}
      onChange={(key) => key && onChange(fromKey(key))}
      maxDropdownHeight={320}
      comboboxProps={{ width: 260, position: 'bottom-start' }}
      nothingFoundMessage={t('explore.nothingFound')}
    />
  );
}

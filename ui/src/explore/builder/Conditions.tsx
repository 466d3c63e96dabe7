import { ActionIcon, Autocomplete, Button, NumberInput, Select, TagsInput, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Condition, Operand, Operator } from '../../api/analytics.types';
import { valuesQuery } from '../../api/analytics';
import { Icon } from '../../components/Icon';
import { useOrganization } from '../../shell/organization';
import { operandOf } from '../draft';
import { knownName, useExplore } from '../ExploreContext';
import classes from '../Explore.module.css';
import { operatorNames } from '../words';
import { OperandPicker } from './OperandPicker';

const operatorsOf: Record<'text' | 'number' | 'boolean', Operator[]> = {
  text: ['in', 'not_in', 'contains', 'not_contains', 'starts_with', 'exists', 'not_exists'],
  number: ['equal', 'not_equal', 'greater', 'greater_or_equal', 'less', 'less_or_equal', 'exists', 'not_exists'],
  boolean: ['equal', 'exists', 'not_exists'],
};

/** "Typing" marks changes that are one of many: they are one step in the browser's history. */
export type Change<T> = (next: T, typing?: boolean) => void;

interface ConditionsProps {
  value: Condition[];
  onChange: Change<Condition[]>;
  /** Where the conditions stand, for those who do not see it. */
  of: string;
  attributes: boolean;
  event?: string;
  addLabel: string;
}

export function Conditions({ value, onChange, of, attributes, event, addLabel }: ConditionsProps) {
  const { vocabulary, words } = useExplore();
  const [adding, setAdding] = useState(false);
  const put = (index: number, next: Condition, typing?: boolean) =>
    onChange(
      value.map((old, i) => (i === index ? next : old)),
      typing,
    );
  const kindOf = (operand: Operand) => knownName(vocabulary, operand)?.kind ?? 'text';
  return (
    <div className={classes.conditions}>
      {value.map((condition, i) => (
        <ConditionRow
          key={i}
          condition={condition}
          onChange={(next, typing) => put(i, next, typing)}
          remove={() => onChange(value.filter((_, other) => other !== i))}
          name={words.t('explore.conditionOf', { number: i + 1, of })}
          attributes={attributes}
          event={event}
          kind={kindOf(condition)}
        />
      ))}
      {adding ? (
        <div className={classes.row}>
          <OperandPicker
            value={null}
            label={words.t('explore.conditionNew', { of })}
            placeholder={words.t('explore.conditionBy')}
            attributes={attributes}
            event={event}
            onChange={(operand) => {
              setAdding(false);
              onChange([...value, { ...operand, operator: operatorsOf[kindOf(operand)][0]!, values: [] }]);
            }}
          />
          <Remove label={words.t('explore.conditionNone')} onClick={() => setAdding(false)} />
        </div>
      ) : (
        <Button
          className={classes.add}
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={<Icon name="plus" size={14} />}
          onClick={() => setAdding(true)}
          aria-label={`${addLabel}: ${of}`}
        >
          {addLabel}
        </Button>
      )}
    </div>
  );
}

export function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={26} onClick={onClick} aria-label={label}>
        <Icon name="close" size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

interface ConditionRowProps {
  condition: Condition;
  onChange: Change<Condition>;
  remove: () => void;
  name: string;
  attributes: boolean;
  event?: string;
  kind: 'text' | 'number' | 'boolean';
}

function ConditionRow({ condition, onChange, remove, name, attributes, event, kind }: ConditionRowProps) {
  const { vocabulary, words } = useExplore();
  const { t, plain } = words;
  const usual = operatorsOf[kind];
  const operators = usual.includes(condition.operator) ? usual : [condition.operator, ...usual];
  const known = knownName(vocabulary, condition);
  const compares = condition.operator !== 'exists' && condition.operator !== 'not_exists';
  return (
    <div className={classes.condition} role="group" aria-label={name}>
      <div className={classes.row}>
        <OperandPicker
          value={operandOf(condition)}
          label={t('explore.conditionWhat', { name })}
          attributes={attributes}
          event={event}
          onChange={(of) => {
            const next = knownName(vocabulary, of)?.kind ?? 'text';
            const operator = operatorsOf[next].includes(condition.operator) ? condition.operator : operatorsOf[next][0]!;
            onChange({ ...of, operator, values: [] });
          }}
        />
        <Select
          size="xs"
          w={116}
          aria-label={t('explore.conditionHow', { name })}
          allowDeselect={false}
          data={operators.map((operator) => ({ value: operator, label: plain(operatorNames[operator]) }))}
          value={condition.operator}
          comboboxProps={{ width: 180, position: 'bottom-end' }}
          onChange={(operator) => {
            if (!operator) return;
            const several = operator === 'in' || operator === 'not_in';
            const none = operator === 'exists' || operator === 'not_exists';
            const { values } = condition;
            onChange({ ...condition, operator: operator as Operator, values: none ? [] : several ? values : values.slice(0, 1) });
          }}
        />
        <Remove label={t('explore.conditionRemove', { name })} onClick={remove} />
      </div>
      {compares && (
        <Values condition={condition} onChange={onChange} label={t('explore.conditionValues', { name })} event={event} kind={kind} />
      )}
      {known && !known.column && <p className={classes.hint}>{t('explore.notColumn', { name: words.operand(condition) })}</p>}
      {!known && <p className={classes.hint}>{t('explore.neverSeen', { name: words.operand(condition) })}</p>}
    </div>
  );
}

interface ValuesProps {
  condition: Condition;
  onChange: Change<Condition>;
  label: string;
  event?: string;
  kind: 'text' | 'number' | 'boolean';
}

/** An editor for what a condition compares with, by what the values are. */
function Values({ condition, onChange, label, event, kind }: ValuesProps) {
  const { words } = useExplore();
  const { t, format } = words;
  const { slug } = useOrganization();
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search, 200);
  const of = operandOf(condition);
  const listable = kind === 'text' && of.field !== 'value';
  const { data } = useQuery({ ...valuesQuery(slug, of, of.attribute === undefined ? event : undefined, asked), enabled: listable });
  const [value = ''] = condition.values;
  const set = (next: string, typing = true) => onChange({ ...condition, values: next === '' ? [] : [next] }, typing);
  const counts = new Map((data?.items ?? []).map((item) => [item.value, item.count]));
  const suggestions = [...counts.keys()].filter((text) => text !== '');
  const several = condition.operator === 'in' || condition.operator === 'not_in';
  const option = ({ option: { value: text } }: { option: { value: string } }) => (
    <span className={classes.option}>
      <span>{text}</span>
      {counts.has(text) && <span className={classes.count}>{format.compact(counts.get(text)!)}</span>}
    </span>
  );

  if (several) {
    return (
      <TagsInput
        size="xs"
        aria-label={label}
        placeholder={condition.values.length === 0 ? t('explore.valuesHint') : undefined}
        data={suggestions}
        value={condition.values}
        onChange={(values) => onChange({ ...condition, values })}
        searchValue={search}
        onSearchChange={setSearch}
        filter={({ options }) => options}
        renderOption={option}
        maxDropdownHeight={240}
        splitChars={[]}
        acceptValueOnBlur
      />
    );
  }
  if (kind === 'boolean') {
    return (
      <Select
        size="xs"
        aria-label={label}
        allowDeselect={false}
        data={[
          { value: 'true', label: t('explore.true') },
          { value: 'false', label: t('explore.false') },
        ]}
        value={value || null}
        placeholder={t('explore.valueHint')}
        onChange={(next) => next && set(next, false)}
      />
    );
  }
  if (kind === 'number' || of.field === 'value' || /^(greater|less)/.test(condition.operator)) {
    return (
      <NumberInput
        size="xs"
        aria-label={label}
        placeholder={t('explore.numberHint')}
        value={value === '' ? '' : Number(value)}
        onChange={(next) => set(next === '' ? '' : String(next))}
        decimalScale={6}
        hideControls
      />
    );
  }
  if (condition.operator === 'equal' || condition.operator === 'not_equal') {
    return (
      <Autocomplete
        size="xs"
        aria-label={label}
        placeholder={t('explore.valueHint')}
        data={suggestions}
        value={value}
        onChange={(next) => {
          setSearch(next);
          set(next);
        }}
        filter={({ options }) => options}
        renderOption={option}
        maxDropdownHeight={240}
      />
    );
  }
  return (
    <TextInput
      size="xs"
      aria-label={label}
      placeholder={t('explore.textHint')}
      value={value}
      onChange={(e) => set(e.currentTarget.value)}
    />
  );
}

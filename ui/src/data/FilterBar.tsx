import { ActionIcon, Button, CloseButton, Group, Popover, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useEffect, useState, type FormEvent } from 'react';
import type { DataColumn, DataRelation } from '../api/data.types';
import { Icon } from '../components/Icon';
import { useFormat, useT } from '../i18n/I18n';
import { usePlainT } from '../i18n/usePlainT';
import classes from './Data.module.css';
import { FieldInput } from './FieldInput';
import { columnOf, isWhole, needsValue, operators, operatorsFor, type Filter, type Match, type Operator } from './filters';
import { kindOf } from './kinds';
import { referenceOf } from './useLabels';
import { draftOf, valueOf } from './values';
import { isHidden } from './view';
import { operatorWords } from './words';

interface FilterBarProps {
  relation: DataRelation;
  filters: Filter[];
  match: Match;
  change: (filters: Filter[], match: Match) => void;
}

/** What is asked for, one chip a condition; each opens the sentence it stands for. */
export function FilterBar({ relation, filters, match, change }: FilterBarProps) {
  const t = useT();
  const plain = usePlainT();
  const { zone } = useFormat();
  const [open, setOpen] = useState(false);
  const words = (filter: Filter) => {
    const column = relation.columns.find((c) => c.name === columnOf(filter));
    const value =
      column && kindOf(column) === 'moment' ? (draftOf(column, filter.value, zone)?.replace('T', ' ') ?? filter.value) : filter.value;
    return [filter.column, plain(operatorWords[filter.operator]), needsValue(filter.operator) ? value : ''].filter(Boolean).join(' ');
  };
  return (
    <>
      <Popover opened={open} onChange={setOpen} position="bottom-start" width="min(46rem, calc(100vw - 2rem))" trapFocus returnFocus>
        <Popover.Target>
          <Button
            variant={filters.length > 0 ? 'light' : 'default'}
            leftSection={<Icon name="adjust" />}
            onClick={() => setOpen(!open)}
            aria-expanded={open}
          >
            {filters.length > 0 ? t('data.filters', { count: filters.length }) : t('data.filter')}
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label={t('data.filter')}>
          <Builder
            relation={relation}
            filters={filters}
            match={match}
            apply={(next, how) => {
              change(next, how);
              setOpen(false);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {filters.length > 1 && <span className={classes.quiet}>{match === 'any' ? t('data.match.any') : t('data.match.all')}</span>}
      {filters.map((filter, i) => (
        <span key={i} className={classes.chip}>
          <button type="button" className={classes.chipWords} onClick={() => setOpen(true)}>
            {words(filter)}
          </button>
          <CloseButton
            size="xs"
            aria-label={t('data.filter.remove', { filter: words(filter) })}
            onClick={() =>
              change(
                filters.filter((_, j) => j !== i),
                match,
              )
            }
          />
        </span>
      ))}
    </>
  );
}

interface BuilderProps {
  relation: DataRelation;
  filters: Filter[];
  match: Match;
  apply: (filters: Filter[], match: Match) => void;
}

function Builder({ relation, filters, match, apply }: BuilderProps) {
  const t = useT();
  const columns = relation.columns.filter((column) => !isHidden(column) || kindOf(column) === 'search');
  const fresh = (column: DataColumn): Filter => ({ column: column.name, operator: operatorsFor(column)[0]!, value: '' });
  const [list, setList] = useState<Filter[]>(
    filters.length > 0 || !columns[0] ? filters : [fresh(columns.find((c) => kindOf(c) === 'text') ?? columns[0])],
  );
  const [how, setHow] = useState<Match>(match);
  useEffect(() => setHow(match), [match]);
  const put = (i: number, next: Filter) => setList(list.map((filter, j) => (i === j ? next : filter)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    apply(list.filter(isWhole), how);
  };
  return (
    <form onSubmit={submit} className={classes.builder}>
      {list.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label={t('data.match')}
          value={how}
          onChange={(value) => setHow(value as Match)}
          data={[
            { value: 'all', label: t('data.match.all') },
            { value: 'any', label: t('data.match.any') },
          ]}
        />
      )}
      {list.map((filter, i) => (
        <Condition
          key={i}
          relation={relation}
          columns={columns}
          filter={filter}
          put={(next) => put(i, next)}
          remove={() => setList(list.filter((_, j) => j !== i))}
        />
      ))}
      <Group justify="space-between" gap="xs">
        <Button
          variant="subtle"
          size="xs"
          leftSection={<Icon name="plus" />}
          onClick={() => columns[0] && setList([...list, fresh(columns[0])])}
        >
          {t('data.filter.add')}
        </Button>
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={() => apply([], 'all')}>
            {t('data.filter.clear')}
          </Button>
          <Button type="submit" size="xs">
            {t('action.apply')}
          </Button>
        </Group>
      </Group>
    </form>
  );
}

interface ConditionProps {
  relation: DataRelation;
  columns: DataColumn[];
  filter: Filter;
  put: (filter: Filter) => void;
  remove: () => void;
}

function Condition({ relation, columns, filter, put, remove }: ConditionProps) {
  const t = useT();
  const plain = usePlainT();
  const { zone } = useFormat();
  const column = columns.find((c) => c.name === columnOf(filter));
  if (!column) return null;
  const path = filter.column.includes('->') ? filter.column.slice(filter.column.lastIndexOf('>') + 1) : '';
  const allowed = operatorsFor(column, path !== '');
  const choose = (name: string | null) => {
    const next = columns.find((c) => c.name === name);
    if (next) put({ column: next.name, operator: operatorsFor(next)[0]!, value: '' });
  };
  const single =
    !('list' in operators[filter.operator]) &&
    path === '' &&
    ['boolean', 'choice', 'date', 'moment', 'local', 'number', 'uuid'].includes(kindOf(column));
  const reference = filter.operator === 'eq' || filter.operator === 'neq' ? referenceOf(relation, column.name) : undefined;
  const moment = kindOf(column) === 'moment';
  return (
    <div className={classes.condition}>
      <Select
        size="xs"
        aria-label={t('data.column')}
        data={columns.map((c) => c.name)}
        value={column.name}
        onChange={choose}
        searchable
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
      />
      {kindOf(column) === 'json' && (
        <TextInput
          size="xs"
          aria-label={t('data.path')}
          placeholder={t('data.path')}
          value={path}
          onChange={(event) => {
            const name = event.currentTarget.value.replace(/[.,>()"]/g, '');
            const full = name ? `${column.name}->>${name}` : column.name;
            const fits = operatorsFor(column, name !== '').includes(filter.operator);
            put({ ...filter, column: full, operator: fits ? filter.operator : operatorsFor(column, name !== '')[0]! });
          }}
        />
      )}
      <Select
        size="xs"
        aria-label={t('data.operator')}
        data={allowed.map((operator) => ({ value: operator, label: plain(operatorWords[operator]) }))}
        value={filter.operator}
        onChange={(next) => next && put({ ...filter, operator: next as Operator })}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
      />
      {needsValue(filter.operator) ? (
        single || reference ? (
          <FieldInput
            size="xs"
            column={column}
            reference={reference}
            label={t('data.value')}
            placeholder={t('data.value')}
            value={filter.value === '' ? undefined : moment ? draftOf(column, filter.value, zone) : filter.value}
            onChange={(value) => {
              const read = moment && value ? valueOf(column, value, zone) : null;
              put({ ...filter, value: read && 'value' in read ? String(read.value) : (value ?? '') });
            }}
          />
        ) : (
          <TextInput
            size="xs"
            aria-label={t('data.value')}
            placeholder={
              'list' in operators[filter.operator]
                ? t('data.values')
                : kindOf(column) === 'list'
                  ? '{a,b}'
                  : kindOf(column) === 'json' && path === ''
                    ? '{"key": "value"}'
                    : t('data.value')
            }
            value={filter.value}
            onChange={(event) => put({ ...filter, value: event.currentTarget.value })}
          />
        )
      ) : (
        <span />
      )}
      <ActionIcon variant="subtle" color="gray" aria-label={t('data.filter.drop')} onClick={remove}>
        <Icon name="close" />
      </ActionIcon>
    </div>
  );
}

import { ActionIcon, Button, Popover, Select } from '@mantine/core';
import type { DataRelation } from '../api/data.types';
import { Icon } from '../components/Icon';
import { useT } from '../i18n/I18n';
import classes from './Data.module.css';
import { isHidden, type Sort } from './view';

interface SortMenuProps {
  relation: DataRelation;
  sort: Sort[];
  change: (sort: Sort[]) => void;
}

/** By one column or several, the first first; nulls come last either way. */
export function SortMenu({ relation, sort, change }: SortMenuProps) {
  const t = useT();
  const free = relation.columns.filter((column) => !isHidden(column) && !sort.some((s) => s.column === column.name));
  return (
    <Popover position="bottom-start" width={360} trapFocus returnFocus>
      <Popover.Target>
        <Button variant={sort.length > 0 ? 'light' : 'default'} leftSection={<Icon name="down" />}>
          {sort.length > 0 ? t('data.sorts', { count: sort.length }) : t('data.sort')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label={t('data.sort')}>
        <ol className={classes.columnList}>
          {sort.map((s, i) => (
            <li key={s.column}>
              <span>{s.column}</span>
              <span className={classes.columnActs}>
                <Button
                  variant="default"
                  size="compact-xs"
                  onClick={() => change(sort.map((other, j) => (i === j ? { ...s, descending: !s.descending } : other)))}
                >
                  {s.descending ? t('data.sort.down') : t('data.sort.up')}
                </Button>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="sm"
                  disabled={i === 0}
                  aria-label={t('data.sort.earlier', { column: s.column })}
                  onClick={() => change([...sort.slice(0, i - 1), s, sort[i - 1]!, ...sort.slice(i + 1)])}
                >
                  <Icon name="up" size={14} />
                </ActionIcon>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size="sm"
                  aria-label={t('data.sort.remove', { column: s.column })}
                  onClick={() => change(sort.filter((_, j) => i !== j))}
                >
                  <Icon name="close" size={14} />
                </ActionIcon>
              </span>
            </li>
          ))}
        </ol>
        <Select
          size="xs"
          mt={4}
          aria-label={t('data.sort.add')}
          placeholder={t('data.sort.add')}
          data={free.map((column) => column.name)}
          value={null}
          searchable
          onChange={(name) => name && change([...sort, { column: name, descending: false }])}
          comboboxProps={{ withinPortal: false }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

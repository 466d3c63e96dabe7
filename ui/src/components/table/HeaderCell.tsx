import { UnstyledButton } from '@mantine/core';
import { Icon } from '../Icon';
import { nextSort, sortOf, type Column } from './columns';
import classes from './DataTable.module.css';

interface HeaderCellProps<T> {
  column: Column<T>;
  sort?: string;
  onSort?: (sort: string) => void;
}

export function HeaderCell<T>({ column, sort, onSort }: HeaderCellProps<T>) {
  const { sort: name, firstSort } = column;
  const state = name ? sortOf(sort, name) : 'none';
  return (
    <th
      scope="col"
      data-align={column.align}
      data-phone={column.phone || undefined}
      style={{ width: column.width }}
      aria-sort={name && onSort ? state : undefined}
    >
      {name && onSort ? (
        <UnstyledButton
          className={classes.sort}
          data-sorted={state !== 'none' || undefined}
          onClick={() => onSort(nextSort(sort, { sort: name, firstSort }))}
        >
          {column.label}
          <Icon name={state === 'ascending' ? 'up' : 'down'} size={12} />
        </UnstyledButton>
      ) : (
        column.label
      )}
    </th>
  );
}

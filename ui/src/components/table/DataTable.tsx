import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { rowHeights, type Column, type Density } from './columns';
import classes from './DataTable.module.css';
import { HeaderCell } from './HeaderCell';
import { useGridKeys } from './useGridKeys';

/** Fewer rows than this are simply drawn. */
const virtualFrom = 100;

export interface DataTableProps<T> {
  label: string;
  rows: T[];
  columns: Column<T>[];
  rowKey: (row: T) => string;
  rowLabel: (row: T) => string;
  /** Enter, or a click when there is no preview. */
  onOpen: (row: T) => void;
  /** A click, or the space bar: the side panel. */
  onPeek?: (row: T) => void;
  selectedKey?: string;
  sort?: string;
  onSort?: (sort: string) => void;
  /** How many rows there are in all, when more can be loaded; null when nobody knows exactly. */
  total?: number | null;
  /** The end of what is loaded has come into view. */
  onEnd?: () => void;
  density?: Density;
  footer?: ReactNode;
}

/**
 * A grid in the sense of ARIA: one row can be reached with Tab, arrows move between rows,
 * Enter opens, Space previews. Rows out of view are replaced by a spacer of their height.
 */
export function DataTable<T>({ rows, columns, rowKey, rowLabel, density = 'comfortable', ...props }: DataTableProps<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const height = rowHeights[density];
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
  });
  useEffect(() => virtualizer.measure(), [height, virtualizer]);

  const shown = virtualizer.getVirtualItems();
  const virtual = rows.length > virtualFrom && shown.length > 0;
  const first = virtual ? (shown[0]?.index ?? 0) : 0;
  const last = virtual ? (shown.at(-1)?.index ?? 0) : rows.length - 1;
  const { onEnd } = props;
  const nearEnd = rows.length > 0 && last >= rows.length - 15;
  useEffect(() => {
    if (nearEnd && virtual) onEnd?.();
  }, [nearEnd, virtual, onEnd, rows.length]);

  const reveal = (index: number) => virtual && virtualizer.scrollToIndex(index, { align: 'auto' });
  const keys = useGridKeys({ count: rows.length, active, setActive, scroller, reveal });

  const spacer = (count: number, key: string) =>
    count > 0 && (
      <tr key={key} aria-hidden="true" style={{ height: count * height }}>
        <td colSpan={columns.length} />
      </tr>
    );

  return (
    <div
      ref={scroller}
      className={classes.scroller}
      data-density={density}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        if (scrollHeight - scrollTop - clientHeight < 600) onEnd?.();
      }}
    >
      <table
        className={classes.table}
        role="grid"
        aria-label={props.label}
        aria-rowcount={props.total === null ? -1 : (props.total ?? rows.length) + 1}
      >
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {virtual && spacer(first, 'before')}
          {rows.slice(first, last + 1).map((row, i) => {
            const index = first + i;
            return (
              <tr
                key={rowKey(row)}
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={rowKey(row) === props.selectedKey}
                aria-label={rowLabel(row)}
                tabIndex={index === Math.min(active, rows.length - 1) ? 0 : -1}
                className={classes.row}
                style={{ height }}
                onFocus={() => setActive(index)}
                onClick={(event) => {
                  if ((event.target as HTMLElement).closest('a, button')) return;
                  (props.onPeek ?? props.onOpen)(row);
                }}
                onKeyDown={(event) => {
                  if (event.target !== event.currentTarget) return;
                  if (event.key === 'Enter') props.onOpen(row);
                  else if (event.key === ' ') (props.onPeek ?? props.onOpen)(row);
                  else return keys(event);
                  event.preventDefault();
                }}
              >
                {columns.map((column) => (
                  <td key={column.id} data-align={column.align} data-phone={column.phone || undefined}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {virtual && spacer(rows.length - 1 - last, 'after')}
        </tbody>
      </table>
      {props.footer}
    </div>
  );
}

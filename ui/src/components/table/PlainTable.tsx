import type { ReactNode } from 'react';
import classes from './PlainTable.module.css';

export interface PlainColumn {
  label: string;
  align?: 'right';
  /** Left out where there is little width. */
  wideOnly?: boolean;
}

interface PlainTableProps {
  label: string;
  columns: PlainColumn[];
  rows: ReactNode[][];
  footer?: ReactNode[][];
  /** Long tables scroll inside this height. */
  maxHeight?: number;
}

/** A small table to be read: nothing in it is chosen or opened as a row. */
export function PlainTable({ label, columns, rows, footer, maxHeight }: PlainTableProps) {
  const cells = (row: ReactNode[]) =>
    row.map((cell, i) => (
      <td key={i} data-align={columns[i]?.align} data-wide={columns[i]?.wideOnly || undefined}>
        {cell}
      </td>
    ));
  return (
    // A scrolling region has to be reachable by keyboard.
    <div className={classes.scroller} style={{ maxHeight }} tabIndex={0} role="group" aria-label={label}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.label} scope="col" data-align={column.align} data-wide={column.wideOnly || undefined}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>{cells(row)}</tr>
          ))}
        </tbody>
        {footer && (
          <tfoot>
            {footer.map((row, i) => (
              <tr key={i}>{cells(row)}</tr>
            ))}
          </tfoot>
        )}
      </table>
    </div>
  );
}

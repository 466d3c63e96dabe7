import { Checkbox, Popover, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import type { DataColumn, DataRelation, DataRow } from '../api/data.types';
import { writeJson } from '../api/json';
import { useAnnounce } from '../components/Announcer';
import { Icon } from '../components/Icon';
import { useFormat, useT } from '../i18n/I18n';
import { useOrganization } from '../shell/organization';
import { CellEditor } from './CellEditor';
import classes from './Data.module.css';
import { GridHead } from './GridHead';
import { kindOf } from './kinds';
import { referenceOf, useLabels } from './useLabels';
import type { useWrites } from './useWrites';
import { keyText, shown } from './values';
import { clickSort, leastWidth, moved, widthOf, type Sort, type View } from './view';

const rowHeight = 34;
const virtualFrom = 60;
const markWidth = 68;

interface Place {
  /** −1: the header. */
  row: number;
  /** 0: where rows are marked and opened. */
  column: number;
}

export interface GridProps {
  relation: DataRelation;
  view: View;
  rows: DataRow[];
  total: number | null;
  marked: ReadonlySet<string>;
  mark: (keys: Set<string>) => void;
  opened: string | undefined;
  open: (key: string) => void;
  sortBy: (sort: Sort[]) => void;
  arrange: (columns: string[]) => void;
  widen: (column: string, width: number) => void;
  writes: ReturnType<typeof useWrites>;
}

/**
 * A grid in the sense of ARIA: one cell can be reached with Tab, arrows move between cells, Enter or F2 edits, Space opens the
 * row, Escape leaves. In the header Enter sorts (with Shift: as well), Alt with an arrow moves the column, with Shift too it makes it wider.
 */
export function Grid(props: GridProps) {
  const { relation, view, rows, marked, mark, writes } = props;
  const t = useT();
  const { zone } = useFormat();
  const announce = useAnnounce();
  const { slug } = useOrganization();
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<Place>({ row: 0, column: 1 });
  const [editing, setEditing] = useState<(Place & { first?: string }) | null>(null);
  const labels = useLabels(
    relation,
    view.columns.map((column) => column.name),
    rows,
  );
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const items = virtualizer.getVirtualItems();
  const virtual = rows.length > virtualFrom && items.length > 0;
  const from = virtual ? (items[0]?.index ?? 0) : 0;
  const to = virtual ? (items.at(-1)?.index ?? 0) : rows.length - 1;
  const marks = relation.key.length > 0;
  const names = view.columns.map((column) => column.name);
  const current: Place = { row: Math.min(at.row, rows.length - 1), column: Math.min(at.column, view.columns.length) };

  // The cell may only exist after the list has drawn what it scrolled to.
  const focusCell = (place: Place, tries = 20) => {
    const cell = scroller.current?.querySelector<HTMLElement>(`[data-at="${place.row}:${place.column}"]`);
    if (cell) {
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    } else if (tries > 0) requestAnimationFrame(() => focusCell(place, tries - 1));
  };
  const go = (place: Place) => {
    const next = {
      row: Math.max(-1, Math.min(rows.length - 1, place.row)),
      column: Math.max(0, Math.min(view.columns.length, place.column)),
    };
    setAt(next);
    if (virtual && next.row >= 0) virtualizer.scrollToIndex(next.row, { align: 'auto' });
    focusCell(next);
  };
  const editable = (column: DataColumn | undefined) =>
    Boolean(column?.update && relation.may.update && marks && kindOf(column) !== 'bytes' && kindOf(column) !== 'search');
  const close = (place: Place, move?: 'down' | 'right') => {
    setEditing(null);
    go(move === 'down' ? { ...place, row: place.row + 1 } : move === 'right' ? { ...place, column: place.column + 1 } : place);
  };
  const toggle = (key: string) => {
    const next = new Set(marked);
    if (!next.delete(key)) next.add(key);
    mark(next);
  };

  // A column that was moved by the keyboard keeps the focus where it has gone.
  const follow = useRef<string | null>(null);
  const order = names.join();
  useEffect(() => {
    if (follow.current === null) return;
    const place = { row: -1, column: order.split(',').indexOf(follow.current) + 1 };
    follow.current = null;
    setAt(place);
    focusCell(place);
  }, [order]);

  // What opened over the page gives the focus back to the cell it came from.
  const wasOpen = useRef(props.opened);
  useEffect(() => {
    if (wasOpen.current !== undefined && props.opened === undefined) focusCell(current);
    wasOpen.current = props.opened;
  });

  const moves = (event: KeyboardEvent, { row, column }: Place): Place | null => {
    const whole = event.ctrlKey || event.metaKey;
    switch (event.key) {
      case 'ArrowDown':
        return { row: row + 1, column };
      case 'ArrowUp':
        return { row: row - 1, column };
      case 'ArrowLeft':
        return { row, column: column - 1 };
      case 'ArrowRight':
        return { row, column: column + 1 };
      case 'Home':
        return { row: whole ? 0 : row, column: 0 };
      case 'End':
        return { row: whole ? rows.length - 1 : row, column: view.columns.length };
      case 'PageDown':
        return { row: row + 15, column };
      case 'PageUp':
        return { row: Math.max(0, row - 15), column };
      default:
        return null;
    }
  };

  const onHeaderKey = (event: KeyboardEvent, index: number, column: DataColumn | undefined) => {
    const place = { row: -1, column: index };
    if (event.altKey && column && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
      event.preventDefault();
      const step = event.key === 'ArrowLeft' ? -1 : 1;
      if (event.shiftKey) return props.widen(column.name, Math.max(leastWidth, widthOf(view, column) + step * 24));
      const target = names.indexOf(column.name) + step;
      if (target < 0 || target >= names.length) return;
      props.arrange(moved(names, column.name, step < 0 ? names[target]! : (names[target + 1] ?? null)));
      follow.current = column.name;
      return;
    }
    if (event.key === 'Enter' && column) {
      event.preventDefault();
      return props.sortBy(clickSort(view.sort, column.name, event.shiftKey));
    }
    if (event.key === ' ' && index === 0) {
      event.preventDefault();
      return markAll();
    }
    const next = moves(event, place);
    if (!next) return;
    event.preventDefault();
    go(next);
  };

  const onCellKey = (event: KeyboardEvent, place: Place, row: DataRow, column: DataColumn | undefined) => {
    if (event.target !== event.currentTarget) return;
    const key = keyText(relation.key, row);
    const whole = event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' || event.key === 'F2') {
      event.preventDefault();
      if (column && editable(column)) setEditing(place);
      else if (marks) props.open(key);
    } else if (event.key === ' ') {
      event.preventDefault();
      if (!marks) return;
      if (!column || event.shiftKey) toggle(key);
      else props.open(key);
    } else if (whole && event.key === 'c' && column && !window.getSelection()?.toString()) {
      event.preventDefault();
      const value = row[column.name];
      void navigator.clipboard?.writeText(
        value === null || value === undefined ? '' : typeof value === 'object' ? writeJson(value) : String(value),
      );
      announce(t('copy.done'));
    } else if (
      event.key.length === 1 &&
      !whole &&
      !event.altKey &&
      editable(column) &&
      column &&
      ['text', 'number'].includes(kindOf(column)) &&
      !referenceOf(relation, column.name)
    ) {
      event.preventDefault();
      setEditing({ ...place, first: event.key });
    } else {
      const next = moves(event, place);
      if (!next) return;
      event.preventDefault();
      go(next);
    }
  };

  const allMarked = rows.length > 0 && rows.every((row) => marked.has(keyText(relation.key, row)));
  const markAll = () => mark(allMarked ? new Set() : new Set(rows.map((row) => keyText(relation.key, row))));
  const offsets: Record<string, number> = {};
  let left = markWidth;
  for (const column of view.columns) {
    if (!view.pinned.includes(column.name)) break;
    offsets[column.name] = left;
    left += widthOf(view, column);
  }
  const stick = (column: DataColumn): CSSProperties | undefined =>
    column.name in offsets ? { position: 'sticky', left: offsets[column.name] } : undefined;
  const width = view.columns.reduce((sum, column) => sum + widthOf(view, column), markWidth);
  const spacer = (count: number, id: string) =>
    count > 0 && (
      <tr key={id} aria-hidden="true" style={{ height: count * rowHeight }}>
        <td colSpan={view.columns.length + 1} />
      </tr>
    );

  return (
    <div ref={scroller} className={classes.scroller}>
      <table
        className={classes.grid}
        role="grid"
        data-writable={relation.may.update || undefined}
        aria-label={`${relation.schema}.${relation.name}`}
        aria-rowcount={props.total === null ? -1 : props.total + 1}
        aria-colcount={view.columns.length + 1}
        aria-multiselectable={marks || undefined}
        style={{ width }}
      >
        <colgroup>
          <col style={{ width: markWidth }} />
          {view.columns.map((column) => (
            <col key={column.name} style={{ width: widthOf(view, column) }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th
              scope="col"
              className={classes.mark}
              data-at="-1:0"
              tabIndex={current.row === -1 && current.column === 0 ? 0 : -1}
              onFocus={() => setAt({ row: -1, column: 0 })}
              onKeyDown={(event) => event.target === event.currentTarget && onHeaderKey(event, 0, undefined)}
            >
              {marks ? (
                <Checkbox
                  size="xs"
                  tabIndex={-1}
                  aria-label={t('data.markAll')}
                  checked={allMarked}
                  indeterminate={!allMarked && marked.size > 0}
                  onChange={markAll}
                />
              ) : (
                <VisuallyHidden>{t('data.markAll')}</VisuallyHidden>
              )}
            </th>
            {view.columns.map((column, i) => (
              <GridHead
                key={column.name}
                column={column}
                index={i + 1}
                props={props}
                names={names}
                style={stick(column)}
                tabbable={current.row === -1 && current.column === i + 1}
                onFocus={() => setAt({ row: -1, column: i + 1 })}
                onKeyDown={(event) => onHeaderKey(event, i + 1, column)}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {virtual && spacer(from, 'before')}
          {rows.slice(from, to + 1).map((row, i) => {
            const index = from + i;
            const key = keyText(relation.key, row);
            return (
              <tr
                key={marks ? key : index}
                aria-rowindex={(view.page - 1) * view.size + index + 2}
                aria-selected={marks ? marked.has(key) : undefined}
                data-open={(marks && key === props.opened) || undefined}
              >
                <td
                  role="gridcell"
                  className={classes.mark}
                  data-at={`${index}:0`}
                  tabIndex={current.row === index && current.column === 0 ? 0 : -1}
                  onFocus={(event) => event.target === event.currentTarget && setAt({ row: index, column: 0 })}
                  onKeyDown={(event) => onCellKey(event, { row: index, column: 0 }, row, undefined)}
                >
                  {marks && (
                    <span className={classes.markParts}>
                      <Checkbox
                        size="xs"
                        tabIndex={-1}
                        aria-label={t('data.mark', { key })}
                        checked={marked.has(key)}
                        onChange={() => toggle(key)}
                      />
                      <UnstyledButton
                        className={classes.opener}
                        tabIndex={-1}
                        aria-label={t('data.open', { key })}
                        onClick={() => props.open(key)}
                      >
                        <Icon name="open" size={14} />
                      </UnstyledButton>
                    </span>
                  )}
                </td>
                {view.columns.map((column, c) => {
                  const place = { row: index, column: c + 1 };
                  const value = row[column.name];
                  const reference = referenceOf(relation, column.name);
                  const text = shown(column, value, zone);
                  const label = value === null || value === undefined ? undefined : labels[column.name]?.[String(value)];
                  const edits = editing?.row === index && editing.column === c + 1;
                  const content = (
                    <span className={classes.value} data-null={value === null || value === undefined || undefined}>
                      {value === null || value === undefined
                        ? t('data.null')
                        : kindOf(column) === 'boolean'
                          ? t(value ? 'data.true' : 'data.false')
                          : (label ?? text)}
                    </span>
                  );
                  return (
                    <td
                      key={column.name}
                      role="gridcell"
                      data-at={`${index}:${c + 1}`}
                      data-kind={kindOf(column)}
                      data-labelled={label !== undefined || undefined}
                      data-pinned={column.name in offsets || undefined}
                      style={stick(column)}
                      title={label ? `${label} · ${text}` : text}
                      aria-readonly={!editable(column)}
                      tabIndex={current.row === index && current.column === c + 1 ? 0 : -1}
                      onFocus={(event) => event.target === event.currentTarget && setAt(place)}
                      onDoubleClick={() => editable(column) && setEditing(place)}
                      onKeyDown={(event) => onCellKey(event, place, row, column)}
                    >
                      {edits ? (
                        <Popover
                          opened
                          position="bottom-start"
                          offset={2}
                          trapFocus={false}
                          withRoles={false}
                          withinPortal
                          onChange={(opened) => !opened && setEditing(null)}
                          closeOnEscape={false}
                          width={kindOf(column) === 'json' ? 460 : Math.max(300, widthOf(view, column))}
                        >
                          <Popover.Target>
                            <span className={classes.value}>{content}</span>
                          </Popover.Target>
                          <Popover.Dropdown p="xs" role="dialog" aria-label={t('data.edit', { column: column.name })}>
                            <CellEditor
                              relation={relation}
                              column={column}
                              row={row}
                              writes={writes}
                              first={editing.first}
                              close={(move) => close(place, move)}
                            />
                          </Popover.Dropdown>
                        </Popover>
                      ) : (
                        <span className={classes.cell}>
                          {content}
                          {reference && value !== null && value !== undefined && (
                            <Link
                              to="/o/$slug/data/$schema/$relation"
                              params={{ slug, schema: reference.schema, relation: reference.relation }}
                              search={{ where: `${reference.to[0]}.eq.${String(value)}`, row: String(value) }}
                              className={classes.follow}
                              tabIndex={-1}
                              aria-label={t('data.follow', { relation: reference.relation })}
                            >
                              <Icon name="same" size={12} />
                            </Link>
                          )}
                        </span>
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
          {virtual && spacer(rows.length - 1 - to, 'after')}
        </tbody>
      </table>
    </div>
  );
}

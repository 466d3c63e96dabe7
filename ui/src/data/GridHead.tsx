import { UnstyledButton } from '@mantine/core';
import { useEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from 'react';
import type { DataColumn } from '../api/data.types';
import { Icon } from '../components/Icon';
import { useT } from '../i18n/I18n';
import classes from './Data.module.css';
import type { GridProps } from './Grid';
import { clickSort, leastWidth, moved, widthOf } from './view';

interface HeadProps {
  column: DataColumn;
  index: number;
  props: GridProps;
  names: string[];
  style: CSSProperties | undefined;
  tabbable: boolean;
  onFocus: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/** A column's head: a click sorts, with Shift as well as before; dragged it moves, at its edge it widens. */
export function GridHead({ column, index, props, names, style, tabbable, onFocus, onKeyDown }: HeadProps) {
  const t = useT();
  const { view, widen, arrange, sortBy } = props;
  const [over, setOver] = useState(false);
  const at = view.sort.findIndex((sort) => sort.column === column.name);
  const sort = view.sort[at];
  const drag = useRef<{ x: number; width: number } | null>(null);
  const cell = useRef<HTMLTableCellElement>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  useEffect(() => setDragged(null), [view.widths]);
  const down = (event: PointerEvent) => {
    event.preventDefault();
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, width: widthOf(view, column) };
  };
  const move = (event: PointerEvent) =>
    drag.current && setDragged(Math.max(leastWidth, Math.round(drag.current.width + event.clientX - drag.current.x)));
  const up = () => {
    if (drag.current && dragged !== null) widen(column.name, dragged);
    drag.current = null;
  };
  return (
    <th
      ref={cell}
      scope="col"
      style={style}
      data-over={over || undefined}
      data-pinned={style !== undefined || undefined}
      aria-sort={sort ? (sort.descending ? 'descending' : 'ascending') : 'none'}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('text/x-column')) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const name = event.dataTransfer.getData('text/x-column');
        if (names.includes(name)) arrange(moved(names, name, column.name));
      }}
    >
      <UnstyledButton
        className={classes.head}
        data-at={`-1:${index}`}
        data-sorted={sort !== undefined || undefined}
        tabIndex={tabbable ? 0 : -1}
        draggable
        onDragStart={(event) => event.dataTransfer.setData('text/x-column', column.name)}
        onFocus={onFocus}
        onKeyDown={onKeyDown}
        onClick={(event) => sortBy(clickSort(view.sort, column.name, event.shiftKey))}
        title={[column.name, column.type, column.comment].filter(Boolean).join('\n')}
      >
        <span className={classes.headLine}>
          <span className={classes.headName}>{column.name}</span>
          {sort && <Icon name={sort.descending ? 'down' : 'up'} size={12} />}
          {sort && view.sort.length > 1 && <span className={classes.headPlace}>{at + 1}</span>}
        </span>
        <span className={classes.headType} aria-hidden="true">
          {column.base.replace(/^_(.*)$/, '$1[]')}
        </span>
      </UnstyledButton>
      <span
        className={classes.edge}
        aria-hidden="true"
        title={t('data.widen')}
        style={dragged === null ? undefined : { right: widthOf(view, column) - dragged }}
        data-dragged={dragged !== null || undefined}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
      />
    </th>
  );
}

import { UnstyledButton, VisuallyHidden } from '@mantine/core';
import classes from './BarList.module.css';

export interface BarItem {
  key: string;
  name: string;
  value: number;
  shown: string;
  exact: string;
  note?: string;
  selected?: boolean;
  /** Absent for what cannot be chosen, such as "all others". */
  onSelect?: () => void;
}

/** Bars with their names and figures on them, as a list: it needs no legend, no axis and no canvas. */
export function BarList({ label, items }: { label: string; items: BarItem[] }) {
  const top = Math.max(...items.map((item) => item.value), 0) || 1;
  return (
    <ul className={classes.list} aria-label={label}>
      {items.map((item) => (
        <li key={item.key}>
          {item.onSelect ? (
            <UnstyledButton className={classes.item} aria-pressed={item.selected ?? false} onClick={item.onSelect}>
              <Bar item={item} top={top} />
            </UnstyledButton>
          ) : (
            <div className={classes.item}>
              <Bar item={item} top={top} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function Bar({ item, top }: { item: BarItem; top: number }) {
  return (
    <>
      <span className={classes.bar} style={{ width: `${(Math.max(0, item.value) / top) * 100}%` }} aria-hidden="true" />
      <span className={classes.name}>{item.name}</span>
      <span className={classes.value} title={item.exact}>
        <span aria-hidden="true">{item.shown}</span>
        <VisuallyHidden>{item.exact}</VisuallyHidden>
      </span>
      {item.note && <span className={classes.note}>{item.note}</span>}
    </>
  );
}

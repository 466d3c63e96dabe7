import { ActionIcon, Button, Checkbox, Select, Tooltip } from '@mantine/core';
import { useRef, type KeyboardEvent } from 'react';
import { measures, type Measure } from '../../api/analytics.types';
import { useAnnounce } from '../../components/Announcer';
import { categorical } from '../../components/chart/palette';
import { Icon } from '../../components/Icon';
import { isPlainOrder, mostEvents, moved, type Draft } from '../draft';
import { useExplore } from '../ExploreContext';
import classes from '../Explore.module.css';
import { measureNames } from '../words';
import { Remove, type Change } from './Conditions';
import { OperandPicker } from './OperandPicker';
import { SelectorEditor } from './SelectorEditor';

/** The lines of a trend or the steps of a funnel: added, removed and put in order, with the mouse or with Alt and the arrow keys. */
export function EventList({ draft, onChange }: { draft: Draft; onChange: Change<Draft> }) {
  const { words } = useExplore();
  const { t } = words;
  const announce = useAnnounce();
  const list = useRef<HTMLOListElement>(null);
  // Without a breakdown each line has the colour of its letter.
  const colored = draft.kind === 'trend' && draft.events.length > 1 && draft.breakdown.length === 0;
  const funnel = draft.kind === 'funnel';
  const events = draft.events.length > 0 ? draft.events : [{}];
  const most = mostEvents[funnel ? 'funnel' : 'trend'];
  const nameOf = (i: number) => (funnel ? t('explore.step', { number: i + 1 }) : t('explore.lineNumber', { number: i + 1 }));
  const put = (next: Draft['events'], typing?: boolean) => onChange({ ...draft, events: next }, typing);

  const move = (from: number, to: number) => {
    if (to < 0 || to >= events.length) return;
    put(moved(events, from, to));
    announce(t('explore.moved', { event: words.selector(events[from]!), number: to + 1 }));
    // The focus goes along with what was moved.
    const typing = document.activeElement instanceof HTMLInputElement;
    requestAnimationFrame(() =>
      list.current?.children[to]?.querySelector<HTMLElement>(typing ? 'input' : '[data-mover]:not(:disabled)')?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent, i: number) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    move(i, event.key === 'ArrowUp' ? i - 1 : i + 1);
  };

  return (
    <>
      <ol className={classes.list} ref={list}>
        {events.map((event, i) => {
          const label = nameOf(i);
          const measure = event.measure ?? 'events';
          const set = (next: typeof event, typing?: boolean) =>
            put(
              events.map((old, other) => (other === i ? next : old)),
              typing,
            );
          return (
            <li key={i} onKeyDown={(key) => onKeyDown(key, i)}>
              <SelectorEditor
                value={event}
                onChange={set}
                label={label}
                lead={
                  <span
                    className={classes.number}
                    style={colored ? { boxShadow: `inset 0 0 0 2px ${categorical[i % categorical.length]}` } : undefined}
                    aria-hidden="true"
                  >
                    {funnel ? i + 1 : String.fromCharCode(65 + i)}
                  </span>
                }
                acts={
                  events.length > 1 && (
                    <>
                      {funnel && (
                        <>
                          <Tooltip label={t('explore.moveUp', { name: label })}>
                            <ActionIcon
                              data-mover
                              className={classes.mover}
                              variant="subtle"
                              color="gray"
                              size={24}
                              disabled={i === 0}
                              onClick={() => move(i, i - 1)}
                              aria-label={t('explore.moveUp', { name: label })}
                            >
                              <Icon name="up" size={14} />
                            </ActionIcon>
                          </Tooltip>
                          <Tooltip label={t('explore.moveDown', { name: label })}>
                            <ActionIcon
                              data-mover
                              className={classes.mover}
                              variant="subtle"
                              color="gray"
                              size={24}
                              disabled={i === events.length - 1}
                              onClick={() => move(i, i + 1)}
                              aria-label={t('explore.moveDown', { name: label })}
                            >
                              <Icon name="down" size={14} />
                            </ActionIcon>
                          </Tooltip>
                        </>
                      )}
                      <Remove
                        label={t('explore.removeEvent', { name: label })}
                        onClick={() => put(events.filter((_, other) => other !== i))}
                      />
                    </>
                  )
                }
              >
                {funnel ? (
                  i > 0 &&
                  isPlainOrder(draft) && (
                    <Checkbox
                      size="xs"
                      className={classes.indent}
                      label={t('explore.optional')}
                      aria-label={`${t('explore.optional')}: ${label}`}
                      checked={event.optional ?? false}
                      onChange={(e) => set({ ...event, optional: e.currentTarget.checked || undefined })}
                    />
                  )
                ) : (
                  <div className={`${classes.row} ${classes.indent}`}>
                    <Select
                      size="xs"
                      className={classes.grow}
                      aria-label={t('explore.measureOf', { name: label })}
                      allowDeselect={false}
                      data={measures.map((name) => ({ value: name, label: words.plain(measureNames[name]) }))}
                      value={measure}
                      comboboxProps={{ width: 200, position: 'bottom-start' }}
                      onChange={(next) => next && set({ ...event, measure: next === 'events' ? undefined : (next as Measure) })}
                    />
                    {measure !== 'events' && measure !== 'customers' && (
                      <OperandPicker
                        value={event.of ?? { field: 'value' }}
                        label={t('explore.measureOfWhat', { name: label })}
                        attributes={false}
                        numeric
                        event={event.event}
                        onChange={(of) => set({ ...event, of })}
                      />
                    )}
                  </div>
                )}
              </SelectorEditor>
            </li>
          );
        })}
      </ol>
      <Button
        className={classes.addEvent}
        size="compact-sm"
        variant="default"
        disabled={events.length >= most}
        leftSection={<Icon name="plus" size={14} />}
        onClick={() => put([...events, {}])}
      >
        {funnel ? t('explore.addStep') : t('explore.addLine')}
      </Button>
    </>
  );
}

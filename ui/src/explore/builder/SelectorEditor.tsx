import type { ReactNode } from 'react';
import type { Selector } from '../../api/analytics.types';
import { useExplore } from '../ExploreContext';
import classes from '../Explore.module.css';
import { Conditions, type Change } from './Conditions';
import { EventPicker } from './EventPicker';

interface SelectorEditorProps<T extends Selector> {
  value: T;
  onChange: Change<T>;
  label: string;
  anyLabel?: string;
  /** Before and after the event, in its row. */
  lead?: ReactNode;
  acts?: ReactNode;
  /** Between the event and its conditions. */
  children?: ReactNode;
}

/** Some events, and what has to hold for them. */
export function SelectorEditor<T extends Selector>({ value, onChange, label, anyLabel, lead, acts, children }: SelectorEditorProps<T>) {
  const { vocabulary, words } = useExplore();
  const seen = !value.event || vocabulary.events.some((event) => event.type === value.event);
  return (
    <div className={classes.selector}>
      <div className={classes.row}>
        {lead}
        <EventPicker value={value.event} onChange={(event) => onChange({ ...value, event })} label={label} anyLabel={anyLabel} />
        {acts}
      </div>
      {!seen && <p className={`${classes.hint} ${classes.indent}`}>{words.t('explore.neverSeen', { name: words.event(value.event) })}</p>}
      {children}
      <Conditions
        value={value.filters ?? []}
        onChange={(filters, typing) => onChange({ ...value, filters: filters.length > 0 ? filters : undefined }, typing)}
        of={label}
        attributes={false}
        event={value.event}
        addLabel={words.t('explore.where')}
      />
    </div>
  );
}

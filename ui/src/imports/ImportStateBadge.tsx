import type { ImportState } from '../api/imports.types';
import { useWordFor } from '../i18n/I18n';
import classes from './Imports.module.css';
import { importStates, toneOf } from './states';

export function ImportStateBadge({ state }: { state: ImportState }) {
  const word = useWordFor(importStates);
  return (
    <span className={classes.state} data-tone={toneOf(state)}>
      {word(state)}
    </span>
  );
}

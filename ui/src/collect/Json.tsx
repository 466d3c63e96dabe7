import { useT } from '../i18n/I18n';
import classes from './Collect.module.css';

/** What was sent, to be unfolded: a label of its own, so that a screen reader tells one from the other. */
export function Json({ of, label }: { of: unknown; label: string }) {
  const t = useT();
  return (
    <details>
      <summary className={classes.summary} aria-label={`${label}: ${t('live.json')}`}>
        {label}
      </summary>
      <pre className={classes.json} tabIndex={0}>
        {JSON.stringify(of, null, 2)}
      </pre>
    </details>
  );
}

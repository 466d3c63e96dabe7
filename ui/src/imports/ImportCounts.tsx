import type { Import } from '../api/imports.types';
import { Num } from '../components/Values';
import { useT, useWordFor } from '../i18n/I18n';
import classes from './Imports.module.css';
import { countNames, importKinds } from './kinds';

export function ImportCounts({ item }: { item: Import }) {
  const t = useT();
  const word = useWordFor(countNames);
  const made = importKinds[item.kind]?.counts ?? Object.keys(item.counts);
  const counts: [label: string, value: number, bad?: boolean][] = [
    [t('import.linesRead'), item.linesRead],
    [t('import.accepted'), item.accepted],
    [t('import.rejected'), item.rejected, item.rejected > 0],
    [t('import.duplicates'), item.duplicates],
    ...made.map((name): [string, number] => [word(name), item.counts[name] ?? 0]),
  ];
  return (
    <dl className={classes.counts}>
      {counts.map(([label, value, bad]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd data-bad={bad || undefined}>
            <Num value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

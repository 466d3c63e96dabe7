import type { Import } from '../api/imports.types';
import { Num } from '../components/Values';
import { useT } from '../i18n/I18n';
import classes from './Imports.module.css';

export function ImportCounts({ item }: { item: Import }) {
  const t = useT();
  const counts: [label: string, value: number, bad?: boolean][] = [
    [t('import.linesRead'), item.linesRead],
    [t('import.accepted'), item.accepted],
    [t('import.rejected'), item.rejected, item.rejected > 0],
    [t('import.duplicates'), item.duplicates],
    [t('import.orders'), item.orders],
    [t('import.refunds'), item.refunds],
    [t('import.adjustments'), item.adjustments],
    [t('import.customersCreated'), item.customersCreated],
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

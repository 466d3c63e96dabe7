import { Button } from '@mantine/core';
import { useT } from '../../i18n/I18n';
import classes from './DataTable.module.css';

interface MoreRowsProps {
  shown: number;
  hasMore: boolean;
  loading: boolean;
  failed: boolean;
  load: () => void;
}

/** The foot of a list that loads as it is scrolled: also a button, for those who do not scroll and after a failure. */
export function MoreRows({ shown, hasMore, loading, failed, load }: MoreRowsProps) {
  const t = useT();
  if (!hasMore) return null;
  return (
    <div className={classes.loadingMore}>
      {failed && <span role="alert">{t('table.moreFailed')} </span>}
      <Button variant="subtle" size="xs" onClick={load} loading={loading}>
        {t('table.more', { count: shown })}
      </Button>
    </div>
  );
}

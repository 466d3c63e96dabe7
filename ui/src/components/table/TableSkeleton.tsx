import { Skeleton, VisuallyHidden } from '@mantine/core';
import { useT } from '../../i18n/I18n';
import { rowHeights, type Density } from './columns';
import classes from './DataTable.module.css';

export function TableSkeleton({ density = 'comfortable', rows = 14 }: { density?: Density; rows?: number }) {
  const t = useT();
  return (
    <div className={classes.scroller}>
      <VisuallyHidden role="status">{t('state.loading')}</VisuallyHidden>
      <div aria-hidden="true">
        {Array.from({ length: rows }, (_, i) => (
          <div key={i} className={classes.waiting} style={{ height: rowHeights[density] }}>
            <Skeleton h={12} w={`${22 + ((i * 7) % 12)}%`} />
            <Skeleton h={12} w="14%" />
            <Skeleton h={12} w="10%" />
          </div>
        ))}
      </div>
    </div>
  );
}

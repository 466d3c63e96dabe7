import { Skeleton } from '@mantine/core';
import { Card } from '../components/Card';
import { useT } from '../i18n/I18n';
import classes from './Explore.module.css';

/** The page as it will be. */
export function ExploreSkeleton() {
  const t = useT();
  return (
    <>
      <div role="status" className={classes.kinds}>
        <Skeleton height={34} width={480} maw="100%" />
        <span className={classes.kindHint}>{t('state.loading')}</span>
      </div>
      <div className={classes.toolbar}>
        <Skeleton height={34} width={200} />
        <Skeleton height={34} width={220} />
      </div>
      <div className={classes.split}>
        <Card>
          <Skeleton height={300} />
        </Card>
        <Card>
          <Skeleton height={20} width={220} mb={16} />
          <Skeleton height={340} />
        </Card>
      </div>
    </>
  );
}
